package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Request is a request as it arrived, without anything that could be a secret.
type Request struct {
	// Index counts the requests of this Server, from 1, since the start or the
	// last ResetRequests.
	Index int `json:"index"`

	// Server is REST or WebApp.
	Server string `json:"server"`

	Method string `json:"method"`

	// Call is the name of the profile's call that the request is, such as
	// "register"; empty if it is none.
	Call string `json:"call,omitempty"`

	// Path is escaped, as on the wire, and without the query.
	Path string `json:"path"`

	// Status is what was answered, or 0 if no response has been sent.
	Status int `json:"status"`

	// AuthorizationScheme is "Basic", "Token", "OAuth" or another word in
	// front of the credentials; empty without an Authorization header.
	AuthorizationScheme string `json:"authorizationScheme,omitempty"`

	// Fields are the sorted top-level names of a JSON body.
	Fields []string `json:"fields,omitempty"`

	UserAgent string `json:"userAgent,omitempty"`

	// Fault is the name of the fault that the request had, or empty.
	Fault string `json:"fault,omitempty"`
}

// recorder is the log of the requests, and has the faults that are still to come.
type recorder struct {
	keep int

	mu          sync.Mutex
	faults      []Fault
	requests    []*Request
	counts      map[string]int // by Request.Server
	inFlight    int
	maxInFlight int
	connections int
}

// record notes a request, and finds the fault that it gets.
func (s *Server) record(x *exchange) (*Request, Request, *Fault) {
	request := Request{
		Server:              x.part,
		Method:              x.request.Method,
		Path:                x.request.URL.EscapedPath(),
		AuthorizationScheme: authorizationScheme(x.request),
		Fields:              fieldNames(x.body),
		UserAgent:           x.request.UserAgent(),
	}
	if x.call != nil {
		request.Call = x.call.Name
	}
	r := &s.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[x.part]++
	request.Index = r.counts[x.part]
	fault := r.nextFault(request)
	if fault != nil {
		request.Fault = fault.Kind.String()
	}
	r.inFlight++
	r.maxInFlight = max(r.maxInFlight, r.inFlight)
	if r.keep > 0 && len(r.requests) >= r.keep {
		r.requests = slices.Delete(r.requests, 0, len(r.requests)-r.keep+1)
	}
	entry := request.copy()
	r.requests = append(r.requests, &entry)
	return &entry, request, fault
}

// leave notes the status. It is called before the response is written: as soon
// as a client has its response, the request is no longer in flight.
func (r *recorder) leave(entry *Request, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry.Status = status
	r.inFlight--
}

func (r *recorder) connected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections++
}

func (r *Request) copy() Request {
	c := *r
	c.Fields = slices.Clone(r.Fields)
	return c
}

// Requests returns the log of the requests of both servers, in order of
// arrival.
func (s *Server) Requests() []Request {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	requests := make([]Request, 0, len(s.recorder.requests))
	for _, entry := range s.recorder.requests {
		requests = append(requests, entry.copy())
	}
	return requests
}

// ResetRequests empties the log: Index starts from 1 again, and MaxInFlight from
// the requests in flight now.
func (s *Server) ResetRequests() {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	s.recorder.requests = nil
	clear(s.recorder.counts)
	s.recorder.maxInFlight = s.recorder.inFlight
}

// MaxInFlight returns the highest number of requests that were being handled at
// a time, on both servers together, since the start or the last ResetRequests. A
// request counts from its arrival, body included, until the response is about to
// be sent, or until it is dropped or left hanging.
func (s *Server) MaxInFlight() int {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	return s.recorder.maxInFlight
}

// Connections returns how many TCP connections both servers have accepted since
// the start.
func (s *Server) Connections() int {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	return s.recorder.connections
}

func authorizationScheme(r *http.Request) string {
	header := r.Header.Get("Authorization")
	scheme, _, found := strings.Cut(header, " ")
	if !found && header != "" {
		return "malformed" // The whole might be a secret.
	}
	return scheme
}

func fieldNames(body []byte) []string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(object))
}
