package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/deviation"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
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

// maxRequests is how many requests one run may send to a server that deviates.
const maxRequests = 80

// TestDeviations runs every deviation, on an empty server and on one with other
// people's consumers. Nothing is lost, orphaned or registered twice, and what does
// not work is refused with a message that says what to do.
func TestDeviations(t *testing.T) {
	t.Parallel()
	for _, d := range deviation.All() {
		for name, empty := range map[string]bool{"empty": true, "with others": false} {
			t.Run(d.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				w, refusals := deviate(t, d, empty, schedule{})
				for _, violation := range w.violations {
					t.Error(violation)
				}
				for _, refusal := range refusals {
					t.Log(refusal)
				}
				if works := len(refusals) == 0; works != d.Works.On(empty) {
					t.Errorf("works: %t, want %t", works, d.Works.On(empty))
				}
			})
		}
	}
}

// deviate runs the steps on a server that deviates, while faults befall it. It
// returns what the user was told of the failures.
func deviate(t *testing.T, d deviation.Deviation, empty bool, s schedule) (w *world, refusals []string) {
	t.Helper()
	var from checkpoint
	if !empty {
		from.consumers = slices.Concat(foreign, d.Others)
	}
	var config twcloudtest.Config
	if d.Setup != nil {
		d.Setup(&config)
	}
	w, err := newWorldWith(config, s, from)
	if err != nil {
		t.Fatal(err)
	}
	defer w.server.Close()
	w.deviation = deviation.NewStandIn(d, w.server).Transport
	w.unseen, w.renames = d.Unseen, d.Renames
	for i, step := range deviant {
		if i == 1 && len(w.state) == 0 {
			break // There is nothing to change.
		}
		// The user tries three times, and goes on.
		for attempt := 1; attempt <= 3; attempt++ {
			result := w.run(step, attempt)
			if len(s.faults) > 0 {
				if !result.failed {
					break
				}
				refusals = append(refusals, fmt.Sprintf("%s.%d: %s", step.name, attempt, firstError(result)))
				continue
			}
			w.checkModesty(step, attempt)
			if created := len(w.server.Consumers()) - len(w.foreign); i == 0 && attempt == 1 && len(w.state) == 0 && created > 1 {
				w.violate("%s.%d: %d consumers were registered, and state is empty", step.name, attempt, created)
			}
			if !result.failed {
				break
			}
			refusals = append(refusals, fmt.Sprintf("%s.%d: %s", step.name, attempt, firstError(result)))
			w.checkAdvice(step, attempt, result)
			if d.Once {
				return w, refusals
			}
		}
		if len(refusals) == 0 && i < 2 && len(s.faults) == 0 {
			if refusal := w.checkNoChanges(step, d.Lags); refusal != "" {
				refusals = append(refusals, refusal)
			}
		}
	}
	return w, refusals
}

// checkModesty: a server that deviates is not asked forever.
func (w *world) checkModesty(s step, attempt int) {
	w.network.mu.Lock()
	defer w.network.mu.Unlock()
	sent := 0
	for _, l := range w.network.trace {
		if l.step == s.name && l.attempt == attempt {
			sent++
		}
	}
	if sent > maxRequests {
		w.violate("%s.%d: %d requests", s.name, attempt, sent)
	}
}

// advises are the words by which an error says what to do.
var advises = []string{
	"When your server differs", "import", "untaint", "Check ", "Apply again", "apply again", "Write the name", "Fix the first error", "see the error",
	"Remove ", "Change the configuration", "Ask an administrator",
}

func (w *world) checkAdvice(s step, attempt int, result outcome) {
	for _, d := range result.diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError && !slices.ContainsFunc(advises, func(words string) bool { return strings.Contains(d.Detail, words) }) {
			w.violate("%s.%d: an error does not say what to do: %s\n%s", s.name, attempt, d.Summary, d.Detail)
		}
	}
}

// checkNoChanges plans after a success: there is nothing to do, unless what was
// changed shows later. It returns what the user is told if the plan fails.
func (w *world) checkNoChanges(s step, lags bool) (refusal string) {
	var result outcome
	changes := w.plan(s.name, 9, s.config, &result)
	if result.failed {
		w.checkAdvice(s, 9, result)
		refusal = "the plan after " + s.name + ": " + firstError(result)
	}
	for _, address := range slices.Sorted(maps.Keys(changes)) {
		if action := changes[address].action; action != nothing && !result.failed && (!lags || action != update) {
			w.violate("the plan after %s: there is still something to do about %s", s.name, address)
		}
	}
	w.violations = append(w.violations, w.takeProblems()...)
	w.server.ExpireSessions()
	w.server.ResetRequests()
	return refusal
}

func firstError(result outcome) string {
	for _, d := range result.diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Sprintf("%s: %s", d.Summary, strings.ReplaceAll(d.Detail, "\n\n", " | "))
		}
	}
	return "no error"
}
