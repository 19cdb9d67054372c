package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	makeCall    = regexp.MustCompile(`\bmake ((?:[a-z][a-z-]*(?: |$|\b))+)`)
	makeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	codeSpan    = regexp.MustCompile("`([^`\n]+)`")
	environment = regexp.MustCompile(`\bTWCLOUD_[A-Z_]*[A-Z]\b`)
)

// TestMakeTargets holds "make X" in code to the makefile.
func TestMakeTargets(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join(root, "GNUmakefile"))
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, found := range makeTarget.FindAllStringSubmatch(string(makefile), -1) {
		targets = append(targets, found[1])
	}
	for _, document := range documents(t) {
		var code []string
		for _, span := range codeSpan.FindAllStringSubmatch(document.prose, -1) {
			code = append(code, span[1])
		}
		for _, block := range document.blocks {
			for line := range strings.Lines(block.text) {
				command, _, _ := strings.Cut(strings.TrimSpace(line), "#")
				code = append(code, command)
			}
		}
		for _, text := range code {
			for _, found := range makeCall.FindAllStringSubmatch(text, -1) {
				for _, target := range strings.Fields(found[1]) {
					if !slices.Contains(targets, target) {
						t.Errorf("%s: %q: GNUmakefile has no target %q", document.path, text, target)
					}
				}
			}
		}
	}
}

// variables are those that the provider reads.
func variables(t *testing.T) []string {
	t.Helper()
	var known []string
	for _, attribute := range readSchema(t)["provider"]["twcloud"] {
		known = append(known, "TWCLOUD_"+strings.ToUpper(attribute))
	}
	return known
}

// toolVariables are read by the tools of the repository.
var toolVariables = []string{"TWCLOUD_BENCH_RESTAPI"}

// TestEnvironmentVariables holds documents and examples to the variables that
// there are.
func TestEnvironmentVariables(t *testing.T) {
	t.Parallel()
	known := variables(t)
	texts := map[string]string{}
	for _, document := range documents(t) {
		texts[document.path] = document.prose
		for _, block := range document.blocks {
			texts[document.path] += block.text
		}
	}
	err := filepath.WalkDir(filepath.Join(root, "examples"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		texts[filepath.ToSlash(path)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range texts {
		for _, name := range environment.FindAllString(text, -1) {
			if !slices.Contains(known, name) && !slices.Contains(toolVariables, name) {
				t.Errorf("%s: the provider does not read %s", path, name)
			}
		}
	}
}

// TestEveryVariableIsDocumented holds the table of the guide to be complete.
func TestEveryVariableIsDocumented(t *testing.T) {
	t.Parallel()
	guide := readDocument(t, filepath.Join(root, "docs", "guides", "credentials-and-permissions.md"))
	for _, name := range variables(t) {
		row := "| `" + strings.ToLower(strings.TrimPrefix(name, "TWCLOUD_")) + "` | `" + name + "` |"
		if !strings.Contains(guide.prose, row) {
			t.Errorf("%s has no row %s", guide.path, row)
		}
	}
}
