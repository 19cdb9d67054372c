package twcloud

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestExchangeEnds(t *testing.T) {
	t.Parallel()
	// The error of a dial that timed out is also context.DeadlineExceeded.
	_, noConnection := (&net.Dialer{Timeout: 1}).DialContext(t.Context(), "tcp", "127.0.0.1:9")
	for name, test := range map[string]struct {
		serve    transportFunc
		deadline time.Duration // of the caller
		cancel   time.Duration // by the caller
		after    time.Duration
		kind     error
	}{
		"time-out":              {hanging, time.Hour, time.Hour, 30 * time.Second, ErrTimeout},
		"the caller's deadline": {hanging, time.Second, time.Hour, time.Second, ErrCanceled},
		"canceled":              {hanging, time.Hour, time.Second, time.Second, ErrCanceled},
		"no connection":         {func(*http.Request) (*http.Response, error) { return nil, noConnection }, time.Hour, time.Hour, 0, ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := fakeClient(t, &fakeServer{serve: test.serve}, func(o *Options) { o.RequestTimeout, o.MaxRetries = 30*time.Second, 0 })
				ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
				defer cancel()
				time.AfterFunc(test.cancel, cancel)
				start := time.Now()
				_, err := client.Version(ctx)
				if took := time.Since(start); !errors.Is(err, test.kind) || took != test.after {
					t.Errorf("got %v after %s, want %v after %s", err, took, test.kind, test.after)
				}
			})
		})
	}
}

// The synctest bubble ends only if no goroutine is left behind.
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
