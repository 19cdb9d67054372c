package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

// needCLI skips a test where there is no CLI. It installs none.
func needCLI(t *testing.T) {
	t.Helper()
	if os.Getenv(terraformcli.PathVariable) != "" {
		return
	}
	for _, name := range []string{"terraform", "tofu"} {
		if _, err := exec.LookPath(name); err == nil {
			return
		}
	}
	t.Skip("there is neither Terraform nor OpenTofu on PATH")
}

// temporary makes a folder the one for temporary files; whatever is left in it at
// the end is an error.
func temporary(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		for _, entry := range entries {
			t.Errorf("%s was left behind", entry.Name())
		}
	})
}

func TestAccTour(t *testing.T) {
	needCLI(t)
	temporary(t)
	// Nothing of the user's settings has an influence.
	t.Setenv("TF_CLI_ARGS_apply", "-no-such-flag")
	t.Setenv("TF_VAR_doors_secret", "of-the-user")
	t.Setenv("TWCLOUD_TOKEN", "of-the-user")
	var out, problems strings.Builder
	if status := run(t.Context(), nil, &out, &problems); status != statusOK {
		t.Fatalf("exit status %d, want %d\n%s%s", status, statusOK, out.String(), problems.String())
	}
	if problems.Len() > 0 {
		t.Errorf("told of problems: %s", problems.String())
	}
	rest := out.String()
	for _, want := range []string{
		"1  Register", "+ create", "(sensitive value)", "Plan: 1 to add, 0 to change, 0 to destroy.", "✓ The server generated the key ",
		"2  Plan again", "No changes.", "✓ Exit status 0",
		"3  Someone", "~ approved ", "false -> true", `"DOORS (old)" -> "DOORS Next"`, "✓ Exit status 2", "✓ One PATCH",
		"4  Rotate", "✓ Before", "~ secret ", "(sensitive value)", "✓ Signing with the new secret", "✓ Signing with the old one",
		"5  Someone", "~ secret_revision = 2 -> 3", "Secret was changed outside of Terraform", "✓ Exit status 2", "✓ DOORS Next gets a request token again",
		"6  Remove", "- destroy", "1 to destroy", "✓ DOORS Next gets 401",
		"✓ 0 consumers on the server", " sessions opened, ", "✓ 3 secrets used, none of them shown",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Errorf("%q is missing, or not in its place", want)
			continue
		}
		rest = after
	}
	for _, not := range []string{"✗", "\x1b", "Note:", "dev_overrides", "of-the-user"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%q is in the output", not)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// A CLI that does nothing must not pass for one that does what is told.
func TestAccTour_notAsTold(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for the CLI is a shell script")
	}
	temporary(t)
	idle := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(idle, []byte("#!/bin/sh\necho Terraform v1.11.4\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(terraformcli.PathVariable, idle)
	var out, problems strings.Builder
	if status := run(t.Context(), nil, &out, &problems); status != statusNotAsTold {
		t.Errorf("exit status %d, want %d", status, statusNotAsTold)
	}
	if !strings.Contains(out.String(), "✗ The server generated the key") {
		t.Errorf("told %q, want what is not as told", out.String())
	}
	if !strings.Contains(problems.String(), "demo: not as told: ") {
		t.Errorf("told of %q, want what is not as told", problems.String())
	}
}

func TestAccTour_interrupted(t *testing.T) {
	needCLI(t)
	temporary(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, problems strings.Builder
	status := run(ctx, nil, &alarm{Writer: &out, at: "$ terraform apply", ring: cancel, or: "$ tofu apply"}, &problems)
	if status != statusInterrupted {
		t.Errorf("exit status %d, want %d\n%s", status, statusInterrupted, out.String())
	}
	if !strings.Contains(problems.String(), "Interrupted.") || strings.Contains(out.String(), "✗") {
		t.Errorf("told %q and %q, want only that it was interrupted", out.String(), problems.String())
	}
}

// alarm rings when one of two texts is written.
type alarm struct {
	io.Writer
	at, or string
	ring   func()
}

func (a *alarm) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(a.at)) || bytes.Contains(p, []byte(a.or)) {
		a.ring()
	}
	return a.Writer.Write(p)
}

func TestRun_usage(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]int{"-help": statusOK, "-no-such-flag": statusUsage, "surplus": statusUsage} {
		var out, problems strings.Builder
		if status := run(t.Context(), []string{arguments}, &out, &problems); status != want {
			t.Errorf("%s: exit status %d, want %d", arguments, status, want)
		}
		if !strings.Contains(problems.String(), "demo -playground") || out.Len() > 0 {
			t.Errorf("%s: told %q and %q, want the usage", arguments, out.String(), problems.String())
		}
	}
}
