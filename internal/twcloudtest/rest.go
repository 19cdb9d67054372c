package twcloudtest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// swaggerPath is where the server describes itself (V).
const swaggerPath = "/osmc/swagger"

// handler answers one operation.
type handler func(*exchange) *answer

// endpoint is a path with its methods.
type endpoint struct {
	// operation is the path in the OpenAPI document.
	operation string

	// session says whether the endpoint needs a session.
	session sessionNeed

	// parameter is the name of the last segment of the path, if it is one.
	parameter string

	// page says that the endpoint belongs to the administration page, which is no
	// part of the OpenAPI document.
	page bool

	methods map[string]handler
}

type sessionNeed int

const (
	sessionIgnored  sessionNeed = iota // the endpoint handles it, or needs none
	sessionAccepted                    // credentials open a session, but none is needed
	sessionNeeded
)

// router finds endpoints by their escaped paths: a key may hold any character,
// an escaped slash included. A path that ends in a slash stands for all the
// single segments below it.
type router map[string]endpoint

func (r router) find(path string) (found endpoint, parameter string, ok bool) {
	if found, ok = r[path]; ok && !strings.HasSuffix(path, "/") {
		return found, "", true
	}
	slash := strings.LastIndexByte(path, '/')
	if slash < 0 {
		return endpoint{}, "", false
	}
	segment := path[slash+1:]
	if segment == "" || segment == "." || segment == ".." { // Dot segments never get through a proxy.
		return endpoint{}, "", false
	}
	if found, ok = r[path[:slash+1]]; !ok {
		return endpoint{}, "", false
	}
	parameter, err := url.PathUnescape(segment)
	return found, parameter, err == nil
}

func (s *Server) restRouter() router {
	return s.withProfileEndpoints(REST, router{
		wire.LoginPath: {operation: wire.LoginPath, methods: map[string]handler{
			http.MethodGet: s.login, http.MethodPost: s.loginWithQuery,
		}},
		wire.LogoutPath: {operation: wire.LogoutPath, session: sessionNeeded, methods: map[string]handler{
			http.MethodGet: s.logout,
		}},
		wire.VersionPath: {operation: wire.VersionPath, session: sessionAccepted, methods: map[string]handler{
			http.MethodGet: s.version,
		}},
		wire.CurrentUserPath: {operation: wire.CurrentUserPath, session: sessionNeeded, methods: map[string]handler{
			http.MethodGet: s.currentUser,
		}},
		wire.UsersPath + "/": {operation: wire.UsersPath + "/{username}", parameter: "username", session: sessionNeeded, methods: map[string]handler{
			http.MethodGet: s.readUser,
		}},
		swaggerPath: {operation: swaggerPath, methods: map[string]handler{
			http.MethodGet: s.swagger,
		}},
		wire.LegacyRootServicesPath: {operation: wire.LegacyRootServicesPath, methods: map[string]handler{
			http.MethodGet: s.legacyRootServices,
		}},
	})
}

// withProfileEndpoints adds what the profile needs beside the consumer API.
func (s *Server) withProfileEndpoints(part string, r router) router {
	if part != s.profile.Server {
		return r
	}
	if csrf := s.profile.CSRF; csrf != nil && csrf.Path != "" {
		r[csrf.Path] = endpoint{session: sessionNeeded, methods: map[string]handler{http.MethodGet: s.csrfToken}}
	}
	s.addAdminPage(part, r)
	return r
}

// route finds the endpoint of a request: in the consumer API first, unless only
// something else has the method.
func (s *Server) route(x *exchange) (endpoint, *answer) {
	below := strings.HasPrefix(x.request.URL.EscapedPath(), s.config.PathPrefix)
	consumers, ok := s.consumerEndpoint(x)
	if below && x.call != nil {
		return consumers, nil
	}
	routes := s.rest
	if x.part == WebApp {
		routes = s.webApp
	}
	if found, parameter, ok := routes.find(x.path); below && ok {
		x.operation, x.page = found.operation, found.page
		if found.parameter != "" {
			x.parameters = map[string]string{found.parameter: parameter}
		}
		return found, nil
	}
	if below && ok {
		return consumers, nil
	}
	x.call = nil
	return endpoint{}, s.failure(http.StatusNotFound, "There is nothing at this path.")
}

// handle answers a request that has no fault.
func (s *Server) handle(x *exchange, found endpoint) *answer {
	handle, ok := found.methods[x.request.Method]
	if !ok {
		a := s.failure(http.StatusMethodNotAllowed, "This method is not allowed here.")
		var allowed []string
		for method := range found.methods {
			allowed = append(allowed, method)
		}
		slices.Sort(allowed)
		a.header.Set("Allow", strings.Join(allowed, ", "))
		return a
	}
	if found.session == sessionIgnored {
		return handle(x)
	}
	x.session = s.live(x.request)
	authorization := x.request.Header.Get("Authorization")
	var opened *session
	switch {
	case x.session != nil:
	case authorization != "":
		// Credentials without a live cookie open a further session, whatever the
		// call (V).
		var refusal *answer
		if opened, refusal = s.signIn(s.authenticate(authorization)); refusal != nil {
			return refusal
		}
		x.session = opened
	case found.session == sessionNeeded:
		return s.noSession()
	}
	a := handle(x)
	if opened != nil && x.operation != wire.LogoutPath {
		s.setCookies(x, a.header, opened)
	}
	return a
}

// noSession is the answer without a session or with an expired one (A).
func (s *Server) noSession() *answer {
	return s.failure(http.StatusUnauthorized, "There is no session, or it has expired. Sign in first.")
}

// login opens a session (V). One that is live already goes on: only credentials
// without its cookie open a further one (V).
func (s *Server) login(x *exchange) *answer {
	return s.logIn(x, func() (User, bool) { return s.authenticate(x.request.Header.Get("Authorization")) })
}

// loginWithQuery is the login that puts the password in the query string (V). A
// client must never use it.
func (s *Server) loginWithQuery(x *exchange) *answer {
	query := x.request.URL.Query()
	return s.logIn(x, func() (User, bool) { return s.checkPassword(query.Get("username"), query.Get("password")) })
}

func (s *Server) logIn(x *exchange, user func() (User, bool)) *answer {
	open := s.live(x.request)
	if open == nil {
		var refusal *answer
		if open, refusal = s.signIn(user()); refusal != nil {
			return refusal
		}
	}
	s.state.mu.Lock()
	s.state.logins++
	s.state.mu.Unlock()
	a := newAnswer(http.StatusNoContent, "", nil)
	s.setCookies(x, a.header, open)
	return a
}

// logout ends the session and frees its seat (V).
func (s *Server) logout(x *exchange) *answer {
	s.state.mu.Lock()
	delete(s.state.sessions, x.session.id)
	s.state.logouts++
	s.state.mu.Unlock()
	a := newAnswer(http.StatusNoContent, "", nil)
	s.setCookies(x, a.header, nil)
	return a
}

// version answers text/plain (V). Whether it needs a session is not known: here
// it does not (A).
func (s *Server) version(*exchange) *answer {
	return newAnswer(http.StatusOK, "text/plain", []byte(s.config.Version))
}

// currentUser redirects to the user who is signed in (V).
func (s *Server) currentUser(x *exchange) *answer {
	a := newAnswer(http.StatusTemporaryRedirect, "", nil)
	a.header.Set("Location", s.config.PathPrefix+wire.UsersPath+"/"+url.PathEscape(x.session.user.Name))
	return a
}

// readUser answers a user with the permissions (A). Without the Configure Server
// permission, users see only themselves (A).
func (s *Server) readUser(x *exchange) *answer {
	name := x.parameters["username"]
	if name != x.session.user.Name && !x.session.user.ConfigureServer {
		return s.failure(http.StatusForbidden, "You may not see other users.")
	}
	user, ok := s.user(name)
	if !ok {
		return s.failure(http.StatusNotFound, "There is no such user.")
	}
	permissions := []string{"Read Resources"}
	if user.ConfigureServer {
		permissions = append(permissions, wire.ConfigureServerPermission)
	}
	return jsonAnswer(http.StatusOK, struct {
		wire.User
		Enabled bool `json:"enabled"` // A field that no client knows.
	}{wire.User{Username: user.Name, Permissions: permissions}, true})
}
