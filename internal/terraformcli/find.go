package terraformcli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/hc-install/httpclient"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// PathVariable is the environment variable that names the CLI to use. The
// acceptance test framework, terraform-plugin-testing, reads it as well.
const PathVariable = "TF_ACC_TERRAFORM_PATH"

// Terraform is a download of about 30 MB.
const installTimeout = 5 * time.Minute

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
	f := finder{cacheDir: filepath.Join(cache, "terraform-provider-twcloud"), log: log, install: installTerraform}
	return f.find(ctx)
}

type finder struct {
	cacheDir string
	log      io.Writer
	install  func(ctx context.Context, dir string) (path string, err error)
}

func (f *finder) find(ctx context.Context) (CLI, error) {
	if path := os.Getenv(PathVariable); path != "" {
		cli, err := Inspect(ctx, path)
		if err != nil {
			return CLI{}, fmt.Errorf("%s is set to %s, which does not work: %w", PathVariable, path, err)
		}
		return cli, nil
	}

	var problems []string
	for _, name := range []string{"terraform", "tofu"} {
		path, err := exec.LookPath(name)
		if err != nil {
			problems = append(problems, name+" is not on PATH")
			continue
		}
		cli, err := usable(ctx, path)
		if err == nil {
			return cli, nil
		}
		f.say("Ignoring %s.", oneLine(err))
		problems = append(problems, oneLine(err))
	}

	dir := filepath.Join(f.cacheDir, "terraform")
	if cli, err := usable(ctx, filepath.Join(dir, executable("terraform"))); err == nil {
		return cli, nil
	}
	f.say("Installing Terraform from releases.hashicorp.com into %s.", dir)
	cli, err := f.installInto(ctx, dir)
	switch {
	case ctx.Err() != nil:
		return CLI{}, ctx.Err()
	case err != nil:
		problems = append(problems, fmt.Sprintf("unable to install Terraform into %s: %s", dir, oneLine(err)))
		return CLI{}, fmt.Errorf(`no usable Terraform or OpenTofu:
  - %s

Do one of these, then run the same command again:
  - install Terraform %d.%d or later: https://developer.hashicorp.com/terraform/install
  - install OpenTofu: https://opentofu.org/docs/intro/install/
  - export %s=/path/to/terraform`, strings.Join(problems, "\n  - "), oldestMajor, oldestMinor, PathVariable)
	}
	return cli, nil
}

// usable returns the CLI at a path, or an error if the provider does not work
// with it.
func usable(ctx context.Context, path string) (CLI, error) {
	cli, err := Inspect(ctx, path)
	if err == nil && cli.tooOld() {
		err = fmt.Errorf("v%s is older than %d.%d", cli.Version, oldestMajor, oldestMinor)
	}
	if err != nil {
		return CLI{}, fmt.Errorf("%s: %w", path, err)
	}
	return cli, nil
}

// installInto installs into a temporary folder first, so that an interrupted
// installation is never taken for a complete one.
func (f *finder) installInto(ctx context.Context, dir string) (CLI, error) {
	if err := os.MkdirAll(f.cacheDir, 0o750); err != nil {
		return CLI{}, err
	}
	staging, err := os.MkdirTemp(f.cacheDir, "installing-")
	if err != nil {
		return CLI{}, err
	}
	defer os.RemoveAll(staging)
	path, err := f.install(ctx, staging)
	if err != nil {
		return CLI{}, err
	}
	if _, err := usable(ctx, path); err != nil {
		return CLI{}, err
	}
	if err := errors.Join(os.RemoveAll(dir), os.Rename(staging, dir)); err != nil {
		return CLI{}, err
	}
	return usable(ctx, filepath.Join(dir, filepath.Base(path)))
}

// installTerraform installs the newest Terraform into dir. The library verifies
// the download with HashiCorp's signature.
func installTerraform(ctx context.Context, dir string) (string, error) {
	source := releases.LatestVersion{
		Product:    product.Terraform,
		InstallDir: dir,
		Timeout:    installTimeout,
		// Without a network, fail within seconds.
		HTTPClient: httpclient.New(func(client *retryablehttp.Client) { client.RetryMax = 2 }),
	}
	return source.Install(ctx)
}

func (f *finder) say(format string, args ...any) {
	_, _ = fmt.Fprintf(f.log, format+"\n", args...)
}

// oneLine puts an error on one line, for a list.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
