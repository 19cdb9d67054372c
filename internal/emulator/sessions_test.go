package emulator_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
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
			s := emulator.New(t)
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

// Each case is a server with one seat, and a client that has signed in and does
// what the case says.
func TestSessions(t *testing.T) {
	t.Parallel()
	const path = wire.DefaultOAuthConsumersPath
	for name, test := range map[string]struct {
		idle                    time.Duration // zero: the default
		do                      func(s *emulator.Server, c *client, pass func(time.Duration))
		open, opened, in, ended int // sessions that are open and have been opened, logins, logouts
	}{
		"every call restarts the idle timer": {open: 1, opened: 1, in: 1, do: func(_ *emulator.Server, c *client, pass func(time.Duration)) {
			for range 3 {
				pass(15*time.Minute - time.Second)
				c.want(200, c.get(path))
			}
		}},
		"an idle session ends": {open: 0, opened: 1, in: 1, do: func(_ *emulator.Server, c *client, pass func(time.Duration)) {
			pass(15 * time.Minute)
			c.want(401, c.get(path))
		}},
		"the idle timeout can be set": {idle: time.Minute, open: 0, opened: 1, in: 1, do: func(_ *emulator.Server, c *client, pass func(time.Duration)) {
			pass(time.Minute - time.Second)
			c.want(200, c.get(path))
			pass(time.Minute)
			c.want(401, c.get(path))
		}},
		"an expired session ends": {open: 0, opened: 1, in: 1, do: func(s *emulator.Server, c *client, _ func(time.Duration)) {
			s.ExpireSessions()
			c.want(401, c.get(path))
		}},
		"a logout frees the seat": {open: 1, opened: 2, in: 2, ended: 1, do: func(s *emulator.Server, c *client, _ func(time.Duration)) {
			c.want(204, c.get(wire.LogoutPath))
			c.want(401, c.get(wire.LogoutPath))
			signedIn(c.t, s, "viewer-token")
		}},
		"an idle session frees the seat": {open: 1, opened: 2, in: 2, do: func(s *emulator.Server, c *client, pass func(time.Duration)) {
			pass(15 * time.Minute)
			signedIn(c.t, s, "viewer-token")
		}},
		"without a seat there is no session": {open: 1, opened: 1, in: 1, do: func(s *emulator.Server, c *client, _ func(time.Duration)) {
			other := newClient(c.t, s)
			other.authorization = "Token viewer-token"
			if r := c.want(403, other.get(wire.LoginPath)); !strings.Contains(r.body, "licence") {
				c.t.Errorf("the body does not mention the license: %s", r.body)
			}
		}},
		"credentials without a cookie open a session": {open: 1, opened: 2, in: 1, ended: 1, do: func(_ *emulator.Server, c *client, _ func(time.Duration)) {
			c.want(204, c.get(wire.LogoutPath))
			c.authorization, c.http.Jar = "Token admin-token", nil
			c.want(200, c.get(wire.VersionPath))
			c.want(403, c.get(path))
		}},
		"credentials with a cookie open no session": {open: 1, opened: 1, in: 2, do: func(_ *emulator.Server, c *client, _ func(time.Duration)) {
			c.authorization = "Token admin-token"
			c.want(204, c.get(wire.LoginPath))
			c.want(200, c.get(path))
		}},
		"both cookies are needed": {open: 1, opened: 1, in: 1, do: func(s *emulator.Server, c *client, _ func(time.Duration)) {
			root, err := url.Parse(s.URL() + "/osmc/")
			if err != nil {
				c.t.Fatal(err)
			}
			c.http.Jar.SetCookies(root, []*http.Cookie{{Name: "twc-rest-current-user", Path: "/osmc", MaxAge: -1}})
			c.want(401, c.get(path))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var passed atomic.Int64
			s := emulator.New(t, func(config *emulator.Config) {
				config.Seats, config.LicenseStatus, config.IdleTimeout = 1, http.StatusForbidden, test.idle
				config.Now = func() time.Time { return start.Add(time.Duration(passed.Load())) }
			})
			test.do(s, signedIn(t, s, "admin-token"), func(d time.Duration) { passed.Add(int64(d)) })
			if s.OpenSessions() != test.open || s.SessionsOpened() != test.opened || s.Logins() != test.in || s.Logouts() != test.ended {
				t.Errorf("%d sessions, %d opened, %d logins, %d logouts", s.OpenSessions(), s.SessionsOpened(), s.Logins(), s.Logouts())
			}
		})
	}
}

func TestPathPrefix_cookies(t *testing.T) {
	t.Parallel()
	for name, rewrite := range map[string]bool{"kept": false, "rewritten": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emulator.New(t, lenient, func(config *emulator.Config) {
				config.RESTPathPrefix, config.WebAppPathPrefix, config.RewriteCookies = "/proxy/", "/proxy/", rewrite
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
			c.want(404, c.get(strings.TrimSuffix(s.URL(), "/proxy")+wire.VersionPath))
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	s := emulator.New(t)
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
	s := emulator.New(t, func(config *emulator.Config) {
		config.Users = append(emulator.DefaultUsers(), emulator.User{Name: "a b/ü", Token: "odd", ConfigureServer: true})
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
