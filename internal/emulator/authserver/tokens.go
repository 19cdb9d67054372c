package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
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

const keyID = "emulator"

// signingKey signs the tokens of all servers of the process: to make a key takes time.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // There is no entropy.
	}
	return key
})

// claims are what a token says.
type claims struct {
	jwt.Claims
	Nonce string    `json:"nonce,omitempty"`
	Use   TokenKind `json:"token_use"`
}

func (s *Server) signToken(kind TokenKind, user, clientID, nonce string, lifetime time.Duration) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: signingKey()},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader(jose.HeaderKey("kid"), keyID))
	if err != nil {
		return "", err
	}
	now := s.config.Now()
	return jwt.Signed(signer).Claims(claims{
		Claims: jwt.Claims{
			Issuer: s.issuer(), Subject: user, Audience: jwt.Audience{clientID}, ID: secret(),
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(lifetime)),
		},
		Nonce: nonce, Use: kind,
	}).Serialize()
}

// parseToken returns what a signed token says, if it is good and has not expired. The
// caller holds the lock.
func (s *Server) parseToken(token string) (claims, error) {
	var found claims
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return found, err
	}
	if err := parsed.Claims(signingKey().Public(), &found); err != nil {
		return found, err
	}
	now := s.config.Now()
	if err := found.ValidateWithLeeway(jwt.Expected{Issuer: s.issuer(), Time: now}, 0); err != nil {
		return found, err
	}
	// The library lets the last moment pass.
	if !now.Before(found.Expiry.Time()) || s.revoked[found.ID] {
		return found, jwt.ErrExpired
	}
	return found, nil
}

// VerifyToken returns the user of a token and the kind of it, or NoToken.
func (s *Server) VerifyToken(token string) (user string, kind TokenKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, user := range s.users {
		if user.Token != "" && user.Token == token {
			return user.Name, PersonalToken
		}
	}
	found, err := s.parseToken(token)
	if err != nil {
		return "", NoToken
	}
	return found.Subject, found.Use
}

// NewPersonalToken returns a personal access token of a user, as the user makes on the
// platform (V).
func (s *Server) NewPersonalToken(user string) (string, error) {
	return s.signToken(PersonalToken, user, PlatformClientID, "", personalTokenLifetime)
}

// NewIDToken returns an ID token of a user, as the platform hands its own pages.
func (s *Server) NewIDToken(user string) (string, error) {
	return s.signToken(IDToken, user, PlatformClientID, "", s.config.TokenLifetime)
}

func (s *Server) issuer() string { return s.config.Authentication + strings.TrimSuffix(Prefix, "/") }

// openIDConfiguration is the document of the authentication server (V).
func (s *Server) openIDConfiguration(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.issuer(),
		"authorization_endpoint":                s.authenticationURL(authorizePath),
		"token_endpoint":                        s.authenticationURL(tokenPath),
		"validation_endpoint":                   s.authenticationURL(validatePath),
		"signout_endpoint":                      s.authenticationURL(SignOutPath),
		"jwks_uri":                              s.authenticationURL(keysPath),
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

// oidcConfiguration and oauth2Configuration are the documents for registered clients,
// since 2024x (V).
func (s *Server) oidcConfiguration(w http.ResponseWriter, _ *http.Request) {
	document := s.clientConfiguration(oidcTokenPath)
	document["subject_types_supported"] = []string{"public"}
	document["id_token_signing_alg_values_supported"] = []string{"RS256"}
	writeJSON(w, http.StatusOK, document)
}

func (s *Server) oauth2Configuration(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.clientConfiguration(oauth2TokenPath))
}

func (s *Server) clientConfiguration(tokenEndpoint string) map[string]any {
	return map[string]any{
		"issuer":                                s.issuer(),
		"authorization_endpoint":                s.authenticationURL(authorizePath),
		"token_endpoint":                        s.authenticationURL(tokenEndpoint),
		"jwks_uri":                              s.authenticationURL(keysPath),
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token", "password"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
	}
}

// keys is the key set that tokens are verified with (RFC 7517).
func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: signingKey().Public(), KeyID: keyID, Algorithm: string(jose.RS256), Use: "sig"},
	}})
}

// grant is what tokens are issued for: a user, and the client who asked for them.
type grant struct {
	user, clientID, nonce string
	issued                time.Time // of a refresh token
}

// tokenError is the body of a refusal (RFC 6749, section 5.2).
type tokenError struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func refuseToken(w http.ResponseWriter, status int, code, description string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="Teamwork Cloud"`)
	}
	writeJSON(w, status, tokenError{code, description})
}

// platformToken is the token endpoint of the clients that share the secret (V).
func (s *Server) platformToken(w http.ResponseWriter, r *http.Request) {
	given, err := parameters(r)
	clientID := given.Get("client_id")
	switch {
	case err != nil:
		refuseToken(w, http.StatusBadRequest, "invalid_request", "The form is malformed.")
		return
	case s.config.AuthSecret == "" || r.Header.Get("X-Auth-Secret") != s.config.AuthSecret:
		refuseToken(w, http.StatusUnauthorized, "invalid_client", "X-Auth-Secret is missing or wrong.")
		return
	case !slices.Contains(s.config.ClientIDs, clientID):
		refuseToken(w, http.StatusUnauthorized, "invalid_client", "The client_id is unknown.")
		return
	}
	if given.Get("grant_type") != "client_credentials" {
		s.exchange(w, given, clientID, []string{"authorization_code", "refresh_token"}, platformShape)
		return
	}
	name, password, _ := r.BasicAuth()
	if !s.CheckPassword(name, password) {
		refuseToken(w, http.StatusUnauthorized, "invalid_grant", "The user name or the password is wrong.")
		return
	}
	s.issue(w, grant{user: name, clientID: clientID}, platformShape)
}

// clientToken is a token endpoint of the registered clients, for OpenID Connect or for
// OAuth 2.0 (V).
func (s *Server) clientToken(w http.ResponseWriter, r *http.Request, openID bool) {
	given, err := parameters(r)
	if err != nil {
		refuseToken(w, http.StatusBadRequest, "invalid_request", "The form is malformed.")
		return
	}
	client, err := s.authenticateClient(r)
	if err != nil {
		refuseToken(w, http.StatusUnauthorized, "invalid_client", err.Error())
		return
	}
	shape := oauth2Shape
	if openID {
		shape = oidcShape
	}
	s.exchange(w, given, client.ID, []string{"authorization_code", "refresh_token", "password"}, shape)
}

var errClient = errors.New("the client or its secret is unknown")

// authenticateClient is client_secret_basic: ID and secret are encoded like a form
// (RFC 6749, section 2.3.1).
func (s *Server) authenticateClient(r *http.Request) (Client, error) {
	encodedID, encodedSecret, ok := r.BasicAuth()
	id, idErr := url.QueryUnescape(encodedID)
	given, secretErr := url.QueryUnescape(encodedSecret)
	client, known := s.client(id)
	if !ok || !known || idErr != nil || secretErr != nil || client.Secret != given {
		return Client{}, errClient
	}
	return client, nil
}

// exchange issues tokens for a grant.
func (s *Server) exchange(w http.ResponseWriter, given url.Values, clientID string, supported []string, shape shape) {
	kind := given.Get("grant_type")
	if !slices.Contains(supported, kind) {
		refuseToken(w, http.StatusBadRequest, "unsupported_grant_type", "The grant_type must be one of "+strings.Join(supported, ", ")+".")
		return
	}
	s.mu.Lock()
	granted := grant{clientID: clientID}
	ok := false
	switch kind {
	case "authorization_code":
		if found := s.redeem(given.Get("code"), clientID, given.Get("redirect_uri")); found != nil {
			granted.user, granted.nonce, ok = found.user, found.nonce, true
		}
	case "refresh_token":
		text := given.Get("refresh_token")
		if found := s.refreshTokens[text]; found != nil && found.clientID == clientID && s.config.Now().Sub(found.issued) < refreshTokenLifetime {
			granted.user, ok = found.user, true
			delete(s.refreshTokens, text) // Each is used once (RFC 9700, section 4.14.2).
		}
	case "password":
		granted.user, ok = given.Get("username"), s.checkPassword(given.Get("username"), given.Get("password"))
	}
	s.mu.Unlock()
	if !ok {
		refuseToken(w, http.StatusBadRequest, "invalid_grant", "The "+kind+" is wrong, has expired, or was used before.")
		return
	}
	s.issue(w, granted, shape)
}

// shape says which tokens a response has.
type shape struct{ id, access, refresh bool }

var (
	platformShape = shape{id: true, refresh: true} // access_token may be absent (A).
	oidcShape     = shape{id: true, access: true, refresh: true}
	oauth2Shape   = shape{access: true, refresh: true}
)

// tokens is the response of a token endpoint (RFC 6749, section 5.1).
type tokens struct {
	AccessToken  string `json:"access_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
}

func (s *Server) issue(w http.ResponseWriter, granted grant, shape shape) {
	issued := tokens{TokenType: "Bearer", ExpiresIn: int(s.config.TokenLifetime.Seconds())}
	var idErr, accessErr error
	if shape.id {
		issued.IDToken, idErr = s.signToken(IDToken, granted.user, granted.clientID, granted.nonce, s.config.TokenLifetime)
	}
	if shape.access {
		issued.AccessToken, accessErr = s.signToken(AccessToken, granted.user, granted.clientID, "", s.config.TokenLifetime)
	}
	if err := errors.Join(idErr, accessErr); err != nil {
		refuseToken(w, http.StatusInternalServerError, "server_error", err.Error())
		return
	}
	s.mu.Lock()
	s.counts.TokensIssued++
	if shape.refresh {
		issued.RefreshToken = secret()
		s.refreshTokens[issued.RefreshToken] = &grant{user: granted.user, clientID: granted.clientID, issued: s.config.Now()}
	}
	s.mu.Unlock()
	w.Header().Set("Pragma", "no-cache")
	writeJSON(w, http.StatusOK, issued)
}

// validate tells what a token says. How the token is sent is assumed (A).
func (s *Server) validate(w http.ResponseWriter, r *http.Request) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	user, kind := s.VerifyToken(strings.TrimSpace(token))
	if kind == NoToken {
		s.Refuse(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"sub": user, "token_use": kind})
}
