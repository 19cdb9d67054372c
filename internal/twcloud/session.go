package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// session signs in when the first request needs it, once for all concurrent
// requests, and signs out on Close.
//
// A session uses a license seat until it is signed out or was idle for 15
// minutes. A request with credentials but without the cookie opens another
// session (both documented). So only the sign-in sends credentials, and every
// other request sends the cookie.
type session struct {
	next    http.RoundTripper
	options Options
	redact  *redactor
	// seat is the open session, or why the last sign-in failed. A failure stays
	// until forgive is called: one try per resource with a wrong password would
	// lock the account.
	seat shared[*openSession]
}

// openSession is one session on the server, which uses a license seat.
type openSession struct {
	cookies signin.Cookies
	// token is the latest CSRF token. It can be empty, but not nil.
	token atomic.Pointer[string]
	// served is true after the server accepted the session once.
	served atomic.Bool
}

// acquire returns the open session, or waits for the sign-in.
func (s *session) acquire(ctx context.Context) (*openSession, error) {
	return s.seat.get(ctx, s.login)
}

// RoundTrip sends the request with the session's cookie. A 401 means that the
// server did not process the request, probably because the session expired.
// Then RoundTrip signs in again, once for all refused requests, and repeats the
// request once. If the server refuses a new session that it never accepted, the
// refusal is final: each further session would use another seat.
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
		signin.Send(attempt, s.cookiesFor(seat, attempt.URL))
		response, err := s.next.RoundTrip(attempt)
		if err != nil {
			return nil, err
		}
		s.keep(seat, attempt.URL, response)
		if response.StatusCode != http.StatusUnauthorized {
			seat.served.Store(true)
			return response, nil
		}
		if repeated {
			// A session that was accepted before stays: the server refuses the
			// request, not the session.
			if !seat.served.Load() {
				s.drop(request.Context(), seat, failed[*openSession](newStatusError(request, response, s.redact)))
			}
			return response, nil
		}
		s.drop(request.Context(), seat, nil)
	}
}

// drop replaces a session and signs out, even if the session was refused: a
// proxy may have refused it, and the seat would stay in use.
func (s *session) drop(ctx context.Context, gone *openSession, with *flight[*openSession]) {
	replaced := s.seat.replace(with, func(current *flight[*openSession]) bool { return current.result == gone })
	if replaced != nil {
		s.release(ctx, gone)
	}
}

// release signs out. It does not matter if the session is gone already.
func (s *session) release(ctx context.Context, gone *openSession) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeBudget)
	defer cancel()
	_ = s.logout(ctx, gone)
}

// forgive lets the next request sign in again after a failure.
func (s *session) forgive() {
	s.seat.replace(nil, func(current *flight[*openSession]) bool {
		return current.err != nil && !errors.Is(current.err, ErrClosed)
	})
}

// close signs out, if signed in, and prevents further sign-ins. It waits for
// one in progress, because its seat would stay in use. The context limits the
// time.
func (s *session) close(ctx context.Context) error {
	last := s.seat.replace(failed[*openSession](ErrClosed), func(*flight[*openSession]) bool { return true })
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
