package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
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
	server := twcloudtest.New(t)
	environment := func(password string) []string {
		return []string{
			"TWCLOUD_ENDPOINT=" + server.URL(), "TWCLOUD_WEBAPP_ENDPOINT=" + server.WebAppURL(),
			"TWCLOUD_USERNAME=" + twcloudtest.AdminName, "TWCLOUD_PASSWORD=" + password,
		}
	}
	stdout, stderr, status := call(t, environment(twcloudtest.AdminPassword), "check")
	if status != 0 || stderr != "" || !strings.Contains(stdout, "The provider can work with this server.") {
		t.Errorf("status %d, printed %s%s", status, stdout, stderr)
	}
	stdout, stderr, status = call(t, environment("wrong"), "check")
	if status != 1 || !strings.Contains(stdout, "FAIL  sign-in") || !strings.Contains(stderr, "would not work") {
		t.Errorf("with a wrong password: status %d, printed %s%s", status, stdout, stderr)
	}
	if got := server.OpenSessions(); got > 0 {
		t.Errorf("%d sessions are left open", got)
	}
}

// Started by hand, the provider says what it is for.
func TestRun_byHand(t *testing.T) {
	t.Parallel()
	stdout, stderr, status := call(t, nil)
	if status == 0 || !strings.Contains(stdout+stderr, "plugin") {
		t.Errorf("status %d, printed %s%s", status, stdout, stderr)
	}
}
