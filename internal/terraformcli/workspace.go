package terraformcli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Workspace is a folder in which a CLI runs. Nothing in the user's environment
// affects the CLI, the provider or Go's runtime.
type Workspace struct {
	CLI CLI
	Dir string
	// Env is the environment of the commands, as NAME=VALUE; the last one counts.
	Env []string
}

// NewWorkspace makes dir a workspace, and creates it if it does not exist.
func NewWorkspace(cli CLI, dir string) (*Workspace, error) {
	env := append(CleanEnv(os.Environ()), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_CLI_ARGS=-no-color", "CHECKPOINT_DISABLE=1")
	return &Workspace{CLI: cli, Dir: dir, Env: env}, os.MkdirAll(dir, 0o700)
}

// CleanEnv returns env without what changes the behavior of the CLI, the provider
// or Go's runtime.
func CleanEnv(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(variable string) bool {
		name, _, _ := strings.Cut(strings.ToUpper(variable), "=")
		return strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "TWCLOUD_") || strings.HasSuffix(name, "_PROXY") ||
			slices.Contains([]string{"GOGC", "GOMEMLIMIT", "GODEBUG", "GOMAXPROCS"}, name)
	})
}

// ServerEnv returns the variables that point the provider to a server.
func ServerEnv(endpoint, webAppEndpoint, username, password string) []string {
	return []string{
		"TWCLOUD_ENDPOINT=" + endpoint, "TWCLOUD_WEBAPP_ENDPOINT=" + webAppEndpoint,
		"TWCLOUD_USERNAME=" + username, "TWCLOUD_PASSWORD=" + password,
	}
}

// Exports returns the commands of a POSIX shell that export variables, NAME=VALUE.
func Exports(variables []string) string {
	var script strings.Builder
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(&script, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	return script.String()
}

// Setenv sets variables, NAME=VALUE, for the commands that follow.
func (w *Workspace) Setenv(variables ...string) { w.Env = append(slices.Clone(w.Env), variables...) }

// Write writes a file.
func (w *Workspace) Write(name, content string) error {
	return os.WriteFile(filepath.Join(w.Dir, name), []byte(content), 0o600)
}

// UseMirror installs providers from a filesystem mirror, and from nowhere else.
func (w *Workspace) UseMirror(mirror string) error {
	return w.configureCLI(fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror)))
}

// UseBinary uses the provider in a folder, without "terraform init".
func (w *Workspace) UseBinary(source, folder string) error {
	return w.configureCLI(fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", source, filepath.ToSlash(folder)))
}

// CLIConfigFile is the file in Dir that UseMirror and UseBinary write.
const CLIConfigFile = "terraform.rc"

func (w *Workspace) configureCLI(content string) error {
	w.Setenv("TF_CLI_CONFIG_FILE=" + filepath.Join(w.Dir, CLIConfigFile))
	return w.Write(CLIConfigFile, content)
}

// Command returns a command of the CLI. When ctx ends, it is interrupted, so that
// the CLI stops the provider and the provider releases its license seat.
func (w *Workspace) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, w.CLI.Path, args...) //nolint:gosec // The user chooses the CLI.
	cmd.Dir, cmd.Env = w.Dir, w.Env
	interruptOnCancel(cmd)
	return cmd
}

// Run runs the CLI and returns its exit status.
func (w *Workspace) Run(ctx context.Context, output io.Writer, args ...string) (status int, err error) {
	cmd := w.Command(ctx, args...)
	cmd.Stdout, cmd.Stderr = output, output
	err = cmd.Run()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.ExitCode(), nil
	}
	return 0, err
}

// Resource is a resource in state.
type Resource struct {
	Address string         `json:"address"`
	Tainted bool           `json:"tainted"`
	Values  map[string]any `json:"values"`
}

// Resources returns the resources of the root module in state.
func (w *Workspace) Resources(ctx context.Context) ([]Resource, error) {
	cmd := w.Command(ctx, "show", "-json")
	var problem bytes.Buffer
	cmd.Stderr = &problem
	output, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("show -json: %w\n%s", err, problem.Bytes())
	}
	var state struct {
		Values struct {
			RootModule struct {
				Resources []Resource `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	err = json.Unmarshal(output, &state)
	return state.Values.RootModule.Resources, err
}
