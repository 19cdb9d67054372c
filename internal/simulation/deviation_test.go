package simulation

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// maxRequests is how many requests one run may send to a server that deviates.
const maxRequests = 120

// deviant is what a user does with a server that deviates: register four, change
// the name of one, the secret of one, both of one, and disapprove one; destroy.
var deviant = func() []step {
	first := configuration{}
	for _, name := range []string{"Alpha One", "Beta Two", "Gamma Three", "Delta Four"} {
		address := strings.ToLower(name[:strings.IndexByte(name, ' ')])
		first[address] = consumer{name: name, approved: true, secret: secretMark + address + "-1"}
	}
	changed := configuration{
		"alpha": {name: "Alpha One New", approved: true, secret: first["alpha"].secret},
		"beta":  {name: "Beta Two", approved: true, secret: secretMark + "beta-2"},
		"gamma": {name: "Gamma Three New", approved: true, secret: secretMark + "gamma-2"},
		"delta": {name: "Delta Four", secret: first["delta"].secret},
	}
	return []step{{name: "create", config: first}, {name: "change", config: changed}, {name: "destroy", config: configuration{}}}
}()

// deviation is a server that differs from what the provider believes.
type deviation struct {
	// believed is the profile of the provider, and spoken that of the server. Nil is the
	// built-in one.
	believed, spoken *profile.Profile
	quirk            string
	traits
	// fits says that it does not differ: each step succeeds in the end.
	fits bool
	// empty says that the server has no consumers of other people.
	empty bool
}

// traits are what the promises can't hold for.
type traits struct {
	// lags says that a change shows later.
	lags bool
	// unseen says that nobody can see which secret the server has, inverted that it says
	// of an approved consumer that it is not.
	unseen, inverted bool
	// renames says that the server stores other names than it is given.
	renames bool
	// refuses says that the server does what it refuses, or has another key than it told: the next
	// run names it.
	refuses bool
	// once says that the user gives up after the first failure: what follows is a known
	// limit.
	once bool
}

// deviate runs the steps of a user with a server that deviates. The user tries each
// step three times, and goes on. It returns the requests, what the user read about
// failures, and what was violated.
func deviate(d deviation, s schedule) (trace []label, refusals, violations []string) {
	var from checkpoint
	if !d.empty {
		from.consumers = foreign
	}
	w, err := newWorld(emulator.Config{Profile: d.spoken, ConsumerQuirk: d.quirk}, s, from)
	must(err)
	defer w.server.Close()
	w.profile = cmp.Or(d.believed, w.profile)
	w.deviates, w.traits = d.believed != d.spoken || d.quirk != "", d.traits
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
			if calm && !d.refuses && i == 0 && attempt == 1 && len(w.state) == 0 && created > map[bool]int{true: 2, false: 1}[d.unseen] {
				w.violate("%s.%d: %d consumers were registered, and state is empty", step.name, attempt, created)
			}
			if calm && d.refuses && d.spoken == nil {
				w.checkNamed(step, attempt)
			}
			if !result.failed {
				break
			}
			if d.fits && attempt == 3 {
				w.violate("%s does not succeed: %s", step.name, result.text())
			}
			refused(fmt.Sprintf("%s.%d", step.name, attempt), result)
			if calm && d.once {
				return w.traced(), refusals, w.violated()
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
			if c.action != nothing && !result.failed && (!d.lags || c.action != update) {
				w.violate("the plan after %s: there is still something to do about %s", step.name, address)
			}
		}
		w.forget()
	}
	return w.traced(), refusals, w.violated()
}

// advises are the words with which an error says what to do.
var advises = []string{
	"When your server differs", "import", "untaint", "Check ", "Apply again", "apply again", "Plan again", "Write the name", "Fix that first", "See the error",
	"Remove ", "record the sign-in again", "Change the configuration", "Ask an administrator",
}

// namesCall finds the call that an error names.
var namesCall = regexp.MustCompile(`(GET|HEAD|POST|PUT|PATCH|DELETE) /|call "\w+"|After the update|but its key is not known`)

// checkAdvice: each error says what to do, and one names the call, or what it was.
func (w *world) checkAdvice(when string, result outcome) {
	for _, d := range result.diagnostics {
		if isError(d) && !slices.ContainsFunc(advises, func(words string) bool { return strings.Contains(d.Detail, words) }) {
			w.violate("%s: an error does not say what to do: %s\n%s", when, d.Summary, d.Detail)
		}
	}
	if !namesCall.MatchString(result.text()) {
		w.violate("%s: no error names a call:\n%s", when, result.text())
	}
}

// reportDeviation fails the test if a deviation has violated something.
func reportDeviation(t *testing.T, s schedule, refusals, violations []string) {
	t.Helper()
	if len(violations) > 0 {
		t.Errorf("%s, -simulation.seed=%d:\n%s\n%s", s, seed(), strings.Join(violations, "\n"), strings.Join(refusals, "\n"))
	}
}
