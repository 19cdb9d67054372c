package deviation

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// kind is what a call is for, or a set of such kinds.
type kind int

const (
	login kind = 1 << iota
	list
	read
	register
	update
	remove

	// returning are the calls whose answers have consumers.
	returning      = list | read | register | update
	changing       = register | update | remove
	aboutConsumers = returning | changing
)

// classify says what a call is for, and by which key. The kind is 0 for calls that
// no deviation is about.
func classify(method, path string) (k kind, key string) {
	if path == wire.LoginPath {
		return login, ""
	}
	below, found := strings.CutPrefix(path, wire.DefaultOAuthConsumersPath)
	if !found {
		return 0, ""
	}
	key, err := url.PathUnescape(strings.Trim(below, "/"))
	switch {
	case err != nil:
		return 0, ""
	case key == "" && method == http.MethodPost:
		return register, ""
	case key == "":
		return list, ""
	}
	return map[string]kind{http.MethodGet: read, http.MethodPatch: update, http.MethodDelete: remove}[method], key
}

// call is one request to the server.
type call struct {
	*StandIn
	request *http.Request
	next    http.RoundTripper
	kind    kind
	key     string
	path    string
	body    map[string]any
	// nth counts the calls of this kind and key, from 1.
	nth int
}

// is says whether the call is of one of these kinds.
func (c *call) is(kinds kind) bool { return c.kind&kinds != 0 }

// maxAnswer limits an answer: a body without an end is one of the faults.
const maxAnswer = 1 << 20

// forward asks the emulator.
func (c *call) forward() *answer {
	uri := *c.request.URL
	uri.Path, uri.RawPath = c.path, ""
	if unescaped, err := url.PathUnescape(c.path); err == nil {
		uri.Path, uri.RawPath = unescaped, c.path
	}
	var body io.Reader
	if c.body != nil {
		content, err := json.Marshal(c.body)
		if err != nil {
			return &answer{err: err}
		}
		body = bytes.NewReader(content)
	}
	request, err := http.NewRequestWithContext(c.request.Context(), c.request.Method, uri.String(), body)
	if err != nil {
		return &answer{err: err}
	}
	request.Header = c.request.Header.Clone()
	response, err := c.next.RoundTrip(request)
	if err != nil {
		return &answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return &answer{status: response.StatusCode, header: response.Header.Clone(), body: content, err: err}
}

// answer is an answer of the server.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// ok says whether there is a success to be changed: not the web page of a proxy.
func (a *answer) ok() bool {
	return a.err == nil && a.status/100 == 2 && (len(a.body) == 0 || json.Valid(a.body))
}

func (a *answer) response(request *http.Request) *http.Response {
	a.header.Del("Content-Length")
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: request,
	}
}

// value is the body as JSON.
func (a *answer) value() any {
	var value any
	if json.Unmarshal(a.body, &value) != nil {
		return nil
	}
	return value
}

// items are the consumers of a list.
func (a *answer) items() []any {
	items, _ := a.value().([]any)
	return items
}

// with replaces the body.
func (a *answer) with(value any) {
	a.body, a.err = json.Marshal(value)
	a.header.Set("Content-Type", "application/json")
}

// handler answers a call in the place of the emulator, which it can ask.
type handler func(*call) *answer

// edit changes an answer.
type edit func(*call, *answer)

// on changes the answers to calls of some kinds, if they are successes. One that
// should have consumers and has no body is a fault: an edit would turn it into a
// list without consumers.
func on(kinds kind, edits ...edit) handler {
	return when(func(c *call, a *answer) bool {
		return c.is(kinds) && a.ok() && (len(a.body) > 0 || !c.is(returning))
	}, edits)
}

// ifMissing changes the answers to calls about consumers that don't exist.
func ifMissing(kinds kind, edits ...edit) handler {
	return when(func(c *call, a *answer) bool { return c.is(kinds) && a.err == nil && a.status == http.StatusNotFound }, edits)
}

// when changes the answers that meet a condition.
func when(condition func(*call, *answer) bool, edits []edit) handler {
	return func(c *call) *answer {
		a := c.forward()
		if condition(c, a) {
			a.apply(c, edits)
		}
		return a
	}
}

// instead answers calls of some kinds without the emulator.
func instead(kinds kind, edits ...edit) handler {
	return insteadIf(func(c *call) bool { return c.is(kinds) }, edits...)
}

// insteadIf answers the calls that meet a condition without the emulator.
func insteadIf(condition func(*call) bool, edits ...edit) handler {
	return func(c *call) *answer {
		if !condition(c) {
			return c.forward()
		}
		a := &answer{status: http.StatusOK, header: http.Header{}}
		a.apply(c, edits)
		return a
	}
}

// receives changes what calls of some kinds send.
func receives(kinds kind, change func(sent object)) handler {
	return func(c *call) *answer {
		if c.is(kinds) {
			change(c.body)
		}
		return c.forward()
	}
}

func (a *answer) apply(c *call, edits []edit) {
	for _, edit := range edits {
		edit(c, a)
	}
}

// object is a JSON object.
type object = map[string]any

// status sets the status.
func status(code int) edit { return func(_ *call, a *answer) { a.status = code } }

// header sets a header.
func header(name, value string) edit { return func(_ *call, a *answer) { a.header.Set(name, value) } }

// empty removes the body.
func empty(_ *call, a *answer) {
	a.body = nil
	a.header.Del("Content-Type")
}

// body replaces the body.
func body(value any) edit { return func(_ *call, a *answer) { a.with(value) } }

// text replaces the whole answer with one that is not JSON.
func text(code int, contentType, content string) edit {
	return func(_ *call, a *answer) {
		a.status, a.header, a.body = code, http.Header{"Content-Type": {contentType}}, []byte(content)
	}
}

// refuse replaces the whole answer with an error.
func refuse(code int, message string) edit {
	return func(_ *call, a *answer) {
		a.status, a.header = code, http.Header{}
		a.with(object{"message": message})
	}
}

// value changes the body as a whole.
func value(change func(any) any) edit { return func(_ *call, a *answer) { a.with(change(a.value())) } }

// items changes the consumers of a list.
func items(change func([]any) []any) edit {
	return func(_ *call, a *answer) { a.with(append([]any{}, change(a.items())...)) }
}

// each changes every consumer of an answer.
func each(change func(object)) edit {
	return func(_ *call, a *answer) {
		value := a.value()
		switch value := value.(type) {
		case []any:
			for _, item := range value {
				if item, ok := item.(object); ok {
					change(item)
				}
			}
		case object:
			change(value)
		default:
			return
		}
		a.with(value)
	}
}

// set sets a field of every consumer.
func set(name string, value any) edit { return each(func(item object) { item[name] = value }) }

// drop removes fields of every consumer.
func drop(names ...string) edit {
	return each(func(item object) {
		for _, name := range names {
			delete(item, name)
		}
	})
}

// rename renames a field of every consumer.
func rename(from, to string) edit {
	return each(func(item object) {
		if value, found := item[from]; found {
			delete(item, from)
			item[to] = value
		}
	})
}

// convert changes the text in a field of every consumer.
func convert(name string, change func(string) any) edit {
	return each(func(item object) { item[name] = change(textOf(item, name)) })
}

// keep leaves only the consumers that meet a condition in a list.
func keep(wanted func(object) bool) edit {
	return items(func(all []any) []any {
		return slices.DeleteFunc(all, func(item any) bool {
			consumer, ok := item.(object)
			return !ok || !wanted(consumer)
		})
	})
}

// ifEmpty changes a list that is empty.
func ifEmpty(edits ...edit) edit {
	return func(c *call, a *answer) {
		if len(a.items()) == 0 {
			a.apply(c, edits)
		}
	}
}

// ordered sorts a list, other people's consumers first: the emulator's order
// differs from call to call.
func ordered(all []any) []any {
	slices.SortFunc(all, func(a, b any) int {
		x, y := keyOf(a), keyOf(b)
		if isForeign(x) != isForeign(y) {
			return map[bool]int{true: -1, false: 1}[isForeign(x)]
		}
		return strings.Compare(x, y)
	})
	return all
}

func isForeign(key string) bool { return strings.HasPrefix(key, "foreign-") }

func keyOf(item any) string { return textOf(item, "key") }

// textOf is a field of a consumer; empty if it is no text.
func textOf(item any, name string) string {
	consumer, _ := item.(object)
	text, _ := consumer[name].(string)
	return text
}
