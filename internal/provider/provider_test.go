package provider

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// emptyServer is a server without consumers that counts registrations.
type emptyServer struct{ registrations atomic.Int32 }

func (s *emptyServer) RoundTrip(request *http.Request) (*http.Response, error) {
	response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("[]"))}
	switch {
	case request.Method == http.MethodPost:
		s.registrations.Add(1)
		response.StatusCode = http.StatusServiceUnavailable
	case strings.HasSuffix(request.URL.Path, "/login"):
		response.Header.Set("Set-Cookie", "session=1; Path=/osmc")
	}
	return response, nil
}

// A signal can arrive before Terraform configures the provider.
func TestProvider_endsBeforeItIsConfigured(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*Provider) error{
		"drained": func(p *Provider) error {
			p.Drain()
			return nil
		},
		"closed": (*Provider).Close,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &emptyServer{}
			p := New("test", WithClientOptions(func(o *twcloud.Options) { o.Transport = server }))
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			var resolved settings
			resolved.options.Endpoint = &url.URL{Scheme: "https", Host: "twcloud.example.com:8111"}
			resolved.options.Credentials = twcloud.Credentials{Token: "token"}
			client, err := p.client(resolved, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Register(t.Context(), "app", "s3cret"); !errors.Is(err, twcloud.ErrClosed) {
				t.Errorf("got %v", err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if sent := server.registrations.Load(); sent != 0 {
				t.Errorf("%d registrations were sent", sent)
			}
		})
	}
}
