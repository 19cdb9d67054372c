package provider_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// withQuirk has the server deviate from every profile.
func withQuirk(name string) func(*emulator.Config) {
	return func(config *emulator.Config) { config.ConsumerQuirk = name }
}

// speaking has the server speak the built-in profile with a change.
func speaking(change func(*profile.Profile)) func(*emulator.Config) {
	return func(config *emulator.Config) {
		content, err := json.Marshal(profile.BuiltIn())
		if err != nil {
			panic(err)
		}
		config.Profile, _ = profile.Parse(content)
		change(config.Profile)
	}
}

// eachChange does something with every call that changes a consumer.
func eachChange(do func(*profile.Call)) func(*profile.Profile) {
	return func(p *profile.Profile) {
		for _, call := range []*profile.Call{p.Calls.Edit, p.Calls.Rename, p.Calls.SetSecret, p.Calls.Approve, p.Calls.Disapprove} {
			do(call)
		}
	}
}

// TestAccDeviations runs a real Terraform on servers that deviate. Every consumer is
// in state or named. The simulation has all deviations.
func TestAccDeviations(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		server func(*emulator.Config)
		works  bool
	}{
		"list in an object":  {server: speaking(func(p *profile.Profile) { p.Calls.List.Response.Items = &profile.Items{At: "/items"} })},
		"list is late":       {server: withQuirk("list-one-call-late")},
		"another key":        {server: withQuirk("register-another-key")},
		"approval ignored":   {server: withQuirk("approve-ignored")},
		"changes disapprove": {server: withQuirk("change-disapproves")},
		"removal denied":     {server: withQuirk("remove-404-but-done"), works: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, withoutContract, test.server)
			block := providerBlock("endpoint = "+quote(w.server.URL()), "webapp_endpoint = "+quote(w.server.WebAppURL()), asAdmin)
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
			if worked != test.works {
				t.Errorf("works: %t, want %t", worked, test.works)
			}
		})
	}
}
