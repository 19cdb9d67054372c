package provider_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	standin "github.com/twcloud-community/terraform-provider-twcloud/internal/deviation"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// TestAccDialects runs a consumer's whole life with a real Terraform on a server of
// each dialect, with the profile in a file: create, an empty plan, drift, a new
// secret, a new name, the list, import and destroy.
func TestAccDialects(t *testing.T) {
	t.Parallel()
	for _, name := range twcloudtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, err := twcloudtest.DialectJSON(name)
			if err != nil {
				t.Fatal(err)
			}
			dialect, err := twcloudtest.Dialect(name)
			if err != nil {
				t.Fatal(err)
			}
			h := newHarness(t, func(c *twcloudtest.Config) { c.Profile, c.NewKey = dialect, nil })
			w := h.workspace(t)
			file := filepath.Join(w.dir, "profile.json")
			if err := os.WriteFile(file, document, 0o600); err != nil {
				t.Fatal(err)
			}
			block := h.providerBlock(asAdmin, "api_profile_file = "+quote(file))
			w.livesIn(t, func(resources ...string) string {
				config := block
				for _, resource := range resources {
					config += resource
				}
				return config
			})
		})
	}
}

func (w *workspace) livesIn(t *testing.T, config func(...string) string) {
	t.Helper()
	const name = `doors & "next"/100%`
	server := w.harness.server
	// settled applies a consumer, and plans once more.
	settled := func(want twcloudtest.Consumer, arguments ...string) {
		t.Helper()
		resources := config(consumer(arguments...))
		w.apply(t, resources).expectNone(t)
		if got := w.harness.only(t); got != want && (want.Key != "" || got.Name != want.Name || got.Approved != want.Approved || got.Secret != want.Secret) {
			t.Errorf("on the server: %+v, want %+v", got, want)
		}
		if got := w.state(t); got == nil || got.Attributes.Key != w.harness.only(t).Key || got.Attributes.Name != want.Name || got.Attributes.Approved != want.Approved {
			t.Errorf("in state: %+v, want %+v", got, want)
		}
		w.plan(t, resources).expectAction(t, "")
	}
	arguments := []string{"name = " + quote(name), `secret = "s3cret-1"`, `approved = true`}
	settled(twcloudtest.Consumer{Name: name, Secret: "s3cret-1", Approved: true}, arguments...)
	first := w.harness.only(t)

	server.UpdateConsumer(first.Key, func(c *twcloudtest.Consumer) { c.Name, c.Approved = "renamed by hand", false })
	w.plan(t, config(consumer(arguments...))).expectAction(t, "update")
	settled(first, arguments...)

	want := first
	want.Secret = "s3cret-2"
	settled(want, "name = "+quote(name), `secret = "s3cret-2"`, `approved = true`)
	want.Secret = "s3cret-3"
	settled(want, "name = "+quote(name), `secret_wo = "s3cret-3"`, `secret_wo_version = 1`, `approved = true`)
	want.Name, want.Approved = name+" two", false
	last := []string{"name = " + quote(want.Name), `secret_wo = "s3cret-3"`, `secret_wo_version = 1`, `approved = false`}
	settled(want, last...)

	listed := config(consumer(last...), `
data "twcloud_oauth_consumers" "all" {}
output "keys" { value = data.twcloud_oauth_consumers.all.consumers[*].key }
`)
	w.apply(t, listed).expectNone(t)
	if keys, ok := w.output(t, "keys").([]any); !ok || len(keys) != 1 || keys[0] != first.Key {
		t.Errorf("listed %v", w.output(t, "keys"))
	}

	w.write(t, config(consumer(last...)))
	w.run(t, "state", "rm", consumerAddress).mustSucceed(t)
	w.run(t, "import", consumerAddress, first.Key).mustSucceed(t)
	if got := w.state(t); got == nil || got.Attributes.Key != first.Key || got.Attributes.Name != want.Name {
		t.Errorf("imported %+v", got)
	}
	w.run(t, "destroy", "-json", "-auto-approve").mustSucceed(t)
	if left := server.Consumers(); len(left) > 0 {
		t.Errorf("after destroy: %+v", left)
	}
}

// TestAccDeviations runs a handful of deviations with a real Terraform, through a
// reverse proxy. The simulation has all of them.
func TestAccDeviations(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"list-wrapped", "paged-unannounced", "field-key-renamed", "register-other-key", "patch-204",
		"patch-ignores-approved", "patch-disapproves", "delete-204-keeps", "delete-202",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, found := standin.ByName(name)
			if !found {
				t.Fatal("there is no such deviation")
			}
			h := newHarness(t, withoutContract)
			w := h.workspace(t)
			proxy, err := standin.NewStandIn(d, h.server).Serve()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(proxy.Close)
			config := func(more string) string {
				return providerBlock("endpoint = "+quote(proxy.URL), "webapp_endpoint = "+quote(h.server.WebAppURL()), asAdmin) + `
resource "twcloud_oauth_consumer" "test" {
  count    = 4
  name     = "consumer-${count.index}` + more + `"
  secret   = "s3cret-${count.index}` + more + `"
  approved = true
}
`
			}
			works, told := true, ""
			for _, step := range []string{"", "-two"} {
				w.write(t, config(step))
				ran := w.run(t, "apply", "-json", "-auto-approve")
				works = works && !ran.Failed
				told += ran.Output
				w.accountsForAll(t, told)
			}
			ran := w.run(t, "destroy", "-json", "-auto-approve")
			w.accountsForAll(t, told+ran.Output)
			if works = works && !ran.Failed; works != d.Works.On(true) {
				t.Errorf("works: %t, want %t", works, d.Works.On(true))
			}
		})
	}
}

// accountsForAll fails if a consumer on the server is neither in state nor named, or
// if Terraform takes what the server did for a bug in the provider.
func (w *workspace) accountsForAll(t *testing.T, told string) {
	t.Helper()
	state := string(w.stateFile(t))
	for _, c := range w.harness.server.Consumers() {
		if !strings.Contains(state, strconv.Quote(c.Key)) && !strings.Contains(told, c.Key) && !strings.Contains(told, c.Name) {
			t.Errorf("consumer %q (key %q) is neither in state nor named in:\n%s", c.Name, c.Key, told)
		}
	}
	if strings.Contains(told, "inconsistent result") {
		t.Errorf("Terraform blames the provider:\n%s", told)
	}
}
