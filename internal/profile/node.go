package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// node is a value of a JSON document, and where it is.
type node struct {
	pointer string
	offset  int // where the value begins, in bytes
	scalar  any // a string, bool, json.Number or nil; unless it has members or elements
	members []member
	array   []*node
	kind    kind
}

type member struct {
	name   string
	offset int // where the name begins
	value  *node
}

type kind int

const (
	scalar kind = iota
	object
	array
)

// get returns the member of an object, or nil.
func (n *node) get(name string) *node {
	for _, one := range n.members {
		if one.name == name {
			return one.value
		}
	}
	return nil
}

// plain is the value as encoding/json has it with UseNumber.
func (n *node) plain() any {
	switch n.kind {
	case object:
		plain := make(map[string]any, len(n.members))
		for _, one := range n.members {
			plain[one.name] = one.value.plain()
		}
		return plain
	case array:
		plain := make([]any, 0, len(n.array))
		for _, one := range n.array {
			plain = append(plain, one.plain())
		}
		return plain
	}
	return n.scalar
}

// reader reads a document into nodes.
type reader struct {
	content  []byte
	decoder  *json.Decoder
	mistakes *mistakes
}

// read reads a document. It returns nil after a mistake in the syntax.
func read(content []byte, m *mistakes) *node {
	switch {
	case len(content) > MaxSize:
		m.add("", "larger than %d bytes: this is not a profile", MaxSize)
		return nil
	case len(bytes.TrimSpace(content)) == 0:
		m.add("", "the file is empty")
		return nil
	case !utf8.Valid(content):
		m.add("", "not UTF-8 text")
		return nil
	}
	r := reader{content: content, decoder: json.NewDecoder(bytes.NewReader(content)), mistakes: m}
	r.decoder.UseNumber()
	root, err := r.value("")
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		m.addAt(int(syntax.Offset)-1, "", "not JSON: %s", syntax)
	case err != nil:
		m.addAt(len(content), "", "not JSON: the file ends too early")
	default:
		if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
			m.addAt(r.next(), "", "more text after the end of the profile")
			return nil
		}
		return root
	}
	return nil
}

// next is where the next token begins.
func (r *reader) next() int {
	offset := int(r.decoder.InputOffset())
	for offset < len(r.content) && bytes.IndexByte([]byte(" \t\r\n,:"), r.content[offset]) >= 0 {
		offset++
	}
	return offset
}

func (r *reader) value(pointer string) (*node, error) {
	n := &node{pointer: pointer, offset: r.next()}
	r.mistakes.offsets[pointer] = n.offset
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		n.kind = object
		err = r.object(n)
	case json.Delim('['):
		n.kind = array
		err = r.array(n)
	default:
		n.scalar = token
	}
	return n, err
}

func (r *reader) object(n *node) error {
	for r.decoder.More() {
		offset := r.next()
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		name := fmt.Sprint(token)
		if n.get(name) != nil {
			r.mistakes.addAt(offset, n.pointer+"/"+escapeToken(name), "the object has this member twice")
		}
		value, err := r.value(n.pointer + "/" + escapeToken(name))
		if err != nil {
			return err
		}
		r.mistakes.offsets[value.pointer] = offset
		n.members = append(n.members, member{name, offset, value})
	}
	_, err := r.decoder.Token()
	return err
}

func (r *reader) array(n *node) error {
	for i := 0; r.decoder.More(); i++ {
		value, err := r.value(fmt.Sprintf("%s/%d", n.pointer, i))
		if err != nil {
			return err
		}
		n.array = append(n.array, value)
	}
	_, err := r.decoder.Token()
	return err
}
