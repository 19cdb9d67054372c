package twcloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimitReleasesCanceled(t *testing.T) {
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
		gone := async(func() error {
			_, err := send(ctx, t, limit, http.MethodGet)
			return err
		})
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) || maybeSent(err) {
			t.Errorf("got %v", err)
		}
		close(release)
		synctest.Wait()
		// A canceled request is not sent, even if a slot is free.
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

// After Stop, a caller whose consumer exists does not wait for the server any more.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, approve := range map[string]transportFunc{
		"hangs": hanging,
		"asks to wait": func(*http.Request) (*http.Response, error) {
			return reply(http.StatusTooManyRequests, "", "Retry-After", "60"), nil
		},
		"is to be sent": nil, // The registration hangs.
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
					switch {
					case request.Method == http.MethodPatch:
						return approve(request)
					case request.Method == http.MethodPost && approve == nil:
						return hanging(request)
					case request.Method == http.MethodPost:
						return reply(http.StatusCreated, one("k")), nil
					case strings.HasSuffix(request.URL.Path, "/k"):
						return reply(http.StatusOK, one("k")), nil
					}
					return reply(http.StatusOK, "[]"), nil
				}}
				client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = time.Minute, time.Minute })
				start := time.Now()
				registered := async(func() error {
					_, err := client.RegisterThen(t.Context(), "n", testSecret, true, func(_ Registration, err error) error {
						if err != nil {
							return err
						}
						ctx, cancel := client.SeeThrough(t.Context())
						defer cancel()
						_, err = client.Update(ctx, "k", Changes{Approved: new(false)})
						if !errors.Is(err, ErrCanceled) {
							t.Errorf("got %v", err)
						}
						return err
					})
					return err
				})
				synctest.Wait()
				client.Stop()
				if err := <-registered; (err == nil) != (approve != nil) || err != nil && !errors.Is(err, ErrCanceled) || time.Since(start) > 0 {
					t.Errorf("got %v after %s", err, time.Since(start))
				}
			})
		})
	}
}

// After Stop, nothing waits to be sent again.
func TestStop_endsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
			if request.Method == http.MethodPatch {
				return reply(http.StatusBadGateway, ""), nil
			}
			return reply(http.StatusOK, one("k")), nil
		}}
		client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = time.Minute, time.Minute })
		start := time.Now()
		updated := async(func() error {
			_, err := client.Update(t.Context(), "k", Changes{Secret: new("s")})
			return err
		})
		synctest.Wait()
		client.Stop()
		if err := <-updated; !errors.Is(err, ErrCanceled) || !strings.Contains(err.Error(), "502") || time.Since(start) > 0 {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

// After Drain, no waiting registration is sent. The one in flight can be completed.
func TestDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		consumer := ""
		server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
			switch {
			case request.Method == http.MethodPost:
				<-release
				consumer = named("k", nameIn(t, request))
				return reply(http.StatusCreated, consumer), nil
			case strings.HasSuffix(request.URL.Path, "/k"):
				return reply(http.StatusOK, consumer), nil
			}
			return reply(http.StatusOK, "[]"), nil
		}}
		client := fakeClient(t, server, func(o *Options) { o.MaxConcurrentRequests = 1 })
		var results []<-chan error
		for _, name := range []string{"a", "b", "c"} {
			results = append(results, async(func() error {
				_, err := client.Register(t.Context(), name, testSecret)
				return err
			}))
		}
		synctest.Wait()
		client.Drain()
		close(release)
		checkOneSucceeds(t, results)
		if sent := server.count(collection); sent != 2 {
			t.Errorf("sent %q, want one list and one POST", server.sent())
		}
		if _, err := client.Update(t.Context(), "k", Changes{Approved: new(true)}); err != nil {
			t.Error(err)
		}
	})
}

// A logout needs no slot. What waits for a slot is not sent any more.
func TestCloseLogsOutFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
			<-release
			return reply(http.StatusOK, "2024x"), nil
		}}
		client := fakeClient(t, server, func(o *Options) { o.MaxConcurrentRequests = 1 })
		var results []<-chan error
		for range 4 {
			results = append(results, versionOf(t.Context(), client))
		}
		synctest.Wait()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		close(release)
		checkOneSucceeds(t, results)
		if want := []string{"GET /osmc/login", "GET /osmc/version 1", "GET /osmc/logout 1"}; !slices.Equal(server.sent(), want) {
			t.Errorf("sent %q, want %q", server.sent(), want)
		}
	})
}

// checkOneSucceeds checks that one call succeeds and that the others find the
// client closed.
func checkOneSucceeds(t *testing.T, results []<-chan error) {
	t.Helper()
	succeeded := 0
	for _, result := range results {
		if err := <-result; err == nil {
			succeeded++
		} else if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want %v", err, ErrClosed)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d succeeded, want 1", succeeded)
	}
}
