package authserver_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

func TestSignIn_form(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b := p.browser()
	page := b.want(b.get("/webapp/pages/settings?tab=1"), http.StatusOK, "Sign in")
	if want := []string{"/webapp/pages/settings", "/authentication/authorize", "/authentication/login"}; !slices.Equal(b.trail, want) {
		t.Errorf("trail %v", b.trail)
	}
	p.wantSessions(nil)
	back := b.want(b.submit(page, "password", map[string]string{"username": user, "password": password}), http.StatusOK, "page of "+user)
	if want := []string{"/authentication/login", "/authentication/authorize", "/webapp/callback", "/webapp/pages/settings"}; !slices.Equal(b.trail, want) {
		t.Errorf("trail %v", b.trail)
	}
	if back.url.RawQuery != "tab=1" {
		t.Errorf("the browser came back to %s", back.url)
	}
	p.wantSessions(map[string]int{"authentication": 1, "webapp": 1})

	// The session is the application's alone; the next one needs no form.
	b.want(b.get("/webapp/api/x"), http.StatusOK, "data of "+user)
	b.want(b.get("/admin/api/x"), http.StatusUnauthorized, "Sign in first")
	b.want(b.get("/admin/pages/x"), http.StatusOK, "page of "+user)
	if want := []string{"/admin/pages/x", "/authentication/authorize", "/admin/callback", "/admin/pages/x"}; !slices.Equal(b.trail, want) {
		t.Errorf("trail %v", b.trail)
	}
	b.want(b.get("/admin/api/x"), http.StatusOK, "data of "+user)
	p.wantSessions(map[string]int{"authentication": 1, "webapp": 1, "admin": 1})

	// The sign-out of one application ends all of them.
	b.want(b.get("/webapp/logout"), http.StatusOK, "You are signed out.")
	p.wantSessions(nil)
	b.want(b.get("/admin/api/x"), http.StatusUnauthorized, "")
	if got, want := p.Counts(), (authserver.Counts{SignIns: 1, SignOuts: 3}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

// The cookies of a session are the application's, and change with the sign-in.
func TestSignIn_cookies(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) { config.CookiePrefix = "/prefix" })
	b := p.browser()
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cookie := b.get("/webapp/pages/x").header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "JSESSIONID=") || !strings.HasSuffix(cookie, "; Path=/prefix/webapp; HttpOnly") {
		t.Errorf("cookie %q", cookie)
	}
}

// Nobody who knew the cookie from before the sign-in has a session afterwards.
func TestSignIn_fixation(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b := p.browser()
	root, err := url.Parse(p.config.Platform + "/webapp/")
	if err != nil {
		t.Fatal(err)
	}
	page := b.get("/webapp/pages/x")
	before := b.http.Jar.Cookies(root)[0].Value
	b.submit(page, "password", map[string]string{"username": user, "password": password})
	after := b.http.Jar.Cookies(root)[0].Value
	if before == after {
		t.Error("the cookie is the same")
	}
	attacker := p.browser()
	attacker.want(attacker.get("/webapp/api/x", "Cookie", "JSESSIONID="+before), http.StatusUnauthorized, "")
	attacker.want(attacker.get("/webapp/api/x", "Cookie", "JSESSIONID="+after), http.StatusOK, "")
}

func TestSignIn_wrongPassword(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options func(*authserver.Config)
		status  int
	}{{with(), http.StatusUnauthorized}, {with(authserver.WrongPassword200), http.StatusOK}} {
		p := newPlatform(t, false, test.options)
		b := p.browser()
		page := b.get("/webapp/pages/x")
		again := b.want(b.submit(page, "password", map[string]string{"username": user, "password": "wrong"}), test.status, "The user name or the password is wrong.")
		p.wantSessions(nil)
		b.want(b.submit(again, "password", map[string]string{"username": user, "password": password}), http.StatusOK, "page of")
		if got := p.Counts(); got.SignIns != 1 || got.FailedSignIns != 1 {
			t.Errorf("counts %+v", got)
		}
	}
}

// Hidden fields and addresses of a page are good once.
func TestSignIn_replay(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b := p.browser()
	old := b.get("/webapp/pages/x")
	values := map[string]string{"username": user, "password": password}
	b.get(old.url.String()) // The page is loaded again.
	b.want(b.submit(old, "password", values), http.StatusBadRequest, "malformed")
	other := p.browser()
	other.want(other.submit(old, "password", values), http.StatusBadRequest, "expired")
	if got := p.Counts(); got.SignIns+got.FailedSignIns > 0 {
		t.Errorf("counts %+v", got)
	}
}

// A bookmark of the sign-in page works, and leads nowhere.
func TestSignIn_bookmark(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b := p.browser()
	b.want(b.signIn("/authentication/login"), http.StatusOK, "You are signed in.")
	b.want(b.get("/webapp/pages/x"), http.StatusOK, "page of")
}

func TestSignIn_twoPages(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) {
		config.Steps = []authserver.Step{
			{Form: map[string]string{"login": authserver.UsernamePlaceholder, "action": "next"}},
			{Form: map[string]string{"pass": authserver.PasswordPlaceholder}},
		}
	})
	b := p.browser()
	first := b.get("/webapp/pages/x")
	if strings.Contains(first.body, `type="password"`) || !strings.Contains(first.body, `<button id="sign-in" name="action" value="next">`) {
		t.Errorf("the first page is %s", first.body)
	}
	b.want(b.submit(first, "login", map[string]string{"login": user}), http.StatusBadRequest, "malformed") // It lacks the button.
	first = b.get("/webapp/pages/x")
	second := b.submit(first, "login", map[string]string{"login": user, "action": "next"})
	again := b.want(b.submit(second, "pass", map[string]string{"pass": "wrong"}), http.StatusUnauthorized, `name="login"`)
	second = b.submit(again, "login", map[string]string{"login": user, "action": "next"})
	b.want(b.submit(second, "pass", map[string]string{"pass": password}), http.StatusOK, "page of "+user)
}

func TestSignIn_json(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) {
		config.Steps = []authserver.Step{{
			Method: http.MethodPut, Path: "/authentication/api/login", Next: "/data/a~1b",
			JSON: map[string]any{"user": authserver.UsernamePlaceholder, "credentials": []any{authserver.PasswordPlaceholder}, "type": "local", "version": json.Number("1")},
		}}
	})
	b := p.browser()
	page := b.get("/webapp/pages/x")
	if strings.Contains(page.body, `method="post"`) || !strings.Contains(page.body, `id="password"`) {
		t.Errorf("the page is %s", page.body)
	}
	send := func(body string) *response {
		return b.do(http.MethodPut, "/authentication/api/login", "application/json", body)
	}
	b.want(send(`{"user":"x","credentials":["y"],"type":"local","version":1}`), http.StatusUnauthorized, `"message":"The user name`)
	b.want(send(`{"user":"x","credentials":["y"],"type":"other","version":1}`), http.StatusBadRequest, "malformed")
	b.want(send(`{"user":"x","credentials":["y"],"type":"local","version":1,"more":1}`), http.StatusBadRequest, "malformed")
	done := object(t, b.want(send(`{"user":"`+user+`","credentials":["`+password+`"],"type":"local","version":1}`), http.StatusOK, ""))
	data, _ := done["data"].(map[string]any)
	next, _ := data["a/b"].(string)
	b.want(b.get(next), http.StatusOK, "page of "+user)
	b.want(b.do(http.MethodPost, "/authentication/api/login", "application/json", "{}"), http.StatusMethodNotAllowed, "")
	other := p.browser()
	other.want(other.do(http.MethodPut, "/authentication/api/login", "application/json", "{}"), http.StatusBadRequest, "expired")
}

func TestSignIn_apart(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, true)
	b := p.browser()
	page := b.get("/webapp/pages/x")
	if !strings.HasPrefix(page.url.String(), p.config.Authentication+"/authentication/") {
		t.Errorf("the page is at %s", page.url)
	}
	b.want(b.submit(page, "password", map[string]string{"username": user, "password": password}), http.StatusOK, "page of")
	b.want(b.get("/webapp/logout"), http.StatusOK, "signed out")
	p.wantSessions(nil)
}

func TestSignIn_singleSignOn(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.SingleSignOn))
	b := p.browser()
	left := b.get("/webapp/pages/x")
	if location := left.header.Get("Location"); !b.other || !strings.HasPrefix(location, "https://sso.example.com/saml2?RelayState=") {
		t.Errorf("the browser is sent to %q", location)
	}
	b.get("/authentication/login")
	if !b.other {
		t.Error("there is a sign-in page")
	}
}

func TestSignIn_rememberMe(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.RememberMe))
	for _, box := range []map[string]string{nil, {"remember-me": "on"}} {
		b := p.browser()
		page := b.get("/webapp/pages/x")
		if forms := find(page.root, "form"); len(forms) != 2 || attribute(forms[0], "action") != p.config.SingleSignOnURL {
			t.Fatalf("the page is %s", page.body)
		}
		values := map[string]string{"username": user, "password": password}
		maps.Copy(values, box)
		b.want(b.submit(page, "password", values), http.StatusOK, "page of")
	}
}

func TestSignIn_german(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.German))
	for form, want := range map[string]int{
		"username=j%F6rg&password=p%E4%DF+%26%2B%25%3D+word":          http.StatusOK, // ISO 8859-1
		"username=j%C3%B6rg&password=p%C3%A4%C3%9F+%26%2B%25%3D+word": http.StatusUnauthorized,
	} {
		b := p.browser()
		page := b.get("/webapp/pages/x")
		if page.title() != "Anmelden" || !strings.Contains(page.body, "Paßwort") || page.header.Get("Content-Type") != "text/html; charset=iso-8859-1" {
			t.Errorf("%v: %s", page.header, page.body)
		}
		hidden := attribute(find(page.root, "input")[0], "value")
		b.want(b.do(http.MethodPost, page.url.String(), "application/x-www-form-urlencoded", "_token="+hidden+"&"+form), want, "")
	}
}

func TestSignIn_autoSubmit(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.AutoSubmit))
	b := p.browser()
	between := b.want(b.signIn("/webapp/pages/x"), http.StatusOK, "submit()")
	for _, input := range find(between.root, "input") {
		if attribute(input, "type") != "hidden" {
			t.Errorf("the page has a field that is not hidden: %s", between.body)
		}
	}
	b.want(b.submit(between, "code", nil), http.StatusOK, "page of "+user)
}

func TestSignIn_consent(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.Consent))
	b := p.browser()
	ask := b.want(b.signIn("/webapp/pages/x"), http.StatusOK, "Allow access to your account?")
	p.wantSessions(nil)
	b.want(b.submit(ask, "_token", map[string]string{"decision": "deny"}), http.StatusForbidden, "denied")
	ask = b.signIn("/webapp/pages/x")
	b.want(b.submit(ask, "_token", map[string]string{"decision": "allow"}), http.StatusOK, "page of")
	b.want(b.get("/admin/pages/x"), http.StatusOK, "page of")

	// Only who has given the password is asked.
	other := p.browser()
	execution := other.get("/webapp/pages/x").url.Query().Get("execution")
	ask = other.get("/authentication/consent?execution=" + execution)
	other.want(other.submit(ask, "_token", map[string]string{"decision": "allow"}), http.StatusBadRequest, "")
}

func TestSignIn_passwordExpired(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.PasswordExpired))
	b := p.browser()
	b.want(b.signIn("/webapp/pages/x"), http.StatusOK, "Your password has expired")
	p.wantSessions(nil)
	b.want(b.get("/webapp/api/x"), http.StatusUnauthorized, "")
}

func TestAuthorize_refusals(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b := p.browser()
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	regular := url.Values{
		"scope": {"openid profile"}, "response_type": {"code"}, "client_id": {"webApplicationPlatform"},
		"redirect_uri": {p.config.Platform + "/webapp/callback"}, "state": {"s"},
	}
	for _, test := range []struct{ name, value, location string }{
		{"scope", "openid", p.config.Authentication + "/authentication/login?execution="},
		{"client_id", "unknown", ""},
		{"redirect_uri", "https://attacker.example/", ""},
		{"redirect_uri", p.config.Platform + ".attacker.example/", ""},
		{"response_type", "token", ""},
		{"scope", "profile", ""},
	} {
		query := url.Values{}
		for name, values := range regular {
			query[name] = values
		}
		query.Set(test.name, test.value)
		got := b.get("/authentication/authorize?" + query.Encode())
		if location := got.header.Get("Location"); !strings.HasPrefix(location, test.location) || test.location == "" && (location != "" || got.status != http.StatusBadRequest) {
			t.Errorf("%s=%s: status %d, location %q", test.name, test.value, got.status, location)
		}
	}
	b.want(b.get("/authentication/nothing"), http.StatusUnauthorized, "") // A call of the application.
	b.want(b.do(http.MethodDelete, "/authentication/authorize", "", ""), http.StatusMethodNotAllowed, "")
}

// stop signs in and stops before the callback, whose address it returns.
func (b *browser) stop(address string) string {
	b.t.Helper()
	page := b.get(address)
	callback := ""
	follow := b.http.CheckRedirect
	b.http.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/callback") {
			callback = r.URL.String()
			return http.ErrUseLastResponse
		}
		return follow(r, via)
	}
	b.submit(page, "password", map[string]string{"username": user, "password": password})
	b.http.CheckRedirect = follow
	if callback == "" {
		b.t.Fatalf("no callback on the way %v", b.trail)
	}
	return callback
}

// A code lives 15 seconds, and the callback takes it once, in the browser that asked
// for it.
func TestCallback(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b := p.browser()
	callback := b.stop("/webapp/pages/x")
	other := p.browser()
	other.want(other.get(callback), http.StatusBadRequest, "expired")
	other.get("/webapp/pages/x") // It has a session without a sign-in, and another state.
	other.want(other.get(callback), http.StatusBadRequest, "expired")
	p.advance(14 * time.Second)
	b.want(b.get(callback), http.StatusOK, "page of")
	b.want(b.get(callback), http.StatusBadRequest, "expired")

	late := p.browser()
	callback = late.stop("/webapp/pages/x")
	p.advance(15 * time.Second)
	late.want(late.get(callback), http.StatusBadRequest, "expired")
}
