package learn

import (
	"encoding/json"
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

// momentAt is the moment of the answer to a request.
func (l *learner) momentAt(at *exchange) moment {
	now := registered
	for _, one := range l.all[:l.index(at)+1] {
		switch {
		case one == l.roles.disapprove, one == l.roles.again && l.roles.swapped:
			now = disapproved
		case one == l.roles.approve, one == l.roles.again:
			now = approved
		}
	}
	return now
}

// sighting is the consumer in an answer at some moment.
type sighting struct {
	value  any
	moment moment
}

// approvalPlace is where answers say whether a consumer is approved.
type approvalPlace struct {
	pointer string
	yes, no []any
	score   int
}

var (
	approvalName = pattern(`(?i)approv`)
	statusName   = pattern(`(?i)status|state|enabled|active|authori[sz]ed|confirmed`)
	unlikelyName = pattern(`(?i)by$|user|who|owner|at$|date|time|version|revision|modified|updated|etag|count|links?$|href|action`)
)

// findApprovalPlaces finds where lists, and answers about the consumer alone, say
// whether it is approved.
func (l *learner) findApprovalPlaces() {
	var listed, alone []sighting
	for _, one := range l.all {
		if len(l.lists) > 0 && l.lists[0].shown[one] != nil {
			listed = append(listed, sighting{l.lists[0].shown[one].value, l.momentAt(one)})
		}
	}
	for _, one := range append(l.roles.changes(), l.reads...) {
		if root, found := l.objectIn(one); found {
			alone = append(alone, sighting{root, l.momentAt(one)})
		}
	}
	l.approval, l.object = findApproval(listed), findApproval(alone)
}

// changes are the requests with a role that may answer with the consumer.
func (r *roles) changes() []*exchange {
	return slices.DeleteFunc([]*exchange{r.register.exchange, r.approve, r.disapprove, r.again, r.rename, r.setSecret},
		func(one *exchange) bool { return one == nil })
}

// findApproval finds what differs between a consumer that is approved and one
// that is not.
func findApproval(sightings []sighting) (best *approvalPlace) {
	for _, one := range sightings {
		eachScalar(one.value, func(pointer string, _ any) {
			if place := weighApproval(pointer, sightings); place != nil && place.score > -10 && (best == nil || place.score > best.score) {
				best = place
			}
		})
	}
	return best
}

// weighApproval returns nil if a place does not tell the approval.
func weighApproval(pointer string, sightings []sighting) *approvalPlace {
	values := map[moment][]any{}
	for _, one := range sightings {
		value, _ := profile.Lookup(one.value, pointer)
		values[one.moment] = with(values[one.moment], value)
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
	// A boolean of which only one value was seen means the opposite when it differs.
	name := lastToken(pointer)
	for _, sides := range [][2]*[]any{{&place.yes, &place.no}, {&place.no, &place.yes}} {
		if seen := *sides[0]; len(*sides[1]) == 0 && (approvalName().MatchString(name) || statusName().MatchString(name)) {
			if value, isBool := seen[0].(bool); isBool {
				*sides[1] = []any{!value}
			}
		}
	}
	if len(place.yes) == 0 || len(place.no) == 0 || contains(place.no, place.yes[0]) || slices.ContainsFunc(slices.Concat(place.yes, place.no), notWord) {
		return nil
	}
	switch {
	case unlikelyName().MatchString(name):
		place.score = -15
	case approvalName().MatchString(name):
		place.score = 20
	case statusName().MatchString(name):
		place.score = 8
	}
	switch place.yes[0].(type) {
	case bool:
		place.score += 10
	case string:
		place.score += 5
	case nil:
		place.score -= 5
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

func contains(values []any, wanted any) bool {
	return slices.ContainsFunc(values, func(one any) bool { return reflect.DeepEqual(one, wanted) })
}
