package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// checkpoint is all there is before a step: the server's consumers and
// Terraform's state.
type checkpoint struct {
	consumers []emulator.Consumer
	state     map[string]instance
	names     map[string]string
}

// world is one schedule that runs: a server, Terraform, and the network between.
type world struct {
	server   *emulator.Server
	schedule schedule
	state    map[string]instance
	// foreign are other people's consumers on the server.
	foreign []emulator.Consumer

	// deviates says that the server differs from what the provider assumes.
	deviates bool
	// profile is the API profile of the provider.
	profile *profile.Profile
	traits

	// orphans are the consumers that are neither in state nor somebody else's, and
	// whether a diagnostic has named their keys since.
	orphans map[string]bool
	// named are the names about which a run has said that they may exist.
	named map[string]bool
	// runs and failures count the runs of Terraform, and those that failed.
	runs, failures int

	// wanted is the configuration of the current run, and settling says that it has no
	// faults.
	wanted   configuration
	settling bool
	// passed is the time that has passed for the provider alone.
	passed atomic.Int64

	// owned are the keys in state before the current run, tainted the addresses of
	// tainted resources, and seen the consumers on the server, by key.
	owned, tainted map[string]bool
	seen           map[string]emulator.Consumer

	mu     sync.Mutex // guards the following fields
	names  map[string]string
	counts map[label]int
	// touched are the keys of our consumers that somebody else has changed in the
	// current run.
	touched map[string]bool
	// listing are the keys that a list of the current process shows, listed those of
	// lists that have arrived, and shown those that were listed before a registration of
	// a name left.
	listing    map[label][]emulator.Consumer
	listed     map[string]bool
	shown      map[string]map[string]bool
	trace      []label
	fired      []fault
	violations []string
	// arrived counts the sign-ins with a response that has arrived whole.
	arrived int
	cookies []string
	// postponed are registrations that the server will receive later, by name.
	postponed map[string]func()
	log       strings.Builder
}

// newWorld starts a server.
func newWorld(config emulator.Config, s schedule, from checkpoint) (*world, error) {
	if s.oneSeat {
		config.Seats = 1
	}
	if s.prefixREST {
		config.RESTPathPrefix = "/rest"
	}
	if s.prefixWebApp {
		config.WebAppPathPrefix = "/platform"
	}
	server, err := emulator.Start(config)
	if err != nil {
		return nil, err
	}
	w := &world{
		server: server, schedule: s, profile: profile.BuiltIn(), state: maps.Clone(from.state),
		orphans: map[string]bool{}, named: map[string]bool{},
		names: map[string]string{}, counts: map[label]int{}, postponed: map[string]func(){},
	}
	maps.Copy(w.names, from.names)
	for _, c := range from.consumers {
		server.AddConsumer(c)
		if slices.Contains(foreign, c) {
			w.foreign = append(w.foreign, c)
		}
	}
	return w, nil
}

// Write takes the log.
func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) violate(format string, arguments ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations = append(w.violations, fmt.Sprintf(format, arguments...))
}

// violated returns what has been violated so far.
func (w *world) violated() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.violations)
}

// traced returns the requests so far, sorted.
func (w *world) traced() []label {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(slices.Values(w.trace), func(a, b label) int { return strings.Compare(a.String(), b.String()) })
}

// keyOf is the key of a resource in state.
func (w *world) keyOf(address string) string { return w.state[address].attributes.text("key") }

// owns says whether a resource in state has this key.
func (w *world) owns(key string) bool {
	for address := range w.state {
		if w.keyOf(address) == key {
			return true
		}
	}
	return false
}

// run runs terraform apply for a step and checks what must hold after every run.
func (w *world) run(s step, attempt int) outcome {
	if attempt == 1 && s.before != nil {
		s.before(w.server, w.keyOf)
	}
	w.seen, w.owned, w.tainted, w.touched = map[string]emulator.Consumer{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	w.wanted = s.config
	for _, c := range w.server.Consumers() {
		w.seen[c.Key] = c
	}
	for address, stored := range w.state {
		w.owned[w.keyOf(address)] = true
		w.tainted[address] = stored.tainted
	}
	w.mu.Lock()
	opened, arrived, fired, before := w.server.SessionsOpened(), w.arrived, len(w.fired), len(w.violations)
	w.mu.Unlock()

	result := w.apply(s.name, attempt, s.config)
	w.runs++
	if result.failed {
		w.failures++
	}

	w.mu.Lock()
	lost, faults := w.server.SessionsOpened()-opened-(w.arrived-arrived), slices.Clone(w.fired[fired:])
	w.mu.Unlock()
	w.checkSessions(lost, faults)
	w.checkAdoptions(result.text())
	w.checkNothingLost(result.text(), faults)
	w.checkTaint(faults)
	w.checkSecrets(result.text())
	w.checkWords(&result, faults)
	if !result.failed {
		w.checkAgreement(s.config, result.text(), len(faults) > 0)
	}
	for _, wanted := range s.config {
		w.named[wanted.name] = w.named[wanted.name] || strings.Contains(result.text(), mayExist(wanted.name))
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	for i := before; i < len(w.violations); i++ {
		w.violations[i] = fmt.Sprintf("%s.%d: %s", s.name, attempt, w.violations[i])
	}
	if len(w.violations) > before {
		w.violations = append(w.violations, "what the user read:\n"+result.text(), "what was sent:\n"+w.requests())
	}
	w.forget()
	return result
}

// forget ends the sessions that are still open: they time out before the user runs
// Terraform again.
func (w *world) forget() {
	w.server.ExpireSessions()
	w.server.ResetRequests()
}

func (w *world) requests() string {
	var text strings.Builder
	for _, r := range w.server.Requests() {
		fmt.Fprintf(&text, "  %s %s -> %d %s %s\n", r.Method, r.Path, r.Status, r.Fault, r.Fields)
	}
	return text.String()
}

// settle runs a step without faults and checks what must hold then.
func (w *world) settle(s step, attempt int) {
	w.settling = true
	result := w.run(s, attempt)
	if result.failed {
		w.violate("%s.%d failed without a fault: %s", s.name, attempt, result.text())
		return
	}
	w.checkNamed(s, attempt)
	if !result.changed {
		return
	}
	var again outcome
	for address, change := range w.plan(s.name, attempt+1, s.config, &again) {
		if change.action != nothing {
			w.violate("%s.%d: there is still something to do about %s\n%s", s.name, attempt, address, result.text())
		}
	}
	if again.failed {
		w.violate("%s.%d: the plan after it failed: %s", s.name, attempt, again.text())
	}
}
