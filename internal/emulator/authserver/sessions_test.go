package authserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

func TestSessions_idle(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) { config.IdleTimeout = 10 * time.Minute })
	b := p.browser()
	b.signIn("/webapp/pages/x")
	opened := p.Sessions()
	if len(opened) != 2 || opened[0].Number != 1 || opened[0].Application != "authentication" || opened[1].Number != 2 || opened[1].User != user {
		t.Errorf("sessions %+v", opened)
	}
	for range 3 {
		p.advance(9 * time.Minute)
		b.want(b.get("/webapp/api/x"), http.StatusOK, "data")
	}
	// The authentication server has not been asked for 27 minutes.
	p.wantSessions(map[string]int{"webapp": 1})
	if used := p.Sessions()[0]; used.LastUsed.Sub(used.Opened) != 27*time.Minute {
		t.Errorf("session %+v", used)
	}
	p.advance(10 * time.Minute)
	p.wantSessions(nil)
	b.want(b.get("/webapp/api/x"), http.StatusUnauthorized, "Sign in first")
	b.want(b.get("/webapp/pages/x"), http.StatusOK, "Sign in")
}

func TestSessions_expire(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b := p.browser()
	b.signIn("/webapp/pages/x")

	// The authentication server still knows the browser.
	p.ExpireApplications()
	p.wantSessions(map[string]int{"authentication": 1})
	b.want(b.get("/webapp/api/x"), http.StatusUnauthorized, "")
	b.want(b.get("/webapp/pages/x"), http.StatusOK, "page of")

	p.ExpireSessions()
	p.wantSessions(nil)
	b.want(b.get("/webapp/pages/x"), http.StatusOK, "Sign in")

	callback := b.stop("/webapp/pages/x")
	p.Forget()
	b.want(b.get(callback), http.StatusBadRequest, "expired")
}

func TestSessions_expiredByRedirect(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.ExpiredByRedirect))
	b := p.browser()
	b.signIn("/webapp/pages/x")
	p.ExpireApplications()

	// A GET comes back to where it was, anything else to the application's root.
	b.want(b.get("/webapp/api/x?y=z"), http.StatusOK, "data of")
	p.ExpireApplications()
	if got := b.do(http.MethodPost, "/webapp/api/x", "application/json", "{}"); got.url.Path != "/webapp/" {
		t.Errorf("the browser came to %s", got.url)
	}
}

// A session of the authentication server serves the calls on it.
func TestSessions_authentication(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, true)
	b := p.browser()
	b.want(b.get("/authentication/admin/x"), http.StatusUnauthorized, "")
	b.want(b.signIn("/authentication/pages/x"), http.StatusOK, "page of")
	b.want(b.get("/authentication/admin/x"), http.StatusOK, "data of")
	p.wantSessions(map[string]int{"authentication": 1})
	b.want(b.get("/authentication/api/signout"), http.StatusOK, "signed out")
	b.want(b.get("/authentication/admin/x"), http.StatusUnauthorized, "")
}

func TestSessions_signOut(t *testing.T) {
	t.Parallel()
	for path, method := range map[string]string{"/admin/logout": http.MethodPost, "/admin/session": http.MethodDelete, "/authentication/leave": http.MethodPost} {
		p := newPlatform(t, false, func(config *authserver.Config) { config.SignOutMethod, config.SignOutPath = method, path })
		b := p.browser()
		b.signIn("/webapp/pages/x")
		b.get("/admin/pages/x")
		b.want(b.get(path), http.StatusMethodNotAllowed, "")
		b.want(b.do(method, path, "", ""), http.StatusOK, "signed out")
		p.wantSessions(nil)
		b.want(b.do(method, path, "", ""), http.StatusOK, "signed out")
		if got := p.Counts().SignOuts; got != 3 {
			t.Errorf("%s: %d sign-outs", path, got)
		}
	}
}

// Of two users in one browser, the later one has the sessions.
func TestSessions_otherUser(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) {
		config.Users = append(config.Users, authserver.User{Name: "other", Password: "other"})
	})
	b := p.browser()
	first, second := b.get("/webapp/pages/x"), b.get("/admin/pages/x")
	b.submit(first, "password", map[string]string{"username": user, "password": password})
	b.want(b.submit(second, "password", map[string]string{"username": "other", "password": "other"}), http.StatusOK, "page of other")
	for _, open := range p.Sessions() {
		if open.User != "other" {
			t.Errorf("session %+v", open)
		}
	}
}

func TestTokens_calls(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		options       func(*authserver.Config)
		authorization string
		status        int
	}{
		{with(), "Token " + personal, http.StatusOK},
		{with(), "token  " + personal, http.StatusOK},
		{with(), "Token wrong", http.StatusUnauthorized},
		{with(), "Bearer " + personal, http.StatusUnauthorized},
		{with(authserver.TokenRefused), "Token " + personal, http.StatusUnauthorized},
		{func(config *authserver.Config) { config.TokenSchemes = []string{"Bearer"} }, "Bearer " + personal, http.StatusOK},
		{func(config *authserver.Config) { config.TokenSchemes = []string{"Bearer"} }, "Token " + personal, http.StatusUnauthorized},
	} {
		p := newPlatform(t, false, test.options)
		b := p.browser()
		got := b.want(b.get("/admin/api/x", "Authorization", test.authorization), test.status, "")
		if wrong := strings.HasSuffix(test.authorization, "wrong"); wrong != (got.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %v", test.authorization, got.header)
		}
		p.wantSessions(nil)
	}
}

// Where calls accept tokens only, a session is good for pages.
func TestTokens_only(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, func(config *authserver.Config) { config.TokensOnly = true })
	b := p.browser()
	b.want(b.signIn("/webapp/pages/x"), http.StatusOK, "page of")
	b.want(b.get("/webapp/api/x"), http.StatusUnauthorized, "")
	b.want(b.get("/webapp/api/x", "Authorization", "Token "+p.NewIDToken(user)), http.StatusOK, "data of "+user)
}

// Drop ends what a request is authorized by, and nothing else.
func TestDrop(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	b, other := p.browser(), p.browser()
	b.signIn("/webapp/pages/x")
	other.signIn("/webapp/pages/x")
	drop := func(authorization string, client *browser) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.config.Platform+"/webapp/api/x", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			request.Header.Set("Authorization", authorization)
		}
		for _, cookie := range client.http.Jar.Cookies(request.URL) {
			request.AddCookie(cookie)
		}
		p.Drop(request)
	}
	drop("", b)
	b.want(b.get("/webapp/api/x"), http.StatusUnauthorized, "")
	other.want(other.get("/webapp/api/x"), http.StatusOK, "")
	for authorization, status := range map[string]int{"Token " + p.NewIDToken(user): http.StatusUnauthorized, "Token " + personal: http.StatusOK} {
		b.want(b.get("/webapp/api/x", "Authorization", authorization), http.StatusOK, "")
		drop(authorization, b)
		b.want(b.get("/webapp/api/x", "Authorization", authorization), status, "")
	}
}
