package provider_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	consumerAddress = "twcloud_oauth_consumer.test"
	// collection is the path of the consumers, below /osmc.
	collection = "/admin/oauthconsumers"
)

// harness is a server of its own and a provider that talks to it, for one test.
type harness struct {
	server   *twcloudtest.Server
	provider *provider.Provider
}

// newHarness starts a server whose consumers get the keys key-1, key-2 and so on.
func newHarness(t *testing.T, options ...func(*twcloudtest.Config)) *harness {
	t.Helper()
	var keys atomic.Int64
	countKeys := func(config *twcloudtest.Config) {
		config.NewKey = func() string { return fmt.Sprintf("key-%d", keys.Add(1)) }
	}
	h := &harness{server: twcloudtest.New(t, append([]func(*twcloudtest.Config){countKeys}, options...)...)}
	h.provider = h.newProvider()
	t.Cleanup(func() {
		if err := h.provider.Close(); err != nil {
			t.Errorf("close the provider: %v", err)
		}
	})
	return h
}

// withoutContract is for tests that ask for paths that are not in the contract.
func withoutContract(config *twcloudtest.Config) { config.ValidateContract = false }

func (h *harness) newProvider() *provider.Provider {
	return provider.New("test",
		provider.WithEnvironment(func(string) string { return "" }),
		provider.WithClientOptions(withoutWaiting))
}

// requests lists what was sent since the last call: method, path below /osmc, and
// the fields of the body.
func (h *harness) requests() []string {
	var lines []string
	for _, request := range h.server.Requests() {
		line := request.Method + " " + strings.TrimPrefix(request.Path, "/osmc")
		if len(request.Fields) > 0 {
			line += " " + strings.Join(request.Fields, ",")
		}
		lines = append(lines, line)
	}
	h.server.ResetRequests()
	return lines
}

// writes lists what was sent since the last call to change consumers.
func (h *harness) writes() []string {
	return slices.DeleteFunc(h.requests(), func(line string) bool {
		return strings.HasPrefix(line, "GET ") || !strings.Contains(line, collection)
	})
}

// withoutWaiting has retries follow each other at once.
func withoutWaiting(options *twcloud.Options) {
	options.RetryWaitMin, options.RetryWaitMax = 0, 0
}

// config is a configuration with a provider block for the server of the harness,
// signed in as the administrator.
func (h *harness) config(resources ...string) string {
	return h.providerBlock(asAdmin) + strings.Join(resources, "\n")
}

// configDetecting is config with drift of secrets detected.
func (h *harness) configDetecting(resources ...string) string {
	return h.providerBlock(asAdmin, "detect_secret_drift = true") + strings.Join(resources, "\n")
}

const (
	asAdmin  = "username = \"" + twcloudtest.AdminName + "\"\npassword = \"" + twcloudtest.AdminPassword + "\""
	asViewer = "username = \"" + twcloudtest.ViewerName + "\"\npassword = \"" + twcloudtest.ViewerPassword + "\""
)

func (h *harness) providerBlock(arguments ...string) string {
	return providerBlock(append([]string{
		"endpoint = " + quote(h.server.URL()),
		"webapp_endpoint = " + quote(h.server.WebAppURL()),
	}, arguments...)...)
}

func providerBlock(arguments ...string) string {
	return "provider \"twcloud\" {\n" + strings.Join(arguments, "\n") + "\n}\n"
}

// consumer is the consumer of the tests.
func consumer(arguments ...string) string {
	return "resource \"twcloud_oauth_consumer\" \"test\" {\n" + strings.Join(arguments, "\n") + "\n}\n"
}

// quote writes a string in HCL.
func quote(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(encoded))
}

// run runs the steps with a real Terraform.
func (h *harness) run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"twcloud": func() (tfprotov6.ProviderServer, error) { return h.provider.Server(), nil },
		},
		Steps:        steps,
		CheckDestroy: h.checkDestroyed,
	})
}

// checkDestroyed fails if a consumer that was in state is still on the server.
func (h *harness) checkDestroyed(state *terraform.State) error {
	for name, instance := range state.RootModule().Resources {
		if consumer, found := h.server.Consumer(instance.Primary.Attributes["key"]); found {
			return fmt.Errorf("%s: consumer %q is still on the server", name, consumer.Name)
		}
	}
	return nil
}

// only returns the one consumer on the server.
func (h *harness) only(t *testing.T) twcloudtest.Consumer {
	t.Helper()
	consumers := h.server.Consumers()
	if len(consumers) != 1 {
		t.Fatalf("want one consumer on the server, got %d", len(consumers))
	}
	return consumers[0]
}

func importKey(state *terraform.State) (string, error) {
	return state.RootModule().Resources[consumerAddress].Primary.Attributes["key"], nil
}
