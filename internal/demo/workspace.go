package main

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
	"runtime"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

const (
	providerPackage = "github.com/twcloud-community/terraform-provider-twcloud"

	// providerSource has a host name, as that of a source without one is not the
	// same in Terraform and OpenTofu.
	providerSource  = "registry.terraform.io/twcloud-community/twcloud"
	providerVersion = "0.0.1"
)

// installProvider builds the provider into dir, in the layout of a mirror from
// which a CLI can install it without a network, and writes a CLI configuration
// that knows no other way. It returns the path of that configuration.
func installProvider(ctx context.Context, tell *narrator, dir string) (cliConfig string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	mirror := filepath.Join(dir, "mirror")
	binary := filepath.Join(mirror, filepath.FromSlash(providerSource), providerVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-twcloud_v"+providerVersion)
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	// Without the tables for debuggers it is linked in half the time.
	build := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w -X main.version="+providerVersion, "-o", binary, providerPackage) //nolint:gosec // Its output goes where the caller says.
	build.Env = append(os.Environ(), "GOTMPDIR="+dir)                                                                                  // Go leaves its files there if it is interrupted.
	stopGently(build)
	built := tell.wait("Building the provider ...")
	output, err := build.CombinedOutput()
	built()
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("unable to build the provider: %w\n%s", err, output)
	}
	cliConfig = filepath.Join(dir, "terraform.rc")
	content := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %s\n  }\n}\n\ndisable_checkpoint = true\n", hclString(filepath.ToSlash(mirror)))
	return cliConfig, os.WriteFile(cliConfig, []byte(content), 0o600)
}

// hclString writes a string literal of HCL that stands for text, whatever is in
// it.
func hclString(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{").Replace(text) + `"`
}

// workspace is a folder with a configuration, and a CLI to run in it.
type workspace struct {
	dir  string
	cli  terraformcli.CLI
	env  []string
	tell *narrator
}

// newWorkspace makes dir a workspace with the configuration.
func newWorkspace(dir string, cli terraformcli.CLI, tell *narrator, configuration string, environment ...string) (*workspace, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		return nil, err
	}
	env := append(neutralEnvironment(os.Environ()), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")
	if !tell.colour {
		env = append(env, "TF_CLI_ARGS=-no-color")
	}
	return &workspace{dir: dir, cli: cli, env: append(env, environment...), tell: tell}, nil
}

// neutralEnvironment leaves out what would change how the CLI or the provider
// behaves.
func neutralEnvironment(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		name = strings.ToUpper(name)
		return strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "TWCLOUD_") || strings.HasSuffix(name, "_PROXY")
	})
}

// program is what the CLI is called on a command line.
func (w *workspace) program() string {
	return strings.TrimSuffix(filepath.Base(w.cli.Path), ".exe")
}

// init installs the provider. It is heard of only if it fails.
func (w *workspace) init(ctx context.Context) error {
	var output bytes.Buffer
	status, err := w.run(ctx, &output, "init")
	if err == nil && status != 0 {
		err = fmt.Errorf("%s init: exit status %d\n%s", w.program(), status, output.Bytes())
	}
	return err
}

// show shows a command and what it says, and returns its exit status.
func (w *workspace) show(ctx context.Context, args ...string) (int, error) {
	w.tell.command(w.program() + " " + strings.Join(args, " "))
	quote := w.tell.quote()
	status, err := w.run(ctx, quote, args...)
	quote.Close()
	return status, err
}

// run runs the CLI and returns its exit status. When ctx ends, the CLI is asked
// to end, and waited for: it stops the provider, which gives back its seat.
func (w *workspace) run(ctx context.Context, output io.Writer, args ...string) (int, error) {
	cmd := exec.CommandContext(ctx, w.cli.Path, args...) //nolint:gosec // To run it is the purpose.
	cmd.Dir, cmd.Env = w.dir, w.env
	cmd.Stdout, cmd.Stderr = output, output
	stopGently(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.ExitCode(), nil
	}
	return 0, err
}

// stopGently has a command that is to end interrupted rather than killed:
// Terraform stops its providers then.
func stopGently(cmd *exec.Cmd) {
	shield(cmd)
	cmd.Cancel = func() error { return interrupt(cmd.Process) }
}

// errLeftBehind says that something could not be cleaned up.
var errLeftBehind = errors.New("not everything could be removed")

func removeAll(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("%w: %w", errLeftBehind, err)
	}
	return nil
}

// setenv changes the environment of the commands to come.
func (w *workspace) setenv(name, value string) {
	w.env = append(w.env, name+"="+value)
}

// attributes reads the attributes of the only resource in state; nil if there is
// none.
func (w *workspace) attributes() (map[string]any, error) {
	content, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil {
		return nil, err
	}
	var state struct {
		Resources []struct {
			Instances []struct {
				Attributes map[string]any `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, fmt.Errorf("unable to read the state: %w", err)
	}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			return instance.Attributes, nil
		}
	}
	return nil, nil
}
