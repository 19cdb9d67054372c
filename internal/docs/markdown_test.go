package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	heading        string // the last one of the second level
	language, text string
}

// files are the paths of the files below folders of the repository.
func files(t *testing.T, folders ...string) (paths []string) {
	t.Helper()
	for _, folder := range folders {
		err := fs.WalkDir(os.DirFS(root), folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// documents reads all Markdown files in the root, docs, templates and examples.
func documents(t *testing.T) (read []document) {
	t.Helper()
	paths, err := fs.Glob(os.DirFS(root), "*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, files(t, "docs", "templates", "examples")...) {
		if filepath.Ext(path) == ".md" {
			read = append(read, readDocument(t, filepath.Join(root, path)))
		}
	}
	return read
}

var fence = regexp.MustCompile("^( *)```+ *([A-Za-z]*)")

func readDocument(t *testing.T, path string) document {
	t.Helper()
	content := readFile(t, path)
	relative, err := filepath.Rel(root, path)
	if err != nil {
		t.Fatal(err)
	}
	parsed := document{path: filepath.ToSlash(relative)}
	var prose strings.Builder
	var open *block
	var indent, heading string
	number := 0
	for line := range strings.Lines(content) {
		number++
		found := fence.FindStringSubmatch(line)
		switch {
		case open == nil && found != nil:
			open, indent = &block{line: number, heading: heading, language: found[2]}, found[1]
		case open == nil:
			if title, ok := strings.CutPrefix(line, "## "); ok {
				heading = strings.TrimSpace(title)
			}
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

// section returns the code blocks of a guide below a heading of the second level.
func section(t *testing.T, guide, heading string) []block {
	t.Helper()
	blocks := readDocument(t, filepath.Join(root, "templates", "guides", guide)).blocks
	blocks = slices.DeleteFunc(blocks, func(b block) bool { return b.heading != heading })
	if len(blocks) == 0 {
		t.Fatalf("%s has no code below a heading %q", guide, heading)
	}
	return blocks
}

// texts returns the texts of the blocks in a language, of which there are count.
func texts(t *testing.T, blocks []block, language string, count int) (found []string) {
	t.Helper()
	for _, b := range blocks {
		if b.language == language {
			found = append(found, b.text)
		}
	}
	if len(found) != count {
		t.Fatalf("%d blocks in %s, want %d", len(found), language, count)
	}
	return found
}
