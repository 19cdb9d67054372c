package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// beTheProvider has the test's program be the provider itself.
const beTheProvider = "TWCLOUD_TEST_BE_THE_PROVIDER"

func TestMain(m *testing.M) {
	if os.Getenv(beTheProvider) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// call runs the provider by hand, and returns what it printed and its exit status.
func call(t *testing.T, environment []string, arguments ...string) (stdout, stderr string, status int) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Env = append([]string{beTheProvider + "=1"}, environment...)
	var out, errs strings.Builder
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), command.ProcessState.ExitCode()
}

func TestRun_version(t *testing.T) {
	t.Parallel()
	stdout, _, status := call(t, nil, "-version")
	if want := "terraform-provider-twcloud dev (none)\n"; stdout != want || status != 0 {
		t.Errorf("printed %q with status %d, want %q", stdout, status, want)
	}
}

func TestRun_check(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	environment := func(password string) []string {
		return []string{
			"TWCLOUD_ENDPOINT=" + server.URL(), "TWCLOUD_WEBAPP_ENDPOINT=" + server.WebAppURL(),
			"TWCLOUD_USERNAME=" + emulator.AdminName, "TWCLOUD_PASSWORD=" + password,
		}
	}
	stdout, stderr, status := call(t, environment(emulator.AdminPassword), "check")
	if status != 0 || stderr != "" || !strings.Contains(stdout, "The provider can read this server") {
		t.Errorf("status %d, printed %s%s", status, stdout, stderr)
	}
	stdout, stderr, status = call(t, environment("wrong"), "check")
	if status != 1 || !strings.Contains(stdout, "FAIL  sign-in") || !strings.Contains(stdout, "does not work") {
		t.Errorf("with a wrong password: status %d, printed %s%s", status, stdout, stderr)
	}
	stdout, stderr, status = call(t, environment(emulator.AdminPassword), "check", "-write")
	if status != 0 || stderr != "" || !strings.Contains(stdout, "The provider works with this server.") || len(server.Consumers()) > 0 {
		t.Errorf("with -write: status %d, printed %s%s", status, stdout, stderr)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err == nil { // Only Linux has it.
		defer full.Close()
		command := exec.CommandContext(t.Context(), os.Args[0], "check", "-write")
		command.Env, command.Stdout = append(environment(emulator.AdminPassword), beTheProvider+"=1"), full
		var errs strings.Builder
		command.Stderr = &errs
		if err := command.Run(); command.ProcessState.ExitCode() != 1 || !strings.Contains(errs.String(), "write the report: ") || len(server.Consumers()) > 0 {
			t.Errorf("on a full device: %v, printed %s", err, errs.String())
		}
	}
	if got := server.OpenSessions(); got > 0 {
		t.Errorf("%d sessions are left open", got)
	}
}

// An interrupt, a signal, or a report that nobody reads any more does not leave a
// consumer or a session behind.
func TestRun_checkInterrupted(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(*os.Process, *os.File) error{
		"SIGINT":      func(p *os.Process, _ *os.File) error { return p.Signal(os.Interrupt) },
		"SIGTERM":     func(p *os.Process, _ *os.File) error { return p.Signal(syscall.SIGTERM) },
		"closed pipe": func(_ *os.Process, reader *os.File) error { return reader.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := emulator.New(t)
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), program, "check", "-write")
			command.Env = []string{
				beTheProvider + "=1", "TWCLOUD_ENDPOINT=" + server.URL(), "TWCLOUD_WEBAPP_ENDPOINT=" + server.WebAppURL(),
				"TWCLOUD_USERNAME=" + emulator.AdminName, "TWCLOUD_PASSWORD=" + emulator.AdminPassword,
			}
			command.Stdout = writer
			registered := make(chan struct{})
			proceed := make(chan struct{})
			var once sync.Once
			server.SetOnRequest(func(r emulator.Request) {
				if r.Call == "approve" {
					once.Do(func() { close(registered) })
					<-proceed
				}
			})
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			<-registered
			if got := len(server.Consumers()); got != 1 {
				t.Errorf("%d consumers at the time of the approval", got)
			}
			if err := interrupt(command.Process, reader); err != nil {
				t.Error(err)
			}
			close(proceed)
			_ = command.Wait() // What counts is what is left.
			if got := server.Consumers(); len(got) > 0 {
				t.Errorf("left on the server: %+v", got)
			}
			if got := server.OpenSessions(); got > 0 {
				t.Errorf("%d sessions are left open", got)
			}
		})
	}
}

// Started by hand, the provider prints what a user asked for to standard output,
// and what is wrong with the command line to standard error.
func TestRun_byHand(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]string{
		"-h": "Terraform starts this program", "--help": "Terraform starts this program", "help": "Terraform starts this program",
		"check -h": "Checks whether the provider works", "check --help": "Exit status: 0 nothing failed", "help check": "[-write]",
		"learn -h": "Preserve log", "help learn": "Preserve log", "learn": "Preserve log", "-version": "terraform-provider-twcloud dev",
	} {
		if stdout, stderr, status := call(t, nil, strings.Fields(arguments)...); status != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%q: status %d, printed %s%s", arguments, status, stdout, stderr)
		}
	}
	for arguments, want := range map[string]string{
		"": "Terraform starts this program", "chekc": `there is no command "chekc"`, "-chek": "not defined: -chek", "help nonsense": `there is no help for "nonsense"`,
		"check more": `check takes no argument "more"`, "check -writ": "not defined: -writ", "check -write=perhaps": "invalid boolean value",
		"learn a b": "name one recording", "learn -unknown": "not defined: -unknown", "learn none.har": "none.har: no such file",
	} {
		stdout, stderr, status := call(t, nil, strings.Fields(arguments)...)
		if status == 0 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%q: status %d, printed %s%s", arguments, status, stdout, stderr)
		}
	}
}
