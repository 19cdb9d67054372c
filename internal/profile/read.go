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
	r := reader{mistakes: m, decoder: json.NewDecoder(bytes.NewReader(m.content))}
	r.decoder.UseNumber()
	return r.value(""), true
}

// reader reads a document whose syntax is right.
type reader struct {
	*mistakes
	decoder *json.Decoder
}

// token returns the next token, and where it begins.
func (r *reader) token() (token json.Token, offset int) {
	offset = int(r.decoder.InputOffset())
	for offset < len(r.content) && strings.IndexByte(" \t\r\n,:", r.content[offset]) >= 0 {
		offset++
	}
	token, err := r.decoder.Token()
	if err != nil {
		panic(err) // The syntax is right.
	}
	return token, offset
}

// value reads the value at a pointer. A member begins with its name.
func (r *reader) value(pointer string) any {
	token, offset := r.token()
	if _, isMember := r.offsets[pointer]; !isMember {
		r.offsets[pointer] = offset
	}
	switch token {
	case json.Delim('{'):
		members := map[string]any{}
		for r.decoder.More() {
			token, offset := r.token()
			name, _ := token.(string)
			at := pointer + PointerOf(name)
			if _, twice := members[name]; twice {
				r.found = append(r.found, mistake{offset, at, "the object has this member twice"})
			}
			r.offsets[at] = offset
			members[name] = r.value(at)
		}
		r.token()
		return members
	case json.Delim('['):
		elements := []any{}
		for r.decoder.More() {
			elements = append(elements, r.value(pointer+PointerOf(strconv.Itoa(len(elements)))))
		}
		r.token()
		return elements
	}
	return token
}
