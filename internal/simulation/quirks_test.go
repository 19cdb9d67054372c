package simulation

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// faultsPerQuirk is how many schedules with one fault are drawn for each quirk.
const faultsPerQuirk = 4

// quirks are those that the provider copes with, or that limit a promise. It refuses all
// others, and says what to do.
var quirks = map[string]struct {
	works bool
	traits
}{
	"list-one-call-late":        {traits: traits{lags: true}},
	"list-one-second-late":      {traits: traits{lags: true}},
	"register-late":             {traits: traits{lags: true}},
	"register-very-late":        {traits: traits{lags: true}},
	"register-504-late":         {works: true, traits: traits{lags: true}},
	"register-500-but-done":     {works: true},
	"register-409-but-done":     {traits: traits{refuses: true}},
	"register-another-key":      {traits: traits{refuses: true}},
	"register-same-key-always":  {traits: traits{refuses: true}},
	"register-ignores-secret":   {works: true, traits: traits{unseen: true}},
	"register-twice":            {works: true, traits: traits{unseen: true}},
	"register-approves":         {works: true},
	"register-approves-quietly": {works: true},
	"name-lower-case":           {traits: traits{renames: true}},
	"name-without-blanks":       {traits: traits{renames: true}},
	"name-cut":                  {traits: traits{renames: true}},
	"change-late":               {works: true, traits: traits{lags: true, unseen: true}},
	"change-very-late":          {traits: traits{lags: true, unseen: true}},
	"change-changes-key":        {traits: traits{refuses: true}},
	"change-ignores-secret":     {works: true, traits: traits{unseen: true}},
	"remove-404-but-done":       {works: true},
	// The provider verifies only the first removal of a run. When the second run repeats
	// it, the consumer is removed, and the provider believes the responses to the others,
	// which it sends for the first time.
	"remove-on-second-try": {traits: traits{once: true}},
}

// TestQuirks runs every quirk, on an empty server, on one with other people's consumers,
// and with a dialect; and then the first or the second with a fault. Nothing is lost,
// orphaned or registered twice, and what does not work is refused with a message that
// says what to do.
func TestQuirks(t *testing.T) {
	t.Parallel()
	for name := range quirks {
		if !slices.Contains(emulator.ConsumerQuirks(), name) {
			t.Errorf("there is no quirk %q", name)
		}
	}
	dialects := rand.New(rand.NewPCG(seed(), 1))
	for i, name := range emulator.ConsumerQuirks() {
		// The faults are the same for every seed: on a server that deviates, a random fault
		// can leave no proof of what exists.
		random := rand.New(rand.NewPCG(1, uint64(i)))
		withFaults := []string{"empty", "with others"}[random.IntN(2)]
		dialect := one(dialects, emulator.Dialects()...)
		spoken := mustDialect(dialect)
		for where, d := range map[string]deviation{"empty": {empty: true}, "with others": {}, dialect: {believed: spoken, spoken: spoken}} {
			t.Run(name+"/"+where, func(t *testing.T) {
				t.Parallel()
				d.quirk, d.traits = name, quirks[name].traits
				trace, refusals, violations := deviate(d, schedule{})
				t.Log(strings.Join(refusals, "\n"))
				reportDeviation(t, schedule{}, refusals, violations)
				if works := len(refusals) == 0; works != quirks[name].works && d.spoken == nil {
					t.Errorf("works: %t", works)
				}
				if d.once || where != withFaults {
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
