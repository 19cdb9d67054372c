package twcloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// together calls Version so many times at once and returns the errors.
func together(ctx context.Context, client *Client, times int) []error {
	failures := make([]error, times)
	var group sync.WaitGroup
	for i := range failures {
		group.Go(func() { _, failures[i] = client.Version(ctx) })
	}
	group.Wait()
	return failures
}

func TestSessionSharesOneLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{}
		server.login = func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return server.openSession(), nil
		}
		client := fakeClient(t, server)
		for _, err := range together(t.Context(), client, 10) {
			if err != nil {
				t.Error(err)
			}
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if server.logins != 1 || len(server.requests) != 12 {
			t.Errorf("sent %q", server.sent())
		}
		for i, request := range server.requests {
			first := i == 0
			if (request.Header.Get("Authorization") != "") != first || (seatOf(request) != "") == first {
				t.Errorf("%s has the header %v", request.URL, request.Header)
			}
			if request.URL.RawQuery != "" {
				t.Errorf("%s has a query", request.URL)
			}
		}
	})
}

func TestSessionCredentials(t *testing.T) {
	t.Parallel()
	for want, credentials := range map[string]Credentials{
		"Basic YWRtaW46cMOkc3M6d29yZA==": BasicCredentials{Username: "admin", Password: "päss:word"},
		"Token abc.def":                  TokenCredentials{Token: "abc.def"},
	} {
		server := &fakeServer{}
		client := fakeClient(t, server, func(o *Options) {
			o.Credentials = credentials
			// What a URL says of a user is nobody's business.
			o.Endpoint = mustParseURL(t, "https://user:canary@twcloud.example.com:8111/prefix/")
		})
		if _, err := client.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := server.requests[0].Header.Get("Authorization"); got != want {
			t.Errorf("login has %q, want %q", got, want)
		}
		if got := server.requests[1].Header.Get("Authorization"); got != "" {
			t.Errorf("a request has %q", got)
		}
	}
}

// expiring refuses the first so many seats, once so many requests have come in.
func expiring(server *fakeServer, seats, requests int) transportFunc {
	var mu sync.Mutex
	arrived, all := 0, make(chan struct{})
	return func(request *http.Request) (*http.Response, error) {
		for number := range seats {
			if seatOf(request) != seatName(number+1) {
				continue
			}
			mu.Lock()
			if arrived++; arrived == requests {
				close(all)
			}
			mu.Unlock()
			<-all
			return reply(http.StatusUnauthorized, ""), nil
		}
		return reply(http.StatusOK, "2024x"), nil
	}
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	server.serve = expiring(server, 1, 10)
	client := fakeClient(t, server)
	for _, err := range together(t.Context(), client, 10) {
		if err != nil {
			t.Error(err)
		}
	}
	if server.logins != 2 || server.count(wire.LogoutPath) != 1 || server.count(wire.VersionPath) != 20 {
		t.Errorf("sent %q", server.sent())
	}
}

func TestSessionRefusedAgain(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	server.serve = expiring(server, 2, 1)
	client := fakeClient(t, server)
	_, err := client.Version(t.Context())
	if !errors.Is(err, ErrSession) {
		t.Errorf("got %v", err)
	}
	want := []string{
		"GET /osmc/login", "GET /osmc/version 1", "GET /osmc/logout 1",
		"GET /osmc/login", "GET /osmc/version 2", "GET /osmc/logout 2",
	}
	if got := server.sent(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if err := client.Close(); err != nil || server.count(wire.LogoutPath) != 2 {
		t.Errorf("close: %v, sent %q", err, server.sent())
	}
}

// TestSessionRepeatsTheBody: a request that was refused is sent again as a whole.
func TestSessionRepeatsTheBody(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	var bodies []string
	server.serve = func(request *http.Request) (*http.Response, error) {
		body := make([]byte, 100)
		n, _ := request.Body.Read(body)
		bodies = append(bodies, string(body[:n]))
		if seatOf(request) == seatName(1) {
			return reply(http.StatusUnauthorized, ""), nil
		}
		return reply(http.StatusOK, `{"key":"k","name":"n","approved":true}`), nil
	}
	client := fakeClient(t, server)
	if _, err := client.Update(t.Context(), "k", Changes{Approved: pointer(true)}); err != nil {
		t.Fatal(err)
	}
	if want := []string{`{"approved":true}`, `{"approved":true}`}; !slices.Equal(bodies, want) {
		t.Errorf("sent %q, want %q", bodies, want)
	}
}

func TestSessionLogsOutForWhoGaveUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
		cancel()
		return reply(http.StatusUnauthorized, ""), nil
	}}
	client := fakeClient(t, server)
	if _, err := client.Version(ctx); !errors.Is(err, ErrCanceled) {
		t.Errorf("got %v", err)
	}
	if server.count(wire.LogoutPath) != 1 {
		t.Errorf("the refused seat stays taken: %q", server.sent())
	}
}

func TestSessionLoginFails(t *testing.T) {
	t.Parallel()
	const license = `{"message":"No free license."}`
	page := []string{"Content-Type", "text/html"}
	for name, test := range map[string]struct {
		status  int
		body    string
		headers []string
		kind    error
		logins  int
	}{
		"no seat":               {503, license, nil, ErrNoSeat, 4},
		"no seat, forbidden":    {403, "license limit reached", nil, ErrNoSeat, 4},
		"unavailable":           {503, "", nil, ErrServer, 4},
		"failed":                {500, "", nil, ErrServer, 1},
		"credentials":           {401, "", nil, ErrCredentials, 1},
		"forbidden":             {403, "", nil, ErrCredentials, 1},
		"not here":              {404, "", nil, ErrNoAPI, 1},
		"redirect":              {302, "", []string{"Location", "https://sso.example.com/"}, ErrWebPage, 1},
		"no cookie":             {204, "", nil, ErrNoSession, 1},
		"a cookie for others":   {204, "", []string{"Set-Cookie", "a=b; Path=/elsewhere"}, ErrNoSession, 1},
		"a cookie that is over": {204, "", []string{"Set-Cookie", "a=b; Path=/; Max-Age=0"}, ErrNoSession, 1},
		"a sign-in page":        {200, "<html>", page, ErrWebPage, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &fakeServer{}
			server.login = func(*http.Request) (*http.Response, error) {
				return reply(test.status, test.body, test.headers...), nil
			}
			client := fakeClient(t, server)
			for range 3 {
				_, err := client.Version(t.Context())
				var failure *Error
				if !errors.Is(err, test.kind) || !errors.As(err, &failure) || !failure.Login || failure.Path != wire.LoginPath {
					t.Errorf("got %v, want %v", err, test.kind)
				}
			}
			if sent := server.sent(); len(sent) != test.logins {
				t.Errorf("sent %q, want %d logins", sent, test.logins)
			}

			// A view may try again.
			server.login = nil
			if _, err := client.View().Version(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := client.Version(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSessionWaitsForASeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := time.Now().Add(50 * time.Second)
		server := &fakeServer{}
		server.login = func(*http.Request) (*http.Response, error) {
			if time.Now().Before(free) {
				return reply(http.StatusServiceUnavailable, "license", "Retry-After", "20"), nil
			}
			return server.openSession(), nil
		}
		client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = time.Second, 15*time.Second })
		start := time.Now()
		if _, err := client.Version(t.Context()); err != nil || time.Since(start) != time.Minute {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestSessionSurvivesAPanicAtLogin(t *testing.T) {
	t.Parallel()
	server := &fakeServer{login: func(*http.Request) (*http.Response, error) { panic("canary " + testPassword) }}
	client := fakeClient(t, server)
	for _, err := range together(t.Context(), client, 3) {
		if err == nil || !strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), testPassword) {
			t.Errorf("got %v", err)
		}
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

func TestSessionCookies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ prefix, path string }{
		"as seen":                        {"", "/osmc"},
		"with a slash":                   {"", "/osmc/"},
		"the root":                       {"", "/"},
		"no path":                        {"", ""},
		"a proxy that does not rewrite":  {"/twc", "/osmc"},
		"a proxy that rewrites":          {"/twc", "/twc/osmc"},
		"a proxy that cuts":              {"/twc", "/twc"},
		"the root behind a proxy":        {"/twc", "/"},
		"no path behind a proxy":         {"/twc", ""},
		"a prefix that begins like osmc": {"/os", "/osmc"},
		"a prefix that is osmc":          {"/osmc", "/osmc"},
		"a prefix with a slash":          {"/a/b/", "/osmc"},
		"a prefix with escapes":          {"/a%20b", "/osmc"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &fakeServer{}
			server.login = func(*http.Request) (*http.Response, error) {
				cookie := fakeCookie + "=first"
				if test.path != "" {
					cookie += "; Path=" + test.path
				}
				return reply(http.StatusNoContent, "", "Set-Cookie", cookie), nil
			}
			server.serve = func(request *http.Request) (*http.Response, error) {
				cookie := (&http.Cookie{Name: fakeCookie, Value: "after-" + seatOf(request), Path: test.path}).String()
				return reply(http.StatusOK, "2024x", "Set-Cookie", cookie), nil
			}
			client := fakeClient(t, server, func(o *Options) {
				o.Endpoint = mustParseURL(t, "https://twcloud.example.com:8111"+test.prefix)
			})
			for range 2 {
				if _, err := client.Version(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			var seats []string
			for _, request := range server.requests[1:] {
				seats = append(seats, seatOf(request))
				if len(request.Cookies()) != 1 {
					t.Errorf("%s has the cookies %v", request.URL, request.Cookies())
				}
			}
			if want := []string{"first", "after-first", "after-after-first"}; !slices.Equal(seats, want) {
				t.Errorf("the cookies are %q, want %q", seats, want)
			}
		})
	}
}
