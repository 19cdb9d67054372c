package terraformcli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
)

const (
	module = "github.com/twcloud-community/terraform-provider-twcloud"

	// Source is the provider's address in required_providers, for dev_overrides.
	// Terraform and OpenTofu each add the host name of their own registry.
	Source = "twcloud-community/twcloud"

	mirrorVersion = "0.0.1"
)

// Build builds a package of this module, "." for the provider, as a release is
// built, into the file output.
func Build(ctx context.Context, pkg, output string) error {
	if err := os.MkdirAll(filepath.Dir(output), 0o750); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-tags=grpcnotrace,nethttpomithttp2", "-ldflags=-s -w", "-o", output, path.Join(module, pkg)) //nolint:gosec // It is always go build.
	// An interrupted build leaves its temporary files in GOTMPDIR.
	cmd.Env = append(os.Environ(), "GOTMPDIR="+filepath.Dir(output))
	interruptOnCancel(cmd)
	message, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("unable to build %s: %w\n%s", pkg, err, message)
	}
	return nil
}

// BuildMirror builds the provider into dir, in the layout of a filesystem mirror,
// for Terraform and for OpenTofu. It returns the folder of the binary, for
// dev_overrides.
func BuildMirror(ctx context.Context, dir string) (binaryDir string, err error) {
	folder := filepath.Join(filepath.FromSlash(Source), mirrorVersion, runtime.GOOS+"_"+runtime.GOARCH)
	name := "terraform-provider-twcloud_v" + mirrorVersion
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	binaryDir = filepath.Join(dir, "registry.terraform.io", folder)
	if err := Build(ctx, ".", filepath.Join(binaryDir, name)); err != nil {
		return "", err
	}
	opentofu := filepath.Join(dir, "registry.opentofu.org", folder)
	if err := os.MkdirAll(opentofu, 0o750); err != nil {
		return "", err
	}
	return binaryDir, os.Link(filepath.Join(binaryDir, name), filepath.Join(opentofu, name))
}
