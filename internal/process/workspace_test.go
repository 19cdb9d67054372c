//go:build unix

package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

func TestMain(m *testing.M) { terraformtest.Main(m) }

// workspace is a workspace whose processes get signals.
type workspace struct{ *terraformtest.Workspace }

// newWorkspace has a configuration of so many approved consumers, and these
// arguments in the provider block.
func newWorkspace(t *testing.T, server *emulator.Server, consumers int, arguments string) *workspace {
	t.Helper()
	w := terraformtest.New(t, server)
	w.WriteFile(t, "main.tf", configuration(consumers, arguments))
	return &workspace{w}
}

// configuration has consumers of which the variable "renamed" renames the first ones.
func configuration(consumers int, arguments string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    twcloud = { source = %q }
  }
}

provider "twcloud" {
  %s
}

variable "renamed" { default = 0 }

resource "twcloud_oauth_consumer" "test" {
  count    = %d
  name     = "${count.index < var.renamed ? "renamed" : "consumer"}-${count.index}"
  secret   = "s3cr3t-${count.index}"
  approved = true
}
`, terraformcli.Source, arguments, consumers)
}

// program is a running program, in its own process group.
type program struct {
	t       *testing.T
	command *exec.Cmd
	printed string // the name of a file
	ended   chan struct{}
	err     error
}

// start starts a program in the workspace. It prints to a file, because a pipe would
// stay open as long as a provider that outlives Terraform.
func (w *workspace) start(t *testing.T, path string, arguments ...string) *program {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "output")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := &program{t: t, printed: file.Name(), ended: make(chan struct{})}
	p.command = exec.CommandContext(context.WithoutCancel(t.Context()), path, arguments...)
	p.command.Dir, p.command.Env = w.Dir, w.Env
	p.command.Stdout, p.command.Stderr = file, file
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { _ = syscall.Kill(-p.pid(), syscall.SIGKILL) })
	return p
}

// run runs the CLI, which must succeed, and returns its output.
func (w *workspace) run(t *testing.T, arguments ...string) string {
	t.Helper()
	p := w.start(t, w.CLI.Path, arguments...)
	if err := p.wait(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, p.output())
	}
	return p.output()
}

// wait waits until the program has ended.
func (p *program) wait() error {
	<-p.ended
	return p.err
}

// output is what the program has printed so far.
func (p *program) output() string {
	p.t.Helper()
	content, err := os.ReadFile(p.printed)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(content)
}

func (p *program) pid() int { return p.command.Process.Pid }

// providers are the provider processes of the program.
func (p *program) providers() (pids []int) {
	p.t.Helper()
	output, err := exec.CommandContext(p.t.Context(), "pgrep", "-P", strconv.Itoa(p.pid()), "terraform-prov").Output()
	if err != nil {
		p.t.Fatal("no provider is running: ", err)
	}
	for _, field := range strings.Fields(string(output)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			p.t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// signal sends a signal to processes. A negative number is a process group.
func (p *program) signal(signal syscall.Signal, pids ...int) {
	p.t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil {
			p.t.Fatalf("%s to %d: %v", signal, pid, err)
		}
	}
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

// recovers imports the only consumer, which is not in state, as the next plan
// advises.
func (w *workspace) recovers(t *testing.T) {
	t.Helper()
	consumers, known := w.Server.Consumers(), w.State(t)
	if len(consumers) != 1 || len(known) > 0 {
		t.Fatalf("on the server: %v, in state: %v", consumers, known)
	}
	key := consumers[0].Key
	if output := w.run(t, "plan", "-lock=false"); !strings.Contains(output, key) || !strings.Contains(output, "terraform import") {
		t.Errorf("the orphan %s is not named in:\n%s", key, output)
	}
	w.run(t, "import", "-lock=false", "twcloud_oauth_consumer.test[0]", key)
	w.settles(t, 1)
}

// agrees fails unless state and server have the same consumers, all approved and
// none tainted.
func (w *workspace) agrees(t *testing.T) {
	t.Helper()
	known := map[any]bool{}
	for _, resource := range w.State(t) {
		known[resource.Values["key"]] = true
		if resource.Tainted || resource.Values["approved"] != true {
			t.Errorf("%s: tainted %t, approved %v", resource.Address, resource.Tainted, resource.Values["approved"])
		}
	}
	for _, consumer := range w.Server.Consumers() {
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
	if got := len(w.Server.Consumers()); got != consumers {
		t.Errorf("%d consumers on the server, want %d", got, consumers)
	}
	w.run(t, "plan", "-detailed-exitcode")
	w.run(t, "destroy", "-auto-approve")
	if got := w.Server.Consumers(); len(got) > 0 {
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
func loggedOut(t *testing.T, server *emulator.Server, logins int) {
	t.Helper()
	if in, out := server.Logins(), server.Logouts(); in != logins || in != out || in != server.SessionsOpened() || server.OpenSessions() > 0 {
		t.Errorf("%d logins, want %d; %d logouts, %d sessions opened, %d open", in, logins, out, server.SessionsOpened(), server.OpenSessions())
	}
}
