package learn

import (
	"net/http"
	"slices"
	"strings"
)

// roles say which requests did what the steps tell to do. Nil: not found.
type roles struct {
	register   *registration
	approvals  []*exchange // in their order
	approve    *exchange
	disapprove *exchange
	again      *exchange // the second approval
	swapped    bool      // the first of the approvals reads like a disapproval
	toggle     bool      // approve and disapprove are the same request
	rename     *exchange
	setSecret  *exchange // the same as rename if one request does both
	remove     *exchange
	others     []*exchange // further requests that send the key and change something
}

// assign finds the roles of the requests after the registration.
func (l *learner) assign() {
	r := &l.roles
	if r.register == nil || r.register.key == "" {
		return
	}
	var changes []*exchange
	for _, one := range l.all[r.register.at+1:] {
		if one.origin == l.origin && !one.reads() && one.ok() && l.aboutConsumer(one) {
			changes = append(changes, one)
		}
	}
	for _, one := range changes {
		one.eachValue(func(_ place, value string) {
			switch {
			case r.rename == nil && strings.Contains(value, secondName):
				r.rename = one
			case r.setSecret == nil && strings.Contains(value, secondSecret):
				r.setSecret = one
			}
		})
	}
	afterEdits := 1 + max(slices.Index(changes, r.rename), slices.Index(changes, r.setSecret))
	edits := len(changes)
	changes = slices.DeleteFunc(changes, func(one *exchange) bool { return one == r.rename || one == r.setSecret })
	edits -= len(changes)
	r.remove = l.findRemove(changes, afterEdits-edits)
	rest := slices.DeleteFunc(slices.Clone(changes), func(one *exchange) bool { return one == r.remove })
	l.findApprovals(rest)
	for _, one := range rest {
		if !slices.Contains(r.approvals, one) {
			r.others = append(r.others, one)
		}
	}
}

// aboutConsumer says whether a request sends the key, alone or inside a text.
func (l *learner) aboutConsumer(one *exchange) bool {
	found := false
	one.eachValue(func(at place, value string) { found = found || l.isKey(at, value) || l.embedsKey(value) })
	// The key as the name of a member.
	names := func(text string) { found = found || text == l.roles.register.key && len(text) >= 4 }
	for _, member := range one.form {
		names(member.Name)
	}
	eachScalar(one.json, func(pointer string, _ any) {
		for _, token := range tokens(pointer) {
			names(token)
		}
	})
	return found
}

// findRemove finds the removal: a DELETE, or the last request after the edits
// that is made only once.
func (l *learner) findRemove(changes []*exchange, afterEdits int) *exchange {
	for _, one := range slices.Backward(changes) {
		if one.method == http.MethodDelete || strings.EqualFold(overriddenMethod(one), http.MethodDelete) {
			return one
		}
	}
	count := map[string]int{}
	for _, one := range changes {
		count[l.signature(one)]++
	}
	if l.roles.rename == nil && l.roles.setSecret == nil {
		// Without an edit in between, the last of four or more is the removal.
		if len(changes) < 4 {
			return nil
		}
		afterEdits = 3
	}
	for i, one := range slices.Backward(changes) {
		if i < afterEdits {
			break
		}
		if count[l.signature(one)] == 1 {
			return one
		}
	}
	return nil
}

func overriddenMethod(one *exchange) string {
	for _, header := range one.entry.RequestHeaders {
		if strings.EqualFold(header.Name, "X-HTTP-Method-Override") {
			return header.Value
		}
	}
	return ""
}

// findApprovals finds two requests of which the first is made before and after
// the second.
func (l *learner) findApprovals(rest []*exchange) {
	r := &l.roles
	signatures := make([]string, len(rest))
	for i, one := range rest {
		signatures[i] = l.signature(one)
	}
	pick := func(indexes ...int) {
		r.approvals = nil
		for _, i := range indexes {
			r.approvals = append(r.approvals, rest[i])
		}
	}
	switch first, second, third := alternation(signatures); {
	case third > 0:
		pick(first, second, third)
	case len(rest) >= 3 && signatures[0] == signatures[1] && signatures[1] == signatures[2]:
		pick(0, 1, 2)
		r.toggle = true
	case len(rest) >= 3 && l.alike(rest[0], rest[2]):
		pick(0, 1, 2) // Something in them changes each time.
	case second > 0:
		pick(first, second)
	case len(rest) == 1:
		pick(0)
	default:
		return
	}
	r.approve = r.approvals[0]
	if len(r.approvals) > 1 {
		r.disapprove = r.approvals[1]
	}
	if len(r.approvals) > 2 {
		r.again = r.approvals[2]
	}
	if r.disapprove != nil && refuses(r.approve) && !refuses(r.disapprove) {
		r.swapped = true
		r.approve, r.disapprove, r.again = r.disapprove, r.approve, nil
	}
}

// alternation finds what comes as x, y, x, or else as x, y. Zeros: neither.
func alternation(signatures []string) (first, second, third int) {
	for i, x := range signatures {
		for j := i + 1; j < len(signatures); j++ {
			y := signatures[j]
			if x == y {
				continue
			}
			var order []string
			for _, one := range signatures {
				if one == x || one == y {
					order = append(order, one)
				}
			}
			switch {
			case slices.Equal(order, []string{x, y, x}):
				return i, j, j + 1 + slices.Index(signatures[j+1:], x)
			case slices.Equal(order, []string{x, y}) && second == 0:
				first, second = i, j
			}
		}
	}
	return first, second, 0
}

// alike says whether two requests differ in values only, not in method or path.
func (l *learner) alike(a, b *exchange) bool {
	return a.method == b.method && l.draft(a).path == l.draft(b).path && a.kind == b.kind
}

// refuses says whether a request reads as if it took an approval away.
func refuses(one *exchange) bool {
	found := false
	one.eachValue(func(_ place, value string) {
		lower := strings.ToLower(value)
		for _, word := range []string{"disapprove", "unapprove", "reject", "revoke", "deny", "disable", "deactivate", "suspend"} {
			found = found || strings.Contains(lower, word)
		}
	})
	return found
}
