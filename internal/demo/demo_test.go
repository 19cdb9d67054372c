package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

func needCLI(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
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
	checkPicture(t, draw(shorten(out.String())))
	if t.Failed() {
		t.Log(out.String())
	}
}

// checkPicture reads the picture, and fails if it has more or less of the text than
// it should.
func checkPicture(t *testing.T, picture string) {
	t.Helper()
	var text strings.Builder
	for decoder := xml.NewDecoder(strings.NewReader(picture)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok {
			text.WriteString(strings.ReplaceAll(string(data), "\u00a0", " "))
		}
	}
	for want, shown := range map[string]bool{
		"3  Someone renames": true, " $ terraform plan": true, `~ name            = "DOORS (old)" -> "DOORS Next"`: true, ellipsis: true, "0 consumers are left": true,
		"1  Register": false, "Refreshing state": false, "used the selected": false, "6  Remove": false,
	} {
		if strings.Contains(text.String(), want) != shown {
			t.Errorf("%q in the picture: %t, want %t:\n%s", want, !shown, shown, text.String())
		}
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

// Who stops the playground while it starts gets no error of make.
func TestPlayground_interruptedAtStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, problems strings.Builder
	if status := run(ctx, []string{"-playground"}, &out, &problems); status != statusOK || !strings.Contains(problems.String(), "Interrupted.") {
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
	changed := func(change func(c *emulator.Consumer)) func(*demo) bool {
		return func(d *demo) bool { return d.server.UpdateConsumer(d.key, change) && d.asConfigured() }
	}
	for name, check := range map[string]func(*demo) bool{
		"name":            changed(func(c *emulator.Consumer) { c.Name = "other" }),
		"approval":        changed(func(c *emulator.Consumer) { c.Approved = false }),
		"secret":          changed(func(c *emulator.Consumer) { c.Secret = "other" }),
		"second consumer": func(d *demo) bool { d.server.AddConsumer(emulator.Consumer{Name: "other"}); return d.asConfigured() },
		"token refused":   func(d *demo) bool { return d.requestToken("wrong") == http.StatusOK },
		"token issued":    func(d *demo) bool { return d.requestToken("right") == http.StatusUnauthorized },
		"server is gone":  func(d *demo) bool { d.server.Close(); return d.requestToken("wrong") == http.StatusUnauthorized },
		"nothing sent":    func(d *demo) bool { return d.sent() },
		"change not sent": func(d *demo) bool { d.requestToken("right"); return d.sent("PATCH secret") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &demo{out: &printer{out: io.Discard}, server: emulator.New(t), secret: "right"}
			d.key = d.server.AddConsumer(emulator.Consumer{Name: consumerName, Secret: "right", Approved: true}).Key
			d.check(check(d), "the first")
			d.check(false, "the second")
			if d.err == nil || d.err.Error() != "check failed: the first" {
				t.Errorf("error %v, want one about the first check", d.err)
			}
		})
	}
}

// TestAccPlayground pastes what the playground prints.
func TestAccPlayground(t *testing.T) {
	needCLI(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no POSIX shell")
	}
	workDir := t.TempDir()
	leavesNothing(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	printed := make(chan string, 1)
	var all, problems strings.Builder
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"-playground"}, writerFunc(func(p []byte) (int, error) {
			if bytes.Contains(p, []byte("Ctrl-C")) {
				printed <- all.String()
			}
			return all.Write(p)
		}), &problems)
	}()
	var script string
	select {
	case script = <-printed:
		_, script, _ = strings.Cut(script, "terminal\n")
		script, _, _ = strings.Cut(script, "\n2  ")
	case status := <-ended:
		t.Fatalf("exit status %d, %s", status, problems.String())
	}
	paste := exec.CommandContext(t.Context(), shell, "-e", "-c", script)
	paste.Env = append(terraformcli.CleanEnv(os.Environ()), "TMPDIR="+workDir, "CHECKPOINT_DISABLE=1")
	paste.Stdin = strings.NewReader("yes\n")
	if output, err := paste.CombinedOutput(); err != nil || !strings.Contains(string(output), "1 added") {
		t.Errorf("the pasted commands failed: %v\n%s\n%s", err, script, output)
	}
	cancel()
	if status := <-ended; status != statusOK {
		t.Errorf("exit status %d, %s", status, problems.String())
	}
	for _, want := range []string{"POST   /osmc/admin/oauthconsumers -> 201 Created", "its consumers are gone"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("%q is missing in\n%s", want, all.String())
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
}
