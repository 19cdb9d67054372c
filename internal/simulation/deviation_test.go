package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/deviation"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

const (
	// faultsPerDeviation is how many schedules are drawn for each deviation.
	faultsPerDeviation = 4
	// maxRequests is how many requests one run may send to a server that deviates.
	maxRequests = 80
)

// deviant is what a user does with a server that deviates: register four, change
// all of them, destroy.
var deviant = func() []step {
	first, changed := configuration{}, configuration{}
	for _, name := range []string{"Alpha One", "Beta Two", "Gamma Three", "Delta Four"} {
		address := strings.ToLower(name[:strings.IndexByte(name, ' ')])
		first[address] = consumer{name: name, approved: true, secret: secretMark + address + "-1"}
		changed[address] = consumer{name: name + " New", approved: true, secret: secretMark + address + "-2"}
	}
	return []step{{name: "create", config: first}, {name: "change", config: changed}, {name: "destroy", config: configuration{}}}
}()

// TestDeviations runs every deviation, on an empty server and on one with other
// people's consumers, and then one of these with a fault. Nothing is lost, orphaned
// or registered twice, and what does not work is refused with a message that says
// what to do.
func TestDeviations(t *testing.T) {
	t.Parallel()
	for i, d := range deviation.All() {
		// The faults are the same in every run, unless a seed is given: on a server that
		// deviates, a random fault can leave no proof of what exists.
		random := rand.New(rand.NewPCG(*flagSeed, uint64(i)))
		withFaults := random.IntN(2) == 0
		for name, empty := range map[string]bool{"empty": true, "with others": false} {
			t.Run(d.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				trace, refusals := deviate(t, d, empty, schedule{})
				t.Log(strings.Join(refusals, "\n"))
				if works := len(refusals) == 0; works != d.Works.On(empty) {
					t.Errorf("works: %t, want %t", works, d.Works.On(empty))
				}
				if d.Once || empty != withFaults || len(trace) == 0 {
					return // A server without a trace never receives a request.
				}
				for range faultsPerDeviation {
					f := draw(random, trace)
					if unprovable(d, f) {
						continue
					}
					deviate(t, d, empty, schedule{}.with(f))
				}
			})
		}
	}
}

// unprovable reports whether a fault takes away the last proof: a list or read that is
// refused or a registration that is made late, on a server that hides consumers; the
// end of the process, on a server that shows a consumer later.
func unprovable(d deviation.Deviation, f fault) bool {
	switch f.kind {
	case notFound, kind(emulator.Forbidden403.String()):
		return f.reads()
	case late:
		return strings.HasPrefix(d.Name, "paged-unannounced")
	case killedBefore, killedAfter:
		return d.Lags || strings.Contains(d.Name, "later")
	}
	return false
}

// deviate runs the steps of a user with a server that deviates. The user tries each
// step three times, and goes on. It returns the requests, and what the user read
// about failures.
func deviate(t *testing.T, d deviation.Deviation, empty bool, s schedule) (trace []label, refusals []string) {
	t.Helper()
	var from checkpoint
	if !empty {
		from.consumers = slices.Concat(foreign, d.Others)
	}
	var config emulator.Config
	if d.Setup != nil {
		d.Setup(&config)
	}
	w, err := newWorld(config, s, from)
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	w.deviation = deviation.NewStandIn(d, w.server).Transport
	w.unseen, w.renames = d.Unseen, d.Renames
	calm := len(s.faults) == 0
	refused := func(when string, result outcome) {
		refusal := when + ": no error"
		if i := slices.IndexFunc(result.diagnostics, isError); i >= 0 {
			first := result.diagnostics[i]
			refusal = fmt.Sprintf("%s: %s: %s", when, first.Summary, strings.ReplaceAll(first.Detail, "\n\n", " | "))
		}
		refusals = append(refusals, refusal)
		if calm {
			w.checkAdvice(when, result)
		}
	}
	defer func() {
		if violations := w.violated(); len(violations) > 0 {
			t.Errorf("%s, -simulation.seed=%d:\n%s\n%s", s, *flagSeed, strings.Join(violations, "\n"), strings.Join(refusals, "\n"))
		}
	}()
	for i, step := range deviant {
		if i == 1 && len(w.state) == 0 {
			break // There is nothing to change.
		}
		for attempt := 1; attempt <= 3; attempt++ {
			before := len(w.traced())
			result := w.run(step, attempt)
			if sent := len(w.traced()) - before; calm && sent > maxRequests {
				w.violate("%s.%d: %d requests", step.name, attempt, sent)
			}
			created := len(w.server.Consumers()) - len(w.foreign)
			if calm && i == 0 && attempt == 1 && len(w.state) == 0 && created > 1 {
				w.violate("%s.%d: %d consumers were registered, and state is empty", step.name, attempt, created)
			}
			if !result.failed {
				break
			}
			refused(fmt.Sprintf("%s.%d", step.name, attempt), result)
			if calm && d.Once {
				return w.traced(), refusals
			}
		}
		if !calm || len(refusals) > 0 || i == len(deviant)-1 {
			continue
		}
		// There is nothing left to do, unless a change shows later.
		var result outcome
		changes := w.plan(step.name, 9, step.config, &result)
		if result.failed {
			refused("the plan after "+step.name, result)
		}
		for address, c := range changes {
			if c.action != nothing && !result.failed && (!d.Lags || c.action != update) {
				w.violate("the plan after %s: there is still something to do about %s", step.name, address)
			}
		}
		w.forget()
	}
	return w.traced(), refusals
}

// advises are the words with which an error says what to do.
var advises = []string{
	"When your server differs", "import", "untaint", "Check ", "Apply again", "apply again", "Write the name", "Fix the first error", "See the error",
	"Remove ", "Change the configuration", "Ask an administrator",
}

func (w *world) checkAdvice(when string, result outcome) {
	for _, d := range result.diagnostics {
		if isError(d) && !slices.ContainsFunc(advises, func(words string) bool { return strings.Contains(d.Detail, words) }) {
			w.violate("%s: an error does not say what to do: %s\n%s", when, d.Summary, d.Detail)
		}
	}
}

// TestDialects_withFaults injects faults into the calls of a server that speaks a
// dialect, with the profile that fits. A step is run until it succeeds.
func TestDialects_withFaults(t *testing.T) {
	t.Parallel()
	kinds := slices.DeleteFunc(emulator.AllFaultKinds(), func(k emulator.FaultKind) bool {
		// TestSimulation has the faults that end a session, and those that wait.
		return slices.Contains([]emulator.FaultKind{emulator.Unauthorized401, emulator.Hang, emulator.HangAfter}, k)
	})
	for i, name := range emulator.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed(), uint64(i)))
			for range 4 * faultsPerDeviation {
				dialectWithFault(t, name, kinds[random.IntN(len(kinds))], 1+random.IntN(12))
			}
		})
	}
}

// dialectWithFault injects a fault into the nth call about consumers.
func dialectWithFault(t *testing.T, name string, kind emulator.FaultKind, nth int) {
	t.Helper()
	dialect, err := emulator.Dialect(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(emulator.Config{Profile: dialect}, schedule{}, checkpoint{consumers: foreign})
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	w.profile = dialect
	var calls atomic.Int64
	w.server.Inject(emulator.Fault{Kind: kind, Match: func(r emulator.Request) bool {
		return r.Call != "" && calls.Add(1) == int64(nth)
	}})
	for _, step := range deviant {
		result := w.run(step, 1)
		for attempt := 2; result.failed && attempt < 5; attempt++ {
			result = w.run(step, attempt)
		}
		if result.failed {
			w.violate("%s does not succeed: %s", step.name, result.text())
		}
	}
	if violations := w.violated(); len(violations) > 0 {
		t.Errorf("%s, call %d:\n%s", kind, nth, strings.Join(violations, "\n"))
	}
}
