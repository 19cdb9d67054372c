//go:build unix

package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestMain(m *testing.M) { terraformtest.Main(m) }

// workspace is a workspace with a server.
type workspace struct {
	*terraformcli.Workspace
	server *twcloudtest.Server
}

// newWorkspace has a configuration of so many approved consumers, and these
// arguments in the provider block.
func newWorkspace(t *testing.T, server *twcloudtest.Server, consumers int, arguments string) *workspace {
	t.Helper()
	w := terraformtest.New(t, server)
	if err := w.Write("main.tf", configuration(consumers, arguments)); err != nil {
		t.Fatal(err)
	}
	return &workspace{w, server}
}

func configuration(consumers int, arguments string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    twcloud = { source = %q }
  }
}

provider "twcloud" {
  %s
}

resource "twcloud_oauth_consumer" "test" {
  count    = %d
  name     = "consumer-${count.index}"
  secret   = "s3cr3t-${count.index}"
  approved = true
}
`, terraformcli.Source, arguments, consumers)
}

// program is a running program, in its own process group.
type program struct {
	t       *testing.T
	command *exec.Cmd
	output  syncBuffer
	ended   chan struct{}
	err     error
}

// start starts a program in the workspace.
func (w *workspace) start(t *testing.T, path string, arguments ...string) *program {
	t.Helper()
	p := &program{t: t, ended: make(chan struct{})}
	p.command = exec.CommandContext(context.WithoutCancel(t.Context()), path, arguments...)
	p.command.Dir, p.command.Env = w.Dir, w.Env
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A provider that outlives Terraform must not keep the output open.
	p.command.WaitDelay = time.Second
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { _ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL) })
	return p
}

// run runs the CLI, which must succeed, and returns its output.
func (w *workspace) run(t *testing.T, arguments ...string) string {
	t.Helper()
	p := w.start(t, w.CLI.Path, arguments...)
	if err := p.wait(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, p.output.String())
	}
	return p.output.String()
}

// wait waits until the program has ended.
func (p *program) wait() error {
	<-p.ended
	if errors.Is(p.err, exec.ErrWaitDelay) {
		return nil
	}
	return p.err
}

// signal sends a signal to the program, signalGroup also to its children.
func (p *program) signal(signal syscall.Signal) { p.kill(p.command.Process.Pid, signal) }

func (p *program) signalGroup(signal syscall.Signal) { p.kill(-p.command.Process.Pid, signal) }

// signalProviders sends a signal to the provider processes of the program.
func (p *program) signalProviders(signal syscall.Signal) {
	p.t.Helper()
	output, err := exec.CommandContext(p.t.Context(), "ps", "-A", "-o", "pid=,ppid=,comm=").Output()
	if err != nil {
		p.t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[1] != strconv.Itoa(p.command.Process.Pid) || !strings.HasPrefix(filepath.Base(fields[2]), "terraform-prov") {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			p.t.Fatal(err)
		}
		p.kill(pid, signal)
		found = true
	}
	if !found {
		p.t.Fatal("no provider is running")
	}
}

func (p *program) kill(pid int, signal syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		p.t.Fatalf("%s to %d: %v", signal, pid, err)
	}
}

// syncBuffer is a buffer that can be read while a program writes to it.
type syncBuffer struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.String()
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%s: not before the end of the test", what)
		}
	}
}

func (w *workspace) state(t *testing.T) []terraformcli.Resource {
	t.Helper()
	resources, err := w.Resources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return resources
}

// agrees fails unless state and server have the same consumers, all approved and
// none tainted.
func (w *workspace) agrees(t *testing.T) {
	t.Helper()
	known := map[any]bool{}
	for _, resource := range w.state(t) {
		known[resource.Values["key"]] = true
		if resource.Tainted || resource.Values["approved"] != true {
			t.Errorf("%s: tainted %t, approved %v", resource.Address, resource.Tainted, resource.Values["approved"])
		}
	}
	for _, consumer := range w.server.Consumers() {
		if !known[consumer.Key] {
			t.Errorf("%s (key %s) is on the server, but not in state", consumer.Name, consumer.Key)
		}
		delete(known, consumer.Key)
	}
	if len(known) > 0 {
		t.Errorf("in state, but not on the server: %v", known)
	}
}

// settles applies once more, plans, which must have no changes, and destroys.
func (w *workspace) settles(t *testing.T, consumers int) {
	t.Helper()
	w.run(t, "apply", "-auto-approve")
	w.agrees(t)
	if got := len(w.server.Consumers()); got != consumers {
		t.Errorf("%d consumers on the server, want %d", got, consumers)
	}
	w.run(t, "plan", "-detailed-exitcode")
	w.run(t, "destroy", "-auto-approve")
	if got := w.server.Consumers(); len(got) > 0 {
		t.Errorf("after destroy: %v", got)
	}
}

// Logins of a command. The second process of a destroy, which plans what the
// first has refreshed, does not call the server.
const (
	planLogins    = 1
	applyLogins   = 2
	destroyLogins = 2
	settleLogins  = applyLogins + planLogins + destroyLogins
)

// loggedOut fails unless there were so many logins, each with a logout.
func loggedOut(t *testing.T, server *twcloudtest.Server, logins int) {
	t.Helper()
	if in, out := server.Logins(), server.Logouts(); in != logins || in != out || in != server.SessionsOpened() || server.OpenSessions() > 0 {
		t.Errorf("%d logins, want %d; %d logouts, %d sessions opened, %d open", in, logins, out, server.SessionsOpened(), server.OpenSessions())
	}
}
