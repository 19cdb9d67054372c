// Package deviation has stand-ins for servers that differ from what the provider
// assumes. Each is the emulated server with one detail changed.
//
// The detail is changed between the client and the emulator: in process as an
// http.RoundTripper, or as a reverse proxy for a provider in a process of its own.
package deviation

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// Deviation is one detail in which a server differs.
type Deviation struct {
	Name string
	// Works says where the provider copes. Elsewhere it refuses, and says what to do.
	Works Where
	// Lags says that a change shows later.
	Lags bool
	// Unseen says that nobody can see what the server does wrong.
	Unseen bool
	// Renames says that the server stores other names than it is given.
	Renames bool
	// Once says that the user gives up after the first failure: what follows is a
	// known limit.
	Once bool
	// Setup changes the emulator itself.
	Setup func(*emulator.Config)
	// Others are consumers that the server needs for the detail to show.
	Others []emulator.Consumer

	handle handler
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

// All returns the deviations, in the order of their names.
func All() []Deviation {
	all := slices.Concat(lists, pages, fields, registrations, changes, removals, whole)
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

// StandIn is a server with a deviation, and what it remembers of the calls so far.
type StandIn struct {
	server *emulator.Server
	handle handler
	memory sync.Map

	mu        sync.Mutex
	calls     int            // about consumers
	asked     map[string]int // calls, by method and key
	postponed []postponed
}

// postponed is what the server does before it handles a later call.
type postponed struct {
	call int
	do   func()
}

// NewStandIn puts a deviation in front of an emulated server.
func NewStandIn(d Deviation, server *emulator.Server) *StandIn {
	return &StandIn{server: server, handle: d.handle, asked: map[string]int{}}
}

// Transport returns a transport that changes what next brings from the emulator.
func (s *StandIn) Transport(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		c := &call{StandIn: s, request: request, next: next, path: request.URL.EscapedPath()}
		if request.Body != nil {
			err := json.NewDecoder(request.Body).Decode(&c.body)
			_ = request.Body.Close()
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
		}
		c.kind, c.key = classify(request.Method, c.path)
		c.note()
		a := s.handle(c)
		if a.err != nil {
			return nil, a.err
		}
		return a.response(request), nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

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

// note counts the call, and does what is due.
func (c *call) note() {
	if !c.is(aboutConsumers) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	same := c.request.Method + " " + c.key
	c.asked[same]++
	c.nth = c.asked[same]
	c.postponed = slices.DeleteFunc(c.postponed, func(p postponed) bool {
		due := p.call <= c.calls
		if due {
			p.do()
		}
		return due
	})
}

// later postpones something until the nth call after this one.
func (c *call) later(n int, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.postponed = append(c.postponed, postponed{c.calls + n, do})
}
