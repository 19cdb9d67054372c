package authserver

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// sessionCookie is the cookie of each session: Tomcat's (A). Its Path is that of the
// application.
const sessionCookie = "JSESSIONID"

// authentication is the application of the authentication server's own sessions.
const authentication = "authentication"

// session is a session of one application, be it before or after the sign-in.
type session struct {
	cookie       string
	application  string
	opened, used time.Time

	// number and user are set by the sign-in.
	number int
	user   string

	// login is the session of the authentication server that an application's
	// session comes from, and that ends it.
	login *session

	// saved are the addresses to return to, by the state parameter.
	saved map[string]string

	// transactions are the sign-ins that the authentication server has begun, in
	// order.
	transactions []*transaction
}

// Session is an open session of a user, without its cookie.
type Session struct {
	// Number counts the sessions in order of opening, from 1.
	Number int `json:"number"`

	// Application is the first segment of the paths that the session is for.
	Application string `json:"application"`

	User string `json:"user"`

	// Opened and LastUsed are times of Config.Now.
	Opened   time.Time `json:"opened"`
	LastUsed time.Time `json:"lastUsed"`
}

// live ends the sessions that have been idle for too long, and returns the others. The
// caller holds the lock.
func (s *Server) live() map[string]*session {
	now := s.config.Now()
	maps.DeleteFunc(s.sessions, func(_ string, open *session) bool { return now.Sub(open.used) >= s.config.IdleTimeout })
	return s.sessions
}

// Sessions returns the open sessions of users, the oldest first: those of the
// applications, and those of the authentication server.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := []Session{}
	for _, open := range s.live() {
		if open.user != "" {
			sessions = append(sessions, Session{
				Number: open.number, Application: open.application, User: open.user, Opened: open.opened, LastUsed: open.used,
			})
		}
	}
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.Number, b.Number) })
	return sessions
}

// ExpireSessions ends every session, as if it had been idle for too long.
func (s *Server) ExpireSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

// ExpireApplications ends the sessions of the applications, and leaves those of the
// authentication server, which then sends browsers back without a form.
func (s *Server) ExpireApplications() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sessions, func(_ string, open *session) bool { return open.application != authentication })
}

// application is the first segment of a path.
func application(path string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return name
}

// find returns the live session of a request for an application, or nil. The caller
// holds the lock.
func (s *Server) find(r *http.Request, application string) *session {
	for _, cookie := range r.CookiesNamed(sessionCookie) {
		if open := s.live()[cookie.Value]; open != nil && open.application == application {
			open.used = s.config.Now()
			return open
		}
	}
	return nil
}

// open returns the live session of a request, or a new one that no user has signed in
// to. The caller holds the lock.
func (s *Server) open(w http.ResponseWriter, r *http.Request, application string) *session {
	open := s.find(r, application)
	if open == nil {
		now := s.config.Now()
		open = &session{application: application, opened: now, used: now, saved: map[string]string{}}
		s.renew(w, r, open)
	}
	return open
}

// renew gives a session another cookie. The caller holds the lock.
func (s *Server) renew(w http.ResponseWriter, r *http.Request, open *session) {
	delete(s.sessions, open.cookie)
	open.cookie = secret()
	s.sessions[open.cookie] = open
	s.setCookie(w, r, open, 0)
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, open *session, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: open.cookie, Path: s.config.CookiePrefix + "/" + open.application,
		MaxAge: age, HttpOnly: true, Secure: r.TLS != nil,
	})
}

// begin makes a session that of a user. The caller holds the lock.
func (s *Server) begin(open *session, user string) {
	s.registrations++
	open.number, open.user, open.opened, open.used = s.registrations, user, s.config.Now(), s.config.Now()
}

// end ends a session, and those that come from it. The caller holds the lock.
func (s *Server) end(ended *session) {
	maps.DeleteFunc(s.sessions, func(_ string, open *session) bool {
		if open != ended && open.login != ended {
			return false
		}
		if open.user != "" {
			s.counts.SignOuts++
		}
		return true
	})
}

// Access tells who may do a request.
type Access struct {
	User string

	// Session is the number of the session, or 0 with a token.
	Session int
}

// AuthorizePage returns whose session a request for a page belongs to. Otherwise it
// sends the browser to the sign-in.
func (s *Server) AuthorizePage(w http.ResponseWriter, r *http.Request) (Access, bool) {
	if access, ok := s.access(r); ok {
		return access, true
	}
	s.Challenge(w, r)
	return Access{}, false
}

// AuthorizeCall returns whose session or token a request for data belongs to.
// Otherwise it refuses the request.
func (s *Server) AuthorizeCall(w http.ResponseWriter, r *http.Request) (Access, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	known := slices.ContainsFunc(s.config.TokenSchemes, func(known string) bool { return strings.EqualFold(known, scheme) })
	if known && !s.has(TokenRefused) {
		user, kind := s.VerifyToken(strings.TrimSpace(token))
		if kind == NoToken {
			w.Header().Set("WWW-Authenticate", scheme+` error="invalid_token"`)
			s.refuse(w)
			return Access{}, false
		}
		return Access{User: user}, true
	}
	if access, ok := s.access(r); ok && !s.config.TokensOnly {
		return access, true
	}
	if s.has(ExpiredByRedirect) {
		s.Challenge(w, r)
	} else {
		s.refuse(w)
	}
	return Access{}, false
}

// refuse responds as to a call without a session (A).
func (s *Server) refuse(w http.ResponseWriter) {
	writeJSON(w, http.StatusUnauthorized, map[string]string{"message": "There is no session, or it has expired. Sign in first."})
}

func (s *Server) access(r *http.Request) (Access, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.find(r, application(r.URL.Path))
	if open == nil || open.user == "" {
		return Access{}, false
	}
	return Access{User: open.user, Session: open.number}, true
}

// Challenge sends a browser to the sign-in, which will send it back: to the address of
// the request if that is a GET, and else to the application's root.
func (s *Server) Challenge(w http.ResponseWriter, r *http.Request) {
	name := application(r.URL.Path)
	target := "/" + name + "/"
	if r.Method == http.MethodGet {
		target = r.URL.RequestURI()
	}
	s.mu.Lock()
	open := s.open(w, r, name)
	state := secret()
	open.saved[state] = s.root(target) + target
	s.mu.Unlock()
	redirect(w, withQuery(s.authenticationURL(authorizePath), url.Values{
		"scope": {"openid"}, "response_type": {"code"}, "client_id": {PlatformClientID},
		"redirect_uri": {s.callbackURL(name)}, "state": {state},
	}))
}

func (s *Server) callbackURL(application string) string {
	path := "/" + application + "/" + callbackSegment
	return s.root(path) + path
}

// callback is where the platform gets a code, in the query or in a form. It redeems the
// code as any client does, and starts the session of the application.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) {
	parameters, err := parameters(r)
	if err != nil {
		s.message(w, http.StatusBadRequest, malformedText)
		return
	}
	name := application(r.URL.Path)
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.find(r, name)
	if open == nil {
		s.message(w, http.StatusBadRequest, noTransactionText)
		return
	}
	target, known := open.saved[parameters.Get("state")]
	if !known {
		s.message(w, http.StatusBadRequest, noTransactionText)
		return
	}
	delete(open.saved, parameters.Get("state"))
	redeemed := s.redeem(parameters.Get("code"), s.callbackURL(name))
	if redeemed == nil {
		s.message(w, http.StatusBadRequest, noTransactionText)
		return
	}
	if name != authentication {
		open.login = redeemed.login
		s.begin(open, redeemed.user)
		s.renew(w, r, open)
	}
	redirect(w, target)
}

// signOutOfApplication ends a session of the platform, and goes on to the sign-out of
// the authentication server (A).
func (s *Server) signOutOfApplication(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if open := s.find(r, application(r.URL.Path)); open != nil {
		s.end(open)
		s.setCookie(w, r, &session{application: open.application}, -1)
	}
	s.mu.Unlock()
	w.Header().Set("Location", s.authenticationURL(SignOutPath))
	w.WriteHeader(http.StatusSeeOther) // It is GET, whatever the method was.
}

// signOut ends a session of the authentication server, and those of the applications
// that come from it.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if open := s.find(r, authentication); open != nil {
		s.end(open)
		s.setCookie(w, r, &session{application: authentication}, -1)
	}
	s.mu.Unlock()
	s.message(w, http.StatusOK, signedOutText)
}

// Drop ends the session of a request, or revokes its token, as if they had expired. A
// personal access token stays.
func (s *Server) Drop(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open := s.find(r, application(r.URL.Path)); open != nil {
		delete(s.sessions, open.cookie)
	}
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	delete(s.tokens, strings.TrimSpace(token))
}

// Forget does to the memory what a restart of the platform does: sessions and codes are
// gone, tokens stay good.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
	clear(s.codes)
}
