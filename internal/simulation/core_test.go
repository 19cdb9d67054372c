package simulation

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	resourceType = "twcloud_oauth_consumer"
	// maxInFlight is less than the number of resources, so that requests queue.
	maxInFlight = 2
	// maxAnswer is what it takes to find out that an answer has no end.
	maxAnswer = 256 << 10
	// shortTimeout is for processes for which the server hangs, longTimeout for all
	// others: it never passes.
	shortTimeout = 100 * time.Millisecond
	longTimeout  = time.Minute
)

// core is Terraform, as far as a provider can tell: it keeps the state, and runs
// every phase with a provider process of its own.
type core struct {
	server  *twcloudtest.Server
	network *network
	logs    *safeBuffer
	types   types
	// deviation, if any, makes the server differ from what the provider assumes.
	deviation func(http.RoundTripper) http.RoundTripper
	// profile is the API profile of the provider; nil for the built-in one.
	profile *twcloud.Profile

	state map[string]instance
	// problems are violations of the plugin protocol.
	mu       sync.Mutex
	problems []string
}

// types are those of the provider's schema.
type types struct {
	provider, consumer tftypes.Type
}

// instance is a resource in the state file.
type instance struct {
	attributes []byte
	private    []byte
	identity   *tfprotov6.ResourceIdentityData
	tainted    bool
}

// outcome is what a run has shown to the user, and what has become of it.
type outcome struct {
	diagnostics []*tfprotov6.Diagnostic
	failed      bool
	// changed says that the plan had anything to do.
	changed bool
}

func (o *outcome) add(diagnostics ...*tfprotov6.Diagnostic) {
	for _, d := range diagnostics {
		o.diagnostics = append(o.diagnostics, d)
		o.failed = o.failed || d.Severity == tfprotov6.DiagnosticSeverityError
	}
}

func (o *outcome) fail(err error) {
	o.add(&tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: err.Error()})
}

// text is all that the user has read.
func (o *outcome) text() string {
	var text strings.Builder
	for _, d := range o.diagnostics {
		fmt.Fprintf(&text, "%s: %s\n%s\n\n", d.Severity, d.Summary, d.Detail)
	}
	return text.String()
}

// apply is terraform apply.
func (c *core) apply(step string, attempt int, config configuration) outcome {
	var result outcome
	changes := c.plan(step, attempt, config, &result)
	if result.failed {
		return result
	}
	c.state = map[string]instance{}
	for address, change := range changes {
		if change.refreshed != nil {
			c.state[address] = *change.refreshed
		}
		if change.action != nothing {
			result.changed = true
		}
	}
	if !result.changed {
		return result
	}

	process := c.start(step, attempt, "apply", &result)
	defer process.end()
	var mu sync.Mutex
	var working sync.WaitGroup
	for address, change := range changes {
		working.Go(func() {
			for _, act := range change.acts() {
				if process.stopped() {
					mu.Lock()
					result.failed = true
					mu.Unlock()
					return
				}
				after, diagnostics := act(process, address, change)
				mu.Lock()
				result.add(diagnostics...)
				if after == nil {
					delete(c.state, address)
				} else {
					c.state[address] = *after
				}
				mu.Unlock()
				if hasError(diagnostics) {
					return
				}
			}
		})
	}
	working.Wait()
	return result
}

// plan refreshes and plans all resources.
func (c *core) plan(step string, attempt int, config configuration, result *outcome) map[string]*change {
	process := c.start(step, attempt, "plan", result)
	defer process.end()
	if result.failed {
		return nil
	}
	addresses := map[string]bool{}
	for address := range config {
		addresses[address] = true
	}
	for address := range c.state {
		addresses[address] = true
	}
	changes := map[string]*change{}
	var mu sync.Mutex
	var working sync.WaitGroup
	for _, address := range slices.Sorted(maps.Keys(addresses)) {
		working.Go(func() {
			change, diagnostics := process.planResource(address, config)
			mu.Lock()
			defer mu.Unlock()
			result.add(diagnostics...)
			changes[address] = change
		})
	}
	working.Wait()
	if process.stopped() {
		result.failed = true
	}
	return changes
}

// process is one run of the provider's binary.
type process struct {
	core     *core
	tap      *wireTap
	provider *provider.Provider
	server   tfprotov6.ProviderServer
	opened   int
	halt     chan struct{}
}

// start starts a provider and configures it.
func (c *core) start(step string, attempt int, phase string, result *outcome) *process {
	p := &process{core: c, tap: c.network.tap(step, attempt, phase), opened: c.server.SessionsOpened(), halt: make(chan struct{})}
	timeout := longTimeout
	if c.network.schedule.has(func(f fault) bool {
		return f.step == step && f.attempt == attempt && f.process == phase && f.kind.slow()
	}) {
		timeout = shortTimeout
	}
	p.provider = provider.New("test",
		provider.WithEnvironment(func(string) string { return "" }),
		provider.WithCheapHashes(),
		provider.WithClientOptions(func(options *twcloud.Options) {
			options.Transport = p.tap
			if c.deviation != nil {
				options.Transport = c.deviation(p.tap)
			}
			options.Profile = cmp.Or(c.profile, options.Profile)
			if c.profile != nil {
				options.OAuthConsumersPath = ""
			}
			options.RetryWaitMin, options.RetryWaitMax = 0, 0
			options.RequestTimeout = timeout
			options.MaxAnswer = maxAnswer
			options.Logger = slog.New(slog.NewJSONHandler(c.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}))
	p.server = p.provider.Server()
	stop := sync.OnceFunc(func() { close(p.halt) })
	p.tap.stop = func() {
		stop()
		_, err := p.server.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
		must(err)
	}

	null := tftypes.NewValue(tftypes.String, nil)
	object, ok := c.types.provider.(tftypes.Object)
	if !ok {
		panic("the provider's configuration is no object")
	}
	block := attributes{}
	for name, typ := range object.AttributeTypes {
		block[name] = tftypes.NewValue(typ, nil)
	}
	for name, value := range map[string]string{
		"endpoint": c.server.URL(), "webapp_endpoint": c.server.WebAppURL(),
		"username": twcloudtest.AdminName, "password": twcloudtest.AdminPassword,
	} {
		block[name] = tftypes.NewValue(null.Type(), value)
	}
	block["max_concurrent_requests"] = tftypes.NewValue(tftypes.Number, maxInFlight)
	config := block.encode(c.types.provider)

	configured, err := call(p, p.server.ConfigureProvider, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: config})
	if err != nil {
		result.fail(err)
		return p
	}
	result.add(configured.Diagnostics...)
	return p
}

// end does what main does once the provider has been served.
func (p *process) end() {
	err := p.provider.Close()
	c, n := p.core, p.core.network
	n.mu.Lock()
	most, fired := p.tap.mostInFlight, p.tap.fired
	n.mu.Unlock()
	if err != nil && fired == 0 {
		c.problem("%s: Close without a fault: %v", p.tap.process, err)
	}
	if most > maxInFlight {
		c.problem("%s: %d requests in flight at a time", p.tap.process, most)
	}
	if opened := c.server.SessionsOpened() - p.opened; opened > 1+fired {
		c.problem("%s: %d sessions opened with %d faults", p.tap.process, opened, fired)
	}
	p.tap.base.CloseIdleConnections()
}

// stopped says whether Ctrl-C was pressed, or the process is dead.
func (p *process) stopped() bool {
	select {
	case <-p.halt:
		return true
	default:
		return p.tap.dead.Load()
	}
}

// call makes one call of the protocol. Nothing arrives from a process that is
// dead.
func call[Request, Response any](p *process, method func(context.Context, Request) (Response, error), request Request) (response Response, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			p.core.problem("a panic went through: %v", reason)
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	response, err = method(context.Background(), request)
	if p.tap.dead.Load() {
		var none Response
		return none, errDead
	}
	if err != nil {
		p.core.problem("an error of the protocol: %v", err)
	}
	return response, err
}

func (c *core) problem(format string, arguments ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems = append(c.problems, fmt.Sprintf(format, arguments...))
}

// takeProblems returns what has been found since the last call.
func (c *core) takeProblems() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	problems := c.problems
	c.problems = nil
	return problems
}

func hasError(diagnostics []*tfprotov6.Diagnostic) bool {
	return slices.ContainsFunc(diagnostics, func(d *tfprotov6.Diagnostic) bool {
		return d.Severity == tfprotov6.DiagnosticSeverityError
	})
}

// safeBuffer is a writer that many can use.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.text.String()
	b.text.Reset()
	return text
}
