package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

func TestAccOAuthConsumer_basic(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.run(t,
		resource.TestStep{
			Config: h.config(`resource "twcloud_oauth_consumer" "test" {
  name   = "doors"
  secret = "s3cret"
}`),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("approved"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("secret_revision"), knownvalue.Int64Exact(1)),
			},
		},
		resource.TestStep{
			Config: h.config(`resource "twcloud_oauth_consumer" "test" {
  name     = "doors-next"
  secret   = "n3w"
  approved = true
}`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionUpdate),
			}},
		},
		resource.TestStep{
			ResourceName: consumerAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "key",
			ImportStateIdFunc:       importKey,
			ImportStateVerifyIgnore: []string{"secret", "secret_revision"},
		},
	)
}
