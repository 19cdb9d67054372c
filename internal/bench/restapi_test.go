package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestRestAPIFinder(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "terraform-provider-restapi")
	if err := os.WriteFile(binary, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const installedAt = ".terraform/providers/registry.terraform.io/mastercard/restapi/3.0.0/linux_amd64/terraform-provider-restapi_v3.0.0"
	installs := func(_ context.Context, dir string) error {
		path := filepath.Join(dir, filepath.FromSlash(installedAt))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		return os.WriteFile(path, nil, 0o600)
	}
	mustNot := func(context.Context, string) error { panic("installs although a binary is named") }
	for name, test := range map[string]struct {
		variable    string
		install     func(context.Context, string) error
		wantPath    string // relative to the folder, or absolute
		wantAbsence string
		wantErr     bool
	}{
		"named":              {variable: binary, install: mustNot, wantPath: binary},
		"named, not there":   {variable: binary + "-gone", install: mustNot, wantErr: true},
		"named, a folder":    {variable: filepath.Dir(binary), install: mustNot, wantErr: true},
		"from the registry":  {install: installs, wantPath: filepath.FromSlash(installedAt)},
		"no registry":        {install: func(context.Context, string) error { return errors.New("no such host") }, wantAbsence: "TWCLOUD_BENCH_RESTAPI is not set, and terraform init could not fetch Mastercard/restapi (no such host)"},
		"nothing came of it": {install: func(context.Context, string) error { return nil }, wantAbsence: "there is no binary"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			f := restAPIFinder{
				getenv: func(variable string) string {
					if variable != restAPIVariable {
						t.Errorf("reads %s", variable)
					}
					return test.variable
				},
				install: test.install,
			}
			path, absence, err := f.find(t.Context(), dir)
			want := test.wantPath
			if want != "" && !filepath.IsAbs(want) {
				want = filepath.Join(dir, want)
			}
			if path != want || (err != nil) != test.wantErr || !strings.Contains(absence, test.wantAbsence) || (absence == "") != (test.wantAbsence == "") {
				t.Errorf("got %q, %q, %v", path, absence, err)
			}
		})
	}
}

// Being interrupted is not the same as having no registry.
func TestRestAPIFinder_interrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := restAPIFinder{
		getenv:  func(string) string { return "" },
		install: func(ctx context.Context, _ string) error { cancel(); return ctx.Err() },
	}
	if _, _, err := f.find(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestFirstError(t *testing.T) {
	t.Parallel()
	const output = `Initializing provider plugins...

Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider
mastercard/restapi: no such host

To see which modules are currently depending on it, run the following command:
`
	const want = "Failed to query available provider packages: Could not retrieve the list of available versions for provider mastercard/restapi: no such host"
	if got := firstError(output); got != want {
		t.Errorf("got %q", got)
	}
	if got := firstError("killed"); got != "killed" {
		t.Errorf("got %q", got)
	}
}

// The configuration is at least one that Terraform can read; the provider itself
// cannot be had everywhere.
func TestAccRestAPI_configuration(t *testing.T) {
	t.Parallel()
	terraform, _ := prepare(t)
	config := restAPIConfiguration("http://127.0.0.1:1", 10)
	cmd := exec.CommandContext(t.Context(), terraform, "fmt", "-check", "-diff", "-")
	cmd.Stdin = strings.NewReader(config)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	for _, want := range []string{
		`source = "Mastercard/restapi"`, `"http://127.0.0.1:1"`, `"` + twcloudtest.AdminPassword + `"`, `"/osmc/admin/oauthconsumers"`,
		`id_attribute         = "key"`, `update_method        = "PATCH"`, "count = 10",
	} {
		if !strings.Contains(config, want) {
			t.Errorf("there is no %s", want)
		}
	}
}
