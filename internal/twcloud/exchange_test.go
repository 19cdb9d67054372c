package twcloud

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// endless is a body without an end.
type endless struct{ closed bool }

func (e *endless) Read(p []byte) (int, error) { return len(p), nil }
func (e *endless) Close() error               { e.closed = true; return nil }

func send(ctx context.Context, t testing.TB, link http.RoundTripper, method string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, "https://twcloud.example.com:8111/osmc/x?secret=canary", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return link.RoundTrip(request)
}

func TestExchangeReadsTheWholeAnswer(t *testing.T) {
	t.Parallel()
	e := &exchange{timeout: time.Minute, userAgent: "agent", next: transportFunc(func(request *http.Request) (*http.Response, error) {
		if got := request.UserAgent(); got != "agent" {
			t.Errorf("User-Agent is %q", got)
		}
		return reply(http.StatusOK, "whole"), nil
	})}
	response, err := send(t.Context(), t, e, http.MethodGet)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if body := string(bodyOf(response)); body != "whole" || response.ContentLength != 5 {
			t.Errorf("body is %q, length %d", body, response.ContentLength)
		}
	}
}

func TestExchangeFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		transport transportFunc
		kind      error
		sent      bool
	}{
		"no connection": {func(request *http.Request) (*http.Response, error) {
			dial(request, false)
			return nil, broken
		}, ErrUnreachable, false},
		"lost": {func(request *http.Request) (*http.Response, error) {
			dial(request, true)
			return nil, broken
		}, ErrUnreachable, true},
		"a transport that does not tell": {func(*http.Request) (*http.Response, error) {
			return nil, broken
		}, ErrUnreachable, true},
		"half a body": {func(request *http.Request) (*http.Response, error) {
			dial(request, true)
			response := reply(http.StatusOK, "")
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)))
			return response, nil
		}, ErrUnreachable, true},
		"endless body": {func(request *http.Request) (*http.Response, error) {
			dial(request, true)
			response := reply(http.StatusOK, "")
			response.Body = &endless{}
			return response, nil
		}, ErrTooLarge, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := send(t.Context(), t, &exchange{next: test.transport, timeout: time.Minute, maxAnswer: 100}, http.MethodPost)
			if maybeSent(err) != test.sent {
				t.Errorf("sent is %t, want %t", !test.sent, test.sent)
			}
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h/p", http.NoBody)
			if err = newTransportError(request, err, &redactor{}); !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
		})
	}
}

func TestExchangeClosesABodyThatIsTooLarge(t *testing.T) {
	t.Parallel()
	body := &endless{}
	_, err := send(t.Context(), t, &exchange{timeout: time.Minute, maxAnswer: 100, next: transportFunc(func(*http.Request) (*http.Response, error) {
		response := reply(http.StatusOK, "")
		response.Body = body
		return response, nil
	})}, http.MethodGet)
	if !errors.Is(err, ErrTooLarge) || !body.closed {
		t.Errorf("got %v, closed %t", err, body.closed)
	}
}

// hanging answers when its context ends, and not before.
func hanging(request *http.Request) (*http.Response, error) {
	dial(request, true)
	<-request.Context().Done()
	return nil, context.Cause(request.Context())
}

func TestExchangeEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		manner   manner
		deadline time.Duration // of the caller
		cancel   time.Duration // by the caller; zero is never
		after    time.Duration
		kind     error
	}{
		"time-out":                   {ordinary, time.Hour, 0, 30 * time.Second, ErrTimeout},
		"the caller's deadline":      {ordinary, time.Second, 0, time.Second, ErrCanceled},
		"cancelled":                  {ordinary, time.Hour, time.Second, time.Second, ErrCanceled},
		"logout cancelled":           {logout, time.Hour, time.Second, time.Second, ErrCanceled},
		"registration seen through":  {once, time.Hour, time.Second, 30 * time.Second, ErrTimeout},
		"login seen through":         {login, time.Hour, time.Second, 30 * time.Second, ErrTimeout},
		"registration past deadline": {once, time.Second, 0, 30 * time.Second, ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(withManner(t.Context(), test.manner), test.deadline)
				defer cancel()
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				start := time.Now()
				_, err := send(ctx, t, &exchange{next: transportFunc(hanging), timeout: 30 * time.Second}, http.MethodGet)
				if took := time.Since(start); took != test.after {
					t.Errorf("took %s, want %s", took, test.after)
				}
				request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://h/p", http.NoBody)
				if err = newTransportError(request, err, &redactor{}); !errors.Is(err, test.kind) {
					t.Errorf("got %v, want %v", err, test.kind)
				}
			})
		})
	}
}

func TestExchangeDropsAMalformedLocation(t *testing.T) {
	t.Parallel()
	e := &exchange{timeout: time.Minute, next: transportFunc(func(*http.Request) (*http.Response, error) {
		return reply(http.StatusFound, "", "Location", "https://%zz"), nil
	})}
	response, err := send(t.Context(), t, e, http.MethodPost)
	if err != nil || response.Header.Get("Location") != "" {
		t.Errorf("got %v, %v", response, err)
	}
}

func TestSeenThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		parent, cancelParent := context.WithCancel(t.Context())
		ctx, cancel := seenThrough(parent, time.Minute)
		time.Sleep(time.Hour)
		if ctx.Err() != nil {
			t.Fatal("it ends while the parent lives")
		}
		cancelParent()
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		if ctx.Err() != nil {
			t.Error("it ends before the grace is over")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if ctx.Err() == nil {
			t.Error("it outlives the grace")
		}
		cancel()

		// A context that is done with leaves nothing behind: the bubble ends only when
		// all of its goroutines have ended.
		_, cancel = seenThrough(parent, time.Hour)
		cancel()
	})
}
