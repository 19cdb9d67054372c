package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// locate returns the line of each value of a JSON document by its pointer, and
// the members that an object has twice.
func locate(content []byte) (lines map[string]int, duplicates []Problem) {
	l := locator{content: content, decoder: json.NewDecoder(bytes.NewReader(content)), lines: map[string]int{}}
	l.value("")
	return l.lines, l.duplicates
}

type locator struct {
	content    []byte
	decoder    *json.Decoder
	lines      map[string]int
	duplicates []Problem
}

// value reads one value. The document is known to be well-formed.
func (l *locator) value(pointer string) {
	token := l.token()
	if _, found := l.lines[pointer]; !found {
		l.lines[pointer] = lineAt(l.content, l.decoder.InputOffset())
	}
	switch token {
	case json.Delim('{'):
		for l.decoder.More() {
			member := pointer + "/" + escapeToken(fmt.Sprint(l.token()))
			line := lineAt(l.content, l.decoder.InputOffset())
			if _, found := l.lines[member]; found {
				l.duplicates = append(l.duplicates, Problem{Pointer: member, Message: "the object has this member twice"})
			}
			l.lines[member] = line
			l.value(member)
		}
		l.token()
	case json.Delim('['):
		for i := 0; l.decoder.More(); i++ {
			l.value(fmt.Sprintf("%s/%d", pointer, i))
		}
		l.token()
	}
}

func (l *locator) token() json.Token {
	token, err := l.decoder.Token()
	if err != nil {
		panic(err) // It has been decoded before.
	}
	return token
}

func lineAt(content []byte, offset int64) int {
	return 1 + bytes.Count(content[:min(int(offset), len(content))], []byte("\n"))
}

// lineOf is the line of a place or, if it is missing, of what it is missing from.
func lineOf(lines map[string]int, pointer string) int {
	for {
		if line, found := lines[pointer]; found {
			return line
		}
		slash := strings.LastIndexByte(pointer, '/')
		if slash < 0 {
			return 0
		}
		pointer = pointer[:slash]
	}
}
