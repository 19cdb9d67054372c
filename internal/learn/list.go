package learn

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// listing is one way to ask for the list, and the times the recording does so.
type listing struct {
	exchanges []*exchange
	shown     map[*exchange]*item // those that have the consumer
	shape     *item               // where the consumer is
	guessed   bool                // no list has the consumer
	score     int
}

// item is where the consumer is in the answer with a list.
type item struct {
	value       any
	items       string // pointer
	name        string // pointer from the item
	key         string // pointer from the item
	hasName     bool
	hasKey      bool
	keyIsMember bool
	keyIsLast   bool
}

// pageLike matches parameters that say which page is wanted.
var pageLike = pattern(`(?i)^(page([-_]?(no|num|number|index|token))?|page\[(number|offset|after|cursor)\]|p|offset|start([-_]?(index|at))?|skip|\$skip|first(result)?|from|cursor|after|marker|continuation([-_]?token)?|next([-_]?token)?)$`)

// findLists finds the requests whose answers list consumers, the best first.
func (l *learner) findLists() []*listing {
	groups := map[string]*listing{}
	var order []*listing
	for _, one := range l.all {
		if one.answered != jsonBody || !one.ok() || l.aboutConsumer(one) || len(one.typed) > 0 ||
			one.method != http.MethodGet && one.method != http.MethodPost {
			continue
		}
		// The pages of one list belong together.
		query := maps.Clone(one.draft.query)
		maps.DeleteFunc(query, func(name, _ string) bool { return pageLike().MatchString(name) })
		signature, _ := json.Marshal([]any{one.method, one.draft.path, query, one.draft.body})
		group := groups[string(signature)]
		if group == nil {
			group = &listing{shown: map[*exchange]*item{}}
			groups[string(signature)] = group
			order = append(order, group)
		}
		group.exchanges = append(group.exchanges, one)
	}
	order = slices.DeleteFunc(order, func(group *listing) bool { return !l.weigh(group) })
	slices.SortStableFunc(order, func(a, b *listing) int { return b.score - a.score })
	return order
}

// weigh finds the consumer in the answers of a group, and reports whether they can
// be lists.
func (l *learner) weigh(group *listing) bool {
	for _, one := range group.exchanges {
		if found := l.findItem(one.answer); found != nil {
			group.shown[one] = found
			if group.shape == nil || found.hasKey && !group.shape.hasKey {
				group.shape = found
			}
		}
	}
	if group.shape == nil {
		group.guessed = true
		if group.shape = l.guessShape(group); group.shape == nil {
			return false
		}
	}
	first := group.exchanges[0]
	group.score = min(len(group.shown), 5)
	for _, sign := range []struct {
		seen   bool
		weight int
	}{
		{!group.guessed, 100},
		{group.shape.hasKey, 50},
		{group.shape.hasName, 30},
		{first.draft.path == l.roles.register.draft.path, 10},
		{l.index(first) < l.roles.register.at, 8},
	} {
		if sign.seen {
			group.score += sign.weight
		}
	}
	return true
}

// findItem finds the consumer in a list: the element of an array that has its
// name or, in a list without names, its key.
func (l *learner) findItem(document any) (found *item) {
	eachScalar(document, func(pointer string, value any) {
		if text, _ := scalarText(value); isName(text) && (found == nil || !found.hasKey) {
			if candidate := l.itemAt(document, tokens(pointer)); candidate != nil && (found == nil || candidate.hasKey) {
				found = candidate
			}
		}
	})
	if pointer, _, hasKey := l.findKeyIn(document); hasKey && found == nil {
		if found = l.itemAt(document, tokens(pointer)); found != nil {
			found.name, found.hasName = "", false
		}
	}
	return found
}

// itemAt returns the item of a list that contains a value: an element of the
// outermost array, or the member of an object that is named like the key. A
// profile cannot describe a list inside an element of another array.
func (l *learner) itemAt(document any, parts []string) *item {
	end, inArray := outermostArray(document, parts)
	if !inArray {
		if end = slices.Index(parts, l.roles.register.key); end < 0 {
			return nil
		}
	}
	one := &item{items: pointerOf(parts[:end]...), name: pointerOf(parts[end+1:]...), hasName: true}
	one.value, _ = profile.Lookup(document, pointerOf(parts[:end+1]...))
	one.key, one.keyIsLast, one.hasKey = l.findKeyIn(one.value)
	if !inArray && !one.hasKey {
		one.hasKey, one.keyIsMember = true, true
	}
	return one
}

// guessShape takes the shape of the registration's answer for that of the items
// of a list that does not have the consumer.
func (l *learner) guessShape(group *listing) *item {
	register := l.roles.register
	key, isLast, hasKey := l.findKeyIn(register.answer)
	name, hasName := findNameIn(register.answer)
	if !hasKey || !hasName {
		return nil
	}
	root := rootOf(key, name)
	shape := &item{key: strings.TrimPrefix(key, root), name: strings.TrimPrefix(name, root), hasName: true, hasKey: true, keyIsLast: isLast}
	found := false
	for _, one := range group.exchanges {
		walk("", one.answer, func(pointer string, value any) {
			elements, isArray := value.([]any)
			fits := isArray && !found && (len(elements) > 0 || one.draft.path == register.draft.path)
			for _, element := range elements {
				fits = fits && lookupText(element, shape.key) != "" && lookupText(element, shape.name) != ""
			}
			if fits {
				shape.items, found = pointer, true
			}
		})
	}
	if !found {
		return nil
	}
	return shape
}

// itemsOf are the elements of a list by their indexes, or the members of an object
// by their names.
func itemsOf(document any, pointer string) map[string]any {
	container, _ := profile.Lookup(document, pointer)
	switch container := container.(type) {
	case map[string]any:
		return container
	case []any:
		items := map[string]any{}
		for i, element := range container {
			items[strconv.Itoa(i)] = element
		}
		return items
	}
	return nil
}

// findKeyIn finds the key in a JSON value: as a value of its own, or as the last
// segment of a path or URL.
func (l *learner) findKeyIn(document any) (pointer string, isLast, found bool) {
	best := 100
	key := l.roles.register.key
	eachScalar(document, func(at string, value any) {
		text, _ := scalarText(value)
		rank := rankOf(lastToken(at)) + 4*strings.Count(at, "/")
		last := text != key && strings.Contains(text, "/") && profile.LastSegment(text) == key
		if last {
			rank += 40
		}
		if key != "" && (last || text == key) && rank < best {
			pointer, isLast, found, best = at, last, true, rank
		}
	})
	return pointer, isLast, found
}

// findNameIn finds the name of the consumer in a JSON value.
func findNameIn(document any) (pointer string, found bool) {
	best := 100
	eachScalar(document, func(at string, value any) {
		rank := 4 * strings.Count(at, "/")
		if !strings.Contains(strings.ToLower(lastToken(at)), "name") {
			rank += 2
		}
		if text, _ := scalarText(value); isName(text) && rank < best {
			pointer, found, best = at, true, rank
		}
	})
	return pointer, found
}

// rootOf is the pointer of the smallest object that contains both places.
func rootOf(a, b string) string {
	left, right := tokens(a), tokens(b)
	common := 0
	for common < len(left)-1 && common < len(right)-1 && left[common] == right[common] {
		common++
	}
	return pointerOf(left[:common]...)
}

// addOthers adds the names and the keys of the other consumers to what is private.
func (l *learner) addOthers() {
	for _, group := range l.lists {
		for _, one := range group.exchanges {
			for member, element := range itemsOf(one.answer, group.shape.items) {
				name, key := lookupText(element, group.shape.name), lookupText(element, group.shape.key)
				if group.shape.keyIsMember {
					key = member
				}
				if !isName(name) && key != l.roles.register.key {
					l.private.other(name)
					l.private.other(key)
				}
			}
		}
	}
}
