package profile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Problem is a mistake in a profile, with all the places that have it. There is none if
// the document as a whole is not a profile.
type Problem struct {
	Message string
	Places  []Place
}

// Place is where a mistake is.
type Place struct {
	// Line and Column begin with 1; a column is a character.
	Line, Column int
	// Pointer is the member with the mistake, or the one that lacks something, as a
	// JSON pointer (RFC 6901). It is empty for the document as a whole.
	Pointer string
}

// String returns the place as a person looks for it.
func (p Place) String() string {
	if p.Pointer == "" {
		return fmt.Sprintf("line %d, column %d", p.Line, p.Column)
	}
	return fmt.Sprintf("line %d, column %d (%s)", p.Line, p.Column, p.Pointer)
}

// String returns the places and the message.
func (p Problem) String() string {
	if len(p.Places) == 0 {
		return p.Message
	}
	var places []string
	for _, place := range p.Places {
		places = append(places, place.String())
	}
	return strings.Join(places, "; ") + ": " + p.Message
}

// mistakes collects what is wrong with a document.
type mistakes struct {
	content []byte
	offsets map[string]int // where the values are, in bytes, by their pointers
	found   []mistake
	wrong   map[string]bool // the places of values that are not used
}

type mistake struct {
	offset  int
	pointer string
	message string
}

// reject notes a mistake of a value, which is not used then.
func (m *mistakes) reject(pointer, format string, arguments ...any) {
	m.add(pointer, format, arguments...)
	m.wrong[pointer] = true
}

// add notes a mistake at a place that need not exist, unless a wrong value explains it.
func (m *mistakes) add(pointer, format string, arguments ...any) {
	offset := m.offsets[""]
	for place := pointer; place != ""; place = place[:strings.LastIndexByte(place, '/')] {
		if m.wrong[place] {
			return
		}
		offset = max(offset, m.offsets[place])
	}
	m.found = append(m.found, mistake{offset, pointer, fmt.Sprintf(format, arguments...)})
}

func (m *mistakes) addIf(wrong bool, pointer, format string, arguments ...any) {
	if wrong {
		m.add(pointer, format, arguments...)
	}
}

// has reports whether the document has a member at a place.
func (m *mistakes) has(pointer, member string) bool {
	_, given := m.offsets[pointer+"/"+member]
	return given
}

// needs notes that a place lacks a member, and why it is needed.
func (m *mistakes) needs(pointer, member, reason string) {
	m.addIf(!m.has(pointer, member), pointer, "missing: %s%s", member, reason)
}

// problems are the mistakes in the order of the document, each message once.
func (m *mistakes) problems() []Problem {
	slices.SortStableFunc(m.found, func(a, b mistake) int {
		return cmp.Or(cmp.Compare(a.offset, b.offset), strings.Compare(a.pointer, b.pointer), strings.Compare(a.message, b.message))
	})
	var problems []Problem
	for _, one := range slices.Compact(m.found) {
		before := string(m.content[:one.offset])
		begin := strings.LastIndexByte(before, '\n') + 1
		place := Place{1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[begin:]), one.pointer}
		i := slices.IndexFunc(problems, func(known Problem) bool { return known.Message == one.message })
		if i < 0 {
			i = len(problems)
			problems = append(problems, Problem{Message: one.message})
		}
		problems[i].Places = append(problems[i].Places, place)
	}
	return problems
}

// recording matches the beginning of a HAR file.
var recording = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*\{\s*"log"\s*:`) })

// Parse reads a profile. It returns all mistakes, in the order of the document, or a
// profile that is complete and consistent.
func Parse(content []byte) (*Profile, []Problem) {
	switch {
	case recording().Match(content[:min(len(content), 1000)]):
		return nil, []Problem{{Message: "a recording of a browser (HAR): derive a profile from it with terraform-provider-twcloud learn"}}
	case len(bytes.TrimSpace(content)) == 0:
		return nil, []Problem{{Message: "the file is empty"}}
	case !utf8.Valid(content):
		return nil, []Problem{{Message: "not UTF-8 text"}}
	}
	m := &mistakes{content: bytes.TrimRight(content, " \t\r\n"), offsets: map[string]int{}, wrong: map[string]bool{}}
	root, ok := m.read()
	if !ok {
		return nil, m.problems()
	}
	members, _ := root.(map[string]any)
	if number, ok := members["profile"].(json.Number); ok && number != "2" {
		m.found = nil // A document of another format has other members, too.
		if number == "1" {
			m.add("/profile", "this is a profile of format 1: learn it again with terraform-provider-twcloud learn")
		} else {
			m.add("/profile", "this provider reads profiles of format %d", Format)
		}
		return nil, m.problems()
	}
	parsed := &Profile{}
	m.decode("", root, reflect.ValueOf(parsed).Elem(), nil)
	for name, call := range parsed.Calls.All() {
		call.Name = name
	}
	parsed.check(m)
	if len(m.found) > 0 {
		return nil, m.problems()
	}
	return parsed, nil
}
