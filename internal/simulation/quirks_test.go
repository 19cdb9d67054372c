package simulation

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// faultsPerQuirk is how many schedules with one fault are drawn for each quirk.
const faultsPerQuirk = 4

// quirks are what becomes of each quirk: whether the provider copes. If not, it refuses,
// and says what to do.
var quirks = map[string]struct {
	works bool
	traits
}{
	"list-one-call-late":        {traits: traits{lags: true}},
	"list-one-second-late":      {traits: traits{lags: true}},
	"list-empty":                {},
	"list-approved-only":        {},
	"list-duplicates":           {},
	"list-403-read-404":         {},
	"read-404":                  {},
	"read-first-always":         {},
	"register-late":             {traits: traits{lags: true}},
	"register-very-late":        {traits: traits{lags: true}},
	"register-504-late":         {works: true, traits: traits{lags: true}},
	"register-lies":             {},
	"register-500-but-done":     {works: true},
	"register-409-but-done":     {traits: traits{refuses: true}},
	"register-ignores-secret":   {works: true, traits: traits{unseen: true}},
	"register-same-key-always":  {},
	"register-another-key":      {},
	"register-twice":            {works: true, traits: traits{unseen: true}},
	"register-approves":         {works: true},
	"register-approves-quietly": {works: true},
	"name-lower-case":           {traits: traits{renames: true}},
	"name-without-blanks":       {traits: traits{renames: true}},
	"name-cut":                  {traits: traits{renames: true}},
	"change-late":               {works: true, traits: traits{lags: true}},
	"change-very-late":          {traits: traits{lags: true}},
	"change-lies":               {},
	"change-500-but-done":       {},
	"change-ignores-name":       {},
	"change-ignores-secret":     {works: true, traits: traits{unseen: true}},
	"change-disapproves":        {},
	"change-changes-key":        {},
	"approve-ignored":           {},
	"approve-refused":           {},
	"remove-lies":               {},
	"remove-404-but-done":       {works: true},
	"remove-500-but-done":       {},
	// The provider verifies only the first removal of a run. When the second run repeats
	// it, the consumer is removed, and the provider believes the responses to the others,
	// which it sends for the first time.
	"remove-on-second-try":  {traits: traits{once: true}},
	"remove-stays-readable": {},
}

// TestQuirks runs every quirk, on an empty server and on one with other people's
// consumers, and then one of these with a fault, and with a dialect. Nothing is lost,
// orphaned or registered twice, and what does not work is refused with a message that
// says what to do.
func TestQuirks(t *testing.T) {
	t.Parallel()
	for i, name := range emulator.ConsumerQuirks() {
		quirk, known := quirks[name]
		if !known {
			t.Errorf("nothing is expected of the quirk %q", name)
			continue
		}
		// The faults are the same in every run, unless a seed is given: on a server that
		// deviates, a random fault can leave no proof of what exists.
		random := rand.New(rand.NewPCG(*flagSeed, uint64(i)))
		withFaults := random.IntN(2) == 0
		for where, empty := range map[string]bool{"empty": true, "with others": false} {
			t.Run(name+"/"+where, func(t *testing.T) {
				t.Parallel()
				d := deviation{quirk: name, traits: quirk.traits, empty: empty}
				trace, refusals, violations := deviate(d, schedule{})
				t.Log(strings.Join(refusals, "\n"))
				reportDeviation(t, schedule{}, refusals, violations)
				if works := len(refusals) == 0; works != quirk.works {
					t.Errorf("works: %t, want %t", works, quirk.works)
				}
				if d.once || empty != withFaults {
					return
				}
				for range faultsPerQuirk {
					f := draw(random, trace)
					if unprovable(d, f) {
						continue
					}
					s := schedule{}.with(f)
					_, refusals, violations = deviate(d, s)
					reportDeviation(t, s, refusals, violations)
				}
			})
		}
	}
}

// unprovable reports whether a fault takes away the last proof: a list or read that is
// refused, on a server that hides consumers; the end of the process, on a server that
// shows a consumer later.
func unprovable(d deviation, f fault) bool {
	switch f.kind {
	case notFound, kind(emulator.Forbidden403.String()):
		return f.reads()
	case killedBefore, killedAfter:
		return d.lags
	}
	return false
}

// TestQuirks_dialects runs every quirk with a server and a provider that speak a
// dialect.
func TestQuirks_dialects(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(seed(), 1))
	for _, name := range emulator.ConsumerQuirks() {
		dialect := emulator.Dialects()[random.IntN(len(emulator.Dialects()))]
		t.Run(name+"/"+dialect, func(t *testing.T) {
			t.Parallel()
			spoken := mustDialect(dialect)
			_, refusals, violations := deviate(deviation{believed: spoken, spoken: spoken, quirk: name, traits: quirks[name].traits}, schedule{})
			t.Log(strings.Join(refusals, "\n"))
			reportDeviation(t, schedule{}, refusals, violations)
		})
	}
}
