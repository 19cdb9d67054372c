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
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// closing is a body that tells whether it was closed.
type closing struct {
	io.Reader
	closed *bool
}

func (c *closing) Close() error { *c.closed = true; return nil }

func TestExchangeFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		body   io.Reader // nil: no answer
		silent bool      // the transport does not tell of connections
		got    bool      // a connection
		kind   error
		sent   bool
	}{
		"no connection":                  {kind: ErrUnreachable},
		"lost":                           {got: true, kind: ErrUnreachable, sent: true},
		"a transport that does not tell": {silent: true, kind: ErrUnreachable, sent: true},
		"half a body":                    {got: true, body: io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), kind: ErrUnreachable, sent: true},
		"endless body":                   {got: true, body: endless{}, kind: ErrTooLarge, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := false
			transport := transportFunc(func(request *http.Request) (*http.Response, error) {
				if !test.silent {
					dial(request, test.got)
				}
				if test.body == nil {
					return nil, broken
				}
				response := reply(http.StatusOK, "")
				response.Body = &closing{test.body, &closed}
				return response, nil
			})
			_, err := send(t.Context(), t, &exchange{next: transport, timeout: time.Minute, maxAnswer: 100}, http.MethodPost)
			if maybeSent(err) != test.sent || closed != (test.body != nil) {
				t.Errorf("sent is %t, closed is %t: %v", maybeSent(err), closed, err)
			}
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h/p", http.NoBody)
			if err = newTransportError(request, err, &redactor{}); !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
		})
	}
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

// A context that is done with leaves no goroutine behind, or the bubble would not
// end.
func TestSeeThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := fakeClient(t, &fakeServer{}, func(o *Options) { o.RequestTimeout = time.Minute })
		parent, cancel := context.WithCancel(t.Context())
		defer cancel()
		ctx, done := client.SeeThrough(parent)
		defer done()
		for _, step := range []struct {
			wait  time.Duration
			ended bool
		}{{time.Hour, false}, {time.Minute - 1, false}, {1, true}} {
			time.Sleep(step.wait)
			synctest.Wait()
			if (ctx.Err() != nil) != step.ended {
				t.Errorf("after another %s: %v", step.wait, ctx.Err())
			}
			cancel()
		}
		_, done = client.SeeThrough(parent)
		done()
	})
}
