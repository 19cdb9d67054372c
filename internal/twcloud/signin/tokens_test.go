package signin

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip answers requests without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func reply(status int, body string, headers ...string) *http.Response {
	response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Add(headers[i], headers[i+1])
	}
	return response
}

func newClient(t testing.TB, send roundTrip) *Client {
	t.Helper()
	return &Client{
		Servers: Servers{
			REST: mustParseURL(t, "https://h:8111"), Platform: mustParseURL(t, "https://h:8443/wap"), Authentication: mustParseURL(t, "https://auth.example.com/a"),
		},
		Send: send, Hide: func(string) {},
		Keep: func(session *Session, from *url.URL, response *http.Response) {
			session.Cookies.Keep(&url.URL{}, from, response.Header)
		},
	}
}

func signed(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

const discovery = `{"token_endpoint":"https://auth.example.com/a/authentication/api/found"}`

// Several callers wait for one token, which is renewed a little before it expires.
func TestTokensAreRenewed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		response string
		lives    time.Duration // until it is renewed; zero: for ever
	}{
		"expires_in":           {`{"id_token":"t","expires_in":900}`, 890 * time.Second},
		"expires_in as a text": {`{"id_token":"t","expires_in":"100"}`, 90 * time.Second},
		"a short life":         {`{"id_token":"t","expires_in":2}`, 1800 * time.Millisecond},
		"exp and iat":          {`{"id_token":"` + signed(`{"exp":1000900,"iat":1000000}`) + `"}`, 890 * time.Second},
		"exp alone":            {`{"id_token":"` + signed(`{"exp":946684900}`) + `"}`, 90 * time.Second}, // 100 s after the bubble begins
		"not known":            {`{"id_token":"t"}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				client := newClient(t, func(request *http.Request) (*http.Response, error) {
					if request.Method == http.MethodGet {
						return reply(http.StatusOK, discovery), nil
					}
					asked++
					time.Sleep(time.Millisecond)
					return reply(http.StatusOK, test.response), nil
				})
				tokens := NewTokens(Tokens{Client: client, ClientID: "c", AuthSecret: "s", Username: "u", Password: "p"})
				method := &ByToken{Client: client, Tokens: tokens, Scheme: "Token"}
				open := func() *Session {
					var sessions [5]*Session
					var group sync.WaitGroup
					for i := range sessions {
						group.Go(func() {
							var err error
							if sessions[i], err = method.Open(t.Context()); err != nil {
								t.Error(err)
							}
						})
					}
					group.Wait()
					return sessions[0]
				}
				session := open()
				life := test.lives
				if life == 0 {
					life = 24 * time.Hour
				}
				time.Sleep(life - 2*time.Millisecond)
				if session.Expired() || asked != 1 {
					t.Errorf("expired: %t, asked %d times", session.Expired(), asked)
				}
				time.Sleep(2 * time.Millisecond)
				open()
				if want := map[bool]int{true: 1, false: 2}[test.lives == 0]; asked != want {
					t.Errorf("asked %d times, want %d", asked, want)
				}
			})
		})
	}
}

func TestTokenRequests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tokens   Tokens
		document string // of the discovery
		status   int
		url      string
		header   map[string]string
		body     string
		scheme   string
	}{
		"auth_secret": {
			tokens: Tokens{ClientID: "c d", AuthSecret: "s"}, document: discovery, status: 200,
			url:    "https://auth.example.com/a/authentication/api/found?client_id=c+d&grant_type=client_credentials",
			header: map[string]string{"X-Auth-Secret": "s", "Authorization": "Basic dTpw"}, scheme: "Token",
		},
		"auth_secret without discovery": {
			tokens: Tokens{ClientID: "c", AuthSecret: "s"}, status: 404,
			url:    "https://auth.example.com/a/authentication/api/token?client_id=c&grant_type=client_credentials",
			header: map[string]string{"X-Auth-Secret": "s"}, scheme: "Token",
		},
		"client_secret": {
			tokens: Tokens{ClientID: "c:d", ClientSecret: "s&"}, document: discovery, status: 200, url: "https://auth.example.com/a/authentication/api/found",
			header: map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("c%3Ad:s%26")), "X-Auth-Secret": ""},
			body:   "grant_type=password&password=p&username=u", scheme: "Bearer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.tokens.Username, test.tokens.Password = "u", "p"
			test.tokens.Client = newClient(t, func(request *http.Request) (*http.Response, error) {
				if request.Method == http.MethodGet {
					if !strings.HasPrefix(request.URL.String(), "https://auth.example.com/a/authentication/.well-known/") || request.Header.Get("Authorization") != "" {
						t.Errorf("discovery at %s with %v", request.URL, request.Header)
					}
					return reply(test.status, test.document), nil
				}
				body, _ := io.ReadAll(request.Body)
				if request.URL.String() != test.url || string(body) != test.body {
					t.Errorf("got %s with %s", request.URL, body)
				}
				for name, want := range test.header {
					if got := request.Header.Get(name); got != want {
						t.Errorf("%s is %q, want %q", name, got, want)
					}
				}
				return reply(http.StatusOK, `{"id_token":"id","access_token":"access","token_type":"Bearer"}`), nil
			})
			token, err := NewTokens(test.tokens).get(t.Context())
			want := map[string]string{"Token": "id", "Bearer": "access"}[test.scheme]
			if err != nil || token.scheme != test.scheme || token.value != want {
				t.Errorf("got %v, %v", token, err)
			}
		})
	}
}

func TestTokenRequestsFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		discovery, response *http.Response
		kind                error
		says                string
	}{
		"an endpoint elsewhere": {
			discovery: reply(200, `{"token_endpoint":"https://inside.example.com/authentication/api/token"}`),
			kind:      ErrSingleSignOn, says: "set webapp_endpoint to https://inside.example.com",
		},
		"an endpoint without TLS": {discovery: reply(200, `{"token_endpoint":"http://auth.example.com/a/t"}`), kind: ErrSingleSignOn, says: "from https to http://"},
		"a page":                  {discovery: reply(200, `<html>`), kind: ErrWebPage, says: "names no token_endpoint"},
		"a malformed endpoint":    {discovery: reply(200, `{"token_endpoint":"https://%zz"}`), kind: ErrWebPage, says: "malformed"},
		"no token":                {response: reply(200, `{"access_token":"other"}`), kind: ErrWebPage, says: "no token"},
		"no JSON":                 {response: reply(200, `<html>`), kind: ErrWebPage, says: "no token"},
		"refused":                 {response: reply(401, ``), kind: ErrCredentials, says: "check username, password, client_id or auth_secret"},
		"the client":              {response: reply(400, `{"error":"invalid_client"}`), kind: ErrCredentials, says: "check client_id or auth_secret"},
		"the user":                {response: reply(400, `{"error":"invalid_grant"}`), kind: ErrCredentials, says: "check username or password"},
		"another failure":         {response: reply(500, ``), says: "the sign-in failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, func(request *http.Request) (*http.Response, error) {
				switch {
				case request.Method == http.MethodPost:
					return test.response, nil
				case test.discovery != nil:
					return test.discovery, nil
				}
				return reply(http.StatusOK, discovery), nil
			})
			_, err := NewTokens(Tokens{Client: client, ClientID: "c", AuthSecret: "s"}).get(t.Context())
			if err == nil || test.kind != nil && !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTokenExpiry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	response := reply(http.StatusUnauthorized, "", "Date", now.Format(http.TimeFormat))
	for token, want := range map[string]string{
		signed(fmt.Sprintf(`{"exp":%d}`, now.Add(-3*time.Hour).Unix())): "the token expired 3h0m0s ago, at 2026-03-01T09:00:00Z",
		signed(fmt.Sprintf(`{"exp":%d}`, now.Unix())):                   "the token expired 0s ago, at 2026-03-01T12:00:00Z",
		signed(fmt.Sprintf(`{"exp":%d}`, now.Add(time.Hour).Unix())):    "",
		signed(`{}`):              "",
		signed(`{"exp":"later"}`): "",
		"opaque":                  "",
		"a.b.c":                   "",
		"":                        "",
	} {
		got := ""
		if err := (Token{value: token}).expiry(response); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", token, got, want)
		}
		refused := (&ByToken{}).Refused(&Session{token: Token{value: token}}, response)
		if !errors.Is(refused, ErrCredentials) || !strings.Contains(refused.Error(), cmp.Or(want, "does not accept the token")) {
			t.Errorf("%s: refused as %v", token, refused)
		}
	}
}

// A caller that gives up does not wait for another one's token.
func TestTokensGiveUp(t *testing.T) {
	t.Parallel()
	tokens := NewTokens(Tokens{ClientID: "c", AuthSecret: "s"})
	tokens.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tokens.get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
