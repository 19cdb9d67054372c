package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	formType = "application/x-www-form-urlencoded"

	// timestampTolerance is how far oauth_timestamp may be from the clock (A).
	timestampTolerance = 5 * time.Minute

	tokenLifetime = wire.OAuthTokenLifetimeSeconds * time.Second
)

// token is a temporary credential or an access token, with its secret.
type token struct {
	id, secret, consumer string
	access               bool
	issued               time.Time

	// callback and verifier belong to a temporary credential. The callback is nil
	// for oob. The verifier is empty until a user has authorized the token.
	callback *url.URL
	verifier string
}

// requestConsumerKey registers a consumer without a session (S). An administrator
// must still approve it (V).
func (s *Server) requestConsumerKey(x *exchange) *answer {
	p := profile.BuiltIn()
	described := *p.Calls.Register
	described.Path = x.path
	values, err := p.Match(&described, &profile.Request{Method: x.request.Method, Path: x.path, Header: x.request.Header, Body: x.body})
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	a := s.perform(x, &call{&described, p, values})
	if a.status != http.StatusCreated {
		return a
	}
	var registered wire.RequestedOAuthConsumer
	_ = json.Unmarshal(a.body, &registered) // The emulator has written it.
	return jsonAnswer(http.StatusOK, registered)
}

// signed returns the handler of a signed request. handle holds the lock of the
// state.
func (s *Server) signed(handle func(*signedRequest) *answer) handler {
	return func(x *exchange) *answer {
		signed, err := parseSigned(x.request, x.body)
		if err != nil {
			return failure(http.StatusBadRequest, err.Error())
		}
		s.state.mu.Lock()
		defer s.state.mu.Unlock()
		return handle(signed)
	}
}

// requestToken issues temporary credentials (RFC 5849, section 2.1).
func (s *Server) requestToken(signed *signedRequest) *answer {
	if refusal := s.verify(signed, ""); refusal != nil {
		return refusal
	}
	var callback *url.URL
	if text := signed.parameters.Get("oauth_callback"); text != "oob" {
		var err error
		if callback, err = url.Parse(text); err != nil || callback.Scheme == "" || callback.Host == "" {
			return failure(http.StatusBadRequest, "oauth_callback must be an absolute URL or oob.")
		}
	}
	return s.issue(token{consumer: signed.parameters.Get("oauth_consumer_key"), callback: callback})
}

// accessToken exchanges temporary credentials that a user has authorized, once,
// for an access token (RFC 5849, section 2.3).
func (s *Server) accessToken(signed *signedRequest) *answer {
	get := signed.parameters.Get
	temporary, ok := s.liveToken(get("oauth_token"), false)
	if !ok || temporary.consumer != get("oauth_consumer_key") {
		return s.unauthorized("The token is unknown or has expired.")
	}
	if refusal := s.verify(signed, temporary.secret); refusal != nil {
		return refusal
	}
	if temporary.verifier == "" || temporary.verifier != get("oauth_verifier") {
		return s.unauthorized("The token is not authorized, or the verifier is wrong.")
	}
	delete(s.state.tokens, temporary.id)
	return s.issue(token{consumer: temporary.consumer, access: true})
}

// issue stores a new token and answers it. The caller holds the lock.
func (s *Server) issue(t token) *answer {
	t.id, t.secret, t.issued = randomHex(), randomHex(), s.config.Now()
	s.state.tokens[t.id] = &t
	values := url.Values{"oauth_token": {t.id}, "oauth_token_secret": {t.secret}}
	if !t.access {
		values.Set("oauth_callback_confirmed", "true")
	}
	return newAnswer(http.StatusOK, formType, []byte(values.Encode()))
}

// liveToken returns an access token or a temporary credential that has not
// expired. The caller holds the lock.
func (s *Server) liveToken(id string, access bool) (*token, bool) {
	found, ok := s.state.tokens[id]
	return found, ok && found.access == access && s.config.Now().Sub(found.issued) < tokenLifetime
}

// userAuthorization is the page on which a user agrees (RFC 5849, section 2.2).
// Whoever opens it agrees: a real server asks for a sign-in first (A).
func (s *Server) userAuthorization(x *exchange) *answer {
	authorized, ok := s.authorize(x.request.URL.Query().Get("oauth_token"))
	if !ok {
		return failure(http.StatusBadRequest, "The token is unknown or has expired.")
	}
	if authorized.callback == nil {
		return htmlAnswer(http.StatusOK, "Access granted", "<p>Verifier: <code>"+authorized.verifier+"</code></p>")
	}
	target := *authorized.callback
	query := target.Query()
	query.Set("oauth_token", authorized.id)
	query.Set("oauth_verifier", authorized.verifier)
	target.RawQuery = query.Encode()
	a := newAnswer(http.StatusFound, "", nil)
	a.header.Set("Location", target.String())
	return a
}

func (s *Server) authorize(id string) (token, bool) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	temporary, ok := s.liveToken(id, false)
	if !ok {
		return token{}, false
	}
	temporary.verifier = cmp.Or(temporary.verifier, randomHex())
	return *temporary, true
}

// Authorize authorizes a temporary token in the place of a user, and returns the
// verifier. It reports whether there is such a token.
func (s *Server) Authorize(id string) (verifier string, ok bool) {
	authorized, ok := s.authorize(id)
	return authorized.verifier, ok
}

// AccessTokenLives reports whether an access token is still good: it was issued
// less than 7200 seconds ago (V), and its consumer is approved (A).
func (s *Server) AccessTokenLives(id string) bool {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	found, ok := s.liveToken(id, true)
	if !ok {
		return false
	}
	consumer, ok := s.state.consumers[found.consumer]
	return ok && consumer.Approved
}

// verify checks a signed request (RFC 5849, section 3.2). The caller holds the
// lock.
func (s *Server) verify(signed *signedRequest, tokenSecret string) *answer {
	get := signed.parameters.Get
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"} {
		if get(name) == "" {
			return failure(http.StatusBadRequest, name+" is missing.")
		}
	}
	if get("oauth_signature_method") != "HMAC-SHA1" {
		return failure(http.StatusBadRequest, "The signature method must be HMAC-SHA1.")
	}
	if signed.parameters.Has("oauth_version") && get("oauth_version") != "1.0" {
		return failure(http.StatusBadRequest, "oauth_version must be 1.0.")
	}
	seconds, err := strconv.ParseInt(get("oauth_timestamp"), 10, 64)
	if err != nil || seconds <= 0 {
		return failure(http.StatusBadRequest, "oauth_timestamp must be a positive number.")
	}
	if s.config.Now().Sub(time.Unix(seconds, 0)).Abs() > timestampTolerance {
		return s.unauthorized("oauth_timestamp is too far from the server's clock.")
	}
	// One message for an unknown key, a wrong secret, and a consumer that is not
	// approved (A): only who has the right secret may know the difference.
	consumer, ok := s.state.consumers[get("oauth_consumer_key")]
	if !ok || signed.signature(consumer.Secret, tokenSecret) != get("oauth_signature") || !consumer.Approved {
		return s.unauthorized("The consumer key, the signature, or the approval is missing or wrong.")
	}
	// A nonce is unique for one timestamp, consumer, and token (RFC 5849, section
	// 3.3).
	nonce := [4]string{get("oauth_nonce"), get("oauth_timestamp"), consumer.Key, get("oauth_token")}
	if s.state.nonces[nonce] {
		return s.unauthorized("The nonce has been used before.")
	}
	s.state.nonces[nonce] = true
	return nil
}

// unauthorized is the refusal of RFC 5849, section 3.2, with the challenge of
// section 3.5.1.
func (s *Server) unauthorized(message string) *answer {
	a := failure(http.StatusUnauthorized, message)
	a.header.Set("WWW-Authenticate", `OAuth realm="`+wire.DefaultOAuthRealm+`"`)
	return a
}
