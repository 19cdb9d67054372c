package docs_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// exampleKey is the key that the examples import.
const exampleKey = "7ec10d4a5b0c4f0e9a3d2f6b8c1e0a97"

// newExampleWorkspace is a folder with files of the examples, and a server that has
// what they ask for. They stand in a documentation that shows the provider block
// elsewhere.
func newExampleWorkspace(t *testing.T, files ...string) *workspace {
	t.Helper()
	w := newWorkspace(t, "examples/provider")
	block := filepath.Join(w.dir, "provider.tf")
	content, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	here := strings.Replace(string(content), "https://twcloud.example.com:8111", w.server.URL(), 1)
	if here == string(content) {
		t.Fatal("the provider block has another endpoint")
	}
	if err := os.WriteFile(block, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, consumer := range []twcloudtest.Consumer{
		{Key: exampleKey, Name: "doors-next", Secret: "made by hand", Approved: true},
		{Key: "k1", Name: "tool-a", Secret: "made by hand", Approved: true},
		{Key: "k2", Name: "tool-b", Secret: "made by hand"},
	} {
		w.server.AddConsumer(consumer)
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(root, "examples", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, filepath.Base(file)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.set(secretVariable + "s3cret")
	return w
}

const resourceExamples = "resources/twcloud_oauth_consumer/"

// applied are the examples of which the documentation of provider, resources and
// data sources is made, with what applying one shows.
var applied = map[string]string{
	"provider/provider.tf":                                "No changes.",
	resourceExamples + "resource.tf":                      "1 added, 0 changed, 0 destroyed",
	"data-sources/twcloud_oauth_consumer/data-source.tf":  `doors_key = "` + exampleKey + `"`,
	"data-sources/twcloud_oauth_consumers/data-source.tf": `tool_keys = { "tool-a" = "k1" "tool-b" = "k2" } waiting = tolist([ "tool-b", ])`,
	"data-sources/twcloud_oauth_endpoints/data-source.tf": `"realm" = "TWC"`,
	"data-sources/twcloud_server/data-source.tf":          `signed_in_as = "admin"`,
}

// otherwise are examples that are tried in another way, in the tests of this
// package.
var otherwise = []string{
	resourceExamples + "import.sh",
	resourceExamples + "import-by-string-id.tf",
	resourceExamples + "import-by-identity.tf",
	"list-resources/twcloud_oauth_consumer/list-resource.tfquery.hcl",
}

// TestExamples_known fails if there is an example for the documentation that no
// test tries.
func TestExamples_known(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"provider", "resources", "data-sources", "list-resources"} {
		err := filepath.WalkDir(filepath.Join(root, "examples", folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			relative, err := filepath.Rel(filepath.Join(root, "examples"), path)
			name := filepath.ToSlash(relative)
			if _, isApplied := applied[name]; !isApplied && !slices.Contains(otherwise, name) {
				t.Errorf("no test tries %s", name)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAccExamples_apply(t *testing.T) {
	t.Parallel()
	for file, want := range applied {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			var others []string
			if file != "provider/provider.tf" {
				others = append(others, file)
			}
			w := newExampleWorkspace(t, others...)
			wantWords(t, w.apply(t), want)
			if _, changes := w.plan(t); changes {
				t.Error("a second plan has changes")
			}
		})
	}
}

// TestAccExamples_import imports the consumer in each of the ways.
func TestAccExamples_import(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"import.sh", "import-by-string-id.tf", "import-by-identity.tf"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w := newExampleWorkspace(t, resourceExamples+"resource.tf", resourceExamples+file)
			before := w.server.Consumers()
			switch status, output := w.run(t, "validate"); {
			case status != 0 && strings.Contains(file, "identity") && strings.Contains(output, `"identity"`):
				t.Skip("this needs Terraform 1.12 or OpenTofu 1.12")
			case status != 0:
				t.Fatal(output)
			}
			if file == "import.sh" {
				command, err := os.ReadFile(filepath.Join(w.dir, file))
				if err != nil {
					t.Fatal(err)
				}
				w.mustRun(t, strings.Fields(strings.TrimPrefix(string(command), "terraform"))...)
			}
			wantWords(t, w.apply(t), "0 added, 0 changed, 0 destroyed")
			if got := w.attributes(t, doors)["key"]; got != exampleKey {
				t.Errorf("imported the key %v", got)
			}
			w.untouched(t, before, nil)
		})
	}
}

func TestAccExamples_query(t *testing.T) {
	t.Parallel()
	w := newExampleWorkspace(t, "list-resources/twcloud_oauth_consumer/list-resource.tfquery.hcl")
	if help, err := exec.CommandContext(t.Context(), terraformPath(), "query", "-help").CombinedOutput(); err != nil || !strings.Contains(string(help), "query [options]") {
		t.Skip("this needs terraform query")
	}
	wantWords(t, w.mustRun(t, "query"), "list.twcloud_oauth_consumer.tools key=k1 tool-a")
}
