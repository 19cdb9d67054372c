package learn

import (
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// registration is a request that may have registered the consumer, and the key
// that the server assigned.
type registration struct {
	*exchange
	whole   bool // it sends the secret as it was typed, too
	key     string
	uses    int // how many later requests send the key
	changes int // how many of them change something
}

// findRegistration finds the request that sends the first name and the first
// secret, and whose consumer later requests are about.
func findRegistration(all []*exchange) (best *registration) {
	for _, one := range all {
		found := &registration{exchange: one, whole: one.typed[firstSecret]}
		if one.reads() || !one.ok() || !one.typed[firstName] || one.typed[secondName] || one.typed[secondSecret] || best != nil && best.whole && !found.whole {
			continue
		}
		found.findKey(all)
		if best == nil || found.whole && !best.whole || found.changes > best.changes || found.changes == best.changes && found.key != "" {
			best = found
		}
	}
	return best
}

// findKey finds the value that the server has given to the consumer and that most
// later requests send. What was sent at the same place before, such as the kind of the
// client, is none.
func (r *registration) findKey(all []*exchange) {
	type use struct {
		at    place
		value string
	}
	before := map[use]bool{}
	for _, earlier := range all[:r.at+1] {
		earlier.eachValue(func(at place, value string) { before[use{at, value}] = true })
	}
	changes, uses := map[string]int{}, map[string]int{}
	for _, later := range all[r.at+1:] {
		if later.entry.URL.Hostname() != r.entry.URL.Hostname() {
			continue
		}
		seen := map[string]bool{}
		later.eachValue(func(at place, value string) {
			if before[use{at, value}] || seen[value] {
				return
			}
			seen[value] = true
			uses[value]++
			if !later.reads() {
				changes[value]++
			}
		})
	}
	for i, value := range r.keyCandidates(all) {
		if i == 0 || changes[value] > r.changes || changes[value] == r.changes && uses[value] > r.uses {
			r.key, r.changes, r.uses = value, changes[value], uses[value]
		}
	}
}

// keyCandidates are the values that may be the key, the likeliest first: those of
// the response to the registration, and those next to the name in later responses. A
// consumer of this name that was there before has another key.
func (r *registration) keyCandidates(all []*exchange) []string {
	var values []string
	ranks := map[string]int{}
	add := func(value string, rank int) {
		if _, known := ranks[value]; !known && value != "" && len(value) <= 1024 && !strings.Contains(value, firstName) && !slices.Contains(r.segments, value) {
			ranks[value] = rank
			values = append(values, value)
		}
	}
	addText := func(pointer, text string, base int) {
		add(text, base+rankOf(lastToken(pointer)))
		if strings.Contains(text, "/") {
			add(profile.LastSegment(text), base+4)
		}
	}
	eachText(r.answer, func(pointer, text string) { addText(pointer, text, 0) })
	if r.answered == textBody {
		add(r.text(), 1)
	}
	for _, header := range r.entry.ResponseHeaders {
		if http.CanonicalHeaderKey(header.Name) == "Location" {
			add(profile.LastSegment(header.Value), 5)
		} else if !standard().MatchString(header.Name) {
			add(header.Value, 6)
		}
	}
	for _, later := range all[r.at+1:] {
		if later.entry.URL.Hostname() == r.entry.URL.Hostname() {
			aroundNames(later.answer, func(pointer, text string) { addText(pointer, text, 10) })
		}
	}
	slices.SortStableFunc(values, func(a, b string) int { return ranks[a] - ranks[b] })
	return values
}

// aroundNames visits the texts of the items that have one of the names. An object has
// the keys as names of its members.
func aroundNames(document any, visit func(pointer, text string)) {
	eachText(document, func(pointer, text string) {
		if !isName(text) {
			return
		}
		parts := profile.Tokens(pointer)
		around := document
		if end, inArray := outermostArray(document, parts); inArray {
			around, _ = profile.Lookup(document, profile.PointerOf(parts[:end+1]...))
		} else {
			for _, part := range parts {
				visit("/as a member", part)
			}
		}
		eachText(around, visit)
	})
}

// rankOf ranks how likely a member contains the key, by its name: 0 is likeliest.
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

// outermostArray finds which part of a pointer is the first index of an array.
func outermostArray(document any, parts []string) (end int, found bool) {
	for end := range parts {
		container, _ := profile.Lookup(document, profile.PointerOf(parts[:end]...))
		if _, isArray := container.([]any); isArray {
			return end, true
		}
	}
	return 0, false
}

// otherValues are the values, other than key and name, that the server gave to
// the consumer and that are hardly used for anything else, with their pointers.
func (r *registration) otherValues(all []*exchange) map[string]string {
	others := map[string]string{}
	eachText(r.answer, func(pointer, text string) {
		if text == r.key || typed().MatchString(text) || !looksRandom(text) && len(digits().FindAllString(text, -1)) < 3 {
			return
		}
		if !slices.ContainsFunc(all[:r.at+1], func(earlier *exchange) bool { return earlier.sends(text) }) {
			others[text] = pointer
		}
	})
	return others
}
