package docs_test

import (
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

// TestAccScripts_move moves a resource that is not this provider's: terraform_data
// stands for the one of restapi, which the tests do not have.
func TestAccScripts_move(t *testing.T) {
	t.Parallel()
	w := newMover(t)
	before := w.server.Consumers()
	blocks := section(t, scriptsGuide, "What becomes of the generic REST provider")
	configurations, shown := blocksIn("terraform", blocks), blocksIn("text", blocks)
	standIn := strings.NewReplacer("restapi_object", "terraform_data", "path         = \"/osmc/admin/oauthconsumers\"\n", "",
		"id_attribute = \"key\"\n", "", "data = jsonencode", "input = jsonencode", "var.doors_secret", `"s3cret"`)
	w.write(t, standIn.Replace(configurations[0]))
	w.apply(t)
	w.write(t, standIn.Replace(configurations[1]))
	output, _ := w.plan(t)
	wantWords(t, output, "but will not be destroyed", strings.TrimSuffix(strings.TrimSpace(shown[0]), "."))
	w.apply(t)
	w.untouched(t, before, nil)
	if got, want := w.mustRun(t, "state", "list"), doors; got != want {
		t.Errorf("in state: %s, want %s", got, want)
	}
}
