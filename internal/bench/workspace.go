package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/bench/usage"
)

// program is a provider to be run through the shim.
type program struct {
	// path is the provider's own binary.
	path string
	// source is its address in required_providers.
	source string
}

// workspace is a folder with a configuration, and a Terraform that finds one
// provider for it, without a registry.
type workspace struct {
	dir       string
	terraform string
	env       []string
	usageFile string
}

const (
	configFile = "main.tf"
	stateFile  = "terraform.tfstate"
)

// newWorkspace makes a workspace in dir.
func newWorkspace(dir, terraform, shim string, p program) (*workspace, error) {
	name := p.source[strings.LastIndex(p.source, "/")+1:]
	plugins := filepath.Join(dir, "plugins")
	if err := os.MkdirAll(plugins, 0o750); err != nil {
		return nil, err
	}
	if err := copyFile(filepath.Join(plugins, executable("terraform-provider-"+name)), shim, 0o700); err != nil {
		return nil, err
	}
	cliConfig := filepath.Join(dir, "cli.tfrc")
	overrides := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", p.source, filepath.ToSlash(plugins))
	if err := os.WriteFile(cliConfig, []byte(overrides), 0o600); err != nil {
		return nil, err
	}
	w := &workspace{dir: dir, terraform: terraform, usageFile: filepath.Join(dir, "usage.jsonl")}
	w.env = append(neutralEnvironment(os.Environ()),
		"TF_CLI_CONFIG_FILE="+cliConfig, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		usage.ProgramVariable+"="+p.path, usage.FileVariable+"="+w.usageFile)
	return w, nil
}

// neutralEnvironment leaves out what would change how Terraform, a provider or
// Go's runtime behaves.
func neutralEnvironment(environment []string) []string {
	var kept []string
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		switch name = strings.ToUpper(name); {
		case strings.HasPrefix(name, "TF_"), strings.HasPrefix(name, "TWCLOUD_"), strings.HasSuffix(name, "_PROXY"):
		case name == "GOGC", name == "GOMEMLIMIT", name == "GODEBUG", name == "GOMAXPROCS":
		default:
			kept = append(kept, variable)
		}
	}
	return kept
}

// configure writes the configuration.
func (w *workspace) configure(config string) error {
	return os.WriteFile(filepath.Join(w.dir, configFile), []byte(config), 0o600)
}

// state returns the content of the state file; nil if there is none.
func (w *workspace) state() ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(w.dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// setState puts a state in place of what there is; nil stands for none.
func (w *workspace) setState(content []byte) error {
	path := filepath.Join(w.dir, stateFile)
	for _, stale := range []string{path, path + ".backup"} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if content == nil {
		return nil
	}
	return os.WriteFile(path, content, 0o600)
}

// cost is what one command has cost.
type cost struct {
	wall         time.Duration
	providerCPU  time.Duration
	terraformCPU time.Duration
	// providerPeak is in bytes; zero where it is not known.
	providerPeak int64
	// processes is how many times Terraform has started the provider.
	processes int
}

// run runs Terraform. A status other than 0 is an error: so is a plan with
// -detailed-exitcode that has something to change.
func (w *workspace) run(ctx context.Context, command string, arguments ...string) (cost, error) {
	common := []string{command, "-no-color"}
	if command != "validate" {
		common = append(common, "-input=false")
	}
	arguments = append(common, arguments...)
	cmd := exec.CommandContext(ctx, w.terraform, arguments...) //nolint:gosec // A CLI of the user's choice is meant to be run.
	cmd.Dir, cmd.Env = w.dir, w.env
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	// Terraform stops its providers when it is interrupted.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }

	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	used, usageErr := usage.Read(w.usageFile)
	switch {
	case ctx.Err() != nil:
		return cost{}, ctx.Err()
	case err != nil:
		return cost{}, fmt.Errorf("terraform %s: %w\n%s", strings.Join(arguments, " "), err, output.Bytes())
	case usageErr != nil:
		return cost{}, fmt.Errorf("terraform %s: %w", strings.Join(arguments, " "), usageErr)
	}
	// What wait4 says of Terraform comprises the providers, which Terraform has
	// waited for.
	all := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return cost{
		wall:         wall,
		providerCPU:  used.CPU,
		terraformCPU: all - used.CPU,
		providerPeak: used.Peak,
		processes:    used.Processes,
	}, nil
}

func copyFile(target, source string, mode os.FileMode) error {
	in, err := os.Open(source) //nolint:gosec // The benchmark has built it.
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(target, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode) //nolint:gosec // It is in a folder of the benchmark's own.
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
