// Package terraformcli finds a Terraform or an OpenTofu, builds the provider, and
// runs the one with the other in a folder that the user's own settings do not
// affect. It does not import the provider, nor the emulator.
package terraformcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/httpclient"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// PathVariable is the environment variable that names the CLI to use. The
// acceptance test framework, terraform-plugin-testing, reads it as well.
const PathVariable = "TF_ACC_TERRAFORM_PATH"

const (
	// A broken CLI, such as the stub of a version manager without a selected version,
	// must not block the caller.
	inspectTimeout = 30 * time.Second

	// Terraform is a download of about 30 MB.
	installTimeout = 5 * time.Minute
)

// oldest is the oldest version that the provider works with.
var oldest = version.Must(version.NewVersion("1.1"))

// CLI is a command-line program that runs providers.
type CLI struct {
	// Path is absolute.
	Path string
	// Name is "Terraform" or "OpenTofu".
	Name string
	// Version has no leading v, for example "1.11.4".
	Version string
}

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

var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v([0-9]+\.[0-9]+\.\S+)`)

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
	output, err := cmd.CombinedOutput()
	if err != nil {
		return CLI{}, fmt.Errorf("%w %s", err, output)
	}
	match := versionLine.FindSubmatch(output)
	if match == nil {
		return CLI{}, errors.New("the output of its version command is neither Terraform's nor OpenTofu's")
	}
	return CLI{Path: path, Name: string(match[1]), Version: string(match[2])}, nil
}

// Find returns the CLI to use: the one that TF_ACC_TERRAFORM_PATH names; or
// terraform, then tofu, on PATH; or the one that an earlier call installed in the
// user's cache folder. If there is none, it installs the newest Terraform there.
//
// It writes one line to log for each CLI that it ignores or installs. Its error
// tells the user what to do.
func Find(ctx context.Context, log io.Writer) (CLI, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return find(ctx, log, filepath.Join(cache, "terraform-provider-twcloud", "terraform"), install)
}

func find(ctx context.Context, log io.Writer, dir string, install func(ctx context.Context, dir string) error) (CLI, error) {
	if path := os.Getenv(PathVariable); path != "" {
		cli, err := Inspect(ctx, path)
		if err != nil {
			return CLI{}, fmt.Errorf("%s is set to %s, which does not work: %w", PathVariable, path, err)
		}
		return cli, nil
	}

	var problems []error
	installed := filepath.Join(dir, "terraform")
	for _, name := range []string{"terraform", "tofu", installed} {
		cli, err := usable(ctx, name)
		if err == nil {
			return cli, nil
		}
		problems = append(problems, err)
		if !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, fs.ErrNotExist) {
			_, _ = fmt.Fprintf(log, "Ignoring %v.\n", err)
		}
	}

	_, _ = fmt.Fprintf(log, "Installing Terraform from releases.hashicorp.com into %s.\n", dir)
	err := install(ctx, dir)
	if err == nil {
		return usable(ctx, installed)
	}
	problems = append(problems, fmt.Errorf("unable to install Terraform into %s: %w", dir, err))
	return CLI{}, fmt.Errorf(`no usable Terraform or OpenTofu:
%w

Do one of these, then run the same command again:
  - install Terraform %s or later: https://developer.hashicorp.com/terraform/install
  - install OpenTofu: https://opentofu.org/docs/intro/install/
  - export %s=/path/to/terraform`, errors.Join(problems...), oldest.Original(), PathVariable)
}

// usable returns the CLI with this path, or with this name on PATH. It is an error
// if the provider does not work with it.
func usable(ctx context.Context, name string) (CLI, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return CLI{}, err
	}
	cli, err := Inspect(ctx, path)
	if err != nil {
		return CLI{}, fmt.Errorf("%s: %w", path, err)
	}
	if found, err := version.NewVersion(cli.Version); err != nil || found.LessThan(oldest) {
		return CLI{}, fmt.Errorf("%s: v%s is older than %s", path, cli.Version, oldest.Original())
	}
	return cli, nil
}

// install installs the newest Terraform into dir. The library verifies the download
// with HashiCorp's signature. Other processes never see an incomplete program.
func install(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(dir, "installing-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	source := releases.LatestVersion{
		Product:    product.Terraform,
		InstallDir: staging,
		Timeout:    installTimeout,
		// Without a network, fail within seconds.
		HTTPClient: httpclient.New(func(client *retryablehttp.Client) { client.RetryMax = 2 }),
	}
	path, err := source.Install(ctx)
	if err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(dir, filepath.Base(path)))
}
