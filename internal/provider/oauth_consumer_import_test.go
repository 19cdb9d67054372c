package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// generated returns the configuration that Terraform has generated.
func (w *workspace) generated(t *testing.T) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(w.dir, "generated.tf"))
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// expectOnlyImports fails unless so many resources are planned to be imported and
// nothing else is to be done.
func (r report) expectOnlyImports(t *testing.T, count int) {
	t.Helper()
	for address, action := range r.Actions {
		if action != "import" {
			t.Errorf("%s: planned action %q, want only an import", address, action)
		}
	}
	if len(r.Actions) != count {
		t.Errorf("%d planned actions, want %d", len(r.Actions), count)
	}
}

// The configuration that Terraform generates adopts consumers without a change
// and without a secret, and goes on planning clean.
func TestAccOAuthConsumer_generateConfig(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	before := h.server.Consumers()
	w := h.workspace(t)
	var blocks strings.Builder
	for i, consumer := range before {
		fmt.Fprintf(&blocks, "import {\n  to = twcloud_oauth_consumer.adopted_%d\n  id = %s\n}\n", i, quote(consumer.Key))
	}
	config := h.config(blocks.String())
	w.plan(t, config, "-generate-config-out=generated.tf").expectOnlyImports(t, len(before))
	generated := w.generated(t)
	if strings.Contains(generated, "not-told") || strings.Count(generated, "= null # sensitive") != 2*len(before) {
		t.Errorf("secrets are not null:\n%s", generated)
	}
	applied := w.apply(t, config)
	applied.expectNone(t)
	applied.expectOnlyImports(t, len(before))
	if got := h.writes(); len(got) > 0 {
		t.Errorf("adopting sent %q", got)
	}
	if got := h.server.Consumers(); !slices.Equal(got, before) {
		t.Errorf("on the server: %+v, want %+v", got, before)
	}
	unchanged := w.plan(t, h.config())
	unchanged.expectNone(t)
	if len(unchanged.Actions) > 0 {
		t.Errorf("not clean afterwards: %v", unchanged.Actions)
	}
	if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// The list of the data source becomes import blocks, as for servers of which
// nobody has written the keys down.
func TestAccOAuthConsumer_importForEach(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for i := range 20 {
		h.server.AddConsumer(twcloudtest.Consumer{Name: fmt.Sprintf("tool-%02d", i), Secret: "not-told", Approved: i%2 == 0})
	}
	w := h.workspace(t)
	config := h.config(`
data "twcloud_oauth_consumers" "all" {}

import {
  for_each = data.twcloud_oauth_consumers.all.by_name
  to       = twcloud_oauth_consumer.adopted[each.key]
  id       = each.value.key
}

resource "twcloud_oauth_consumer" "adopted" {
  for_each = data.twcloud_oauth_consumers.all.by_name
  name     = each.value.name
  approved = each.value.approved
}
`)
	applied := w.apply(t, config)
	applied.expectNone(t)
	applied.expectOnlyImports(t, 20)
	// The plan has imported already what the apply only writes down.
	if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// A secret that is configured once a consumer has been adopted is sent once.
func TestAccOAuthConsumer_secretAfterImport(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors", Secret: "not-told", Approved: true})
	w := h.workspace(t)
	w.apply(t, h.config(consumer(`name = "doors"`, `approved = true`), importBlock("made-by-hand"))).expectNone(t)
	h.requests()
	config := h.config(consumer(`name = "doors"`, `approved = true`, `secret_wo = "n3w"`, `secret_wo_version = 1`))
	w.apply(t, config).expectNone(t)
	if got, want := h.writes(), []string{"PATCH " + collection + "/made-by-hand secret"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if got := h.only(t).Secret; got != "n3w" {
		t.Errorf("the secret on the server is %q", got)
	}
	w.plan(t, config).expectAction(t, "")
}

func TestAccOAuthConsumer_identity(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	identity := statecheck.ExpectIdentity(consumerAddress, map[string]knownvalue.Check{"key": knownvalue.StringExact("key-1")})
	h.runFrom(t, firstIdentity,
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
			// The secret of an imported consumer is not known, so it would be set.
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionUpdate),
			}},
			ExpectNonEmptyPlan: true,
		},
	)
}

func TestAccOAuthConsumer_importByIdentity(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors", Secret: "not-told", Approved: true})
	h.runFrom(t, firstIdentity,
		resource.TestStep{
			Config: h.config(consumer(`name = "doors"`, `approved = true`), `
import {
  to = twcloud_oauth_consumer.test
  identity = {
    key = "made-by-hand"
  }
}
`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionNoop),
			}},
		},
	)
}
