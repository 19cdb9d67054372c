package profile

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
)

// Write makes the response of a server that has made a call: the inverse of Read.
// The prefix is what a proxy has in front of each path.
func (p *Profile) Write(call *Call, consumers []Consumer, prefix string) *Response {
	r := &Response{Status: http.StatusOK, Header: http.Header{}}
	shape, one := cmp.Or(call.Response, &Shape{}), Consumer{}
	if len(consumers) > 0 {
		one = consumers[0]
	}
	w := consumerWriter{p, shape, prefix}
	if shape.KeyHeader != "" && one.Key != "" {
		r.Header.Set(shape.KeyHeader, w.keyText(one.Key))
	}
	if call.Redirect != "" {
		r.Status = http.StatusSeeOther
		r.Location = strings.ReplaceAll(call.Redirect, Key, EscapeSegment(one.Key))
		r.Header.Set("Location", prefix+r.Location)
		return r
	}
	var document any
	switch {
	case call.Name == "list":
		document = w.list(consumers)
	case shape.Format == "text" && one.Key != "":
		r.Header.Set("Content-Type", "text/plain; charset=utf-8")
		r.Body = []byte(w.keyText(one.Key))
	case shape.inBody() && len(consumers) > 0:
		document = w.item(one)
	}
	for pointer, value := range call.Expect {
		document = SetAt(document, pointer, value)
	}
	if document != nil {
		if accepted := p.headersOf(call)["Accept"]; strings.HasSuffix(accepted, "+json") {
			r.Header.Set("Content-Type", accepted)
		}
		writeJSON(r, document)
	}
	switch {
	case len(r.Body) == 0:
		r.Status = http.StatusNoContent
	case call.Name == "register":
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
	writeJSON(r, document)
	return r
}

// otherThan is another value, of the same type if there is one.
func otherThan(literal any) any {
	switch literal := literal.(type) {
	case bool:
		return !literal
	case json.Number:
		if equal(literal, json.Number("1")) {
			return json.Number("0")
		}
		return json.Number("1")
	case string:
		return "not-" + literal
	}
	return "other"
}

func writeJSON(r *Response, document any) {
	body, err := encodeJSON(document)
	if err != nil {
		panic(err) // It comes from JSON.
	}
	r.Body = body
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", jsonType)
	}
}

type consumerWriter struct {
	*Profile
	shape  *Shape
	prefix string
}

// list is a document with the consumers where the profile has them.
func (w consumerWriter) list(consumers []Consumer) any {
	items := cmp.Or(w.shape.Items, &Items{})
	if items.Yes == nil {
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
	if w.shape.Key != nil && *w.shape.Key == "" {
		return w.keyValue(one.Key) // The item is the key.
	}
	var item any
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
	// An array has no place for them.
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
	if !w.shape.KeyIsLastSegment && isInteger(key) && w.NumericKeys() {
		return json.Number(key)
	}
	return w.keyText(key)
}

// NumericKeys reports whether a call sends the key as a number.
func (p *Profile) NumericKeys() bool {
	for _, call := range p.Calls.All() {
		if p.Has(call, KeyNumber) {
			return true
		}
	}
	return false
}

// keyText is a key in a text, or a path that ends with it.
func (w consumerWriter) keyText(key string) string {
	if !w.shape.KeyIsLastSegment {
		return key
	}
	path := "/"
	if read := w.Calls.Read; read != nil && strings.HasSuffix(read.Path, "/"+Key) {
		path = strings.TrimSuffix(read.Path, Key)
	} else if list := w.Calls.List; list != nil {
		path = list.Path + "/"
	}
	if strings.Contains(path, "{") {
		path = "/"
	}
	return w.prefix + path + EscapeSegment(key)
}
