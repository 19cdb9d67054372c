package learn

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// rootIn is the pointer of the consumer in an answer about it alone.
func (l *learner) rootIn(document any) (root string, found bool) {
	name, hasName := findNameIn(document)
	key, _, hasKey := l.findKeyIn(document)
	switch {
	case hasName && hasKey:
		return rootOf(key, name), true
	case hasName:
		return rootOf(name, name), true
	case hasKey:
		return rootOf(key, key), true
	}
	return "", false
}

// objectIn is the consumer in an answer about it alone. An answer that tells
// neither name nor key is the consumer as a whole.
func (l *learner) objectIn(one *exchange) (any, bool) {
	if one.answered != jsonBody || !one.ok() {
		return nil, false
	}
	root, found := l.rootIn(one.answer)
	if !found {
		_, isObject := one.answer.(map[string]any)
		return one.answer, isObject
	}
	value, _ := profile.Lookup(one.answer, root)
	return value, true
}

// answerOf says where the consumer is in the answers to one call. Nil: the
// answers do not tell, or not always in the same place.
func (l *learner) answerOf(exchanges ...*exchange) *profile.Answer {
	var common *profile.Answer
	for i, one := range exchanges {
		answer := l.answerTo(one)
		if i > 0 && !reflect.DeepEqual(answer, common) {
			return nil
		}
		common = answer
	}
	return common
}

func (l *learner) answerTo(one *exchange) *profile.Answer {
	key := l.roles.register.key
	answer := &profile.Answer{}
	switch one.answered {
	case textBody:
		if key != "" && one.text() == key {
			return &profile.Answer{Format: "text"}
		}
	case jsonBody:
		if pointer, isLast, found := l.findKeyIn(one.answer); found && l.plain(pointer) {
			answer.Key, answer.KeyIsLastSegment = &pointer, isLast
		}
		if pointer, found := findNameIn(one.answer); found && l.plain(pointer) {
			answer.Name = &pointer
		}
		answer.Approved = l.approvedIn(one.answer)
	case noBody, formBody, htmlBody, otherBody, lostBody:
	}
	if answer.Key == nil && one == l.roles.register.exchange {
		l.keyHeader(answer, one)
	}
	if *answer == (profile.Answer{}) {
		return nil
	}
	return answer
}

// keyHeader finds the key in the headers of the registration's answer.
func (l *learner) keyHeader(answer *profile.Answer, one *exchange) {
	for _, header := range one.entry.ResponseHeaders {
		name := http.CanonicalHeaderKey(header.Name)
		switch key := l.roles.register.key; {
		case key == "" || name == "Set-Cookie":
		case header.Value == key:
			answer.KeyHeader, answer.KeyIsLastSegment = name, false
			return
		case strings.Contains(header.Value, "/") && profile.LastSegment(header.Value) == key && answer.KeyHeader == "":
			answer.KeyHeader, answer.KeyIsLastSegment = name, true
		}
	}
}

// approvedIn is where an answer about one consumer tells of its approval.
func (l *learner) approvedIn(document any) *string {
	if l.object == nil {
		return nil
	}
	root, found := l.rootIn(document)
	if !found {
		root = ""
	}
	pointer := root + l.object.pointer
	value, present := profile.Lookup(document, pointer)
	known := slices.Concat(l.object.yes, l.object.no)
	if !present && !slices.Contains(known, nil) || !contains(known, value) || !l.plain(pointer) {
		return nil
	}
	if !present {
		// Absent means no, if the rest of the consumer is there.
		if _, hasName := findNameIn(document); !hasName {
			return nil
		}
	}
	return &pointer
}

// plain says whether a pointer has neither the key nor anything private in it.
func (l *learner) plain(pointer string) bool {
	for _, token := range tokens(pointer) {
		if l.withheld(token) || typed.MatchString(token) || looksRandom(token) {
			return false
		}
	}
	return true
}

func contains(values []any, wanted any) bool {
	return slices.ContainsFunc(values, func(one any) bool { return reflect.DeepEqual(one, wanted) })
}

// findReads finds the requests that read the consumer alone.
func (l *learner) findReads() {
	groups := map[string][]*exchange{}
	var best string
	for i, one := range l.all {
		if i <= l.roles.register.at || one.answered != jsonBody || !one.ok() || one.origin != l.origin || !l.aboutConsumer(one) {
			continue
		}
		if !one.reads() && (one.method != http.MethodPost || !slices.Contains(l.roles.others, one)) {
			continue
		}
		if _, hasName := findNameIn(one.answer); !hasName || len(l.draft(one).problems) > 0 {
			continue
		}
		signature := l.signature(one)
		groups[signature] = append(groups[signature], one)
		if best == "" || len(groups[signature]) > len(groups[best]) {
			best = signature
		}
	}
	l.reads = groups[best]
	l.roles.others = slices.DeleteFunc(l.roles.others, func(one *exchange) bool { return slices.Contains(l.reads, one) })
}
