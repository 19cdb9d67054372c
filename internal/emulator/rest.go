package emulator

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// handler answers one operation.
type handler func(*exchange) *answer

// endpoint is what is at a path.
type endpoint struct {
	session sessionNeed
	methods map[string]handler

	// page says that it is a page: without a session, the platform sends the browser to
	// the sign-in.
	page bool
}

type sessionNeed int

const (
	sessionIgnored  sessionNeed = iota // the endpoint handles it, or needs none
	sessionAccepted                    // credentials open a session, but none is needed
	sessionNeeded
)

// router finds endpoints by their paths in the OpenAPI document.
type router map[string]endpoint

// userOperation is the only such path with a parameter, besides the consumers'.
const userOperation = wire.UsersPath + "/{username}"

func get(handle handler) map[string]handler { return map[string]handler{http.MethodGet: handle} }

func post(handle handler) map[string]handler { return map[string]handler{http.MethodPost: handle} }

func (s *Server) restRoutes() router {
	return router{
		wire.LoginPath:              {methods: get(s.login)},
		wire.LogoutPath:             {session: sessionNeeded, methods: get(s.logout)},
		wire.VersionPath:            {session: sessionAccepted, methods: get(s.version)},
		wire.CurrentUserPath:        {session: sessionNeeded, methods: get(s.currentUser)},
		userOperation:               {session: sessionNeeded, methods: get(s.readUser)},
		wire.LegacyRootServicesPath: {methods: get(s.legacyRootServices)},
	}
}

func (s *Server) webAppRoutes() router {
	registration := sessionIgnored
	if s.config.RegistrationSession {
		registration = sessionNeeded
	}
	return router{
		wire.RootServicesPath:       {methods: get(s.rootServices)},
		wire.RequestConsumerKeyPath: {session: registration, methods: post(s.requestConsumerKey)},
		wire.RequestTokenPath:       {methods: post(s.requestToken)},
	}
}

// route finds the endpoint of a request: in the consumer API first, unless no call
// matches and something else has the method.
func (s *Server) route(x *exchange) (endpoint, *answer) {
	if !s.place(x) {
		return endpoint{}, failure(http.StatusNotFound, "There is nothing at this path.")
	}
	consumers, isConsumers := s.consumerEndpoint(x)
	if x.call != nil {
		return consumers, nil
	}
	operation := x.path
	if strings.HasPrefix(x.path, wire.UsersPath+"/") {
		operation = userOperation
	}
	if found, ok := s.routes[x.part][operation]; ok && (!isConsumers || found.methods[x.request.Method] != nil) {
		x.operation = operation
		if operation == userOperation {
			x.parameters = map[string]string{"username": profile.LastSegment(x.path)}
		}
		return found, nil
	}
	if isConsumers {
		return consumers, nil
	}
	if x.part == WebApp && s.auth.Handles(x.path) {
		x.operation = x.path
		return endpoint{methods: map[string]handler{x.request.Method: s.serveAuth}}, nil
	}
	return endpoint{}, failure(http.StatusNotFound, "There is nothing at this path.")
}

// handle answers a request that has no fault.
func (s *Server) handle(x *exchange, found endpoint) *answer {
	handle, ok := found.methods[x.request.Method]
	if !ok {
		a := failure(http.StatusMethodNotAllowed, "This method is not allowed here.")
		a.header.Set("Allow", strings.Join(slices.Sorted(maps.Keys(found.methods)), ", "))
		return a
	}
	if found.session == sessionIgnored {
		return handle(x)
	}
	if x.part == WebApp {
		return s.handleSignedIn(x, found.page, handle)
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
	return failure(http.StatusUnauthorized, "There is no session, or it has expired. Sign in first.")
}

// login opens a session (V). One that is live already goes on: only credentials
// without its cookie open a further one (V).
func (s *Server) login(x *exchange) *answer {
	open := s.live(x.request)
	if open == nil {
		var refusal *answer
		if open, refusal = s.signIn(s.authenticate(x.request.Header.Get("Authorization"))); refusal != nil {
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
	s.end(x.session)
	s.state.mu.Lock()
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
	a.header.Set("Location", s.config.prefix(REST)+wire.UsersPath+"/"+url.PathEscape(x.session.user.Name))
	return a
}

// readUser answers a user with the permissions (A). Without the Configure Server
// permission, users see only themselves (A).
func (s *Server) readUser(x *exchange) *answer {
	name := x.parameters["username"]
	if name != x.session.user.Name && !x.session.user.ConfigureServer {
		return failure(http.StatusForbidden, "You may not see other users.")
	}
	user, ok := s.user(name)
	if !ok {
		return failure(http.StatusNotFound, "There is no such user.")
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
