package twcloud

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// The user of the platform. The password has what is easily encoded wrongly.
const (
	platformUser     = "jörg"
	platformPassword = "canary päß &+%= word"
	platformToken    = "canary-token"
)

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

// newPlatform starts a server whose calls are behind the sign-in of the platform, and
// returns options of a client for it, whose log holds no secret.
func newPlatform(t *testing.T, configure ...func(*emulator.Config)) (*emulator.Server, func(*Options)) {
	t.Helper()
	var own *profile.Profile
	server, spoken := newDialect(t, "wrapped", func(c *emulator.Config) {
		c.Users = []emulator.User{{Name: platformUser, Password: platformPassword, Token: platformToken, ConfigureServer: true}}
		for _, change := range configure {
			change(c)
		}
		own = c.Profile
	})
	log := &lockedBuffer{}
	t.Cleanup(func() {
		for _, canary := range []string{"canary", emulator.AuthSecret, emulator.ClientSecret, "execution=", "code=", "state="} {
			if strings.Contains(log.String(), canary) {
				t.Errorf("the log has %q:\n%s", canary, log)
			}
		}
	})
	return server, func(o *Options) {
		spoken(o)
		o.Profile, o.Credentials = own, Credentials{Username: platformUser, Password: platformPassword}
		o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

func with(quirks ...authserver.Quirk) func(*emulator.Config) {
	return func(c *emulator.Config) { c.Quirks = quirks }
}

func signingIn(steps ...profile.Step) func(*emulator.Config) {
	return func(c *emulator.Config) { c.Profile.SignIn.Steps = steps }
}

func callsOf(server *emulator.Server, call string) int {
	requests := server.Requests()
	return len(slices.DeleteFunc(requests, func(r emulator.Request) bool { return r.Call != call }))
}

func listTwice(t *testing.T, client *Client) {
	t.Helper()
	for range 2 {
		if _, err := client.View().List(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Sign-ins by forms, by scripts, and by both.
var (
	oneForm  = []profile.Step{{Form: map[string]string{"j_username": "{username}", "j_password": "{password}"}}}
	twoPages = []profile.Step{{Form: map[string]string{"user": "{username}"}}, {Form: map[string]string{"pass": "{password}", "go": "in"}}}
	scripted = []profile.Step{{
		Method: http.MethodPost, Path: "/authentication/api/signin", Next: "/links/0~1next",
		JSON: map[string]any{"user": map[string]any{"name": "{username}", "password": "{password}"}, "remember": false},
	}}
	formAndScript = []profile.Step{twoPages[0], {
		Method: http.MethodPost, Path: "/authentication/api/password", Next: "/next", JSON: map[string]any{"password": "{password}"},
	}}
)

func TestPlatformPages(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]profile.Step{"one form": oneForm, "two pages": twoPages, "script": scripted, "form and script": formAndScript} {
		for quirk, quirks := range map[string][]authserver.Quirk{
			"regular": nil, "remember me": {authserver.RememberMe}, "expired by redirect": {authserver.ExpiredByRedirect},
			"German": {authserver.German}, "auto-submit": {authserver.AutoSubmit},
		} {
			for where, address := range map[string]string{"together": "", "apart": "localhost:0"} {
				t.Run(name+"/"+quirk+"/"+where, func(t *testing.T) {
					t.Parallel()
					server, options := newPlatform(t, with(quirks...), signingIn(steps...), func(c *emulator.Config) { c.AuthenticationAddress = address })
					client := connect(t, server, options)
					var group sync.WaitGroup
					for range 5 {
						group.Go(func() { listTwice(t, client) })
					}
					group.Wait()
					if counts := server.PlatformCounts(); counts.SignIns != 1 {
						t.Errorf("%+v", counts)
					}
					server.ExpireSessions()
					listTwice(t, client)
					// The authentication server knows the browser no more: it is a new one.
					server.ExpireApplicationSessions()
					listTwice(t, client)
					if counts := server.PlatformCounts(); counts.SignIns != 3 || counts.FailedSignIns != 0 {
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
		config   func(*emulator.Config)
		password string
		change   func(*profile.SignIn) // of the client's profile
		kind     error
		part     string
		says     string
	}{
		"wrong password":      {password: "canary wrong", kind: ErrCredentials},
		"wrong password, 200": {config: with(authserver.WrongPassword200), password: "canary wrong", kind: ErrCredentials},
		"single sign-on":      {config: with(authserver.SingleSignOn), kind: ErrSingleSignOn, part: "sign_in.start", says: "to sso.example.com, which looks like single sign-on"},
		"the platform's own name": {
			config: func(c *emulator.Config) { c.AuthenticationAddress = "localhost:0" },
			kind:   ErrSingleSignOn, part: "sign_in.start", says: "set webapp_endpoint to http://localhost:",
		},
		"expired password": {config: with(authserver.PasswordExpired), kind: ErrSignInPage, part: "sign_in", says: `"Your password has expired": it asks for a password`},
		"consent":          {config: with(authserver.Consent), kind: ErrSignInPage, part: "sign_in", says: `"Allow access to your account?": it asks for something else`},
		"another form": {
			change: func(in *profile.SignIn) { in.Steps = []profile.Step{{Form: map[string]string{"login": "{username}"}}} },
			kind:   ErrSignInPage, part: "sign_in", says: `"Sign in": it asks for a password`,
		},
		"no start": {
			change: func(in *profile.SignIn) { in.Start = "/admin/nowhere" }, kind: ErrSignInPage, part: "sign_in.start", says: "GET /admin/nowhere",
		},
		"no address in the response": {
			config: signingIn(scripted...), change: func(in *profile.SignIn) { in.Steps[0].Next = "/elsewhere" },
			kind: ErrSignInPage, part: "sign_in.steps[0]", says: "no address",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := test.config
			if config == nil {
				config = with()
			}
			server, options := newPlatform(t, config)
			client := connect(t, server, options, func(o *Options) {
				o.AuthenticationEndpoint = o.WebAppEndpoint
				if test.password != "" {
					o.Credentials.Password = test.password
				}
				if test.change != nil {
					own, in := *o.Profile, *o.Profile.SignIn
					in.Steps = slices.Clone(in.Steps)
					test.change(&in)
					own.SignIn, o.Profile = &in, &own
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
			if lists := callsOf(server, "list"); lists != 0 {
				t.Errorf("%d lists were requested", lists)
			}
		})
	}
}

// Wrong credentials are tried once, at whichever server.
func TestWrongPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	server, options := newPlatform(t)
	client := connect(t, server, options, func(o *Options) {
		o.Endpoint, o.Credentials.Password = mustParseURL(t, server.URL()), "canary wrong"
	})
	for range 3 {
		if _, err := client.List(t.Context()); !errors.Is(err, ErrCredentials) {
			t.Errorf("got %v", err)
		}
		if _, err := client.Version(t.Context()); !errors.Is(err, ErrCredentials) {
			t.Errorf("got %v", err)
		}
	}
	if logins := len(sentTo(server, wire.LoginPath)); server.PlatformCounts().FailedSignIns+logins != 1 {
		t.Errorf("%+v, and %d logins", server.PlatformCounts(), logins)
	}
}

// Each server has a session of its own, opened by the first request to it.
func TestSessionsOfBothServers(t *testing.T) {
	t.Parallel()
	server, options := newPlatform(t)
	client := connect(t, server, options, func(o *Options) { o.Endpoint = mustParseURL(t, server.URL()) })
	listTwice(t, client)
	if server.SessionsOpened() > 0 {
		t.Error("a session of the REST API was opened")
	}
	if _, err := client.Version(t.Context()); err != nil {
		t.Error(err)
	}
	if rest, platform := server.OpenSessions(), server.PlatformCounts(); rest != 1 || platform.SignIns != 1 {
		t.Errorf("%d sessions on the REST API, and %+v", rest, platform)
	}
}

func TestPlatformTokens(t *testing.T) {
	t.Parallel()
	byAuthSecret := Credentials{Username: platformUser, Password: platformPassword, ClientID: "twc-rest-api", AuthSecret: emulator.AuthSecret}
	byClientSecret := Credentials{Username: platformUser, Password: platformPassword, ClientID: emulator.ClientID, ClientSecret: emulator.ClientSecret}
	but := func(credentials Credentials, change func(*Credentials)) Credentials {
		change(&credentials)
		return credentials
	}
	wrongPassword := func(c *Credentials) { c.Password = "canary-wrong" }
	for name, test := range map[string]struct {
		credentials Credentials
		scheme      string
		kind        error
		says        string
	}{
		"auth_secret":   {credentials: byAuthSecret, scheme: "Token"},
		"client_secret": {credentials: byClientSecret, scheme: "Bearer"},
		"wrong auth_secret": {
			credentials: but(byAuthSecret, func(c *Credentials) { c.AuthSecret = "canary-wrong" }), scheme: "Token",
			kind: ErrCredentials, says: "check client_id or auth_secret",
		},
		"wrong client_secret": {
			credentials: but(byClientSecret, func(c *Credentials) { c.ClientSecret = "canary-wrong" }), scheme: "Bearer",
			kind: ErrCredentials, says: "check client_id or client_secret",
		},
		"wrong password, auth_secret":   {credentials: but(byAuthSecret, wrongPassword), scheme: "Token", kind: ErrCredentials, says: "check username or password"},
		"wrong password, client_secret": {credentials: but(byClientSecret, wrongPassword), scheme: "Bearer", kind: ErrCredentials, says: "check username or password"},
		"wrong token":                   {credentials: Credentials{Token: "canary-wrong-token"}, scheme: "Token", kind: ErrCredentials, says: "does not accept the token"},
		"nothing else":                  {credentials: Credentials{Username: platformUser, Password: platformPassword}, scheme: "Token", kind: ErrNoCredentials, says: "none is configured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var later atomic.Int64
			server, options := newPlatform(t, func(c *emulator.Config) {
				c.Profile.SignIn = &profile.SignIn{By: profile.ByToken, Scheme: test.scheme}
				c.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
			})
			client := connect(t, server, options, func(o *Options) { o.Credentials = test.credentials })
			if test.kind != nil {
				for range 3 {
					if _, err := client.List(t.Context()); !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "canary") {
						t.Errorf("got %v", err)
					}
				}
				if lists := callsOf(server, "list"); test.credentials.Token != "" && lists != 1 {
					t.Errorf("a token that is refused was sent %d times", lists)
				}
				return
			}
			listTwice(t, client)
			// It expires in the middle: one token for all callers.
			later.Store(int64(time.Hour))
			var group sync.WaitGroup
			for range 5 {
				group.Go(func() { listTwice(t, client) })
			}
			group.Wait()
			if issued := server.PlatformCounts().TokensIssued; issued != 2 {
				t.Errorf("%d tokens were issued", issued)
			}
		})
	}
}

// A token wins over a page.
func TestPlatformTokenInsteadOfPage(t *testing.T) {
	t.Parallel()
	server, options := newPlatform(t, with(authserver.SingleSignOn))
	listTwice(t, connect(t, server, options, func(o *Options) { o.Credentials = Credentials{Token: platformToken} }))
}

// answering answers the first POSTs to the list of consumers, in place of the server.
func answering(posts *atomic.Int32, first int32, answer func() *http.Response) func(*Options) {
	return func(o *Options) {
		network := &http.Transport{}
		o.Transport = transportFunc(func(request *http.Request) (*http.Response, error) {
			if request.Method != http.MethodPost || request.URL.Path != o.Profile.Calls.Register.Path {
				return network.RoundTrip(request)
			}
			dial(request, true)
			if posts.Add(1) <= first {
				return answer(), nil
			}
			return reply(http.StatusCreated, ""), nil
		})
	}
}

// A registration is repeated after a redirect to where requests without a session are
// sent, which proves that the server did not make the call. After the sign-in page
// itself, its outcome is unknown.
func TestPlatformSessionEndsDuringARegistration(t *testing.T) {
	t.Parallel()
	redirect := func(location string) func() *http.Response {
		return func() *http.Response { return reply(http.StatusFound, "", "Location", location) }
	}
	const signIn = "/authentication/authorize?client_id=x&state=y"
	for name, test := range map[string]struct {
		answer  func() *http.Response
		times   int32
		posts   int32
		status  int // zero: the session is refused
		unknown bool
	}{
		"to the sign-in": {redirect(signIn), 1, 2, http.StatusCreated, true},
		"always to it":   {redirect(signIn), 2, 2, 0, false},
		"401":            {func() *http.Response { return reply(http.StatusUnauthorized, "") }, 1, 2, http.StatusCreated, true},
		"the page itself": {func() *http.Response {
			return reply(http.StatusOK, "<form><input type=password name=j_password></form>", "Content-Type", "text/html")
		}, 1, 1, http.StatusOK, true},
		"to the start": {redirect("/admin/"), 1, 1, http.StatusFound, true},
		"elsewhere":    {redirect("/admin/done"), 1, 1, http.StatusFound, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, options := newPlatform(t)
			var posts atomic.Int32
			client := connect(t, server, options, answering(&posts, test.times, test.answer))
			var sent exchanges
			ctx := withExchanges(withManner(t.Context(), once), &sent)
			request, err := newRequest(ctx, http.MethodPost, client.options.WebAppEndpoint, client.profile.Calls.Register.Path, "", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.roundTrip(request)
			if errors.Is(err, ErrSession) != (test.status == 0) || err == nil && response.StatusCode != test.status {
				t.Errorf("got %v, %v", response, err)
			}
			// A session that is dropped is replaced for the POST that follows.
			if posts.Load() != test.posts || server.PlatformCounts().SignIns != int(test.posts) || sent.maybeDone() != test.unknown {
				t.Errorf("%d POSTs and %+v, the outcome is unknown: %t", posts.Load(), server.PlatformCounts(), sent.maybeDone())
			}
		})
	}
}

// Without an address of the REST API, a call to it says so.
func TestNoEndpoint(t *testing.T) {
	t.Parallel()
	server, options := newPlatform(t)
	client := connect(t, server, options)
	if _, err := client.Version(t.Context()); !errors.Is(err, ErrNoEndpoint) {
		t.Errorf("got %v", err)
	}
	server.Inject(emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusNotFound, PathSuffix: wire.RootServicesPath})
	if _, err := client.OAuthEndpoints(t.Context()); err == nil {
		t.Error("there are root services")
	}
}

// The redirect that means success says nothing of the session, also if it leads to
// where the sign-in starts.
func TestPlatformOwnRedirect(t *testing.T) {
	t.Parallel()
	server, options := newPlatform(t)
	var posts atomic.Int32
	client := connect(t, server, options, answering(&posts, 1, func() *http.Response { return reply(http.StatusSeeOther, "", "Location", "/admin/") }))
	call := *client.profile.Calls.Register
	call.Redirect, call.JSON, call.Form = "/admin/", nil, map[string]string{"a": "b"}
	r, err := client.send(t.Context(), &call, profile.Values{})
	if err != nil || r.StatusCode != http.StatusSeeOther {
		t.Errorf("got %v, %v", r, err)
	}
	if posts.Load() != 1 || server.PlatformCounts().SignIns != 1 {
		t.Errorf("%d POSTs, %+v", posts.Load(), server.PlatformCounts())
	}
}
