package oauth1

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	independent "github.com/dghubble/oauth1"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// The independent library takes no repeated names, drops ports 80 and 443 with
// either scheme, and has no path where RFC 5849 has "/", so that none of these is
// among the cases.
func TestSignLikeAnIndependentLibrary(t *testing.T) {
	t.Parallel()
	const secret = "s3cr&t/ =%ü☃"
	tests := []struct{ name, method, uri, form, token, tokenSecret, realm string }{
		{name: "request token", method: "POST", uri: "https://twcloud.example.com:8443/authentication/api/oauth/request_token", realm: "TWC"},
		{name: "token", method: "GET", uri: "https://twcloud.example.com:8443/oslc/api/", token: "t", tokenSecret: "t&s"},
		{name: "query", method: "DELETE", uri: "http://example.com/a?z=1&a=%20%2B+&b=%E2%98%83&c=&d"},
		{name: "form", method: "POST", uri: "http://example.com/a?q=1", form: "b=2&a=1+2%2B&c=~-._%21%2A%27%28%29"},
		{name: "case", method: "PUT", uri: "HTTPS://EXAMPLE.com/A%2Fb/c%20d"},
		{name: "default port", method: "GET", uri: "https://example.com:443/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			theirs := signIndependently(t, newRequest(t, test.method, test.uri, test.form), independent.Config{
				ConsumerKey: "k e/y", ConsumerSecret: secret, Realm: test.realm,
			}, independent.NewToken(test.token, test.tokenSecret))

			req := newRequest(t, test.method, test.uri, test.form)
			further := []Param{{"oauth_version", "1.0"}}
			if test.token == "" {
				further = append(further, Param{"oauth_token", ""})
			}
			signer := Signer{
				ConsumerKey: "k e/y", ConsumerSecret: secret,
				Token: test.token, TokenSecret: test.tokenSecret, Realm: test.realm,
				Now: func() time.Time { return sentTime(t, theirs) }, Nonce: always(theirs["oauth_nonce"]),
			}
			if err := signer.Sign(req, further...); err != nil {
				t.Fatal(err)
			}
			if ours := headerParams(t, req); !maps.Equal(ours, theirs) {
				t.Errorf("ours   %q\ntheirs %q", ours, theirs)
			}
		})
	}
}

func signIndependently(t *testing.T, req *http.Request, config independent.Config, token *independent.Token) map[string]string {
	t.Helper()
	var sent *http.Request
	capture := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		sent = req
		return httptest.NewRecorder().Result(), nil
	})
	ctx := context.WithValue(t.Context(), independent.HTTPClient, &http.Client{Transport: capture})
	resp, err := config.Client(ctx, token).Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return headerParams(t, sent)
}

func headerParams(t *testing.T, req *http.Request) map[string]string {
	t.Helper()
	realm, params, err := ParseAuthorization(req.Header.Get("Authorization"))
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]string)
	for _, param := range params {
		values[param.Name] = param.Value
	}
	if realm != "" {
		values["realm"] = realm
	}
	return values
}

func paramsOf(values map[string]string) iter.Seq[Param] {
	return func(yield func(Param) bool) {
		for name, value := range values {
			if !yield(Param{name, value}) {
				return
			}
		}
	}
}

func sentTime(t *testing.T, values map[string]string) time.Time {
	t.Helper()
	seconds, err := strconv.ParseInt(strings.TrimSpace(values["oauth_timestamp"]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0)
}
