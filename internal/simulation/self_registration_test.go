package simulation

import (
	"math/rand/v2"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// selfRegistered is what a user and a person do with self-registration: one registers,
// the other approves; the person sets new secrets, and the user follows, and renames one;
// the person removes one, and the user lets it go.
var selfRegistered = func() []step {
	waiting := configuration{
		"alpha": {name: "alpha", byPerson: true, secret: secretMark + "alpha-1"},
		"beta":  {name: "beta", byPerson: true, secretWO: secretMark + "beta-1", version: 1},
		"gamma": {name: "gamma", byPerson: true, secretWO: secretMark + "gamma-1"},
	}
	active := configuration{}
	for address, one := range waiting {
		one.approved = true
		active[address] = one
	}
	rotated := configuration{
		"alpha": {name: "alpha", approved: true, byPerson: true, secret: secretMark + "alpha-2"},
		"beta":  {name: "beta", approved: true, byPerson: true, secretWO: secretMark + "beta-2", version: 2},
		"gamma": {name: "gamma two", approved: true, byPerson: true, secretWO: secretMark + "gamma-2"},
	}
	left := configuration{"beta": rotated["beta"], "gamma": rotated["gamma"]}
	return []step{
		{name: "create", config: waiting},
		{name: "approve", config: active, before: func(server *emulator.Server, keyOf func(string) string) {
			for address := range active {
				server.UpdateConsumer(keyOf(address), func(c *emulator.Consumer) { c.Approved = true })
			}
		}},
		{name: "rotate", config: rotated, before: func(server *emulator.Server, keyOf func(string) string) {
			for address, one := range rotated {
				server.UpdateConsumer(keyOf(address), func(c *emulator.Consumer) { c.Name, c.Secret = one.name, one.wantedSecret() })
			}
		}},
		{name: "leave", config: left, before: func(server *emulator.Server, keyOf func(string) string) {
			server.RemoveConsumer(keyOf("alpha"))
		}},
	}
}()

// selfRegister runs the steps with a server that has nothing but self-registration. The
// user tries each step three times. It returns the requests, and what was violated.
func selfRegister(s schedule) (trace []label, violations []string) {
	w, err := newWorld(emulator.Config{}, s, checkpoint{consumers: foreign})
	must(err)
	defer w.server.Close()
	w.profile = profile.Named(profile.SelfRegistration)
	for _, step := range selfRegistered {
		for attempt := 1; ; attempt++ {
			result := w.run(step, attempt)
			if !result.failed {
				break
			}
			if attempt == 3 || len(s.faults) == 0 {
				w.violate("%s.%d does not succeed: %s", step.name, attempt, result.text())
				return w.traced(), w.violated()
			}
		}
	}
	// The last run was without faults, or nothing was left to do.
	var result outcome
	for address, c := range w.plan("leave", 9, selfRegistered[len(selfRegistered)-1].config, &result) {
		if c.action == update && !s.has(func(f fault) bool { return f.step == "leave" }) {
			w.violate("there is still something to do about %s", address)
		}
	}
	if opened := w.server.SessionsOpened(); opened > 0 {
		w.violate("%d sessions were opened", opened)
	}
	sent := map[label]int{}
	for _, l := range w.traced() {
		l.occurrence = 0
		if sent[l]++; l.call == "register" && sent[l] > 1 && !s.has(func(f fault) bool { return f.call == "register" && unprocessed(f.kind) }) {
			w.violate("%s: registered %d times in one run", l, sent[l])
		}
	}
	return w.traced(), w.violated()
}

// unprocessed says whether a fault certainly leaves a registration unprocessed, so that
// it may be sent again.
func unprocessed(k kind) bool {
	return k == refused || k == kind(emulator.TooManyRequests.String())
}

// TestSelfRegistration_withFaults injects every kind of fault into each registration, and
// faults into other requests.
func TestSelfRegistration_withFaults(t *testing.T) {
	t.Parallel()
	trace, violations := selfRegister(schedule{})
	if len(violations) > 0 {
		t.Fatal(violations)
	}
	random := rand.New(rand.NewPCG(seed(), 17))
	schedules := []schedule{}
	for _, l := range trace {
		for _, k := range kindsFor(l) {
			// The others have no list to change, and TestSimulation has those that wait.
			if !k.slow() && !k.byOthers() && (l.call == "register" || random.IntN(8) == 0) {
				schedules = append(schedules, schedule{}.with(fault{l, k}))
			}
		}
	}
	violated := 0
	for _, r := range all(schedules, func(s schedule) []result {
		_, violations := selfRegister(s)
		return []result{{schedule: s, violations: violations}}
	}) {
		if len(r.violations) > 0 {
			if violated++; violated <= 5 {
				reportDeviation(t, r.schedule, nil, r.violations)
			}
		}
	}
	t.Logf("%d schedules, %d violated", len(schedules), violated)
}
