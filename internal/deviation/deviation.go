// Package deviation has stand-ins for servers that differ from what the provider
// assumes. Each is the emulated server with one detail changed.
//
// The details are changed between the client and the emulator: in process as an
// http.RoundTripper, or as a reverse proxy for a provider in a process of its own.
package deviation

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// Deviation is one detail in which a server differs.
type Deviation struct {
	Name string
	// Works says where the provider copes. Elsewhere it refuses, and says what to do.
	Works Where
	// Lags says that what was changed shows later.
	Lags bool
	// Unseen says that nobody can see what the server does wrong.
	Unseen bool
	// Renames says that the server stores other names than it is given.
	Renames bool
	// Once says that the user gives up after the first failure: what follows is a
	// known limit.
	Once bool
	// Setup changes the emulator itself.
	Setup func(*twcloudtest.Config)
	// Others are consumers that the server needs for the detail to show.
	Others []twcloudtest.Consumer

	// handler makes what handles the calls of one server.
	handler func() handler
}

// Where says on which servers something holds.
type Where int

// The servers of Where.
const (
	Nowhere Where = iota
	Everywhere
	// IfEmpty is a server without consumers at first, IfOthers one that has other
	// people's.
	IfEmpty
	IfOthers
)

// On says whether it holds on a server.
func (w Where) On(empty bool) bool {
	return w == Everywhere || w == IfEmpty && empty || w == IfOthers && !empty
}

// handler answers a call in the place of the emulator, which it can ask.
type handler func(*call) *answer

// All returns the deviations, in the order of their names.
func All() []Deviation {
	all := slices.Concat(lists(), pages(), fields(), registrations(), changes(), removals(), whole())
	slices.SortFunc(all, func(a, b Deviation) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ByName returns one deviation.
func ByName(name string) (Deviation, bool) {
	all := All()
	i := slices.IndexFunc(all, func(d Deviation) bool { return d.Name == name })
	if i < 0 {
		return Deviation{}, false
	}
	return all[i], true
}

// StandIn is a server with a deviation.
type StandIn struct {
	server *twcloudtest.Server
	handle handler
}

// NewStandIn puts a deviation in front of an emulated server.
func NewStandIn(d Deviation, server *twcloudtest.Server) *StandIn {
	return &StandIn{server: server, handle: d.handler()}
}

// Transport returns a transport that changes what next brings from the emulator.
func (s *StandIn) Transport(next http.RoundTripper) http.RoundTripper {
	return &transport{standIn: s, next: next}
}

// Serve starts a reverse proxy with the deviation in front of the REST API. The
// caller closes it.
func (s *StandIn) Serve() (*httptest.Server, error) {
	target, err := url.Parse(s.server.URL())
	if err != nil {
		return nil, err
	}
	return httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: s.Transport(http.DefaultTransport),
	}), nil
}

type transport struct {
	standIn *StandIn
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	c := &call{Request: request, server: t.standIn.server, next: t.next, path: request.URL.EscapedPath()}
	if request.Body != nil {
		content, err := io.ReadAll(request.Body)
		_ = request.Body.Close()
		if err != nil {
			return nil, err
		}
		if len(content) > 0 {
			if err := json.Unmarshal(content, &c.body); err != nil {
				return nil, err
			}
		}
	}
	c.classify()
	a := t.standIn.handle(c)
	if a.err != nil {
		return nil, a.err
	}
	return a.response(request), nil
}

// call is one request to the server.
type call struct {
	*http.Request
	// kind is list, read, register, update or remove for calls about consumers,
	// login, or empty.
	kind string
	key  string
	path string
	body map[string]any

	server *twcloudtest.Server
	next   http.RoundTripper
}

func (c *call) classify() {
	below, isConsumer := strings.CutPrefix(c.path, wire.DefaultOAuthConsumersPath)
	switch {
	case c.path == wire.LoginPath:
		c.kind = "login"
	case !isConsumer:
	case strings.Trim(below, "/") == "" && c.Method == http.MethodPost:
		c.kind = "register"
	case strings.Trim(below, "/") == "":
		c.kind = "list"
	default:
		key, err := url.PathUnescape(strings.Trim(below, "/"))
		if err != nil {
			return
		}
		c.key = key
		c.kind = map[string]string{http.MethodGet: "read", http.MethodPatch: "update", http.MethodDelete: "remove"}[c.Method]
	}
}

// is says whether the call is one of these.
func (c *call) is(kinds ...string) bool { return slices.Contains(kinds, c.kind) }

// about says whether the call is one about consumers.
func (c *call) about() bool { return c.is("list", "read", "register", "update", "remove") }

// forward asks the emulator.
func (c *call) forward() *answer {
	request := c.Clone(c.Context())
	request.URL.RawPath = c.path
	if unescaped, err := url.PathUnescape(c.path); err == nil {
		request.URL.Path = unescaped
	}
	request.Body, request.ContentLength = http.NoBody, 0
	if c.body != nil {
		content, err := json.Marshal(c.body)
		if err != nil {
			return &answer{err: err}
		}
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	}
	response, err := c.next.RoundTrip(request)
	if err != nil {
		return &answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	// A body without an end is one of the faults.
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return &answer{err: err}
	}
	return &answer{status: response.StatusCode, header: response.Header.Clone(), body: content}
}

const maxAnswer = 1 << 20

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
	header := a.header
	if header == nil {
		header = http.Header{}
	}
	header.Del("Content-Length")
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: request,
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

// with is the answer with another body.
func (a *answer) with(value any) *answer {
	content, err := json.Marshal(value)
	if err != nil {
		return &answer{err: err}
	}
	a.body = content
	a.header.Set("Content-Type", "application/json")
	return a
}

// withStatus is the answer with another status.
func (a *answer) withStatus(status int) *answer {
	a.status = status
	return a
}

// empty is the answer without a body.
func (a *answer) empty() *answer {
	a.body = nil
	a.header.Del("Content-Type")
	return a
}

// each changes every consumer of an answer.
func (a *answer) each(change func(map[string]any)) *answer {
	value := a.value()
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if item, ok := item.(map[string]any); ok {
				change(item)
			}
		}
	case map[string]any:
		change(value)
	default:
		return a
	}
	return a.with(value)
}

// says is an answer that the emulator did not give.
func says(status int, contentType, body string) *answer {
	a := &answer{status: status, header: http.Header{}, body: []byte(body)}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

func refuses(status int, message string) *answer {
	return says(status, "application/json", "").with(map[string]any{"message": message})
}

// on is a handler that changes the answers to some calls, if they are successes.
func on(kinds []string, change func(*call, *answer) *answer) func() handler {
	return stateless(func(c *call) *answer {
		a := c.forward()
		if c.is(kinds...) && a.ok() {
			return change(c, a)
		}
		return a
	})
}

// instead is a handler that answers some calls by itself.
func instead(kind string, handle handler) func() handler {
	return stateless(func(c *call) *answer {
		if c.is(kind) {
			return handle(c)
		}
		return c.forward()
	})
}

func stateless(h handler) func() handler { return func() handler { return h } }
