package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// process is one process of the provider. As an http.RoundTripper it injects the
// faults of the schedule.
type process struct {
	*world
	// at has the step, the attempt, and the phase.
	at       label
	base     *http.Transport
	provider *provider.Provider
	protocol tfprotov6.ProviderServer
	opened   int
	// halted says that the user has pressed Ctrl-C, dead that the process was killed.
	halted, dead atomic.Bool

	// The mutex of the world guards the following fields.

	// wrong counts what went wrong: faults, and requests that timed out.
	wrong                  int
	inFlight, mostInFlight int
}

// slots is how many requests the provider may send at a time. It is less than the number
// of resources, so that requests queue.
func (w *world) slots() int {
	if w.schedule.oneSlot {
		return 1
	}
	return 2
}

// start starts a provider and configures it.
func (w *world) start(step string, attempt int, phase string, result *outcome) *process {
	p := &process{
		world: w, at: label{step: step, attempt: attempt, process: phase}, opened: w.server.SessionsOpened(),
		base: &http.Transport{MaxConnsPerHost: w.slots(), MaxIdleConnsPerHost: w.slots()},
	}
	w.mu.Lock()
	w.listing, w.listed, w.shown = map[label][]emulator.Consumer{}, map[string]bool{}, map[string]map[string]bool{}
	w.mu.Unlock()
	timeout := longTimeout
	if w.schedule.has(func(f fault) bool {
		return f.step == step && f.attempt == attempt && f.process == phase && f.kind.slow()
	}) {
		timeout = shortTimeout
	}
	p.provider = provider.New("test",
		provider.WithEnvironment(func(string) string { return "" }),
		provider.WithCheapHashes(),
		provider.WithClientOptions(func(options *twcloud.Options) {
			options.Transport = p
			options.Profile, options.Now = w.profile, w.now
			options.RetryWaitMin, options.RetryWaitMax = 0, 0
			options.RequestTimeout = timeout
			options.MaxResponse = maxAnswer
			options.Logger = slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}))
	p.protocol = p.provider.Server()

	block := attributes{}
	for name, typ := range schema().provider.AttributeTypes {
		block[name] = tftypes.NewValue(typ, nil)
	}
	values := map[string]string{
		"endpoint": w.server.URL(), "webapp_endpoint": w.server.WebAppURL(), "authentication_endpoint": w.server.AuthenticationURL(),
		"username": emulator.AdminName, "password": emulator.AdminPassword,
	}
	if in := w.profile.SignIn; in != nil && in.By == profile.ByToken { // The client gets the token.
		values["client_id"], values["auth_secret"] = authserver.DefaultClientIDs()[0], emulator.AuthSecret
	}
	for name, value := range values {
		block[name] = tftypes.NewValue(tftypes.String, value)
	}
	block["max_concurrent_requests"] = tftypes.NewValue(tftypes.Number, w.slots())
	response := call(p, result, p.protocol.ConfigureProvider, &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: block.encode(schema().provider),
	})
	result.add(response.Diagnostics...)
	return p
}

// stop stops the provider, as Terraform does on Ctrl-C.
func (p *process) stop() {
	p.halted.Store(true)
	_, err := p.protocol.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
	must(err)
}

func (p *process) stopped() bool { return p.halted.Load() || p.dead.Load() }

// end does what main does when the provider is no longer served.
func (p *process) end() {
	err := p.provider.Close()
	p.mu.Lock()
	most, wrong := p.mostInFlight, p.wrong
	p.mu.Unlock()
	if err != nil && wrong == 0 {
		p.violate("%s: Close without a fault: %v", p.at.process, err)
	}
	if most > p.slots() {
		p.violate("%s: %d requests in flight at a time", p.at.process, most)
	}
	if opened := p.server.SessionsOpened() - p.opened; opened > 1+wrong {
		p.violate("%s: %d sessions opened with %d faults", p.at.process, opened, wrong)
	}
	p.base.CloseIdleConnections()
}

var errDead = errors.New("the process is dead")

// call makes one call of the protocol. If it fails, call adds the error to the
// result and returns an empty response. A dead process answers nothing.
func call[Request, Response any](p *process, result *outcome, method func(context.Context, *Request) (*Response, error), request *Request) (response *Response) {
	fail := func(err error) {
		result.add(&tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: err.Error()})
		response = new(Response)
	}
	defer func() {
		if reason := recover(); reason != nil {
			p.violate("a panic went through: %v", reason)
			fail(fmt.Errorf("panic: %v", reason))
		}
	}()
	response, err := method(context.Background(), request)
	switch {
	case p.dead.Load():
		fail(errDead)
	case err != nil:
		p.violate("an error of the protocol: %v", err)
		fail(err)
	}
	return response
}
