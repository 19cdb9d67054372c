package authserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// code is an authorization code.
type code struct {
	clientID, redirectURI, nonce, user string
	login                              *session
	issued                             time.Time
}

// belowRoots reports whether an address belongs to one of the configured servers.
func (s *Server) belowRoots(address string) bool {
	roots := append([]string{s.config.Platform, s.config.Authentication}, s.config.RedirectRoots...)
	return slices.ContainsFunc(roots, func(root string) bool { return strings.HasPrefix(address, root+"/") })
}

// mayRedirect reports whether a client can have codes sent to an address.
func (s *Server) mayRedirect(clientID, address string) bool {
	if slices.Contains(s.config.ClientIDs, clientID) {
		return s.belowRoots(address)
	}
	client, ok := s.client(clientID)
	return ok && slices.Contains(client.RedirectURIs, address)
}

func (s *Server) client(id string) (Client, bool) {
	i := slices.IndexFunc(s.config.Clients, func(c Client) bool { return c.ID == id })
	if i < 0 {
		return Client{}, false
	}
	return s.config.Clients[i], true
}

// authorize is the authorization endpoint (RFC 6749, section 4.1.1). It sends a browser
// with a session back with a code, and one without a session to the sign-in page,
// which returns here.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	clientID, target := query.Get("client_id"), query.Get("redirect_uri")
	// A browser is never sent to an address that the client has not registered.
	if !s.mayRedirect(clientID, target) {
		s.message(w, http.StatusBadRequest, badClientText)
		return
	}
	parameters := url.Values{}
	if state := query.Get("state"); state != "" {
		parameters.Set("state", state)
	}
	switch {
	case query.Get("response_type") != "code":
		parameters.Set("error", "unsupported_response_type")
	case !slices.Contains(strings.Fields(query.Get("scope")), "openid"):
		parameters.Set("error", "invalid_scope")
	}
	if parameters.Has("error") {
		redirect(w, withQuery(target, parameters))
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
	s.codes[issued] = &code{
		clientID: clientID, redirectURI: target, nonce: query.Get("nonce"), user: open.user, login: open, issued: s.config.Now(),
	}
	parameters.Set("code", issued)
	if s.has(AutoSubmit) {
		s.showAutoSubmit(w, target, parameters)
		return
	}
	redirect(w, withQuery(target, parameters))
}

// redeem returns what a code stands for, once, or nil. The caller holds the lock.
func (s *Server) redeem(text, clientID, redirectURI string) *code {
	found := s.codes[text]
	delete(s.codes, text)
	if found == nil || found.clientID != clientID || found.redirectURI != redirectURI || s.config.Now().Sub(found.issued) >= codeLifetime {
		return nil
	}
	return found
}
