// Package terraformcli finds a Terraform or an OpenTofu to run the provider
// with, and installs Terraform where there is neither.
package terraformcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// PathVariable is the environment variable that names the CLI to use. The
// acceptance tests' framework, terraform-plugin-testing, reads it as well.
const PathVariable = "TF_ACC_TERRAFORM_PATH"

// The oldest CLI that the provider works with.
const (
	oldestMajor = 1
	oldestMinor = 1
)

// A CLI that is sick, such as the shim of a version manager that has no version
// selected, must not hold up those who wait for it.
const inspectTimeout = 30 * time.Second

// CLI is a command line program that runs providers.
type CLI struct {
	// Path is absolute.
	Path string
	// Name is "Terraform" or "OpenTofu".
	Name string
	// Version is without a leading v, such as "1.11.4".
	Version string

	major, minor int
}

// String names the CLI for people.
func (c CLI) String() string {
	return fmt.Sprintf("%s v%s (%s)", c.Name, c.Version, c.Path)
}

// AcceptanceEnv is what terraform-plugin-testing has to be told, as KEY=value,
// to run acceptance tests with this CLI.
func (c CLI) AcceptanceEnv() []string {
	env := []string{PathVariable + "=" + c.Path}
	if c.Name == "OpenTofu" {
		// In a configuration without required_providers, a provider's name
		// stands for one in this registry and this namespace.
		env = append(
			env,
			"TF_ACC_PROVIDER_HOST=registry.opentofu.org",
			"TF_ACC_PROVIDER_NAMESPACE=hashicorp",
		)
	}
	return env
}

func (c CLI) tooOld() bool {
	return c.major < oldestMajor || c.major == oldestMajor && c.minor < oldestMinor
}

// CacheDir is the folder in which Find is to keep what it installs, the same for
// all parts of the project.
func CacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "terraform-provider-twcloud")
}

// Find returns the absolute path of a CLI. It looks, in this order, at
// TF_ACC_TERRAFORM_PATH; for terraform, then tofu, on PATH; for what an earlier
// call has installed into cacheDir; and at last it installs the newest Terraform
// into cacheDir, from releases.hashicorp.com.
//
// It says on log, one line each, what it passes over and what it installs, and
// nothing where a CLI is simply there. Its error says what to do.
func Find(ctx context.Context, cacheDir string, log io.Writer) (path string, err error) {
	f := finder{
		cacheDir: cacheDir,
		log:      log,
		inspect:  Inspect,
		install:  installTerraform,
	}
	return f.find(ctx)
}

type finder struct {
	cacheDir string
	log      io.Writer
	inspect  func(ctx context.Context, path string) (CLI, error)
	install  func(ctx context.Context, dir string) (path string, err error)
}

func (f *finder) find(ctx context.Context) (string, error) {
	if path := os.Getenv(PathVariable); path != "" {
		cli, err := f.inspect(ctx, path)
		if err != nil {
			return "", fmt.Errorf("%s is set to %s, which cannot be used: %w", PathVariable, path, err)
		}
		return cli.Path, nil
	}

	var tried []string
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			tried = append(tried, name+" is not on PATH")
			continue
		}
		usable, problem := f.usable(ctx, path)
		if problem == "" {
			return usable, nil
		}
		f.say("%s: passed over.", problem)
		tried = append(tried, problem)
	}

	installed := filepath.Join(f.cacheDir, "terraform")
	if path, problem := f.usable(ctx, filepath.Join(installed, binary("terraform"))); problem == "" {
		return path, nil
	}

	f.say("No Terraform or OpenTofu on PATH: installing Terraform from releases.hashicorp.com into %s.", installed)
	path, err := f.installInto(ctx, installed)
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		tried = append(tried, fmt.Sprintf("installing Terraform into %s failed: %s", installed, oneLine(err)))
		return "", &NotFoundError{Tried: tried}
	}
	f.say("Installed %s.", path)
	return path, nil
}

// usable returns the absolute path of a CLI that can be used, or what is wrong
// with it.
func (f *finder) usable(ctx context.Context, path string) (usable, problem string) {
	cli, err := f.inspect(ctx, path)
	if err != nil {
		return "", fmt.Sprintf("%s cannot be used: %s", path, oneLine(err))
	}
	if cli.tooOld() {
		return "", fmt.Sprintf("%s is older than %d.%d", cli, oldestMajor, oldestMinor)
	}
	return cli.Path, ""
}

// installInto installs into a folder of its own first: an installation that is
// broken off must not be taken for a Terraform by the next call.
func (f *finder) installInto(ctx context.Context, dir string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return "", err
	}
	staging, err := os.MkdirTemp(filepath.Dir(dir), "installing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(staging)

	path, err := f.install(ctx, staging)
	if err != nil {
		return "", err
	}
	if _, problem := f.usable(ctx, path); problem != "" {
		return "", errors.New(problem)
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.Rename(staging, dir); err != nil {
		return "", err
	}
	return filepath.Abs(filepath.Join(dir, filepath.Base(path)))
}

func (f *finder) say(format string, args ...any) {
	if f.log != nil {
		_, _ = fmt.Fprintf(f.log, format+"\n", args...)
	}
}

// NotFoundError says that there is no CLI and none could be installed.
type NotFoundError struct {
	// Tried has a sentence on each place that was looked at, without a full stop.
	Tried []string
}

// Error says what was tried and what to do.
func (e *NotFoundError) Error() string {
	var text strings.Builder
	text.WriteString("there is no Terraform or OpenTofu to run the provider with:\n")
	for _, sentence := range e.Tried {
		text.WriteString("  - " + sentence + "\n")
	}
	fmt.Fprintf(&text, `
Do one of these, then run the same command again:
  - install Terraform %[1]d.%[2]d or newer: https://developer.hashicorp.com/terraform/install
  - install OpenTofu: https://opentofu.org/docs/intro/install/
  - if one of them lies outside PATH: export %[3]s=/path/to/terraform`, oldestMajor, oldestMinor, PathVariable)
	return text.String()
}

var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(([0-9]+)\.([0-9]+)\.\S+)`)

// Inspect runs the program at path to see what it is.
func Inspect(ctx context.Context, path string) (CLI, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return CLI{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version") //nolint:gosec // A CLI of the user's choice is meant to be run.
	// A helper that outlives the program must not keep its output open for ever.
	cmd.WaitDelay = time.Second
	cmd.Env = append(
		os.Environ(),
		"CHECKPOINT_DISABLE=1", // or else it asks the network for newer versions
		"TF_CLI_CONFIG_FILE="+os.DevNull,
	)
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
		return CLI{}, errors.New("it is neither Terraform nor OpenTofu by what it says of its version")
	}
	cli := CLI{Path: path, Name: string(match[1]), Version: string(match[2])}
	// Numbers too large for an int are no versions that anyone has made.
	cli.major, _ = strconv.Atoi(string(match[3]))
	cli.minor, _ = strconv.Atoi(string(match[4]))
	return cli, nil
}

// oneLine puts an error on one line, for a list.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
