package twcloud

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// The user of the platform. The password has what is easily encoded wrongly.
const (
	platformUser     = "jörg"
	platformPassword = "canary päß &+%= word"
)

// platform is a Web Application Platform whose calls are behind its sign-in.
type platform struct {
	*authserver.Server
	config   authserver.Config
	profile  *profile.Profile
	requests atomic.Int32 // of the list
	log      lockedBuffer

	mu  sync.Mutex
	now time.Time
	// list answers the calls, after the sign-in.
	list http.HandlerFunc
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

var oneForm = []authserver.Step{{Form: map[string]string{"j_username": "{username}", "j_password": "{password}"}}}

// newPlatform starts a platform. With apart, its authentication server is at another
// address.
func newPlatform(t *testing.T, apart bool, options ...func(*authserver.Config)) *platform {
	t.Helper()
	p := &platform{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.config = authserver.Config{
		Platform: server.URL, Authentication: server.URL, SingleSignOnURL: "https://sso.example.com/saml2",
		Users: []authserver.User{{Name: platformUser, Password: platformPassword}}, AuthSecret: "canary-auth-secret",
		Clients: []authserver.Client{{ID: "terraform:client", Secret: "canary client &+%:"}},
		Steps:   oneForm, TokenSchemes: []string{"Token", "Bearer"}, SignOutPath: "/admin/logout",
		Now: func() time.Time {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.now
		},
	}
	if apart {
		other := httptest.NewServer(p)
		t.Cleanup(other.Close)
		p.config.Authentication = strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	}
	for _, option := range options {
		option(&p.config)
	}
	p.Server = authserver.New(p.config)
	own := *profile.BuiltIn()
	list, register := *own.Calls.List, *own.Calls.Register
	list.Path, register.Path = "/admin/api/consumers", "/admin/api/consumers"
	own.Server, own.Calls = profile.WebApp, profile.Calls{List: &list, Register: &register}
	own.SignIn = &profile.SignIn{By: profile.ByPage, Start: "/admin/settings", SignOut: &profile.SignOut{Method: http.MethodGet, Path: "/admin/logout"}}
	for _, step := range p.config.Steps {
		own.SignIn.Steps = append(own.SignIn.Steps, profile.Step{Form: step.Form, Method: step.Method, Path: step.Path, JSON: step.JSON, Next: step.Next})
	}
	p.profile = &own
	return p
}

func with(quirks ...authserver.Quirk) func(*authserver.Config) {
	return func(config *authserver.Config) { config.Quirks = quirks }
}

func (p *platform) advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", p.config.Now().Format(http.TimeFormat))
	apart := p.config.Authentication != p.config.Platform
	switch {
	case apart && strings.HasPrefix(r.URL.Path, authserver.Prefix) != ("http://"+r.Host == p.config.Authentication):
		http.NotFound(w, r)
	case p.Handles(r.URL.EscapedPath()):
		p.Server.ServeHTTP(w, r)
	case r.URL.Path == "/admin/settings":
		if access, ok := p.AuthorizePage(w, r); ok {
			// The page has a form that signs out.
			_, _ = io.WriteString(w, `<!doctype html><title>Settings of `+access.User+`</title><form action="logout" method="post"><input type="hidden" name="t" value="1"><button>Sign out</button></form>`)
		}
	case r.URL.Path == "/admin/api/consumers":
		p.requests.Add(1)
		if _, ok := p.AuthorizeCall(w, r); !ok {
			return
		}
		if p.list != nil {
			p.list(w, r)
			return
		}
		_, _ = io.WriteString(w, "[]")
	default:
		http.NotFound(w, r)
	}
}

// client returns a client that is not configured for a REST API.
func (p *platform) client(t *testing.T, options ...func(*Options)) *Client {
	t.Helper()
	client, err := New(testOptions(t, "https://rest.invalid", append([]func(*Options){func(o *Options) {
		o.Endpoint, o.WebAppEndpoint, o.AuthenticationEndpoint = nil, mustParseURL(t, p.config.Platform), mustParseURL(t, p.config.Authentication)
		o.Profile, o.Credentials = p.profile, Credentials{Username: platformUser, Password: platformPassword}
		o.Logger = slog.New(slog.NewTextHandler(&p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}}, options...)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if left := p.Sessions(); len(left) > 0 {
			t.Errorf("sessions are left: %v", left)
		}
		for _, canary := range []string{"canary", "execution=", "code=", "state="} {
			if log := p.log.String(); strings.Contains(log, canary) {
				t.Errorf("the log has %q:\n%s", canary, log)
			}
		}
	})
	return client
}

func listTwice(t *testing.T, client *Client) {
	t.Helper()
	for range 2 {
		if _, err := client.View().List(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlatformPages(t *testing.T) {
	t.Parallel()
	twoPages := []authserver.Step{{Form: map[string]string{"user": "{username}"}}, {Form: map[string]string{"pass": "{password}", "go": "in"}}}
	scripted := []authserver.Step{{
		Method: http.MethodPost, Path: "/authentication/api/signin", Next: "/links/0~1next",
		JSON: map[string]any{"user": map[string]any{"name": "{username}", "password": "{password}"}, "remember": false},
	}}
	formAndScript := []authserver.Step{twoPages[0], {
		Method: http.MethodPost, Path: "/authentication/api/password", Next: "/next", JSON: map[string]any{"password": "{password}"},
	}}
	for name, steps := range map[string][]authserver.Step{"one form": oneForm, "two pages": twoPages, "script": scripted, "form and script": formAndScript} {
		for quirk, quirks := range map[string][]authserver.Quirk{
			"regular": nil, "remember me": {authserver.RememberMe}, "expired by redirect": {authserver.ExpiredByRedirect},
			"German": {authserver.German}, "auto-submit": {authserver.AutoSubmit},
		} {
			for _, apart := range []bool{false, true} {
				where := map[bool]string{false: "together", true: "apart"}[apart]
				t.Run(name+"/"+quirk+"/"+where, func(t *testing.T) {
					t.Parallel()
					p := newPlatform(t, apart, with(quirks...), func(c *authserver.Config) { c.Steps = steps })
					client := p.client(t)
					var group sync.WaitGroup
					for range 5 {
						group.Go(func() { listTwice(t, client) })
					}
					group.Wait()
					if counts := p.Counts(); counts.SignIns != 1 {
						t.Errorf("%+v", counts)
					}
					p.ExpireSessions()
					listTwice(t, client)
					// The authentication server knows the browser no more: it is a new one.
					p.ExpireApplications()
					listTwice(t, client)
					if counts := p.Counts(); counts.SignIns != 3 || counts.FailedSignIns != 0 {
						t.Errorf("%+v", counts)
					}
				})
			}
		}
	}
}

func TestPlatformSignInFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		quirks   []authserver.Quirk
		password string
		change   func(*profile.SignIn)
		config   func(*authserver.Config)
		kind     error
		part     string
		says     string
		failed   int // sign-ins with a wrong password
	}{
		"wrong password":      {password: "canary wrong", kind: ErrCredentials, failed: 1},
		"wrong password, 200": {quirks: []authserver.Quirk{authserver.WrongPassword200}, password: "canary wrong", kind: ErrCredentials, failed: 1},
		"wrong password, script": {
			password: "canary wrong", kind: ErrCredentials, failed: 1, config: func(c *authserver.Config) {
				c.Steps = []authserver.Step{{Method: http.MethodPost, Path: "/authentication/api/signin", Next: "/next", JSON: map[string]any{"u": "{username}", "p": "{password}"}}}
			},
		},
		"wrong password, two pages": {
			password: "canary wrong", kind: ErrCredentials, failed: 1, config: func(c *authserver.Config) {
				c.Steps = []authserver.Step{{Form: map[string]string{"u": "{username}"}}, {Form: map[string]string{"p": "{password}"}}}
			},
		},
		"single sign-on": {quirks: []authserver.Quirk{authserver.SingleSignOn}, kind: ErrSingleSignOn, part: "sign_in.start", says: "to sso.example.com, which looks like single sign-on"},
		"the platform's own name": {
			config: func(c *authserver.Config) { c.Authentication = "http://official.example.com:8443" },
			kind:   ErrSingleSignOn, part: "sign_in.start", says: "set webapp_endpoint to http://official.example.com:8443",
		},
		"expired password": {quirks: []authserver.Quirk{authserver.PasswordExpired}, kind: ErrSignInPage, part: "sign_in", says: `"Your password has expired": it asks for a password`},
		"consent":          {quirks: []authserver.Quirk{authserver.Consent}, kind: ErrSignInPage, part: "sign_in", says: `"Allow access to your account?": it asks for something else`},
		"another form": {
			change: func(in *profile.SignIn) { in.Steps = []profile.Step{{Form: map[string]string{"login": "{username}"}}} },
			kind:   ErrSignInPage, part: "sign_in", says: `"Sign in": it asks for a password`,
		},
		"no start": {
			change: func(in *profile.SignIn) { in.Start = "/admin/nowhere" }, kind: ErrSignInPage, part: "sign_in.start", says: "GET /admin/nowhere",
		},
		"no address in the response": {
			change: func(in *profile.SignIn) { in.Steps[0].Next = "/elsewhere" }, kind: ErrSignInPage, part: "sign_in.steps[0]", says: "no address",
			config: func(c *authserver.Config) {
				c.Steps = []authserver.Step{{Method: http.MethodPost, Path: "/authentication/api/signin", Next: "/next", JSON: map[string]any{"u": "{username}", "p": "{password}"}}}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, false, with(test.quirks...), func(c *authserver.Config) {
				if test.config != nil {
					test.config(c)
				}
			})
			if test.change != nil {
				test.change(p.profile.SignIn)
			}
			authentication := p.config.Platform
			client := p.client(t, func(o *Options) {
				o.AuthenticationEndpoint = mustParseURL(t, authentication)
				if test.password != "" {
					o.Credentials.Password = test.password
				}
			})
			for range 3 {
				_, err := client.View().List(t.Context())
				client = client.connection.view()
				failure := &Error{}
				if !errors.Is(err, test.kind) || !errors.As(err, &failure) || !failure.Login || failure.Part != test.part || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v in %q, want %v that says %q", err, failure.Part, test.kind, test.says)
				}
				if err != nil && strings.Contains(err.Error(), "canary") {
					t.Errorf("the error has the password: %v", err)
				}
			}
			if p.requests.Load() != 0 {
				t.Errorf("%d lists were requested", p.requests.Load())
			}
		})
	}
}

// Wrong credentials are tried once, at whichever server.
func TestWrongPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	var logins atomic.Int32
	rest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		logins.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(rest.Close)
	client := p.client(t, func(o *Options) {
		o.Endpoint, o.Credentials.Password = mustParseURL(t, rest.URL), "canary wrong"
	})
	for range 3 {
		if _, err := client.List(t.Context()); !errors.Is(err, ErrCredentials) {
			t.Errorf("got %v", err)
		}
		if _, err := client.Version(t.Context()); !errors.Is(err, ErrCredentials) {
			t.Errorf("got %v", err)
		}
	}
	if tried := p.Counts().FailedSignIns + int(logins.Load()); tried != 1 {
		t.Errorf("the password was tried %d times", tried)
	}
}

// Each server has a session of its own, opened by the first request to it.
func TestSessionsOfBothServers(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	var sent lockedBuffer
	rest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(&sent, r.URL.Path+" "+r.Header.Get("Cookie")+"\n")
		if strings.HasSuffix(r.URL.Path, "/login") {
			w.Header().Set("Set-Cookie", "session=1; Path=/osmc")
		}
		_, _ = io.WriteString(w, "2024x")
	}))
	t.Cleanup(rest.Close)
	client := p.client(t, func(o *Options) { o.Endpoint = mustParseURL(t, rest.URL) })
	listTwice(t, client)
	if sent.String() != "" {
		t.Errorf("the REST API got %s", sent.String())
	}
	if _, err := client.Version(t.Context()); err != nil {
		t.Error(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if want := "/osmc/login \n/osmc/version session=1\n/osmc/logout session=1\n"; sent.String() != want {
		t.Errorf("the REST API got %s", sent.String())
	}
}

func TestPlatformTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		credentials Credentials
		scheme      string
		kind        error
		says        string
	}{
		"auth_secret": {
			credentials: Credentials{Username: platformUser, Password: platformPassword, ClientID: "twc-rest-api", AuthSecret: "canary-auth-secret"}, scheme: "Token",
		},
		"client_secret": {
			credentials: Credentials{Username: platformUser, Password: platformPassword, ClientID: "terraform:client", ClientSecret: "canary client &+%:"}, scheme: "Bearer",
		},
		"wrong auth_secret": {
			credentials: Credentials{Username: platformUser, Password: platformPassword, ClientID: "twc-rest-api", AuthSecret: "canary-wrong"}, scheme: "Token",
			kind: ErrCredentials, says: "check client_id or auth_secret",
		},
		"wrong client_secret": {
			credentials: Credentials{Username: platformUser, Password: platformPassword, ClientID: "terraform:client", ClientSecret: "canary-wrong"}, scheme: "Bearer",
			kind: ErrCredentials, says: "check client_id or client_secret",
		},
		"wrong password, auth_secret": {
			credentials: Credentials{Username: platformUser, Password: "canary-wrong", ClientID: "twc-rest-api", AuthSecret: "canary-auth-secret"}, scheme: "Token",
			kind: ErrCredentials, says: "check username or password",
		},
		"wrong password, client_secret": {
			credentials: Credentials{Username: platformUser, Password: "canary-wrong", ClientID: "terraform:client", ClientSecret: "canary client &+%:"}, scheme: "Bearer",
			kind: ErrCredentials, says: "check username or password",
		},
		"wrong token":  {credentials: Credentials{Token: "canary-token"}, scheme: "Token", kind: ErrCredentials, says: "does not accept the token"},
		"nothing else": {credentials: Credentials{Username: platformUser, Password: platformPassword}, scheme: "Token", kind: ErrNoCredentials, says: "none is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, false)
			p.profile.SignIn = &profile.SignIn{By: profile.ByToken, Scheme: test.scheme}
			client := p.client(t, func(o *Options) { o.Credentials = test.credentials })
			if test.kind != nil {
				for range 3 {
					if _, err := client.List(t.Context()); !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "canary") {
						t.Errorf("got %v", err)
					}
				}
				if sent := strings.Count(p.log.String(), "status=401"); test.credentials.Token != "" && sent != 1 {
					t.Errorf("a token that is refused was sent %d times", sent)
				}
				return
			}
			listTwice(t, client)
			// It expires in the middle: one token for all callers.
			p.advance(time.Hour)
			var group sync.WaitGroup
			for range 5 {
				group.Go(func() { listTwice(t, client) })
			}
			group.Wait()
			if issued := p.Counts().TokensIssued; issued != 2 {
				t.Errorf("%d tokens were issued", issued)
			}
		})
	}
}

// A token wins over a page, and one that has expired is told as such.
func TestPlatformTokenInsteadOfPage(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false, with(authserver.SingleSignOn))
	client := p.client(t, func(o *Options) { o.Credentials = Credentials{Token: p.NewIDToken(platformUser)} })
	listTwice(t, client)
	p.advance(time.Hour)
	if _, err := client.View().List(t.Context()); !errors.Is(err, ErrCredentials) || !strings.Contains(err.Error(), "the token expired 45m0s ago, at 2026-03-01T12:15:00Z") {
		t.Errorf("got %v", err)
	}
}

// A registration is repeated after a redirect to where requests without a session are
// sent. After the sign-in page itself, its outcome is unknown.
func TestPlatformSessionEndsDuringARegistration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		respond http.HandlerFunc
		posts   int32
		signIns int
		done    bool
	}{
		"to the sign-in": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/authentication/authorize?client_id=x&state=y", http.StatusFound)
		}, 2, 2, true},
		"401": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, 2, 2, true},
		"the page itself": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<form><input type=password name=j_password></form>")
		}, 1, 1, false},
		"to the start": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/admin/settings", http.StatusSeeOther)
		}, 1, 1, false},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/admin/done", http.StatusSeeOther) }, 1, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t, false)
			var posts atomic.Int32
			p.list = func(w http.ResponseWriter, r *http.Request) {
				if posts.Add(1) == 1 {
					test.respond(w, r)
					return
				}
				w.WriteHeader(http.StatusCreated)
			}
			client := p.client(t)
			var sent exchanges
			ctx := withExchanges(withManner(t.Context(), once), &sent)
			request, err := newRequest(ctx, http.MethodPost, client.options.WebAppEndpoint, "/admin/api/consumers", "", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.roundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			if done := response.StatusCode == http.StatusCreated; done != test.done || posts.Load() != test.posts || p.Counts().SignIns != test.signIns {
				t.Errorf("got %d after %d POSTs and %+v", response.StatusCode, posts.Load(), p.Counts())
			}
			if !sent.maybeDone() {
				t.Error("the server may have made the call")
			}
		})
	}
}

// A session that ends proves that the server did not make the call.
func TestPlatformRefusalIsCertain(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	p.list = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/authentication/authorize", http.StatusFound)
	}
	client := p.client(t)
	var sent exchanges
	ctx := withExchanges(withManner(t.Context(), once), &sent)
	request, err := newRequest(ctx, http.MethodPost, client.options.WebAppEndpoint, "/admin/api/consumers", "", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.roundTrip(request); !errors.Is(err, ErrSession) || sent.maybeDone() {
		t.Errorf("got %v, uncertain: %t", err, sent.maybeDone())
	}
}

// Without an address of the REST API, a call to it says so.
func TestNoEndpoint(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	client := p.client(t)
	if _, err := client.Version(t.Context()); !errors.Is(err, ErrNoEndpoint) {
		t.Errorf("got %v", err)
	}
	if _, err := client.OAuthEndpoints(t.Context()); err == nil {
		t.Error("there are root services")
	}
}

// The redirect that means success says nothing of the session, also if it leads to
// where the sign-in starts.
func TestPlatformOwnRedirect(t *testing.T) {
	t.Parallel()
	p := newPlatform(t, false)
	var posts atomic.Int32
	p.list = func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		http.Redirect(w, r, "/admin/settings", http.StatusSeeOther)
	}
	client := p.client(t)
	call := &profile.Call{Name: "register", Method: http.MethodPost, Path: "/admin/api/consumers", Redirect: "/admin/settings", Form: map[string]string{"a": "b"}}
	r, err := client.send(t.Context(), call, profile.Values{})
	if err != nil || r.StatusCode != http.StatusSeeOther {
		t.Errorf("got %v, %v", r, err)
	}
	if posts.Load() != 1 || p.Counts().SignIns != 1 {
		t.Errorf("%d POSTs, %+v", posts.Load(), p.Counts())
	}
}
