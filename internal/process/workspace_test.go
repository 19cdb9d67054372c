//go:build unix

package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const providerSource = "twcloud-community/twcloud"

// binary is the folder of the provider's binary, which is built once.
var binary struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	status := m.Run()
	_ = os.RemoveAll(binary.dir)
	os.Exit(status)
}

func build(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "twcloud-process-"); binary.err != nil { //nolint:usetesting // It outlives the first test.
			return
		}
		command := exec.Command("go", "build", "-o", filepath.Join(binary.dir, "terraform-provider-twcloud"), "../..")
		if output, err := command.CombinedOutput(); err != nil {
			binary.err = fmt.Errorf("%w\n%s", err, output)
		}
	})
	if binary.err != nil {
		t.Fatalf("build the provider: %v", binary.err)
	}
	return binary.dir
}

// workspace is a folder with a configuration, and the CLI to run there.
type workspace struct {
	cli    string
	dir    string
	env    []string
	server *twcloudtest.Server
}

// newWorkspace writes a configuration of so many approved consumers, and more
// arguments of the provider.
func newWorkspace(t *testing.T, server *twcloudtest.Server, consumers int, arguments string) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	cli, err := terraformcli.Find(t.Context(), terraformcli.CacheDir(), os.Stderr)
	if err != nil {
		t.Skip(err)
	}
	w := &workspace{cli: cli, dir: t.TempDir(), server: server}
	w.write(t, "cli.tfrc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", providerSource, build(t)))
	w.write(t, "main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    twcloud = { source = %q }
  }
}

provider "twcloud" {
  endpoint        = %q
  webapp_endpoint = %q
  username        = %q
  password        = %q
  %s
}

resource "twcloud_oauth_consumer" "test" {
  count    = %d
  name     = "consumer-${count.index}"
  secret   = "s3cr3t-${count.index}"
  approved = true
}
`, providerSource, server.URL(), server.WebAppURL(), twcloudtest.AdminName, twcloudtest.AdminPassword, arguments, consumers))
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "TWCLOUD_") {
			w.env = append(w.env, variable)
		}
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+filepath.Join(w.dir, "cli.tfrc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return w
}

func (w *workspace) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// program is a program under way, in a process group of its own.
type program struct {
	t       *testing.T
	command *exec.Cmd
	output  watched
	ended   chan struct{}
	err     error
}

// start starts a program in the workspace.
func (w *workspace) start(t *testing.T, path string, arguments ...string) *program {
	t.Helper()
	p := &program{t: t, ended: make(chan struct{})}
	p.command = exec.CommandContext(context.WithoutCancel(t.Context()), path, arguments...)
	p.command.Dir, p.command.Env = w.dir, w.env
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

// terraform starts the CLI.
func (w *workspace) terraform(t *testing.T, arguments ...string) *program {
	t.Helper()
	return w.start(t, w.cli, append(arguments, "-no-color")...)
}

// run runs the CLI, which must succeed.
func (w *workspace) run(t *testing.T, arguments ...string) string {
	t.Helper()
	p := w.terraform(t, arguments...)
	if err := p.wait(); err != nil {
		t.Fatalf("terraform %s: %v\n%s", arguments[0], err, p.output.String())
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

// signal sends a signal to the program alone, signalGroup to all that it has
// started as well.
func (p *program) signal(signal syscall.Signal) { p.kill(p.command.Process.Pid, signal) }

func (p *program) signalGroup(signal syscall.Signal) { p.kill(-p.command.Process.Pid, signal) }

func (p *program) kill(pid int, signal syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		p.t.Fatalf("%s to %d: %v", signal, pid, err)
	}
}

// providers are the processes of the provider that the program has started.
func (p *program) providers() []int {
	p.t.Helper()
	output, err := exec.CommandContext(p.t.Context(), "ps", "-A", "-o", "pid=,ppid=,comm=").Output()
	if err != nil {
		p.t.Fatal(err)
	}
	var pids []int
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[1] != strconv.Itoa(p.command.Process.Pid) || !strings.HasPrefix(filepath.Base(fields[2]), "terraform-prov") {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			p.t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if len(pids) == 0 {
		p.t.Fatal("no provider is running")
	}
	return pids
}

// watched is a buffer whose content can be waited for.
type watched struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.content.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.content.String()
}

// until waits for a condition to hold.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%s: not before the test ended", what)
		}
	}
}

// instance is a resource in state.
type instance struct {
	Tainted bool `json:"tainted"`
	Values  struct {
		Key      string `json:"key"`
		Name     string `json:"name"`
		Approved bool   `json:"approved"`
	} `json:"values"`
}

// state returns the resources in state.
func (w *workspace) state(t *testing.T) []instance {
	t.Helper()
	var shown struct {
		Values struct {
			Root struct {
				Resources []instance `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	output := w.run(t, "show", "-json")
	if err := json.Unmarshal([]byte(output[strings.IndexByte(output, '{'):]), &shown); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return shown.Values.Root.Resources
}

// agrees fails unless every consumer on the server is in state, and none of them
// tainted or not approved.
func (w *workspace) agrees(t *testing.T) {
	t.Helper()
	known := map[string]bool{}
	for _, resource := range w.state(t) {
		known[resource.Values.Key] = true
		if resource.Tainted || !resource.Values.Approved {
			t.Errorf("%s: tainted %t, approved %t", resource.Values.Name, resource.Tainted, resource.Values.Approved)
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

// loggedOut fails unless every login was followed by a logout.
func loggedOut(t *testing.T, server *twcloudtest.Server, logins int) {
	t.Helper()
	if in, out := server.Logins(), server.Logouts(); in != out || in != server.SessionsOpened() || server.OpenSessions() > 0 {
		t.Errorf("%d logins, %d logouts, %d sessions opened, %d open", in, out, server.SessionsOpened(), server.OpenSessions())
	} else if in != logins {
		t.Errorf("%d logins, want %d", in, logins)
	}
}

// settles applies once more, plans nothing after that, and destroys.
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

// How often a run signs in: a process that plans the removal of what another one
// has refreshed does not call the server.
const (
	planLogins    = 1
	applyLogins   = 2
	destroyLogins = 2
	settleLogins  = applyLogins + planLogins + destroyLogins
)

// logTo has Terraform and the provider write all that they log to a file.
func (w *workspace) logTo(t *testing.T) *logFile {
	t.Helper()
	l := &logFile{t: t, workspace: w, path: filepath.Join(w.dir, "terraform.log"), env: w.env}
	w.env = append(slices.Clone(w.env), "TF_LOG=trace", "TF_LOG_PATH="+l.path)
	return l
}

type logFile struct {
	t         *testing.T
	workspace *workspace
	path      string
	env       []string
}

func (l *logFile) contains(text string) bool {
	content, err := os.ReadFile(l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	return bytes.Contains(content, []byte(text))
}

// end lets further runs go without a log.
func (l *logFile) end() { l.workspace.env = l.env }
