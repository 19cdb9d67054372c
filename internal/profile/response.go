package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
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
	Keep     map[string]any
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
	// Found is what the response has there: the names of members, or the value of an
	// approval. It never has another value. It can be empty.
	Found string
	// Refused is true if the response is a refusal, as expect says.
	Refused bool

	text string
}

// Error returns the difference, without values of the response.
func (e *ReadError) Error() string { return e.text }

// Is reports whether the response is a refusal.
func (e *ReadError) Is(target error) bool { return target == ErrRefused && e.Refused }

// unreadable returns a *ReadError for a part of the call.
func (c *Call) unreadable(part, found, format string, arguments ...any) *ReadError {
	return &ReadError{Part: "calls." + c.Name + "." + part, Found: found, text: fmt.Sprintf(format, arguments...)}
}

// Succeeds reports whether a response means that the server has made the call. A
// *ReadError says that a 2xx refuses the call, or does not say whether it does.
func (p *Profile) Succeeds(call *Call, key string, r *Response) (bool, error) {
	switch {
	case r.Status >= 300 && r.Status <= 399:
		return call.Redirect != "" && matchesPath(call.Redirect, key, r.Location), nil
	case r.Status < 200 || r.Status > 299:
		return false, nil
	case len(call.Expect) == 0:
		return true, nil
	}
	document, err := decodeJSON(r.Body)
	if err != nil {
		return false, call.unreadable("expect", "", "the response is not JSON: %v", err)
	}
	for _, pointer := range slices.Sorted(maps.Keys(call.Expect)) {
		value, found := Lookup(document, pointer)
		if !found {
			return false, call.unreadable("expect", describe(document), "nothing at %q: %s", pointer, describe(document))
		}
		if !reflect.DeepEqual(value, call.Expect[pointer]) {
			refusal := call.unreadable("expect", "", "the value at %q means a refusal", pointer)
			refusal.Refused = true
			return false, refusal
		}
	}
	return true, nil
}

// matchesPath compares a path with a template. An unknown key is any one.
func matchesPath(template, key, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		segment, err := url.PathUnescape(got[i])
		if err != nil {
			return false
		}
		if want[i] == Key {
			if segment == "" || key != "" && segment != key {
				return false
			}
			continue
		}
		if fixed, err := url.PathUnescape(want[i]); err != nil || fixed != segment {
			return false
		}
	}
	return true
}

// Read returns the consumers in a response that means success: those of one page of
// a list, or the one that another call is about. There is none if the call does not
// say where it is. With an error, a consumer still has what is readable.
func (p *Profile) Read(call *Call, r *Response) ([]Consumer, error) {
	shape := call.Response
	if shape == nil {
		return nil, nil
	}
	read := consumerReader{p, call, shape}
	if call.Name == "list" {
		document, err := read.document(r)
		if err != nil {
			return nil, err
		}
		return read.list(document)
	}
	one, err := read.single(r)
	if one.Err != nil && err == nil {
		err = one.Err
	}
	return []Consumer{one}, err
}

type consumerReader struct {
	*Profile
	call  *Call
	shape *Shape
}

func (c consumerReader) document(r *Response) (any, error) {
	document, err := decodeJSON(r.Body)
	if err != nil {
		return nil, c.call.unreadable("response", "", "not JSON: %v", err)
	}
	return document, nil
}

func (c consumerReader) single(r *Response) (Consumer, error) {
	shape := c.shape
	var found Consumer
	if shape.KeyHeader != "" {
		found.Key = c.keyIn(r.Header.Get(shape.KeyHeader))
		if found.Key == "" {
			return found, c.call.unreadable("response.key_header", "", "no key in the header %s", shape.KeyHeader)
		}
	}
	if shape.Format == "text" {
		found.Key = c.keyIn(strings.TrimSpace(string(r.Body)))
		if found.Key == "" || len(found.Key) > maxKey || strings.ContainsAny(found.Key, "\r\n<{") {
			return Consumer{}, c.call.unreadable("response.format", "", "the body is not a key")
		}
		return found, nil
	}
	if shape.Key == nil && shape.Name == nil && shape.Approved == nil {
		return found, nil
	}
	document, err := c.document(r)
	if err != nil {
		return found, err
	}
	read, err := c.consumer(document)
	if shape.Key == nil {
		read.Key = found.Key
	}
	return read, err
}

// list reads the consumers of one page.
func (c consumerReader) list(document any) ([]Consumer, error) {
	items := c.shape.Items
	if items == nil {
		items = &Items{}
	}
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
	take := func(value any, key string) error {
		if other, err := c.otherKind(value); other || err != nil {
			found = append(found, Consumer{OtherKind: true})
			return err
		}
		one, err := c.consumer(value)
		if c.shape.KeyIsMember {
			one.Key = key
		}
		if approved != nil {
			one.Approved = approved
		}
		found = append(found, one)
		return err
	}
	elements, isArray := value.([]any)
	members, isObject := value.(map[string]any)
	switch {
	case isArray && !c.shape.KeyIsMember:
		for _, element := range elements {
			if err := take(element, ""); err != nil {
				return nil, err
			}
		}
		return found, nil
	case isObject && c.shape.KeyIsMember:
		for _, key := range slices.Sorted(maps.Keys(members)) {
			if err := take(members[key], c.keyIn(key)); err != nil {
				return nil, err
			}
		}
		return found, nil
	}
	// If this counted as an empty list, each consumer would be registered again.
	if !isThere {
		value = document
	}
	return nil, c.call.unreadable("response.items", describe(value), "no list at %q: %s", pointer, describe(value))
}

// otherKind reports whether an item of a list is something else than an OAuth 1.0a
// consumer.
func (c consumerReader) otherKind(value any) (bool, error) {
	for _, pointer := range slices.Sorted(maps.Keys(c.shape.Only)) {
		at, found := Lookup(value, pointer)
		if !found {
			return false, c.call.unreadable("response.only", describe(value), "an item without a kind at %q: %s", pointer, describe(value))
		}
		if !reflect.DeepEqual(at, c.shape.Only[pointer]) {
			return true, nil
		}
	}
	return false, nil
}

// maxKey limits a key, in bytes: it has to fit into a path.
const maxKey = 4096

// keyIn is the key in a text that holds it.
func (c consumerReader) keyIn(text string) string {
	if c.shape.KeyIsLastSegment {
		return LastSegment(text)
	}
	return text
}

// consumer reads one consumer from a JSON value.
func (c consumerReader) consumer(value any) (found Consumer, err error) {
	shape := c.shape
	if shape.Key != nil {
		at, _ := Lookup(value, *shape.Key)
		switch at := at.(type) {
		case string:
			found.Key = c.keyIn(at)
		case json.Number:
			found.Key = at.String()
		}
		if found.Key == "" || len(found.Key) > maxKey {
			found.Key = ""
			return found, c.call.unreadable("response.key", describe(value), "no key at %q: %s", *shape.Key, describe(value))
		}
	}
	if shape.Name != nil {
		at, _ := Lookup(value, *shape.Name)
		name, ok := at.(string)
		if !ok {
			return found, c.call.unreadable("response.name", describe(value), "no name of consumer %q at %q: %s", found.Key, *shape.Name, describe(value))
		}
		found.Name = &name
	}
	if shape.Approved != nil {
		at, _ := Lookup(value, *shape.Approved)
		switch yes, no := contains(c.Approved.Yes, at), contains(c.Approved.No, at); {
		case yes, no:
			found.Approved = &yes
		case at == nil:
			found.Err = c.call.unreadable("response.approved", describe(value),
				"consumer %q does not say whether it is approved at %q: %s", found.Key, *shape.Approved, describe(value))
		default:
			found.Err = &ReadError{
				Part: "approved", Found: "the value is " + quote(at),
				text: fmt.Sprintf("consumer %q: the value at %q is %s, which the API profile lists neither as a yes nor as a no", found.Key, *shape.Approved, quote(at)),
			}
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

// quote is a value as JSON, cut short.
func quote(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil || len(encoded) > 100 {
		return "a JSON " + typeOf(value)
	}
	return string(encoded)
}

// describe names the members of a JSON object, or the type of another value,
// but no values.
func describe(value any) string {
	members, ok := value.(map[string]any)
	if !ok {
		return "it is a JSON " + typeOf(value)
	}
	if len(members) == 0 {
		return "it has no members"
	}
	names := slices.Sorted(maps.Keys(members))
	if len(names) > 20 {
		names = append(names[:20], "...")
	}
	return "its members are " + strings.Join(names, ", ")
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number, float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// Write makes the response of a server that has made a call: the inverse of Read.
// The prefix is what a proxy has in front of each path.
func (p *Profile) Write(call *Call, consumers []Consumer, prefix string) *Response {
	w := consumerWriter{p, call, call.Response, prefix}
	r := &Response{Status: http.StatusOK, Header: http.Header{}}
	var document any
	switch shape := call.Response; {
	case call.Name == "list":
		document = w.list(consumers)
	case shape == nil || len(consumers) == 0:
		r.Status = http.StatusNoContent
	case shape.Format == "text":
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		r.Body = []byte(w.keyText(consumers[0].Key))
	case shape.Key != nil || shape.Name != nil || shape.Approved != nil:
		document = w.item(consumers[0])
	}
	if shape := call.Response; shape != nil && shape.KeyHeader != "" && len(consumers) > 0 {
		r.Header.Set(shape.KeyHeader, w.keyText(consumers[0].Key))
	}
	for pointer, value := range call.Expect {
		document = SetAt(document, pointer, value)
	}
	if document != nil || call.Name == "list" {
		r.Status = http.StatusOK
		w.put(r, document)
	}
	switch {
	case call.Redirect != "":
		r.Status, r.Body = http.StatusSeeOther, nil
		r.Header.Del("Content-Type")
		key := ""
		if len(consumers) > 0 {
			key = consumers[0].Key
		}
		r.Location = strings.ReplaceAll(call.Redirect, Key, EscapeSegment(key))
		if r.Header.Get("Location") == "" {
			r.Header.Set("Location", prefix+r.Location)
		}
	case call.Name == "register" && r.Status == http.StatusOK:
		r.Status = http.StatusCreated
	}
	return r
}

// Refuse makes the response of a server that refuses a call with a status of
// success, as expect says. It is nil if the call expects nothing.
func (p *Profile) Refuse(call *Call, message string) *Response {
	if len(call.Expect) == 0 {
		return nil
	}
	document := any(map[string]any{"message": message})
	for pointer, value := range call.Expect {
		document = SetAt(document, pointer, otherThan(value))
	}
	r := &Response{Status: http.StatusOK, Header: http.Header{}}
	consumerWriter{call: call}.put(r, document)
	return r
}

// otherThan is another value of the same type.
func otherThan(literal any) any {
	switch literal := literal.(type) {
	case bool:
		return !literal
	case json.Number:
		return json.Number("1" + strings.TrimPrefix(literal.String(), "-"))
	case string:
		return "not-" + literal
	}
	return "other"
}

type consumerWriter struct {
	*Profile
	call   *Call
	shape  *Shape
	prefix string
}

// put writes JSON, or JSON-LD where a member has the name of one of its keywords.
func (w consumerWriter) put(r *Response, document any) {
	writeJSON(r, document)
	if w.shape != nil && w.shape.Key != nil && strings.Contains(*w.shape.Key, "/@") {
		r.Header.Set("Content-Type", "application/ld+json")
	}
}

func writeJSON(r *Response, document any) {
	body, err := encodeJSON(document)
	if err != nil {
		panic(err) // It comes from JSON.
	}
	r.Body = body
	r.Header.Set("Content-Type", jsonType)
}

// list is a document with the consumers where the profile has them.
func (w consumerWriter) list(consumers []Consumer) any {
	items := w.shape.Items
	switch {
	case items == nil:
		return w.items(consumers)
	case items.Yes == nil:
		return SetAt(nil, items.At, w.items(consumers))
	}
	var approved, others []Consumer
	for _, one := range consumers {
		if one.Approved != nil && *one.Approved {
			approved = append(approved, one)
		} else {
			others = append(others, one)
		}
	}
	return SetAt(SetAt(nil, *items.Yes, w.items(approved)), *items.No, w.items(others))
}

func (w consumerWriter) items(consumers []Consumer) any {
	elements, members := []any{}, map[string]any{}
	for _, one := range consumers {
		item := w.item(one)
		elements = append(elements, item)
		members[w.keyText(one.Key)] = item
	}
	if w.shape.KeyIsMember {
		return members
	}
	return elements
}

func (w consumerWriter) item(one Consumer) any {
	var item any
	if w.shape.Key != nil && *w.shape.Key == "" {
		return w.keyValue(one.Key) // The item is the key.
	}
	for pointer, literal := range w.shape.Only {
		if one.OtherKind {
			literal = otherThan(literal)
		}
		item = SetAt(item, pointer, literal)
	}
	for name, value := range one.Keep {
		item = SetAt(item, w.Keep[name], value)
	}
	if w.shape.Key != nil {
		item = SetAt(item, *w.shape.Key, w.keyValue(one.Key))
	}
	if w.shape.Name != nil && one.Name != nil {
		item = SetAt(item, *w.shape.Name, *one.Name)
	}
	if w.shape.Approved != nil && one.Approved != nil {
		value := w.Approved.No[0]
		if *one.Approved {
			value = w.Approved.Yes[0]
		}
		// A value of null is a member that is absent.
		if value != nil {
			item = SetAt(item, *w.shape.Approved, value)
		}
	}
	if members, isObject := item.(map[string]any); isObject {
		for name, value := range one.Others {
			if _, taken := members[name]; !taken {
				members[name] = value
			}
		}
	}
	return item
}

// keyValue is a key in JSON: a number if the calls send it as one.
func (w consumerWriter) keyValue(key string) any {
	if w.shape.KeyIsLastSegment {
		return w.keyText(key)
	}
	if w.NumericKeys() && isInteger(key) {
		return json.Number(key)
	}
	return key
}

// NumericKeys reports whether a call sends the key as a number.
func (p *Profile) NumericKeys() bool {
	numeric := false
	for _, call := range p.Calls.All() {
		p.placeholders(call, func(_, one string) { numeric = numeric || one == keyNumber })
	}
	return numeric
}

// keyText is a key in a text, or a path that ends with it.
func (w consumerWriter) keyText(key string) string {
	if !w.shape.KeyIsLastSegment {
		return key
	}
	path := "/"
	if w.Calls.List != nil {
		path = w.Calls.List.Path + "/"
	}
	if read := w.Calls.Read; read != nil {
		if before, found := strings.CutSuffix(read.Path, Key); found {
			path = before
		}
	}
	return w.prefix + path + EscapeSegment(key)
}

// numberAt reads a number of consumers.
func numberAt(document any, pointer string) (int, bool) {
	value, _ := Lookup(document, pointer)
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(number.String())
	return n, err == nil && n >= 0
}
