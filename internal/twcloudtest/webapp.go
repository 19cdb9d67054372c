package twcloudtest

import "net/http"

// signInPath is where Redirect302 sends the client.
const signInPath = "/authentication/login"

type token struct{}

func (s *Server) webAppRouter() router {
	return router{signInPath: {methods: map[string]handler{http.MethodGet: func(*exchange) *answer { return signInPage() }}}}
}

func (s *Server) legacyRootServices(*exchange) *answer { return s.failure(404, "") }
