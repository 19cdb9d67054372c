package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	// restAPIVariable names the binary of the generic REST provider.
	restAPIVariable = "TWCLOUD_BENCH_RESTAPI"
	// restAPISource is its address.
	restAPISource = "Mastercard/restapi"
	// A registry that does not answer must not hold up the benchmark.
	restAPITimeout = 2 * time.Minute
)

// restAPIFinder decides where the generic REST provider comes from.
type restAPIFinder struct {
	getenv func(string) string
	// install has Terraform install the provider in a folder.
	install func(ctx context.Context, dir string) error
}

// find returns the path of the binary. Where there is none, the path is empty
// and absence says why. A binary that was asked for and is not there is an
// error.
func (f restAPIFinder) find(ctx context.Context, dir string) (path, absence string, err error) {
	if path := f.getenv(restAPIVariable); path != "" {
		info, err := os.Stat(path)
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", restAPIVariable, err)
		}
		if !info.Mode().IsRegular() {
			return "", "", fmt.Errorf("%s: %s is not a program", restAPIVariable, path)
		}
		path, err = filepath.Abs(path)
		return path, "", err
	}
	if err := f.install(ctx, dir); err != nil {
		if ctx.Err() != nil {
			return "", "", ctx.Err()
		}
		return "", fmt.Sprintf("%s is not set, and terraform init could not fetch %s (%s)", restAPIVariable, restAPISource, err), nil
	}
	// registry, namespace, type, version, platform
	found, err := filepath.Glob(filepath.Join(dir, ".terraform", "providers", "*", "*", "*", "*", "*", "terraform-provider-restapi*"))
	if err != nil {
		return "", "", err
	}
	if len(found) == 0 {
		return "", "terraform init said that it has installed " + restAPISource + ", but there is no binary", nil
	}
	return found[0], "", nil
}

// installRestAPI has Terraform install the provider in dir, in the environment
// and with the CLI configuration of the user, who may have a mirror.
func installRestAPI(terraform string) func(context.Context, string) error {
	return func(ctx context.Context, dir string) error {
		ctx, cancel := context.WithTimeout(ctx, restAPITimeout)
		defer cancel()
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return err
		}
		config := fmt.Sprintf("terraform {\n  required_providers {\n    restapi = { source = %q }\n  }\n}\n", restAPISource)
		if err := os.WriteFile(filepath.Join(dir, configFile), []byte(config), 0o600); err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, terraform, "init", "-input=false", "-no-color", "-backend=false")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_DATA_DIR=")
		output, err := cmd.CombinedOutput()
		if ctx.Err() != nil {
			return errors.New("the registry did not answer in time")
		}
		if err != nil {
			return errors.New(firstError(string(output)))
		}
		return nil
	}
}

// firstError is the first error in what Terraform says, on one line.
func firstError(output string) string {
	_, after, found := strings.Cut(output, "Error: ")
	if !found {
		after = output
	}
	summary, detail, _ := strings.Cut(after, "\n")
	detail, _, _ = strings.Cut(strings.TrimLeft(detail, "\n│ "), "\n\n")
	text := strings.NewReplacer("│", " ", "╵", " ").Replace(summary + ": " + detail)
	return strings.TrimSuffix(strings.Join(strings.Fields(text), " "), ":")
}

// restAPIConfiguration manages the same consumers by the generic provider, the
// way a careful user would: with the cookies kept, so that not every request
// opens a session, and with what the server adds or never tells left out of the
// comparison. No attribute is newer than the provider's version 1.19.
//
// It has to send the secret with every update. And it cannot approve while it
// registers, which the server does not do: that takes a second apply, which is
// not in the measurement of creating.
func restAPIConfiguration(endpoint string, size int) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    restapi = { source = %q }
  }
}

provider "restapi" {
  uri                  = %q
  username             = %q
  password             = %q
  use_cookies          = true
  write_returns_object = true
  id_attribute         = "key"
  update_method        = "PATCH"
}

variable "first" {
  default = %q
}

resource "restapi_object" "bench" {
  count = %d
  path  = %q
  data = jsonencode({
    name     = count.index == 0 ? var.first : format(%q, count.index)
    secret   = format(%q, count.index)
    approved = true
  })
  ignore_changes_to = ["secret", "key", "createdOn", "_links"]
}
`, restAPISource, endpoint, twcloudtest.AdminName, twcloudtest.AdminPassword, consumerName(0), size,
		wire.DefaultOAuthConsumersPath, nameFormat, secretFormat)
}
