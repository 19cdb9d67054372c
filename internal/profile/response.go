package profile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Response is what a server answers to a call. Write makes it and Read reads it.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Location is the escaped path of a redirect below the root of the server, if it
	// stays on that server.
	Location string
}

// Consumer is what a response has of a consumer. Nil is a value that the response
// does not have.
type Consumer struct {
	Key      string
	Name     *string
	Approved *bool
	Keep     map[string]any // the values of Profile.Keep that the response has
	// Err is a mistake that concerns this consumer of a list alone: the value of its
	// approval has no meaning in the profile.
	Err error
	// Others are members that the profile does not name. Write adds them.
	Others map[string]any
	// OtherKind is true for what a list has besides OAuth 1.0a consumers, as Shape.Only
	// says. It has no other values.
	OtherKind bool
}

// ErrRefused is the error of a response that refuses a call with a status of
// success.
var ErrRefused = errors.New("the response is a refusal")

// ReadError is a response that differs from the profile.
type ReadError struct {
	// Part is the part of the profile that it differs from, such as
	// calls.register.response.key.
	Part string
	// Found is what the response has there: the names of members, or the type of a
	// value, and never a value. It can be empty.
	Found string
	// Refused is true if the response is a refusal, as expect says.
	Refused bool

	text string
}

// Error returns the difference. It has no values of the response but keys, and an
// approval that has no meaning in the profile.
func (e *ReadError) Error() string { return e.text }

// Is reports whether the response is a refusal.
func (e *ReadError) Is(target error) bool { return target == ErrRefused && e.Refused }

func (c *Call) unreadable(part, found, format string, arguments ...any) *ReadError {
	text := fmt.Sprintf(format, arguments...)
	if found != "" {
		text += ": " + found
	}
	return &ReadError{Part: "calls." + c.Name + "." + part, Found: found, text: text}
}

// Succeeds reports whether a response means that the server has made the call. A
// *ReadError says that a 2xx refuses the call, or does not say whether it does. An
// empty key is any key.
func (p *Profile) Succeeds(call *Call, key string, r *Response) (bool, error) {
	switch {
	case r.Status >= 300 && r.Status <= 399:
		return call.Redirect != "" && matchPath(call.Redirect, r.Location, func(_, segment string) bool {
			return key == "" || segment == key
		}), nil
	case r.Status < 200 || r.Status > 299:
		return false, nil
	case len(call.Expect) == 0:
		return true, nil
	}
	document, err := call.document(r, "expect")
	if err != nil {
		return false, err
	}
	for _, pointer := range slices.Sorted(maps.Keys(call.Expect)) {
		value, found := Lookup(document, pointer)
		if !found {
			return false, call.unreadable("expect", describe(document), "nothing at %q", pointer)
		}
		if !equal(value, call.Expect[pointer]) {
			refusal := call.unreadable("expect", "", "the value at %q means a refusal", pointer)
			refusal.Refused = true
			return false, refusal
		}
	}
	return true, nil
}

// document is the JSON of a response, which a part of the call needs.
func (c *Call) document(r *Response, part string) (any, error) {
	document, err := DecodeJSON(r.Body)
	if err != nil {
		return nil, c.unreadable(part, "", "the body is not JSON: %v", err)
	}
	return document, nil
}

// Read returns the consumers in a response that means success: those of one page of
// a list, or the one that another call is about. There is none if the call does not
// say where it is. With an error, a consumer still has what is readable.
func (p *Profile) Read(call *Call, r *Response) ([]Consumer, error) {
	if call.Response == nil {
		return nil, nil
	}
	read := consumerReader{p, call, call.Response}
	if call.Name == "list" {
		return read.list(r)
	}
	one, err := read.single(r)
	if err == nil {
		err = one.Err
	}
	return []Consumer{one}, err
}

type consumerReader struct {
	*Profile
	call  *Call
	shape *Shape
}

func (c consumerReader) single(r *Response) (found Consumer, err error) {
	shape := c.shape
	if shape.Format == "text" {
		text := strings.TrimSpace(string(r.Body))
		if found.Key = c.key(text); found.Key == "" || strings.ContainsAny(text, "\r\n<{") {
			return Consumer{}, c.call.unreadable("response.format", "", "the body is not a key")
		}
		return found, nil
	}
	if shape.KeyHeader != "" {
		if found.Key = c.key(r.Header.Get(shape.KeyHeader)); found.Key == "" {
			return found, c.call.unreadable("response.key_header", "", "no key in the header %s", shape.KeyHeader)
		}
	}
	if !shape.inBody() {
		return found, nil
	}
	document, err := c.call.document(r, "response")
	if err != nil {
		return found, err
	}
	return c.consumer(document, found.Key)
}

// list reads the consumers of one page.
func (c consumerReader) list(r *Response) ([]Consumer, error) {
	document, err := c.call.document(r, "response")
	if err != nil {
		return nil, err
	}
	items := cmp.Or(c.shape.Items, &Items{})
	if items.Yes == nil {
		return c.items(document, items.At, nil)
	}
	yes, no := true, false
	approved, err := c.items(document, *items.Yes, &yes)
	if err != nil {
		return nil, err
	}
	others, err := c.items(document, *items.No, &no)
	return append(approved, others...), err
}

// items reads one array, or object, of consumers.
func (c consumerReader) items(document any, pointer string, approved *bool) (found []Consumer, err error) {
	value, isThere := Lookup(document, pointer)
	elements, isList := value.([]any)
	keys := make([]string, len(elements))
	if c.shape.KeyIsMember {
		var members map[string]any
		members, isList = value.(map[string]any)
		keys, elements = slices.Sorted(maps.Keys(members)), nil
		for i, name := range keys {
			elements = append(elements, members[name])
			if keys[i] = c.key(name); keys[i] == "" {
				return nil, c.call.unreadable("response.key_is_member", "", "no key in the name %q", name)
			}
		}
	}
	if !isList {
		// If this counted as an empty list, each consumer would be registered again.
		if !isThere {
			value = document
		}
		return nil, c.call.unreadable("response.items", describe(value), "no list at %q", pointer)
	}
	for i, item := range elements {
		one := Consumer{}
		if one.OtherKind, err = c.otherKind(item); err == nil && !one.OtherKind {
			if one, err = c.consumer(item, keys[i]); approved != nil {
				one.Approved = approved
			}
		}
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}

// otherKind reports whether an item of a list is something else than an OAuth 1.0a
// consumer.
func (c consumerReader) otherKind(item any) (bool, error) {
	for _, pointer := range slices.Sorted(maps.Keys(c.shape.Only)) {
		value, found := Lookup(item, pointer)
		if !found {
			return false, c.call.unreadable("response.only", describe(item), "an item without a kind at %q", pointer)
		}
		if !equal(value, c.shape.Only[pointer]) {
			return true, nil
		}
	}
	return false, nil
}

// maxKey limits a key, in bytes: it has to fit into a path.
const maxKey = 4096

// key is the key in a text that holds it. It is empty if there is none.
func (c consumerReader) key(text string) string {
	if c.shape.KeyIsLastSegment {
		text = LastSegment(text)
	}
	if len(text) > maxKey {
		return ""
	}
	return text
}

// consumer reads one consumer, whose key can be known, from a JSON value.
func (c consumerReader) consumer(value any, key string) (found Consumer, err error) {
	shape := c.shape
	found.Key = key
	if shape.Key != nil {
		at, _ := Lookup(value, *shape.Key)
		text, _ := at.(string)
		if number, ok := at.(json.Number); ok {
			text = number.String()
		}
		if found.Key = c.key(text); found.Key == "" {
			return found, c.call.unreadable("response.key", describe(value), "no key at %q", *shape.Key)
		}
	}
	if shape.Name != nil {
		at, _ := Lookup(value, *shape.Name)
		name, ok := at.(string)
		if !ok {
			return found, c.call.unreadable("response.name", describe(value), "no name of consumer %q at %q", found.Key, *shape.Name)
		}
		found.Name = &name
	}
	if shape.Approved != nil {
		if found.Approved, found.Err, err = c.approval(value, found.Key); err != nil {
			return found, err
		}
	}
	for name, pointer := range c.Keep {
		if at, there := Lookup(value, pointer); there {
			if found.Keep == nil {
				found.Keep = map[string]any{}
			}
			found.Keep[name] = at
		}
	}
	return found, nil
}

// approval reads whether a consumer is approved. A value that the profile does not have
// is an error of that consumer alone.
func (c consumerReader) approval(value any, key string) (approved *bool, own, err error) {
	pointer := *c.shape.Approved
	at, _ := Lookup(value, pointer)
	yes, no := contains(c.Approved.Yes, at), contains(c.Approved.No, at)
	switch {
	case yes, no:
		return &yes, nil, nil
	case at == nil:
		return nil, nil, c.call.unreadable("response.approved", describe(value), "consumer %q does not say whether it is approved at %q", key, pointer)
	}
	shown := "a JSON " + TypeOf(at)
	if encoded, err := encodeJSON(at); err == nil && len(encoded) <= 100 {
		shown = string(encoded)
	}
	own = &ReadError{
		Part: "approved", Found: describe(at),
		text: fmt.Sprintf("consumer %q: the value at %q is %s, which the API profile lists neither as a yes nor as a no", key, pointer, shown),
	}
	return nil, own, nil
}

// describe names the members of a JSON object, or the type of another value,
// but no values.
func describe(value any) string {
	members, ok := value.(map[string]any)
	if !ok {
		return "it is a JSON " + TypeOf(value)
	}
	if len(members) == 0 {
		return "it has no members"
	}
	names := slices.Sorted(maps.Keys(members))
	if len(names) > 20 {
		names = append(names[:20], "...")
	}
	for i, name := range names {
		if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			names[i] = strconv.Quote(name)
		}
	}
	return "its members are " + strings.Join(names, ", ")
}
