package docs_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest/control"
)

// endOfBlock separates what the blocks of the guide write.
const endOfBlock = "### end of block ###"

// TestAccGettingStarted does what the guide says, word for word, and holds it to
// the output that it shows. Only building and starting is done in another way: the
// emulator runs here, on free ports, with the key that the guide has.
func TestAccGettingStarted(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	server := twcloudtest.New(t, func(config *twcloudtest.Config) {
		config.NewKey = func() string { return "7ec10d4a5b0c4f0e9a3d2f6b8c1e0a97" }
	})
	admin := httptest.NewServer(control.New(server, control.Options{}))
	t.Cleanup(admin.Close)
	adminAddress := strings.TrimPrefix(admin.URL, "http://")

	repository := filepath.Join(t.TempDir(), "terraform-provider-twcloud")
	for binary, pkg := range map[string]string{
		"terraform-provider-twcloud": ".",
		".bin/twcloud-emulator":      "./internal/twcloudtest/cmd/twcloud-emulator",
	} {
		if err := goBuild(t.Context(), executable(filepath.Join(repository, filepath.FromSlash(binary))), pkg); err != nil {
			t.Fatal(err)
		}
	}

	guide := readDocument(t, filepath.Join(root, "docs", "guides", "getting-started.md"))
	elsewhere := strings.NewReplacer(
		"http://127.0.0.1:8111", server.URL(),
		"http://127.0.0.1:8443", server.WebAppURL(),
		`"$repository/.bin/twcloud-emulator" `, `emulator `,
	)
	script := "set -e\nterraform() { command '" + terraformPath() + "' \"$@\"; }\nemulator() { \"$repository/.bin/twcloud-emulator\" \"$1\" -control-address " + adminAddress + " \"${@:2}\"; }\n"
	var expected [][]string
	for _, block := range guide.blocks {
		switch {
		case block.language == "text":
			expected[len(expected)-1] = append(expected[len(expected)-1], block.text)
		case strings.Contains(block.text, "git clone"), block.text == ".bin/twcloud-emulator\n", strings.Contains(block.text, "example.com"):
			// Built and started above; the last one is for a real server.
		default:
			expected = append(expected, nil)
			script += elsewhere.Replace(block.text) + "echo '" + endOfBlock + "'\n"
		}
	}
	if len(expected) < 8 {
		t.Fatalf("only %d blocks were found: has the guide changed?", len(expected))
	}

	command := exec.CommandContext(t.Context(), bash)
	command.Dir, command.Env = repository, cleanEnvironment()
	command.Stdin = strings.NewReader(script)
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		t.Fatalf("%v\n%s", err, output.Bytes())
	}
	written := strings.Split(output.String(), endOfBlock)
	if strings.Contains(output.String(), "OpenTofu will perform") {
		// The guide shows Terraform's words.
		expected = nil
	}
	for i, texts := range expected {
		for _, text := range texts {
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); line != "" && !strings.Contains(written[i], line) {
					t.Errorf("the guide shows %q, which is not in:\n%s", line, written[i])
				}
			}
		}
	}
	if left := server.Consumers(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
