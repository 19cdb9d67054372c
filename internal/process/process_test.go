//go:build unix

package process

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

// TestAccOneSeat has a single seat: each process must release it before the next one
// starts.
func TestAccOneSeat(t *testing.T) {
	t.Parallel()
	server := emulator.New(t, func(c *emulator.Config) { c.Seats = 1 })
	w := newWorkspace(t, server, 12, "max_retries = 0")
	w.run(t, "plan")
	loggedOut(t, server, planLogins)
	w.run(t, "apply", "-auto-approve")
	loggedOut(t, server, planLogins+applyLogins)
	w.agrees(t)
	w.settles(t, 12)
	loggedOut(t, server, planLogins+applyLogins+planLogins+planLogins+destroyLogins) // There was nothing to apply.
}

func TestAccError(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	w := newWorkspace(t, server, 3, "")
	server.Inject(emulator.Fault{Kind: emulator.Forbidden403, Method: http.MethodPost})
	if p := w.start(t, w.CLI.Path, "apply", "-auto-approve"); p.wait() == nil {
		t.Error("no error")
	}
	loggedOut(t, server, applyLogins)
	w.agrees(t)
	w.settles(t, 3)
}

// breakOff starts an apply, calls interrupt while a registration is in progress and
// others wait for a free slot, and waits for the end of the apply.
func breakOff(t *testing.T, w *workspace, interrupt func(*program)) *program {
	t.Helper()
	arrived, release := make(chan struct{}), make(chan struct{})
	arrive, let := sync.OnceFunc(func() { close(arrived) }), sync.OnceFunc(func() { close(release) })
	t.Cleanup(let)
	w.Server.SetOnRequest(func(request emulator.Request) {
		if request.Method == http.MethodPost {
			arrive()
			<-release
		}
	})
	p := w.start(t, w.CLI.Path, "apply", "-auto-approve")
	select {
	case <-arrived:
	case <-p.ended:
		t.Fatalf("nothing was registered: %s", p.output())
	}
	interrupt(p)
	let()
	_ = p.wait()
	w.Server.SetOnRequest(nil)
	return p
}

func TestAccInterrupted(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(*program){
		"SIGINT":               func(p *program) { p.signal(syscall.SIGINT, p.pid()) },
		"SIGINT to the group":  func(p *program) { p.signal(syscall.SIGINT, -p.pid()) },
		"SIGTERM":              func(p *program) { p.signal(syscall.SIGTERM, p.pid()) },
		"SIGTERM to the group": func(p *program) { p.signal(syscall.SIGTERM, -p.pid()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := emulator.New(t)
			w := newWorkspace(t, server, 5, "max_concurrent_requests = 2")
			env, log := w.Env, filepath.Join(w.Dir, "terraform.log")
			w.Setenv("TF_LOG=trace", "TF_LOG_PATH="+log)
			logged := func(pattern string, times int) {
				until(t, fmt.Sprintf("the log has %s %d times", pattern, times), func() bool {
					content, err := os.ReadFile(log)
					return err == nil && len(regexp.MustCompile(pattern).FindAll(content, times)) == times
				})
			}
			p := breakOff(t, w, func(p *program) {
				logged("Received request.*=ApplyResourceChange", 5) // A later one would not be canceled.
				interrupt(p)
				logged("Closed all our contexts", 1)
			})
			w.Env = env
			if p.err == nil {
				t.Errorf("no error:\n%s", p.output())
			}
			loggedOut(t, server, applyLogins)
			w.agrees(t)
			if got := len(server.Consumers()); got == 0 || got == 5 {
				t.Errorf("%d of 5 consumers registered", got)
			}
			w.settles(t, 5)
			loggedOut(t, server, applyLogins+settleLogins)
		})
	}
}

func TestAccProviderTerminated(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	w := newWorkspace(t, server, 5, "max_concurrent_requests = 2")
	p := breakOff(t, w, func(p *program) { p.signal(syscall.SIGTERM, p.providers()...) })
	if strings.Contains(p.output(), "Plugin did not respond") {
		t.Errorf("the provider did not finish its requests:\n%s", p.output())
	}
	loggedOut(t, server, applyLogins)
	w.agrees(t)
	w.settles(t, 5)
}

// TestAccProviderStuck terminates the provider while the server hangs. Terraform
// does not know, and does not stop the provider. It learns what may exist.
func TestAccProviderStuck(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	w := newWorkspace(t, server, 1, "")
	p := breakOff(t, w, func(p *program) {
		p.signal(syscall.SIGTERM, p.providers()...)
		until(t, "the provider has logged out", func() bool { return server.Logouts() == applyLogins })
	})
	if p.err == nil || !strings.Contains(p.output(), "may exist on the server") {
		t.Errorf("got %v:\n%s", p.err, p.output())
	}
	loggedOut(t, server, applyLogins)
}

// TestAccTerraformKilled kills Terraform, which can neither stop the provider nor
// save what it has done.
func TestAccTerraformKilled(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	w := newWorkspace(t, server, 1, "")
	breakOff(t, w, func(p *program) { p.signal(syscall.SIGKILL, p.pid()) })
	until(t, "the provider has logged out", func() bool { return server.Logouts() == applyLogins })
	loggedOut(t, server, applyLogins)
	w.recovers(t)
}

func TestAccProviderKilled(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	w := newWorkspace(t, server, 1, "")
	p := breakOff(t, w, func(p *program) {
		p.signal(syscall.SIGKILL, p.providers()...)
		<-p.ended
	})
	if p.err == nil {
		t.Error("no error")
	}
	until(t, "the registration has been carried out", func() bool { return len(server.Consumers()) == 1 })
	if open := server.OpenSessions(); open != 1 {
		t.Errorf("%d sessions are open: a process that is killed cannot log out", open)
	}
	w.recovers(t)
}

// TestAccServerRestarted stops the server during a registration, and starts it
// again with the consumers and without the sessions.
func TestAccServerRestarted(t *testing.T) {
	t.Parallel()
	first, err := emulator.Start(emulator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	w := newWorkspace(t, first, 6, "max_concurrent_requests = 2")
	p := breakOff(t, w, func(*program) {
		first.Close()
		w.Server = emulator.New(t, func(c *emulator.Config) {
			c.RESTAddress, c.WebAppAddress = strings.TrimPrefix(first.URL(), "http://"), strings.TrimPrefix(first.WebAppURL(), "http://")
		})
		for _, consumer := range first.Consumers() {
			w.Server.AddConsumer(consumer)
		}
	})
	if p.err != nil {
		t.Fatalf("%v\n%s", p.err, p.output())
	}
	loggedOut(t, w.Server, 1)
	w.agrees(t)
	w.settles(t, 6)
}

var reattach = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

func TestAccDebug(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := emulator.New(t)
			w := newWorkspace(t, server, 2, "")
			debugged := w.start(t, terraformtest.Provider(t), "-debug")
			until(t, "the provider is waiting for Terraform", func() bool { return reattach.MatchString(debugged.output()) })
			// Without a host name, the CLI adds that of its own registry.
			providers := strings.ReplaceAll(reattach.FindStringSubmatch(debugged.output())[1], "registry.terraform.io/", "")
			w.Setenv("TF_REATTACH_PROVIDERS=" + providers)

			w.run(t, "apply", "-auto-approve")
			w.run(t, "plan", "-detailed-exitcode")
			if server.Logins() != 1 || server.Logouts() != 0 {
				t.Errorf("%d logins, %d logouts, want one session for both runs", server.Logins(), server.Logouts())
			}
			w.agrees(t)
			debugged.signal(signal, debugged.pid())
			if err := debugged.wait(); err != nil {
				t.Errorf("%v\n%s", err, debugged.output())
			}
			loggedOut(t, server, 1)
		})
	}
}
