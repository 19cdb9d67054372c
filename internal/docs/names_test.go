package docs_test

import (
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

// TestMakeTargets fails if a document has a "make X" that does not exist.
func TestMakeTargets(t *testing.T) {
	t.Parallel()
	var targets []string
	for _, found := range makeTarget.FindAllStringSubmatch(readFile(t, filepath.Join(root, "GNUmakefile")), -1) {
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

// TestEnvironmentVariables fails if a document or an example has a variable that
// nothing reads.
func TestEnvironmentVariables(t *testing.T) {
	t.Parallel()
	known := []string{"TWCLOUD_BENCH_RESTAPI"}
	for _, attribute := range readSchema(t)["provider"]["twcloud"] {
		known = append(known, "TWCLOUD_"+strings.ToUpper(attribute))
	}
	paths := files(t, "docs", "templates", "examples")
	for _, document := range documents(t) {
		paths = append(paths, document.path)
	}
	for _, path := range paths {
		for _, name := range environment.FindAllString(readFile(t, filepath.Join(root, path)), -1) {
			if !slices.Contains(known, name) {
				t.Errorf("%s: nothing reads %s", path, name)
			}
		}
	}
}
