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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// together makes concurrent calls of Version and returns their errors.
func together(ctx context.Context, client *Client, times int) []error {
	failures := make([]error, times)
	var group sync.WaitGroup
	for i := range failures {
		group.Go(func() { _, failures[i] = client.Version(ctx) })
	}
	group.Wait()
	return failures
}

// slowLogin makes logins succeed after a delay.
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

func versionOf(ctx context.Context, client *Client) <-chan error {
	return async(func() error {
		_, err := client.Version(ctx)
		return err
	})
}

func TestSessionSharesOneLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{}
		slowLogin(server, time.Second)
		client := fakeClient(t, server)
		if err := errors.Join(together(t.Context(), client, 10)...); err != nil {
			t.Error(err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if server.logins != 1 || len(server.requests) != 12 {
			t.Errorf("sent %q", server.sent())
		}
		for i, request := range server.requests {
			first := i == 0
			if (request.Header.Get("Authorization") != "") != first || (seatOf(request) != "") == first || request.UserAgent() != "test" {
				t.Errorf("%s has the header %v", request.URL, request.Header)
			}
			if request.URL.RawQuery != "" {
				t.Errorf("%s has a query", request.URL)
			}
		}
	})
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	for want, credentials := range map[string]Credentials{
		"Basic YWRtaW46cMOkc3M6d29yZA==": {Username: "admin", Password: "päss:word"},
		"Token abc.def":                  {Token: "abc.def"},
	} {
		server := &fakeServer{}
		client := fakeClient(t, server, func(o *Options) { o.Credentials = credentials })
		if _, err := client.Version(t.Context()); err != nil {
			t.Error(err)
		}
		if got := server.requests[0].Header.Get("Authorization"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// expiring refuses the first seats, after it has received a number of requests.
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
	if err := errors.Join(together(t.Context(), client, 10)...); err != nil {
		t.Error(err)
	}
	if server.logins != 2 || server.count(wire.LogoutPath) != 1 || server.count(wire.VersionPath) != 20 {
		t.Errorf("sent %q", server.sent())
	}
}

// If the server refuses a new session as well, the client logs out of both. It
// signs in again only for another view.
func TestSessionRefusedAgain(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	server.serve = expiring(server, 2, 1)
	client := fakeClient(t, server)
	for range 20 {
		if _, err := client.Version(t.Context()); !errors.Is(err, ErrSession) {
			t.Errorf("got %v", err)
		}
	}
	want := []string{
		"GET /osmc/login", "GET /osmc/version 1", "GET /osmc/logout 1",
		"GET /osmc/login", "GET /osmc/version 2", "GET /osmc/logout 2",
	}
	if got := server.sent(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if _, err := client.View().Version(t.Context()); err != nil {
		t.Error(err)
	}
}

// A session stays open if the server refuses only one path.
func TestSessionRefusedAtOnePath(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	server.Inject(emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusUnauthorized, PathSuffix: "/version", Times: -1})
	client := connect(t, server)
	for range 3 {
		if _, err := client.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Version(t.Context()); !errors.Is(err, ErrSession) {
			t.Fatalf("got %v, want %v", err, ErrSession)
		}
		client = client.View()
	}
	if err := client.Close(); err != nil || server.OpenSessions() != 0 {
		t.Errorf("%v, %d sessions are open", err, server.OpenSessions())
	}
}

func TestSessionLogsOutAfterCancel(t *testing.T) {
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
		"a page with a cookie":  {200, "<html>", append(page, "Set-Cookie", "node=1; Path=/"), ErrWebPage, 1},
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
				if !errors.Is(err, test.kind) || !errors.As(err, &failure) || !failure.Login || failure.Path != wire.LoginPath || failure.Part != "" {
					t.Errorf("got %v, want %v", err, test.kind)
				}
			}
			if server.count(wire.LoginPath) != test.logins {
				t.Errorf("sent %q, want %d logins", server.sent(), test.logins)
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

// The latest cookie counts.
func TestSessionCookies(t *testing.T) {
	t.Parallel()
	server := &fakeServer{}
	server.serve = func(request *http.Request) (*http.Response, error) {
		cookie := (&http.Cookie{Name: fakeCookie, Value: "after-" + seatOf(request), Path: "/osmc"}).String()
		return reply(http.StatusOK, "2024x", "Set-Cookie", cookie), nil
	}
	client := fakeClient(t, server)
	for range 2 {
		if _, err := client.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	var cookies []string
	for _, request := range server.requests[1:] {
		cookies = append(cookies, strings.TrimPrefix(request.Header.Get("Cookie"), fakeCookie+"="))
	}
	if want := []string{seatName(1), "after-" + seatName(1), "after-after-" + seatName(1)}; !slices.Equal(cookies, want) {
		t.Errorf("the cookies are %q, want %q", cookies, want)
	}
}

// A text that cannot be decoded loses no session.
func TestSessionWithUnreadableTexts(t *testing.T) {
	t.Parallel()
	const text = "Guten Tag, M\xfcller"
	server := &fakeServer{logout: func(*http.Request) (*http.Response, error) { return reply(http.StatusOK, text), nil }}
	server.login = func(*http.Request) (*http.Response, error) {
		return reply(http.StatusOK, text, "Content-Type", "text/plain", "Set-Cookie", fakeCookie+"=1; Path=/osmc"), nil
	}
	client := fakeClient(t, server)
	if _, err := client.Version(t.Context()); err != nil {
		t.Error(err)
	}
	if err := client.Close(); err != nil || server.count(wire.LogoutPath) != 1 {
		t.Errorf("%v, sent %q", err, server.sent())
	}
}

// The sign-out sends what the sign-in got, or the seat stays in use: also a cookie
// for another path, and one that the session cannot use.
func TestSessionSignsOutWithAllCookies(t *testing.T) {
	t.Parallel()
	const session = fakeCookie + "=" + "seat-0000000000000001"
	for name, test := range map[string]struct {
		set    []string
		sent   string
		logout string
		fails  error
	}{
		"values as they came": {
			[]string{session + "; Path=/osmc", `twc-rest-current-user=Max Muster; Path=/osmc`, `node="a,b"; Path=/`},
			session + `; twc-rest-current-user=Max Muster; node="a,b"`,
			session + `; twc-rest-current-user=Max Muster; node="a,b"`, nil,
		},
		"a path that is not that of the logout": {
			[]string{session + "; Path=/osmc", "admin=1; Path=/osmc/admin"}, session, "admin=1; " + session, nil,
		},
		"a path of nothing else": {[]string{session + "; Path=/osmc/login"}, "", session, ErrNoSession},
		"before the local clock": {[]string{session + "; Path=/osmc; Expires=Fri, 01 Mar 2019 10:15:00 GMT"}, session, session, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &fakeServer{login: func(*http.Request) (*http.Response, error) {
				response := reply(http.StatusNoContent, "", "Date", "Fri, 01 Mar 2019 10:00:00 GMT")
				response.Header["Set-Cookie"] = test.set
				return response, nil
			}}
			client := fakeClient(t, server)
			if _, err := client.Version(t.Context()); !errors.Is(err, test.fails) {
				t.Errorf("got %v, want %v", err, test.fails)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			sent := map[string]string{}
			for _, request := range server.requests {
				sent[request.URL.Path] = request.Header.Get("Cookie")
			}
			if sent[wire.VersionPath] != test.sent || sent[wire.LogoutPath] != test.logout {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// Each server has its own path prefix, or none.
func TestSessionCookiesOfEachServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ rest, platform, path, sent string }{
		"a prefix on the REST API":  {"https://h:8111/twc", "https://h:8443", "/admin", "xsrf=1"},
		"a prefix on the platform":  {"https://h:8111", "https://h:8443/wap", "/admin", "xsrf=1"},
		"one origin":                {"https://h/twc", "https://h", "/admin", "xsrf=1"},
		"one origin, two prefixes":  {"https://h/twc", "https://h/wap", "/admin", "xsrf=1"},
		"one prefix in the other":   {"https://h/wap/rest", "https://h/wap", "/admin", "xsrf=1"},
		"a path that has it":        {"https://h", "https://h/wap", "/wap/admin", "xsrf=1"},
		"another path":              {"https://h", "https://h/wap", "/webapp", ""},
		"a path that only seems so": {"https://h:8111/twc", "https://h:8443", "/twc/admin", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := *profile.BuiltIn()
			changed.Server, changed.SignIn = profile.WebApp, &profile.SignIn{By: profile.ByToken, Scheme: "Token"}
			list := *changed.Calls.List
			list.Path = "/admin/api/consumers"
			changed.Calls.List = &list
			server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
				return reply(http.StatusOK, "[]", "Set-Cookie", "xsrf=1; Path="+test.path), nil
			}}
			client := fakeClient(t, server, func(o *Options) {
				o.Credentials = Credentials{Token: "token"}
				o.Profile, o.Endpoint, o.WebAppEndpoint = &changed, mustParseURL(t, test.rest), mustParseURL(t, test.platform)
			})
			for range 2 {
				if _, err := client.View().List(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			last := server.requests[len(server.requests)-1]
			cookie, _ := last.Cookie("xsrf")
			if got := cookie != nil; got != (test.sent != "") {
				t.Errorf("%s has the cookies %q", last.URL, last.Header.Get("Cookie"))
			}
		})
	}
}

// Views share the error of a sign-in.
func TestErrorsDoNotChange(t *testing.T) {
	t.Parallel()
	server := &fakeServer{login: func(*http.Request) (*http.Response, error) { return reply(http.StatusUnauthorized, ""), nil }}
	client := fakeClient(t, server)
	_, first := client.Version(t.Context())
	before := first.Error()
	var views sync.WaitGroup
	for range 4 {
		view := client.connection.view()
		views.Go(func() {
			var failure *Error
			if _, err := view.List(t.Context()); !errors.As(err, &failure) || !failure.Listing || !failure.Login {
				t.Errorf("got %v", err)
			}
		})
	}
	views.Wait()
	var failure *Error
	if !errors.As(first, &failure) || failure.Listing || first.Error() != before {
		t.Errorf("the error has become %+v", failure)
	}
}

// A canceled call does not sign in, and without a session Close sends nothing.
func TestSessionIsNotOpenedAfterCancel(t *testing.T) {
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
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.List(t.Context()); !errors.Is(err, ErrClosed) || len(server.sent()) != 0 {
		t.Errorf("after Close: %v, sent %q", err, server.sent())
	}
}

func TestSessionStopsWaitingForASeat(t *testing.T) {
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
			t.Errorf("%d logins were sent after all callers had given up", now-sent)
		}
		// No caller got the failure, so it does not stay.
		server.login = nil
		if _, err := client.Version(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSessionBeginsALoginAnew(t *testing.T) {
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
