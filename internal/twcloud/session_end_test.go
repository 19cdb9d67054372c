package twcloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// slowLogin makes logins succeed after a delay, as at a server.
func slowLogin(server *fakeServer, delay time.Duration) {
	server.login = func(request *http.Request) (*http.Response, error) {
		select {
		case <-time.After(delay):
			return server.openSession(), nil
		case <-request.Context().Done():
			return nil, context.Cause(request.Context())
		}
	}
}

// versionOf calls Version in a goroutine and returns what will tell the error.
func versionOf(ctx context.Context, client *Client) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := client.Version(ctx)
		done <- err
	}()
	return done
}

func TestCancellationIsOnesOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{}
		slowLogin(server, time.Second)
		client := fakeClient(t, server)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := versionOf(ctx, client), versionOf(t.Context(), client)
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, ErrCanceled) {
			t.Errorf("who cancelled got %v", err)
		}
		if err := <-second; err != nil || server.logins != 1 {
			t.Errorf("who did not got %v after %d logins", err, server.logins)
		}
	})
}

func TestWhoHasGivenUpSendsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	server := &fakeServer{}
	client := fakeClient(t, server)
	for _, err := range together(ctx, client, 5) {
		if !errors.Is(err, ErrCanceled) {
			t.Errorf("got %v", err)
		}
	}
	if err := client.Close(); err != nil || len(server.sent()) != 0 {
		t.Errorf("close: %v, sent %q", err, server.sent())
	}
}

func TestNobodyWaitsForASeatAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{login: func(*http.Request) (*http.Response, error) {
			return reply(http.StatusServiceUnavailable, "license"), nil
		}}
		client := fakeClient(t, server, func(o *Options) { o.MaxRetries, o.RetryWaitMin, o.RetryWaitMax = 1000, time.Minute, time.Minute })
		ctx, cancel := context.WithCancel(t.Context())
		first, second := versionOf(ctx, client), versionOf(ctx, client)
		time.Sleep(90 * time.Second)
		cancel()
		for _, done := range []<-chan error{first, second} {
			if err := <-done; !errors.Is(err, ErrCanceled) {
				t.Errorf("got %v", err)
			}
		}
		sent := len(server.sent())
		time.Sleep(time.Hour)
		synctest.Wait()
		if now := len(server.sent()); now != sent {
			t.Errorf("%d logins were sent for nobody", now-sent)
		}
		// The failure was nobody's, so it does not stay.
		server.login = nil
		if _, err := client.Version(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestALoginGivenUpByOthersIsBegunAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, answers := &fakeServer{}, make(chan *http.Response)
		server.login = func(*http.Request) (*http.Response, error) { return <-answers, nil }
		client := fakeClient(t, server)
		ctx, cancel := context.WithCancel(t.Context())
		first := versionOf(ctx, client)
		synctest.Wait()
		cancel()
		<-first

		late := versionOf(t.Context(), client)
		synctest.Wait()
		answers <- reply(http.StatusServiceUnavailable, "license")
		answers <- server.openSession()
		if err := <-late; err != nil || server.count(wire.LoginPath) != 2 {
			t.Errorf("got %v, sent %q", err, server.sent())
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	client := fakeClient(t, server)
	if _, err := client.Version(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := client.View().Version(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	_, user := client.CurrentUser(t.Context())
	_, consumers := client.SurveyConsumers(t.Context())
	_, survey := client.SurveyUser(t.Context(), "admin")
	for _, err := range []error{user, consumers, survey} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	want := []string{"GET /osmc/login", "GET /osmc/version 1", "GET /osmc/logout 1"}
	if got := server.sent(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestCloseWithoutASession(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	client := fakeClient(t, server)
	if err := client.Close(); err != nil || len(server.sent()) != 0 {
		t.Errorf("got %v, sent %q", err, server.sent())
	}
	if _, err := client.List(t.Context()); !errors.Is(err, ErrClosed) || len(server.sent()) != 0 {
		t.Errorf("after Close: %v, sent %q", err, server.sent())
	}
}

func TestCloseLogsOutWhateverIsAnswered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		statuses []int
		logouts  int
		fails    bool
	}{
		"at once":            {[]int{204}, 1, false},
		"expired":            {[]int{401}, 1, false},
		"after some trouble": {[]int{502, 500, 204}, 3, false},
		"never":              {[]int{500}, 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, logouts := &fakeServer{}, 0
			server.logout = func(*http.Request) (*http.Response, error) {
				logouts++
				return reply(test.statuses[min(logouts, len(test.statuses))-1], ""), nil
			}
			client := fakeClient(t, server)
			if _, err := client.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := client.Close(); (err != nil) != test.fails || logouts != test.logouts {
				t.Errorf("got %v after %d logouts, want %d", err, logouts, test.logouts)
			}
		})
	}
}

// TestCloseDuringLogin: whoever has gone, and however late the answer comes, the
// seat is given back, and Close takes no longer than its budget.
func TestCloseDuringLogin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		login, logout time.Duration
		cancelled     bool // the call that logs in
		took          time.Duration
		fails         bool
	}{
		"in time":                    {login: time.Second, took: time.Second},
		"in time, for nobody":        {login: time.Second, cancelled: true, took: time.Second},
		"too late":                   {login: 10 * time.Second, took: closeBudget, fails: true},
		"too late, for nobody":       {login: 10 * time.Second, cancelled: true, took: closeBudget, fails: true},
		"in time, but logout hangs":  {login: time.Second, logout: time.Hour, took: closeBudget, fails: true},
		"too late, and logout hangs": {login: 10 * time.Second, logout: time.Hour, took: closeBudget, fails: true},
		"no answer at all":           {login: time.Hour, took: closeBudget, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &fakeServer{}
				slowLogin(server, test.login)
				server.logout = func(request *http.Request) (*http.Response, error) {
					select {
					case <-time.After(test.logout):
						return reply(http.StatusNoContent, ""), nil
					case <-request.Context().Done():
						return nil, context.Cause(request.Context())
					}
				}
				client := fakeClient(t, server)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				call := versionOf(ctx, client)
				synctest.Wait()
				if test.cancelled {
					cancel()
					<-call
				}
				start := time.Now()
				err := client.Close()
				if took := time.Since(start); took != test.took || (err != nil) != test.fails {
					t.Errorf("got %v after %s, want %s", err, took, test.took)
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if server.count(wire.LogoutPath) < server.logins {
					t.Errorf("%d logins, sent %q", server.logins, server.sent())
				}
			})
		})
	}
}

func TestCloseEndsAWaitForASeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{login: func(*http.Request) (*http.Response, error) {
			return reply(http.StatusServiceUnavailable, "license"), nil
		}}
		client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = time.Hour, time.Hour })
		call := versionOf(t.Context(), client)
		synctest.Wait()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if err := <-call; !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}
