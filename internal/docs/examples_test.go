package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// exampleKey is the key that the examples import.
const exampleKey = "7ec10d4a5b0c4f0e9a3d2f6b8c1e0a97"

const (
	resourceExamples = "resources/twcloud_oauth_consumer/"
	queryExample     = "list-resources/twcloud_oauth_consumer/list-resource.tfquery.hcl"
)

// applied are examples of the generated documentation, with the output of apply.
var applied = map[string]string{
	"provider/provider.tf":                                "No changes.",
	resourceExamples + "resource.tf":                      "1 added, 0 changed, 0 destroyed",
	"data-sources/twcloud_oauth_consumer/data-source.tf":  `doors_key = "` + exampleKey + `"`,
	"data-sources/twcloud_oauth_consumers/data-source.tf": `tool_keys = { "tool-a" = "k1" "tool-b" = "k2" } waiting = tolist([ "tool-b", ])`,
	"data-sources/twcloud_oauth_endpoints/data-source.tf": `"realm" = "TWC"`,
	"data-sources/twcloud_server/data-source.tf":          `signed_in_as = "admin"`,
}

var imports = []string{"import.sh", "import-by-string-id.tf", "import-by-identity.tf"}

// TestExamples fails if no test runs an example of the generated documentation.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, path := range files(t, "examples/provider", "examples/resources", "examples/data-sources", "examples/list-resources") {
		name := strings.TrimPrefix(path, "examples/")
		if applied[name] == "" && name != queryExample && !slices.Contains(imports, strings.TrimPrefix(name, resourceExamples)) {
			t.Errorf("no test runs %s", path)
		}
	}
}

// newExampleWorkspace has the example of the provider block and these examples,
// and a server with the consumers that they use.
func newExampleWorkspace(t *testing.T, examples ...string) *workspace {
	t.Helper()
	w := newWorkspace(t, "examples/provider")
	block := readFile(t, filepath.Join(w.Dir, "provider.tf"))
	here := strings.Replace(block, "https://twcloud.example.com:8111", w.Server.URL(), 1)
	if here == block {
		t.Fatal("the provider block has another endpoint")
	}
	w.WriteFile(t, "provider.tf", here)
	for _, consumer := range []emulator.Consumer{
		{Key: exampleKey, Name: "doors-next", Secret: "made by hand", Approved: true},
		{Key: "k1", Name: "tool-a", Secret: "made by hand", Approved: true},
		{Key: "k2", Name: "tool-b", Secret: "made by hand"},
	} {
		w.Server.AddConsumer(consumer)
	}
	for _, example := range examples {
		w.WriteFile(t, filepath.Base(example), readFile(t, filepath.Join(root, "examples", example)))
	}
	w.Setenv(secretVariable + "s3cret")
	return w
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
			contains(t, w.apply(t), want)
			w.noChanges(t)
		})
	}
}

func TestAccExamples_import(t *testing.T) {
	t.Parallel()
	for _, file := range imports {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w := newExampleWorkspace(t, resourceExamples+"resource.tf", resourceExamples+file)
			before := w.Server.Consumers()
			switch status, output := w.run(t, "validate"); {
			case status != 0 && strings.Contains(file, "identity") && strings.Contains(output, `"identity"`):
				t.Skip("this needs Terraform 1.12 or OpenTofu 1.12")
			case status != 0:
				t.Fatal(output)
			}
			if file == "import.sh" {
				w.mustRun(t, strings.Fields(strings.TrimPrefix(readFile(t, filepath.Join(w.Dir, file)), "terraform"))...)
			}
			contains(t, w.apply(t), "0 added, 0 changed, 0 destroyed")
			if got := w.key(t); got != exampleKey {
				t.Errorf("imported the key %s", got)
			}
			w.unchanged(t, before, nil)
		})
	}
}

func TestAccExamples_query(t *testing.T) {
	t.Parallel()
	w := newExampleWorkspace(t, queryExample)
	w.needQuery(t)
	contains(t, w.mustRun(t, "query"), "list.twcloud_oauth_consumer.tools key=k1 tool-a")
}

// TestAccModule runs the tests of the example module, with a mocked provider and
// with a server.
func TestAccModule(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, "examples/modules/oauth-consumers")
	w.mustRun(t, "validate")
	contains(t, w.mustRun(t, "test", "-filter=tests/mocked.tftest.hcl"), " passed, 0 failed.")
	if requests := w.Server.Requests(); len(requests) > 0 {
		t.Errorf("the tests with a mocked provider called the server: %v", requests)
	}
	contains(t, w.mustRun(t, "test", "-filter=tests/server.tftest.hcl"), " passed, 0 failed.")
	w.onServer(t, nil)
}
