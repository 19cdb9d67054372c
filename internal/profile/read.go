package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// read reads a document as encoding/json does with UseNumber, and notes where its
// values are. It is not ok after a mistake in the syntax.
func (m *mistakes) read() (root any, ok bool) {
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(m.content, new(json.RawMessage)), &syntax) {
		at := int(syntax.Offset)
		if at < len(m.content) || !strings.Contains(syntax.Error(), "end of JSON") {
			at-- // It counts the wrong character.
		}
		m.found = append(m.found, mistake{offset: at, message: "not JSON: " + syntax.Error()})
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(m.content))
	decoder.UseNumber()
	return m.value(decoder, ""), true
}

// token returns the next token of a document whose syntax is right, and where it begins.
func (m *mistakes) token(decoder *json.Decoder) (token json.Token, offset int) {
	offset = int(decoder.InputOffset())
	for offset < len(m.content) && strings.IndexByte(" \t\r\n,:", m.content[offset]) >= 0 {
		offset++
	}
	token, err := decoder.Token()
	if err != nil {
		panic(err) // The syntax is right.
	}
	return token, offset
}

// value reads the value at a pointer. A member begins with its name.
func (m *mistakes) value(decoder *json.Decoder, pointer string) any {
	token, offset := m.token(decoder)
	if _, isMember := m.offsets[pointer]; !isMember {
		m.offsets[pointer] = offset
	}
	switch token {
	case json.Delim('{'):
		members := map[string]any{}
		for decoder.More() {
			token, offset := m.token(decoder)
			name, _ := token.(string)
			at := pointer + PointerOf(name)
			if _, twice := members[name]; twice {
				m.found = append(m.found, mistake{offset, at, "the object has this member twice"})
			}
			m.offsets[at] = offset
			members[name] = m.value(decoder, at)
		}
		m.token(decoder)
		return members
	case json.Delim('['):
		elements := []any{}
		for decoder.More() {
			elements = append(elements, m.value(decoder, pointer+PointerOf(strconv.Itoa(len(elements)))))
		}
		m.token(decoder)
		return elements
	}
	return token
}
