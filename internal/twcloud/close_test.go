package twcloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

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
	want := []string{"GET /osmc/login", "GET /osmc/version 1", "GET /osmc/logout 1"}
	if got := server.sent(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// A proxy's web page in place of the sign-out leaves the session open.
func TestCloseLogsOutWhateverIsAnswered(t *testing.T) {
	t.Parallel()
	const page = "<html><title>Sign in</title></html>"
	for name, test := range map[string]struct {
		answers []fakeAnswer
		logouts int
		fails   error
	}{
		"expired":            {[]fakeAnswer{{401, ""}}, 1, nil},
		"done":               {[]fakeAnswer{{200, ""}}, 1, nil},
		"taken on":           {[]fakeAnswer{{202, ""}}, 1, nil},
		"after some trouble": {[]fakeAnswer{{502, ""}, {500, ""}, {204, ""}}, 3, nil},
		"never":              {[]fakeAnswer{{500, ""}}, 4, ErrServer},
		"after a page":       {[]fakeAnswer{{200, page}, {204, ""}}, 2, nil},
		"pages alone":        {[]fakeAnswer{{200, page}}, 4, ErrWebPage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, logouts := &fakeServer{}, 0
			server.logout = func(*http.Request) (*http.Response, error) {
				logouts++
				answer := test.answers[min(logouts, len(test.answers))-1]
				return reply(answer.status, answer.body), nil
			}
			client := fakeClient(t, server)
			if _, err := client.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := client.Close(); !errors.Is(err, test.fails) || logouts != test.logouts {
				t.Errorf("got %v after %d logouts, want %v after %d", err, logouts, test.fails, test.logouts)
			}
		})
	}
}

// The time ends during the back-off.
func TestCloseTellsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{logout: func(*http.Request) (*http.Response, error) { return reply(http.StatusNotFound, ""), nil }}
		client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = closeBudget, closeBudget })
		if _, err := client.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
		if failure, ok := errors.AsType[*Error](client.Close()); !ok || failure.Kind != ErrCanceled || failure.Status != http.StatusNotFound {
			t.Errorf("got %v", failure)
		}
	})
}

// The seat of a login in progress is given back, even if its response comes late or its
// caller has given up. Close takes no longer than its budget.
func TestCloseDuringLogin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		login, logout time.Duration
		canceled      bool // the call that logs in
		took          time.Duration
		fails         bool
	}{
		"logout hangs":               {logout: time.Hour, took: closeBudget, fails: true},
		"in time":                    {login: time.Second, took: time.Second},
		"in time, call canceled":     {login: time.Second, canceled: true, took: time.Second},
		"too late":                   {login: 10 * time.Second, took: closeBudget, fails: true},
		"too late, call canceled":    {login: 10 * time.Second, canceled: true, took: closeBudget, fails: true},
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
				if test.canceled {
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
