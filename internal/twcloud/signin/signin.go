// Package signin is how requests to a server are authorized: by a session of the REST
// API, by the pages of the Web Application Platform, or by a token. The rest of the
// client does not know which one it is. It must not know consumers, retries, or
// Terraform.
package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// Method is a way to authorize the requests to one server.
type Method interface {
	// Open signs in. A session that comes with an error can exist on the server, and
	// is to be closed.
	Open(ctx context.Context) (*Session, error)
	// Authorize puts into a request what authorizes it.
	Authorize(request *http.Request, session *Session)
	// Judge tells from a response whether the session has ended. The body of a redirect
	// is not read.
	Judge(session *Session, response *http.Response) Verdict
	// Refused returns why the server refuses a session that it has just opened, as far
	// as that can be known.
	Refused(session *Session, response *http.Response) error
	// Close signs out. It does not matter if the session has ended already.
	Close(ctx context.Context, session *Session) error
}

// Verdict is what a response says about the session.
type Verdict int

const (
	// Valid: the response is one to the request.
	Valid Verdict = iota
	// Ended: the session has ended, and the request was not processed.
	Ended
	// Doubtful: the session has ended, and the request may have been processed.
	Doubtful
)

// Session is an open session. The zero value is one without cookies.
type Session struct {
	Cookies Cookies
	// CSRF is the latest CSRF token. Nil: none yet.
	CSRF atomic.Pointer[string]
	// Served is true after the server has accepted the session once.
	Served atomic.Bool

	token Token
	// given is true for a token that the user has got, so that another session would have
	// the same one.
	given bool
	// start is where the sign-in by page begins, and outside is where the server sends
	// requests without a session, each without query.
	start, outside string
}

// Expired reports whether the token of the session is to be renewed.
func (s *Session) Expired() bool { return s.token.expired() }

// Final reports whether a refusal is final: the server has accepted nothing of the
// session, and another one would be the same.
func (s *Session) Final() bool { return s.given && !s.Served.Load() }

// Client sends the requests of a sign-in.
type Client struct {
	Servers
	// Send sends a request, without redirects.
	Send http.RoundTripper
	// Keep stores the cookies of a response in the session.
	Keep func(session *Session, from *url.URL, response *http.Response)
	// Hide keeps a secret out of logs and errors.
	Hide func(secret string)
}

// send sends a request with the cookies of the session.
func (c *Client) send(session *Session, request *http.Request) (*http.Response, error) {
	Send(request, session.Cookies.For(request.URL))
	response, err := c.Send.RoundTrip(request)
	if err != nil {
		return nil, &Error{Request: request, Cause: err}
	}
	c.Keep(session, request.URL, response)
	return response, nil
}

// Servers are the roots of the configured servers. Nil: none.
type Servers struct{ REST, Platform, Authentication *url.URL }

// Root returns the root of a server of the profile. Paths of the authentication
// server have a root of their own.
func (s Servers) Root(server, path string) *url.URL {
	switch {
	case server == profile.REST:
		return s.REST
	case strings.HasPrefix(path, wire.AuthenticationPrefix):
		return s.Authentication
	}
	return s.Platform
}

// Owner returns the root of the server that a URL belongs to, or nil. If several
// servers have one origin and no prefix tells them apart, the first segment of the
// path does.
func (s Servers) Owner(target *url.URL) *url.URL {
	var owner *url.URL
	for _, root := range []*url.URL{s.Platform, s.Authentication, s.REST} {
		if root == nil || !sameOrigin(root, target) || !within(strings.TrimRight(root.Path, "/"), target.Path) {
			continue
		}
		if owner == nil || len(root.Path) > len(owner.Path) || root == s.REST && len(root.Path) == len(owner.Path) && isREST(root, target) {
			owner = root
		}
	}
	return owner
}

// authenticates reports whether a URL is one of the authentication server.
func (s Servers) authenticates(target *url.URL) bool {
	root := s.Authentication
	return root != nil && sameOrigin(root, target) && strings.HasPrefix(target.Path, strings.TrimRight(root.Path, "/")+wire.AuthenticationPrefix)
}

// isREST reports whether a URL below a root is one of the REST API.
func isREST(root, target *url.URL) bool {
	path := strings.TrimPrefix(target.Path, strings.TrimRight(root.Path, "/"))
	return within(wire.RESTPrefix, path)
}

// trusted reports whether a URL is one of the configured servers, to which a browser
// is followed.
func (s Servers) trusted(target *url.URL) bool {
	for _, root := range []*url.URL{s.Platform, s.Authentication, s.REST} {
		if root != nil && sameOrigin(root, target) && target.User == nil {
			return true
		}
	}
	return false
}

func sameOrigin(a, b *url.URL) bool { return serverOf(a) == serverOf(b) }

// At returns the URL of an escaped path, with a query or without, below a root, whose
// own path is kept, as a reverse proxy has it. The root's user and query are not: with
// the user, net/http would sign in, and every request open a session.
func At(root *url.URL, path string) (*url.URL, error) {
	if root == nil {
		return nil, errors.New("the server of this path is not configured")
	}
	below, err := url.Parse(path)
	if err != nil {
		return nil, errors.New("the path is malformed")
	}
	raw := strings.TrimRight(root.EscapedPath(), "/") + below.EscapedPath()
	unescaped, err := url.PathUnescape(raw)
	if err != nil {
		return nil, errors.New("the path is malformed")
	}
	return &url.URL{Scheme: root.Scheme, Host: root.Host, Path: unescaped, RawPath: raw, RawQuery: below.RawQuery}, nil
}

// newRequest builds a request for an escaped path below a root.
func newRequest(ctx context.Context, method string, root *url.URL, path string, body io.Reader) (*http.Request, error) {
	target, err := At(root, path)
	if err != nil {
		return nil, err
	}
	return http.NewRequestWithContext(ctx, method, target.String(), body)
}

// Kinds of a failed sign-in, for errors.Is.
var (
	// ErrCredentials: the server refused the credentials.
	ErrCredentials = errors.New("the credentials were refused")
	// ErrNoSession: the sign-in succeeded, but set no cookie.
	ErrNoSession = errors.New("the sign-in set no session cookie")
	// ErrNoAPI: there is no sign-in at this address.
	ErrNoAPI = errors.New("no Teamwork Cloud REST API at this address")
	// ErrNoSeat: no license seat was free at sign-in.
	ErrNoSeat = errors.New("no license seat is free")
	// ErrWebPage: a web page instead of a session.
	ErrWebPage = errors.New("a web page instead of a response")
	// ErrSingleSignOn: the sign-in leaves for a server that is not configured.
	ErrSingleSignOn = errors.New("the sign-in leaves for another server")
	// ErrPage: the sign-in shows a page that the profile does not describe.
	ErrPage = errors.New("the sign-in shows a page that the API profile does not describe")
	// ErrNoCredentials: what this way to sign in needs is not configured.
	ErrNoCredentials = errors.New("this sign-in needs other credentials")
)

// Error is a failed sign-in or sign-out.
type Error struct {
	// Kind is one of the Err values, or nil: then the response, or the cause without
	// one, says what happened.
	Kind error
	// Part is the part of the API profile that the server differs from, if any.
	Part string
	// Request is the last one, and Response the one to it, if there is any.
	Request  *http.Request
	Response *http.Response
	// Cause says more. It holds no secret, but for words of the server.
	Cause error
}

// Error returns the kind and the cause.
func (e *Error) Error() string {
	return strings.ReplaceAll(errors.Join(e.Unwrap()...).Error(), "\n", ": ")
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.Kind, e.Cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	if len(all) == 0 {
		all = append(all, errors.New("the sign-in failed"))
	}
	return all
}

// success reports whether a status is 2xx.
func success(status int) bool { return status >= 200 && status <= 299 }

// dateOf is the server's clock, as far as it is known.
func dateOf(response *http.Response) time.Time {
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		return date
	}
	return time.Now()
}
