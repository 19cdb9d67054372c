package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const consumerAddress = "twcloud_oauth_consumer.test"

// harness is a server of its own and a provider that talks to it, for one test.
type harness struct {
	server   *twcloudtest.Server
	provider *provider.Provider
}

func newHarness(t *testing.T, options ...func(*twcloudtest.Config)) *harness {
	t.Helper()
	h := &harness{
		server: twcloudtest.New(t, options...),
		provider: provider.New("test",
			provider.WithEnvironment(func(string) string { return "" }),
			provider.WithClientOptions(withoutWaiting)),
	}
	t.Cleanup(func() {
		if err := h.provider.Close(); err != nil {
			t.Errorf("close the provider: %v", err)
		}
	})
	return h
}

// withoutWaiting has retries follow each other at once.
func withoutWaiting(options *twcloud.Options) {
	options.RetryWaitMin, options.RetryWaitMax = 0, 0
	options.RequestTimeout = 20 * time.Second
}

// config is a configuration with a provider block for the server of the harness.
func (h *harness) config(resources string) string {
	return h.providerBlock(`
  username = "`+twcloudtest.AdminName+`"
  password = "`+twcloudtest.AdminPassword+`"`) + resources
}

func (h *harness) providerBlock(arguments string) string {
	return fmt.Sprintf("provider \"twcloud\" {\n  endpoint = %q\n  webapp_endpoint = %q\n%s\n}\n",
		h.server.URL(), h.server.WebAppURL(), arguments)
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
