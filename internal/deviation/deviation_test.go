package deviation_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/deviation"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// No deviation turns an answer that a fault has emptied into a list without
// consumers: a client would believe that every consumer is gone.
func TestStandIn_keepsEmptyAnswersOfFaults(t *testing.T) {
	t.Parallel()
	d, _ := deviation.ByName("paged-unannounced")
	server := emulator.New(t)
	server.AddConsumer(emulator.Consumer{Name: "a"})
	client := http.Client{Transport: deviation.NewStandIn(d, server).Transport(http.DefaultTransport)}
	for _, want := range []int{0, 1} {
		if want == 0 {
			server.Inject(emulator.Fault{Kind: emulator.NoBody})
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+wire.DefaultOAuthConsumersPath, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Token "+emulator.AdminToken)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || min(len(body), 1) != want {
			t.Errorf("%s, %v, body %q", response.Status, err, body)
		}
	}
}
