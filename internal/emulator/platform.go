package emulator

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// affinityCookie is the cookie with which the vendor's Kubernetes charts keep a client
// on one node (V).
const affinityCookie = "COOKIE"

// newAuthServer returns the authentication server, with the sign-in of the profile.
func (s *Server) newAuthServer() *authserver.Server {
	config := authserver.Config{
		Authentication: s.AuthenticationURL(), Platform: s.WebAppURL(),
		SingleSignOnURL: singleSignOnURL, CookiePrefix: s.cookiePrefix(WebApp),
		AuthSecret: AuthSecret, Clients: []authserver.Client{{ID: ClientID, Secret: ClientSecret}},
		IdleTimeout: s.config.PlatformIdleTimeout, TokenLifetime: s.config.TokenLifetime, Quirks: s.config.Quirks, Now: s.config.Now,
	}
	if len(s.callsOf(WebApp)) > 0 {
		config.SignOutMethod, config.SignOutPath = s.signOut()
		config.TokenSchemes = []string{"Token"} // Also where a page signs in (A).
	}
	if scheme := s.tokenScheme(); scheme != "" {
		config.TokenSchemes, config.TokensOnly = []string{scheme}, true
	}
	if in := s.profile.SignIn; in != nil {
		for _, step := range in.Steps {
			config.Steps = append(config.Steps, authserver.Step(step))
		}
	}
	for _, user := range s.config.Users {
		config.Users = append(config.Users, authserver.User{Name: user.Name, Password: user.Password, Token: user.Token})
	}
	return authserver.New(config)
}

// signOut is the request that ends a session of the platform.
func (s *Server) signOut() (method, path string) {
	if in := s.profile.SignIn; in != nil && in.SignOut != nil {
		return in.SignOut.Method, in.SignOut.Path
	}
	return http.MethodGet, "/webapp/logout"
}

// tokenScheme is the scheme with which calls carry a token, if the profile is by token.
func (s *Server) tokenScheme() string {
	if in := s.profile.SignIn; in != nil && in.By == profile.ByToken {
		return in.Scheme
	}
	return ""
}

// addStartPages adds the pages at which a browser gets a session: where the sign-in
// starts, and a page of each application that calls go to.
func (s *Server) addStartPages(r router) {
	paths := append(s.startPages(), s.start())
	if len(s.callsOf(WebApp)) > 0 {
		paths = append(paths, "/webapp/")
	}
	for _, path := range paths {
		if _, taken := r[path]; path != "" && !taken {
			r[path] = endpoint{session: sessionNeeded, page: true, methods: get(s.startPage)}
		}
	}
}

// start is where the sign-in of the profile starts.
func (s *Server) start() string {
	if s.profile.SignIn == nil {
		return ""
	}
	return s.profile.SignIn.Start
}

// startPages has a page for each application that calls go to, but for that of the
// administration page.
func (s *Server) startPages() []string {
	pages := map[string]string{}
	add := func(path string) {
		name := firstSegment(path)
		pages[name] = "/" + name + "/"
	}
	for _, call := range s.callsOf(WebApp) {
		if call.SignIn != "none" {
			add(call.Path)
		}
	}
	if csrf := s.profile.CSRF; csrf != nil && csrf.Path != "" && s.profile.ServerOf(csrf.Server) == WebApp {
		add(csrf.Path)
	}
	if start := s.start(); pages[firstSegment(start)] != "" {
		pages[firstSegment(start)] = start
	}
	delete(pages, firstSegment(s.adminPagePath()))
	return slices.Sorted(maps.Values(pages))
}

func firstSegment(path string) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return segment
}

// startPage is a page of an application with nothing on it.
func (s *Server) startPage(x *exchange) *answer {
	a := htmlAnswer(http.StatusOK, "Welcome", "<p>You are signed in.</p>")
	s.setCSRFCookie(x, a.header, x.session)
	return a
}

// place finds the server that a request belongs to, and reports whether the request has
// come to the address of that server.
func (s *Server) place(x *exchange) bool {
	signsIn := strings.HasPrefix(x.path, authserver.Prefix)
	switch {
	case x.part == authentication:
		x.part = WebApp
		return signsIn
	case s.config.OneOrigin && !strings.HasPrefix(x.path, "/osmc/"):
		x.part = WebApp
	}
	return x.part == REST || !signsIn || s.config.AuthenticationAddress == ""
}

// balance does what a load balancer does: it returns the cookie for a client that has
// none. Such a client gets to a node that knows none of its sessions.
func (s *Server) balance(r *http.Request) string {
	if !s.config.LoadBalancer {
		return ""
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if cookie, err := r.Cookie(affinityCookie); err == nil && s.state.affinities[cookie.Value] {
		return ""
	}
	r.Header.Del("Cookie")
	node := randomHex()
	s.state.affinities[node] = true
	return (&http.Cookie{Name: affinityCookie, Value: node, Path: "/", HttpOnly: true}).String()
}

// captured is what a handler writes, as a response.
func captured(w *httptest.ResponseRecorder) *answer {
	return &answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
}

// belowPrefix is the request as a server behind a reverse proxy gets it.
func (s *Server) belowPrefix(x *exchange) *http.Request {
	r := x.request.Clone(x.request.Context())
	if target, err := url.ParseRequestURI(x.path); err == nil {
		r.URL.Path, r.URL.RawPath = target.Path, target.RawPath
	}
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	return r
}

// serveAuth answers what the sign-in is about.
func (s *Server) serveAuth(x *exchange) *answer {
	w := httptest.NewRecorder()
	s.auth.ServeHTTP(w, s.belowPrefix(x))
	return captured(w)
}

// challenge sends a client to the sign-in: on the platform as without a session, on the
// REST API as a single sign-on proxy does.
func (s *Server) challenge(x *exchange) *answer {
	w := httptest.NewRecorder()
	if x.part == REST {
		http.Redirect(w, x.request, s.AuthenticationURL()+authserver.LoginPath, http.StatusFound)
		return captured(w)
	}
	s.auth.Drop(s.belowPrefix(x))
	s.auth.Challenge(w, s.belowPrefix(x))
	return captured(w)
}

// handleSignedIn answers a request that needs a session or a token of the platform. The
// sign-in can start at a call, too.
func (s *Server) handleSignedIn(x *exchange, page bool, handle handler) *answer {
	authorize := s.auth.AuthorizeCall
	if page || x.path == s.start() {
		authorize = s.auth.AuthorizePage
	}
	w := httptest.NewRecorder()
	access, ok := authorize(w, s.belowPrefix(x))
	if !ok {
		return captured(w)
	}
	x.session = s.platformSession(access)
	return handle(x)
}

// platformSession is what the emulator keeps for a session or a token of the platform.
func (s *Server) platformSession(access authserver.Access) *session {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	kept := s.state.platform[access]
	if kept == nil {
		user, _ := s.user(access.User)
		kept = &session{user: user, csrf: randomHex()}
		s.state.platform[access] = kept
	}
	return kept
}

// PlatformSessions returns the open sessions of the Web Application Platform, the
// oldest first: those of the applications, and those of the authentication server.
func (s *Server) PlatformSessions() []authserver.Session { return s.auth.Sessions() }

// OpenPlatformSessions returns how many sessions are open on the platform.
func (s *Server) OpenPlatformSessions() int { return len(s.PlatformSessions()) }

// PlatformCounts returns what has happened at the sign-in of the platform.
func (s *Server) PlatformCounts() authserver.Counts { return s.auth.Counts() }

// ExpireApplicationSessions ends the sessions of the platform's applications, as if
// they had been idle for too long. The authentication server still knows the browsers,
// and sends them back without a form.
func (s *Server) ExpireApplicationSessions() { s.auth.ExpireApplications() }
