package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// site answers "METHOD URL" without the query, and records what is sent.
type site struct {
	answers map[string]*http.Response
	later   map[string]*http.Response // from the second time on
	sent    []string
	headers map[string]http.Header
}

func (s *site) RoundTrip(request *http.Request) (*http.Response, error) {
	address := *request.URL
	address.RawQuery = ""
	line := request.Method + " " + address.String()
	body := ""
	if request.Body != nil {
		content, _ := io.ReadAll(request.Body)
		body = string(content)
	}
	s.sent = append(s.sent, strings.TrimSpace(request.Method+" "+request.URL.String()+" "+body))
	if s.headers == nil {
		s.headers = map[string]http.Header{}
	}
	s.headers[line] = request.Header
	if answer := s.answers[line]; answer != nil {
		if later := s.later[line]; later != nil {
			s.answers[line] = later
		}
		return answer, nil
	}
	return reply(http.StatusNotFound, ""), nil
}

func redirect(status int, location string, headers ...string) *http.Response {
	return reply(status, "", append(headers, "Location", location)...)
}

func htmlPage(body string, headers ...string) *http.Response {
	return reply(http.StatusOK, body, append(headers, "Content-Type", "text/html")...)
}

func signIn(t *testing.T, s *site, in profile.SignIn) (*Page, *Session, error) {
	t.Helper()
	client := newClient(t, s.RoundTrip)
	client.Servers = Servers{REST: mustParseURL(t, "https://h:8111"), Platform: mustParseURL(t, "https://h:8443"), Authentication: mustParseURL(t, "https://auth:9443")}
	in.Start = "/app/start"
	method := &Page{
		Client: client, SignIn: &in, Headers: map[string]string{"X-CSRF": "{csrf}", "Origin": "{origin}", "X-Fixed": "1"}, Username: "user", Password: "secret",
	}
	keep := client.Keep
	client.Keep = func(session *Session, from *url.URL, response *http.Response) {
		keep(session, from, response)
		if token := response.Header.Get("X-Next"); token != "" {
			session.CSRF.Store(&token)
		}
	}
	session, err := method.Open(t.Context())
	return method, session, err
}

var loginForm = profile.SignIn{Steps: []profile.Step{{Form: map[string]string{"u": "{username}", "p": "{password}"}}}}

const formPage = `<form method=post action=login><input name=u><input name=p type=password></form>`

// The sign-in goes from server to server as a browser does.
func TestPageFollowsRedirects(t *testing.T) {
	t.Parallel()
	s := &site{answers: map[string]*http.Response{
		"GET https://h:8443/app/start":                   redirect(302, "https://auth:9443/authentication/authorize?state=1", "Set-Cookie", "app=1; Path=/app"),
		"GET https://auth:9443/authentication/authorize": htmlPage(formPage, "Set-Cookie", "auth=1"),
		"POST https://auth:9443/authentication/login":    redirect(307, "/authentication/again"),
		"POST https://auth:9443/authentication/again":    redirect(303, "https://h:8111/osmc/bounce"),
		"GET https://h:8111/osmc/bounce":                 redirect(302, "https://h:8443/app/callback?code=1"),
		"GET https://h:8443/app/callback":                redirect(302, "done"),
		"GET https://h:8443/app/done":                    htmlPage("welcome"),
	}}
	method, session, err := signIn(t, s, loginForm)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GET https://h:8443/app/start", "GET https://auth:9443/authentication/authorize?state=1", "POST https://auth:9443/authentication/login u=user&p=secret",
		"POST https://auth:9443/authentication/again u=user&p=secret", "GET https://h:8111/osmc/bounce", "GET https://h:8443/app/callback?code=1", "GET https://h:8443/app/done",
	}
	if !slices.Equal(s.sent, want) {
		t.Errorf("sent %q", s.sent)
	}
	// No cookie goes to another server.
	for address, cookie := range map[string]string{
		"POST https://auth:9443/authentication/login": "auth=1", "GET https://h:8111/osmc/bounce": "", "GET https://h:8443/app/done": "app=1",
	} {
		if got := s.headers[address].Get("Cookie"); got != cookie {
			t.Errorf("%s got the cookie %q", address, got)
		}
	}

	verdicts := map[Verdict][]*http.Response{
		Valid: {
			reply(http.StatusOK, "[]"), reply(http.StatusForbidden, ""), htmlPage("<p>"), redirect(302, "/app/elsewhere"), redirect(302, "/app/own/k"), redirect(302, ":"),
		},
		Ended: {
			reply(http.StatusUnauthorized, ""), redirect(302, "https://auth:9443/authentication/authorize?state=2"), redirect(303, "https://auth:9443/authentication/other"),
			reply(http.StatusForbidden, formPage, "Content-Type", "text/html"),
		},
		Doubtful: {redirect(302, "/app/start?lang=de"), redirect(302, "start;jsessionid=1"), htmlPage(formPage)},
	}
	for want, responses := range verdicts {
		for _, response := range responses {
			response.Request, _ = http.NewRequestWithContext(WithRedirect(t.Context(), "/app/own/{key}"), http.MethodPost, "https://h:8443/app/api", http.NoBody)
			if got := method.Judge(session, response); got != want {
				t.Errorf("%d to %q: got %d, want %d", response.StatusCode, response.Header.Get("Location"), got, want)
			}
		}
	}
}

// The sign-in page has the form of a step, with a field for a password or without. Other
// pages can have such a field, too.
func TestPageKnowsTheSignInPage(t *testing.T) {
	t.Parallel()
	page := &Page{Client: &Client{}, SignIn: &profile.SignIn{Steps: []profile.Step{{Form: map[string]string{"user": "{username}"}}, {Form: map[string]string{"pass": "{password}"}}}}}
	token := &ByToken{Client: &Client{}, Tokens: NewTokens(Tokens{})}
	for body, want := range map[string][2]Verdict{ // of a call, of a page
		`<form><input name=user></form>`:                    {Doubtful, Doubtful},
		`<form><input name=pass type=password></form>`:      {Doubtful, Doubtful},
		`<form><input name=secret type=password></form>`:    {Doubtful, Valid},
		`<form><input name=name><input name=status></form>`: {Valid, Valid},
	} {
		for i, ctx := range []context.Context{t.Context(), WithPage(t.Context())} {
			response := htmlPage(body)
			response.Request, _ = http.NewRequestWithContext(ctx, http.MethodGet, "https://h:8443/app/api", http.NoBody)
			if got := page.Judge(&Session{}, response); got != want[i] {
				t.Errorf("%s: got %d, want %d", body, got, want[i])
			}
		}
	}
	response := htmlPage(`<form><input name=user></form>`)
	response.Request, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, "https://h:8443/app/api", http.NoBody)
	if got := token.Judge(&Session{}, response); got != Valid {
		t.Errorf("without steps: got %d", got)
	}
}

// The page that was asked for can have fields for secrets of its own.
func TestPageReturnsToSecrets(t *testing.T) {
	t.Parallel()
	const start = "GET https://h:8443/app/start"
	s := &site{answers: map[string]*http.Response{
		start: redirect(302, "https://auth:9443/authentication/login"),
		"GET https://auth:9443/authentication/login":  htmlPage(formPage, "Set-Cookie", "auth=1"),
		"POST https://auth:9443/authentication/login": redirect(303, "https://h:8443/app/start"),
	}, later: map[string]*http.Response{start: htmlPage(`<form><input name=secret type=password></form>`)}}
	if _, _, err := signIn(t, s, loginForm); err != nil {
		t.Error(err)
	}
}

// Credentials go nowhere else, and never without TLS.
func TestPageSendsCredentialsNowhereElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		page  *http.Response
		after *http.Response // of the form
		says  string
		sent  int
	}{
		"another host":          {page: redirect(302, "https://evil.example.com/login"), says: "to evil.example.com", sent: 1},
		"another port":          {page: redirect(302, "https://h:1/login"), says: "to h:1", sent: 1},
		"a host that is alike":  {page: redirect(302, "https://h:8443.evil.example.com/"), says: "a redirect to nowhere", sent: 1},
		"a user in the address": {page: redirect(302, "https://h:8443@evil.example.com/"), says: "to evil.example.com", sent: 1},
		"no TLS":                {page: redirect(302, "http://h:8443/login"), says: "from https to http://h:8443", sent: 1},
		"another scheme":        {page: redirect(302, "ftp://h:8443/login"), says: "from https to ftp://", sent: 1},
		"a form for another":    {page: htmlPage(strings.Replace(formPage, "action=login", "action=https://evil.example.com/x", 1)), says: "to evil.example.com", sent: 1},
		"a form without TLS":    {page: htmlPage(strings.Replace(formPage, "action=login", "action=http://h:8443/x", 1)), says: "from https to http", sent: 1},
		"a repeated form":       {page: htmlPage(formPage), after: redirect(308, "https://evil.example.com/x"), says: "to evil.example.com", sent: 2},
		"nowhere":               {page: redirect(302, ""), says: "a redirect to nowhere", sent: 1},
		"without end":           {page: redirect(302, "start"), says: "more than 20 redirects", sent: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &site{answers: map[string]*http.Response{"GET https://h:8443/app/start": test.page, "POST https://h:8443/app/login": test.after}}
			_, _, err := signIn(t, s, loginForm)
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v", err)
			}
			posts := slices.DeleteFunc(slices.Clone(s.sent), func(line string) bool { return !strings.Contains(line, "secret") })
			if len(s.sent) != test.sent || len(posts) > 0 && test.after == nil {
				t.Errorf("sent %q", s.sent)
			}
		})
	}
}

// A script sends what it has got before.
func TestPageScripts(t *testing.T) {
	t.Parallel()
	s := &site{answers: map[string]*http.Response{
		"GET https://h:8443/app/start":                 redirect(302, "https://auth:9443/authentication/page?flow=f1", "Set-Cookie", "a=1"),
		"GET https://auth:9443/authentication/page":    htmlPage(`<form><input type=hidden name=_t value=h1></form>`, "Set-Cookie", "XSRF=x1; Path=/", "X-Next", "c1"),
		"POST https://auth:9443/authentication/first":  reply(http.StatusOK, `{"ticket":{"id":7}}`),
		"POST https://auth:9443/authentication/second": reply(http.StatusOK, `{"go":["https://h:8443/app/start?done"]}`),
		"GET https://h:8443/app/callback":              htmlPage("welcome"),
	}}
	in := profile.SignIn{Steps: []profile.Step{
		{
			Method: "POST", Path: "/authentication/first",
			JSON: map[string]any{"name": "{username}", "flow": "{query.flow}", "token": "{field._t}", "xsrf": "{cookie.XSRF}", "csrf": "{csrf}", "list": []any{true, nil, "text {username}"}},
		},
		{Method: "POST", Path: "/authentication/second", JSON: map[string]any{"password": "{password}", "ticket": "{response./ticket/id}"}, Next: "/go/0"},
	}}
	_, session, err := signIn(t, s, in)
	// The start sends the browser away again, which has no more steps.
	if err == nil || session == nil {
		t.Errorf("got %v, %v", session, err)
	}
	want := []string{
		`POST https://auth:9443/authentication/first {"csrf":"c1","flow":"f1","list":[true,null,"text {username}"],"name":"user","token":"h1","xsrf":"x1"}`,
		`POST https://auth:9443/authentication/second {"password":"secret","ticket":7}`,
		`GET https://h:8443/app/start?done`,
	}
	if len(s.sent) < 5 || !slices.Equal(s.sent[2:5], want) {
		t.Errorf("sent %q", s.sent)
	}
	header := s.headers["POST https://auth:9443/authentication/first"]
	if header.Get("X-Csrf") != "c1" || header.Get("X-Fixed") != "1" || header.Get("Origin") != "https://auth:9443" || header.Get("Content-Type") != "application/json" {
		t.Errorf("the header is %v", header)
	}
}

func TestPageNeedsCredentials(t *testing.T) {
	t.Parallel()
	method := &Page{Client: newClient(t, nil), SignIn: &profile.SignIn{Start: "/x"}}
	if _, err := method.Open(t.Context()); !errors.Is(err, ErrNoCredentials) {
		t.Errorf("got %v", err)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, next *http.Response
		sent        int
		fails       bool
	}{
		"done":            {first: reply(http.StatusNoContent, ""), sent: 1},
		"a page":          {first: htmlPage(formPage), sent: 1},
		"has ended":       {first: reply(http.StatusUnauthorized, ""), sent: 1},
		"redirected":      {first: redirect(302, "/authentication/bye"), next: htmlPage("bye"), sent: 2},
		"single sign-out": {first: redirect(302, "https://sso.example.com/logout"), sent: 1},
		"not found":       {first: reply(http.StatusNotFound, ""), sent: 1, fails: true},
		"failed":          {first: redirect(302, "/authentication/bye"), next: reply(http.StatusInternalServerError, ""), sent: 2, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &site{answers: map[string]*http.Response{
				"POST https://auth.example.com/a/authentication/out": test.first, "GET https://auth.example.com/authentication/bye": test.next,
			}}
			session := &Session{}
			session.Cookies.Keep(&url.URL{}, mustParseURL(t, "https://auth.example.com/a/authentication/x"), http.Header{"Set-Cookie": {"s=1"}})
			client := newClient(t, s.RoundTrip)
			out := &profile.SignOut{Method: "POST", Path: "/authentication/out"}
			for _, method := range []Method{&Page{Client: client, SignIn: &profile.SignIn{SignOut: out}}, &ByToken{Client: client, Tokens: NewTokens(Tokens{}), SignOut: out}} {
				s.sent = nil
				err := method.Close(t.Context(), session)
				if (err != nil) != test.fails || len(s.sent) != test.sent {
					t.Errorf("got %v, sent %q", err, s.sent)
				}
				if s.headers["POST https://auth.example.com/a/authentication/out"].Get("Cookie") != "s=1" {
					t.Error("the sign-out has no cookie")
				}
			}
		})
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	parse := func(raw string) *url.URL {
		if raw == "" {
			return nil
		}
		return mustParseURL(t, raw)
	}
	for target, test := range map[string]struct{ rest, platform, authentication, owner string }{
		"https://h:8111/osmc/x":           {"https://h:8111", "https://h:8443", "https://h:8443", "https://h:8111"},
		"https://h:8443/osmc/x":           {"https://h:8111", "https://h:8443", "https://h:8443", "https://h:8443"},
		"https://h/osmc/x":                {"https://h", "https://h", "https://h", "rest"},
		"https://h/admin/x":               {"https://h", "https://h", "https://h", "platform"},
		"https://h/osmcx":                 {"https://h", "https://h", "https://h", "platform"},
		"https://h/twc/osmc/x":            {"https://h/twc", "https://h", "https://h", "rest"},
		"https://h/wap/x":                 {"https://h", "https://h/wap", "https://h/wap", "platform"},
		"https://a:1/authentication/x":    {"https://h", "https://h", "https://a:1", "https://a:1"},
		"https://H:8443/x":                {"", "https://h:8443", "https://h:8443", "https://h:8443"},
		"http://h:8443/x":                 {"", "https://h:8443", "https://h:8443", ""},
		"https://elsewhere.example.com/x": {"https://h", "https://h", "https://h", ""},
	} {
		servers := Servers{REST: parse(test.rest), Platform: parse(test.platform), Authentication: parse(test.authentication)}
		want := parse(test.owner)
		switch test.owner {
		case "rest":
			want = servers.REST
		case "platform":
			want = servers.Platform
		}
		got := servers.Owner(mustParseURL(t, target))
		if (got == nil) != (want == nil) || got != nil && got.String() != want.String() || test.owner == "rest" && got != servers.REST || test.owner == "platform" && got == servers.REST {
			t.Errorf("%s belongs to %v, want %v", target, got, want)
		}
	}
}
