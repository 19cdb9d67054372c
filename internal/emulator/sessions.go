package emulator

import (
	"cmp"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// The cookies of a session (S). A client must not rely on their names.
const (
	sessionCookie = "twc-rest-session-id"
	userCookie    = "twc-rest-current-user"
	cookiePath    = "/osmc"
)

// session is open as long as it is in state.sessions and has been used within
// the idle timeout.
type session struct {
	id           string
	number       int // in order of opening, from 1
	user         User
	opened, used time.Time

	// csrf is the token that changes need, if the profile has one.
	csrf        string
	csrfChanged bool
}

// Session is an open session of the REST API, without its cookie.
type Session struct {
	// Number counts the sessions in order of opening, from 1.
	Number int    `json:"number"`
	User   string `json:"user"`
	// Opened and LastUsed are times of Config.Now.
	Opened   time.Time `json:"opened"`
	LastUsed time.Time `json:"lastUsed"`
}

// liveSessions ends the sessions that have been idle for too long, and returns the
// others. The caller holds the lock.
func (s *Server) liveSessions() map[string]*session {
	now := s.config.Now()
	maps.DeleteFunc(s.state.sessions, func(_ string, open *session) bool { return now.Sub(open.used) >= s.config.IdleTimeout })
	return s.state.sessions
}

// live returns the session whose cookies the request carries, if it is still
// open, and restarts its idle timer. Both cookies are needed (A): a client that
// keeps a jar has both.
func (s *Server) live(r *http.Request) *session {
	id, idErr := r.Cookie(sessionCookie)
	name, nameErr := r.Cookie(userCookie)
	if idErr != nil || nameErr != nil {
		return nil
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	open, ok := s.liveSessions()[id.Value]
	if !ok || url.QueryEscape(open.user.Name) != name.Value {
		return nil
	}
	open.used = s.config.Now()
	return open
}

// signIn opens a session for a user, or refuses to.
func (s *Server) signIn(user User, ok bool) (*session, *answer) {
	if !ok {
		a := failure(http.StatusUnauthorized, "The user name, the password or the token is wrong.")
		a.header.Set("WWW-Authenticate", `Basic realm="Teamwork Cloud"`)
		return nil, a
	}
	st := s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if s.config.Seats > 0 && len(s.liveSessions()) >= s.config.Seats {
		return nil, failure(s.config.LicenseStatus, "No free licence: all "+strconv.Itoa(s.config.Seats)+
			" seats are in use (license limit reached).")
	}
	st.sessionsOpened++
	now := s.config.Now()
	open := &session{id: randomHex(), number: st.sessionsOpened, user: user, opened: now, used: now, csrf: randomHex()}
	st.sessions[open.id] = open
	return open, nil
}

// user returns the user of this name.
func (s *Server) user(name string) (User, bool) {
	i := slices.IndexFunc(s.config.Users, func(u User) bool { return u.Name == name })
	if i < 0 {
		return User{}, false
	}
	return s.config.Users[i], true
}

// authenticate finds the user who an Authorization header belongs to: Basic, Token with
// an ID token or a personal access token, or Bearer with an access token of OAuth 2.0
// (V).
func (s *Server) authenticate(header string) (User, bool) {
	scheme, credentials, _ := strings.Cut(header, " ")
	credentials = strings.TrimSpace(credentials)
	switch strings.ToLower(scheme) {
	case "basic":
		decoded, err := base64.StdEncoding.DecodeString(credentials)
		if err != nil {
			return User{}, false
		}
		name, password, _ := strings.Cut(string(decoded), ":")
		return s.checkPassword(name, password)
	case "token":
		if name, kind := s.auth.VerifyToken(credentials); kind == authserver.IDToken || kind == authserver.PersonalToken {
			return s.user(name)
		}
	case "bearer":
		if name, kind := s.auth.VerifyToken(credentials); kind == authserver.AccessToken {
			return s.user(name)
		}
	}
	return User{}, false
}

func (s *Server) checkPassword(name, password string) (User, bool) {
	if !s.auth.CheckPassword(name, password) {
		return User{}, false
	}
	return s.user(name)
}

// cookiePath is the Path of the cookies that one of the servers sets.
func (s *Server) cookiePath(part string) string {
	path := cookiePath
	if part == WebApp {
		path = "/"
	}
	return s.cookiePrefix(part) + path
}

// cookiePrefix is in front of each cookie's Path.
func (s *Server) cookiePrefix(part string) string {
	if s.config.RewriteCookies {
		return s.config.prefix(part)
	}
	return ""
}

// setCookies hands the session's cookies to the client, or with a nil session
// takes them away.
func (s *Server) setCookies(x *exchange, header http.Header, open *session) {
	id, name, age := "", "", -1
	if open != nil {
		id, name, age = open.id, url.QueryEscape(open.user.Name), 0
	}
	// Attributes that have been seen in no capture are left out.
	path := s.cookiePath(x.part)
	for _, cookie := range []*http.Cookie{
		{Name: sessionCookie, Value: id, Path: path, MaxAge: age},
		{Name: userCookie, Value: name, Path: path, MaxAge: age},
	} {
		header.Add("Set-Cookie", cookie.String())
	}
	if open != nil {
		s.setCSRFCookie(x, header, open)
	}
}

// setCSRFCookie hands the CSRF token to the client, if it comes with the sign-in.
func (s *Server) setCSRFCookie(x *exchange, header http.Header, open *session) {
	if csrf := s.profile.CSRF; csrf != nil && csrf.From == "cookie" && csrf.Path == "" {
		s.putCSRFToken(x, &profile.Response{Header: header}, open)
	}
}

// drop ends the session or the token that the request carries.
func (s *Server) drop(x *exchange) {
	if x.part == WebApp {
		s.auth.Drop(s.belowPrefix(x))
	} else if open := s.live(x.request); open != nil {
		s.end(open)
	}
}

func (s *Server) end(open *session) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	delete(s.state.sessions, open.id)
}

// OpenSessions returns how many sessions are open on the REST API: how many seats are
// taken.
func (s *Server) OpenSessions() int { return len(s.Sessions()) }

// Sessions returns the open sessions of the REST API, the oldest first.
func (s *Server) Sessions() []Session {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	sessions := []Session{}
	for _, open := range s.liveSessions() {
		sessions = append(sessions, Session{Number: open.number, User: open.user.Name, Opened: open.opened, LastUsed: open.used})
	}
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.Number, b.Number) })
	return sessions
}

// Seats returns how many sessions can be open at a time; zero is any number.
func (s *Server) Seats() int { return s.config.Seats }

// Logins returns how often a login has been answered with success.
func (s *Server) Logins() int { return s.state.count(&s.state.logins) }

// Logouts returns how often a logout has been answered with success.
func (s *Server) Logouts() int { return s.state.count(&s.state.logouts) }

// SessionsOpened returns how many sessions have been opened since the start, be
// it by a login or by another call with credentials and without cookies (V).
func (s *Server) SessionsOpened() int { return s.state.count(&s.state.sessionsOpened) }

// ExpireSessions ends every session of both servers, as if it had been idle for too
// long.
func (s *Server) ExpireSessions() {
	s.auth.ExpireSessions()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	clear(s.state.sessions)
}

// DropSessions does to the memory what a restart of the server does: sessions
// are gone, consumers and tokens are kept.
func (s *Server) DropSessions() {
	s.auth.Forget()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	clear(s.state.sessions)
	clear(s.state.nonces)
}
