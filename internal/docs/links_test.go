package main

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(<?([^()\s>]+)>?\)|(?:src|href)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	anchor  = regexp.MustCompile(`<a id="([^"]+)">`)
)

// onGitHub is the form of a link to a file of this repository from another site.
var onGitHub = regexp.MustCompile(`^https://github\.com/twcloud-community/terraform-provider-twcloud/(?:blob|tree)/main/([^?]*)$`)

// TestLinks fails if a link within the repository does not resolve. It does not
// check other sites.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		// Links of templates are relative to the generated documents.
		if strings.HasPrefix(document.path, "templates/") {
			continue
		}
		for _, found := range link.FindAllStringSubmatch(document.prose, -1) {
			if err := checkLink(t, document.path, found[1]+found[2]); err != nil {
				t.Errorf("%s: %s: %v", document.path, found[1]+found[2], err)
			}
		}
	}
}

func checkLink(t *testing.T, from, target string) error {
	t.Helper()
	if found := onGitHub.FindStringSubmatch(target); found != nil {
		from, target = "README.md", found[1]
	}
	parsed, err := url.Parse(target)
	if err != nil || parsed.Scheme != "" {
		return err
	}
	path := from
	if parsed.Path != "" {
		path = filepath.ToSlash(filepath.Join(filepath.Dir(from), parsed.Path))
	}
	file := filepath.Join(root, filepath.FromSlash(path))
	if _, err := os.Stat(file); err != nil {
		return errors.New("there is no " + path)
	}
	if parsed.Fragment == "" || filepath.Ext(path) != ".md" {
		return nil
	}
	if !anchors(readDocument(t, file))[parsed.Fragment] {
		return errors.New("it has no such heading")
	}
	return nil
}

// anchors are the fragments that a document has, as GitHub and the registries
// make them of its headings.
func anchors(of document) map[string]bool {
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(of.prose, -1) {
		found[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, match[1])] = true
	}
	for _, match := range anchor.FindAllStringSubmatch(of.prose, -1) {
		found[match[1]] = true
	}
	return found
}

var (
	makeCall    = regexp.MustCompile("(?m)(?:^ *|`|=\\S+ )make ([a-z-]+)")
	environment = regexp.MustCompile(`\bTWCLOUD_[A-Z_]*[A-Z]\b`)
)

// TestNames fails if a document or an example has a "make X" that does not exist, or
// an environment variable that nothing reads.
func TestNames(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"TWCLOUD_BENCH_RESTAPI": true}
	for attribute := range readSchema(t)["provider"]["twcloud"].Block.Attributes {
		known["TWCLOUD_"+strings.ToUpper(attribute)] = true
	}
	makefile := readFile(t, filepath.Join(root, "GNUmakefile"))
	paths := files(t, "docs", "templates", "examples")
	for _, document := range documents(t) {
		paths = append(paths, document.path)
	}
	for _, path := range paths {
		text := readFile(t, filepath.Join(root, path))
		for _, name := range environment.FindAllString(text, -1) {
			if !known[name] {
				t.Errorf("%s: nothing reads %s", path, name)
			}
		}
		for _, call := range makeCall.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+call[1]+":") {
				t.Errorf("%s: GNUmakefile has no target %q", path, call[1])
			}
		}
	}
}
