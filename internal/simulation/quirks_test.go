package simulation

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// faultsPerQuirk is how many schedules with one fault are drawn for each quirk.
const faultsPerQuirk = 4

// works says where the provider copes with a quirk. Elsewhere it refuses, and says
// what to do.
type works int

const (
	nowhere works = iota
	everywhere
	ifEmpty  // on a server without consumers at first
	ifOthers // on a server with other people's consumers
)

func (w works) on(empty bool) bool {
	return w == everywhere || w == ifEmpty && empty || w == ifOthers && !empty
}

// quirks are what becomes of each quirk.
var quirks = map[string]struct {
	works
	traits
}{
	"list-one-call-late":        {works: nowhere, traits: traits{lags: true}},
	"list-one-second-late":      {works: nowhere, traits: traits{lags: true}},
	"list-empty":                {works: nowhere},
	"list-approved-only":        {works: nowhere},
	"list-duplicates":           {works: nowhere},
	"list-403-read-404":         {works: nowhere},
	"read-404":                  {works: nowhere},
	"read-first-always":         {works: nowhere},
	"register-late":             {works: nowhere, traits: traits{lags: true}},
	"register-very-late":        {works: nowhere, traits: traits{lags: true}},
	"register-504-late":         {works: everywhere, traits: traits{lags: true}},
	"register-lies":             {works: nowhere},
	"register-500-but-done":     {works: everywhere},
	"register-409-but-done":     {works: nowhere, traits: traits{refuses: true}},
	"register-ignores-secret":   {works: everywhere, traits: traits{unseen: true}},
	"register-same-key-always":  {works: nowhere},
	"register-another-key":      {works: nowhere},
	"register-twice":            {works: everywhere, traits: traits{unseen: true}},
	"register-approves":         {works: everywhere},
	"register-approves-quietly": {works: everywhere},
	"name-lower-case":           {works: nowhere, traits: traits{renames: true}},
	"name-without-blanks":       {works: nowhere, traits: traits{renames: true}},
	"name-cut":                  {works: nowhere, traits: traits{renames: true}},
	"change-late":               {works: everywhere, traits: traits{lags: true}},
	"change-very-late":          {works: nowhere, traits: traits{lags: true}},
	"change-lies":               {works: nowhere},
	"change-500-but-done":       {works: nowhere},
	"change-ignores-name":       {works: nowhere},
	"change-ignores-secret":     {works: everywhere, traits: traits{unseen: true}},
	"change-disapproves":        {works: nowhere},
	"change-changes-key":        {works: nowhere},
	"approve-ignored":           {works: nowhere},
	"approve-refused":           {works: nowhere},
	"remove-lies":               {works: nowhere},
	"remove-404-but-done":       {works: everywhere},
	"remove-500-but-done":       {works: nowhere},
	// The provider verifies only the first removal of a run. When the second run repeats
	// it, the consumer is removed, and the provider believes the responses to the others,
	// which it sends for the first time.
	"remove-on-second-try":  {works: nowhere, traits: traits{once: true}},
	"remove-stays-readable": {works: nowhere},
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
				if works := len(refusals) == 0; works != quirk.on(empty) {
					t.Errorf("works: %t, want %t", works, quirk.on(empty))
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
