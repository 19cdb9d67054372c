package twcloudtest

import (
	"fmt"
	"strings"
	"sync"
)

// FaultKind is a way in which a request goes wrong.
type FaultKind int

// The kinds of faults. "Handled" means that the request has had its full effect
// on the server before the fault changes the answer; otherwise it has had none.
const (
	// DropBefore closes the connection; the request is not handled. The transport
	// of net/http repeats a GET by itself if the connection had been used before,
	// here and with DropAfter.
	DropBefore FaultKind = iota + 1

	// DropAfter handles the request and closes the connection without an answer.
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
	// too long, and answers 401; not handled.
	Unauthorized401

	// Forbidden403 answers 403; not handled.
	Forbidden403

	// HalfBody handles the request, sends half of the answer and closes the
	// connection. The Content-Length is that of the whole. An answer without a
	// body breaks off within its header.
	HalfBody

	// WebPage answers 200 with a sign-in page in HTML, as a single sign-on proxy
	// does; not handled. WebPageAfter handles the request first.
	WebPage
	WebPageAfter

	// EndlessBody handles the request and sends an answer that never ends, until
	// the client closes the connection.
	EndlessBody

	// Hang never answers, until the client closes the connection; not handled.
	// HangAfter handles the request first.
	Hang
	HangAfter

	// BadJSON handles the request and answers with the right status, and with
	// something that looks like JSON.
	BadJSON

	// Redirect302 sends the client to a sign-in page; not handled.
	Redirect302

	// NoBody handles the request and answers with the right status and header,
	// but without the body.
	NoBody

	// AnswerWith answers Fault.Status and Fault.Body; not handled. It is not among
	// AllFaultKinds, as what it means depends on them.
	AnswerWith
)

var faultNames = map[FaultKind]string{
	DropBefore:            "drop-before",
	DropAfter:             "drop-after",
	TooManyRequests:       "too-many-requests",
	Status502Before:       "status-502-before",
	Status502After:        "status-502-after",
	Status503Before:       "status-503-before",
	Status503After:        "status-503-after",
	Status504Before:       "status-504-before",
	Status504After:        "status-504-after",
	InternalError500:      "internal-error-500",
	InternalError500After: "internal-error-500-after",
	Unauthorized401:       "unauthorized-401",
	Forbidden403:          "forbidden-403",
	HalfBody:              "half-body",
	WebPage:               "web-page",
	WebPageAfter:          "web-page-after",
	EndlessBody:           "endless-body",
	Hang:                  "hang",
	HangAfter:             "hang-after",
	BadJSON:               "bad-json",
	Redirect302:           "redirect-302",
	NoBody:                "no-body",
	AnswerWith:            "answer-with",
}

// String returns the name of the kind, such as "drop-before".
func (k FaultKind) String() string {
	if name, ok := faultNames[k]; ok {
		return name
	}
	return fmt.Sprintf("FaultKind(%d)", int(k))
}

// ParseFaultKind is the inverse of String.
func ParseFaultKind(name string) (FaultKind, error) {
	for kind, known := range faultNames {
		if known == name {
			return kind, nil
		}
	}
	return 0, fmt.Errorf("no kind of fault has the name %q", name)
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
	for kind := DropBefore; kind <= NoBody; kind++ {
		kinds = append(kinds, kind)
	}
	return kinds
}

// Handled reports whether a request with the fault has had its effect on
// the server.
func (k FaultKind) Handled() bool {
	switch k {
	case DropAfter, Status502After, Status503After, Status504After, InternalError500After,
		HalfBody, WebPageAfter, EndlessBody, HangAfter, BadJSON, NoBody:
		return true
	default:
		return false
	}
}

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

	// Index is the Request.Index that the fault applies to: from 1, among the
	// requests to Server, or to REST if Server is empty. Zero: any.
	Index int `json:"index,omitempty"`

	// Times is how many requests the fault applies to: from Index on, or the next
	// ones that match. Zero: one; negative: no end.
	Times int `json:"times,omitempty"`

	// RetryAfter is the header Retry-After of TooManyRequests and of the 50x.
	// Empty: "0" with TooManyRequests, none otherwise.
	RetryAfter string `json:"retryAfter,omitempty"`

	// Body takes the place of the body that the kind would send. It has no effect
	// on kinds that send the regular answer or none.
	Body string `json:"body,omitempty"`

	// Status is for AnswerWith only.
	Status int `json:"status,omitempty"`
}

func (f *Fault) matches(r Request) bool {
	server := f.Server
	if f.Index > 0 {
		if server == "" {
			server = REST
		}
		if r.Index < f.Index || (f.Times >= 0 && r.Index >= f.Index+max(f.Times, 1)) {
			return false
		}
	}
	return (server == "" || server == r.Server) &&
		(f.Method == "" || f.Method == r.Method) &&
		strings.HasSuffix(r.Path, f.PathSuffix) &&
		(f.Match == nil || f.Match(r))
}

// script is the list of the faults that are still to come.
type script struct {
	mu     sync.Mutex
	faults []*scripted
}

type scripted struct {
	Fault
	left int // Negative: no end.
}

// next takes the first fault that applies to the request off the list.
func (s *script) next(r Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if !f.matches(r) {
			continue
		}
		if f.left > 0 {
			f.left--
		}
		if f.left == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		fault := f.Fault
		return &fault
	}
	return nil
}

// Inject adds faults. If several apply to one request, the first one wins.
func (s *Server) Inject(faults ...Fault) {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	for _, fault := range faults {
		left := fault.Times
		if left == 0 {
			left = 1
		}
		s.script.faults = append(s.script.faults, &scripted{Fault: fault, left: left})
	}
}

// ClearFaults removes the faults that are still to come.
func (s *Server) ClearFaults() {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.faults = nil
}

// PendingFaults returns how many of the injected faults can still apply to a
// request.
func (s *Server) PendingFaults() int {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	return len(s.script.faults)
}
