package twcloud

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

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
		"canceled":                   {ordinary, time.Hour, time.Second, time.Second, ErrCanceled},
		"logout canceled":            {logout, time.Hour, time.Second, time.Second, ErrCanceled},
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
