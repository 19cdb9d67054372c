package simulation

import (
	"math/rand/v2"
	"strings"
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

// faultsPerDialect is how many schedules with one fault are drawn for each dialect.
const faultsPerDialect = 8

// TestDialects_withFaults injects faults into the requests to a server that speaks a
// dialect, with the profile that fits. Each step succeeds in the end.
func TestDialects_withFaults(t *testing.T) {
	t.Parallel()
	for i, name := range emulator.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed(), uint64(i)))
			dialect := mustDialect(name)
			list := dialect.Calls.List.Pages
			d := deviation{believed: dialect, spoken: dialect, fits: true}
			// Otherwise, nothing proves that a consumer is gone.
			d.fits = dialect.Calls.Read != nil || list.By == "none" && dialect.KnownOf(list.Known, dialect.Calls.List.Known) != profile.Assumed
			trace, refusals, violations := deviate(d, schedule{})
			if len(refusals) > 0 || len(violations) > 0 {
				t.Fatal(strings.Join(append(refusals, violations...), "\n"))
			}
			for range faultsPerDialect {
				f := draw(random, trace)
				if f.kind.slow() {
					continue // TestSimulation has those that wait.
				}
				s := schedule{prefixREST: random.IntN(3) == 0, prefixWebApp: random.IntN(3) == 0}.with(f)
				_, refusals, violations = deviate(d, s)
				reportDeviation(t, s, refusals, violations)
			}
		})
	}
}
