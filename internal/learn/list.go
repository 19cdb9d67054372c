package learn

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// listing is one way to ask for the list, and the times the recording does so.
type listing struct {
	exchanges []*exchange
	shown     map[*exchange]*item // those that hold the consumer
	shape     *item               // where the consumer is
	guessed   bool                // no list holds the consumer
	score     int
}

// pageLike is how parameters are called that say which page is wanted.
var pageLike = regexp.MustCompile(`(?i)^(page([-_]?(no|num|number|index|token))?|page\[(number|offset|after|cursor)\]|p|offset|start([-_]?(index|at))?|skip|\$skip|first(result)?|from|cursor|after|marker|continuation([-_]?token)?|next([-_]?token)?)$`)

// findLists finds the requests whose answers list consumers, the best first.
func (l *learner) findLists() []*listing {
	groups := map[string]*listing{}
	var order []string
	for _, one := range l.all {
		if !l.canList(one) {
			continue
		}
		key := l.listSignature(one)
		if groups[key] == nil {
			groups[key] = &listing{shown: map[*exchange]*item{}}
			order = append(order, key)
		}
		groups[key].exchanges = append(groups[key].exchanges, one)
	}
	var found []*listing
	for _, key := range order {
		group := groups[key]
		if l.weigh(group) {
			found = append(found, group)
		}
	}
	slices.SortStableFunc(found, func(a, b *listing) int { return b.score - a.score })
	return found
}

func (l *learner) canList(one *exchange) bool {
	if one.answered != jsonBody || !one.ok() || one.origin != l.origin {
		return false
	}
	if one.method != http.MethodGet && one.method != http.MethodPost {
		return false
	}
	return !l.aboutConsumer(one) && !one.mentions()
}

// listSignature is the same for the pages of one list.
func (l *learner) listSignature(one *exchange) string {
	d := l.draft(one)
	query := map[string]string{}
	maps.Copy(query, d.query)
	maps.DeleteFunc(query, func(name, _ string) bool { return pageLike.MatchString(name) })
	content, err := json.Marshal([]any{d.method, d.path, query, d.json, d.form})
	if err != nil {
		return ""
	}
	return string(content)
}

// weigh finds the consumer in the answers of a group, and says whether they can
// be lists.
func (l *learner) weigh(group *listing) bool {
	register := l.roles.register
	first := group.exchanges[0]
	for _, one := range group.exchanges {
		if found := l.findItem(one.answer); found != nil {
			group.shown[one] = found
			if group.shape == nil || found.hasKey && !group.shape.hasKey {
				group.shape = found
			}
		}
	}
	if group.shape == nil {
		group.shape = l.guessShape(group)
		group.guessed = true
		if group.shape == nil {
			return false
		}
	} else {
		group.score += 100
	}
	if group.shape.hasKey {
		group.score += 50
	}
	if register.exchange != nil && l.draft(first).path == l.draft(register.exchange).path {
		group.score += 10
	}
	if !group.shape.noName {
		group.score += 30
	}
	if slices.Index(l.all, first) < register.at {
		group.score += 8
	}
	group.score += min(len(group.shown), 5)
	return true
}

// guessShape takes the shape of the registration's answer for that of the items
// of a list that does not hold the consumer.
func (l *learner) guessShape(group *listing) *item {
	register := l.roles.register.exchange
	if register == nil || register.answered != jsonBody {
		return nil
	}
	key, isLast, hasKey := l.findKeyIn(register.answer)
	name, hasName := findNameIn(register.answer)
	if !hasKey || !hasName {
		return nil
	}
	root := rootOf(key, name)
	shape := &item{key: strings.TrimPrefix(key, root), name: strings.TrimPrefix(name, root), hasKey: true, keyIsLast: isLast}
	samePath := l.draft(group.exchanges[0]).path == l.draft(register).path
	for _, one := range group.exchanges {
		for _, pointer := range arrays(one.answer) {
			elements, _ := itemsOf(one.answer, pointer)
			fits := len(elements) == 0 && samePath
			for _, element := range elements {
				_, hasKey := lookupText(element, shape.key)
				_, hasName := lookupText(element, shape.name)
				fits = hasKey && hasName
			}
			if fits {
				shape.items = pointer
				return shape
			}
		}
	}
	return nil
}

// arrays are the pointers of the arrays that are not inside another one.
func arrays(document any) []string {
	var found []string
	var walk func(pointer string, value any)
	walk = func(pointer string, value any) {
		switch value := value.(type) {
		case []any:
			found = append(found, pointer)
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				walk(pointer+"/"+escapeToken(name), value[name])
			}
		}
	}
	walk("", document)
	return found
}

// others adds the names and the keys of the other consumers to what is private.
func (l *learner) addOthers(lists []*listing) {
	for _, group := range lists {
		for _, one := range group.exchanges {
			elements, names := itemsOf(one.answer, group.shape.items)
			for i, element := range elements {
				if group.shape.keyIsMember && names[i] != l.roles.register.key {
					l.private.other(names[i])
				}
				name, _ := lookupText(element, group.shape.name)
				if isName(name) {
					continue
				}
				l.private.other(name)
				if key, found := lookupText(element, group.shape.key); found && !group.shape.keyIsMember {
					l.private.other(key)
				}
			}
		}
	}
}

// seenTimes says in how many lists the consumer is.
func (g *listing) seenTimes() string {
	if len(g.shown) == 1 {
		return "1 list"
	}
	return fmt.Sprintf("%d lists", len(g.shown))
}
