package provider_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/deviation"
)

// deviating returns the endpoint of a server that deviates.
func (h *harness) deviating(t *testing.T, name string) string {
	t.Helper()
	d, found := deviation.ByName(name)
	if !found {
		t.Fatalf("there is no deviation %q", name)
	}
	proxy, err := deviation.NewStandIn(d, h.server).Serve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	return proxy.URL
}

// TestAccDeviations runs a real Terraform on servers that deviate. Every consumer is
// in state or named. The simulation has all deviations.
func TestAccDeviations(t *testing.T) {
	t.Parallel()
	for name, works := range map[string]bool{
		"list-wrapped": false, "paged-unannounced": true, "field-key-renamed": false, "register-other-key": false, "patch-204": true,
		"patch-ignores-approved": false, "patch-disapproves": false, "delete-204-keeps": false, "delete-202": true,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, withoutContract)
			block := providerBlock("endpoint = "+quote(w.deviating(t, name)), "webapp_endpoint = "+quote(w.server.WebAppURL()), asAdmin)
			told, worked := "", true
			for _, step := range []string{
				block + consumer("count = 4", `name = "consumer-${count.index}"`, `secret = "s3cret-${count.index}"`, "approved = true"),
				block + consumer("count = 4", `name = "consumer-${count.index}-two"`, `secret = "n3w-${count.index}"`, "approved = true"),
				block,
			} {
				w.write(t, step)
				ran := w.run(t, "apply", "-json", "-auto-approve")
				told, worked = told+ran.Output, worked && !ran.Failed
				state := string(w.stateFile(t))
				for _, c := range w.server.Consumers() {
					if !strings.Contains(state, strconv.Quote(c.Key)) && !strings.Contains(told, c.Key) && !strings.Contains(told, c.Name) {
						t.Errorf("consumer %q (key %q) is neither in state nor named in:\n%s", c.Name, c.Key, told)
					}
				}
			}
			if strings.Contains(told, "inconsistent result") {
				t.Errorf("Terraform blames the provider:\n%s", told)
			}
			if worked != works {
				t.Errorf("works: %t, want %t", worked, works)
			}
		})
	}
}
