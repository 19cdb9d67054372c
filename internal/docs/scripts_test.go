package docs_test

import (
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const scriptsGuide = "coming-from-scripts.md"

// newMigration has a server with the consumer of the guide.
func newMigration(t *testing.T) *workspace {
	t.Helper()
	w := newExampleWorkspace(t)
	w.server.UpdateConsumer(exampleKey, func(consumer *twcloudtest.Consumer) { consumer.Secret = "s3cret" })
	return w
}

func TestAccScripts_import(t *testing.T) {
	t.Parallel()
	w := newMigration(t)
	before := w.server.Consumers()
	blocks := section(t, scriptsGuide, "Take over what the script has made")
	configurations := texts(t, blocks, "terraform", 2)
	w.write(t, "main.tf", configurations[0])
	output, _ := w.plan(t)
	contains(t, output, strings.TrimSpace(texts(t, blocks, "text", 1)[0]))
	w.apply(t)

	// Terraform sets the secret once, to the same value.
	w.write(t, "main.tf", configurations[1])
	contains(t, w.apply(t), "0 added, 1 changed, 0 destroyed")
	w.unchanged(t, before, nil)
	w.noChanges(t)
}

// TestAccScripts_restapi replaces a resource of the generic REST provider, for
// which terraform_data stands in.
func TestAccScripts_restapi(t *testing.T) {
	t.Parallel()
	w := newMigration(t)
	before := w.server.Consumers()
	blocks := section(t, scriptsGuide, "What becomes of the generic REST provider")
	configurations := texts(t, blocks, "terraform", 2)
	standIn := strings.NewReplacer("restapi_object", "terraform_data", "path         = \"/osmc/admin/oauthconsumers\"\n", "",
		"id_attribute = \"key\"\n", "", "data = jsonencode", "input = jsonencode", "var.doors_secret", `"s3cret"`)
	w.write(t, "main.tf", standIn.Replace(configurations[0]))
	w.apply(t)
	w.write(t, "main.tf", standIn.Replace(configurations[1]))
	output, _ := w.plan(t)
	contains(t, output, "but will not be destroyed", strings.TrimSuffix(strings.TrimSpace(texts(t, blocks, "text", 1)[0]), "."))
	w.apply(t)
	w.unchanged(t, before, nil)
	if got := w.mustRun(t, "state", "list"); got != doors {
		t.Errorf("in state: %s, want %s", got, doors)
	}
}
