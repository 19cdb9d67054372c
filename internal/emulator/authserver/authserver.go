// Package authserver emulates how the Web Application Platform signs users in: the
// authentication server with its pages and tokens, and the session that each
// application of the platform keeps. It knows OAuth 2.0 and OpenID Connect, and
// nothing of consumers or API profiles.
//
// The paths and parameters of the authentication server, and the lifetimes of codes
// and tokens, are documented by the vendor (V). The pages, the cookies, and the
// paths of the pages are assumed (A): hence the steps and the quirks of Config.
package authserver

import (
	"crypto/rand"
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Defaults of Config.
const (
	// DefaultIdleTimeout is how long a session lives without a request: what the
	// vendor's hardening guide sets (V).
	DefaultIdleTimeout = 30 * time.Minute

	// DefaultTokenLifetime is how long an ID token lives (V).
	DefaultTokenLifetime = 15 * time.Minute
)

// codeLifetime is how long an authorization code lives (V).
const codeLifetime = 15 * time.Second

// PlatformClientID is the client ID of the platform itself (V).
const PlatformClientID = "webApplicationPlatform"

// DefaultClientIDs are the clients that share Config.AuthSecret (V). twc-rest-api
// is not among the vendor's defaults: an administrator adds it.
func DefaultClientIDs() []string {
	return []string{"MAGICDRAW", PlatformClientID, "twcSynchronizationManager", "twc-rest-api"}
}

// Quirk is a way in which a server deviates from the regular sign-in.
type Quirk string

// The quirks.
const (
	// SingleSignOn turns user name and password off: the sign-in leaves for another
	// host (V).
	SingleSignOn Quirk = "single-sign-on"

	// WrongPassword200 shows the form again with the status 200 after wrong
	// credentials, instead of 401.
	WrongPassword200 Quirk = "wrong-password-200"

	// ExpiredByRedirect redirects each request without a session to the sign-in, not
	// only those for pages.
	ExpiredByRedirect Quirk = "expired-by-redirect"

	// TokenRefused accepts no token in place of a session.
	TokenRefused Quirk = "token-refused"

	// German has the pages in German, in ISO 8859-1.
	German Quirk = "german"

	// AutoSubmit returns to the platform by a form with hidden fields that a script
	// submits, instead of a redirect.
	AutoSubmit Quirk = "auto-submit"

	// PasswordExpired asks for a new password after the sign-in. Nobody can set it here.
	PasswordExpired Quirk = "password-expired"

	// Consent asks for consent after the sign-in.
	Consent Quirk = "consent"

	// RememberMe has a "Remember me" box in the form, and a button for SAML users
	// beside it (V).
	RememberMe Quirk = "remember-me"
)

// Quirks returns all of them.
func Quirks() []Quirk {
	return []Quirk{
		SingleSignOn, WrongPassword200, ExpiredByRedirect, TokenRefused, German, AutoSubmit, PasswordExpired, Consent, RememberMe,
	}
}

// The placeholders of a Step.
const (
	UsernamePlaceholder = "{username}"
	PasswordPlaceholder = "{password}"
)

// Step is one page of the sign-in, and the request that it sends. It has either a
// form, or JSON that a script sends.
type Step struct {
	// Form has the fields. A value is a placeholder, or belongs to the button.
	Form map[string]string

	// Method, Path, and JSON are the request of the script. Path is below Prefix. JSON has
	// numbers as json.Number, and its strings that are placeholders are replaced. Next is
	// a JSON pointer to the address to go on with, in the response.
	Method, Path string
	JSON         any
	Next         string
}

// User can sign in, with the password or with the token.
type User struct {
	Name, Password string

	// Token is a personal access token. Empty: none.
	Token string
}

// Client is a client of OAuth 2.0 or OpenID Connect that an administrator has
// registered and approved (V).
type Client struct{ ID, Secret string }

// Config are the settings of a Server.
type Config struct {
	// Authentication and Platform are the roots of the two servers as clients reach
	// them, without a slash at the end. They can be equal.
	Authentication, Platform string

	// SingleSignOnURL is where SingleSignOn and the SAML button lead to.
	SingleSignOnURL string

	// CookiePrefix is in front of each cookie's Path.
	CookiePrefix string

	Users []User

	// AuthSecret is what the clients of DefaultClientIDs send as X-Auth-Secret (V).
	AuthSecret string

	// Clients are the registered ones, each with a secret of its own.
	Clients []Client

	// Steps are the pages of the sign-in. Nil: one form, with username and password.
	Steps []Step

	// SignOutMethod and SignOutPath end a session of the platform. Empty: GET, and only
	// the authentication server has a sign-out.
	SignOutMethod, SignOutPath string

	// TokenSchemes are the schemes of the Authorization header that calls accept with
	// a token.
	TokenSchemes []string

	// TokensOnly has calls accept nothing but tokens.
	TokensOnly bool

	// IdleTimeout is how long a session lives without a request. Zero:
	// DefaultIdleTimeout.
	IdleTimeout time.Duration

	// TokenLifetime is how long ID tokens and access tokens live. Zero:
	// DefaultTokenLifetime.
	TokenLifetime time.Duration

	Quirks []Quirk

	// Now tells the time. Nil: time.Now.
	Now func() time.Time
}

// Counts are what has happened since the start.
type Counts struct {
	// SignIns and FailedSignIns count the passwords that the pages have accepted and
	// refused.
	SignIns       int `json:"signIns"`
	FailedSignIns int `json:"failedSignIns"`

	// SignOuts counts the sessions of users that a sign-out has ended.
	SignOuts int `json:"signOuts"`

	// TokensIssued counts the ID tokens and access tokens that a token endpoint has
	// issued.
	TokensIssued int `json:"tokensIssued"`
}

// Server is the authentication server and the platform's side of the sign-in. Its
// methods are safe for concurrent use.
type Server struct {
	config Config
	routes map[string]map[string]http.HandlerFunc // by path and method

	mu            sync.Mutex          // guards what follows
	sessions      map[string]*session // by cookie
	codes         map[string]*code
	tokens        map[string]token
	registrations int // of sessions
	counts        Counts
}

// New returns a Server.
func New(config Config) *Server {
	if len(config.Steps) == 0 {
		config.Steps = []Step{{Form: map[string]string{"username": UsernamePlaceholder, "password": PasswordPlaceholder}}}
	}
	if config.SignOutMethod == "" {
		config.SignOutMethod = http.MethodGet
	}
	if config.IdleTimeout == 0 {
		config.IdleTimeout = DefaultIdleTimeout
	}
	if config.TokenLifetime == 0 {
		config.TokenLifetime = DefaultTokenLifetime
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &Server{config: config, sessions: map[string]*session{}, codes: map[string]*code{}, tokens: map[string]token{}}
	s.addRoutes()
	return s
}

// Paths of the authentication server. The pages' are assumed (A). Of the documented ones,
// those that this project has no use for are left out.
const (
	// Prefix is what the paths of the authentication server begin with (V).
	Prefix = "/authentication/"

	// LoginPath is the sign-in page.
	LoginPath = Prefix + "login"

	// SignOutPath ends the session of the authentication server (V).
	SignOutPath = Prefix + "api/signout"

	openIDConfigurationPath = Prefix + ".well-known/openid-configuration"   // (V)
	oidcConfigurationPath   = Prefix + ".well-known/oidc-configuration"     // (V)
	oauth2ConfigurationPath = Prefix + ".well-known/oauth2.0-configuration" // (V)
	authorizePath           = Prefix + "authorize"                          // (V)
	tokenPath               = Prefix + "api/token"                          // (V)
	oidcTokenPath           = Prefix + "api/oidc/token"                     // (V)
	oauth2TokenPath         = Prefix + "api/oauth2/token"                   // (V)
	consentPath             = Prefix + "consent"                            // (A)
	newPasswordPath         = Prefix + "password"                           // (A)

	// callbackSegment is the path of each application that codes are sent to (A).
	callbackSegment = "callback"
)

func (s *Server) addRoutes() {
	get := func(handle http.HandlerFunc) map[string]http.HandlerFunc {
		return map[string]http.HandlerFunc{http.MethodGet: handle}
	}
	post := func(handle http.HandlerFunc) map[string]http.HandlerFunc {
		return map[string]http.HandlerFunc{http.MethodPost: handle}
	}
	s.routes = map[string]map[string]http.HandlerFunc{
		openIDConfigurationPath: get(s.openIDConfiguration),
		oidcConfigurationPath:   get(s.oidcConfiguration),
		oauth2ConfigurationPath: get(s.oauth2Configuration),
		authorizePath:           get(s.authorize),
		LoginPath:               {http.MethodGet: s.showStep, http.MethodPost: s.submitForm},
		consentPath:             {http.MethodGet: s.showConsent, http.MethodPost: s.submitConsent},
		newPasswordPath:         get(s.showNewPassword),
		tokenPath:               post(s.platformToken),
		oidcTokenPath:           post(func(w http.ResponseWriter, r *http.Request) { s.clientToken(w, r, IDToken, AccessToken) }),
		oauth2TokenPath:         post(func(w http.ResponseWriter, r *http.Request) { s.clientToken(w, r, AccessToken) }),
		SignOutPath:             get(s.signOut),
	}
	for _, step := range s.config.Steps {
		if step.Form == nil {
			s.routes[step.Path] = map[string]http.HandlerFunc{step.Method: s.submitJSON}
		}
	}
	if path := s.config.SignOutPath; path != "" {
		handle := s.signOutOfApplication
		if strings.HasPrefix(path, Prefix) {
			handle = s.signOut
		}
		s.routes[path] = map[string]http.HandlerFunc{s.config.SignOutMethod: handle}
	}
}

// Operations yields the methods and paths of the server, without the callbacks.
func (s *Server) Operations() iter.Seq2[string, string] {
	return func(yield func(method, path string) bool) {
		for path, methods := range s.routes {
			for method := range methods {
				if !yield(method, path) {
					return
				}
			}
		}
	}
}

// Handles reports whether ServeHTTP knows an escaped path.
func (s *Server) Handles(path string) bool { return s.route(path) != nil }

func (s *Server) route(path string) map[string]http.HandlerFunc {
	if methods := s.routes[path]; methods != nil {
		return methods
	}
	if segments := strings.Split(path, "/"); len(segments) == 3 && segments[1] != "" && segments[2] == callbackSegment {
		return map[string]http.HandlerFunc{http.MethodGet: s.callback, http.MethodPost: s.callback}
	}
	return nil
}

// ServeHTTP serves the authentication server, and the callbacks and the sign-out of
// the platform. The path is without what the roots of Config have in front of it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	methods := s.route(r.URL.EscapedPath())
	handle, ok := methods[r.Method]
	switch {
	case methods == nil:
		s.message(w, http.StatusNotFound, notFoundText)
		return
	case !ok:
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		s.message(w, http.StatusMethodNotAllowed, methodText)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	handle(w, r)
}

func (s *Server) has(quirk Quirk) bool { return slices.Contains(s.config.Quirks, quirk) }

// CheckPassword reports whether a user has this password.
func (s *Server) CheckPassword(name, password string) bool {
	return slices.ContainsFunc(s.config.Users, func(u User) bool { return u.Name == name && u.Password == password })
}

// Counts returns what has happened so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// authenticationURL is an absolute address of the authentication server.
func (s *Server) authenticationURL(path string) string { return s.config.Authentication + path }

// root is the root of the server that a path belongs to.
func (s *Server) root(path string) string {
	if strings.HasPrefix(path, Prefix) {
		return s.config.Authentication
	}
	return s.config.Platform
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // The client may have gone.
}

// redirect sends a browser to an absolute address.
func redirect(w http.ResponseWriter, address string) {
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusFound)
}

// withQuery adds parameters to an address, which may have some already.
func withQuery(address string, parameters url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + parameters.Encode()
}

// secret returns a text that nobody can guess.
func secret() string { return rand.Text() }
