package simulation

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

var (
	flagSchedules = flag.Int("simulation.schedules", 150, "how many schedules with two or three faults to draw, besides all those with one")
	flagSeed      = flag.Uint64("simulation.seed", 1, "what to draw them from; 0 draws the seed as well")
	flagReplay    = flag.String("simulation.replay", "", "a schedule to run, instead of all others")
)

func TestMain(m *testing.M) {
	// The simulation makes much garbage and keeps little.
	debug.SetGCPercent(1600)
	os.Exit(m.Run())
}

// seed is the seed of the whole run. It is fixed by default: a test fails for what a change
// has done. A scheduled workflow draws others.
var seed = sync.OnceValue(func() uint64 {
	if *flagSeed != 0 {
		return *flagSeed
	}
	return 1 + rand.Uint64N(1<<63)
})

// result is what came of a schedule.
type result struct {
	schedule   schedule
	trace      []label
	violations []string
	runs       int
	// failed says that a run with faults has failed, tainted that something is tainted
	// after it.
	failed, tainted bool
	// unmet counts the faults that fired for no request.
	unmet int
}

// run runs a schedule, from the checkpoint before the first step with a fault
// until all faults have fired and the user has applied once more.
func run(s schedule, checkpoints []checkpoint) (r result) {
	r.schedule = s
	first, last := len(scenario)-1, 0
	for _, f := range s.faults {
		first, last = min(first, stepIndex(f.step)), max(last, stepIndex(f.step))
	}
	first = min(first, last)
	w, err := newWorld(emulator.Config{}, s, checkpoints[first])
	if err != nil {
		r.violations = []string{err.Error()}
		return r
	}
	defer w.server.Close()
	for i, step := range scenario[first : last+1] {
		attempts := max(1, s.attempts(step.name))
		if s.has(func(f fault) bool { return f.step == step.name && f.ends() }) && first+i < last {
			// After a kill, the user applies the same step again.
			attempts++
		}
		for attempt := range attempts {
			w.run(step, attempt+1)
		}
	}
	r.failed = w.failures > 0
	kept := map[string]string{}
	for address, stored := range w.state {
		if stored.tainted {
			r.tainted = true
			if s.untaint {
				// The end of the process can hide that the consumer was removed.
				if c, exists := w.server.Consumer(w.keyOf(address)); exists {
					kept[address] = c.Key
				}
				stored.tainted = false
				w.state[address] = stored
			}
		}
	}
	switch onlyRead := len(s.faults) == 1 && s.has(fault.reads); {
	case onlyRead && !r.failed:
		// The run has been as good as one without a fault.
	case s.onward && last+1 < len(scenario):
		w.settle(scenario[last+1], 1)
	default:
		w.settle(scenario[last], s.attempts(scenario[last].name)+1)
	}
	for address, key := range kept {
		if now := w.keyOf(address); now != key && !s.has(func(f fault) bool { return f.kind == othersRemove }) {
			w.violate("%s was untainted, and has the key %q instead of %q", address, now, key)
		}
	}
	r.trace, r.violations, r.runs = w.traced(), w.violated(), w.runs
	r.unmet = len(s.faults) - len(w.fired)
	return r
}

// faultFree runs the scenario without faults, and returns the checkpoint before
// each step and all requests.
func faultFree(t *testing.T, s schedule) (checkpoints []checkpoint, trace []label) {
	t.Helper()
	w, err := newWorld(emulator.Config{}, s, checkpoint{consumers: foreign})
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	for _, step := range scenario {
		checkpoints = append(checkpoints, checkpoint{w.server.Consumers(), maps.Clone(w.state), maps.Clone(w.names)})
		if outcome := w.run(step, 1); outcome.failed {
			t.Fatalf("%s: %s", step.name, outcome.text())
		}
	}
	if violations := w.violated(); len(violations) > 0 {
		t.Fatal("without a fault:\n", strings.Join(violations, "\n"))
	}
	if logins, logouts := w.server.Logins(), w.server.Logouts(); logins != logouts || !s.unknown && logins != 2*len(scenario) {
		t.Fatalf("without a fault: %d logins, %d logouts", logins, logouts)
	}
	return checkpoints, w.traced()
}

// all runs schedules in parallel, most of which wait for time-outs. It returns the
// results in the order of the schedules.
func all(schedules []schedule, do func(schedule) []result) []result {
	results := make([][]result, len(schedules))
	slots := make(chan struct{}, 2*runtime.GOMAXPROCS(0))
	var working sync.WaitGroup
	for i, s := range schedules {
		slots <- struct{}{}
		working.Go(func() {
			results[i] = do(s)
			<-slots
		})
	}
	working.Wait()
	return slices.Concat(results...)
}

// TestSimulation injects every kind of fault into every request of the scenario,
// and then several faults drawn at random into one run.
func TestSimulation(t *testing.T) {
	began := time.Now()
	checkpoints, base := faultFree(t, schedule{oneSeat: true})
	// The provider reads the consumer of the first registration if it is not approved.
	// Which registration is the first differs from run to run.
	for !slices.ContainsFunc(base, func(l label) bool { return l.step == "create" && l.looks() }) {
		checkpoints, base = faultFree(t, schedule{oneSeat: true})
	}

	if *flagReplay != "" {
		s, err := parseSchedule(*flagReplay)
		if err != nil {
			t.Fatal(err)
		}
		report(t, run(s, checkpoints))
		return
	}

	var singles []schedule
	for i, l := range base {
		if scenario[stepIndex(l.step)].like != "" {
			continue
		}
		for j, k := range kindsFor(l) {
			n := i + j
			singles = append(singles, schedule{oneSeat: n%2 == 1, oneSlot: n%3 == 0, prefixREST: n%5 == 0, prefixWebApp: n%7 == 0}.with(fault{l, k}))
		}
	}
	results := all(singles, func(s schedule) []result {
		results := []result{run(s, checkpoints)}
		unmet := func() bool { return results[0].unmet > 0 && !s.faults[0].looks() }
		if unmet() { // On a busy machine, another request can time out before.
			results[0] = run(s, checkpoints)
		}
		if unmet() {
			results[0].violations = append(results[0].violations, "the fault fired for no request")
		}
		// What was only read is the same whatever the user does next.
		if wrote := !s.has(fault.reads); wrote && results[0].failed && !s.has(fault.ends) {
			onward := s
			onward.onward = true
			results = append(results, run(onward, checkpoints))
		}
		if results[0].tainted {
			s.untaint = true
			results = append(results, run(s, checkpoints))
		}
		return results
	})
	single := len(results)

	pairs := all(agedLists(base), func(s schedule) []result { return []result{run(s, checkpoints)} })
	results = append(results, pairs...)

	// Where values are not known at plan, other requests are sent.
	unknown := schedule{unknown: true}
	_, trace := faultFree(t, unknown)
	results = append(results, slices.Repeat([]result{{schedule: unknown, trace: trace}}, len(results)/10)...)

	random := rand.New(rand.NewPCG(seed(), 0))
	// Each round adds a fault to a request of an earlier schedule. Some of these
	// requests are sent only because of its faults.
	for _, share := range []int{*flagSchedules * 3 / 4, *flagSchedules - *flagSchedules*3/4} {
		var drawn []schedule
		for range share {
			from := results[random.IntN(len(results))]
			if len(from.trace) == 0 {
				continue // The emulator did not start.
			}
			f := draw(random, from.trace)
			for from.schedule.on(f.label) != "" {
				f = draw(random, from.trace)
			}
			s := from.schedule.with(f)
			// After a kill, the user applies the same step again.
			s.onward = s.onward && !s.has(fault.ends)
			drawn = append(drawn, s)
		}
		results = append(results, all(drawn, func(s schedule) []result { return []result{run(s, checkpoints)} })...)
	}

	var runs, violated, unmet, byOthers int
	for _, r := range results {
		runs += r.runs
		unmet += r.unmet
		if r.schedule.has(func(f fault) bool { return f.kind.byOthers() }) {
			byOthers++
		}
		if len(r.violations) > 0 {
			if violated++; violated <= 5 {
				report(t, r)
			}
		}
	}
	results = slices.DeleteFunc(results, func(r result) bool { return len(r.schedule.faults) == 0 })
	conclude(fmt.Sprintf("simulation: %d schedules (%d with one fault, %d with more, %d of them by others, seed %d), %d runs of Terraform, %d violations (%s)",
		len(results), single, len(results)-single, byOthers, seed(), runs, violated, time.Since(began).Round(time.Second)))
	if unmet > 0 {
		t.Logf("%d faults fired for no request", unmet)
	}
	if violated > 0 {
		t.Errorf("%d of %d schedules violated what must hold, with -simulation.seed=%d", violated, len(results), seed())
	}
}

// report reports how a schedule failed.
func report(t *testing.T, r result) {
	t.Helper()
	if len(r.violations) == 0 {
		t.Logf("%s: no violation", r.schedule)
		return
	}
	t.Errorf("%s\n\nRun it again:\n  go test ./internal/simulation -run TestSimulation -simulation.replay='%s'\n",
		strings.Join(r.violations, "\n"), r.schedule)
}

// conclude writes the result where make can show it: go test doesn't print the
// output of a test that has passed.
func conclude(line string) {
	fmt.Println(line)
	if name := os.Getenv("SIMULATION_SUMMARY"); name != "" {
		must(os.WriteFile(name, []byte(line+"\n"), 0o644))
	}
}
