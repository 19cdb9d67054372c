package learn

import (
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// item is where the consumer is in the answer with a list.
type item struct {
	value       any
	items       string // pointer
	name        string // pointer from the item
	key         string // pointer from the item
	hasKey      bool
	noName      bool
	keyIsMember bool
	keyIsLast   bool
}

// findItem finds the consumer in a list: the innermost element of an array, or
// member of an object, that has its name and its key.
func (l *learner) findItem(document any) (found *item) {
	eachScalar(document, func(pointer string, value any) {
		text, isString := value.(string)
		if !isString || !isName(text) || found != nil && found.hasKey {
			return
		}
		parts := tokens(pointer)
		for end := len(parts) - 1; end >= 0; end-- {
			candidate := l.itemAt(document, parts, end)
			if candidate != nil && (found == nil || candidate.hasKey) {
				found = candidate
			}
			if candidate != nil && candidate.hasKey {
				return
			}
		}
	})
	if found == nil {
		found = l.findItemByKey(document)
	}
	return found
}

// findItemByKey finds the consumer in a list that does not tell its name.
func (l *learner) findItemByKey(document any) *item {
	for _, pointer := range arrays(document) {
		elements, _ := itemsOf(document, pointer)
		for _, element := range elements {
			if key, isLast, found := l.findKeyIn(element); found {
				return &item{value: element, items: pointer, key: key, keyIsLast: isLast, hasKey: true, noName: true}
			}
		}
	}
	return nil
}

// itemAt returns the item if a list ends at one part of the pointer of the name.
func (l *learner) itemAt(document any, parts []string, end int) *item {
	if l.insideArray(document, parts[:end]) {
		return nil
	}
	container, _ := profile.Lookup(document, pointerOf(parts[:end]))
	element, _ := profile.Lookup(document, pointerOf(parts[:end+1]))
	one := &item{value: element, items: pointerOf(parts[:end]), name: pointerOf(parts[end+1:])}
	one.key, one.keyIsLast, one.hasKey = l.findKeyIn(element)
	switch container := container.(type) {
	case []any:
		return one
	case map[string]any:
		if parts[end] == l.roles.register.key && !one.hasKey {
			one.hasKey, one.keyIsMember = true, true
			return one
		}
		if parts[end] == l.roles.register.key || len(container) >= 2 && l.uniform(container, one.name) {
			return one
		}
	}
	return nil
}

// uniform says whether each member has a text where the consumer has its name.
func (l *learner) uniform(container map[string]any, name string) bool {
	for _, member := range container {
		if _, isObject := member.(map[string]any); !isObject {
			return false
		}
		if value, _ := profile.Lookup(member, name); value == nil {
			return false
		}
	}
	return true
}

// insideArray says whether a pointer leads through an element of an array, which
// a profile cannot tell from the others.
func (l *learner) insideArray(document any, parts []string) bool {
	for end := range parts {
		container, _ := profile.Lookup(document, pointerOf(parts[:end]))
		if _, isArray := container.([]any); isArray {
			return true
		}
	}
	return false
}

// findKeyIn finds the key in a JSON value: as a value of its own, or as the last
// segment of a path or URL.
func (l *learner) findKeyIn(document any) (pointer string, isLast, found bool) {
	best := 100
	key := l.roles.register.key
	if key == "" {
		return "", false, false
	}
	eachScalar(document, func(at string, value any) {
		text, isText := scalarText(value)
		if !isText {
			return
		}
		rank := rankOf(lastToken(at)) + 4*strings.Count(at, "/")
		last := false
		if text != key {
			if !strings.Contains(text, "/") || profile.LastSegment(text) != key {
				return
			}
			rank, last = rank+40, true
		}
		if rank < best {
			pointer, isLast, found, best = at, last, true, rank
		}
	})
	return pointer, isLast, found
}

// findNameIn finds the name of the consumer in a JSON value.
func findNameIn(document any) (pointer string, found bool) {
	best := 100
	eachScalar(document, func(at string, value any) {
		text, isString := value.(string)
		if !isString || !isName(text) {
			return
		}
		rank := 4 * strings.Count(at, "/")
		if !strings.Contains(strings.ToLower(lastToken(at)), "name") {
			rank += 2
		}
		if rank < best {
			pointer, found, best = at, true, rank
		}
	})
	return pointer, found
}

// rootOf is the pointer of the smallest object that holds both places.
func rootOf(a, b string) string {
	left, right := tokens(a), tokens(b)
	common := 0
	for common < len(left)-1 && common < len(right)-1 && left[common] == right[common] {
		common++
	}
	return pointerOf(slices.Clone(left[:common]))
}

// itemsOf are the elements of a list, the members of an object by their names.
func itemsOf(document any, pointer string) (elements []any, names []string) {
	container, _ := profile.Lookup(document, pointer)
	switch container := container.(type) {
	case []any:
		return container, nil
	case map[string]any:
		for name, member := range container {
			elements, names = append(elements, member), append(names, name)
		}
		return elements, names
	}
	return nil, nil
}
