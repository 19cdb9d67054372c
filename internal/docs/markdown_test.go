// Package docs_test holds the documentation to the code: what README, guides and
// pages show has to parse, to exist and, where it can be, to work.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
var root = filepath.Join("..", "..")

// document is one Markdown file.
type document struct {
	// path is relative to the repository, with slashes.
	path string
	// prose is the text without its code blocks, which are blank lines in it.
	prose  string
	blocks []block
}

// block is a fenced code block.
type block struct {
	line           int
	language, text string
}

// documents reads all that people read: what lies at the root, what tfplugindocs
// has generated, and what it generates from where that is Markdown already.
func documents(t *testing.T) []document {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"docs", "templates", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && filepath.Ext(path) == ".md" {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read := make([]document, len(paths))
	for i, path := range paths {
		read[i] = readDocument(t, path)
	}
	return read
}

var fence = regexp.MustCompile("^( *)```+ *([A-Za-z]*)")

func readDocument(t *testing.T, path string) document {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	parsed := document{path: filepath.ToSlash(relative)}
	var prose strings.Builder
	var open *block
	indent := ""
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		found := fence.FindStringSubmatch(line)
		switch {
		case open == nil && found != nil:
			open, indent = &block{line: number, language: found[2]}, found[1]
		case open == nil:
			prose.WriteString(line)
			continue
		case found != nil:
			parsed.blocks = append(parsed.blocks, *open)
			open = nil
		default:
			open.text += strings.TrimPrefix(line, indent)
		}
		prose.WriteString("\n")
	}
	if open != nil {
		t.Errorf("%s:%d: the code block has no end", parsed.path, open.line)
	}
	parsed.prose = prose.String()
	return parsed
}
