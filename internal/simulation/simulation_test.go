package simulation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	flagSchedules = flag.Int("simulation.schedules", 150, "how many schedules with two or three faults to draw, besides all those with one")
	flagSeed      = flag.Uint64("simulation.seed", 0, "what to draw them from; 0 draws the seed as well")
	flagReplay    = flag.String("simulation.replay", "", "a schedule to run, instead of all others")
)

func TestMain(m *testing.M) {
	// The simulation makes much garbage and keeps little.
	debug.SetGCPercent(1600)
	os.Exit(m.Run())
}

// result is what came of a schedule.
type result struct {
	schedule   schedule
	trace      []label
	violations []string
	runs       int
	// failed says that a run with faults has failed.
	failed bool
	// tainted says that something is tainted after that.
	tainted bool
	unmet   int
}

// run runs a schedule, from the checkpoint before the first step with a fault
// until all faults are over and the user has applied once more.
func run(s schedule, checkpoints []checkpoint) (r result) {
	r.schedule = s
	first, last := len(scenario), -1
	for _, f := range s.faults {
		first, last = min(first, stepIndex(f.step)), max(last, stepIndex(f.step))
	}
	if last < 0 {
		first, last = 0, 0
	}
	w, err := newWorld(s, checkpoints[first])
	if err != nil {
		r.violations = []string{err.Error()}
		return r
	}
	defer w.server.Close()
	for _, step := range scenario[first : last+1] {
		attempts := max(1, s.attempts(step.name))
		if s.has(func(f fault) bool { return f.step == step.name && f.ends() }) && step.name != scenario[last].name {
			// After what nobody can know, only the same step may follow.
			attempts++
		}
		for attempt := range attempts {
			w.run(step, attempt+1)
		}
	}
	r.failed = w.failures > 0
	for _, stored := range w.state {
		r.tainted = r.tainted || stored.tainted
	}
	kept := map[string]string{}
	if s.untaint {
		kept = w.untaint()
	}
	switch onlyRead := len(s.faults) == 1 && s.has(fault.reads); {
	case onlyRead && w.failures == 0:
		// The run has been as good as one without a fault.
	case s.onward && last+1 < len(scenario):
		w.settle(scenario[last+1], 1)
	default:
		w.settle(scenario[last], s.attempts(scenario[last].name)+1)
	}
	for address, key := range kept {
		if now := w.keyOf(address); now != key {
			w.violate("%s was untainted, and has the key %q instead of %q", address, now, key)
		}
	}
	r.trace = w.network.traced()
	slices.SortFunc(r.trace, func(a, b label) int { return strings.Compare(a.String(), b.String()) })
	r.unmet = len(s.faults) - len(w.network.fired)
	r.violations = w.violations
	r.runs = w.runs
	return r
}

// faultFree runs the scenario without faults, and returns the checkpoint before
// each step and all requests.
func faultFree(t *testing.T) (checkpoints []checkpoint, trace []label) {
	t.Helper()
	w, err := newWorld(schedule{seats: 1}, checkpoint{consumers: foreign})
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	for _, step := range scenario {
		checkpoints = append(checkpoints, w.checkpoint())
		if outcome := w.run(step, 1); outcome.failed {
			t.Fatalf("%s: %s", step.name, outcome.text())
		}
	}
	if len(w.violations) > 0 {
		t.Fatal("without a fault:\n", strings.Join(w.violations, "\n"))
	}
	if logins, logouts := w.server.Logins(), w.server.Logouts(); logins != logouts || logins != 2*len(scenario) {
		t.Fatalf("without a fault: %d logins, %d logouts", logins, logouts)
	}
	return checkpoints, w.network.traced()
}

// all runs schedules on several goroutines, in which faults wait for time-outs,
// and reports each result in the order of the schedules.
func all[S any](items []S, do func(S) []result) []result {
	results := make([][]result, len(items))
	next := make(chan int)
	var working sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		working.Go(func() {
			for i := range next {
				results[i] = do(items[i])
			}
		})
	}
	for i := range items {
		next <- i
	}
	close(next)
	working.Wait()
	return slices.Concat(results...)
}

// TestSimulation lets every kind of fault befall every request of the scenario,
// and then several faults drawn at random befall a run.
func TestSimulation(t *testing.T) {
	began := time.Now()
	checkpoints, base := faultFree(t)

	if *flagReplay != "" {
		s, err := parseSchedule(*flagReplay)
		if err != nil {
			t.Fatal(err)
		}
		report(t, run(s, checkpoints), checkpoints)
		return
	}

	var singles []schedule
	for i, l := range base {
		if scenario[stepIndex(l.step)].like != "" {
			continue
		}
		for j, k := range kindsFor(l) {
			singles = append(singles, schedule{seats: (i + j) % 2}.with(fault{l, k}))
		}
	}
	results := all(singles, func(s schedule) []result {
		results := []result{run(s, checkpoints)}
		if results[0].unmet > 0 && !s.has(fault.looks) {
			results[0].violations = append(results[0].violations, "the fault befell nothing")
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

	seed := *flagSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	random := rand.New(rand.NewPCG(seed, 0))
	// A fault is added where it can befall: to a request that was sent in
	// consequence of the faults before, or any other.
	for _, share := range []int{*flagSchedules * 3 / 4, *flagSchedules - *flagSchedules*3/4} {
		var drawn []schedule
		for range share {
			from := results[random.IntN(len(results))]
			l := from.trace[random.IntN(len(from.trace))]
			for from.schedule.on(l) != "" {
				l = from.trace[random.IntN(len(from.trace))]
			}
			kinds := kindsFor(l)
			s := from.schedule.with(fault{l, kinds[random.IntN(len(kinds))]})
			// After what nobody can know, only the same step may follow.
			s.onward = s.onward && !s.has(fault.ends)
			drawn = append(drawn, s)
		}
		results = append(results, all(drawn, func(s schedule) []result { return []result{run(s, checkpoints)} })...)
	}

	var runs, violated, unmet int
	for _, r := range results {
		runs += r.runs
		unmet += r.unmet
		if len(r.violations) > 0 {
			if violated++; violated <= 5 {
				report(t, r, checkpoints)
			}
		}
	}
	conclude(fmt.Sprintf("simulation: %d schedules (%d with one fault, %d with more, seed %d), %d runs of Terraform, %d violations (%s)",
		len(results), single, len(results)-single, seed, runs, violated, time.Since(began).Round(time.Second)))
	if unmet > 0 {
		t.Logf("%d faults befell nothing", unmet)
	}
	if violated > 0 {
		t.Errorf("%d of %d schedules violated what must hold, with -simulation.seed=%d", violated, len(results), seed)
	}
}

// report tells how a schedule failed, after taking out of it what is not needed
// to fail.
func report(t *testing.T, r result, checkpoints []checkpoint) {
	t.Helper()
	for i := 0; i < len(r.schedule.faults) && len(r.schedule.faults) > 1; {
		if smaller := run(r.schedule.without(i), checkpoints); len(smaller.violations) > 0 {
			r = smaller
		} else {
			i++
		}
	}
	if len(r.violations) == 0 {
		t.Logf("%s: no violation", r.schedule)
		return
	}
	t.Errorf("%s\n\nRun it again:\n  go test ./internal/simulation -run TestSimulation -simulation.replay='%s'\n",
		strings.Join(r.violations, "\n"), r.schedule)
}

// conclude tells the result where make can show it: go test keeps to itself what
// a test that has passed prints.
func conclude(line string) {
	fmt.Println(line)
	if name := os.Getenv("SIMULATION_SUMMARY"); name != "" {
		must(os.WriteFile(name, []byte(line+"\n"), 0o644))
	}
}
