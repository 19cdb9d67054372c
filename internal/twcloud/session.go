package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// session signs in when the first request needs it, once for all concurrent
// requests, and gives the seat back on Close. A session takes up a license seat
// until it is logged out or has been idle for 15 minutes, and a request that
// carries credentials without the cookie opens a further one (both documented):
// so credentials go to login alone, and every other request carries the cookie
// alone.
type session struct {
	next        http.RoundTripper
	root        *url.URL
	credentials Credentials
	redact      *redactor
	// observe sees each answer of a session.
	observe func(*openSession, *http.Response)

	mu      sync.Mutex
	current *openSession
	pending *signingIn
	// failure is why the last login failed. It stays until forgive is called: a
	// refused password that is tried once per resource locks the account.
	failure error
	closed  bool
}

// openSession is one session on the server, which uses a license seat.
type openSession struct {
	cookies http.CookieJar
	// values are the latest cookies by name, whatever their path.
	values map[string]string
	// served says that the server has accepted the seat at least once.
	served bool
}

// signingIn is a login under way, shared by all who wait for it.
type signingIn struct {
	done    chan struct{}
	waiters int
	cancel  context.CancelFunc
	seat    *openSession
	err     error
	// brokenOff says that it failed after everyone who had waited for it was gone.
	brokenOff bool
	// orphaned says that Close has given up waiting: nobody else will log out.
	orphaned bool
}

func newSession(next http.RoundTripper, options Options, redact *redactor) *session {
	return &session{
		next: next, root: options.Endpoint, credentials: options.Credentials, redact: redact,
		observe: func(*openSession, *http.Response) {},
	}
}

// RoundTrip sends the request with the session's cookie. A 401 means that the
// request was not carried out, and most likely that the session has expired: one
// new login, shared by all who were refused, then the request is repeated once.
// If the new session is refused as well, and has served nobody, no further one
// would fare better, and each would take a seat: then the refusal is final, as a
// login's failure is.
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
		for _, cookie := range s.cookiesFor(seat, attempt.URL) {
			attempt.AddCookie(cookie)
		}
		response, err := s.next.RoundTrip(attempt)
		if err != nil {
			return nil, err
		}
		s.keepCookies(seat, attempt.URL, response)
		if response.StatusCode != http.StatusUnauthorized {
			s.accept(seat)
			return response, nil
		}
		if repeated {
			s.refuse(request, response, seat)
			return response, nil
		}
		s.drop(request.Context(), seat)
	}
}

func (s *session) accept(seat *openSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seat.served = true
}

// refuse is for a request that was refused again. A session that has served
// others stays: it is the request that the server does not like.
func (s *session) refuse(request *http.Request, response *http.Response, seat *openSession) {
	s.mu.Lock()
	served := seat.served
	if !served {
		s.failure = newStatusError(request, response, s.redact)
	}
	s.mu.Unlock()
	if !served {
		s.drop(request.Context(), seat)
	}
}

// acquire returns the open seat, or waits for the login that opens one.
func (s *session) acquire(ctx context.Context) (*openSession, error) {
	for {
		seat, pending, err := s.join(ctx)
		if pending == nil {
			return seat, err
		}
		select {
		case <-pending.done:
			// A login that was broken off failed for the sake of others.
			if !pending.brokenOff {
				return pending.seat, pending.err
			}
		case <-ctx.Done():
			s.mu.Lock()
			if pending.waiters--; pending.waiters == 0 {
				pending.cancel()
			}
			s.mu.Unlock()
			return nil, ctx.Err()
		}
	}
}

// join returns the open seat, or a login to wait for, which it begins if there
// is none under way.
func (s *session) join(ctx context.Context) (*openSession, *signingIn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case s.closed:
		return nil, nil, ErrClosed
	case s.current != nil:
		return s.current, nil, nil
	case s.failure != nil:
		return nil, nil, s.failure
	case s.pending == nil:
		loginCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		s.pending = &signingIn{done: make(chan struct{}), cancel: cancel}
		go s.signIn(loginCtx, s.pending)
	}
	s.pending.waiters++
	return nil, s.pending, nil
}

// signIn logs in and settles the pending login. It runs in a goroutine of its
// own, so that one caller's cancellation does not fail the others.
func (s *session) signIn(ctx context.Context, pending *signingIn) {
	defer pending.cancel()
	seat, err := s.login(ctx)
	var failure *Error
	if errors.As(err, &failure) {
		failure.Login = true
	}

	s.mu.Lock()
	s.current, s.pending = seat, nil
	if err != nil && ctx.Err() == nil {
		s.failure = err
	}
	pending.seat, pending.err = seat, err
	pending.brokenOff = err != nil && ctx.Err() != nil
	orphaned := pending.orphaned
	close(pending.done)
	s.mu.Unlock()
	if orphaned {
		s.drop(ctx, seat)
	}
}

// drop forgets a seat and logs it out, also when it was refused: whoever refused
// it need not be the server, and the seat would stay taken.
func (s *session) drop(ctx context.Context, gone *openSession) {
	s.mu.Lock()
	current := gone != nil && s.current == gone
	if current {
		s.current = nil
	}
	s.mu.Unlock()
	if !current {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeBudget)
	defer cancel()
	// The caller is told of the refusal; that the seat may be gone already is no
	// news.
	_ = s.logout(ctx, gone)
}

// forgive lets the next request try to sign in again after a failure.
func (s *session) forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = nil
}

// close logs out, if anyone has logged in, and lets nobody log in again. It
// waits for a login under way, whose seat would be lost otherwise. The context
// is its budget.
func (s *session) close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	pending := s.pending
	s.mu.Unlock()
	if pending != nil {
		pending.cancel()
		select {
		case <-pending.done:
		case <-ctx.Done():
		}
	}
	s.mu.Lock()
	if s.pending != nil {
		s.pending.orphaned = true
		s.mu.Unlock()
		return fmt.Errorf("a login was still under way: %w", ctx.Err())
	}
	open := s.current
	s.current = nil
	s.mu.Unlock()
	if open == nil {
		return nil
	}
	return s.logout(ctx, open)
}
