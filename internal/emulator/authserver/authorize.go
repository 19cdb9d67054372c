package authserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// code is an authorization code, for the platform.
type code struct {
	redirectURI, user string
	login             *session
	issued            time.Time
}

// authorize is the authorization endpoint (RFC 6749, section 4.1.1). It sends a browser
// with a session back with a code, and one without a session to the sign-in page,
// which returns here.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	target := query.Get("redirect_uri")
	known := query.Get("client_id") == PlatformClientID && query.Get("response_type") == "code" &&
		slices.Contains(strings.Fields(query.Get("scope")), "openid")
	// A browser is never sent elsewhere.
	if !known || !strings.HasPrefix(target, s.config.Platform+"/") && !strings.HasPrefix(target, s.config.Authentication+"/") {
		s.message(w, http.StatusBadRequest, badClientText)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.open(w, r, authentication)
	if open.user == "" {
		s.signIn(w, open, s.authenticationURL(r.URL.RequestURI()))
		return
	}
	issued := secret()
	s.codes[issued] = &code{redirectURI: target, user: open.user, login: open, issued: s.config.Now()}
	parameters := url.Values{"code": {issued}, "state": {query.Get("state")}}
	if s.has(AutoSubmit) {
		s.showAutoSubmit(w, target, parameters)
		return
	}
	redirect(w, withQuery(target, parameters))
}

// redeem returns what a code stands for, once, or nil. The caller holds the lock.
func (s *Server) redeem(text, redirectURI string) *code {
	found := s.codes[text]
	delete(s.codes, text)
	if found == nil || found.redirectURI != redirectURI || s.config.Now().Sub(found.issued) >= codeLifetime {
		return nil
	}
	return found
}
