package emulator

import (
	"net/http"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// checkToken refuses a call without the CSRF token of its session, and a change from
// another origin.
func (s *Server) checkToken(x *exchange) *answer {
	c := x.call
	if origin := c.values.Origin; s.profile.Has(c.Call, profile.Origin) && !c.Reads() {
		// A browser sends Origin only with changes, and Referer with a path.
		if own := requestOrigin(x.request); origin != own && !strings.HasPrefix(origin, own+"/") {
			return failure(http.StatusForbidden, "The request comes from another origin.")
		}
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if x.session != nil && s.profile.Has(c.Call, profile.CSRFToken) && *c.values.CSRF != s.csrfToken(x.session) {
		return failure(http.StatusForbidden, "The CSRF token is missing or wrong.")
	}
	return nil
}

// csrfToken is the token of a session as calls send it.
func (s *Server) csrfToken(open *session) string {
	switch csrf := s.profile.CSRF; {
	case csrf.Name == sessionCookie:
		return open.id
	case csrf.Decode:
		return open.csrf + "==" // It must be escaped where it comes from.
	}
	return open.csrf
}

// answerCSRF answers at the path that issues the token.
func (s *Server) answerCSRF(x *exchange) *answer {
	a := newAnswer(http.StatusNoContent, "", nil)
	s.sendCSRFToken(x, a)
	return a
}

// sendCSRFToken adds the token to the answers that have it according to the profile. A
// token from the header of a list changes after the first change in a session;
// the response to that change has the new one.
func (s *Server) sendCSRFToken(x *exchange, a *answer) {
	csrf := s.profile.CSRF
	if csrf == nil || x.session == nil {
		return
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	brings := x.request.Method == http.MethodGet && x.path == csrf.Path && x.part == s.profile.ServerOf(csrf.Server)
	changes := csrf.From == "header" && s.profile.Calls.List != nil && csrf.Path == s.profile.Calls.List.Path
	if changes && x.call != nil && !x.call.Reads() && !x.session.csrfChanged && a.status < http.StatusBadRequest {
		x.session.csrf, x.session.csrfChanged, brings = randomHex(), true, true
	}
	if brings {
		r := &profile.Response{Status: a.status, Header: a.header, Body: a.body}
		s.putCSRFToken(x, r, x.session)
		*a = *profileAnswer(r)
	}
}

// putCSRFToken puts the token of a session where the profile says.
func (s *Server) putCSRFToken(x *exchange, r *profile.Response, open *session) {
	if csrf := s.profile.CSRF; csrf.Name != sessionCookie {
		csrf.Put(r, s.csrfToken(open), s.cookiePath(x.part))
	}
}
