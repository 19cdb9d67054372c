package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// FaultKind is a way in which a request goes wrong.
type FaultKind int

// The kinds of faults. "Handled" means that the request has had its full effect
// on the server before the fault changes the response; otherwise it has had none.
const (
	// DropBefore closes the connection; the request is not handled. The transport
	// of net/http repeats a GET by itself if the connection had been used before,
	// here and with DropAfter.
	DropBefore FaultKind = iota + 1

	// DropAfter handles the request and closes the connection without a response.
	DropAfter

	// TooManyRequests answers 429 with Retry-After; not handled.
	TooManyRequests

	// Status502Before and the like answer as a proxy does, with a web page; the
	// request is not handled. Status502After and the like handle it first.
	Status502Before
	Status502After
	Status503Before
	Status503After
	Status504Before
	Status504After

	// InternalError500 answers 500 without handling the request,
	// InternalError500After after handling it.
	InternalError500
	InternalError500After

	// Unauthorized401 ends the session of the request as if it had been idle for
	// too long, or revokes its token unless that is a personal one, and answers 401;
	// not handled.
	Unauthorized401

	// Forbidden403 answers 403; not handled.
	Forbidden403

	// HalfBody handles the request, sends half of the response and closes the
	// connection. The Content-Length is that of the whole. A response without a
	// body breaks off within its header.
	HalfBody

	// WebPage answers 200 with a sign-in page in HTML, as a single sign-on proxy
	// does; not handled. WebPageAfter handles the request first.
	WebPage
	WebPageAfter

	// EndlessBody handles the request and sends a response that never ends, until
	// the client closes the connection.
	EndlessBody

	// Hang never answers, until the client closes the connection; not handled.
	// HangAfter handles the request first.
	Hang
	HangAfter

	// BadJSON handles the request and answers with the right status, and with
	// something that looks like JSON.
	BadJSON

	// Redirect302 sends the client to the sign-in: on the platform it ends the session
	// of the request first, on the REST API it does what a single sign-on proxy does.
	// Not handled.
	Redirect302

	// NoBody handles the request and answers with the right status and header,
	// but without the body.
	NoBody

	// AnswerWith answers Fault.Status and Fault.Body; not handled. It is not among
	// AllFaultKinds, as what it means depends on them.
	AnswerWith
)

// faultKinds has the name of each kind, whether the request is handled, the status that
// takes the place of the regular one, and what else there is to say of it.
var faultKinds = [...]struct {
	name    string
	handled bool
	status  int
	help    string
}{
	DropBefore:            {"drop-before", false, 0, "the connection is closed"},
	DropAfter:             {"drop-after", true, 0, "the connection is closed without a response"},
	TooManyRequests:       {"too-many-requests", false, http.StatusTooManyRequests, "429 with Retry-After"},
	Status502Before:       {"status-502-before", false, http.StatusBadGateway, "502 with a web page, as a proxy responds"},
	Status502After:        {"status-502-after", true, http.StatusBadGateway, "502 with a web page"},
	Status503Before:       {"status-503-before", false, http.StatusServiceUnavailable, "503 with a web page"},
	Status503After:        {"status-503-after", true, http.StatusServiceUnavailable, "503 with a web page"},
	Status504Before:       {"status-504-before", false, http.StatusGatewayTimeout, "504 with a web page"},
	Status504After:        {"status-504-after", true, http.StatusGatewayTimeout, "504 with a web page"},
	InternalError500:      {"internal-error-500", false, http.StatusInternalServerError, "500"},
	InternalError500After: {"internal-error-500-after", true, http.StatusInternalServerError, "500"},
	Unauthorized401:       {"unauthorized-401", false, http.StatusUnauthorized, "the session ends, 401"},
	Forbidden403:          {"forbidden-403", false, http.StatusForbidden, "403"},
	HalfBody:              {"half-body", true, 0, "half of the response, then the connection is closed"},
	WebPage:               {"web-page", false, http.StatusOK, "200 with a sign-in page, as a single sign-on proxy responds"},
	WebPageAfter:          {"web-page-after", true, http.StatusOK, "200 with a sign-in page"},
	EndlessBody:           {"endless-body", true, 0, "a response that never ends"},
	Hang:                  {"hang", false, 0, "no response"},
	HangAfter:             {"hang-after", true, 0, "no response"},
	BadJSON:               {"bad-json", true, 0, "a body that only looks like JSON"},
	Redirect302:           {"redirect-302", false, http.StatusFound, "a redirect to a sign-in page"},
	NoBody:                {"no-body", true, 0, "a response without its body"},
	AnswerWith:            {"answer-with", false, 0, "the status and body that -status and -body give"},
}

// String returns the name of the kind, such as "drop-before".
func (k FaultKind) String() string { return faultKinds[k].name }

// ParseFaultKind is the inverse of String.
func ParseFaultKind(name string) (FaultKind, error) {
	kinds := append(AllFaultKinds(), AnswerWith)
	for _, kind := range kinds {
		if kind.String() == name {
			return kind, nil
		}
	}
	return 0, fmt.Errorf("no kind of fault has the name %q; the kinds are %v", name, kinds)
}

// MarshalText returns the name of the kind.
func (k FaultKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (k *FaultKind) UnmarshalText(text []byte) (err error) {
	*k, err = ParseFaultKind(string(text))
	return err
}

// AllFaultKinds returns every kind but AnswerWith.
func AllFaultKinds() []FaultKind {
	var kinds []FaultKind
	for kind := DropBefore; kind < AnswerWith; kind++ {
		kinds = append(kinds, kind)
	}
	return kinds
}

// Help says what the kind does, for people.
func (k FaultKind) Help() string {
	if k.Handled() {
		return "handled; " + faultKinds[k].help
	}
	return "not handled; " + faultKinds[k].help
}

// Handled reports whether a request with the fault has had its effect on
// the server.
func (k FaultKind) Handled() bool { return faultKinds[k].handled }

// Fault applies to requests that meet all of its conditions. Every request meets
// an empty condition.
type Fault struct {
	Kind FaultKind `json:"kind"`

	// Match must not call the server.
	Match func(Request) bool `json:"-"`

	// Server is REST or WebApp.
	Server string `json:"server,omitempty"`

	Method string `json:"method,omitempty"`

	// PathSuffix is how the escaped path ends.
	PathSuffix string `json:"pathSuffix,omitempty"`

	// Times is how many of the requests that match get the fault. Zero: one;
	// negative: all.
	Times int `json:"times,omitempty"`

	// Body takes the place of the body that the kind would send. It has no effect
	// on kinds that send the regular answer or none.
	Body string `json:"body,omitempty"`

	// Status is for AnswerWith only.
	Status int `json:"status,omitempty"`
}

func (f *Fault) matches(r Request) bool {
	return (f.Server == "" || f.Server == r.Server) &&
		(f.Method == "" || f.Method == r.Method) &&
		strings.HasSuffix(r.Path, f.PathSuffix) &&
		(f.Match == nil || f.Match(r))
}

// nextFault returns the first fault that applies to the request, or nil. The
// caller holds the lock.
func (r *recorder) nextFault(request Request) *Fault {
	i := slices.IndexFunc(r.faults, func(f Fault) bool { return f.matches(request) })
	if i < 0 {
		return nil
	}
	fault := r.faults[i]
	switch {
	case fault.Times > 1:
		r.faults[i].Times--
	case fault.Times >= 0:
		r.faults = slices.Delete(r.faults, i, i+1)
	}
	return &fault
}

// Inject adds faults. If several apply to one request, the first one wins.
func (s *Server) Inject(faults ...Fault) {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	s.recorder.faults = append(s.recorder.faults, faults...)
}

// ClearFaults removes the faults that are still to come.
func (s *Server) ClearFaults() {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	s.recorder.faults = nil
}

// PendingFaults returns how many of the injected faults can still apply to a
// request.
func (s *Server) PendingFaults() int {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	return len(s.recorder.faults)
}
