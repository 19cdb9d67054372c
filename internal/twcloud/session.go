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
// requests, and signs out on Close.
//
// A session uses a license seat until it is signed out or was idle for 15
// minutes. A request with credentials but without the cookie opens another
// session (both documented). So only the sign-in sends credentials, and every
// other request sends the cookie.
type session struct {
	next        http.RoundTripper
	root        *url.URL
	credentials Credentials
	redact      *redactor
	// observe gets each answer of a session.
	observe func(*openSession, *http.Response)

	mu      sync.Mutex
	current *openSession
	pending *signingIn
	// failure is why the last sign-in failed. It stays until forgive is called:
	// one try per resource with a wrong password would lock the account.
	failure error
	closed  bool
}

// openSession is one session on the server, which uses a license seat.
type openSession struct {
	cookies http.CookieJar
	// values are the latest cookies by name, whatever their path.
	values map[string]string
	// served is true after the server accepted the session once.
	served bool
}

// signingIn is a sign-in in progress, shared by all callers that wait for it.
type signingIn struct {
	done    chan struct{}
	waiters int
	cancel  context.CancelFunc
	seat    *openSession
	err     error
	// brokenOff is true if it failed after all callers had stopped waiting.
	brokenOff bool
	// orphaned is true if Close stopped waiting, so that nobody else signs out.
	orphaned bool
}

func newSession(next http.RoundTripper, options Options, redact *redactor) *session {
	return &session{
		next: next, root: options.Endpoint, credentials: options.Credentials, redact: redact,
		observe: func(*openSession, *http.Response) {},
	}
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

// refuse handles a request that was refused twice. A session that was accepted
// before stays: the server refuses the request, not the session.
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

// acquire returns the open session, or waits for the sign-in.
func (s *session) acquire(ctx context.Context) (*openSession, error) {
	for {
		seat, pending, err := s.join(ctx)
		if pending == nil {
			return seat, err
		}
		select {
		case <-pending.done:
			// A sign-in that was broken off failed because others canceled.
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

// join returns the open session or a sign-in to wait for. It starts one if
// needed.
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

// signIn signs in. It has its own goroutine, so that one caller's cancellation
// does not fail the others.
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

// drop forgets a session and signs out, even if the session was refused: a
// proxy may have refused it, and the seat would stay in use.
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
	// The caller gets the refusal. It does not matter if the session is gone
	// already.
	_ = s.logout(ctx, gone)
}

// forgive lets the next request sign in again after a failure.
func (s *session) forgive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = nil
}

// close signs out, if signed in, and prevents further sign-ins. It waits for
// one in progress, because its seat would stay in use. The context limits the
// time.
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
