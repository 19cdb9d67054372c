package learn

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// moment reports whether the consumer was approved at some time.
type moment int

const (
	registered moment = iota // and not approved yet
	approved
	disapproved
)

func (l *learner) momentAt(at *exchange) moment {
	now := registered
	for _, one := range l.all[:at.at+1] {
		switch one {
		case l.roles.disapprove:
			now = disapproved
		case l.roles.approve, l.roles.again:
			now = approved
		}
	}
	return now
}

// approvalPlace is where responses say whether a consumer is approved.
type approvalPlace struct {
	pointer string
	yes, no []any
	score   int
}

var (
	approvalName = pattern(`(?i)approv`)
	statusName   = pattern(`(?i)status|state|enabled|active|authori[sz]ed|confirmed`)
	unlikelyName = pattern(`(?i)by|user|who|owner|approver|at$|date|time|version|revision|modified|updated|etag|count|links?$|href|action`)
)

// findApprovalPlaces finds where lists, and responses about the consumer alone, say
// whether it is approved.
func (l *learner) findApprovalPlaces() {
	var listed, alone []sighting
	for _, one := range l.sightings {
		switch {
		case one.item == nil && (slices.Contains(l.roles.all(), one.exchange) || slices.Contains(l.reads, one.exchange)):
			alone = append(alone, one)
		case one.item != nil && len(l.lists) > 0 && l.lists[0].shown[one.exchange] == one.item:
			listed = append(listed, one)
		}
	}
	l.approval, l.object = l.findApproval(listed), l.findApproval(alone)
}

// findApproval finds what differs between a consumer that is approved and one
// that is not.
func (l *learner) findApproval(sightings []sighting) (best *approvalPlace) {
	for _, one := range sightings {
		eachScalar(one.value, func(pointer string, _ any) {
			if place := l.weighApproval(pointer, sightings); place != nil && place.score > -10 && (best == nil || place.score > best.score) {
				best = place
			}
		})
	}
	return best
}

// weighApproval returns nil if a place does not tell the approval.
func (l *learner) weighApproval(pointer string, sightings []sighting) *approvalPlace {
	values := map[moment][]any{}
	for _, one := range sightings {
		value, present := profile.Lookup(one.value, pointer)
		if _, hasName := findNameIn(one.value); !present && !hasName && one.item == nil {
			continue // The response has only a part of the consumer.
		}
		moment := l.momentAt(one.exchange)
		values[moment] = with(values[moment], value)
	}
	place := &approvalPlace{pointer: pointer, yes: values[approved], no: values[disapproved]}
	if len(place.yes) > 1 || len(place.no) > 1 || len(values[registered]) > 1 {
		return nil
	}
	for _, first := range values[registered] {
		if !contains(place.yes, first) {
			place.no = with(place.no, first)
		}
	}
	if len(place.yes) == 0 || len(place.no) == 0 || contains(place.no, place.yes[0]) || slices.ContainsFunc(slices.Concat(place.yes, place.no), notWord) {
		return nil
	}
	switch name := lastToken(pointer); {
	case unlikelyName().MatchString(name):
		place.score = -15
	case approvalName().MatchString(name):
		place.score = 20
	case statusName().MatchString(name):
		place.score = 8
	}
	return place
}

// notWord reports whether a value is too long or too special to mean yes or no.
func notWord(value any) bool {
	switch value := value.(type) {
	case string:
		return looksRandom(value) || len(value) > 40 || strings.ContainsAny(value, "/\n")
	case json.Number:
		return len(value) > 3
	}
	return false
}

// with adds values that are not there yet.
func with(values []any, more ...any) []any {
	for _, one := range more {
		if !contains(values, one) {
			values = append(values, one)
		}
	}
	return values
}

// sentApproval puts {approved} where a change sends the approval that the consumer has
// then. It returns what the call sends for yes and no, if that is not what the profile
// has. What is sent for the other one must be known.
func (l *learner) sentApproval(one *exchange, usual *profile.Approved) (own *profile.ApprovedAs) {
	now := l.momentAt(one) == approved
	eachScalar(one.body, func(at string, value any) {
		for _, pair := range l.approvalPairs(at, one) {
			if now && reflect.DeepEqual(value, pair.Yes) || !now && reflect.DeepEqual(value, pair.No) {
				one.draft.body = profile.SetAt(one.draft.body, at, profile.ApprovedNow)
				if usual == nil || !reflect.DeepEqual(pair.Yes, usual.Yes[0]) || !reflect.DeepEqual(pair.No, usual.No[0]) {
					own = &pair
				}
				return
			}
		}
		drafted, _ := profile.Lookup(one.draft.body, at)
		if approvalName().MatchString(lastToken(at)) && value != nil && reflect.DeepEqual(value, drafted) {
			one.draft.problems = append(one.draft.problems, fmt.Sprintf(
				"%s may be the approval, and the recording does not show what stands there otherwise: save the name before the second approval, and the secret after it (step 4)", show(lastToken(at))))
		}
	})
	return own
}

// approvalPairs are what requests may send at a place for yes and no: what approve and
// disapprove send there, or the same call in the other state, and what responses have
// in the member of this name.
func (l *learner) approvalPairs(at string, one *exchange) (pairs []profile.ApprovedAs) {
	r := &l.roles
	add := func(yes, no *exchange) {
		if yes == nil || no == nil {
			return
		}
		sentYes, hasYes := profile.Lookup(yes.body, at)
		sentNo, hasNo := profile.Lookup(no.body, at)
		drafted, _ := profile.Lookup(yes.draft.body, at)
		if hasYes && hasNo && !isKept(drafted) && !reflect.DeepEqual(sentYes, sentNo) {
			pairs = append(pairs, profile.ApprovedAs{Yes: sentYes, No: sentNo})
		}
	}
	add(r.approve, r.disapprove)
	if name := lastToken(at); r.rename != nil && r.setSecret != nil && sameCall(r.rename, r.setSecret) && (approvalName().MatchString(name) || statusName().MatchString(name)) {
		switch approvedFirst, approvedLast := l.momentAt(r.rename) == approved, l.momentAt(r.setSecret) == approved; {
		case approvedFirst && !approvedLast:
			add(r.rename, r.setSecret)
		case !approvedFirst && approvedLast:
			add(r.setSecret, r.rename)
		}
	}
	for _, place := range []*approvalPlace{l.approval, l.object} {
		if place == nil || lastToken(place.pointer) != lastToken(at) {
			continue
		}
		pair := profile.ApprovedAs{Yes: place.yes[0], No: place.no[0]}
		if one.kind == formBody {
			pair = profile.ApprovedAs{Yes: fmt.Sprint(pair.Yes), No: fmt.Sprint(pair.No)}
		}
		pairs = append(pairs, pair)
	}
	return pairs
}
