package twcloudtest

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

const (
	// signInPath is the sign-in page of the Web Application Platform (A).
	signInPath = "/authentication/login"

	formType = "application/x-www-form-urlencoded"

	// timestampTolerance is how far oauth_timestamp may be from the clock (A).
	timestampTolerance = 5 * time.Minute

	// tokenLifetime is how long tokens live (V).
	tokenLifetime = wire.OAuthTokenLifetimeSeconds * time.Second
)

// token is a temporary credential or an access token, with its secret.
type token struct {
	id, secret, consumer string
	callback, verifier   string // A verifier is there once a user has authorized.
	access               bool
	issued               time.Time
}

func (s *Server) webAppRouter() router {
	return s.withProfileEndpoints(WebApp, router{
		wire.RootServicesPath:       {operation: wire.RootServicesPath, methods: map[string]handler{http.MethodGet: s.rootServices}},
		wire.RequestConsumerKeyPath: {operation: wire.RequestConsumerKeyPath, methods: map[string]handler{http.MethodPost: s.requestConsumerKey}},
		wire.RequestTokenPath:       {operation: wire.RequestTokenPath, methods: map[string]handler{http.MethodPost: s.requestToken}},
		wire.UserAuthorizationPath:  {operation: wire.UserAuthorizationPath, methods: map[string]handler{http.MethodGet: s.authorizePage}},
		wire.AccessTokenPath:        {operation: wire.AccessTokenPath, methods: map[string]handler{http.MethodPost: s.accessToken}},
		signInPath:                  {operation: signInPath, methods: map[string]handler{http.MethodGet: func(*exchange) *answer { return signInPage() }}},
	})
}

// requestConsumerKey registers a consumer without a session (S); an
// administrator must still approve it (V).
func (s *Server) requestConsumerKey(x *exchange) *answer {
	c := &call{Call: profile.BuiltIn().Calls.Register, name: "register", given: map[string][]any{}}
	c.readBody(x)
	stored, refusal := s.registerInput(c)
	if refusal != nil {
		return refusal
	}
	return jsonAnswer(http.StatusOK, wire.RequestedOAuthConsumer{Key: stored.Key})
}

// requestToken issues temporary credentials (RFC 5849, section 2.1).
func (s *Server) requestToken(x *exchange) *answer {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	signed, refusal := s.verify(x, "")
	if refusal != nil {
		return refusal
	}
	callback := signed.oauth["oauth_callback"]
	if callback != "oob" {
		if u, err := url.Parse(callback); err != nil || u.Scheme == "" || u.Host == "" {
			return s.failure(http.StatusBadRequest, "oauth_callback must be an absolute URL or oob.")
		}
	}
	issued := s.issue(token{consumer: signed.oauth["oauth_consumer_key"], callback: callback})
	return formAnswer(url.Values{
		"oauth_token": {issued.id}, "oauth_token_secret": {issued.secret}, "oauth_callback_confirmed": {"true"},
	})
}

// accessToken exchanges authorized temporary credentials, once, for an access
// token (RFC 5849, section 2.3).
func (s *Server) accessToken(x *exchange) *answer {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	parsed, err := parseSigned(x.request, x.body)
	if err != nil {
		return s.failure(http.StatusBadRequest, err.Error())
	}
	temporary, ok := s.liveToken(parsed.oauth["oauth_token"])
	if !ok || temporary.access || temporary.consumer != parsed.oauth["oauth_consumer_key"] {
		return s.unauthorized("The token is unknown or has expired.")
	}
	if _, refusal := s.verify(x, temporary.secret); refusal != nil {
		return refusal
	}
	if temporary.verifier == "" || !equal(temporary.verifier, parsed.oauth["oauth_verifier"]) {
		return s.unauthorized("The token is not authorized, or the verifier is wrong.")
	}
	delete(s.state.tokens, temporary.id)
	issued := s.issue(token{consumer: temporary.consumer, access: true})
	return formAnswer(url.Values{"oauth_token": {issued.id}, "oauth_token_secret": {issued.secret}})
}

// authorizePage takes whoever opens it for a user who agrees (A): the true
// server asks for a sign-in first.
func (s *Server) authorizePage(x *exchange) *answer {
	authorized, ok := s.authorize(x.request.URL.Query().Get("oauth_token"))
	if !ok {
		return s.failure(http.StatusBadRequest, "The token is unknown or has expired.")
	}
	if authorized.callback == "oob" {
		return htmlAnswer(http.StatusOK, "Access granted", "<p>Verifier: <code>"+html.EscapeString(authorized.verifier)+"</code></p>")
	}
	u, err := url.Parse(authorized.callback)
	if err != nil {
		return s.failure(http.StatusBadRequest, "The callback is malformed.")
	}
	query := u.Query()
	query.Set("oauth_token", authorized.id)
	query.Set("oauth_verifier", authorized.verifier)
	u.RawQuery = query.Encode()
	a := newAnswer(http.StatusFound, "", nil)
	a.header.Set("Location", u.String())
	return a
}

// Authorize agrees, in a user's place, to what a temporary token asks for, and
// returns the verifier. It reports whether the token lives and is a temporary
// one.
func (s *Server) Authorize(id string) (verifier string, ok bool) {
	authorized, ok := s.authorize(id)
	return authorized.verifier, ok
}

func (s *Server) authorize(id string) (token, bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	temporary, ok := s.liveToken(id)
	if !ok || temporary.access {
		return token{}, false
	}
	if temporary.verifier == "" {
		temporary.verifier = randomHex(8)
	}
	return *temporary, true
}

// AccessTokenLives reports whether an access token is still good: it has been
// issued less than 7200 seconds ago (V), and its consumer is there and approved
// (A).
func (s *Server) AccessTokenLives(id string) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	found, ok := s.liveToken(id)
	if !ok || !found.access {
		return false
	}
	consumer, ok := s.state.consumers[found.consumer]
	return ok && consumer.Approved
}

// verify checks a signed request (RFC 5849, section 3.2). The caller holds the
// lock.
func (s *Server) verify(x *exchange, tokenSecret string) (*signedRequest, *answer) {
	signed, err := parseSigned(x.request, x.body)
	if err != nil {
		return nil, s.failure(http.StatusBadRequest, err.Error())
	}
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"} {
		if signed.oauth[name] == "" {
			return nil, s.failure(http.StatusBadRequest, name+" is missing.")
		}
	}
	if method := signed.oauth["oauth_signature_method"]; method != "HMAC-SHA1" {
		return nil, s.failure(http.StatusBadRequest, "The signature method must be HMAC-SHA1.")
	}
	if version, there := signed.oauth["oauth_version"]; there && version != "1.0" {
		return nil, s.failure(http.StatusBadRequest, "oauth_version must be 1.0.")
	}
	seconds, err := strconv.ParseInt(signed.oauth["oauth_timestamp"], 10, 64)
	if err != nil || seconds <= 0 {
		return nil, s.failure(http.StatusBadRequest, "oauth_timestamp must be a positive number.")
	}
	now := s.now()
	if now.Sub(time.Unix(seconds, 0)).Abs() > timestampTolerance {
		return nil, s.unauthorized("oauth_timestamp is too far from the server's clock.")
	}
	// One message for an unknown key, a wrong secret and a consumer that is not
	// approved (A): only who has the right secret may know the difference.
	consumer, ok := s.state.consumers[signed.oauth["oauth_consumer_key"]]
	if !ok || !equal(signed.signature(consumer.Secret, tokenSecret), signed.oauth["oauth_signature"]) || !consumer.Approved {
		return nil, s.unauthorized("The consumer key, the signature or the approval is missing or wrong.")
	}
	if s.nonceUsed(signed, now) {
		return nil, s.unauthorized("The nonce has been used before.")
	}
	return signed, nil
}

// nonceUsed notes the nonce, which is unique for one timestamp, consumer and
// token (RFC 5849, section 3.3).
func (s *Server) nonceUsed(signed *signedRequest, now time.Time) bool {
	nonce := url.Values{
		"n": {signed.oauth["oauth_nonce"]}, "t": {signed.oauth["oauth_timestamp"]},
		"c": {signed.oauth["oauth_consumer_key"]}, "o": {signed.oauth["oauth_token"]},
	}.Encode()
	if _, used := s.state.nonces[nonce]; used {
		return true
	}
	s.state.nonces[nonce] = now.Add(2 * timestampTolerance)
	if st := s.state; len(st.nonces) > st.noncesKept {
		maps.DeleteFunc(st.nonces, func(_ string, expires time.Time) bool { return now.After(expires) })
		st.noncesKept = 2*len(st.nonces) + 1000
	}
	return false
}

// issue stores a new token. The caller holds the lock.
func (s *Server) issue(t token) *token {
	t.id, t.secret, t.issued = randomHex(16), randomHex(16), s.now()
	s.state.tokens[t.id] = &t
	if st := s.state; len(st.tokens) > st.tokensKept {
		maps.DeleteFunc(st.tokens, func(_ string, old *token) bool { return s.outlived(old) })
		st.tokensKept = 2*len(st.tokens) + 1000
	}
	return &t
}

// liveToken returns a token that has not expired. The caller holds the lock.
func (s *Server) liveToken(id string) (*token, bool) {
	found, ok := s.state.tokens[id]
	if !ok || s.outlived(found) {
		return nil, false
	}
	return found, true
}

func (s *Server) outlived(t *token) bool { return s.now().Sub(t.issued) >= tokenLifetime }

// unauthorized is the refusal of RFC 5849, section 3.2, with the challenge of
// section 3.5.1.
func (s *Server) unauthorized(message string) *answer {
	a := s.failure(http.StatusUnauthorized, message)
	a.header.Set("WWW-Authenticate", `OAuth realm="`+wire.DefaultOAuthRealm+`"`)
	return a
}

func formAnswer(values url.Values) *answer {
	return newAnswer(http.StatusOK, formType, []byte(values.Encode()))
}
