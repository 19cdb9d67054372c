package learn

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// moment says whether the consumer was approved at some time.
type moment int

const (
	unknownMoment moment = iota // registered, and not approved yet
	approvedMoment
	disapprovedMoment
)

// momentAt is the moment of the answer to a request.
func (l *learner) momentAt(at *exchange) moment {
	now := unknownMoment
	for _, one := range l.all[max(l.roles.register.at, 0):] {
		switch one {
		case l.roles.approve, l.roles.again:
			now = approvedMoment
		case l.roles.disapprove:
			now = disapprovedMoment
		}
		if one == at {
			return now
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
	pointer  string
	yes, no  []any
	assumed  bool     // one of the values was not seen
	others   []string // further places that could be meant
	byItself bool     // the registration approves
}

var (
	approvalName = regexp.MustCompile(`(?i)approv`)
	statusName   = regexp.MustCompile(`(?i)status|state|enabled|active|authori[sz]ed|confirmed`)
	unlikelyName = regexp.MustCompile(`(?i)by$|user|who|owner|at$|date|time|version|revision|modified|updated|etag|count|links?$|href|action`)
)

// findApproval finds what differs between a consumer that is approved and one
// that is not.
func findApproval(sightings []sighting) *approvalPlace {
	var pointers []string
	for _, one := range sightings {
		eachScalar(one.value, func(pointer string, _ any) { pointers = append(pointers, pointer) })
	}
	var best *approvalPlace
	bestScore := -1000
	var others []string
	for _, pointer := range unique(pointers) {
		place, score := weighApproval(pointer, sightings)
		if place == nil || score < -9 {
			continue
		}
		if score > bestScore {
			if best != nil {
				others = append(others, best.pointer)
			}
			best, bestScore = place, score
		} else {
			others = append(others, pointer)
		}
	}
	if best != nil {
		best.others = others
	}
	return best
}

func weighApproval(pointer string, sightings []sighting) (*approvalPlace, int) {
	values := map[moment][]any{}
	for _, one := range sightings {
		value, _ := profile.Lookup(one.value, pointer)
		if !slices.ContainsFunc(values[one.moment], func(known any) bool { return reflect.DeepEqual(known, value) }) {
			values[one.moment] = append(values[one.moment], value)
		}
	}
	place := &approvalPlace{pointer: pointer, yes: values[approvedMoment], no: values[disapprovedMoment]}
	if len(place.yes) > 1 || len(place.no) > 1 || len(values[unknownMoment]) > 1 {
		return nil, 0
	}
	for _, first := range values[unknownMoment] {
		switch {
		case len(place.yes) > 0 && reflect.DeepEqual(first, place.yes[0]):
			place.byItself = len(place.no) > 0
		case !slices.ContainsFunc(place.no, func(known any) bool { return reflect.DeepEqual(known, first) }):
			place.no = append(place.no, first)
		}
	}
	named := approvalName.MatchString(lastToken(pointer))
	for _, side := range [][2]*[]any{{&place.yes, &place.no}, {&place.no, &place.yes}} {
		if have, isBool := one(*side[0]).(bool); isBool && len(*side[1]) == 0 && (named || statusName.MatchString(lastToken(pointer))) {
			*side[1], place.assumed = []any{!have}, true
		}
	}
	if len(place.yes) == 0 || len(place.no) == 0 || slices.ContainsFunc(place.no, func(no any) bool { return reflect.DeepEqual(no, place.yes[0]) }) {
		return nil, 0
	}
	return place, scoreApproval(lastToken(pointer), place)
}

func one(values []any) any {
	if len(values) == 0 {
		return nil
	}
	return values[0]
}

func scoreApproval(name string, place *approvalPlace) int {
	score := 0
	switch {
	case unlikelyName.MatchString(name):
		score -= 15
	case approvalName.MatchString(name):
		score += 20
	case statusName.MatchString(name):
		score += 8
	}
	if place.assumed {
		score -= 2
	}
	switch yes := place.yes[0].(type) {
	case bool:
		score += 10
	case string:
		if looksRandom(yes) || len(yes) > 40 || strings.ContainsAny(yes, "/\n") {
			return -1000
		}
		for _, no := range place.no {
			text, isString := no.(string)
			if isString && (looksRandom(text) || len(text) > 40 || strings.ContainsAny(text, "/\n")) {
				return -1000
			}
		}
		if _, isString := place.no[0].(string); isString {
			score += 5
		} else {
			score -= 5
		}
	case json.Number:
		if len(yes) > 3 {
			return -1000
		}
		score++
	case nil:
		score -= 5
	}
	return score
}
