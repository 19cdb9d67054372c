package twcloud

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestLimitHoldsTheNumberInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most, all atomic.Int32
		release := make(chan struct{})
		limit := newLimit(transportFunc(func(*http.Request) (*http.Response, error) {
			now := inFlight.Add(1)
			defer inFlight.Add(-1)
			for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
			}
			all.Add(1)
			<-release
			return reply(http.StatusOK, ""), nil
		}), 3)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := send(t.Context(), t, limit, http.MethodGet); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if inFlight.Load() != 3 {
			t.Errorf("%d are in flight, want 3", inFlight.Load())
		}
		close(release)
		group.Wait()
		if most.Load() != 3 || all.Load() != 20 {
			t.Errorf("%d of %d at a time, want 3 of 20", most.Load(), all.Load())
		}
	})
}

func TestLimitLetsGoWhoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, sent := make(chan struct{}), atomic.Int32{}
		limit := newLimit(transportFunc(func(*http.Request) (*http.Response, error) {
			sent.Add(1)
			<-release
			return reply(http.StatusOK, ""), nil
		}), 1)
		go func() { _, _ = send(t.Context(), t, limit, http.MethodGet) }()
		synctest.Wait()

		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := send(ctx, t, limit, http.MethodGet)
			gone <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) || maybeSent(err) {
			t.Errorf("got %v", err)
		}
		close(release)
		synctest.Wait()
		// A free slot is no reason to send what was given up.
		for range 50 {
			if _, err := send(ctx, t, limit, http.MethodGet); !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
		}
		if sent.Load() != 1 {
			t.Errorf("%d requests were sent, want 1", sent.Load())
		}
	})
}

func TestLimitGivesTheSlotBackAfterAPanic(t *testing.T) {
	t.Parallel()
	limit := newLimit(transportFunc(func(*http.Request) (*http.Response, error) { panic("broken") }), 1)
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is swallowed")
				}
			}()
			_, _ = send(t.Context(), t, limit, http.MethodGet)
		}()
	}
}
