package terraformcli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// script writes a shell script in place of a CLI.
func script(t *testing.T, path, text string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("shell scripts stand in for the CLIs")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

const newTerraform = `echo "Terraform v1.11.4"; echo "on linux_amd64"`

// newFinder returns a finder for a machine with only these CLIs on PATH.
func newFinder(t *testing.T, onPath map[string]string) (f *finder, dir string, log *strings.Builder) {
	t.Helper()
	dir, log = t.TempDir(), &strings.Builder{}
	t.Setenv(PathVariable, "")
	t.Setenv("PATH", filepath.Join(dir, "path"))
	for name, text := range onPath {
		script(t, filepath.Join(dir, "path", name), text)
	}
	return &finder{cacheDir: filepath.Join(dir, "cache"), log: log, install: func(context.Context, string) (string, error) {
		t.Error("Terraform was installed")
		return "", errors.New("not expected")
	}}, dir, log
}

func TestFind(t *testing.T) {
	const tofu = `echo "OpenTofu v1.8.0-rc1"`
	for name, test := range map[string]struct {
		onPath    map[string]string
		installed bool
		want      string
		log       string
	}{
		"terraform":             {onPath: map[string]string{"terraform": newTerraform}, want: "path/terraform"},
		"tofu":                  {onPath: map[string]string{"tofu": tofu}, want: "path/tofu"},
		"terraform before tofu": {onPath: map[string]string{"terraform": newTerraform, "tofu": tofu}, want: "path/terraform"},
		"terraform fails": {
			onPath: map[string]string{"terraform": `echo "no version is set" >&2; exit 126`, "tofu": tofu},
			want:   "path/tofu", log: "no version is set",
		},
		"terraform is another program": {
			onPath: map[string]string{"terraform": `echo "GNU Terraformer 1.2.3"`, "tofu": tofu},
			want:   "path/tofu", log: "neither Terraform's nor OpenTofu's",
		},
		"terraform is too old": {
			onPath: map[string]string{"terraform": `echo "Terraform v1.0.11"`}, installed: true,
			want: "cache/terraform/terraform", log: "is older than 1.1",
		},
		"installed before": {installed: true, want: "cache/terraform/terraform"},
	} {
		t.Run(name, func(t *testing.T) {
			f, dir, log := newFinder(t, test.onPath)
			if test.installed {
				script(t, filepath.Join(f.cacheDir, "terraform", "terraform"), newTerraform)
			}
			got, err := f.find(t.Context())
			if want := filepath.Join(dir, filepath.FromSlash(test.want)); err != nil || got.Path != want {
				t.Errorf("found %q, %v; want %s", got.Path, err, want)
			}
			if !strings.Contains(log.String(), test.log) || test.log == "" && log.Len() > 0 {
				t.Errorf("log %q, want %q", log.String(), test.log)
			}
		})
	}
}

func TestFind_variable(t *testing.T) {
	f, dir, _ := newFinder(t, map[string]string{"terraform": newTerraform})
	named := script(t, filepath.Join(dir, "elsewhere", "tf"), `echo "Terraform v1.0.11"`)
	t.Setenv(PathVariable, named)
	if got, err := f.find(t.Context()); err != nil || got.Path != named {
		t.Errorf("found %q, %v; want %s", got.Path, err, named)
	}
	t.Setenv(PathVariable, filepath.Join(dir, "missing"))
	if got, err := f.find(t.Context()); err == nil || !strings.Contains(err.Error(), PathVariable) {
		t.Errorf("found %q, %v; want an error that names the variable", got.Path, err)
	}
}

func TestFind_installs(t *testing.T) {
	f, _, log := newFinder(t, nil)
	installs := 0
	f.install = func(_ context.Context, dir string) (string, error) {
		installs++
		return script(t, filepath.Join(dir, "terraform"), newTerraform), nil
	}
	want := filepath.Join(f.cacheDir, "terraform", "terraform")
	for range 2 {
		if got, err := f.find(t.Context()); err != nil || got.Path != want {
			t.Fatalf("found %q, %v; want %s", got.Path, err, want)
		}
	}
	if installs != 1 || !strings.Contains(log.String(), "Installing Terraform from releases.hashicorp.com") {
		t.Errorf("installed %d times, log %q", installs, log.String())
	}
}

func TestFind_nothing(t *testing.T) {
	f, _, _ := newFinder(t, nil)
	f.install = func(_ context.Context, dir string) (string, error) {
		script(t, filepath.Join(dir, "terraform"), "half a download")
		return "", errors.New("no route to\nreleases.hashicorp.com")
	}
	_, err := f.find(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"terraform is not on PATH", "tofu is not on PATH", "no route to releases.hashicorp.com",
		"https://developer.hashicorp.com/terraform/install", "https://opentofu.org/", PathVariable,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not have %q:\n%s", want, err)
		}
	}
	if left, _ := os.ReadDir(f.cacheDir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}

	ctx, cancel := context.WithCancel(t.Context())
	f.install = func(ctx context.Context, _ string) (string, error) {
		cancel()
		return "", ctx.Err()
	}
	if _, err := f.find(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: error %v", err)
	}
}

func TestAcceptanceEnv(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cli  CLI
		want []string
	}{
		{CLI{Path: "/bin/terraform", Name: "Terraform"}, []string{"TF_ACC_TERRAFORM_PATH=/bin/terraform"}},
		{CLI{Path: "/bin/tofu", Name: "OpenTofu"}, []string{
			"TF_ACC_TERRAFORM_PATH=/bin/tofu", "TF_ACC_PROVIDER_HOST=registry.opentofu.org", "TF_ACC_PROVIDER_NAMESPACE=hashicorp",
		}},
	} {
		if got := test.cli.AcceptanceEnv(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.cli.Name, got, test.want)
		}
	}
}

func TestCleanEnv(t *testing.T) {
	t.Parallel()
	env := []string{
		"PATH=/bin", "TF_LOG=TRACE", "tf_cli_args=-json", "TWCLOUD_TOKEN=t", "https_proxy=http://proxy", "GOGC=off", "GODEBUG=x", "HOME=/home/tf", "TFX=1",
	}
	if got, want := CleanEnv(env), []string{"PATH=/bin", "HOME=/home/tf", "TFX=1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if env[1] != "TF_LOG=TRACE" {
		t.Error("the argument was changed")
	}
}
