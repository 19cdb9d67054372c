package terraformcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// program writes a program that says what a CLI says of its version.
func program(t *testing.T, path, says string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-ins for the CLIs are shell scripts")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n" + says + "\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func noInstall(t *testing.T) func(context.Context, string) (string, error) {
	t.Helper()
	return func(context.Context, string) (string, error) {
		t.Error("installed although a CLI is at hand")
		return "", errors.New("not to be installed")
	}
}

func TestFind_atHand(t *testing.T) {
	const (
		terraform = `echo "Terraform v1.11.4"; echo "on linux_amd64"`
		old       = `echo "Terraform v1.0.11"`
		tofu      = `echo "OpenTofu v1.8.0-rc1"`
		shim      = `echo "no version is set" >&2; exit 126`
		stranger  = `echo "GNU Terraformer 1.2.3"`
	)
	for name, test := range map[string]struct {
		onPath    map[string]string
		installed string
		want      string
		says      string
	}{
		"terraform": {
			onPath: map[string]string{"terraform": terraform},
			want:   "path/terraform",
		},
		"tofu": {
			onPath: map[string]string{"tofu": tofu},
			want:   "path/tofu",
		},
		"terraform before tofu": {
			onPath: map[string]string{"terraform": terraform, "tofu": tofu},
			want:   "path/terraform",
		},
		"a terraform that does not run": {
			onPath: map[string]string{"terraform": shim, "tofu": tofu},
			want:   "path/tofu",
			says:   "no version is set",
		},
		"a terraform that is something else": {
			onPath: map[string]string{"terraform": stranger, "tofu": tofu},
			want:   "path/tofu",
			says:   "neither Terraform nor OpenTofu",
		},
		"a terraform that is too old": {
			onPath:    map[string]string{"terraform": old},
			installed: terraform,
			want:      "cache/terraform/terraform",
			says:      "is older than 1.1",
		},
		"installed earlier": {
			installed: terraform,
			want:      "cache/terraform/terraform",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv(PathVariable, "")
			t.Setenv("PATH", filepath.Join(dir, "path"))
			for file, says := range test.onPath {
				program(t, filepath.Join(dir, "path", file), says)
			}
			if test.installed != "" {
				program(t, filepath.Join(dir, "cache", "terraform", "terraform"), test.installed)
			}
			var log strings.Builder
			f := finder{
				cacheDir: filepath.Join(dir, "cache"),
				log:      &log,
				inspect:  Inspect,
				install:  noInstall(t),
			}

			got, err := f.find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(dir, filepath.FromSlash(test.want)); got != want {
				t.Errorf("found %s, want %s", got, want)
			}
			if test.says == "" && log.Len() > 0 {
				t.Errorf("said %q, want silence", log.String())
			}
			if !strings.Contains(log.String(), test.says) {
				t.Errorf("said %q, want %q", log.String(), test.says)
			}
		})
	}
}

func TestFind_named(t *testing.T) {
	dir := t.TempDir()
	program(t, filepath.Join(dir, "path", "terraform"), `echo "Terraform v1.11.4"`)
	t.Setenv("PATH", filepath.Join(dir, "path"))
	f := finder{cacheDir: dir, inspect: Inspect, install: noInstall(t)}

	// Whoever names a CLI gets it, even one that would be passed over on PATH.
	named := program(t, filepath.Join(dir, "elsewhere", "tf"), `echo "Terraform v1.0.11"`)
	t.Setenv(PathVariable, named)
	if got, err := f.find(t.Context()); err != nil || got != named {
		t.Errorf("found %q, %v; want %s", got, err, named)
	}

	// A name that is wrong is not made up for by another CLI in silence.
	t.Setenv(PathVariable, filepath.Join(dir, "missing"))
	_, err := f.find(t.Context())
	if err == nil || !strings.Contains(err.Error(), PathVariable) {
		t.Errorf("error %v, want one on %s", err, PathVariable)
	}
}

func TestFind_installs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(PathVariable, "")
	t.Setenv("PATH", filepath.Join(dir, "empty"))
	cache := filepath.Join(dir, "cache")
	installs := 0
	var log strings.Builder
	f := finder{
		cacheDir: cache,
		log:      &log,
		inspect:  Inspect,
		install: func(_ context.Context, dir string) (string, error) {
			installs++
			return program(t, filepath.Join(dir, "terraform"), `echo "Terraform v1.99.0"`), nil
		},
	}
	want := filepath.Join(cache, "terraform", "terraform")
	for range 2 {
		if got, err := f.find(t.Context()); err != nil || got != want {
			t.Fatalf("found %q, %v; want %s", got, err, want)
		}
	}
	if installs != 1 {
		t.Errorf("installed %d times, want once", installs)
	}
	if !strings.Contains(log.String(), "installing Terraform from releases.hashicorp.com into "+filepath.Dir(want)) {
		t.Errorf("said %q, want what is installed and where", log.String())
	}
}

func TestFind_nothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(PathVariable, "")
	t.Setenv("PATH", dir)
	f := finder{
		cacheDir: filepath.Join(dir, "cache"),
		inspect:  Inspect,
		install: func(_ context.Context, dir string) (string, error) {
			program(t, filepath.Join(dir, "terraform"), "half a download")
			return "", errors.New("no route to\nreleases.hashicorp.com")
		},
	}

	_, err := f.find(t.Context())
	var notFound *NotFoundError
	if !errors.As(err, &notFound) {
		t.Fatalf("error %v, want a NotFoundError", err)
	}
	for _, want := range []string{
		"terraform is not on PATH",
		"tofu is not on PATH",
		"no route to releases.hashicorp.com",
		"https://developer.hashicorp.com/terraform/install",
		"https://opentofu.org/",
		PathVariable,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%s", want, err)
		}
	}
	if left, _ := os.ReadDir(f.cacheDir); len(left) > 0 {
		t.Errorf("left %v behind", left)
	}
}

func TestFind_canceled(t *testing.T) {
	t.Setenv(PathVariable, "")
	t.Setenv("PATH", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	f := finder{
		cacheDir: t.TempDir(),
		inspect:  Inspect,
		install: func(ctx context.Context, _ string) (string, error) {
			cancel()
			return "", fmt.Errorf("downloading: %w", ctx.Err())
		},
	}
	if _, err := f.find(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was cancelled", err)
	}
}

func TestCLI_AcceptanceEnv(t *testing.T) {
	t.Parallel()
	terraform := CLI{Path: "/bin/terraform", Name: "Terraform", Version: "1.11.4"}
	if got := terraform.AcceptanceEnv(); !slices.Equal(got, []string{"TF_ACC_TERRAFORM_PATH=/bin/terraform"}) {
		t.Errorf("Terraform: %q", got)
	}
	tofu := CLI{Path: "/bin/tofu", Name: "OpenTofu", Version: "1.8.0"}
	if got := tofu.AcceptanceEnv(); !slices.Equal(got, []string{
		"TF_ACC_TERRAFORM_PATH=/bin/tofu",
		"TF_ACC_PROVIDER_HOST=registry.opentofu.org",
		"TF_ACC_PROVIDER_NAMESPACE=hashicorp",
	}) {
		t.Errorf("OpenTofu: %q", got)
	}
}
