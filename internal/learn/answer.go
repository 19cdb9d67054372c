package learn

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// rootIn is the pointer of the consumer in a response about it alone.
func (l *learner) rootIn(document any) (root string, found bool) {
	name, hasName := findNameIn(document)
	key, _, hasKey := l.findKeyIn(document)
	if !hasName {
		name = key
	}
	if !hasKey {
		key = name
	}
	return rootOf(key, name), hasName || hasKey
}

// shapeOf says where the consumer is in the response to a call. Nil: it does not tell.
func (l *learner) shapeOf(one *exchange) *profile.Shape {
	if one.answered == textBody && one.text() == l.roles.register.key {
		return &profile.Shape{Format: "text"}
	}
	shape := &profile.Shape{Approved: l.approvedIn(one.answer)}
	if pointer, isLast, found := l.findKeyIn(one.answer); found && l.steady(one.answer, pointer) {
		shape.Key, shape.KeyIsLastSegment = &pointer, isLast
	}
	if pointer, found := findNameIn(one.answer); found && l.steady(one.answer, pointer) {
		shape.Name = &pointer
	}
	if shape.Key == nil && one == l.roles.register.exchange {
		l.keyHeader(shape, one)
	}
	if reflect.DeepEqual(*shape, profile.Shape{}) {
		return nil
	}
	return shape
}

// keyHeader finds the key in the headers of the response to the registration.
func (l *learner) keyHeader(shape *profile.Shape, one *exchange) {
	for _, header := range one.entry.ResponseHeaders {
		isKey := header.Value == l.roles.register.key
		isLast := strings.Contains(header.Value, "/") && profile.LastSegment(header.Value) == l.roles.register.key
		if l.roles.register.key != "" && (isKey || isLast) && !strings.EqualFold(header.Name, "Set-Cookie") {
			shape.KeyHeader, shape.KeyIsLastSegment = http.CanonicalHeaderKey(header.Name), isLast
			return
		}
	}
}

// approvedIn is where a response about one consumer tells of its approval.
func (l *learner) approvedIn(document any) *string {
	root, _ := l.rootIn(document)
	_, hasName := findNameIn(document)
	for _, place := range []*approvalPlace{l.object, l.approval} {
		if place == nil || document == nil {
			continue
		}
		pointer := root + place.pointer
		value, present := profile.Lookup(document, pointer)
		// Absent means no if the rest of the consumer is there.
		if contains(slices.Concat(place.yes, place.no), value) && (present || hasName) && l.steady(document, pointer) {
			return &pointer
		}
	}
	return nil
}

func (l *learner) findReads() {
	for _, one := range l.all[l.roles.register.at+1:] {
		if !one.reads() || !one.ok() || !l.aboutConsumer(one) || len(one.problems) > 0 {
			continue
		}
		pointer, hasName := findNameIn(one.answer)
		if hasName && l.steady(one.answer, pointer) && (len(l.reads) == 0 || one.signature() == l.reads[0].signature()) {
			l.reads = append(l.reads, one)
		}
	}
}

// Members with which servers say whether a call succeeded, and what they say then.
var (
	saysSuccess = pattern(`(?i)^/([^/]+/)?(success|succeeded|successful|ok)$`)
	saysFailure = pattern(`(?i)^/([^/]+/)?(error|failed|has_?errors?)$`)
	saysOutcome = pattern(`(?i)^/([^/]+/)?(status|result|outcome|((result|return|status|error)_?)?code)$`)
	saysOK      = pattern(`(?i)^(ok|success|0)$`)
)

// expected finds what each response to a change has, and these as well.
func (l *learner) expected(also ...*exchange) map[string]any {
	expected := map[string]any{}
	eachScalar(l.roles.register.answer, func(pointer string, value any) {
		text, _ := scalarText(value)
		if saysSuccess().MatchString(pointer) && value == true || saysFailure().MatchString(pointer) && value == false || saysOutcome().MatchString(pointer) && saysOK().MatchString(text) {
			expected[pointer] = value
		}
	})
	for _, one := range append(l.roles.all(), also...) {
		for pointer, value := range expected {
			if at, found := profile.Lookup(one.answer, pointer); !found || at != value {
				delete(expected, pointer)
			}
		}
	}
	return expected
}
