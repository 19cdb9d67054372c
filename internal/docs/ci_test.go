package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	yaml "github.com/oasdiff/yaml3"
)

var pinned = regexp.MustCompile(`(?m)uses: (\S+)(.*)$`)

// TestPipelines holds the examples of pipelines to the syntax of YAML, and the
// actions that they use to a commit. "make lint" has actionlint look at the
// workflows.
func TestPipelines(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(root, "examples", "ci", "*", "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no pipelines: %v", err)
	}
	for _, path := range append(paths, filepath.Join(root, "examples", "ci", "gitlab", ".gitlab-ci.yml")) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var parsed map[string]any
		if err := yaml.Unmarshal(content, &parsed); err != nil || len(parsed) == 0 {
			t.Errorf("%s: %v", path, err)
		}
		for _, use := range pinned.FindAllStringSubmatch(string(content), -1) {
			if !regexp.MustCompile(`^[^@]+@[0-9a-f]{40}$`).MatchString(use[1]) || !regexp.MustCompile(`^ # v\d`).MatchString(use[2]) {
				t.Errorf("%s: %q is not pinned to a commit, with its version at its side", path, use[0])
			}
		}
	}
}
