package twcloud

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
)

// What went wrong, to be asked with errors.Is. Every failed call returns an
// *Error that wraps one of these.
var (
	// ErrInvalid: the server refused the input (400, 422).
	ErrInvalid = errors.New("the server refused the input")
	// ErrCredentials: the server refused the credentials at login (401, 403).
	ErrCredentials = errors.New("the credentials were refused")
	// ErrSession: the server refused the session (401), and a new one, too.
	ErrSession = errors.New("the session was refused")
	// ErrNoSession: login was answered with success, but without a cookie.
	ErrNoSession = errors.New("login set no session cookie")
	// ErrNoAPI: there is nothing where sessions are opened (404).
	ErrNoAPI = errors.New("no Teamwork Cloud REST API at this address")
	// ErrNoSeat: no license seat was free at login.
	ErrNoSeat = errors.New("no license seat is free")
	// ErrForbidden: the user who is signed in lacks a permission (403).
	ErrForbidden = errors.New("a permission is missing")
	// ErrNotFound: there is no such consumer (404).
	ErrNotFound = errors.New("no such consumer")
	// ErrNoCollection: the server has nothing at the collection's path (404).
	ErrNoCollection = errors.New("no consumer administration at this path")
	// ErrConflict: the server found a conflict (409).
	ErrConflict = errors.New("conflict")
	// ErrTooManyRequests: the server asked to slow down (429), to the last.
	ErrTooManyRequests = errors.New("too many requests")
	// ErrServer: the server failed (5xx).
	ErrServer = errors.New("the server failed")
	// ErrWebPage: a web page or a redirect came where JSON was expected.
	ErrWebPage = errors.New("a web page instead of an answer")
	// ErrUnreadable: the answer is not what the contract says.
	ErrUnreadable = errors.New("the answer cannot be read")
	// ErrIncomplete: the list does not tell all consumers, or may not.
	ErrIncomplete = errors.New("the list of consumers is incomplete")
	// ErrNotApplied: the server said yes, and has not done it.
	ErrNotApplied = errors.New("the server reported success, but did not make the change")
	// ErrKeyGone: the server said yes to a registration or a change, and has no
	// consumer with that key afterwards.
	ErrKeyGone = errors.New("the server reported success, and has no consumer with this key")
	// ErrUnsupported: the server, or the API profile, does not have the call.
	ErrUnsupported = errors.New("the server has no such call")
	// ErrSecretNeeded: the API profile wants the secret with each change, and it is
	// not known.
	ErrSecretNeeded = errors.New("this change needs the secret, which is not known")
	// ErrNotUnderstood: the first registration, or removal, failed in a way that
	// would fail each one, so this one was not sent.
	ErrNotUnderstood = errors.New("not sent, because the first request of this kind failed and all others would fail, too")
	// ErrTooLarge: the answer is larger than any the server could mean.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrTimeout: no complete answer came within the request timeout.
	ErrTimeout = errors.New("no answer in time")
	// ErrUnreachable: the connection failed. The cause tells how: errors.As finds
	// *net.OpError, *net.DNSError, *tls.CertificateVerificationError and others.
	ErrUnreachable = errors.New("the server could not be reached")
	// ErrCanceled: the caller gave up. It wraps the context's error.
	ErrCanceled = errors.New("canceled")
	// ErrPanic: the client panicked.
	ErrPanic = errors.New("the client panicked, which is a bug: please report it")
	// ErrClosed: the client is closed.
	ErrClosed = errors.New("the client is closed")
)

// Error is a call that failed.
type Error struct {
	// Kind is one of the Err values of this package.
	Kind error
	// Method and Path are what was asked; the path is escaped as on the wire and
	// has no query.
	Method string
	Path   string
	// Login says that it was the login that failed, on behalf of another call.
	Login bool
	// Listing says that the list of all consumers failed, on behalf of another call.
	// All callers that waited for the list get the same *Error.
	Listing bool
	// Part is the part of the API profile that the answer does not agree with, such
	// as "calls.register.answer.key"; empty if the error is about no part of it.
	Part string
	// Found says what the answer has in place of that part: names of members, or a
	// value that should say whether a consumer is approved. It may be empty.
	Found string
	// Status is the HTTP status, or zero when no complete answer came.
	Status int
	// Message is the server's own words: shortened, and without secrets.
	Message string
	// Cause is the error below, if any. Its text may be raw; Error redacts it.
	Cause error

	redact func(string) string
}

// Error says what was asked, what came back and the server's own words, without
// secrets.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %v", e.Method, e.Path, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&text, ": %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Message != "" {
		fmt.Fprintf(&text, ": %s", e.Message)
	}
	if cause := e.CauseText(); cause != "" && cause != e.Kind.Error() {
		fmt.Fprintf(&text, ": %s", cause)
	}
	return text.String()
}

// newPanicError makes an *Error of a panic. It is to be called where the panic is
// recovered, as it holds the stack.
func newPanicError(method, path string, reason any, redact *redactor) *Error {
	return &Error{
		Kind: ErrPanic, Method: method, Path: path,
		Cause:  fmt.Errorf("%v\n\n%s", reason, debug.Stack()),
		redact: redact.text,
	}
}

// CauseText is the text of the error below, without secrets; empty when there
// is none.
func (e *Error) CauseText() string {
	if e.Cause == nil {
		return ""
	}
	// Depending on which of its goroutines notices first, net/http tells of one
	// broken connection with this prefix or without it.
	text := strings.TrimPrefix(e.Cause.Error(), "readLoopPeekFailLocked: ")
	if e.redact != nil {
		text = e.redact(text)
	}
	return text
}

// Unwrap gives errors.Is the kind, and errors.As the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// RegistrationError is a registration after which more, or other, than the
// wanted consumer may stand on the server.
type RegistrationError struct {
	// Name is the name under which a consumer was to be registered.
	Name string
	// Keys are those of the consumers of that name that came to be meanwhile:
	// several, or none when the server could not be asked.
	Keys []string
	// Cause is why the outcome was unknown, Look why looking did not settle it
	// (nil when Keys does, but for a registration that was refused and done).
	Cause error
	Look  error
}

// Error lists the keys, or says that nobody knows.
func (e *RegistrationError) Error() string {
	var answered *Error
	switch {
	case e.Cause == nil:
		return fmt.Sprintf("%q was registered, but its key is not known (%v)", e.Name, e.Look)
	case len(e.Keys) == 0 && errors.As(e.Cause, &answered) && answered.Status >= 200 && answered.Status <= 299:
		if errors.Is(e.Look, answered.Kind) {
			return fmt.Sprintf("the answer does not tell the key of %q (%v), and neither does the list", e.Name, e.Cause)
		}
		return fmt.Sprintf("the answer does not tell the key of %q (%v), and neither does the list (%v)", e.Name, e.Cause, e.Look)
	}
	if len(e.Keys) > 0 && e.Look != nil {
		return fmt.Sprintf("the server refused it (%v), and has a new consumer named %q: %s", e.Cause, e.Name, strings.Join(quoted(e.Keys), ", "))
	}
	if len(e.Keys) > 0 {
		return fmt.Sprintf("the answer was lost (%v), and several new consumers are named %q: %s",
			e.Cause, e.Name, strings.Join(quoted(e.Keys), ", "))
	}
	return fmt.Sprintf("the answer was lost (%v), and the server could not be asked whether %q was registered (%v)",
		e.Cause, e.Name, e.Look)
}

// Unwrap gives errors.Is and errors.As both causes.
func (e *RegistrationError) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Cause, e.Look}, func(err error) bool { return err == nil })
}

func quoted(words []string) []string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return quoted
}
