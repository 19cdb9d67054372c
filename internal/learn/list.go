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

// sighting is the consumer in a response.
type sighting struct {
	*exchange
	value any
	item  *item  // if the response is a list
	root  string // pointer, if it is about the consumer alone
}

// findSightings finds the consumer in the responses since the registration.
func (l *learner) findSightings() {
	for _, one := range l.all[l.roles.register.at:] {
		if one.answered != jsonBody || !one.ok() {
			continue
		}
		if l.mayList(one) {
			if found := l.findItem(one.answer); found != nil {
				l.sightings = append(l.sightings, sighting{exchange: one, value: found.value, item: found})
			}
			continue
		}
		if root, found := l.rootIn(one.answer); found && l.steady(one.answer, root) {
			value, _ := profile.Lookup(one.answer, root)
			l.sightings = append(l.sightings, sighting{exchange: one, value: value, root: root})
		}
	}
}

// mayList reports whether a request may be one for the list: it names no consumer.
func (l *learner) mayList(one *exchange) bool {
	return one.answered == jsonBody && one.ok() && !l.aboutConsumer(one) && len(one.typed) == 0 &&
		(one.method == http.MethodGet || one.method == http.MethodPost)
}

// offered reports whether the list, or a read, has a member of the consumer where a
// profile can find it.
func (l *learner) offered(pointer string) bool {
	return slices.ContainsFunc(l.sightings, func(one sighting) bool {
		_, found := profile.Lookup(one.value, pointer)
		return found && (one.item != nil || one.root == "" && one.reads())
	})
}

// steady reports whether a pointer does not depend on what else a response has: no
// array on its way has several objects.
func (l *learner) steady(document any, pointer string) bool {
	parts := profile.Tokens(pointer)
	for end := range parts {
		container, _ := profile.Lookup(document, profile.PointerOf(parts[:end]...))
		if elements, _ := container.([]any); len(elements) > 1 {
			if _, ofObjects := elements[0].(map[string]any); ofObjects {
				return false
			}
		}
	}
	return l.plain(pointer)
}

// listing is one way to ask for the list, and the times the recording does so.
type listing struct {
	exchanges []*exchange
	shown     map[*exchange]*item // those that have the consumer
	shape     *item               // where the consumer is
}

// item is where the consumer is in the response with a list.
type item struct {
	profile.Shape // with pointers from the item
	value         any
	items         string // pointer
}

// pageLike matches parameters that say which page is wanted.
var pageLike = pattern(`(?i)^(page([-_]?(no|num|number|index|token))?|page\[(number|offset|after|cursor)\]|p|offset|start([-_]?(index|at))?|skip|\$skip|first(result)?|from|cursor|after|marker|continuation([-_]?token)?|next([-_]?token)?)$`)

// findLists finds the requests whose answers list the consumer, the best first.
func (l *learner) findLists() (lists []*listing) {
	bySignature, groups := map[string]*listing{}, map[*exchange]*listing{}
	for _, one := range l.all {
		if !l.mayList(one) {
			continue
		}
		// The pages of one list belong together.
		query := maps.Clone(one.draft.query)
		maps.DeleteFunc(query, func(name, _ string) bool { return pageLike().MatchString(name) })
		signature, _ := json.Marshal([]any{one.method, one.draft.path, query, one.draft.body})
		group := bySignature[string(signature)]
		if group == nil {
			group = &listing{shown: map[*exchange]*item{}}
			bySignature[string(signature)] = group
		}
		group.exchanges = append(group.exchanges, one)
		groups[one] = group
	}
	for _, one := range l.sightings {
		if one.item == nil {
			continue
		}
		group := groups[one.exchange]
		group.shown[one.exchange] = one.item
		if group.shape == nil {
			group.shape = one.item
			lists = append(lists, group)
		}
	}
	slices.SortStableFunc(lists, func(a, b *listing) int { return l.scoreOf(b) - l.scoreOf(a) })
	return lists
}

// scoreOf is higher for a list that tells the key, then for one that tells the name, then
// for one at the path of the registration, and then for one that has the consumer more
// often: a page may also list what has happened to it.
func (l *learner) scoreOf(list *listing) int {
	score := len(list.shown)
	for weight, has := range map[int]bool{
		4000: list.shape.TellsKey(), 2000: list.shape.Name != nil, 1000: list.exchanges[0].path == l.roles.register.path,
	} {
		if has {
			score += weight
		}
	}
	return score
}

// findItem finds the consumer in a list: the element of an array that has its key, and
// usually its name. Another consumer may have the name from an earlier try.
func (l *learner) findItem(document any) (found *item) {
	eachText(document, func(pointer, text string) {
		if isName(text) && found == nil {
			if candidate := l.itemAt(document, profile.Tokens(pointer)); candidate != nil && (candidate.TellsKey() || l.roles.register.key == "") {
				found = candidate
			}
		}
	})
	if pointer, _, hasKey := l.findKeyIn(document); hasKey && found == nil {
		if found = l.itemAt(document, profile.Tokens(pointer)); found != nil {
			found.Name = nil
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
	one, name := &item{items: profile.PointerOf(parts[:end]...)}, profile.PointerOf(parts[end+1:]...)
	one.value, _ = profile.Lookup(document, profile.PointerOf(parts[:end+1]...))
	key, isLast, hasKey := l.findKeyIn(one.value)
	switch one.Name = &name; {
	case hasKey:
		one.Key, one.KeyIsLastSegment = &key, isLast
	case !inArray:
		one.KeyIsMember = true
	}
	return one
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
	eachText(document, func(at, text string) {
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

func findNameIn(document any) (pointer string, found bool) {
	best := 100
	eachText(document, func(at, text string) {
		rank := 4 * strings.Count(at, "/")
		if !strings.Contains(strings.ToLower(lastToken(at)), "name") {
			rank += 2
		}
		if isName(text) && rank < best {
			pointer, found, best = at, true, rank
		}
	})
	return pointer, found
}

// rootOf is the pointer of the smallest object that contains both places.
func rootOf(a, b string) string {
	left, right := profile.Tokens(a), profile.Tokens(b)
	common := 0
	for common < len(left)-1 && common < len(right)-1 && left[common] == right[common] {
		common++
	}
	return profile.PointerOf(left[:common]...)
}

// places are where a list has its items: in one array or object, or, if the consumer
// moves when it is approved, in two.
func (l *learner) places(group *listing) profile.Items {
	var approvedIn, othersIn []string
	for one, found := range group.shown {
		in := &othersIn
		if l.momentAt(one) == approved {
			in = &approvedIn
		}
		if !slices.Contains(*in, found.items) {
			*in = append(*in, found.items)
		}
	}
	if len(approvedIn) == 1 && len(othersIn) == 1 && approvedIn[0] != othersIn[0] {
		return profile.Items{Yes: &approvedIn[0], No: &othersIn[0]}
	}
	return profile.Items{At: group.shape.items}
}

// items are those of all responses with the list.
func (l *learner) items(group *listing) (items []map[string]any) {
	places := l.places(group)
	pointers := []string{places.At}
	if places.Yes != nil {
		pointers = []string{*places.Yes, *places.No}
	}
	for _, one := range group.exchanges {
		for _, pointer := range pointers {
			items = append(items, itemsOf(one.answer, pointer))
		}
	}
	return items
}

// addOthers adds the names and the keys of the other consumers to what is private.
func (l *learner) addOthers() {
	for _, group := range l.lists {
		for _, items := range l.items(group) {
			for member, element := range items {
				key, name := member, ""
				if group.shape.Key != nil {
					key = lookupText(element, *group.shape.Key)
				}
				if group.shape.Name != nil {
					name = lookupText(element, *group.shape.Name)
				}
				if key == l.roles.register.key {
					continue
				}
				l.private.other(key)
				if !isName(name) {
					l.private.other(name)
				}
			}
		}
	}
}

// kindName matches members that say what kind of client an item is.
var kindName = pattern(`(?i)(type|kind|protocol|category|oauth[-_]?version)$`)

// onlyKind finds what tells the consumers of a list from items of other kinds: a
// member of each item that the new consumer never changes, and that others have with
// another word.
func (l *learner) onlyKind(group *listing) (only map[string]any) {
	eachScalar(group.shape.value, func(pointer string, literal any) {
		if _, isText := scalarText(literal); !isText || notWord(literal) || !kindName().MatchString(lastToken(pointer)) || only != nil {
			return
		}
		others := false
		for _, found := range group.shown {
			if value, _ := profile.Lookup(found.value, pointer); value != literal {
				return
			}
		}
		for _, items := range l.items(group) {
			for _, item := range items {
				value, found := profile.Lookup(item, pointer)
				if _, isText := scalarText(value); !found || !isText || notWord(value) {
					return
				}
				others = others || value != literal
			}
		}
		if others {
			only = map[string]any{pointer: literal}
		}
	})
	return only
}
