package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const scriptsGuide = "coming-from-scripts.md"

// blocksIn returns the texts of the blocks in a language.
func blocksIn(language string, blocks []block) (texts []string) {
	for _, b := range blocks {
		if b.language == language {
			texts = append(texts, b.text)
		}
	}
	return texts
}

// newMover is a workspace on a server with the consumer of the guide.
func newMover(t *testing.T) *workspace {
	t.Helper()
	w := newExampleWorkspace(t)
	w.server.UpdateConsumer(exampleKey, func(consumer *twcloudtest.Consumer) { consumer.Secret = "s3cret" })
	return w
}

func (w *workspace) write(t *testing.T, texts ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(strings.Join(texts, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAccScripts_takeOver(t *testing.T) {
	t.Parallel()
	w := newMover(t)
	before := w.server.Consumers()
	blocks := section(t, scriptsGuide, "Take over what the script has made")
	configurations, shown := blocksIn("terraform", blocks), blocksIn("text", blocks)
	w.write(t, configurations[0])
	output, _ := w.plan(t)
	wantWords(t, output, strings.TrimSpace(shown[0]))
	w.apply(t)

	// The secret is set once, to what it is.
	w.write(t, configurations[1])
	w.server.ResetRequests()
	wantWords(t, w.apply(t), "0 added, 1 changed, 0 destroyed")
	w.untouched(t, before, nil)
	if _, changes := w.plan(t); changes {
		t.Error("a second plan has changes")
	}
}

// managedByRestapi writes the state of Mastercard/restapi, version 3, that manages
// the consumer of the guide.
func (w *workspace) managedByRestapi(t *testing.T) {
	t.Helper()
	state := fmt.Sprintf(`{
  "version": 4, "terraform_version": "1.8.0", "serial": 1, "lineage": "5c4d3f51-1f6e-4f3d-9d3c-0d1b7f0f8a11", "outputs": {},
  "resources": [{
    "mode": "managed", "type": "restapi_object", "name": "doors", "provider": "provider[\"registry.terraform.io/mastercard/restapi\"]",
    "instances": [{"schema_version": 0, "attributes": {
      "id": %[1]q, "path": "/osmc/admin/oauthconsumers", "id_attribute": "key",
      "api_data": {"approved": "true", "key": %[1]q, "name": "doors-next"},
      "data": "{\"approved\":true,\"name\":\"doors-next\",\"secret\":\"s3cret\"}"
    }}]
  }]
}`, exampleKey)
	if err := os.WriteFile(filepath.Join(w.dir, "terraform.tfstate"), []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAccScripts_move follows the guides that move a consumer from restapi.
func TestAccScripts_move(t *testing.T) {
	t.Parallel()
	adopting := section(t, adoptingGuide, "From the generic REST provider")
	scripts := section(t, scriptsGuide, "What becomes of the generic REST provider")
	tests := map[string]struct{ configuration, shown string }{
		adoptingGuide: {blocksIn("terraform", adopting)[0], blocksIn("text", adopting)[0]},
		scriptsGuide:  {blocksIn("terraform", scripts)[1], blocksIn("text", scripts)[0]},
	}
	for guide, test := range tests {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			w := newMover(t)
			before := w.server.Consumers()
			w.managedByRestapi(t)
			w.write(t, test.configuration)
			w.mustRun(t, "init")
			status, output := w.run(t, "plan")
			switch {
			case strings.Contains(output, "Resource type mismatch"):
				t.Skip("this needs Terraform 1.8 or OpenTofu 1.10")
			case status != 0:
				t.Fatal(output)
			}
			for line := range strings.Lines(test.shown) {
				wantWords(t, output, strings.Join(strings.Fields(line), " "))
			}
			w.apply(t)
			w.untouched(t, before, nil)
			if got, want := w.mustRun(t, "state", "list"), doors; got != want {
				t.Errorf("in state: %s, want %s", got, want)
			}
		})
	}
}

// TestAccScripts_import is about what the guide says where a move fails. It moves
// a resource that is not this provider's: terraform_data stands for the one of
// restapi, which the tests do not have.
func TestAccScripts_import(t *testing.T) {
	t.Parallel()
	w := newMover(t)
	before := w.server.Consumers()
	blocks := blocksIn("terraform", section(t, adoptingGuide, "From the generic REST provider"))
	_, resource, found := strings.Cut(blocks[0], "resource ")
	if !found {
		t.Fatal("the guide does not show the resource")
	}
	w.write(t, `resource "terraform_data" "doors" {}`)
	w.apply(t)
	w.write(t, strings.ReplaceAll(blocks[1], "restapi_object", "terraform_data"), "resource "+resource)
	output, _ := w.plan(t)
	wantWords(t, output, "but will not be destroyed", "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy")
	w.apply(t)
	w.untouched(t, before, nil)
	if got, want := w.mustRun(t, "state", "list"), doors; got != want {
		t.Errorf("in state: %s, want %s", got, want)
	}
}
