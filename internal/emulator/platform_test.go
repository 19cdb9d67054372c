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
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// byPage is a sign-in with one form.
const byPage = `{"by": "page", "start": "/webapp/settings", "steps": [{"form": {"username": "{username}", "password": "{password}"}}],
	"sign_out": {"method": "GET", "path": "/webapp/logout"}}`

// newPlatform starts a server whose calls are below a path of the platform.
func newPlatform(t *testing.T, path, signIn string, options ...func(*emulator.Config)) (s *emulator.Server, list string) {
	t.Helper()
	parsed, problems := profile.Parse([]byte(`{"profile": 2, "server": "webapp", "sign_in": ` + signIn + `, "approved": {"yes": [true], "no": [false]}, "calls": {
		"list": {"method": "GET", "path": "` + path + `", "response": {"key": "/key", "name": "/name", "approved": "/approved"}, "pages": {"by": "none"}},
		"register": {"method": "POST", "path": "` + path + `", "json": {"name": "{name}", "secret": "{secret}"}, "response": {"key": "/key"}},
		"remove": {"method": "DELETE", "path": "` + path + `/{key}"}}}`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	options = append(options, func(config *emulator.Config) { config.Profile = parsed })
	s = emulator.New(t, options...)
	list = s.WebAppURL() + path
	if strings.HasPrefix(path, "/authentication/") {
		list = s.AuthenticationURL() + path
	}
	return s, list
}

// clock is a clock that stands.
type clock struct{ now time.Time }

func (c *clock) set(config *emulator.Config) { config.Now = func() time.Time { return c.now } }

// The administration page is behind the sign-in, and so are the calls, whatever fault
// or quirk there is.
func TestPlatform(t *testing.T) {
	t.Parallel()
	for path, sessions := range map[string]int{"/webapp/api/keys": 2, "/admin/api/keys": 3, "/authentication/api/keys": 2} {
		for name, option := range map[string]func(*emulator.Config){
			"regular":       func(*emulator.Config) {},
			"apart":         func(config *emulator.Config) { config.AuthenticationAddress = "localhost:0" },
			"TLS":           func(config *emulator.Config) { config.TLS = true },
			"one origin":    func(config *emulator.Config) { config.OneOrigin = true },
			"load balancer": func(config *emulator.Config) { config.OneOrigin, config.LoadBalancer = true, true },
			"prefix": func(config *emulator.Config) {
				config.RESTPathPrefix, config.WebAppPathPrefix, config.RewriteCookies = "/twcloud", "/twcloud", true
			},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				t.Parallel()
				s, list := newPlatform(t, path, byPage, option)
				c := newClient(t, s)
				c.want(401, c.do("GET", list, ""))
				c.signInOnPlatform()
				c.want(200, c.do("GET", list, ""))
				if s.OpenSessions() != 0 || s.OpenPlatformSessions() != sessions {
					t.Errorf("%d sessions on the REST API, %+v on the platform", s.OpenSessions(), s.PlatformSessions())
				}

				// The session of an application ends; the authentication server goes on without a form.
				for _, fault := range []emulator.FaultKind{emulator.Unauthorized401, emulator.Redirect302} {
					s.Inject(emulator.Fault{Kind: fault, Server: emulator.WebApp})
					if r := c.do("GET", list, ""); r.status != 401 && !strings.HasPrefix(r.header.Get("Location"), s.AuthenticationURL()+"/authentication/authorize?") {
						t.Errorf("%s: %d, %v", fault, r.status, r.header)
					}
					c.want(401, c.do("GET", list, ""))
					if start := list[:len(list)-len("api/keys")]; strings.HasPrefix(path, "/authentication/") { // It was the session of the authentication server.
						c.want(200, c.submitPassword(c.follow("GET", start, ""), emulator.AdminPassword))
					} else {
						c.want(200, c.follow("GET", start, ""))
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
	s, list := newPlatform(t, "/webapp/api/keys", byPage, func(config *emulator.Config) { config.LoadBalancer = true })
	c := newClient(t, s)
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
	s, list := newPlatform(t, "/webapp/api/keys", byPage, at.set, func(config *emulator.Config) {
		config.IdleTimeout, config.PlatformIdleTimeout, config.TokenLifetime = 10*time.Minute, 20*time.Minute, 2*time.Second
	})
	c := newClient(t, s)
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
	id := idToken(t, s)
	for authorization, status := range map[string]int{
		"Token " + id: 204, "Token " + emulator.AdminToken: 204, "Bearer " + tokens.AccessToken: 204,
		"Bearer " + id: 401, "Bearer " + emulator.AdminToken: 401, "Token " + tokens.AccessToken: 401,
	} {
		other := newClient(t, s)
		other.authorization = authorization
		other.want(status, other.get(wire.LoginPath))
	}
	c.want(200, c.do("GET", s.AuthenticationURL()+"/authentication/.well-known/openid-configuration", ""))
}

// Quirks reach the sign-in.
func TestPlatform_quirks(t *testing.T) {
	t.Parallel()
	s, list := newPlatform(t, "/webapp/api/keys", byPage, func(config *emulator.Config) {
		config.Quirks = []authserver.Quirk{authserver.WrongPassword200, authserver.ExpiredByRedirect}
	})
	c := newClient(t, s)
	again := c.want(200, c.submitPassword(c.follow("GET", s.AdminPageURL(), ""), "wrong"))
	c.want(200, c.submitPassword(again, emulator.AdminPassword))
	if got := s.PlatformCounts(); got.SignIns != 1 || got.FailedSignIns != 1 {
		t.Errorf("counts %+v", got)
	}
	s.ExpireApplicationSessions()
	if r := c.do("GET", list, ""); r.status != 302 {
		t.Errorf("%d, %v", r.status, r.header)
	}
	if requests := s.Requests(); requests[0].Server != emulator.WebApp {
		t.Errorf("%+v", requests[0])
	}
}

// The page asks for what the steps of the profile send, and the sign-out is the
// profile's.
func TestPlatform_steps(t *testing.T) {
	t.Parallel()
	const signOut = `"sign_out": {"method": "POST", "path": "/admin/signout"}}`
	for name, test := range map[string]struct {
		steps string
		sent  []string // method, path, and body of each step
	}{
		"form": {`[{"form": {"j_username": "{username}", "j_password": "{password}", "submit": "go"}}]`, []string{
			"FORM j_username=admin&j_password=admin-password&submit=go",
		}},
		"two pages": {`[{"form": {"login": "{username}"}}, {"form": {"pass": "{password}"}}]`, []string{"FORM login=admin", "FORM pass=admin-password"}},
		"JSON": {`[{"method": "POST", "path": "/authentication/api/signin", "json": {"u": "{username}", "p": "{password}", "kind": 1}, "next": "/go/to"}]`, []string{
			`/authentication/api/signin {"u":"admin","p":"admin-password","kind":1}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, list := newPlatform(t, "/admin/api/keys", `{"by": "page", "start": "/admin/start", "steps": `+test.steps+`, `+signOut)
			c := newClient(t, s)
			page := c.follow("GET", s.WebAppURL()+"/admin/start", "")
			for _, sent := range test.sent {
				target, body, _ := strings.Cut(sent, " ")
				if target != "FORM" {
					r := decode[struct{ Go struct{ To string } }](t, c.want(200, c.do("POST", s.WebAppURL()+target, body)))
					page = c.follow("GET", r.Go.To, "")
					continue
				}
				action, hidden := formAction.FindStringSubmatch(page.body), hiddenToken.FindStringSubmatch(page.body)
				if action == nil || hidden == nil {
					t.Fatalf("this is no sign-in page: %d, %s", page.status, page.body)
				}
				page = c.follow("POST", s.WebAppURL()+"/authentication/"+action[1], body+"&_token="+hidden[1])
			}
			if !strings.Contains(page.body, "You are signed in.") {
				t.Errorf("%d, %s", page.status, page.body)
			}
			c.want(200, c.do("GET", list, ""))
			c.want(405, c.do("GET", s.WebAppURL()+"/admin/signout", ""))
			c.want(200, c.follow("POST", s.WebAppURL()+"/admin/signout", ""))
			if s.OpenPlatformSessions() != 0 {
				t.Errorf("sessions %+v", s.PlatformSessions())
			}
		})
	}
}

// The sign-in can start at a call.
func TestPlatform_startAtCall(t *testing.T) {
	t.Parallel()
	s, list := newPlatform(t, "/admin/api/keys", strings.Replace(byPage, "/webapp/settings", "/admin/api/keys", 1))
	c := newClient(t, s)
	if r := c.want(200, c.submitPassword(c.follow("GET", list, ""), emulator.AdminPassword)); r.body != "[]" {
		t.Errorf("the list is %s", r.body)
	}
}

// Calls by token need the scheme of the profile; their page hands the browser a token.
func TestPlatform_byToken(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"Bearer", "Token"} {
		s, list := newPlatform(t, "/admin/api/keys", `{"by": "token", "scheme": "`+scheme+`"}`)
		c := newClient(t, s)
		c.signInOnPlatform()
		c.want(401, c.do("GET", list, ""))
		token := decode[struct {
			Token string `json:"id_token"`
		}](t, c.want(200, c.do("GET", s.AdminPageURL()+"/token", ""))).Token
		other := newClient(t, s)
		for authorization, status := range map[string]int{
			scheme + " " + token: 200, scheme + " " + emulator.AdminToken: 200, scheme + " " + emulator.ViewerToken: 403,
			scheme + " wrong": 401, "Other " + token: 401, "Basic YWRtaW46YWRtaW4tcGFzc3dvcmQ=": 401,
		} {
			other.authorization = authorization
			other.want(status, other.do("GET", list, ""))
		}
		// A refused token is refused for good.
		s.Inject(emulator.Fault{Kind: emulator.Unauthorized401})
		other.authorization = scheme + " " + token
		other.want(401, other.do("GET", list, ""))
		other.want(401, other.do("GET", list, ""))
	}
}

// A profile by page takes a token as well, unless the server refuses it.
func TestPlatform_tokenForPage(t *testing.T) {
	t.Parallel()
	for status, quirks := range map[int][]authserver.Quirk{200: nil, 401: {authserver.TokenRefused}} {
		s, list := newPlatform(t, "/admin/api/keys", byPage, func(config *emulator.Config) { config.Quirks = quirks })
		c := newClient(t, s)
		c.authorization = "Token " + emulator.AdminToken
		c.want(status, c.do("GET", list, ""))
	}
}
