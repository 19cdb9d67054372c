// Package terraformcli finds a Terraform or an OpenTofu, builds the provider, and
// runs the one with the other in a folder that the user's own settings do not
// affect. It does not import the provider, nor the emulator.
package terraformcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// The oldest CLI that the provider works with.
const (
	oldestMajor = 1
	oldestMinor = 1
)

// A broken CLI, such as the stub of a version manager without a selected version,
// must not block the caller.
const inspectTimeout = 30 * time.Second

// CLI is a command-line program that runs providers.
type CLI struct {
	// Path is absolute.
	Path string
	// Name is "Terraform" or "OpenTofu".
	Name string
	// Version has no leading v, for example "1.11.4".
	Version string

	major, minor int
}

// String names the CLI for people.
func (c CLI) String() string { return fmt.Sprintf("%s v%s (%s)", c.Name, c.Version, c.Path) }

// AcceptanceEnv returns the variables, as NAME=VALUE, that terraform-plugin-testing
// needs to run acceptance tests with this CLI.
func (c CLI) AcceptanceEnv() []string {
	env := []string{PathVariable + "=" + c.Path}
	if c.Name == "OpenTofu" {
		// The registry and namespace of a provider without required_providers.
		env = append(env, "TF_ACC_PROVIDER_HOST=registry.opentofu.org", "TF_ACC_PROVIDER_NAMESPACE=hashicorp")
	}
	return env
}

func (c CLI) tooOld() bool {
	return c.major < oldestMajor || c.major == oldestMajor && c.minor < oldestMinor
}

var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(([0-9]+)\.([0-9]+)\.\S+)`)

// Inspect runs the program at path to learn its name and version.
func Inspect(ctx context.Context, path string) (CLI, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return CLI{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version") //nolint:gosec // The user chooses the CLI.
	// A child process that outlives the program must not keep its output open.
	cmd.WaitDelay = time.Second
	// CHECKPOINT_DISABLE keeps it from asking the network for newer versions.
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+os.DevNull)
	output, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) && len(failed.Stderr) > 0 {
			return CLI{}, fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		return CLI{}, err
	}
	match := versionLine.FindSubmatch(output)
	if match == nil {
		return CLI{}, errors.New("the output of its version command is neither Terraform's nor OpenTofu's")
	}
	cli := CLI{Path: path, Name: string(match[1]), Version: string(match[2])}
	// The only possible error is a number that does not fit into an int.
	cli.major, _ = strconv.Atoi(string(match[3]))
	cli.minor, _ = strconv.Atoi(string(match[4]))
	return cli, nil
}
