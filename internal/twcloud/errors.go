package twcloud

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// Kinds of errors, for errors.Is. Every failed call returns an *Error that
// wraps one of these.
var (
	// ErrInvalid: the server refused the input (400, 422).
	ErrInvalid = errors.New("the server refused the input")
	// ErrCredentials: the server refused the credentials at sign-in.
	ErrCredentials = signin.ErrCredentials
	// ErrSession: the server refused the session (401), and a new one as well.
	ErrSession = errors.New("the session was refused")
	// ErrNoSession: the sign-in succeeded, but set no cookie.
	ErrNoSession = signin.ErrNoSession
	// ErrNoAPI: there is no sign-in at this address (404).
	ErrNoAPI = signin.ErrNoAPI
	// ErrNoSeat: no license seat was free at sign-in.
	ErrNoSeat = signin.ErrNoSeat
	// ErrSingleSignOn: the sign-in leaves for a server that is not configured.
	ErrSingleSignOn = signin.ErrSingleSignOn
	// ErrSignInPage: the sign-in shows a page that the profile does not describe.
	ErrSignInPage = signin.ErrPage
	// ErrNoCredentials: the sign-in of the profile needs other credentials.
	ErrNoCredentials = signin.ErrNoCredentials
	// ErrNoEndpoint: a request belongs to a server whose address is not known.
	ErrNoEndpoint = errors.New("the address of this server is not configured")
	// ErrSessionWanted: the server refused a call that was sent without a session (401,
	// 403, or a redirect).
	ErrSessionWanted = errors.New("the server refuses this call without a session")
	// ErrForbidden: the user lacks a permission (403).
	ErrForbidden = errors.New("a permission is missing")
	// ErrToken: the server refused a call with a CSRF token, and with a new one as well
	// (403). Then the error is an ErrForbidden, too.
	ErrToken = errors.New("the server may not accept the CSRF token that was sent")
	// ErrNotFound: there is no such consumer (404).
	ErrNotFound = errors.New("no such consumer")
	// ErrNoCollection: the server has nothing at the collection's path (404).
	ErrNoCollection = errors.New("no consumer administration at this path")
	// ErrConflict: the server found a conflict (409).
	ErrConflict = errors.New("conflict")
	// ErrTooManyRequests: the server still asks to slow down (429) after all
	// retries.
	ErrTooManyRequests = errors.New("too many requests")
	// ErrServer: the server failed (5xx).
	ErrServer = errors.New("the server failed")
	// ErrWebPage: the response is a web page or a redirect instead of JSON.
	ErrWebPage = signin.ErrWebPage
	// ErrUnreadable: the response differs from the API profile.
	ErrUnreadable = errors.New("the response cannot be read")
	// ErrIncomplete: the list lacks consumers, or may do so.
	ErrIncomplete = errors.New("the list of consumers is incomplete")
	// ErrNotApplied: the server answered with success, but did not make the
	// change.
	ErrNotApplied = errors.New("the server reported success, but did not make the change")
	// ErrKeyGone: the server answered a registration or a change with success,
	// but then has no consumer with that key.
	ErrKeyGone = errors.New("the server reported success, and has no consumer with this key")
	// ErrOtherName: the server stores another name than it was sent.
	ErrOtherName = errors.New("the server stores another name")
	// ErrUnsupported: the server, or the API profile, does not have the call.
	ErrUnsupported = errors.New("there is no such call")
	// ErrSecretNeeded: the API profile requires the secret with each change, and
	// it is unknown.
	ErrSecretNeeded = errors.New("this change needs the secret, which is not known")
	// ErrNotUnderstood: the first registration or removal failed in a way that
	// would fail all others, so this one was not sent.
	ErrNotUnderstood = errors.New("not sent, because an earlier request of this kind failed")
	// ErrTooLarge: the response is larger than Options.MaxResponse.
	ErrTooLarge = errors.New("the response is too large")
	// ErrTimeout: no complete answer within the request timeout.
	ErrTimeout = errors.New("no response in time")
	// ErrUnreachable: the connection failed. errors.As finds the cause:
	// *net.OpError, *net.DNSError, *tls.CertificateVerificationError, or another
	// one.
	ErrUnreachable = errors.New("the server could not be reached")
	// ErrCanceled: the caller canceled. It wraps the error of the context.
	ErrCanceled = errors.New("canceled")
	// ErrPanic: the client panicked.
	ErrPanic = errors.New("the client panicked, which is a bug: please report it")
	// ErrClosed: the client is closed.
	ErrClosed = errors.New("the client is closed")
)

// Error is a failed call.
type Error struct {
	// Kind is one of the Err values of this package.
	Kind error
	// Method and Path are those of the request. The path is escaped, without the
	// query.
	Method string
	Path   string
	// Origin is the scheme and host of the request. It is empty if none was sent.
	Origin string
	// Login is true if the sign-in for another call failed.
	Login bool
	// Listing is true if the list for another call failed. All callers that
	// waited for the list get the same *Error.
	Listing bool
	// Part is the part of the API profile that the response differs from, such as
	// "calls.register.response.key". It is empty if there is none.
	Part string
	// Found is what the response has instead of that part: names of members, or the
	// type of a value. It holds no value of a consumer, and can be empty.
	Found string
	// Status is the HTTP status. It is zero without a complete answer.
	Status int
	// Message is the server's message, shortened and without secrets.
	Message string
	// Cause is the error below, if any. Its text may be raw; Error redacts it.
	Cause error

	// waits is how long the server asked to wait, before it failed for good.
	waits  string
	redact func(string) string
}

// originOf is the scheme and host of a request.
func originOf(request *http.Request) string { return request.URL.Scheme + "://" + request.URL.Host }

// Error describes the request, the response, and the server's message, without
// secrets.
func (e *Error) Error() string {
	var text strings.Builder
	if e.Method != "" {
		fmt.Fprintf(&text, "%s %s: ", e.Method, e.Path)
	}
	fmt.Fprint(&text, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&text, ": %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Message != "" && !strings.EqualFold(e.Message, http.StatusText(e.Status)) {
		fmt.Fprintf(&text, ": %s", e.Message)
	}
	if cause := e.CauseText(); cause != "" && cause != e.Kind.Error() {
		said := strings.TrimRight(text.String(), ".")
		text.Reset()
		fmt.Fprintf(&text, "%s: %s", said, cause)
	}
	if e.waits != "" {
		fmt.Fprintf(&text, " (%s)", e.waits)
	}
	return text.String()
}

// revised returns an error like err, whose *Error is changed. The original stays
// as it is, because callers share errors.
func revised(err error, change func(*Error)) error {
	switch err := err.(type) { //nolint:errorlint // Another error would lose what wraps it.
	case *Error:
		revised := *err
		change(&revised)
		return &revised
	case *UncertainError:
		return &UncertainError{Err: revised(err.Err, change)}
	}
	return err
}

// newPanicError returns an *Error for a panic. Call it where the panic is
// recovered, because it includes the stack.
func newPanicError(method, path string, reason any, redact *redactor) *Error {
	return &Error{
		Kind: ErrPanic, Method: method, Path: path,
		Cause:  fmt.Errorf("%v\n\n%s", reason, debug.Stack()),
		redact: redact.text,
	}
}

// recovered turns a panic into an error: in a goroutine of its own, it would end the
// process without signing out. Call it with defer.
func recovered(err *error, method, path string, redact *redactor) {
	if reason := recover(); reason != nil {
		*err = newPanicError(method, path, reason, redact)
	}
}

// CauseText is the text of the cause without secrets. It is empty without a
// cause.
func (e *Error) CauseText() string {
	if e.Cause == nil {
		return ""
	}
	// net/http reports a broken connection with or without this prefix, depending
	// on which goroutine notices it first.
	text := strings.TrimPrefix(e.Cause.Error(), "readLoopPeekFailLocked: ")
	if e.redact != nil {
		text = e.redact(text)
	}
	return text
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// UncertainError is the error of a call that may have changed something on the
// server, in its last attempt or in an earlier one: the server may refuse the
// last attempt after the response to the first was lost. Reads have no such error.
type UncertainError struct {
	// Err is the last error.
	Err error
}

// Error returns the text of Err.
func (e *UncertainError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UncertainError) Unwrap() error { return e.Err }

// Uncertain reports whether an error is, or wraps, an *UncertainError.
func Uncertain(err error) bool {
	var uncertain *UncertainError
	return errors.As(err, &uncertain)
}

// NotAppliedError is a change that the server answered with success but did not
// make, or did not make yet.
type NotAppliedError struct {
	// Consumer is what the server has now.
	Consumer Consumer
	// Err describes the call.
	Err error
}

// Error returns the text of Err.
func (e *NotAppliedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *NotAppliedError) Unwrap() error { return e.Err }

// RegistrationError is a registration after which the server may have a consumer that
// nobody knows, or more than one.
type RegistrationError struct {
	// Name is the requested name.
	Name string
	// Keys are the keys of new consumers that may be the registered one. There is
	// none if the server lists none, or could not be asked.
	Keys []string
	// Twice is true if the registration was sent twice, so that there may be two.
	Twice bool
	// OtherName is true if the new consumers have other names, which nobody in this
	// process has asked for.
	OtherName bool
	// NoList is true if the API profile has no list that shows the outcome.
	NoList bool
	// Cause is why the outcome was unknown. It is nil if the registration
	// succeeded.
	Cause error
	// Look is why the list does not show the outcome. If it is nil, Keys are the
	// result.
	Look error
}

// Error lists the keys, or states that they are unknown.
func (e *RegistrationError) Error() string {
	text := fmt.Sprintf("%q was registered, but its key is not known", e.Name)
	if e.Cause != nil {
		text = fmt.Sprintf("whether %q was registered is not known (%v)", e.Name, e.Cause)
	}
	switch {
	case e.NoList:
		return text
	case e.Look != nil:
		return fmt.Sprintf("%s, and the list did not help (%v)", text, e.Look)
	case e.OtherName:
		return text + ", and the list has new consumers of other names: " + quoted(e.Keys)
	case len(e.Keys) > 0:
		return text + ", and the list has new consumers of this name: " + quoted(e.Keys)
	}
	return text + ", and the list has no new consumer of this name"
}

// Unwrap returns both causes.
func (e *RegistrationError) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Cause, e.Look}, func(err error) bool { return err == nil })
}

func quoted(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = strconv.Quote(word)
	}
	return strings.Join(quoted, ", ")
}
