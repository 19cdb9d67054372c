package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// checkHeaders refuses a request without the fixed headers of the profile, and a
// change without the CSRF token of its session.
func (s *Server) checkHeaders(x *exchange) *answer {
	headers := map[string]string{}
	maps.Copy(headers, s.profile.Headers)
	maps.Copy(headers, x.call.Headers)
	changes := x.call.name != "list" && x.call.name != "read"
	tokens := x.call.given[profile.CSRFToken]
	for name, want := range headers {
		got, ok := x.request.Header.Get(name), true
		switch {
		case http.CanonicalHeaderKey(name) == "Accept":
		case want == profile.CSRFToken:
			tokens = append(tokens, got)
		case want == profile.Origin:
			// A browser sends Origin only with changes, and Referer with a path.
			ok = !changes || got == requestOrigin(x.request) || strings.HasPrefix(got, requestOrigin(x.request)+"/")
		default:
			ok = got == want
		}
		if !ok {
			return failure(http.StatusForbidden, "The header "+name+" is missing or wrong.")
		}
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	wrong := slices.ContainsFunc(tokens, func(token any) bool { return token != x.session.csrf })
	if changes && (wrong || len(tokens) == 0 && x.call.Has(profile.CSRFToken)) {
		return failure(http.StatusForbidden, "The CSRF token is missing or wrong.")
	}
	return nil
}

// csrfToken answers at the path that issues the token.
func (s *Server) csrfToken(x *exchange) *answer {
	a := newAnswer(http.StatusNoContent, "", nil)
	s.sendCSRFToken(x, a)
	return a
}

// sendCSRFToken adds the token to the answers that have it according to the profile. A
// token from the header of a list changes after the first change in a session;
// the answer to that change has the new one.
func (s *Server) sendCSRFToken(x *exchange, a *answer) {
	csrf := s.profile.CSRF
	if csrf == nil {
		return
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	brings := csrf.Path == x.path && x.request.Method == http.MethodGet
	switch csrf.From {
	case "cookie":
		if brings {
			a.header.Add("Set-Cookie", (&http.Cookie{Name: csrf.Name, Value: x.session.csrf, Path: s.cookiePath(x.part)}).String())
		}
	case "header":
		if csrf.Path == "" {
			brings = x.call.name == "list"
			if !brings && x.call.name != "read" && !x.session.csrfChanged && a.status < http.StatusBadRequest {
				x.session.csrf, x.session.csrfChanged, brings = randomHex(), true, true
			}
		}
		if brings {
			a.header.Set(csrf.Name, x.session.csrf)
		}
	case "body":
		if brings && len(a.body) == 0 {
			*a = *jsonAnswer(http.StatusOK, setAt(nil, csrf.Pointer, x.session.csrf))
		}
	}
}
