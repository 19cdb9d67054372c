package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

func TestMain(m *testing.M) { terraformtest.Main(m) }

// workspace is a workspace whose output is compared with the documents.
type workspace struct{ *terraformtest.Workspace }

// newEmptyWorkspace has no configuration, and uses the provider without init.
func newEmptyWorkspace(t *testing.T) *workspace {
	t.Helper()
	return &workspace{terraformtest.New(t, emulator.New(t))}
}

// newWorkspace copies a folder of the repository and runs init there.
func newWorkspace(t *testing.T, folder string) *workspace {
	t.Helper()
	w := newEmptyWorkspace(t)
	w.copy(t, folder)
	w.Init(t)
	return w
}

// copy replaces the configuration with that of a folder of the repository.
func (w *workspace) copy(t *testing.T, folder string) {
	t.Helper()
	old, err := filepath.Glob(filepath.Join(w.Dir, "*.tf"))
	for _, path := range old {
		err = errors.Join(err, os.Remove(path))
	}
	if err = errors.Join(err, os.CopyFS(w.Dir, os.DirFS(filepath.Join(root, filepath.FromSlash(folder))))); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// flat returns the output of the CLI on one line, without the bars of messages.
func flat(output string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(output, "│", "")), " ")
}

// run returns the exit status and the flat output.
func (w *workspace) run(t *testing.T, arguments ...string) (status int, output string) {
	t.Helper()
	status, output = w.Output(t, arguments...)
	return status, flat(output)
}

func (w *workspace) mustRun(t *testing.T, arguments ...string) (output string) {
	t.Helper()
	return flat(w.MustExit(t, 0, arguments...))
}

// apply applies with these variables: NAME=VALUE.
func (w *workspace) apply(t *testing.T, variables ...string) (output string) {
	t.Helper()
	w.Setenv(variables...)
	return w.mustRun(t, "apply", "-auto-approve")
}

// plan says whether there are changes.
func (w *workspace) plan(t *testing.T) (output string, changes bool) {
	t.Helper()
	status, output := w.run(t, "plan", "-detailed-exitcode")
	if status != 0 && status != 2 {
		t.Fatalf("plan: exit status %d\n%s", status, output)
	}
	return output, status == 2
}

// noChanges fails if a plan has changes.
func (w *workspace) noChanges(t *testing.T) {
	t.Helper()
	if output, changes := w.plan(t); changes {
		t.Errorf("the plan has changes:\n%s", output)
	}
}

// key is the key of twcloud_oauth_consumer.doors in state.
func (w *workspace) key(t *testing.T) any {
	t.Helper()
	resources := w.State(t)
	i := slices.IndexFunc(resources, func(r terraformcli.Resource) bool { return r.Address == doors })
	if i < 0 {
		t.Fatalf("%s is not in state", doors)
	}
	return resources[i].Values["key"]
}

// onServer fails unless the server has exactly these consumers, by name with their
// secrets, and returns their keys.
func (w *workspace) onServer(t *testing.T, secrets map[string]string) (keys map[string]string) {
	t.Helper()
	keys = map[string]string{}
	for _, consumer := range w.Server.Consumers() {
		if want, ok := secrets[consumer.Name]; !ok || consumer.Secret != want {
			t.Errorf("the server has %q with the secret %q, want %q", consumer.Name, consumer.Secret, want)
		}
		keys[consumer.Name] = consumer.Key
	}
	if len(keys) != len(secrets) {
		t.Errorf("the server has the consumers %v, want those of %v", keys, secrets)
	}
	return keys
}

// unchanged fails unless the consumers are as they were, except for these secrets.
func (w *workspace) unchanged(t *testing.T, before []emulator.Consumer, secrets map[string]string) {
	t.Helper()
	want := slices.Clone(before)
	for i := range want {
		if secret, changed := secrets[want[i].Name]; changed {
			want[i].Secret = secret
		}
	}
	if got := w.Server.Consumers(); !slices.Equal(got, want) {
		t.Errorf("on the server: %v, want %v", got, want)
	}
}

func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in:\n%s", word, text)
		}
	}
}

// needQuery skips a test if the CLI has no "query" command.
func (w *workspace) needQuery(t *testing.T) {
	t.Helper()
	if _, help := w.run(t, "query", "-help"); !strings.Contains(help, "query [options]") {
		t.Skip("this needs terraform query")
	}
}

const endOfBlock = "### end of block ###"

// follow runs the shell blocks of a document word for word, after a prelude. Each
// line of the text blocks must be in the output of the shell block before.
func (w *workspace) follow(t *testing.T, prelude string, blocks []block) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	script := "set -e\nterraform() { command '" + w.CLI.Path + "' \"$@\"; }\n" + prelude
	var expected [][]string
	for _, b := range blocks {
		switch b.language {
		case "sh", "shell", "bash":
			script += b.text + "echo '" + endOfBlock + "'\n"
			expected = append(expected, nil)
		case "text":
			last := len(expected) - 1
			expected[last] = append(expected[last], strings.Split(b.text, "\n")...)
		}
	}
	if len(expected) == 0 {
		t.Fatal("there is no shell block")
	}
	command := exec.CommandContext(t.Context(), bash)
	command.Dir, command.Env, command.Stdin = w.Dir, w.Env, strings.NewReader(script)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if w.CLI.Name == "OpenTofu" {
		return // The documents show Terraform's output.
	}
	for i, written := range strings.SplitN(string(output), endOfBlock, len(expected)) {
		for _, line := range expected[i] {
			contains(t, written, strings.TrimSpace(line))
		}
	}
}
