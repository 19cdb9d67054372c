//go:build unix

package process

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestAccNormal(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	w := newWorkspace(t, server, 3, "")
	w.run(t, "validate")
	if requests := server.Requests(); len(requests) > 0 {
		t.Errorf("validate sent %v", requests)
	}
	w.run(t, "plan")
	loggedOut(t, server, 1)
	w.run(t, "apply", "-auto-approve")
	loggedOut(t, server, planLogins+applyLogins)
	w.agrees(t)
	w.settles(t, 3)
	loggedOut(t, server, planLogins+applyLogins+planLogins+planLogins+destroyLogins) // There is nothing to apply.
}

func TestAccOneSeat(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t, func(c *twcloudtest.Config) { c.Seats = 1 })
	w := newWorkspace(t, server, 12, "max_retries = 0")
	w.run(t, "plan")
	w.run(t, "apply", "-auto-approve")
	w.agrees(t)
	w.run(t, "destroy", "-auto-approve")
	loggedOut(t, server, planLogins+applyLogins+destroyLogins)
}

func TestAccError(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	w := newWorkspace(t, server, 3, "")
	server.Inject(twcloudtest.Fault{Kind: twcloudtest.Forbidden403, Method: http.MethodPost})
	if p := w.terraform(t, "apply", "-auto-approve"); p.wait() == nil {
		t.Error("no error")
	}
	loggedOut(t, server, applyLogins)
	w.agrees(t)
	w.settles(t, 3)
}

// held holds the first request of a method back until it is let go.
type held struct {
	arrived chan struct{}
	release chan struct{}
	let     func()
}

func hold(t *testing.T, server *twcloudtest.Server, method string) *held {
	t.Helper()
	h := &held{arrived: make(chan struct{}), release: make(chan struct{})}
	h.let = sync.OnceFunc(func() { close(h.release) })
	arrive := sync.OnceFunc(func() { close(h.arrived) })
	server.SetOnRequest(func(request twcloudtest.Request) {
		if request.Method == method {
			arrive()
			<-h.release
		}
	})
	t.Cleanup(h.let)
	return h
}

// breakOff begins an apply, lets it be broken off while a registration is in
// flight and others wait for a free slot, and waits for its end.
func breakOff(t *testing.T, w *workspace, by func(*program)) *program {
	t.Helper()
	posting := hold(t, w.server, http.MethodPost)
	p := w.terraform(t, "apply", "-auto-approve")
	select {
	case <-posting.arrived:
	case <-p.ended:
		t.Fatalf("nothing was registered: %s", p.output.String())
	}
	by(p)
	posting.let()
	_ = p.wait()
	w.server.SetOnRequest(nil)
	return p
}

func TestAccInterrupted(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]func(*program){
		"SIGINT":               func(p *program) { p.signal(syscall.SIGINT) },
		"SIGINT to the group":  func(p *program) { p.signalGroup(syscall.SIGINT) },
		"SIGTERM":              func(p *program) { p.signal(syscall.SIGTERM) },
		"SIGTERM to the group": func(p *program) { p.signalGroup(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t)
			w := newWorkspace(t, server, 5, "max_concurrent_requests = 2")
			log := w.logTo(t)
			p := breakOff(t, w, func(p *program) {
				by(p)
				until(t, "the provider has been stopped", func() bool { return log.contains("Closed all our contexts") })
			})
			log.end()
			if p.err == nil {
				t.Errorf("no error:\n%s", p.output.String())
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
	server := twcloudtest.New(t)
	w := newWorkspace(t, server, 5, "max_concurrent_requests = 2")
	p := breakOff(t, w, func(p *program) {
		for _, pid := range p.providers() {
			p.kill(pid, syscall.SIGTERM)
		}
	})
	if strings.Contains(p.output.String(), "Plugin did not respond") {
		t.Errorf("the provider did not see through what was under way:\n%s", p.output.String())
	}
	loggedOut(t, server, applyLogins)
	w.agrees(t)
	w.settles(t, 5)
}

// TestAccProviderStuck terminates the provider while the server hangs. Terraform
// is not told, so that nobody stops the provider before it has drained.
func TestAccProviderStuck(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	w := newWorkspace(t, server, 1, "")
	p := breakOff(t, w, func(p *program) {
		for _, pid := range p.providers() {
			p.kill(pid, syscall.SIGTERM)
		}
		until(t, "the provider has logged out", func() bool { return server.Logouts() == applyLogins })
	})
	if p.err == nil {
		t.Error("no error")
	}
	loggedOut(t, server, applyLogins)
}

// TestAccTerraformKilled kills Terraform, so that nobody is left to stop the
// provider or to save what it has done.
func TestAccTerraformKilled(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	w := newWorkspace(t, server, 1, "")
	breakOff(t, w, func(p *program) { p.signal(syscall.SIGKILL) })
	until(t, "the provider has logged out", func() bool { return server.Logouts() == applyLogins })
	loggedOut(t, server, applyLogins)
	w.recovers(t)
}

func TestAccProviderKilled(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	w := newWorkspace(t, server, 1, "")
	p := breakOff(t, w, func(p *program) {
		for _, pid := range p.providers() {
			p.kill(pid, syscall.SIGKILL)
		}
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

// recovers imports the one consumer that no state knows, as the next plan
// advises.
func (w *workspace) recovers(t *testing.T) {
	t.Helper()
	consumers := w.server.Consumers()
	if len(consumers) != 1 || len(w.state(t)) > 0 {
		t.Fatalf("on the server: %v, in state: %v", consumers, w.state(t))
	}
	key := consumers[0].Key
	if output := w.run(t, "plan", "-lock=false"); !strings.Contains(output, key) || !strings.Contains(output, "terraform import") {
		t.Errorf("the orphan %s is not named in:\n%s", key, output)
	}
	w.run(t, "import", "-lock=false", "twcloud_oauth_consumer.test[0]", key)
	w.settles(t, 1)
}

// TestAccServerRestarted kills the server while a registration is in flight, and
// starts it again, with the consumers and without the sessions.
func TestAccServerRestarted(t *testing.T) {
	t.Parallel()
	first, err := twcloudtest.Start(twcloudtest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	w := newWorkspace(t, first, 6, "max_concurrent_requests = 2")
	var second *twcloudtest.Server
	p := breakOff(t, w, func(*program) {
		first.Close()
		second = restart(t, first)
	})
	w.server = second
	if p.err != nil {
		t.Fatalf("%v\n%s", p.err, p.output.String())
	}
	loggedOut(t, second, 1)
	w.agrees(t)
	w.settles(t, 6)
}

// restart starts a server in the place of one that was closed.
func restart(t *testing.T, closed *twcloudtest.Server) *twcloudtest.Server {
	t.Helper()
	address := func(root string) string {
		parsed, err := url.Parse(root)
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Host
	}
	server := twcloudtest.New(t, func(c *twcloudtest.Config) {
		c.RESTAddress, c.WebAppAddress = address(closed.URL()), address(closed.WebAppURL())
	})
	for _, consumer := range closed.Consumers() {
		server.AddConsumer(consumer)
	}
	return server
}

var reattach = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)

func TestAccDebug(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t)
			w := newWorkspace(t, server, 2, "")
			debugged := w.start(t, build(t)+"/terraform-provider-twcloud", "-debug")
			until(t, "the provider waits for Terraform", func() bool { return reattach.MatchString(debugged.output.String()) })
			// Without a host the address is in the registry of whatever CLI it is.
			providers := strings.ReplaceAll(reattach.FindStringSubmatch(debugged.output.String())[1], "registry.terraform.io/", "")
			w.env = append(w.env, "TF_REATTACH_PROVIDERS="+providers)

			w.run(t, "apply", "-auto-approve")
			w.run(t, "plan", "-detailed-exitcode")
			if server.Logins() != 1 || server.Logouts() != 0 {
				t.Errorf("%d logins, %d logouts, want one session for both runs", server.Logins(), server.Logouts())
			}
			w.agrees(t)
			debugged.signal(signal)
			if err := debugged.wait(); err != nil {
				t.Errorf("%v\n%s", err, debugged.output.String())
			}
			loggedOut(t, server, 1)
		})
	}
}
