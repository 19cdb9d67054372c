// Package terraformtest runs acceptance tests of the provider's binary: a CLI in a
// workspace, with an emulated server.
package terraformtest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

// mirror is a filesystem mirror, which has the provider once it is built.
var mirror string

var build = sync.OnceValues(func() (binaryDir string, err error) {
	return terraformcli.BuildMirror(context.Background(), mirror)
})

// Main runs the tests of a package and exits. Call it from TestMain.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run runs the tests of a package, and removes the provider that Provider has
// built. It returns the exit status.
func Run(m *testing.M) int {
	var err error
	if mirror, err = os.MkdirTemp("", "twcloud-test-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(mirror)
	return m.Run()
}

var find = sync.OnceValues(func() (terraformcli.CLI, error) {
	return terraformcli.Find(context.Background(), os.Stderr)
})

// CLI returns the Terraform or OpenTofu that runs acceptance tests. It skips the
// test unless TF_ACC is set.
func CLI(t testing.TB) terraformcli.CLI {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	cli, err := find()
	if err != nil {
		t.Skip(err)
	}
	return cli
}

// Workspace is a workspace with a server. A method that cannot do its work ends the
// test.
type Workspace struct {
	*terraformcli.Workspace
	Server *emulator.Server
}

// New returns a workspace, without a configuration, that uses the provider on a
// server. It skips the test unless TF_ACC is set.
func New(t testing.TB, server *emulator.Server) *Workspace {
	t.Helper()
	w, err := terraformcli.NewWorkspace(CLI(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.UseBinary(terraformcli.Source, filepath.Dir(Provider(t))); err != nil {
		t.Fatal(err)
	}
	w.Setenv(terraformcli.ServerEnv(server.URL(), server.WebAppURL(), emulator.AdminName, emulator.AdminPassword)...)
	w.Setenv("TWCLOUD_AUTHENTICATION_ENDPOINT=" + server.AuthenticationURL())
	return &Workspace{w, server}
}

// WriteFile writes a file.
func (w *Workspace) WriteFile(t testing.TB, name, content string) {
	t.Helper()
	if err := w.Write(name, content); err != nil {
		t.Fatal(err)
	}
}

// Output runs the CLI, and returns its exit status and output. It reports sessions
// that are left open.
func (w *Workspace) Output(t testing.TB, arguments ...string) (status int, output string) {
	t.Helper()
	var written strings.Builder
	status, err := w.Run(t.Context(), &written, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	if rest, platform := w.Server.OpenSessions(), w.Server.OpenPlatformSessions(); rest+platform > 0 {
		t.Errorf("%s left %d sessions open on the REST API, %d on the platform", arguments[0], rest, platform)
	}
	return status, written.String()
}

// MustExit runs the CLI, which must exit with the status, and returns its output.
func (w *Workspace) MustExit(t testing.TB, status int, arguments ...string) (output string) {
	t.Helper()
	got, output := w.Output(t, arguments...)
	if got != status {
		t.Fatalf("%s: exit status %d, want %d\n%s", strings.Join(arguments, " "), got, status, output)
	}
	return output
}

// State returns the resources in state.
func (w *Workspace) State(t testing.TB) []terraformcli.Resource {
	t.Helper()
	resources, err := w.Resources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return resources
}

// Provider returns the path of the provider's binary.
func Provider(t testing.TB) string {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(binary) != 1 {
		t.Fatalf("the provider's binary: %v, %v", binary, err)
	}
	return binary[0]
}

// Init installs the provider with the init command. It skips the test if the
// configuration requires a newer CLI.
func (w *Workspace) Init(t testing.TB) {
	t.Helper()
	if err := w.UseMirror(mirror); err != nil {
		t.Fatal(err)
	}
	switch status, output := w.Output(t, "init"); {
	case strings.Contains(output, "Unsupported "+w.CLI.Name+" Core version"):
		t.Skip(output)
	case status != 0:
		t.Fatalf("init: exit status %d\n%s", status, output)
	}
}
