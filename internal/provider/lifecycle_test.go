package provider_test

import (
	"slices"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// runSteps runs steps of terraform-plugin-testing, if Terraform has at least the
// version. These tests check plan and state in detail. To check requests and
// diagnostics, use a workspace.
func (h *harness) runSteps(t *testing.T, first string, steps ...resource.TestStep) {
	t.Helper()
	p := newProvider(nil)
	t.Cleanup(func() { closeProvider(t, p) })
	resource.Test(t, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(version.Must(version.NewVersion(first)))},
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"twcloud": func() (tfprotov6.ProviderServer, error) { return p.Server(), nil },
		},
		Steps: steps,
	})
}

func hasKey(key string) map[string]knownvalue.Check {
	return map[string]knownvalue.Check{"key": knownvalue.StringExact(key)}
}

func TestAccOAuthConsumer_lifecycle(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.runSteps(t, "1.1.0",
		resource.TestStep{
			Config: h.config(consumer(`name = "doors"`, `secret = "s3cret"`)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionCreate),
				plancheck.ExpectUnknownValue(consumerAddress, tfjsonpath.New("key")),
				plancheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("secret_revision"), knownvalue.Int64Exact(1)),
				plancheck.ExpectSensitiveValue(consumerAddress, tfjsonpath.New("secret")),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("key"), knownvalue.StringExact("key-1")),
				statecheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("approved"), knownvalue.Bool(false)),
			},
		},
		resource.TestStep{
			Config: h.config(consumer(`name = "doors-next"`, `secret = "n3w"`, `approved = true`)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("key"), knownvalue.StringExact("key-1")),
				plancheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("secret_revision"), knownvalue.Int64Exact(2)),
			}},
		},
		resource.TestStep{
			ResourceName: consumerAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "key",
			ImportStateIdFunc: func(state *terraform.State) (string, error) {
				return state.RootModule().Resources[consumerAddress].Primary.Attributes["key"], nil
			},
			ImportStateVerifyIgnore: []string{"secret", "secret_revision"},
		},
	)
	h.expectOnServer(t)
}

func TestAccOAuthConsumer_identity(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	identity := statecheck.ExpectIdentity(consumerAddress, hasKey("key-1"))
	h.runSteps(t, firstIdentity,
		resource.TestStep{
			Config:            h.config(consumer(`name = "doors"`, `secret = "s3cret"`)),
			ConfigStateChecks: []statecheck.StateCheck{identity},
		},
		resource.TestStep{
			Config:            h.config(consumer(`name = "doors-next"`, `secret = "n3w"`)),
			ConfigStateChecks: []statecheck.StateCheck{identity},
		},
		resource.TestStep{
			ResourceName: consumerAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
			// The secret of an imported consumer is unknown, so it would be set.
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionUpdate),
			}},
			ExpectNonEmptyPlan: true,
		},
	)
}

func TestAccOAuthConsumer_queryResults(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	before := h.server.Consumers()
	const found = "twcloud_oauth_consumer.found"
	query := func(arguments string) string {
		return "list \"twcloud_oauth_consumer\" \"found\" {\n  provider = twcloud\n" + arguments + "\n}\n"
	}
	doors := queryfilter.ByResourceIdentity(hasKey("k1"))
	h.runSteps(t, firstQuery,
		// The provider block of the first step configures the query.
		resource.TestStep{Config: h.config("")},
		resource.TestStep{
			Query: true, Config: query(""),
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength(found, len(before)),
				querycheck.ExpectIdentity(found, hasKey("k1")),
				querycheck.ExpectIdentity(found, hasKey("k3")),
			},
		},
		resource.TestStep{
			Query: true, Config: query("  include_resource = true\n  config {\n    name_regex = \"^doors$\"\n    approved   = true\n  }"),
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength(found, 1),
				querycheck.ExpectResourceDisplayName(found, doors, knownvalue.StringExact("doors")),
				querycheck.ExpectResourceKnownValues(found, doors, []querycheck.KnownValueCheck{
					{Path: tfjsonpath.New("approved"), KnownValue: knownvalue.Bool(true)},
					{Path: tfjsonpath.New("secret"), KnownValue: knownvalue.Null()},
				}),
			},
		},
	)
	if got := h.server.Consumers(); !slices.Equal(got, before) {
		t.Errorf("a query has changed the server: %+v, want %+v", got, before)
	}
}
