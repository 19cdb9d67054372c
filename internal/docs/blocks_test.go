package docs_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclwrite"
	yaml "github.com/oasdiff/yaml3"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// TestCodeBlocks checks the syntax of every code block.
func TestCodeBlocks(t *testing.T) {
	t.Parallel()
	known := readSchema(t)
	for _, document := range documents(t) {
		for _, block := range document.blocks {
			switch block.language {
			case "terraform", "hcl":
				for _, problem := range checkHCL(known, block.text) {
					t.Errorf("%s:%d: %s", document.path, block.line, problem)
				}
			case "sh", "shell", "bash":
				if problem := checkShell(t, block.text); problem != "" {
					t.Errorf("%s:%d: %s", document.path, block.line, problem)
				}
			case "json":
				if !json.Valid([]byte(block.text)) {
					t.Errorf("%s:%d: it is not JSON", document.path, block.line)
				}
				if strings.Contains(block.text, `"profile":`) {
					if _, problems := twcloud.ParseProfile([]byte(block.text)); len(problems) > 0 {
						t.Errorf("%s:%d: it is not an API profile: %s", document.path, block.line, strings.Join(problems, "; "))
					}
				}
			case "yaml":
				var content any
				if err := yaml.Unmarshal([]byte(block.text), &content); err != nil {
					t.Errorf("%s:%d: %v", document.path, block.line, err)
				}
			case "", "text", "go":
			default:
				t.Errorf("%s:%d: no test checks %q; use text for the output of programs", document.path, block.line, block.language)
			}
		}
	}
}

// checkHCL returns the problems of a configuration, or of a part of one.
func checkHCL(known schema, text string) (problems []string) {
	if formatted := hclwrite.Format([]byte(text)); !bytes.Equal(formatted, []byte(text)) {
		problems = append(problems, "the format is not that of terraform fmt:\n"+string(formatted))
	}
	if strings.HasPrefix(text, "provider_installation ") {
		// The CLI's own configuration is in an older syntax.
		return problems
	}
	return append(problems, known.check(text)...)
}

func checkShell(t *testing.T, text string) (problem string) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	command := exec.CommandContext(t.Context(), bash, "-n")
	command.Stdin = strings.NewReader(text)
	if output, err := command.CombinedOutput(); err != nil {
		return err.Error() + ": " + string(output)
	}
	return ""
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
		problems := strings.Join(checkHCL(known, text), "\n")
		if !strings.Contains(problems, want) || want == "" && problems != "" {
			t.Errorf("%q: problems %q, want %q", text, problems, want)
		}
	}
}
