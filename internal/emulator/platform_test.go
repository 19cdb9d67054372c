package emulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// newPlatform starts a server with a dialect of the platform.
func newPlatform(t *testing.T, dialect string, options ...func(*emulator.Config)) (s *emulator.Server, list string) {
	t.Helper()
	spoken, err := emulator.Dialect(dialect)
	if err != nil {
		t.Fatal(err)
	}
	options = append(options, func(config *emulator.Config) { config.Profile = spoken })
	s = emulator.New(t, options...)
	return s, s.WebAppURL() + spoken.Calls.List.Path
}

// clock is a clock that stands.
type clock struct{ now time.Time }

func (c *clock) set(config *emulator.Config) { config.Now = func() time.Time { return c.now } }

// The administration page is behind the sign-in, and so are the calls, whatever fault
// or quirk there is.
func TestPlatform(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"webapp-forms", "oauth-clients"} {
		for name, option := range map[string]func(*emulator.Config){
			"regular":       func(*emulator.Config) {},
			"apart":         func(config *emulator.Config) { config.AuthenticationAddress = "localhost:0" },
			"TLS":           func(config *emulator.Config) { config.TLS = true },
			"one origin":    func(config *emulator.Config) { config.OneOrigin = true },
			"load balancer": func(config *emulator.Config) { config.OneOrigin, config.LoadBalancer = true, true },
			"prefix": func(config *emulator.Config) {
				config.PathPrefix, config.RewriteCookies = "/twcloud", true
			},
		} {
			t.Run(dialect+" "+name, func(t *testing.T) {
				t.Parallel()
				s, list := newPlatform(t, dialect, option)
				if strings.HasPrefix(list, s.WebAppURL()+"/authentication/") {
					list = s.AuthenticationURL() + strings.TrimPrefix(list, s.WebAppURL())
				}
				headers := map[string]string{"X-Requested-With": "XMLHttpRequest"} // As the dialect has it.
				c := newClient(t, s)
				c.headers = headers
				c.want(401, c.do("GET", list, ""))
				c.signInOnPlatform()
				c.want(200, c.do("GET", list, ""))
				if s.OpenSessions() != 0 || s.OpenPlatformSessions() != 2 {
					t.Errorf("%d sessions on the REST API, %+v on the platform", s.OpenSessions(), s.PlatformSessions())
				}

				// The session of an application ends; the authentication server goes on without a form.
				for _, fault := range []emulator.FaultKind{emulator.Unauthorized401, emulator.Redirect302} {
					s.Inject(emulator.Fault{Kind: fault, Server: emulator.WebApp})
					if r := c.do("GET", list, ""); r.status != 401 && !strings.HasPrefix(r.header.Get("Location"), s.AuthenticationURL()+"/authentication/authorize?") {
						t.Errorf("%s: %d, %v", fault, r.status, r.header)
					}
					c.want(401, c.do("GET", list, ""))
					if dialect == "oauth-clients" { // It was the session of the authentication server.
						c.want(200, c.submitPassword(c.follow("GET", s.AuthenticationURL()+"/authentication/", ""), emulator.AdminPassword))
					} else {
						c.want(200, c.follow("GET", s.AdminPageURL(), ""))
					}
					c.want(200, c.do("GET", list, ""))
				}
				c.want(200, c.follow("GET", s.WebAppURL()+"/webapp/logout", ""))
				if open := s.PlatformSessions(); len(open) != 0 {
					t.Errorf("sessions %+v", open)
				}
			})
		}
	}
}

// Each server has its own paths.
func TestPlatform_addresses(t *testing.T) {
	t.Parallel()
	const discovery, version = "/authentication/.well-known/openid-configuration", wire.VersionPath
	for name, test := range map[string]struct {
		option func(*emulator.Config)
		want   [3]bool // the REST API, the platform, and the authentication server have discovery
	}{
		"two servers": {func(*emulator.Config) {}, [3]bool{false, true, true}},
		"three":       {func(config *emulator.Config) { config.AuthenticationAddress = "localhost:0" }, [3]bool{false, false, true}},
		"one":         {func(config *emulator.Config) { config.OneOrigin = true }, [3]bool{true, true, true}},
	} {
		s := emulator.New(t, lenient, test.option)
		c := newClient(t, s)
		for i, root := range []string{s.URL(), s.WebAppURL(), s.AuthenticationURL()} {
			r := c.do("GET", root+discovery, "")
			if got := r.status == 200; got != test.want[i] {
				t.Errorf("%s: %s answers %d", name, root, r.status)
			}
			if rest := root == s.URL(); (c.do("GET", root+version, "").status == 200) != rest {
				t.Errorf("%s: %s is on %s: %t", name, version, root, !rest)
			}
		}
		document := decode[map[string]any](t, c.do("GET", s.AuthenticationURL()+discovery, ""))
		if document["token_endpoint"] != s.AuthenticationURL()+"/authentication/api/token" {
			t.Errorf("%s: %v", name, document)
		}
		services := c.do("GET", s.WebAppURL()+wire.RootServicesPath, "")
		if !strings.Contains(services.body, s.AuthenticationURL()+wire.RequestTokenPath) {
			t.Errorf("%s: %s", name, services.body)
		}
	}
}

// A client that loses the cookie of the load balancer loses its sessions.
func TestPlatform_loadBalancer(t *testing.T) {
	t.Parallel()
	s, list := newPlatform(t, "webapp-forms", func(config *emulator.Config) { config.LoadBalancer = true })
	c := newClient(t, s)
	c.headers = map[string]string{"X-Requested-With": "XMLHttpRequest"}
	c.signInOnPlatform()
	c.authorization = "Token " + emulator.AdminToken
	c.want(204, c.get(wire.LoginPath))
	c.authorization = ""
	c.want(200, c.do("GET", list, ""))
	c.want(200, c.get(wire.UsersPath+"/"+emulator.AdminName))
	for _, lost := range []string{list, s.URL() + wire.UsersPath + "/" + emulator.AdminName} {
		address, err := url.Parse(lost)
		if err != nil {
			t.Fatal(err)
		}
		c.http.Jar.SetCookies(address, []*http.Cookie{{Name: "COOKIE", Value: "another-node", Path: "/"}})
		if r := c.want(401, c.do("GET", lost, "")); !strings.HasPrefix(r.header.Get("Set-Cookie"), "COOKIE=") {
			t.Errorf("%v", r.header)
		}
	}
}

// Both sessions expire on the clock, each with its own timeout.
func TestPlatform_clock(t *testing.T) {
	t.Parallel()
	at := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s, list := newPlatform(t, "webapp-forms", at.set, func(config *emulator.Config) {
		config.IdleTimeout, config.PlatformIdleTimeout, config.TokenLifetime = 10*time.Minute, 20*time.Minute, 2*time.Second
	})
	c := newClient(t, s)
	c.headers = map[string]string{"X-Requested-With": "XMLHttpRequest"}
	c.signInOnPlatform()
	c.authorization = "Token " + emulator.AdminToken
	c.want(204, c.get(wire.LoginPath))
	c.authorization = ""
	for _, step := range []struct {
		wait           time.Duration
		rest, platform int
	}{{9 * time.Minute, 1, 2}, {time.Minute, 0, 2}, {9 * time.Minute, 0, 2}, {time.Minute, 0, 0}} {
		at.now = at.now.Add(step.wait)
		if rest, platform := s.OpenSessions(), s.OpenPlatformSessions(); rest != step.rest || platform != step.platform {
			t.Errorf("after %s: %d sessions on the REST API, %d on the platform", step.wait, rest, platform)
		}
	}

	token := idToken(t, s)
	c.authorization = "Token " + token
	c.want(200, c.do("GET", list, ""))
	c.want(204, c.get(wire.LoginPath))
	at.now = at.now.Add(2 * time.Second)
	c.want(401, c.do("GET", list, ""))
	s.ExpireSessions()
	c.want(401, c.get(wire.LoginPath))
}

// idToken gets an ID token as the vendor documents it.
func idToken(t *testing.T, s *emulator.Server) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		s.AuthenticationURL()+"/authentication/api/token?grant_type=client_credentials&client_id=MAGICDRAW", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(emulator.AdminName, emulator.AdminPassword)
	request.Header.Set("X-Auth-Secret", emulator.AuthSecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var tokens struct {
		IDToken string `json:"id_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&tokens); err != nil || tokens.IDToken == "" {
		t.Fatalf("%s, %v", response.Status, err)
	}
	return tokens.IDToken
}

// The REST API takes ID tokens and personal access tokens as Token, and access tokens as
// Bearer; and its contract has the token endpoints.
func TestPlatform_tokensForREST(t *testing.T) {
	t.Parallel()
	s := emulator.New(t)
	c := newClient(t, s)
	form := url.Values{"grant_type": {"password"}, "username": {emulator.AdminName}, "password": {emulator.AdminPassword}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.AuthenticationURL()+"/authentication/api/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(emulator.ClientID, emulator.ClientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&tokens); err != nil {
		t.Fatal(err)
	}
	personal, err := s.NewPersonalToken(emulator.AdminName)
	if err != nil {
		t.Fatal(err)
	}
	id := idToken(t, s)
	for authorization, status := range map[string]int{
		"Token " + id: 204, "Token " + personal: 204, "Bearer " + tokens.AccessToken: 204,
		"Bearer " + id: 401, "Bearer " + personal: 401, "Token " + tokens.AccessToken: 401,
	} {
		other := newClient(t, s)
		other.authorization = authorization
		other.want(status, other.get(wire.LoginPath))
	}
	c.want(200, c.do("GET", s.AuthenticationURL()+"/authentication/.well-known/openid-configuration", ""))
	c.want(200, c.do("GET", s.AuthenticationURL()+"/authentication/api/jwks", ""))
}

// Quirks reach the sign-in.
func TestPlatform_quirks(t *testing.T) {
	t.Parallel()
	s, list := newPlatform(t, "webapp-forms", func(config *emulator.Config) {
		config.Quirks = []authserver.Quirk{authserver.WrongPassword200, authserver.ExpiredByRedirect}
	})
	c := newClient(t, s)
	again := c.want(200, c.submitPassword(c.follow("GET", s.AdminPageURL(), ""), "wrong"))
	c.want(200, c.submitPassword(again, emulator.AdminPassword))
	if got := s.PlatformCounts(); got.SignIns != 1 || got.FailedSignIns != 1 {
		t.Errorf("counts %+v", got)
	}
	s.ExpireApplicationSessions()
	c.headers = map[string]string{"X-Requested-With": "XMLHttpRequest"}
	if r := c.do("GET", list, ""); r.status != 302 {
		t.Errorf("%d, %v", r.status, r.header)
	}
	if requests := s.Requests(); requests[0].Server != emulator.WebApp {
		t.Errorf("%+v", requests[0])
	}
}
