package learn

import (
	"net/http"
	"slices"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// roles say which requests did what the steps ask for. Nil: not found.
type roles struct {
	register   *registration
	edit       *exchange // changes name and secret at once
	rename     *exchange
	setSecret  *exchange
	approve    *exchange
	disapprove *exchange
	again      *exchange // the second approval
	remove     *exchange
}

// all are the requests with a role, in the order of the steps.
func (r *roles) all() []*exchange {
	return slices.DeleteFunc([]*exchange{r.register.exchange, r.approve, r.disapprove, r.again, r.edit, r.rename, r.setSecret, r.remove},
		func(one *exchange) bool { return one == nil })
}

// changes are the requests after the registration that change the consumer.
func (l *learner) changes() (changes []*exchange) {
	for _, one := range l.all[l.roles.register.at+1:] {
		if !one.reads() && one.ok() && l.aboutConsumer(one) {
			changes = append(changes, one)
		}
	}
	return changes
}

// findEdits finds the requests that send the second name and the second secret
// first.
func (l *learner) findEdits() {
	r := &l.roles
	for _, one := range l.changes() {
		renames := one.typed[secondName] && r.edit == nil && r.rename == nil
		sets := one.typed[secondSecret] && r.edit == nil && r.setSecret == nil
		switch {
		case renames && sets:
			r.edit = one
		case renames:
			r.rename = one
		case sets:
			r.setSecret = one
		}
	}
}

// holds returns the name and the secret that the consumer has after a request.
func (r *roles) holds(one *exchange) (name, secret string) {
	name, secret = firstName, firstSecret
	if slices.ContainsFunc([]*exchange{r.edit, r.rename}, func(edit *exchange) bool { return edit != nil && one.at >= edit.at }) {
		name = secondName
	}
	if slices.ContainsFunc([]*exchange{r.edit, r.setSecret}, func(edit *exchange) bool { return edit != nil && one.at >= edit.at }) {
		secret = secondSecret
	}
	return name, secret
}

// assign finds the other roles of the requests after the registration.
func (l *learner) assign() {
	r := &l.roles
	changes := l.changes()
	edits := []*exchange{r.edit, r.rename, r.setSecret}
	after := 0
	for i, one := range changes {
		if slices.Contains(edits, one) {
			after = i + 1
		}
	}
	r.remove = findRemove(changes, after)
	l.findApprovals(slices.DeleteFunc(changes, func(one *exchange) bool { return one == r.remove || slices.Contains(edits, one) }))
	l.settle()
}

// aboutConsumer reports whether a request sends the key, alone or inside a text, or
// as the name of a member.
func (l *learner) aboutConsumer(one *exchange) bool {
	found := false
	one.eachValue(func(at place, value string) {
		found = found || l.isKey(at, value) || l.hasKey(value) || l.hasKey(at.pointer)
	})
	profile.Walk("", one.body, func(pointer string, _ any) { found = found || l.hasKey(lastToken(pointer)) })
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
		count[one.signature()]++
	}
	for _, one := range slices.Backward(changes[afterEdits:]) {
		if count[one.signature()] == 1 {
			return one
		}
	}
	return nil
}

// findApprovals finds two requests of which the first is made before and after
// the second.
func (l *learner) findApprovals(rest []*exchange) {
	r := &l.roles
	same := func(a, b *exchange) bool { return a.signature() == b.signature() }
	// Who approves what is approved changes nothing, unless the request turns it over.
	if once := slices.CompactFunc(slices.Clone(rest), same); len(once) > 2 {
		rest = once
	}
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
}

// settle makes a value that approve and disapprove send differently a literal, even
// if one of them happens to be what the consumer had before.
func (l *learner) settle() {
	r := &l.roles
	for _, one := range []*exchange{r.approve, r.disapprove, r.again} {
		if one == nil || r.disapprove == nil {
			continue
		}
		for _, partner := range []*exchange{r.approve, r.disapprove} {
			eachScalar(one.draft.body, func(at string, value any) {
				sent, there := profile.Lookup(partner.draft.body, at)
				if isKept(value) && there && sent != value {
					recorded, _ := profile.Lookup(one.body, at)
					one.draft.body = profile.SetAt(one.draft.body, at, recorded)
				}
			})
		}
	}
}
