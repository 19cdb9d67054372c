package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// session signs in to one server when the first request needs it, once for all
// concurrent requests, and signs out on Close. How it does so is the method's
// business.
type session struct {
	next    http.RoundTripper
	method  signin.Method
	servers signin.Servers
	redact  *redactor
	// part is the part of the API profile that says how to sign in. Empty: none.
	part string
	// csrf is where the CSRF token of this server comes from. Nil: it has none.
	csrf *profile.CSRF
	// refused is why the credentials were refused, at any server: they are tried once.
	refused *atomic.Pointer[Error]
	// seat is the open session, or why the last sign-in failed. A failure stays
	// until forgive is called: one try per resource with a wrong password would
	// lock the account.
	seat shared[*signin.Session]
}

// acquire returns the open session, or waits for the sign-in.
func (s *session) acquire(ctx context.Context) (*signin.Session, error) {
	for {
		seat, err := s.seat.get(ctx, s.login)
		if err != nil || !seat.Expired() {
			return seat, err
		}
		s.drop(ctx, seat, nil)
	}
}

// RoundTrip sends the request in the session. If the session has ended, RoundTrip
// signs in again, once for all such requests, and repeats the request once. If the
// server refuses a new session that it never accepted, or a token that the user has got,
// the refusal is final: each further session would use another seat. A registration that
// may have been processed is not repeated.
func (s *session) RoundTrip(request *http.Request) (*http.Response, error) {
	for repeated := false; ; repeated = true {
		seat, err := s.acquire(request.Context())
		if err != nil {
			return nil, err
		}
		attempt := request.Clone(request.Context())
		if request.GetBody != nil {
			if attempt.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
		s.method.Authorize(attempt, seat)
		response, err := s.next.RoundTrip(attempt)
		if err != nil {
			return nil, err
		}
		response.Request = attempt
		s.keep(seat, attempt.URL, response)
		verdict := s.method.Judge(seat, response)
		if verdict == signin.Ended && signin.IsRedirect(response.StatusCode) {
			exchangesOf(request.Context()).refused()
		}
		manner := mannerOf(request.Context())
		switch {
		case verdict == signin.Valid:
			seat.Served.Store(true)
			return response, nil
		case repeated && seat.Served.Load():
			// The server refuses the request, not the session.
			return response, nil
		case repeated, verdict == signin.Ended && seat.Final():
			failure := s.refusal(request, seat, response)
			// Other requests fail for the same reason, each with its own path.
			s.drop(request.Context(), seat, failed[*signin.Session](revised(failure, func(shared *Error) { shared.Method, shared.Path = "", "" })))
			return nil, failure
		}
		s.drop(request.Context(), seat, nil)
		if verdict == signin.Doubtful && (manner == once || manner == single) {
			return response, nil
		}
	}
}

// refusal is the error of a server that refuses the session that it has just opened.
func (s *session) refusal(request *http.Request, seat *signin.Session, response *http.Response) error {
	if err := s.method.Refused(seat, response); err != nil {
		return s.loginError(err)
	}
	failure := newStatusError(request, response, s.redact)
	failure.Kind, failure.Part = ErrSession, s.part
	return failure
}

// drop replaces a session and signs out, even if the session was refused: a
// proxy may have refused it, and the seat would stay in use.
func (s *session) drop(ctx context.Context, gone *signin.Session, with *flight[*signin.Session]) {
	replaced := s.seat.replace(with, func(current *flight[*signin.Session]) bool { return current.result == gone })
	if replaced != nil {
		s.release(ctx, gone)
	}
}

// release signs out. It does not matter if the session is gone already.
func (s *session) release(ctx context.Context, gone *signin.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeBudget)
	defer cancel()
	_ = s.logout(ctx, gone)
}

// forgive lets the next request sign in again after a failure.
func (s *session) forgive() {
	s.refused.Store(nil)
	s.seat.replace(nil, func(current *flight[*signin.Session]) bool {
		return current.err != nil && !errors.Is(current.err, ErrClosed)
	})
}

// close signs out, if signed in, and prevents further sign-ins. It waits for
// one in progress, because its seat would stay in use. The context limits the
// time.
func (s *session) close(ctx context.Context) error {
	last := s.seat.replace(failed[*signin.Session](ErrClosed), func(*flight[*signin.Session]) bool { return true })
	if last == nil {
		return nil
	}
	last.cancel()
	select {
	case <-last.done:
	case <-ctx.Done():
		go func() {
			if <-last.done; last.result != nil {
				s.release(ctx, last.result)
			}
		}()
		return fmt.Errorf("a login was still under way: %w", ctx.Err())
	}
	if last.result == nil {
		return nil
	}
	return s.logout(ctx, last.result)
}

// keep stores the cookies and the CSRF token of a response.
func (s *session) keep(seat *signin.Session, from *url.URL, response *http.Response) {
	root := s.servers.Owner(from)
	if root == nil {
		root = &url.URL{}
	}
	for _, cookie := range seat.Cookies.Keep(root, from, response.Header) {
		if len(cookie.Value) >= minSecretCookie {
			s.redact.add(cookie.Value, strings.Trim(cookie.Value, `"`))
		}
	}
	if s.csrf == nil || s.csrf.From != "cookie" && s.csrf.From != "header" {
		return
	}
	// A token that cannot be decoded is an error of the call that needs it.
	if token, err := tokenIn(s.csrf, seat, from, &profile.Response{Header: response.Header}); token != "" && err == nil {
		s.keepToken(seat, token)
	}
}

func (s *session) keepToken(seat *signin.Session, token string) {
	s.redact.add(token)
	seat.CSRF.Store(&token)
}

// minSecretCookie is the minimum length, in bytes, of a cookie that may be a
// secret. A shorter one is a flag or, as seen, the user's name. Removing it
// would damage words and paths in messages.
const minSecretCookie = 16
