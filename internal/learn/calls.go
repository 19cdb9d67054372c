package learn

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// replayed is a recorded request that a call of the profile must reproduce.
type replayed struct {
	call    string
	use     *use
	approve bool // the approval that it sends
}

// buildChanges makes the calls that change a consumer.
func (l *learner) buildChanges(calls *profile.Calls) (replays []replayed) {
	r := &l.roles
	var approve, disapprove, again *use
	if r.approve != nil {
		approve = l.use(r.approve, profile.ApprovedNow)
	}
	if r.disapprove != nil {
		disapprove = l.use(r.disapprove, profile.ApprovedNow)
	}
	if r.again != nil {
		again = l.use(r.again, profile.ApprovedNow)
	}
	var edits []*use
	switch {
	case r.rename != nil && r.rename == r.setSecret:
		edits = []*use{l.use(r.rename, profile.Name, profile.Secret)}
	default:
		if r.rename != nil {
			edits = append(edits, l.use(r.rename, profile.Name))
		}
		if r.setSecret != nil {
			edits = append(edits, l.use(r.setSecret, profile.Secret))
		}
		if len(edits) == 2 && l.index(r.setSecret) < l.index(r.rename) {
			slices.Reverse(edits)
		}
	}
	if r.toggle {
		l.report.unable("approve and disapprove are one and the same request, %s, which turns the approval over. A profile cannot describe that.", l.show(r.approve))
		approve, disapprove = nil, nil
	}
	if approve != nil && again != nil && l.signature(r.approve) != l.signature(r.again) && !rpcCounter(approve, again) {
		l.report.unable("approve: the second time, %s sends something else than the first time, such as a version. A profile cannot describe that.", l.show(r.approve))
		approve, disapprove = nil, nil
	}
	var as *profile.ApprovedAs
	if approve != nil && disapprove != nil && sameCall([]*use{approve, disapprove}) {
		if pointer, yes, no, only := difference(approve.body, disapprove.body); only && yes != nil && no != nil {
			a, d := l.use(r.approve, profile.ApprovedNow), l.use(r.disapprove, profile.ApprovedNow)
			a.setApproval(pointer)
			d.setApproval(pointer)
			for _, edit := range edits {
				if value, found := profile.Lookup(edit.body, pointer); found && (value == yes || value == no) {
					edit.setApproval(pointer)
				}
			}
			as = &profile.ApprovedAs{Yes: yes, No: no}
			if call := unify(append([]*use{a, d}, edits...)); call != nil && len(edits) > 0 {
				call.ApprovedAs = as
				l.finish(call, exchangesOf(approve, disapprove, again, edits)...)
				calls.Update = call
				replays = append(replays, replayed{"update", approve, true}, replayed{"update", disapprove, false})
				if again != nil {
					replays = append(replays, replayed{"update", again, true})
				}
				for _, edit := range edits {
					replays = append(replays, replayed{"update", edit, true})
				}
				return replays
			}
		}
	}
	place := func(name string, into **profile.Call, u *use, more ...*exchange) {
		if u == nil {
			return
		}
		if *into = single(u); *into == nil {
			l.cannot(name, u.exchange)
			return
		}
		if (*into).Has(profile.ApprovedNow) {
			(*into).ApprovedAs = as
		}
		l.finish(*into, append(more, u.exchange)...)
		replays = append(replays, replayed{name, u, name != "disapprove"})
	}
	var repeats []*exchange
	if again != nil {
		repeats = append(repeats, again.exchange)
	}
	place("approve", &calls.Approve, approve, repeats...)
	place("disapprove", &calls.Disapprove, disapprove)
	if as == nil {
		as = l.approvalInEdits(edits)
	}
	if len(edits) == 0 {
		return replays
	}
	if call := unify(edits); call != nil && (len(edits) == 2 || r.rename == r.setSecret) {
		if call.Has(profile.ApprovedNow) {
			call.ApprovedAs = as
		}
		if len(edits) == 1 {
			l.editReading(call)
		}
		l.finish(call, exchangesOf(nil, nil, nil, edits)...)
		calls.Update = call
		for _, edit := range edits {
			replays = append(replays, replayed{"update", edit, true})
		}
		return replays
	}
	for _, edit := range edits {
		switch {
		case edit.changed[profile.Name] && edit.changed[profile.Secret]:
			place("update", &calls.Update, edit)
		case edit.changed[profile.Name]:
			place("rename", &calls.Rename, edit)
		default:
			place("set_secret", &calls.SetSecret, edit)
		}
	}
	return replays
}

func (l *learner) editReading(call *profile.Call) {
	if call.UnchangedSecret == profile.Send {
		l.report.reading("Name and secret were changed together. A change of one is taken to send the other as it is. If the page can save them one by one, record it so to be sure.")
		return
	}
	l.report.reading("Name and secret were changed together. A change of one is taken to leave the other out, as PATCH does. If the page can save them one by one, record it so to be sure.")
}

// approvalInEdits finds the approval that edits send along.
func (l *learner) approvalInEdits(edits []*use) (as *profile.ApprovedAs) {
	for _, edit := range edits {
		eachScalar(edit.body, func(at string, value any) {
			name := lastToken(at)
			if !approvalName.MatchString(name) && (l.object == nil || name != lastToken(l.object.pointer)) && (l.approval == nil || name != lastToken(l.approval.pointer)) {
				return
			}
			var no any
			if yes, isBool := value.(bool); isBool && yes {
				no = false
			} else if l.approval != nil && contains(l.approval.yes, value) {
				no = l.approval.no[0]
			}
			if no != nil {
				as = &profile.ApprovedAs{Yes: value, No: no}
				edit.setApproval(at)
				l.report.reading("The edit sends %s, the approval as it is. A disapproved consumer is taken to send the opposite.", show(at))
			}
		})
	}
	return as
}

// rpcCounter says whether two requests differ in the counter of JSON-RPC alone.
func rpcCounter(a, b *use) bool {
	pointer, _, _, only := difference(a.body, b.body)
	_, rpc := profile.Lookup(a.body, "/jsonrpc")
	return only && rpc && pointer == "/id"
}

func exchangesOf(approve, disapprove, again *use, edits []*use) []*exchange {
	var found []*exchange
	for _, one := range append([]*use{approve, disapprove, again}, edits...) {
		if one != nil {
			found = append(found, one.exchange)
		}
	}
	return found
}

// finish adds what the answers show, and the headers.
func (l *learner) finish(call *profile.Call, exchanges ...*exchange) {
	for _, one := range exchanges {
		if !slices.Contains(call.Success, one.entry.Status) {
			call.Success = append(call.Success, one.entry.Status)
		}
	}
	slices.Sort(call.Success)
	call.Headers = l.headersOf(exchanges[len(exchanges)-1])
	call.Answer = l.answerOf(exchanges...)
	for _, note := range l.draft(exchanges[0]).notes {
		l.report.reading("Left out: %s.", note)
	}
}

// cannot says why a request cannot be part of a profile.
func (l *learner) cannot(name string, one *exchange) {
	for _, problem := range l.draft(one).problems {
		l.report.unable("%s: found as %s, but %s.", name, l.show(one), problem)
	}
}

func (l *learner) index(one *exchange) int { return slices.Index(l.all, one) }

// buildRegister makes the call that registers.
func (l *learner) buildRegister(calls *profile.Calls) (replays []replayed) {
	register := l.roles.register
	if register.exchange == nil {
		if !slices.ContainsFunc(l.all, func(one *exchange) bool { return one.reads() && one.mentions() }) {
			l.report.problem("register: no request sends the name %s and the secret. Start the recording earlier, and record again from step 1.", firstName)
		}
		return nil
	}
	u := l.use(register.exchange, profile.Name, profile.Secret)
	call := single(u)
	switch {
	case registrationTier(register.exchange) == 1:
		l.report.unable("register: %s sends the name, but not the secret as it was typed. The page may hash or encrypt it, or a second request may send it. A profile cannot describe that.", l.show(register.exchange))
		return nil
	case call == nil:
		l.cannot("register", register.exchange)
		return nil
	}
	l.finish(call, register.exchange)
	calls.Register = call
	if !call.Answer.TellsKey() {
		l.report.reading("The answer to the registration does not tell the key. The list does.")
	}
	return []replayed{{"register", u, false}}
}

// buildRemove makes the call that removes.
func (l *learner) buildRemove(calls *profile.Calls) []replayed {
	if l.roles.remove == nil {
		return nil
	}
	u := l.use(l.roles.remove)
	call := single(u)
	if call == nil {
		l.cannot("remove", l.roles.remove)
		return nil
	}
	l.finish(call, l.roles.remove)
	call.Answer = nil
	calls.Remove = call
	if call.Method != http.MethodDelete {
		l.report.reading("remove: %s is the last request about the consumer, and is taken as the removal.", l.show(l.roles.remove))
	}
	return []replayed{{"remove", u, false}}
}

// equalJSON compares JSON values of different origin.
func equalJSON(a, b any) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}
