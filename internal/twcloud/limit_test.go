package twcloud

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

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

// TestDrain_letsNoRegistrationBegin has registrations wait for the one slot when
// the process is told to terminate.
func TestDrain_letsNoRegistrationBegin(t *testing.T) {
	t.Parallel()
	posting, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server := twcloudtest.New(t, func(config *twcloudtest.Config) {
		config.OnRequest = func(request twcloudtest.Request) {
			if request.Method == http.MethodPost {
				once.Do(func() { close(posting) })
				<-release
			}
		}
	})
	client := connect(t, server, func(o *Options) { o.MaxConcurrentRequests = 1 })

	results := make(chan error, 3)
	for _, name := range []string{"a", "b", "c"} {
		go func() {
			registration, err := client.Register(t.Context(), name, testSecret)
			if err == nil && registration.Consumer.Key == "" {
				err = errors.New("no key")
			}
			results <- err
		}()
	}
	<-posting
	client.Drain()
	close(release)

	registered := 0
	for range 3 {
		switch err := <-results; {
		case err == nil:
			registered++
		case !errors.Is(err, ErrClosed):
			t.Errorf("got %v, want %v", err, ErrClosed)
		}
	}
	if registered != 1 || len(server.Consumers()) != 1 {
		t.Errorf("%d were registered, %d are on the server, want the one in flight", registered, len(server.Consumers()))
	}
	if _, err := client.Update(t.Context(), server.Consumers()[0].Key, Changes{Approved: pointer(true)}); err != nil {
		t.Errorf("what has begun cannot be brought to an end: %v", err)
	}
}

// TestClose_logoutGoesFirst has a request wait for the slot that the logout
// needs.
func TestClose_logoutGoesFirst(t *testing.T) {
	t.Parallel()
	reading, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server := twcloudtest.New(t, func(config *twcloudtest.Config) {
		config.OnRequest = func(request twcloudtest.Request) {
			if request.Path == "/osmc/version" {
				once.Do(func() { close(reading) })
				<-release
			}
		}
	})
	client := connect(t, server, func(o *Options) { o.MaxConcurrentRequests = 1 })
	if _, err := client.List(t.Context()); err != nil {
		t.Fatal(err)
	}

	results := make(chan error, 4)
	for range 4 {
		go func() {
			_, err := client.Version(t.Context())
			results <- err
		}()
	}
	<-reading
	closed := make(chan error)
	go func() { closed <- client.Close() }()
	<-client.chain.limit.closing
	close(release)
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	answered := 0
	for range 4 {
		if err := <-results; err == nil {
			answered++
		} else if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want %v", err, ErrClosed)
		}
	}
	if answered != 1 || server.OpenSessions() != 0 {
		t.Errorf("%d requests were answered, %d sessions are open, want 1 and none", answered, server.OpenSessions())
	}
}
