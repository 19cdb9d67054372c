package emulator

import (
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
)

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

// requestToken issues temporary credentials (RFC 5849, section 2.1): a client that gets
// some has proven its secret. Nothing here takes them.
func (s *Server) requestToken(x *exchange) *answer {
	signed, err := parseSigned(x.request, x.body)
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if refusal := s.verify(signed); refusal != nil {
		return refusal
	}
	text := signed.parameters.Get("oauth_callback")
	if callback, err := url.Parse(text); text != "oob" && (err != nil || callback.Scheme == "" || callback.Host == "") {
		return failure(http.StatusBadRequest, "oauth_callback must be an absolute URL or oob.")
	}
	values := url.Values{"oauth_token": {randomHex()}, "oauth_token_secret": {randomHex()}, "oauth_callback_confirmed": {"true"}}
	return newAnswer(http.StatusOK, formType, []byte(values.Encode()))
}

// verify checks a signed request (RFC 5849, section 3.2). The caller holds the
// lock.
func (s *Server) verify(signed *signedRequest) *answer {
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
	if !ok || signed.signature(consumer.Secret, "") != get("oauth_signature") || !consumer.Approved {
		return s.unauthorized("The consumer key, the signature, or the approval is missing or wrong.")
	}
	// A nonce is unique for one timestamp and consumer (RFC 5849, section 3.3).
	nonce := [3]string{get("oauth_nonce"), get("oauth_timestamp"), consumer.Key}
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
