package learn

import (
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// use is a request that changes something.
type use struct {
	*exchange
	body    any      // with placeholders
	changed []string // the placeholders of what it changes
}

// useOf returns nil if the request was not found.
func useOf(one *exchange, changed ...string) *use {
	if one == nil {
		return nil
	}
	return &use{one, one.draft.body, changed}
}

// setApproval puts the placeholder in the place of the approval. In a request
// that does not change the approval, it is the consumer's own.
func (u *use) setApproval(pointer string) { u.body = replaced(u.body, pointer, profile.ApprovedNow) }

// replaced is a body with another value at one place.
func replaced(body any, pointer string, value any) any {
	return replaceScalars("", body, func(at string, known any) any {
		if at == pointer {
			return value
		}
		return known
	})
}

// difference finds the only value in which two requests differ.
func difference(a, b *use) (pointer string, yes, no any, only bool) {
	eachScalar(a.body, func(at string, value any) {
		if other, _ := profile.Lookup(b.body, at); !reflect.DeepEqual(other, value) {
			pointer, yes, no = at, value, other
		}
	})
	return pointer, yes, no, yes != nil && no != nil && sameCall(a, b) && reflect.DeepEqual(replaced(a.body, pointer, no), b.body)
}

// sameCall reports whether requests differ in their bodies at most.
func sameCall(uses ...*use) bool {
	a := uses[0].draft
	return !slices.ContainsFunc(uses, func(u *use) bool {
		b := u.draft
		return uses[0].method != u.method || uses[0].kind != u.kind || a.path != b.path || !maps.Equal(a.query, b.query) || len(b.problems) > 0
	})
}

// united has the members of both bodies.
func united(a, b any) any {
	left, isObject := a.(map[string]any)
	right, both := b.(map[string]any)
	if !isObject || !both {
		if b == "" {
			return a
		}
		return b
	}
	members := maps.Clone(left)
	for name, value := range right {
		if known, inBoth := left[name]; inBoth {
			value = united(known, value)
		}
		members[name] = value
	}
	return members
}

// unify makes one call of several requests. Nil: a profile cannot describe them,
// or not in one call.
func unify(uses ...*use) *profile.Call {
	if !sameCall(uses...) {
		return nil
	}
	body := uses[0].body
	for _, one := range uses[1:] {
		body = united(body, one.body)
	}
	// What requests send of what they do not change.
	modes := map[string]string{}
	fits := true
	eachScalar(body, func(at string, value any) {
		placeholder, _ := value.(string)
		for _, one := range uses {
			mode := profile.Send
			if sent, present := profile.Lookup(one.body, at); !present {
				mode = profile.Omit
			} else if sent == "" && placeholder == profile.Secret {
				mode = profile.Empty
			} else if !reflect.DeepEqual(sent, value) {
				fits = false
			}
			group := placeholder
			switch {
			case placeholder != profile.Name && placeholder != profile.Secret && placeholder != profile.ApprovedNow,
				slices.Contains(one.changed, placeholder):
				fits = fits && mode == profile.Send
				continue
			case placeholder == profile.ApprovedNow:
				group = profile.Name // One setting of a profile is for both.
			}
			// Members that were never sent together may not be understood together.
			fits = fits && mode != profile.Omit && (modes[group] == "" || modes[group] == mode)
			modes[group] = mode
		}
	})
	if !fits {
		return nil
	}
	call := newCall(uses[0].exchange, body)
	call.Unchanged, call.UnchangedSecret = modes[profile.Name], modes[profile.Secret]
	return call
}

func newCall(one *exchange, body any) *profile.Call {
	call := &profile.Call{Method: one.method, Path: one.draft.path, Query: one.draft.query}
	if form, isObject := body.(map[string]any); isObject && one.kind == formBody {
		call.Form = texts(form)
	} else {
		call.JSON = body
	}
	return call
}

// buildChanges makes the calls that change a consumer.
func (l *learner) buildChanges(calls *profile.Calls) {
	r := &l.roles
	approve, disapprove, again := useOf(r.approve, profile.ApprovedNow), useOf(r.disapprove, profile.ApprovedNow), r.again
	switch {
	case r.swapped:
		again = nil
	case disapprove != nil && disapprove.draft.signature == approve.draft.signature:
		l.report.unable("approve and disapprove are one and the same request, %s, which turns the approval over. A profile cannot describe that.", l.show(r.approve))
		approve, disapprove, again = nil, nil, nil
	case again != nil && again.draft.signature != approve.draft.signature:
		l.report.unable("approve: the second time, %s sends something else than the first time, such as a version. A profile cannot describe that.", l.show(r.approve))
		approve, disapprove, again = nil, nil, nil
	}
	edits := l.edits()
	if approve != nil && disapprove != nil {
		if pointer, yes, no, only := difference(approve, disapprove); only {
			l.approvedAs = &profile.ApprovedAs{Yes: yes, No: no}
			every := []*use{useOf(r.approve, profile.ApprovedNow), useOf(r.disapprove, profile.ApprovedNow)}
			for _, one := range every {
				one.setApproval(pointer)
			}
			for _, edit := range edits {
				if value, _ := profile.Lookup(edit.body, pointer); contains([]any{yes, no}, value) {
					edit.setApproval(pointer)
				}
			}
			if call := unify(append(every, edits...)...); call != nil && len(edits) > 0 {
				calls.Update = l.finish(call, append(every, edits...)...)
				return
			}
		}
	}
	calls.Approve = l.call("approve", approve, useOf(again))
	calls.Disapprove = l.call("disapprove", disapprove)
	if l.approvedAs == nil {
		l.approvalInEdits(edits)
	}
	switch {
	case len(edits) == 1 && len(edits[0].changed) == 2:
		calls.Update = l.editOf(edits[0])
	case len(edits) == 2 && unify(edits...) != nil:
		calls.Update = l.finish(unify(edits...), edits...)
	default:
		for _, edit := range edits {
			if edit.changed[0] == profile.Name {
				calls.Rename = l.call("rename", edit)
			} else {
				calls.SetSecret = l.call("set_secret", edit)
			}
		}
	}
}

// edits are the requests that change the name and the secret.
func (l *learner) edits() []*use {
	r := &l.roles
	if r.rename != nil && r.rename == r.setSecret {
		return []*use{useOf(r.rename, profile.Name, profile.Secret)}
	}
	edits := []*use{useOf(r.rename, profile.Name), useOf(r.setSecret, profile.Secret)}
	return slices.DeleteFunc(edits, func(edit *use) bool { return edit == nil })
}

// editOf makes the call that changes name and secret at once. Nothing shows what
// it sends to change one of them.
func (l *learner) editOf(edit *use) *profile.Call {
	call := l.call("update", edit)
	if call == nil {
		return nil
	}
	other := "leave the other out, as PATCH does"
	if call.Method != http.MethodPatch || inArray(edit.body) {
		call.Unchanged, call.UnchangedSecret = profile.Send, profile.Send
		other = "send the other as it is"
	}
	l.report.reading("Name and secret were changed together. A change of one is taken to %s. If the page can save them one by one, record it so to be sure.", other)
	return call
}

// inArray reports whether the name or the secret is in an array, whose elements
// cannot be left out.
func inArray(body any) bool {
	found := false
	eachScalar(body, func(at string, value any) {
		_, inside := outermostArray(body, tokens(at))
		found = found || inside && (value == profile.Name || value == profile.Secret)
	})
	return found
}

// approvalInEdits finds the unchanged approval in edits.
func (l *learner) approvalInEdits(edits []*use) {
	for _, edit := range edits {
		eachScalar(edit.body, func(at string, value any) {
			named := approvalName().MatchString(lastToken(at))
			var no any
			for _, place := range []*approvalPlace{l.object, l.approval} {
				if place != nil {
					named = named || lastToken(place.pointer) == lastToken(at)
					if contains(place.yes, value) {
						no = place.no[0]
					}
				}
			}
			if value == true {
				no = false
			}
			if named && no != nil {
				l.approvedAs = &profile.ApprovedAs{Yes: value, No: no}
				edit.setApproval(at)
				l.report.reading("The edit sends %s, the approval as it is. A disapproved consumer is taken to send the opposite.", show(at))
			}
		})
	}
}

// call makes a call of one request, and of another one that repeats it. Nil: the
// request was not found, or a profile cannot describe it.
func (l *learner) call(name string, u *use, repeated ...*use) *profile.Call {
	if u == nil || l.cannot(name, u) {
		return nil
	}
	return l.finish(unify(u), append([]*use{u}, repeated...)...)
}

// cannot reports whether a profile cannot describe a request, and reports why.
func (l *learner) cannot(name string, u *use) bool {
	for _, problem := range u.draft.problems {
		l.report.unable("%s: found as %s, but %s.", name, l.show(u.exchange), problem)
	}
	return len(u.draft.problems) > 0
}

// finish adds the headers, and what the answers show.
func (l *learner) finish(call *profile.Call, uses ...*use) *profile.Call {
	var exchanges []*exchange
	for _, one := range uses {
		if one != nil {
			exchanges = append(exchanges, one.exchange)
			if one.entry.Status != http.StatusNotModified {
				call.Success = append(call.Success, one.entry.Status)
			}
		}
	}
	slices.Sort(call.Success)
	call.Success = slices.Compact(call.Success)
	call.Headers = l.headersOf(exchanges[0])
	call.Answer = l.answerOf(exchanges...)
	return call
}

func (l *learner) index(one *exchange) int { return slices.Index(l.all, one) }

// buildRegister makes the call that registers.
func (l *learner) buildRegister(calls *profile.Calls) {
	register := l.roles.register
	if register.tier == sendsName {
		l.report.unable("register: %s sends the name, but not the secret as it was typed. The page may hash or encrypt it, or a second request may send it. A profile cannot describe that.", l.show(register.exchange))
		return
	}
	calls.Register = l.call("register", useOf(register.exchange, profile.Name, profile.Secret))
	if calls.Register != nil && !calls.Register.Answer.TellsKey() {
		l.report.reading("The answer to the registration does not tell the key. The list does.")
	}
}

// buildRemove makes the call that removes.
func (l *learner) buildRemove(calls *profile.Calls) {
	calls.Remove = l.call("remove", useOf(l.roles.remove))
	if calls.Remove == nil {
		return
	}
	calls.Remove.Answer = nil
	if calls.Remove.Method != http.MethodDelete {
		l.report.reading("remove: %s is the last request about the consumer, and is taken as the removal.", l.show(l.roles.remove))
	}
}
