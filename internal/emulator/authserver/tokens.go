package authserver

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// TokenKind is what a token is for.
type TokenKind string

// The kinds of tokens.
const (
	NoToken       TokenKind = ""         // not a good token
	IDToken       TokenKind = "id"       // of the platform or of OpenID Connect
	AccessToken   TokenKind = "access"   // of OAuth 2.0
	PersonalToken TokenKind = "personal" // personal access token
)

// token is what the server knows of a token that it has issued.
type token struct {
	user    string
	kind    TokenKind
	expires time.Time
}

// newToken issues a token. It has the form of a JSON Web Token (RFC 7519), with a random
// text in place of the signature: the server remembers its tokens. The caller holds the
// lock.
func (s *Server) newToken(kind TokenKind, user, clientID string) string {
	now := s.config.Now()
	expires := now.Add(s.config.TokenLifetime)
	part := func(members map[string]any) string {
		content, _ := json.Marshal(members) // Texts and numbers.
		return base64.RawURLEncoding.EncodeToString(content) + "."
	}
	text := part(map[string]any{"alg": "RS256", "typ": "JWT"}) +
		part(map[string]any{"iss": s.issuer(), "sub": user, "aud": clientID, "iat": now.Unix(), "exp": expires.Unix()}) + secret()
	s.tokens[text] = token{user, kind, expires}
	return text
}

// VerifyToken returns the user of a token and the kind of it, or NoToken.
func (s *Server) VerifyToken(text string) (user string, kind TokenKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, user := range s.config.Users {
		if user.Token != "" && user.Token == text {
			return user.Name, PersonalToken
		}
	}
	if found, issued := s.tokens[text]; issued && s.config.Now().Before(found.expires) {
		return found.user, found.kind
	}
	return "", NoToken
}

// NewIDToken returns an ID token of a user, as the platform hands its own pages.
func (s *Server) NewIDToken(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newToken(IDToken, user, PlatformClientID)
}

func (s *Server) issuer() string { return s.config.Authentication + strings.TrimSuffix(Prefix, "/") }

// openIDConfiguration is the document of the authentication server (V).
func (s *Server) openIDConfiguration(w http.ResponseWriter, _ *http.Request) {
	document := s.discovery(tokenPath)
	document["signout_endpoint"] = s.authenticationURL(SignOutPath)
	writeJSON(w, http.StatusOK, document)
}

// oidcConfiguration and oauth2Configuration are the documents for registered clients,
// since 2024x (V).
func (s *Server) oidcConfiguration(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.discovery(oidcTokenPath))
}

func (s *Server) oauth2Configuration(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.discovery(oauth2TokenPath))
}

// discovery has the members of a document that this server keeps.
func (s *Server) discovery(tokenEndpoint string) map[string]any {
	return map[string]any{
		"issuer":                   s.issuer(),
		"authorization_endpoint":   s.authenticationURL(authorizePath),
		"token_endpoint":           s.authenticationURL(tokenEndpoint),
		"response_types_supported": []string{"code"},
		"scopes_supported":         []string{"openid"},
	}
}

// refuseToken refuses a request for a token (RFC 6749, section 5.2).
func refuseToken(w http.ResponseWriter, status int, code, description string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="Teamwork Cloud"`)
	}
	writeJSON(w, status, map[string]string{"error": code, "error_description": description})
}

// platformToken is the token endpoint of the clients that share the secret (V). Of its
// grants, it has the one without a browser.
func (s *Server) platformToken(w http.ResponseWriter, r *http.Request) {
	given, err := parameters(r)
	name, password, _ := r.BasicAuth()
	switch clientID := given.Get("client_id"); {
	case err != nil:
		refuseToken(w, http.StatusBadRequest, "invalid_request", "The form is malformed.")
	case s.config.AuthSecret == "" || r.Header.Get("X-Auth-Secret") != s.config.AuthSecret:
		refuseToken(w, http.StatusUnauthorized, "invalid_client", "X-Auth-Secret is missing or wrong.")
	case !slices.Contains(DefaultClientIDs(), clientID):
		refuseToken(w, http.StatusUnauthorized, "invalid_client", "The client_id is unknown.")
	case given.Get("grant_type") != "client_credentials":
		refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", "The grant_type must be client_credentials.")
	case !s.CheckPassword(name, password):
		refuseToken(w, http.StatusUnauthorized, "invalid_grant", "The user name or the password is wrong.")
	default:
		s.issue(w, name, clientID, IDToken) // access_token may be absent (A).
	}
}

// clientToken is a token endpoint of the registered clients (V). Of its grants, it has
// the one without a browser.
func (s *Server) clientToken(w http.ResponseWriter, r *http.Request, kinds ...TokenKind) {
	given, err := parameters(r)
	client, clientErr := s.authenticateClient(r)
	switch name := given.Get("username"); {
	case err != nil:
		refuseToken(w, http.StatusBadRequest, "invalid_request", "The form is malformed.")
	case clientErr != nil:
		refuseToken(w, http.StatusUnauthorized, "invalid_client", clientErr.Error())
	case given.Get("grant_type") != "password":
		refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", "The grant_type must be password.")
	case !s.CheckPassword(name, given.Get("password")):
		refuseToken(w, http.StatusBadRequest, "invalid_grant", "The user name or the password is wrong.")
	default:
		s.issue(w, name, client.ID, kinds...)
	}
}

// authenticateClient is client_secret_basic: ID and secret are encoded like a form
// (RFC 6749, section 2.3.1).
func (s *Server) authenticateClient(r *http.Request) (Client, error) {
	encodedID, encodedSecret, _ := r.BasicAuth()
	id, idErr := url.QueryUnescape(encodedID)
	secret, secretErr := url.QueryUnescape(encodedSecret)
	known := Client{id, secret}
	if idErr != nil || secretErr != nil || !slices.Contains(s.config.Clients, known) {
		return Client{}, errors.New("the client or its secret is unknown")
	}
	return known, nil
}

// issue is the response of a token endpoint with tokens of some kinds (RFC 6749, section
// 5.1). There is a refresh token in each (V); no endpoint takes it.
func (s *Server) issue(w http.ResponseWriter, user, clientID string, kinds ...TokenKind) {
	issued := map[string]any{"token_type": "Bearer", "expires_in": int(s.config.TokenLifetime.Seconds()), "refresh_token": secret()}
	s.mu.Lock()
	s.counts.TokensIssued++
	for _, kind := range kinds {
		issued[map[TokenKind]string{IDToken: "id_token", AccessToken: "access_token"}[kind]] = s.newToken(kind, user, clientID)
	}
	s.mu.Unlock()
	w.Header().Set("Pragma", "no-cache")
	writeJSON(w, http.StatusOK, issued)
}
