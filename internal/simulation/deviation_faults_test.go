package simulation

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/deviation"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// faultsPerDeviation is how many schedules are drawn for each deviation.
const faultsPerDeviation = 4

// TestDeviations_withFaults lets one fault befall a request to a server that
// differs.
func TestDeviations_withFaults(t *testing.T) {
	t.Parallel()
	seed := *flagSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	for i, d := range deviation.All() {
		if d.Once {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			empty := random.IntN(2) == 0
			w, _ := deviate(t, d, empty, schedule{})
			trace := w.network.traced()
			slices.SortFunc(trace, func(a, b label) int { return strings.Compare(a.String(), b.String()) })
			if len(trace) == 0 {
				return // The server does not even hear of it.
			}
			for range faultsPerDeviation {
				l := trace[random.IntN(len(trace))]
				kinds := kindsFor(l)
				f := fault{l, kinds[random.IntN(len(kinds))]}
				if f.kind == notFound && f.reads() {
					continue // Nothing is left that could prove the opposite.
				}
				s := schedule{}.with(f)
				if w, refusals := deviate(t, d, empty, s); len(w.violations) > 0 {
					t.Errorf("%s, -simulation.seed=%d:\n%s\n%s", s, seed, strings.Join(w.violations, "\n"), strings.Join(refusals, "\n"))
				}
			}
		})
	}
}

// TestDialects_withFaults lets faults befall the calls of a server that speaks a
// dialect, with the profile that fits. A step is run until it succeeds.
func TestDialects_withFaults(t *testing.T) {
	t.Parallel()
	seed := *flagSeed
	for seed == 0 {
		seed = rand.Uint64()
	}
	kinds := slices.DeleteFunc(twcloudtest.AllFaultKinds(), func(k twcloudtest.FaultKind) bool {
		// The scenario's own simulation has what ends a session and what waits.
		return slices.Contains([]twcloudtest.FaultKind{twcloudtest.Unauthorized401, twcloudtest.Hang, twcloudtest.HangAfter}, k)
	})
	for i, name := range twcloudtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for range 4 * faultsPerDeviation {
				dialectWithFault(t, name, kinds[random.IntN(len(kinds))], 1+random.IntN(12))
			}
		})
	}
}

// dialectWithFault has the nth call that is about consumers go wrong.
func dialectWithFault(t *testing.T, name string, kind twcloudtest.FaultKind, nth int) {
	t.Helper()
	dialect, err := twcloudtest.Dialect(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorldWith(twcloudtest.Config{Profile: dialect}, schedule{}, checkpoint{consumers: foreign})
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	w.profile = dialect
	var calls atomic.Int64
	w.server.Inject(twcloudtest.Fault{Kind: kind, Match: func(r twcloudtest.Request) bool {
		return r.Call != "" && calls.Add(1) == int64(nth)
	}})
	for _, step := range deviant {
		outcome := w.run(step, 1)
		for attempt := 2; outcome.failed && attempt < 5; attempt++ {
			outcome = w.run(step, attempt)
		}
		if outcome.failed {
			t.Errorf("%s, call %d: %s does not succeed: %s", kind, nth, step.name, outcome.text())
		}
	}
	if len(w.violations) > 0 {
		t.Errorf("%s, call %d:\n%s", kind, nth, strings.Join(w.violations, "\n"))
	}
}
