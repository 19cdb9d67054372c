package signin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// Tokens are the credentials that are configured, and the token that they get. The
// sessions of all servers share it.
type Tokens struct {
	*Client
	Username, Password string
	// Token is one that a user has got. It is not renewed.
	Token string
	// ClientID gets a token for the user, with AuthSecret, which the clients of the
	// authentication server share, or with ClientSecret, if the client is registered.
	ClientID, AuthSecret, ClientSecret string

	// turn is held by the caller that uses current.
	turn    chan struct{}
	current Token
}

// NewTokens returns tokens that share nothing with the given ones but the
// configuration.
func NewTokens(configured Tokens) *Tokens {
	configured.turn = make(chan struct{}, 1)
	return &configured
}

// Token authorizes requests until it expires. Its zero value is none.
type Token struct {
	scheme, value string
	// renew is when to get another one. Zero: never.
	renew time.Time
}

func (t Token) expired() bool { return !t.renew.IsZero() && !time.Now().Before(t.renew) }

// expiry returns an error that says for how long a token has been expired, by the
// server's clock. It is nil if that is not known.
func (t Token) expiry(response *http.Response) error {
	expires, _ := times(t.value)
	if now := dateOf(response); !expires.IsZero() && !expires.After(now) {
		return fmt.Errorf("the token expired %s ago, at %s", now.Sub(expires).Round(time.Second), expires.UTC().Format(time.RFC3339))
	}
	return nil
}

// times are when a signed token expires and since when it lives, as far as it says so.
// The signature does not matter: nothing is believed but how long to use it.
func times(token string) (expires, issued time.Time) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return expires, issued
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return expires, issued
	}
	var claims struct {
		Expires float64 `json:"exp"`
		Issued  float64 `json:"iat"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Expires <= 0 {
		return expires, issued
	}
	if claims.Issued > 0 {
		issued = time.Unix(int64(claims.Issued), 0)
	}
	return time.Unix(int64(claims.Expires), 0), issued
}

// available reports whether there is a token, or what gets one.
func (t *Tokens) available() bool { return t.Token != "" || t.ClientID != "" }

// get returns a token that has not expired. Callers wait for one another.
func (t *Tokens) get(ctx context.Context) (Token, error) {
	if t.Token != "" {
		return Token{scheme: wire.TokenScheme, value: t.Token}, nil
	}
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return Token{}, context.Cause(ctx)
	}
	defer func() { <-t.turn }()
	if t.current.value == "" || t.current.expired() {
		got, err := t.request(ctx)
		if err != nil {
			return Token{}, err
		}
		t.current = got
	}
	return t.current, nil
}

// drop forgets a token that a server has refused.
func (t *Tokens) drop(refused Token) {
	t.turn <- struct{}{}
	defer func() { <-t.turn }()
	if t.current == refused {
		t.current = Token{}
	}
}

// grant is a way to get a token.
type grant struct {
	discovery, endpoint string // paths
	form                url.Values
	// client are the attributes that authenticate the client.
	client string
	scheme string
	// authenticate puts the client's secret into the request.
	authenticate func(*http.Request)
}

func (t *Tokens) request(ctx context.Context) (Token, error) {
	if t.AuthSecret != "" {
		return t.ask(ctx, grant{
			discovery: wire.OpenIDConfigurationPath, endpoint: wire.TokenPath, client: "client_id or auth_secret", scheme: wire.TokenScheme,
			authenticate: func(request *http.Request) {
				request.URL.RawQuery = url.Values{"grant_type": {"client_credentials"}, "client_id": {t.ClientID}}.Encode()
				request.Header.Set(wire.AuthSecretHeader, t.AuthSecret)
				request.SetBasicAuth(t.Username, t.Password)
			},
		})
	}
	registered := grant{
		discovery: wire.OAuth2ConfigurationPath, endpoint: wire.OAuth2TokenPath, client: "client_id or client_secret", scheme: wire.BearerScheme,
		form: url.Values{"grant_type": {"password"}, "username": {t.Username}, "password": {t.Password}},
		authenticate: func(request *http.Request) {
			// As a form encodes them (RFC 6749, section 2.3.1).
			request.SetBasicAuth(url.QueryEscape(t.ClientID), url.QueryEscape(t.ClientSecret))
		},
	}
	token, err := t.ask(ctx, registered)
	if !errors.Is(err, errUnknownClient) {
		return token, err
	}
	// A client of OpenID Connect has an endpoint of its own. No password was checked
	// so far.
	registered.discovery, registered.endpoint = wire.OIDCConfigurationPath, wire.OIDCTokenPath
	registered.form.Set("scope", "openid")
	return t.ask(ctx, registered)
}

var errUnknownClient = errors.New("the client is unknown")

// ask requests a token from the endpoint that the discovery document names.
func (t *Tokens) ask(ctx context.Context, g grant) (Token, error) {
	endpoint, err := t.discover(ctx, g)
	if err != nil {
		return Token{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), strings.NewReader(g.form.Encode()))
	if err != nil {
		return Token{}, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	g.authenticate(request)
	asked := time.Now()
	response, err := t.Send.RoundTrip(request)
	if err != nil {
		return Token{}, &Error{Request: request, Cause: err}
	}
	var answer struct {
		ID        string          `json:"id_token"`
		Access    string          `json:"access_token"`
		ExpiresIn json.RawMessage `json:"expires_in"`
		Error     string          `json:"error"`
	}
	unreadable := json.Unmarshal(Body(response), &answer)
	if !success(response.StatusCode) {
		return Token{}, t.refusal(g, answer.Error, request, response)
	}
	token := Token{scheme: g.scheme, value: answer.Access}
	if g.scheme == wire.TokenScheme {
		token.value = answer.ID
	}
	if unreadable != nil || token.value == "" {
		return Token{}, &Error{Kind: ErrWebPage, Request: request, Cause: errors.New("the response has no token")}
	}
	t.Hide(token.value)
	if lifetime := lifetimeOf(token.value, answer.ExpiresIn, response); lifetime > 0 {
		token.renew = asked.Add(lifetime - min(lifetime/10, 10*time.Second))
	}
	return token, nil
}

// lifetimeOf is how long a token lives from the response on. Zero: it is not known.
func lifetimeOf(token string, expiresIn json.RawMessage, response *http.Response) time.Duration {
	var seconds float64
	if json.Unmarshal(bytes.Trim(expiresIn, `"`), &seconds) == nil && seconds > 0 {
		return time.Duration(seconds * float64(time.Second))
	}
	expires, issued := times(token)
	switch {
	case expires.IsZero():
		return 0
	case issued.IsZero():
		issued = dateOf(response)
	}
	return expires.Sub(issued)
}

// refusal tells which attributes are wrong, as far as the server says so.
func (t *Tokens) refusal(g grant, code string, request *http.Request, response *http.Response) error {
	failure := &Error{Request: request, Response: response}
	switch {
	case code == "invalid_client", code == "unauthorized_client":
		failure.Kind, failure.Cause = ErrCredentials, fmt.Errorf("%w: check %s", errUnknownClient, g.client)
	case code == "invalid_grant":
		failure.Kind, failure.Cause = ErrCredentials, errors.New("the user is unknown: check username or password")
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		failure.Kind, failure.Cause = ErrCredentials, fmt.Errorf("check username, password, %s", g.client)
	}
	return failure
}

// discover returns the token endpoint that the discovery document names. A server
// without the document has it at the documented path.
func (t *Tokens) discover(ctx context.Context, g grant) (*url.URL, error) {
	root := t.Root(profile.WebApp, g.discovery)
	request, err := newRequest(ctx, http.MethodGet, root, g.discovery, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := t.Send.RoundTrip(request)
	if err != nil {
		return nil, &Error{Request: request, Cause: err}
	}
	var document struct {
		Endpoint string `json:"token_endpoint"`
	}
	switch {
	case response.StatusCode == http.StatusNotFound:
		return At(root, g.endpoint)
	case !success(response.StatusCode):
		return nil, &Error{Request: request, Response: response}
	case json.Unmarshal(Body(response), &document) != nil || document.Endpoint == "":
		return nil, &Error{Kind: ErrWebPage, Request: request, Cause: errors.New("the discovery document names no token_endpoint")}
	}
	endpoint, err := request.URL.Parse(document.Endpoint)
	if err != nil {
		return nil, &Error{Kind: ErrWebPage, Request: request, Cause: errors.New("the token_endpoint of the discovery document is malformed")}
	}
	if !t.trusted(endpoint) {
		return nil, elsewhere(request, nil, endpoint)
	}
	return endpoint, nil
}

// ByToken authorizes each request with a token.
type ByToken struct {
	*Client
	Tokens *Tokens
	// Scheme is that of the Authorization header.
	Scheme  string
	SignOut *profile.SignOut
}

// Open implements Method. Nothing is sent to the platform itself.
func (b *ByToken) Open(ctx context.Context) (*Session, error) {
	if !b.Tokens.available() {
		return nil, &Error{Kind: ErrNoCredentials, Part: "sign_in.by", Cause: errors.New("the API profile authorizes requests by a token, and none is configured")}
	}
	token, err := b.Tokens.get(ctx)
	return &Session{token: token, given: b.Tokens.Token != ""}, err
}

// Authorize implements Method.
func (b *ByToken) Authorize(request *http.Request, session *Session) {
	Send(request, session.Cookies.For(request.URL))
	request.Header.Set("Authorization", b.Scheme+" "+session.token.value)
}

// Judge implements Method.
func (b *ByToken) Judge(session *Session, response *http.Response) Verdict {
	verdict := judge(&b.Servers, session, response, nil)
	if verdict != Valid {
		b.Tokens.drop(session.token)
	}
	return verdict
}

// Refused implements Method.
func (b *ByToken) Refused(session *Session, response *http.Response) error {
	failure := &Error{Kind: ErrCredentials, Request: response.Request, Response: response, Cause: errors.New("the server does not accept the token")}
	if expiry := session.token.expiry(response); expiry != nil {
		failure.Cause = expiry
	}
	return failure
}

// Close implements Method. A session that the server has opened beside the token ends.
func (b *ByToken) Close(ctx context.Context, session *Session) error {
	if b.SignOut == nil || session.Cookies.empty() {
		return nil
	}
	return signOut(ctx, b.Client, session, b.SignOut)
}
