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

// node is a value of a JSON document, and where it is.
type node struct {
	parent   *node
	token    string // the name of a member, or the index of an element
	offset   int    // where it begins, in bytes; a member begins with its name
	kind     kind
	scalar   any     // a string, bool, json.Number, or nil
	children []*node // members or elements
}

type kind int

const (
	scalar kind = iota
	object
	array
)

// pointer is the place of the value, as a JSON pointer (RFC 6901).
func (n *node) pointer() string {
	if n.parent == nil {
		return ""
	}
	return n.parent.pointer() + "/" + escapeToken(n.token)
}

// get returns a member or an element, or nil.
func (n *node) get(token string) *node {
	for _, one := range n.children {
		if one.token == token {
			return one
		}
	}
	return nil
}

// nearest returns the value at a pointer, or the last one on the way to it.
func (n *node) nearest(pointer string) *node {
	if pointer == "" {
		return n
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		next := n.get(unescapeToken(token))
		if next == nil {
			break
		}
		n = next
	}
	return n
}

// plain is the value as encoding/json has it with UseNumber.
func (n *node) plain() any {
	switch n.kind {
	case object:
		plain := make(map[string]any, len(n.children))
		for _, one := range n.children {
			plain[one.token] = one.plain()
		}
		return plain
	case array:
		plain := make([]any, len(n.children))
		for i, one := range n.children {
			plain[i] = one.plain()
		}
		return plain
	}
	return n.scalar
}

// read reads a document. It returns nil after a mistake in the syntax.
func (m *mistakes) read() *node {
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
		r := reader{content: m.content, decoder: json.NewDecoder(bytes.NewReader(m.content)), mistakes: m}
		r.decoder.UseNumber()
		root := r.value(nil, "", 0)
		if r.deepest <= maxDepth {
			return root
		}
	}
	return nil
}

// reader reads a document, whose syntax is right, into nodes.
type reader struct {
	content  []byte
	decoder  *json.Decoder
	mistakes *mistakes
	deepest  int
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

func (r *reader) value(parent *node, name string, depth int) *node {
	n := &node{parent: parent, token: name}
	token, offset := r.token()
	n.offset = offset
	if r.deepest = max(r.deepest, depth); depth == maxDepth+1 {
		r.mistakes.whole("nested more than %d levels deep: this is not a profile", maxDepth)
	}
	switch token {
	case json.Delim('{'):
		n.kind = object
		seen := map[string]bool{}
		for r.decoder.More() {
			token, offset := r.token()
			name, _ := token.(string)
			member := r.value(n, name, depth+1)
			member.offset = offset
			if seen[name] {
				r.mistakes.found = append(r.mistakes.found, mistake{offset, member.pointer(), "the object has this member twice"})
			}
			seen[name] = true
			n.children = append(n.children, member)
		}
		r.token()
	case json.Delim('['):
		n.kind = array
		for r.decoder.More() {
			n.children = append(n.children, r.value(n, strconv.Itoa(len(n.children)), depth+1))
		}
		r.token()
	default:
		n.scalar = token
	}
	return n
}
