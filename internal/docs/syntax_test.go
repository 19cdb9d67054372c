package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	tfjson "github.com/hashicorp/terraform-json"
	yaml "github.com/oasdiff/yaml3"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// TestSyntax checks every code block and every example.
func TestSyntax(t *testing.T) {
	t.Parallel()
	known := readSchema(t)
	for _, document := range documents(t) {
		for _, block := range document.blocks {
			for _, problem := range known.problems(t, block.language, block.text) {
				t.Errorf("%s:%d: %s", document.path, block.line, problem)
			}
		}
	}
	languages := map[string]string{".tf": "hcl", ".hcl": "hcl", ".yml": "yaml", ".sh": "sh"}
	for _, path := range files(t, "examples") {
		for _, problem := range known.problems(t, languages[filepath.Ext(path)], readFile(t, filepath.Join(root, path))) {
			t.Errorf("%s: %s", path, problem)
		}
	}
}

var (
	uses   = regexp.MustCompile(`uses: .*`)
	pinned = regexp.MustCompile(`^uses: [^@\s]+@[0-9a-f]{40} # v\d`)
)

// problems checks the syntax of a text, and what else is known about its language.
func (s blockSchemas) problems(t *testing.T, language, text string) (problems []string) {
	t.Helper()
	switch language {
	case "terraform", "hcl":
		return s.checkHCL(text)
	case "sh", "shell", "bash":
		bash, err := exec.LookPath("bash")
		if err != nil {
			t.Skip("there is no bash")
		}
		command := exec.CommandContext(t.Context(), bash, "-n")
		command.Stdin = strings.NewReader(text)
		if output, err := command.CombinedOutput(); err != nil {
			return []string{string(output)}
		}
	case "json":
		if strings.Contains(text, `"profile":`) {
			_, problems = twcloud.ParseProfile([]byte(text))
		} else if !json.Valid([]byte(text)) {
			return []string{"it is not JSON"}
		}
	case "yaml":
		var content any
		if err := yaml.Unmarshal([]byte(text), &content); err != nil {
			return []string{err.Error()}
		}
		for _, action := range uses.FindAllString(text, -1) {
			if !pinned.MatchString(action) {
				problems = append(problems, fmt.Sprintf("%q has no commit, followed by its version", action))
			}
		}
	case "", "text", "go":
	default:
		return []string{fmt.Sprintf("no test checks %q; use text for the output of programs", language)}
	}
	return problems
}

// blockSchemas has the provider's schemas: by the kind of block (provider, resource, data,
// list) and by its type.
type blockSchemas map[string]map[string]*tfjson.Schema

func readSchema(t *testing.T) blockSchemas {
	t.Helper()
	provider := readSchemas(t)
	return blockSchemas{
		"provider": {"twcloud": provider.ConfigSchema},
		"resource": provider.ResourceSchemas,
		"data":     provider.DataSourceSchemas,
		"list":     provider.ListResourceSchemas,
	}
}

// meta are arguments that Terraform has for every block.
var meta = []string{"alias", "count", "depends_on", "for_each", "include_resource", "limit", "provider"}

// reference is TYPE.NAME.ATTRIBUTE or data.TYPE.NAME.ATTRIBUTE, with an index before
// the attribute or not.
var reference = regexp.MustCompile(`(\bdata\.)?\b(twcloud_\w+)\.\w+(?:\[[^\]]*\])?\.(\w+)`)

// checkHCL says what a text, which can be a part of a configuration, has that this
// provider does not have.
func (s blockSchemas) checkHCL(text string) (problems []string) {
	if formatted := hclwrite.Format([]byte(text)); !bytes.Equal(formatted, []byte(text)) {
		problems = append(problems, "the format is not that of terraform fmt:\n"+string(formatted))
	}
	if strings.HasPrefix(text, "provider_installation ") {
		// The CLI's own configuration is in an older syntax.
		return problems
	}
	file, diagnostics := hclsyntax.ParseConfig([]byte(text), "block", hcl.InitialPos)
	body, ok := file.Body.(*hclsyntax.Body)
	if diagnostics.HasErrors() || !ok {
		return append(problems, diagnostics.Error())
	}
	for _, block := range body.Blocks {
		if s[block.Type] == nil || len(block.Labels) == 0 || !strings.HasPrefix(block.Labels[0], "twcloud") {
			continue
		}
		names := slices.Sorted(maps.Keys(block.Body.Attributes))
		for _, inner := range block.Body.Blocks {
			switch {
			case block.Type == "list" && inner.Type == "config":
				names = slices.AppendSeq(names, maps.Keys(inner.Body.Attributes))
			case inner.Type != "lifecycle":
				names = append(names, inner.Type)
			}
		}
		names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(meta, name) })
		problems = append(problems, s.missing(block.Type, block.Labels[0], names...)...)
	}
	for _, found := range reference.FindAllStringSubmatch(text, -1) {
		kind := "resource"
		if found[1] != "" {
			kind = "data"
		}
		problems = append(problems, s.missing(kind, found[2], found[3])...)
	}
	return problems
}

// missing says which of these attributes a block does not have.
func (s blockSchemas) missing(kind, block string, attributes ...string) (problems []string) {
	schema := s[kind][block]
	if schema == nil {
		return []string{fmt.Sprintf("there is no %s %q", kind, block)}
	}
	for _, name := range attributes {
		if schema.Block.Attributes[name] == nil {
			problems = append(problems, fmt.Sprintf("%s %q has no attribute %q", kind, block, name))
		}
	}
	return problems
}

// TestCheckHCL shows that the check finds mistakes.
func TestCheckHCL(t *testing.T) {
	t.Parallel()
	known := readSchema(t)
	for text, want := range map[string]string{
		"resource \"twcloud_oauth_consumer\" \"x\" {\n  for_each = var.x\n  name     = \"x\"\n}\n": "",
		"resource \"twcloud_oauth_consumer\" \"x\" {\n  name=\"x\"\n}\n":                           "terraform fmt",
		"resource \"twcloud_consumer\" \"x\" {\n}\n":                                               `no resource "twcloud_consumer"`,
		"provider \"twcloud\" {\n  host = \"x\"\n}\n":                                              `no attribute "host"`,
		"list \"twcloud_oauth_consumer\" \"x\" {\n  config {\n    title = \"x\"\n  }\n}\n":         `no attribute "title"`,
		"x = data.twcloud_server.x[0].port\n":                                                      `no attribute "port"`,
		"x = {\n":                                                                                  "Missing expression",
	} {
		problems := strings.Join(known.checkHCL(text), "\n")
		if !strings.Contains(problems, want) || want == "" && problems != "" {
			t.Errorf("%q: problems %q, want %q", text, problems, want)
		}
	}
}

// TestProviderBlocks: without a provider block, and with nothing in the environment,
// Terraform's own error comes first, and does not say what to set.
func TestProviderBlocks(t *testing.T) {
	t.Parallel()
	check := func(place, text string) {
		if strings.Contains(text, "required_providers") && strings.Contains(text, "twcloud-community/twcloud") && strings.Contains(text, `"twcloud_`) &&
			!strings.Contains(text, `provider "twcloud"`) {
			t.Errorf("%s: has no provider block", place)
		}
	}
	for _, document := range documents(t) {
		for _, block := range document.blocks {
			check(document.path, block.text)
		}
	}
	for _, path := range files(t, "examples") {
		check(path, readFile(t, filepath.Join(root, path)))
	}
}

// TestDevelopmentOverrides: every page that names dev_overrides says the same of
// terraform init, or links to the page that does.
func TestDevelopmentOverrides(t *testing.T) {
	t.Parallel()
	for _, document := range documents(t) {
		text := readFile(t, filepath.Join(root, document.path))
		if strings.Contains(text, "dev_overrides") && !strings.Contains(text, "terraform get") && !strings.Contains(text, "getting-started.md#3-configure-terraform") {
			t.Errorf("%s: names dev_overrides, and not what to do in place of terraform init", document.path)
		}
	}
}

// TestGitLabRules: GitLab leaves a job without rules out of the pipelines of merge
// requests, unless the whole pipeline has rules.
func TestGitLabRules(t *testing.T) {
	t.Parallel()
	var pipeline map[string]any
	if err := yaml.Unmarshal([]byte(readFile(t, filepath.Join(root, "examples", "ci", "gitlab", ".gitlab-ci.yml"))), &pipeline); err != nil {
		t.Fatal(err)
	}
	if pipeline["workflow"] != nil {
		return
	}
	for name, value := range pipeline {
		if job, ok := value.(map[string]any); ok && job["script"] != nil && job["rules"] == nil {
			t.Errorf("the job %q is not in the pipelines of merge requests", name)
		}
	}
}
