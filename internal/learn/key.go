package learn

import (
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// registration is a request that may have registered the consumer, with the key
// that it has led to.
type registration struct {
	exchange *exchange
	at       int // its place among all exchanges
	key      string
	uses     int // how often later requests send the key
	changes  int // how many of them change something
}

// findRegistration finds the request that sends the first name and the first
// secret, and whose consumer later requests are about.
func findRegistration(all []*exchange) (best *registration) {
	bestTier := 0
	for i, one := range all {
		tier := registrationTier(one)
		if tier == 0 || tier < bestTier {
			continue
		}
		found := findKey(all, i)
		if tier > bestTier {
			best, bestTier = nil, tier
		}
		if best == nil || found.changes > best.changes || found.changes == best.changes && found.key != "" {
			best = found
		}
	}
	return best
}

// registrationTier says how much a request looks like the registration.
func registrationTier(one *exchange) int {
	if one.reads() || !one.ok() {
		return 0
	}
	var name, secret, nameInside, secretInside, second bool
	one.eachValue(func(_ place, value string) {
		name = name || value == firstName
		secret = secret || value == firstSecret
		nameInside = nameInside || slices.Contains(typed.FindAllString(value, -1), firstName)
		secretInside = secretInside || strings.Contains(value, firstSecret)
		second = second || strings.Contains(value, secondName) || strings.Contains(value, secondSecret)
	})
	switch {
	case second:
		return 0
	case name && secret:
		return 3
	case nameInside && secretInside:
		return 2
	case name || nameInside:
		return 1
	}
	return 0
}

// findKey finds the value that the server has given to the consumer and that
// later requests send: in the answer to the registration, or next to the name in
// later answers.
func findKey(all []*exchange, at int) *registration {
	type use struct {
		at    place
		value string
	}
	before := map[use]bool{}
	found := &registration{at: at}
	if at >= 0 {
		found.exchange = all[at]
	}
	origin := originFrom(all, at)
	for _, earlier := range all[:at+1] {
		earlier.eachValue(func(at place, value string) { before[use{at, value}] = true })
	}
	counts := map[string][2]int{} // changes, reads
	for _, later := range all[at+1:] {
		if later.origin != origin {
			continue
		}
		seen := map[string]bool{}
		later.eachValue(func(at place, value string) {
			if !before[use{at, value}] && !seen[value] {
				seen[value] = true
				count := counts[value]
				if later.reads() {
					count[1]++
				} else {
					count[0]++
				}
				counts[value] = count
			}
		})
	}
	candidates := keyCandidates(all, at)
	for _, value := range candidates {
		if count := counts[value]; count[0] > found.changes || count[0] == found.changes && count[0]+count[1] > found.uses {
			found.key, found.changes, found.uses = value, count[0], count[0]+count[1]
		}
	}
	if found.key == "" && len(candidates) > 0 {
		found.key = candidates[0]
	}
	return found
}

// originFrom is the server that a registration was sent to, or without one, that
// of the first request that tells of the consumer.
func originFrom(all []*exchange, at int) string {
	if at >= 0 {
		return all[at].origin
	}
	for _, one := range all {
		if one.mentions() || one.answered == jsonBody && one.tells() {
			return one.origin
		}
	}
	return ""
}

// keyCandidates are the values that may be the key, the likeliest first.
func keyCandidates(all []*exchange, at int) []string {
	type candidate struct {
		value string
		rank  int
	}
	var found []candidate
	known := map[string]bool{"": true}
	add := func(value string, rank int) {
		if !known[value] && !strings.Contains(value, firstName) && len(value) <= 1024 {
			known[value] = true
			found = append(found, candidate{value, rank})
		}
	}
	addScalars := func(document any, base int) {
		eachScalar(document, func(pointer string, value any) {
			text, isText := scalarText(value)
			if !isText {
				return
			}
			add(text, base+rankOf(lastToken(pointer)))
			if strings.Contains(text, "/") {
				add(profile.LastSegment(text), base+4)
			}
		})
	}
	answer := func(one *exchange) {
		if one.answered == jsonBody {
			addScalars(one.answer, 0)
		}
		if one.answered == textBody {
			add(one.text(), 1)
		}
		for _, header := range one.entry.ResponseHeaders {
			switch {
			case http.CanonicalHeaderKey(header.Name) == "Location":
				add(profile.LastSegment(header.Value), 5)
			case !standardHeader(header.Name):
				add(header.Value, 6)
			}
		}
	}
	if at >= 0 {
		for _, segment := range all[at].segments {
			known[segment] = true
		}
		answer(all[at])
	}
	for _, later := range all[at+1:] {
		if later.answered != jsonBody || later.origin != originFrom(all, at) {
			continue
		}
		for _, item := range neighborhoods(later.answer) {
			addScalars(item.value, 10)
			add(item.member, 15)
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.rank - b.rank })
	values := make([]string, len(found))
	for i := range found {
		values[i] = found[i].value
	}
	return values
}

// rankOf says how little the name of a member sounds like that of a key.
func rankOf(member string) int {
	switch lower := strings.ToLower(member); {
	case strings.HasSuffix(lower, "key"):
		return 0
	case lower == "id" || lower == "_id" || lower == "uuid":
		return 1
	case strings.HasSuffix(lower, "id"):
		return 2
	}
	return 3
}

// neighborhood is an object or an array that holds the name of the consumer, and
// the name of the member that holds it.
type neighborhood struct {
	value  any
	member string
}

// neighborhoods are what is around the name in an answer: the element of the
// innermost array and what is between it and the name.
func neighborhoods(document any) []neighborhood {
	var found []neighborhood
	eachScalar(document, func(pointer string, value any) {
		if text, isString := value.(string); !isString || !isName(text) {
			return
		}
		parts := tokens(pointer)
		for end := len(parts) - 1; end >= 0; end-- {
			around, _ := profile.Lookup(document, pointerOf(parts[:end]))
			item := neighborhood{value: around}
			if end > 0 {
				item.member = parts[end-1]
			}
			if _, isArray := around.([]any); isArray && end < len(parts)-1 || tooLarge(around) {
				break
			}
			found = append(found, item)
		}
		if len(parts) > 0 { // An object of names by key.
			found = append(found, neighborhood{member: parts[len(parts)-1]})
		}
	})
	return found
}

func tooLarge(value any) bool {
	count := 0
	eachScalar(value, func(string, any) { count++ })
	return count > 100
}
