package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	providerSource  = "registry.terraform.io/twcloud-community/twcloud"
	providerVersion = "0.0.1"
)

// built is the provider, built once for all tests of this package.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(status)
}

// mirror returns a folder from which Terraform can install the provider.
func mirror(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "twcloud-docs-"); built.err != nil { //nolint:usetesting // It outlives the test that makes it.
			return
		}
		binary := filepath.Join(built.dir, filepath.FromSlash(providerSource), providerVersion,
			runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-twcloud_v"+providerVersion)
		if built.err = goBuild(context.Background(), executable(binary), "."); built.err != nil {
			return
		}
		// Terraform wants to start a provider that state names, if only to ask for its
		// schemas: any will do. OpenTofu looks for both in its own registry.
		restapi := []string{"twcloud-community/twcloud", "mastercard/restapi", "terraform-provider-twcloud", "terraform-provider-restapi"}
		opentofu := []string{"registry.terraform.io", "registry.opentofu.org"}
		for _, names := range [][]string{opentofu, restapi, append(opentofu, restapi...)} {
			other := strings.NewReplacer(names...).Replace(filepath.ToSlash(binary))
			if built.err = os.MkdirAll(filepath.Dir(other), 0o750); built.err != nil {
				return
			}
			if built.err = os.Link(executable(binary), executable(other)); built.err != nil {
				return
			}
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

func executable(path string) string {
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	return path
}

func goBuild(ctx context.Context, binary, pkg string) error {
	command := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg)
	command.Dir = root
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, output)
	}
	return nil
}

// workspace is a folder in which Terraform runs, with a server of its own.
type workspace struct {
	dir         string
	server      *twcloudtest.Server
	environment []string
}

// newWorkspace copies a folder of the repository and has Terraform install the
// provider there.
func newWorkspace(t *testing.T, folder string) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	w := &workspace{dir: t.TempDir(), server: twcloudtest.New(t)}
	w.copy(t, folder)
	cliConfig := filepath.Join(t.TempDir(), "terraform.rc")
	content := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror(t)))
	if err := os.WriteFile(cliConfig, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	w.environment = append(cleanEnvironment(),
		"TF_CLI_CONFIG_FILE="+cliConfig,
		"TWCLOUD_ENDPOINT="+w.server.URL(),
		"TWCLOUD_WEBAPP_ENDPOINT="+w.server.WebAppURL(),
		"TWCLOUD_USERNAME="+twcloudtest.AdminName,
		"TWCLOUD_PASSWORD="+twcloudtest.AdminPassword,
	)
	w.mustRun(t, "init")
	return w
}

// copy replaces the configuration by that of another folder of the repository.
func (w *workspace) copy(t *testing.T, folder string) {
	t.Helper()
	old, err := filepath.Glob(filepath.Join(w.dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(w.dir, os.DirFS(filepath.Join(root, filepath.FromSlash(folder)))); err != nil {
		t.Fatal(err)
	}
}

// edit replaces a text of the configuration, which must be there.
func (w *workspace) edit(t *testing.T, old, replacement string) {
	t.Helper()
	path := filepath.Join(w.dir, "main.tf")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(content), old) {
		t.Fatalf("%q is not in the configuration", old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(content), old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// cleanEnvironment is without what would change how Terraform or the provider
// behaves.
func cleanEnvironment() []string {
	return append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "TWCLOUD_")
	}), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_CLI_ARGS=-no-color", "CHECKPOINT_DISABLE=1")
}

func terraformPath() string {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	return "terraform"
}

// set sets variables for the runs to come: NAME=VALUE.
func (w *workspace) set(variables ...string) {
	w.environment = append(w.environment, variables...)
}

// run returns the exit status, and what was written with line breaks, and the
// bars at the sides of messages, taken out.
func (w *workspace) run(t *testing.T, arguments ...string) (status int, output string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), terraformPath(), arguments...)
	command.Dir, command.Env = w.dir, w.environment
	written, err := command.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if open := w.server.OpenSessions(); open > 0 {
		t.Errorf("terraform %s left %d sessions open", arguments[0], open)
	}
	return command.ProcessState.ExitCode(), strings.Join(strings.Fields(strings.ReplaceAll(string(written), "│", "")), " ")
}

func (w *workspace) mustRun(t *testing.T, arguments ...string) (output string) {
	t.Helper()
	status, output := w.run(t, arguments...)
	if status != 0 {
		t.Fatalf("terraform %s: exit status %d\n%s", strings.Join(arguments, " "), status, output)
	}
	return output
}

// apply applies, with variables for this run: NAME=VALUE.
func (w *workspace) apply(t *testing.T, variables ...string) (output string) {
	t.Helper()
	w.set(variables...)
	return w.mustRun(t, "apply", "-auto-approve")
}

// plan returns what a plan says, and whether it has changes.
func (w *workspace) plan(t *testing.T, variables ...string) (output string, changes bool) {
	t.Helper()
	w.set(variables...)
	status, output := w.run(t, "plan", "-detailed-exitcode")
	if status != 0 && status != 2 {
		t.Fatalf("terraform plan: exit status %d\n%s", status, output)
	}
	return output, status == 2
}

// attributes are those of the resource at an address.
func (w *workspace) attributes(t *testing.T, address string) map[string]any {
	t.Helper()
	command := exec.CommandContext(t.Context(), terraformPath(), "show", "-json")
	command.Dir, command.Env = w.dir, append(slices.Clone(w.environment), "TF_CLI_ARGS=")
	written, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Values struct {
			RootModule struct {
				Resources []struct {
					Address string         `json:"address"`
					Values  map[string]any `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal(written, &state); err != nil {
		t.Fatal(err)
	}
	for _, resource := range state.Values.RootModule.Resources {
		if resource.Address == address {
			return resource.Values
		}
	}
	t.Fatalf("%s is not in state: %s", address, written)
	return nil
}

// onServer fails unless the server has consumers with just these names and
// secrets, and returns their keys by name.
func (w *workspace) onServer(t *testing.T, secrets map[string]string) (keys map[string]string) {
	t.Helper()
	keys = map[string]string{}
	for _, consumer := range w.server.Consumers() {
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

// wantWords fails unless all words are in a text.
func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in:\n%s", word, text)
		}
	}
}
