package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// needCLI skips a test if there is no CLI. It does not install one.
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
	t.Skip("neither terraform nor tofu is on PATH")
}

// leavesNothing fails the test if a temporary file is left at its end.
func leavesNothing(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		return
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
	})
}

func TestAccTour(t *testing.T) {
	needCLI(t)
	leavesNothing(t)
	// The user's settings have no effect.
	t.Setenv("TF_CLI_ARGS_apply", "-no-such-flag")
	t.Setenv("TF_VAR_doors_secret", "of-the-user")
	t.Setenv("TWCLOUD_TOKEN", "of-the-user")
	var out, problems strings.Builder
	if status := run(t.Context(), nil, &out, &problems); status != statusOK || problems.Len() > 0 {
		t.Fatalf("exit status %d\n%s%s", status, out.String(), problems.String())
	}
	rest := out.String()
	for _, want := range []string{
		"1  Register", "│   + create", "(sensitive value)", "Plan: 1 to add, 0 to change, 0 to destroy.", " ✓ ",
		"2  Plan again", "│ No changes.", " ✓ ",
		"3  Someone", "~ approved ", "false -> true", `"DOORS (old)" -> "DOORS Next"`, " ✓ ",
		"4  Rotate", "~ secret ", "(sensitive value)", " ✓ ",
		"5  Someone", "~ secret_revision = 2 -> 3", " ✓ ",
		"6  Remove", "- destroy", "1 to destroy", " ✓ ",
		"\nSummary\n ✓ 0 consumers", " ✓ 11 sessions", " ✓ 3 secrets",
	} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Errorf("%q is missing, or not in this order", want)
			continue
		}
		rest = after
	}
	for _, not := range []string{"✗", "\x1b", "of-the-user"} {
		if strings.Contains(out.String(), not) {
			t.Errorf("%q is in the output", not)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// A CLI that does nothing must not pass the checks.
func TestAccTour_fails(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a shell script stands in for the CLI")
	}
	leavesNothing(t)
	idle := filepath.Join(t.TempDir(), "terraform")
	if err := os.WriteFile(idle, []byte("#!/bin/sh\n[ $1 = show ] && echo '{}' || echo Terraform v1.11.4\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(terraformcli.PathVariable, idle)
	var out, problems strings.Builder
	if status := run(t.Context(), nil, &out, &problems); status != statusFailed {
		t.Errorf("exit status %d, want %d", status, statusFailed)
	}
	if strings.Count(out.String(), "✗ ") != 1 || strings.Contains(out.String(), "\n ✓ ") || !strings.Contains(problems.String(), "demo: check failed: ") {
		t.Errorf("got %q and %q", out.String(), problems.String())
	}
}

func TestAccTour_interrupted(t *testing.T) {
	needCLI(t)
	leavesNothing(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, problems strings.Builder
	status := run(ctx, nil, writerFunc(func(p []byte) (int, error) {
		if bytes.Contains(p, []byte(" apply")) {
			cancel()
		}
		return out.Write(p)
	}), &problems)
	if status != statusInterrupted || !strings.Contains(problems.String(), "Interrupted.") || strings.Contains(out.String(), "✗") {
		t.Errorf("exit status %d, printed %q and %q", status, out.String(), problems.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestRun_usage(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]int{"-help": statusOK, "-no-such-flag": statusUsage, "surplus": statusUsage} {
		var out, problems strings.Builder
		if status := run(t.Context(), []string{argument}, &out, &problems); status != want || !strings.Contains(problems.String(), usage) {
			t.Errorf("%s: exit status %d, printed %q", argument, status, problems.String())
		}
	}
}

// TestChecks shows that each check fails if something is wrong.
func TestChecks(t *testing.T) {
	t.Parallel()
	newDemo := func() *demo {
		d := &demo{out: &printer{out: io.Discard}, server: twcloudtest.New(t), secret: "right"}
		d.key = d.server.AddConsumer(twcloudtest.Consumer{Name: consumerName, Secret: "right", Approved: true}).Key
		return d
	}
	d := newDemo()
	d.begin("Everything is right")
	d.check(d.asConfigured(), "")
	d.check(d.requestToken("right", http.StatusOK), "")
	d.check(d.requestToken("wrong", http.StatusUnauthorized), "")
	d.check(d.sent(), "")
	if d.err != nil {
		t.Error(d.err)
	}
	for name, check := range map[string]func(*demo) error{
		"name": func(d *demo) error {
			d.server.UpdateConsumer(d.key, func(c *twcloudtest.Consumer) { c.Name = "other" })
			return d.asConfigured()
		},
		"approval": func(d *demo) error {
			d.server.UpdateConsumer(d.key, func(c *twcloudtest.Consumer) { c.Approved = false })
			return d.asConfigured()
		},
		"secret": func(d *demo) error {
			d.server.UpdateConsumer(d.key, func(c *twcloudtest.Consumer) { c.Secret = "other" })
			return d.asConfigured()
		},
		"second consumer": func(d *demo) error {
			d.server.AddConsumer(twcloudtest.Consumer{Name: consumerName})
			return d.asConfigured()
		},
		"token refused":   func(d *demo) error { return d.requestToken("wrong", http.StatusOK) },
		"token issued":    func(d *demo) error { return d.requestToken("right", http.StatusUnauthorized) },
		"server is gone":  func(d *demo) error { d.server.Close(); return d.requestToken("wrong", http.StatusUnauthorized) },
		"nothing sent":    func(d *demo) error { return d.sent() },
		"change not sent": func(d *demo) error { _ = d.requestToken("right", 0); return d.sent("PATCH secret") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDemo()
			problem := check(d)
			if problem == nil || strings.Contains(problem.Error(), "right") {
				t.Errorf("error %v, want one without the secret", problem)
			}
			d.check(problem, "Something")
			d.check(errors.New("another"), "Something else")
			if !errors.Is(d.err, problem) {
				t.Errorf("error %v, want the first one", d.err)
			}
		})
	}
}

// TestAccPlayground pastes what the playground prints. A port is taken, so that
// the playground must use others.
func TestAccPlayground(t *testing.T) {
	needCLI(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no POSIX shell")
	}
	if taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:8111"); err == nil {
		defer taken.Close()
	}
	workDir := t.TempDir()
	leavesNothing(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var problems strings.Builder
	go func() {
		ended <- run(ctx, []string{"-playground"}, writer, &problems)
		_ = writer.Close()
	}()

	var printed, script strings.Builder
	lines := bufio.NewScanner(io.TeeReader(reader, &printed))
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "2  ") {
		if script.Len() > 0 || strings.HasPrefix(lines.Text(), "export ") {
			script.WriteString(lines.Text() + "\n")
		}
	}
	for !strings.Contains(lines.Text(), "Ctrl-C") && lines.Scan() {
	}
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		for lines.Scan() {
		}
	}()
	paste := exec.CommandContext(t.Context(), shell, "-e", "-c", script.String())
	paste.Env = append(terraformcli.CleanEnv(os.Environ()), "TMPDIR="+workDir, "CHECKPOINT_DISABLE=1")
	paste.Stdin = strings.NewReader("yes\n")
	if output, err := paste.CombinedOutput(); err != nil || !strings.Contains(string(output), "1 added") {
		t.Errorf("the pasted commands failed: %v\n%s\n%s", err, script.String(), output)
	}
	cancel()
	if status := <-ended; status != statusOK {
		t.Errorf("exit status %d, %s", status, problems.String())
	}
	<-rest
	for _, want := range []string{"Using other ports: ", "POST   /osmc/admin/oauthconsumers -> 201 Created", "1 consumers are gone"} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("%q is missing in\n%s", want, printed.String())
		}
	}
}

func TestPrinter(t *testing.T) {
	t.Parallel()
	for color, want := range map[bool]string{
		false: "\n1  One\n   a\n\n   b\n $ x\n ✓ 100%\n ✗ no\n │ No changes.\n │   ~ name\n │ end\n\n2  Two\n",
		true: "\n\x1b[1m1  One\x1b[0m\n   a\n\n   b\n \x1b[2m$\x1b[0m \x1b[1mx\x1b[0m\n\x1b[2mWait\x1b[0m\r\x1b[K \x1b[32m✓\x1b[0m 100%\n \x1b[31m✗\x1b[0m no\n" +
			" \x1b[2m│\x1b[0m No changes.\n \x1b[2m│\x1b[0m   ~ name\n \x1b[2m│\x1b[0m end\n\n\x1b[1m2  Two\x1b[0m\n",
	} {
		var out strings.Builder
		p := &printer{out: &out, color: color}
		p.heading("One")
		p.indent("a\n\nb\n")
		p.command("x")
		p.progress("Wait")()
		p.passed("100%")
		p.failed("no")
		p.quote("\n\nNo changes.  \n\x1b[1m\n \x1b[0m\x1b[0m\n\n  ~ name\r\n\nend")
		p.heading("Two")
		if out.String() != want {
			t.Errorf("got %q\nwant %q", out.String(), want)
		}
		if !p.hasPrinted("changes") || p.hasPrinted("others") {
			t.Error("hasPrinted is wrong")
		}
	}
	if got, want := shellQuote("/a b/it's"), `'/a b/it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
