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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
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

// New returns a workspace, without a configuration, that uses the provider on a
// server. It skips the test unless TF_ACC is set.
func New(t testing.TB, server *twcloudtest.Server) *terraformcli.Workspace {
	t.Helper()
	w, err := terraformcli.NewWorkspace(CLI(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.UseBinary(terraformcli.Source, filepath.Dir(Provider(t))); err != nil {
		t.Fatal(err)
	}
	w.Setenv(terraformcli.ServerEnv(server.URL(), server.WebAppURL(), twcloudtest.AdminName, twcloudtest.AdminPassword)...)
	return w
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

// Init has the workspace install the provider with the init command. It skips the
// test if the configuration requires a newer CLI.
func Init(t testing.TB, w *terraformcli.Workspace) {
	t.Helper()
	if err := w.UseMirror(mirror); err != nil {
		t.Fatal(err)
	}
	var output strings.Builder
	status, err := w.Run(t.Context(), &output, "init")
	switch {
	case strings.Contains(output.String(), "Unsupported "+w.CLI.Name+" Core version"):
		t.Skip(output.String())
	case err != nil || status != 0:
		t.Fatalf("init: exit status %d, %v\n%s", status, err, output.String())
	}
}
