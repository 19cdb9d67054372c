package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxSize limits a profile, in bytes. The built-in one has two thousand.
const MaxSize = 1 << 17

// maxDepth limits how deep the values of a profile are nested.
const maxDepth = 100

// read reads a document as encoding/json does with UseNumber, and notes where its
// values are. It is not ok after a mistake in the syntax.
func (m *mistakes) read() (root any, ok bool) {
	var syntax *json.SyntaxError
	switch err := json.Unmarshal(m.content, new(json.RawMessage)); {
	case len(m.content) > MaxSize:
		m.whole("larger than %d bytes: this is not a profile", MaxSize)
	case len(bytes.TrimSpace(m.content)) == 0:
		m.whole("the file is empty")
	case !utf8.Valid(m.content):
		m.whole("not UTF-8 text")
	case errors.As(err, &syntax):
		at := int(syntax.Offset)
		if at < len(m.content) || !strings.Contains(syntax.Error(), "end of JSON") {
			at-- // It counts the wrong character.
		}
		m.found = append(m.found, mistake{offset: at, message: "not JSON: " + syntax.Error()})
	default:
		r := reader{mistakes: m, decoder: json.NewDecoder(bytes.NewReader(m.content))}
		r.decoder.UseNumber()
		root = r.value("", 0)
		return root, !r.tooDeep
	}
	return nil, false
}

// reader reads a document whose syntax is right.
type reader struct {
	*mistakes
	decoder *json.Decoder
	tooDeep bool
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
func (r *reader) value(pointer string, depth int) any {
	if depth > maxDepth {
		r.whole("nested more than %d levels deep: this is not a profile", maxDepth)
		r.tooDeep = true
		_ = r.decoder.Decode(new(json.RawMessage)) // The syntax is right.
		return nil
	}
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
			members[name] = r.value(at, depth+1)
		}
		r.token()
		return members
	case json.Delim('['):
		elements := []any{}
		for r.decoder.More() {
			elements = append(elements, r.value(pointer+PointerOf(strconv.Itoa(len(elements))), depth+1))
		}
		r.token()
		return elements
	}
	return token
}
