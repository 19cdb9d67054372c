package twcloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// panicking is a transport that panics after each request with a method.
type panicking struct {
	http.RoundTripper
	method string
}

func (p *panicking) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := p.RoundTripper.RoundTrip(request)
	if request.Method == p.method {
		_ = response.Body.Close()
		panic("canary " + twcloudtest.AdminToken)
	}
	return response, err
}

func TestPanicLosesNothing(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	posting := connect(t, server, func(o *Options) {
		o.Transport, o.MaxConcurrentRequests = &panicking{http.DefaultTransport, http.MethodPost}, 1 // The slot must be given back.
	})
	registration, err := posting.Register(t.Context(), "doors", testSecret)
	if !errors.Is(err, ErrPanic) || registration.Consumer.Key == "" || strings.Contains(err.Error(), twcloudtest.AdminToken) {
		t.Fatalf("registered %v: %v", registration, err)
	}
	if err := posting.Close(); err != nil {
		t.Error(err)
	}
	patching := connect(t, server, func(o *Options) { o.Transport = &panicking{http.DefaultTransport, http.MethodPatch} })
	_, err = patching.Update(t.Context(), registration.Consumer.Key, Changes{Approved: pointer(true)})
	if !errors.Is(err, ErrPanic) || !Uncertain(err) {
		t.Errorf("got %v", err)
	}
}
