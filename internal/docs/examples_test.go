package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestExamples holds every configuration of the examples to the syntax, to
// terraform fmt and to what this provider has, also where it needs others.
func TestExamples(t *testing.T) {
	t.Parallel()
	known := readSchema(t)
	count := 0
	err := filepath.WalkDir(filepath.Join(root, "examples"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".tf", ".hcl"}, filepath.Ext(path)) {
			return err
		}
		content, err := os.ReadFile(path)
		for _, problem := range checkHCL(known, string(content)) {
			t.Errorf("%s: %s", filepath.ToSlash(path), problem)
		}
		count++
		return err
	})
	if err != nil || count == 0 {
		t.Errorf("%d examples, %v", count, err)
	}
}
