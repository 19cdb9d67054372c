package simulation

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// checkpoint is all there is before a step: the server's consumers and
// Terraform's state.
type checkpoint struct {
	consumers []twcloudtest.Consumer
	state     map[string]instance
	names     map[string]string
}

// world is one schedule under way: a server, Terraform, and what is to be proven
// of them.
type world struct {
	*core
	// foreign are the consumers of other people that are on the server.
	foreign []twcloudtest.Consumer
	// unseen says that the server does what nobody can see, so it need not agree.
	unseen bool
	// renames says that the server stores other names.
	renames bool
	// orphans are the consumers that are neither in state nor somebody else's, and
	// whether a diagnostic has told their keys since.
	orphans map[string]bool
	// named are the names of which a run has told that they may exist.
	named map[string]bool
	// owned are the keys in state before the run under way.
	owned map[string]bool
	// seen are the consumers that were on the server before the run under way, by
	// key, and tainted are the resources that were.
	seen       map[string]twcloudtest.Consumer
	tainted    map[string]bool
	violations []string
	// runs and failures count the runs of Terraform, and those that failed.
	runs, failures int
}

func newWorld(s schedule, from checkpoint) (*world, error) {
	return newWorldWith(twcloudtest.Config{}, s, from)
}

// newWorldWith has a server that is set up in another way.
func newWorldWith(config twcloudtest.Config, s schedule, from checkpoint) (*world, error) {
	config.Seats = s.seats
	server, err := twcloudtest.Start(config)
	if err != nil {
		return nil, err
	}
	for _, c := range from.consumers {
		server.AddConsumer(c)
	}
	others := slices.DeleteFunc(slices.Clone(from.consumers), func(c twcloudtest.Consumer) bool { return !strings.HasPrefix(c.Key, "foreign-") })
	names := maps.Clone(from.names)
	if names == nil {
		names = map[string]string{}
	}
	return &world{
		core: &core{
			server:  server,
			network: &network{server: server, schedule: s, names: names, counts: map[label]int{}, postponed: map[string]func(){}},
			logs:    &safeBuffer{},
			types:   schemaTypes(),
			state:   maps.Clone(from.state),
		},
		foreign: others,
		orphans: map[string]bool{},
		named:   map[string]bool{},
	}, nil
}

var schemaTypes = sync.OnceValue(func() types {
	schema, err := provider.New("test").Server().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	must(err)
	return types{provider: schema.Provider.ValueType(), consumer: schema.ResourceSchemas[resourceType].ValueType()}
})

func (w *world) checkpoint() checkpoint {
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	return checkpoint{consumers: w.server.Consumers(), state: maps.Clone(w.state), names: maps.Clone(w.network.names)}
}

// untaint is terraform untaint for every resource. It returns the keys of those
// that were tainted, by address.
func (w *world) untaint() map[string]string {
	kept := map[string]string{}
	for address, stored := range w.state {
		if stored.tainted {
			stored.tainted = false
			w.state[address] = stored
			kept[address] = w.keyOf(address)
		}
	}
	return kept
}

// keyOf is the key of a resource in state.
func (w *world) keyOf(address string) string { return w.values(address).Key }

// values are the attributes of a resource in state.
func (w *world) values(address string) (values struct {
	Key      string `json:"key"`
	Name     string `json:"name"`
	Approved bool   `json:"approved"`
	Secret   string `json:"secret"`
},
) {
	if stored, found := w.state[address]; found {
		must(json.Unmarshal(stored.attributes, &values))
	}
	return values
}

func (w *world) violate(format string, arguments ...any) {
	w.violations = append(w.violations, fmt.Sprintf(format, arguments...))
}

// run runs terraform apply for a step and checks what must hold after every run.
func (w *world) run(s step, attempt int) outcome {
	if attempt == 1 && s.before != nil {
		s.before(w.server, w.keyOf)
	}
	w.seen, w.tainted = map[string]twcloudtest.Consumer{}, map[string]bool{}
	for _, c := range w.server.Consumers() {
		w.seen[c.Key] = c
	}
	w.owned = map[string]bool{}
	for address, stored := range w.state {
		w.tainted[address] = stored.tainted
		w.owned[w.keyOf(address)] = true
	}
	w.network.mu.Lock()
	opened, arrived, fired := w.server.SessionsOpened(), w.network.arrived, len(w.network.fired)
	w.network.mu.Unlock()

	result := w.apply(s.name, attempt, s.config)
	w.runs++
	if result.failed {
		w.failures++
	}

	w.network.mu.Lock()
	arrived, befell := w.network.arrived-arrived, slices.Clone(w.network.fired[fired:])
	cookies := slices.Clone(w.network.cookies)
	w.network.mu.Unlock()
	opened = w.server.SessionsOpened() - opened

	before := len(w.violations)
	w.violations = append(w.violations, w.takeProblems()...)
	w.violations = append(w.violations, w.network.takeFindings()...)
	w.checkSessions(opened-arrived, befell)
	w.checkNothingLost(&result, befell)
	defer w.noteNames(s.config, result.text())
	w.checkTaint(befell)
	w.checkSilence(&result, cookies)
	w.checkWords(&result, befell)
	if !result.failed {
		w.checkAgreement(s.config)
	}
	for i := before; i < len(w.violations); i++ {
		w.violations[i] = fmt.Sprintf("%s.%d: %s", s.name, attempt, w.violations[i])
	}
	if len(w.violations) > before {
		w.violations = append(w.violations, "what the user read:\n"+result.text(), "what was sent:\n"+w.requests())
	}
	// What is still open times out before the user runs Terraform again.
	w.server.ExpireSessions()
	w.server.ResetRequests()
	return result
}

func (w *world) requests() string {
	var text strings.Builder
	for _, r := range w.server.Requests() {
		fmt.Fprintf(&text, "  %s %s -> %d %s %s\n", r.Method, r.Path, r.Status, r.Fault, r.Fields)
	}
	return text.String()
}

// checkSessions: every session is logged out, but those whose login was answered
// in vain, and those of a process that was killed.
func (w *world) checkSessions(lost int, befell []fault) {
	allowed := lost
	for _, f := range befell {
		if f.kind == killedBefore || f.kind == killedAfter {
			allowed++
		}
	}
	if open := w.server.OpenSessions(); open > allowed {
		w.violate("%d sessions are open, %d of them were told to nobody", open, lost)
	}
}

// checkNothingLost: every consumer on the server is in state, or somebody else's,
// or its key has been told. No two resources have one key.
func (w *world) checkNothingLost(result *outcome, befell []fault) {
	owner := map[string]string{}
	for address := range w.state {
		key := w.keyOf(address)
		if other, taken := owner[key]; taken {
			w.violate("%s and %s have the same key", address, other)
		}
		owner[key] = address
	}
	text := result.text()
	ended := slices.ContainsFunc(befell, fault.ends)
	for _, c := range w.server.Consumers() {
		if i := slices.IndexFunc(w.foreign, func(f twcloudtest.Consumer) bool { return f.Key == c.Key }); i >= 0 {
			if w.foreign[i] != c {
				w.violate("somebody else's consumer was changed to %+v", c)
			}
			continue
		}
		if owner[c.Key] != "" {
			delete(w.orphans, c.Key)
			continue
		}
		if w.owned[c.Key] {
			w.violate("consumer %q (key %q) is on the server, and state has lost it", c.Name, c.Key)
		}
		told, known := w.orphans[c.Key]
		w.orphans[c.Key] = told || strings.Contains(text, c.Key)
		switch {
		case w.orphans[c.Key], known:
		case ended && w.seen[c.Key].Key == "":
			// The next run must tell.
		case w.renames && strings.Contains(text, "may exist on the server"):
			// It has another name than the one that the provider knows and tells.
			w.orphans[c.Key] = true
		case w.unseen, w.deviation != nil && w.named[c.Name]:
			// The server has kept quiet, or was late: an earlier run has told the name.
			w.orphans[c.Key] = true
		case strings.Contains(text, mayExist(c.Name)):
			// The list could not be read: the next run must tell the key.
		case strings.Contains(text, "could not check whether the first attempt left another one behind"):
			// Nor could it be read afterwards: the user is told to look, and no run will
			// register this name again.
			w.orphans[c.Key] = true
		default:
			w.violate("consumer %q (key %q) is on the server and nobody knows", c.Name, c.Key)
		}
	}
	for _, f := range w.foreign {
		if _, found := w.server.Consumer(f.Key); !found {
			w.violate("somebody else's consumer %q was removed", f.Name)
		}
	}
}

// mayExist is what the provider says when it cannot tell a key.
func mayExist(name string) string {
	return fmt.Sprintf("A consumer named %q may exist on the server", name)
}

// noteNames remembers which names a run has told.
func (w *world) noteNames(config configuration, text string) {
	for _, wanted := range config {
		if strings.Contains(text, mayExist(wanted.name)) {
			w.named[wanted.name] = true
		}
	}
}

// checkTaint: Ctrl-C alone leaves nothing tainted.
func (w *world) checkTaint(befell []fault) {
	// A server that deviates may fail an approval by itself.
	if len(befell) == 0 || w.deviation != nil || slices.ContainsFunc(befell, func(f fault) bool { return !f.interrupts() }) {
		return
	}
	for address, stored := range w.state {
		if stored.tainted && !w.tainted[address] {
			w.violate("%s is tainted after Ctrl-C", address)
		}
	}
}

// checkSilence: nothing that was shown or logged holds a secret.
func (w *world) checkSilence(result *outcome, cookies []string) {
	basic := base64.StdEncoding.EncodeToString([]byte(twcloudtest.AdminName + ":" + twcloudtest.AdminPassword))
	for place, text := range map[string]string{"a diagnostic": result.text(), "the log": w.logs.take()} {
		for _, secret := range append(cookies, secretMark, twcloudtest.AdminPassword, basic) {
			if strings.Contains(text, secret) {
				w.violate("%q is in %s", secret, place)
			}
		}
	}
}

// checkWords: where an error says that nothing was done, nothing was done; a
// panic in the handling of a resource asks for a report.
func (w *world) checkWords(result *outcome, befell []fault) {
	// Of a process that is killed nothing is heard, and who has been interrupted
	// does not wait to hear.
	ended := slices.ContainsFunc(befell, fault.ends)
	deaf := ended || slices.ContainsFunc(befell, fault.interrupts)
	for _, f := range befell {
		if !deaf && strings.HasPrefix(string(f.kind), "panic") && !strings.Contains(result.text(), "please report it") {
			w.violate("nobody is asked to report the panic at %s", f.label)
		}
	}
	for _, d := range result.diagnostics {
		for key, before := range w.seen {
			now, _ := w.server.Consumer(key)
			if strings.Contains(d.Detail, key) && strings.Contains(d.Detail, "Nothing was changed.") && now != before {
				w.violate("consumer %q was changed, but the user read: %s", before.Name, d.Detail)
			}
		}
		for _, c := range w.server.Consumers() {
			_, old := w.seen[c.Key]
			owned := slices.ContainsFunc(slices.Collect(maps.Keys(w.state)), func(address string) bool { return w.keyOf(address) == c.Key })
			told := strings.Contains(result.text(), c.Key) || strings.Contains(result.text(), mayExist(c.Name)) || w.deviation != nil && w.named[c.Name]
			if !old && !owned && !ended && !told && strings.Contains(d.Detail, fmt.Sprintf("%q", c.Name)) && strings.Contains(d.Detail, "Nothing was registered.") {
				w.violate("consumer %q was registered, but the user read: %s", c.Name, d.Detail)
			}
		}
	}
}

// checkAgreement: after a run that has reported success, configuration, state
// and server agree.
func (w *world) checkAgreement(config configuration) {
	for address := range w.state {
		if _, wanted := config[address]; !wanted {
			w.violate("%s is in state, but not configured", address)
		}
	}
	for address, wanted := range config {
		stored, found := w.state[address]
		if !found {
			w.violate("%s is configured, but not in state", address)
			continue
		}
		if stored.tainted {
			w.violate("%s is tainted after success", address)
		}
		values := w.values(address)
		there, found := w.server.Consumer(values.Key)
		if !found {
			w.violate("%s is in state, but not on the server", address)
			continue
		}
		if there.Name != wanted.name || there.Approved != wanted.approved {
			w.violate("%s is %q, approved %t on the server", address, there.Name, there.Approved)
		}
		if !w.unseen && there.Secret != wanted.wantedSecret() {
			w.violate("%s has the secret %q on the server, and %q is configured", address, there.Secret, wanted.wantedSecret())
		}
		if values.Name != wanted.name || values.Approved != wanted.approved || values.Secret != wanted.secret {
			w.violate("%s is %+v in state", address, values)
		}
	}
}

// settle runs a step without faults and checks what must hold then.
func (w *world) settle(s step, attempt int) {
	before := len(w.violations)
	result := w.run(s, attempt)
	if result.failed {
		w.violate("%s.%d failed without a fault: %s", s.name, attempt, result.text())
		return
	}
	for key, told := range w.orphans {
		c, there := w.server.Consumer(key)
		again := slices.ContainsFunc(slices.Collect(maps.Values(s.config)), func(wanted consumer) bool { return wanted.name == c.Name })
		if there && !told && again {
			w.violate("%s.%d: consumer %q (key %q) was orphaned, and no run has told since", s.name, attempt, c.Name, key)
		}
	}
	if !result.changed {
		return
	}
	var again outcome
	for address, change := range w.plan(s.name, attempt+1, s.config, &again) {
		if change.action != nothing {
			w.violate("%s.%d: there is still something to do about %s", s.name, attempt, address)
		}
	}
	if again.failed {
		w.violate("%s.%d: the plan after it failed", s.name, attempt)
	}
	if len(w.violations) > before {
		w.violations = append(w.violations, "settling, the user read:\n"+result.text())
	}
}
