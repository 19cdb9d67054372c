package twcloudtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// The two servers of an installation, as Request.Server and Fault.Server name
// them.
const (
	REST   = "rest"   // the Teamwork Cloud REST API
	WebApp = "webapp" // the Web Application Platform
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

	// Path is escaped, as on the wire.
	Path string `json:"path"`

	// Query has the names in the query, sorted and joined with "&"; no values.
	Query string `json:"query,omitempty"`

	// Status is what was answered, or 0 if no answer has been sent.
	Status int `json:"status"`

	// HasCookie says whether any cookie came along.
	HasCookie bool `json:"hasCookie"`

	// AuthorizationScheme is "Basic", "Token", "OAuth" or another word in
	// front of the credentials; empty without an Authorization header.
	AuthorizationScheme string `json:"authorizationScheme,omitempty"`

	// Fields are the sorted top-level names of a JSON body.
	Fields []string `json:"fields,omitempty"`

	// Connection is the number of the TCP connection, counted from 1 over both
	// servers.
	Connection int `json:"connection"`

	UserAgent string `json:"userAgent,omitempty"`

	// Fault is the name of the fault that the request had, or empty.
	Fault string `json:"fault,omitempty"`
}

// recorder is the log of the requests.
type recorder struct {
	keep int

	mu          sync.Mutex
	requests    []*Request
	counts      map[string]int
	inFlight    int
	maxInFlight int
	connections int
}

// arrive notes a request and gives it its index.
func (r *recorder) arrive(request Request) *Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[string]int{}
	}
	r.counts[request.Server]++
	request.Index = r.counts[request.Server]
	r.inFlight++
	r.maxInFlight = max(r.maxInFlight, r.inFlight)
	if r.keep > 0 && len(r.requests) >= r.keep {
		r.requests = slices.Delete(r.requests, 0, len(r.requests)-r.keep+1)
	}
	entry := &request
	r.requests = append(r.requests, entry)
	return entry
}

func (r *recorder) setFault(entry *Request, fault string) Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry.Fault = fault
	return entry.copy()
}

// leave notes the status. It is called before the answer is written: as soon
// as a client has its answer, the request is no longer in flight.
func (r *recorder) leave(entry *Request, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry.Status = status
	r.inFlight--
}

func (r *recorder) connect() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connections++
	return r.connections
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
	s.recorder.counts = nil
	s.recorder.maxInFlight = s.recorder.inFlight
}

// MaxInFlight returns the highest number of requests that were being handled at
// a time, on both servers together, since the start or the last ResetRequests. A
// request counts from its arrival, body included, until the answer is about to
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

// describe reduces a request to what the log may hold.
func describe(server string, connection int, r *http.Request, body []byte) Request {
	return Request{
		Server:              server,
		Method:              r.Method,
		Path:                r.URL.EscapedPath(),
		Query:               queryNames(r.URL),
		HasCookie:           len(r.Header["Cookie"]) > 0,
		AuthorizationScheme: authorizationScheme(r),
		Fields:              fieldNames(body),
		Connection:          connection,
		UserAgent:           r.UserAgent(),
	}
}

func queryNames(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	var names []string
	for name := range u.Query() {
		names = append(names, url.QueryEscape(name))
	}
	slices.Sort(names)
	return strings.Join(names, "&")
}

func authorizationScheme(r *http.Request) string {
	header := r.Header.Get("Authorization")
	if header == "" {
		return ""
	}
	scheme, _, found := strings.Cut(header, " ")
	if !found {
		return "malformed" // The whole might be a secret.
	}
	return scheme
}

func fieldNames(body []byte) []string {
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		return nil
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
