package twcloudtest_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func TestLogin_credentials(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		authorization string
		status        int
	}{
		"basic":          {basic("admin", "admin-password"), 204},
		"token":          {"Token admin-token", 204},
		"wrong password": {basic("admin", "viewer-password"), 401},
		"unknown user":   {basic("nobody", "admin-password"), 401},
		"wrong token":    {"Token nothing", 401},
		"empty token":    {"Token ", 401},
		"other scheme":   {"Bearer admin-token", 401},
		"nothing":        {"", 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twcloudtest.New(t)
			c := newClient(t, s)
			c.authorization = test.authorization
			r := c.want(test.status, c.get(wire.LoginPath))
			if test.status == 204 {
				cookies := strings.Join(r.header["Set-Cookie"], "\n")
				for _, want := range []string{"twc-rest-session-id=", "twc-rest-current-user=", "Path=/osmc"} {
					if !strings.Contains(cookies, want) {
						t.Errorf("cookies lack %s", want)
					}
				}
			}
			if open := s.OpenSessions(); (open == 1) != (test.status == 204) || open != s.Logins() {
				t.Errorf("%d sessions, %d logins", open, s.Logins())
			}
		})
	}
}

func TestLogin_passwordInQuery(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t, lenient)
	c := newClient(t, s)
	c.want(401, c.do(http.MethodPost, wire.LoginPath+"?username=admin&password=no", ""))
	c.want(204, c.do(http.MethodPost, wire.LoginPath+"?username=admin&password=admin-password", ""))
	if query := s.Requests()[0].Query; query != "password&username" {
		t.Errorf("the log has the query %q", query)
	}
}

func TestSession_credentialsWithoutCookieTakeASeatEach(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t, func(config *twcloudtest.Config) { config.Seats = 2 })
	c := newClient(t, s)
	c.authorization = "Token admin-token"
	c.http.Jar = nil
	c.want(200, c.get(wire.VersionPath))
	c.want(200, c.get(wire.DefaultOAuthConsumersPath))
	r := c.want(503, c.get(wire.DefaultOAuthConsumersPath))
	if !strings.Contains(r.body, "licence") {
		t.Errorf("the body does not mention the licence: %s", r.body)
	}
	if s.SessionsOpened() != 2 || s.Logins() != 0 {
		t.Errorf("%d sessions opened, %d logins", s.SessionsOpened(), s.Logins())
	}
}

func TestSession_seats(t *testing.T) {
	t.Parallel()
	clock := twcloudtest.NewManualClock(start)
	s := twcloudtest.New(t, func(config *twcloudtest.Config) {
		config.Seats, config.Clock, config.LicenceStatus = 1, clock, http.StatusForbidden
	})
	first := signedIn(t, s, "admin-token")
	second := newClient(t, s)
	second.authorization = "Token viewer-token"
	second.want(403, second.get(wire.LoginPath))

	first.want(204, first.get(wire.LogoutPath))
	if s.OpenSessions() != 0 || s.Logouts() != 1 {
		t.Errorf("%d sessions, %d logouts", s.OpenSessions(), s.Logouts())
	}
	first.want(401, first.get(wire.LogoutPath))
	second.want(204, second.get(wire.LoginPath))

	clock.Advance(15 * time.Minute)
	first.authorization = "Token admin-token"
	first.want(204, first.get(wire.LoginPath))
	if s.OpenSessions() != 1 || s.Logins() != 3 {
		t.Errorf("%d sessions, %d logins", s.OpenSessions(), s.Logins())
	}
}

func TestSession_everyCallRestartsTheIdleTimer(t *testing.T) {
	t.Parallel()
	clock := twcloudtest.NewManualClock(start)
	s := twcloudtest.New(t, func(config *twcloudtest.Config) { config.Clock = clock })
	c := signedIn(t, s, "admin-token")
	for range 3 {
		clock.Advance(15*time.Minute - time.Second)
		c.want(200, c.get(wire.DefaultOAuthConsumersPath))
	}
	clock.Advance(15 * time.Minute)
	c.want(401, c.get(wire.DefaultOAuthConsumersPath))

	c = signedIn(t, s, "admin-token")
	s.ExpireSessions()
	c.want(401, c.get(wire.DefaultOAuthConsumersPath))
}

func TestSession_loginWithALiveCookieOpensNoOther(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	c := signedIn(t, s, "admin-token")
	c.authorization = "Token admin-token"
	c.want(204, c.get(wire.LoginPath))
	c.want(200, c.get(wire.DefaultOAuthConsumersPath))
	if s.OpenSessions() != 1 {
		t.Errorf("%d sessions", s.OpenSessions())
	}
}

func TestSession_bothCookiesAreNeeded(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	c := signedIn(t, s, "admin-token")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+wire.DefaultOAuthConsumersPath, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range c.http.Jar.Cookies(request.URL) {
		if cookie.Name == "twc-rest-session-id" {
			request.AddCookie(cookie)
		}
	}
	c.http.Jar = nil
	response, err := c.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 401 {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestPathPrefix_cookies(t *testing.T) {
	t.Parallel()
	for name, rewrite := range map[string]bool{"kept": false, "rewritten": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twcloudtest.New(t, func(config *twcloudtest.Config) {
				config.PathPrefix, config.RewriteCookies = "/proxy/", rewrite
			})
			c := signedIn(t, s, "admin-token")
			status := http.StatusUnauthorized // The jar does not send a cookie of /osmc to /proxy/osmc.
			if rewrite {
				status = http.StatusOK
			}
			c.want(status, c.get(wire.DefaultOAuthConsumersPath))
			if path := s.Requests()[0].Path; path != "/proxy/osmc/login" {
				t.Errorf("the log has the path %s", path)
			}
		})
	}
}

func TestPathPrefix_isNeeded(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t, lenient, func(config *twcloudtest.Config) { config.PathPrefix = "proxy" })
	c := newClient(t, s)
	r, err := c.try(http.MethodGet, strings.TrimSuffix(s.URL(), "/proxy")+wire.VersionPath, "")
	if err != nil {
		t.Fatal(err)
	}
	c.want(404, r)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	r := newClient(t, s).get(wire.VersionPath)
	if r.status != 200 || r.body != "2024x Refresh2" || r.header.Get("Content-Type") != "text/plain" {
		t.Errorf("%+v", r)
	}
	if s.OpenSessions() != 0 {
		t.Error("a session has been opened without credentials")
	}
}

func TestCurrentUser(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t, func(config *twcloudtest.Config) {
		config.Users = append(twcloudtest.DefaultUsers(), twcloudtest.User{Name: "a b/ü", Token: "odd", ConfigureServer: true})
	})
	for token, want := range map[string]wire.User{
		"admin-token":  {Username: "admin", Permissions: []string{"Read Resources", "Configure Server"}},
		"viewer-token": {Username: "viewer", Permissions: []string{"Read Resources"}},
		"odd":          {Username: "a b/ü", Permissions: []string{"Read Resources", "Configure Server"}},
	} {
		c := signedIn(t, s, token)
		location := c.want(307, c.get(wire.CurrentUserPath+"?"+wire.CurrentUserQuery)).header.Get("Location")
		user := decode[wire.User](t, c.want(200, c.get(location)))
		if user.Username != want.Username || strings.Join(user.Permissions, ",") != strings.Join(want.Permissions, ",") {
			t.Errorf("%+v, want %+v", user, want)
		}
	}
	viewer, admin := signedIn(t, s, "viewer-token"), signedIn(t, s, "admin-token")
	viewer.want(403, viewer.get(wire.UsersPath+"/admin"))
	admin.want(200, admin.get(wire.UsersPath+"/viewer"))
	admin.want(404, admin.get(wire.UsersPath+"/nobody"))
}
