package simulation

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

func mustDialect(name string) *profile.Profile {
	dialect, err := emulator.Dialect(name)
	must(err)
	return dialect
}

// TestPairs has the provider believe a profile that the server does not speak: each
// dialect against the built-in profile, both ways. It is refused.
func TestPairs(t *testing.T) {
	t.Parallel()
	for _, name := range emulator.Dialects() {
		dialect := mustDialect(name)
		for how, d := range map[string]deviation{"believed": {believed: dialect}, "spoken": {spoken: dialect}} {
			t.Run(name+"/"+how, func(t *testing.T) {
				t.Parallel()
				_, refusals, violations := deviate(d, schedule{})
				reportDeviation(t, schedule{}, refusals, violations)
				if len(refusals) == 0 {
					t.Error("works")
				}
			})
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
			for range 12 {
				dialectWithFault(t, name, kinds[random.IntN(len(kinds))], 1+random.IntN(12), random.IntN(3))
			}
		})
	}
}

// dialectWithFault injects a fault into the nth call about consumers. One of the
// servers can be behind a reverse proxy.
func dialectWithFault(t *testing.T, name string, kind emulator.FaultKind, nth, behindProxy int) {
	t.Helper()
	dialect := mustDialect(name)
	config := emulator.Config{RewriteCookies: true}
	must(config.SetDialect(name))
	switch behindProxy {
	case 1:
		config.RESTPathPrefix = "/rest"
	case 2:
		config.WebAppPathPrefix = "/platform"
	}
	w, err := newWorld(config, schedule{}, checkpoint{consumers: foreign})
	must(err)
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
	if open := w.server.PlatformSessions(); len(open) > 0 {
		w.violate("sessions of the platform are open: %+v", open)
	}
	if violations := w.violated(); len(violations) > 0 {
		t.Errorf("%s, call %d, proxy %d, -simulation.seed=%d:\n%s", kind, nth, behindProxy, seed(), strings.Join(violations, "\n"))
	}
}
