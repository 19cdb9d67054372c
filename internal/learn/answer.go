package learn

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// rootIn is the pointer of the consumer in an answer about it alone.
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

// objectIn is the consumer in an answer about it alone. An answer that tells
// neither name nor key is the consumer as a whole.
func (l *learner) objectIn(one *exchange) (any, bool) {
	if root, found := l.rootIn(one.answer); found {
		return profile.Lookup(one.answer, root)
	}
	_, isObject := one.answer.(map[string]any)
	return one.answer, isObject
}

// answerOf says where the consumer is in the answers to one call. Nil: the
// answers do not tell, or not always in the same place.
func (l *learner) answerOf(exchanges ...*exchange) *profile.Answer {
	common := l.answerTo(exchanges[0])
	for _, one := range exchanges[1:] {
		if !reflect.DeepEqual(l.answerTo(one), common) {
			return nil
		}
	}
	return common
}

func (l *learner) answerTo(one *exchange) *profile.Answer {
	if one.answered == textBody && one.text() == l.roles.register.key {
		return &profile.Answer{Format: "text"}
	}
	answer := &profile.Answer{}
	if pointer, isLast, found := l.findKeyIn(one.answer); found && l.plain(pointer) {
		answer.Key, answer.KeyIsLastSegment = &pointer, isLast
	}
	if pointer, found := findNameIn(one.answer); found && l.plain(pointer) {
		answer.Name = &pointer
	}
	answer.Approved = l.approvedIn(one.answer)
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
		isKey := header.Value == l.roles.register.key
		isLast := strings.Contains(header.Value, "/") && profile.LastSegment(header.Value) == l.roles.register.key
		if l.roles.register.key != "" && (isKey || isLast) && !strings.EqualFold(header.Name, "Set-Cookie") {
			answer.KeyHeader, answer.KeyIsLastSegment = http.CanonicalHeaderKey(header.Name), isLast
			return
		}
	}
}

// approvedIn is where an answer about one consumer tells of its approval.
func (l *learner) approvedIn(document any) *string {
	if l.object == nil || document == nil {
		return nil
	}
	root, _ := l.rootIn(document)
	pointer := root + l.object.pointer
	value, present := profile.Lookup(document, pointer)
	if !contains(slices.Concat(l.object.yes, l.object.no), value) || !l.plain(pointer) {
		return nil
	}
	// Absent means no if the rest of the consumer is there.
	if _, hasName := findNameIn(document); !present && !hasName {
		return nil
	}
	return &pointer
}

// findReads finds the requests that read the consumer alone.
func (l *learner) findReads() {
	for _, one := range l.all[l.roles.register.at+1:] {
		reads := one.reads() || one.method == http.MethodPost && !l.hasRole(one)
		if !reads || !one.ok() || !l.aboutConsumer(one) || len(one.draft.problems) > 0 {
			continue
		}
		if _, hasName := findNameIn(one.answer); hasName && (len(l.reads) == 0 || one.draft.signature == l.reads[0].draft.signature) {
			l.reads = append(l.reads, one)
		}
	}
}
