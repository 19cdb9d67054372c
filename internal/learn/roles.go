package learn

import (
	"net/http"
	"slices"
)

// roles say which requests did what the steps ask for. Nil: not found.
type roles struct {
	register   *registration
	approve    *exchange
	disapprove *exchange
	again      *exchange // the second approval; if swapped, the second disapproval
	swapped    bool      // the consumer was disapproved first
	rename     *exchange
	setSecret  *exchange // the same as rename if one request does both
	remove     *exchange
}

// assign finds the roles of the requests after the registration.
func (l *learner) assign() {
	r := &l.roles
	var changes, rest []*exchange
	for _, one := range l.all[r.register.at+1:] {
		if !one.reads() && one.ok() && l.aboutConsumer(one) {
			changes = append(changes, one)
		}
	}
	for _, one := range changes {
		if r.rename == nil && one.typed[secondName] {
			r.rename = one
		}
		if r.setSecret == nil && one.typed[secondSecret] {
			r.setSecret = one
		}
	}
	r.remove = findRemove(changes, 1+max(slices.Index(changes, r.rename), slices.Index(changes, r.setSecret)))
	for _, one := range changes {
		if one != r.rename && one != r.setSecret && one != r.remove {
			rest = append(rest, one)
		}
	}
	l.findApprovals(rest)
}

// aboutConsumer reports whether a request sends the key, alone or inside a text, or
// as the name of a member.
func (l *learner) aboutConsumer(one *exchange) bool {
	found := false
	one.eachValue(func(at place, value string) {
		found = found || l.isKey(at, value) || l.embedsKey(value) || l.hasKey(at.pointer)
	})
	walk("", one.json, func(pointer string, _ any) { found = found || l.hasKey(lastToken(pointer)) })
	return found
}

// findRemove finds the removal: a DELETE, or the last request after the edits
// that is made only once.
func findRemove(changes []*exchange, afterEdits int) *exchange {
	for _, one := range slices.Backward(changes) {
		if one.method == http.MethodDelete {
			return one
		}
	}
	if afterEdits == 0 {
		return nil // The last of the requests may as well be an approval.
	}
	count := map[string]int{}
	for _, one := range changes {
		count[one.draft.signature]++
	}
	for _, one := range slices.Backward(changes[afterEdits:]) {
		if count[one.draft.signature] == 1 {
			return one
		}
	}
	return nil
}

// refuses matches requests that read as if they took an approval away.
var refuses = pattern(`(?i)disapprove|unapprove|reject|revoke|deny|disable|deactivate|suspend`)

// findApprovals finds two requests of which the first is made before and after
// the second.
func (l *learner) findApprovals(rest []*exchange) {
	r := &l.roles
	same := func(a, b *exchange) bool { return a.draft.signature == b.draft.signature }
	for i, x := range rest {
		for _, y := range rest[i+1:] {
			var order []*exchange
			for _, one := range rest {
				if same(one, x) || same(one, y) {
					order = append(order, one)
				}
			}
			if len(order) == 3 && same(order[0], order[2]) && !same(order[0], order[1]) {
				r.approve, r.disapprove, r.again = order[0], order[1], order[2]
			}
		}
	}
	if r.approve == nil {
		// One request may turn the approval over, something may change each time, or a
		// step is missing.
		for i, into := range []**exchange{&r.approve, &r.disapprove, &r.again} {
			if i < len(rest) && (i < 2 || rest[i].method == rest[0].method && rest[i].draft.path == rest[0].draft.path) {
				*into = rest[i]
			}
		}
	}
	if r.disapprove != nil && refuses().MatchString(r.approve.draft.signature) && !refuses().MatchString(r.disapprove.draft.signature) {
		r.approve, r.disapprove, r.swapped = r.disapprove, r.approve, true
		l.report.reading("The first approval reads like a disapproval, so the requests are taken the other way around.")
	}
}
