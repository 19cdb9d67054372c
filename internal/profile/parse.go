package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxSize limits a profile, in bytes. The built-in one has two thousand.
const MaxSize = 1 << 20

// Problem is a mistake in a profile, with all the places that have it.
type Problem struct {
	Message string
	Places  []Place
}

// Place is where a mistake is.
type Place struct {
	// Line and Column begin with 1. Zero: the mistake is of the document as a whole.
	Line, Column int
	// Pointer is the member with the mistake, or the one that lacks something, as a
	// JSON pointer (RFC 6901). It is empty for the document as a whole.
	Pointer string
}

// String returns the place as a person looks for it.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return ""
	case p.Pointer == "":
		return fmt.Sprintf("line %d, column %d", p.Line, p.Column)
	}
	return fmt.Sprintf("line %d, column %d (%s)", p.Line, p.Column, p.Pointer)
}

// String returns the places and the message.
func (p Problem) String() string {
	var places []string
	for _, place := range p.Places {
		if text := place.String(); text != "" {
			places = append(places, text)
		}
	}
	if len(places) == 0 {
		return p.Message
	}
	return strings.Join(places, "; ") + ": " + p.Message
}

// mistakes collects what is wrong with a document.
type mistakes struct {
	content []byte
	offsets map[string]int // where each member begins, by pointer
	found   []mistake
}

type mistake struct {
	offset  int // -1: of the document as a whole
	pointer string
	message string
}

// add notes a mistake at a place, or what is missing there.
func (m *mistakes) add(pointer, format string, arguments ...any) {
	offset := -1
	for place := pointer; ; place = place[:strings.LastIndexByte(place, '/')] {
		if at, known := m.offsets[place]; known {
			offset = at
			break
		}
		if place == "" {
			break
		}
	}
	m.addAt(offset, pointer, format, arguments...)
}

func (m *mistakes) addAt(offset int, pointer, format string, arguments ...any) {
	m.found = append(m.found, mistake{offset, pointer, fmt.Sprintf(format, arguments...)})
}

// within reports whether a place, or what it is in, has a mistake.
func (m *mistakes) within(pointer string) bool {
	return slices.ContainsFunc(m.found, func(one mistake) bool {
		return one.pointer != "" && (pointer == one.pointer || strings.HasPrefix(pointer, one.pointer+"/"))
	})
}

// problems are the mistakes in the order of the document, each message once.
func (m *mistakes) problems() []Problem {
	slices.SortStableFunc(m.found, func(a, b mistake) int { return cmp.Compare(a.offset, b.offset) })
	var problems []Problem
	for _, one := range m.found {
		place := Place{Pointer: one.pointer}
		if one.offset >= 0 {
			place.Line, place.Column = position(m.content[:min(one.offset, len(m.content))])
		}
		i := slices.IndexFunc(problems, func(known Problem) bool { return known.Message == one.message })
		if i < 0 {
			problems = append(problems, Problem{Message: one.message})
			i = len(problems) - 1
		}
		if !slices.Contains(problems[i].Places, place) {
			problems[i].Places = append(problems[i].Places, place)
		}
	}
	return problems
}

// Parse reads a profile. It returns all mistakes, in the order of the document, or a
// profile that is complete and consistent.
func Parse(content []byte) (*Profile, []Problem) {
	m := &mistakes{content: content, offsets: map[string]int{}}
	root := read(content, m)
	if root == nil {
		return nil, m.problems()
	}
	if root.get("log") != nil {
		return nil, []Problem{{Message: "a recording of a browser (HAR): derive a profile from it with terraform-provider-twcloud learn"}}
	}
	if format := root.get("profile"); format != nil && fmt.Sprint(format.scalar) == "1" {
		m.add("/profile", "a profile of format 1: learn it again with terraform-provider-twcloud learn")
		return nil, m.problems()
	}
	parsed := &Profile{}
	m.decode(root, parsed)
	for name, call := range parsed.Calls.All() {
		call.Name = name
	}
	parsed.check(m)
	if len(m.found) > 0 {
		return nil, m.problems()
	}
	return parsed, nil
}

// position is the line and the column, in characters, after a text.
func position(before []byte) (line, column int) {
	text := string(before)
	begin := strings.LastIndexByte(text, '\n') + 1
	return 1 + strings.Count(text, "\n"), 1 + utf8.RuneCountInString(text[begin:])
}
