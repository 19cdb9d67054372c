package twcloud

import (
	"net/http"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// An unexpected answer that the client can handle is reported once.
func TestDeviations(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server)
	if got := client.Deviations(); len(got) > 0 {
		t.Errorf("got %+v before anything was sent", got)
	}
	key := server.AddConsumer(emulator.Consumer{Name: "doors", Secret: testSecret}).Key
	server.Inject(emulator.Fault{Kind: emulator.BadJSON, Method: http.MethodPatch, Times: 2})
	for _, approved := range []bool{true, false} {
		if _, err := client.Update(t.Context(), key, Changes{Approved: &approved}); err != nil {
			t.Fatal(err)
		}
	}
	if got := client.Deviations(); len(got) != 1 || got[0].Part != "calls.update.answer" || got[0].Err == nil {
		t.Errorf("got %+v", got)
	}
	if got := client.PartFor(Changes{Approved: new(bool)}); got != "calls.update" {
		t.Errorf("got %q", got)
	}
	if _, err := client.Ask(t.Context(), key); err != nil {
		t.Error(err)
	}
}
