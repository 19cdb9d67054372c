package twcloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"
)

const (
	probedKey    = "c0nsumer/key &ü"
	probedSecret = `s3cret/<"&\ %ü`
)

var probeTime = time.Date(2024, time.May, 17, 12, 0, 0, 0, time.UTC)

// probeClient returns a client of a server whose root services document is given
// and whose request token endpoint is tokens, a minute after probeTime.
func probeClient(t *testing.T, rootServices string, tokens transportFunc) *Client {
	t.Helper()
	client := fakeClient(t, transportFunc(func(request *http.Request) (*http.Response, error) {
		if request.Method == http.MethodPost {
			return tokens(request)
		}
		return document(rootServices)(request)
	}))
	client.prober.now = func() time.Time { return probeTime.Add(time.Minute) }
	client.prober.nonce = func() string { return "n0nce" }
	return client
}

// checkSignature checks a temporary credential request (RFC 5849, section 2.1),
// and returns its signature.
func checkSignature(t *testing.T, request *http.Request) string {
	t.Helper()
	params := []string{
		"oauth_consumer_key=" + oauth1.PercentEncode(probedKey), "oauth_nonce=n0nce", "oauth_signature_method=HMAC-SHA1",
		"oauth_timestamp=1715947260", "oauth_version=1.0",
	}
	base := "POST&https%3A%2F%2Ftwcloud.example.com%3A8443%2Ftoken&a%3D1%26oauth_callback%3Doob%26" +
		oauth1.PercentEncode(strings.Join(params, "&"))
	signature, err := (&oauth1.HMACSigner{ConsumerSecret: probedSecret}).Sign("", base)
	if err != nil {
		t.Fatal(err)
	}
	want := `OAuth realm="T\"W\\C", oauth_consumer_key="` + oauth1.PercentEncode(probedKey) + `", oauth_signature_method="HMAC-SHA1", ` +
		`oauth_timestamp="1715947260", oauth_nonce="n0nce", oauth_callback="oob", oauth_version="1.0", ` +
		`oauth_signature="` + oauth1.PercentEncode(signature) + `"`
	if got := request.Header.Get("Authorization"); request.URL.RequestURI() != "/token?a=1" || got != want {
		t.Errorf("%s has\n%s, want\n%s", request.URL, got, want)
	}
	if request.ContentLength != 0 {
		t.Errorf("the body has %d bytes", request.ContentLength)
	}
	return signature
}

// In the body of a response, SIGNATURE stands for the signature of the request,
// ESCAPED for the percent-encoded signature, and HEADER for the Authorization
// header.
func TestProbe(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	at := func(offset time.Duration) []string {
		return []string{"Date", probeTime.Add(time.Minute + offset).Format(http.TimeFormat)}
	}
	challenge := func(value string) []string { return []string{"WWW-Authenticate", value} }
	for name, test := range map[string]struct {
		status int
		header []string
		body   string
		lost   error // in the place of a response
		want   SecretVerdict
		kind   error
		says   string
	}{
		"accepted":                    {status: 200, header: []string{"Content-Type", form}, body: "oauth_token=a&oauth_token_secret=b", want: SecretAccepted},
		"accepted as text":            {status: 200, header: []string{"Content-Type", "text/plain"}, body: "oauth_token_secret=b&oauth_token=a%2B\n", want: SecretAccepted},
		"accepted with a wrong clock": {status: 200, header: at(time.Hour), body: "oauth_token=a", want: SecretAccepted},

		"refused, no more":                   {status: 401, want: SecretRefused},
		"refused in words":                   {status: 401, body: "Invalid signature", want: SecretRefused},
		"refused without a date":             {status: 401, header: []string{"Date", ""}, want: SecretRefused},
		"refused within five minutes before": {status: 401, header: at(-5 * time.Minute), want: SecretRefused},
		"refused within five minutes after":  {status: 401, header: at(5 * time.Minute), want: SecretRefused},
		"refused with a challenge":           {status: 401, header: challenge(`oauth realm="T, Basic"`), body: "<html><title>401</title>", want: SecretRefused},
		"refused with several challenges":    {status: 401, header: challenge(`Basic realm="a\", b", OAuth realm="TWC"`), want: SecretRefused},
		"signature invalid":                  {status: 401, header: []string{"Content-Type", form}, body: "oauth_problem=signature_invalid&oauth_signature_base_string=x", want: SecretRefused},
		"key unknown":                        {status: 401, header: challenge(`OAuth realm="TWC", oauth_problem="consumer_key_unknown"`), want: SecretRefused},
		"key rejected on a page":             {status: 401, header: []string{"Content-Type", "text/html"}, body: "<p>oauth_problem: consumer_key_rejected", want: SecretRefused},

		"clock ahead":          {status: 401, header: at(5*time.Minute + time.Second), kind: ErrUnreadable, says: "differ by 5m1s"},
		"clock behind":         {status: 401, header: at(-2 * time.Hour), kind: ErrUnreadable, says: "differ by 2h0m0s"},
		"timestamp refused":    {status: 401, body: "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-2", kind: ErrUnreadable, says: "OAuth problem timestamp_refused"},
		"nonce used":           {status: 401, body: `{"oauth_problem":"nonce_used"}`, kind: ErrUnreadable, says: "OAuth problem nonce_used"},
		"method rejected":      {status: 401, header: challenge(`OAuth oauth_problem=signature_method_rejected`), kind: ErrUnreadable, says: "OAuth problem signature_method_rejected"},
		"version rejected":     {status: 401, body: "oauth_problem=VERSION_REJECTED", kind: ErrUnreadable, says: "OAuth problem version_rejected"},
		"key throttled":        {status: 401, body: "oauth_problem=consumer_key_refused", kind: ErrUnreadable, says: "OAuth problem consumer_key_refused"},
		"an unknown problem":   {status: 401, body: "oauth_problem=bad_hair_day", kind: ErrUnreadable, says: "OAuth problem bad_hair_day"},
		"a page":               {status: 401, header: []string{"Content-Type", "text/html"}, body: "<html><title>Sign in</title>", kind: ErrWebPage, says: `titled "Sign in"`},
		"Basic":                {status: 401, header: challenge(`Basic realm="OAuth"`), kind: ErrUnreadable, says: "asks for Basic"},
		"Negotiate and Bearer": {status: 401, header: challenge(`Negotiate, Bearer realm="a, OAuth"`), kind: ErrUnreadable, says: "asks for Negotiate, Bearer"},

		"OK without a token":     {status: 200, body: "oauth_problem=signature_invalid", kind: ErrUnreadable, says: "OAuth problem signature_invalid"},
		"OK with an empty token": {status: 200, body: "oauth_token=&oauth_token_secret=b", kind: ErrUnreadable, says: "200 OK"},
		"OK with JSON":           {status: 200, body: `{"oauth_token":"a","oauth_token_secret":"t0ken"}`, kind: ErrUnreadable, says: "200 OK"},
		"OK with a page":         {status: 200, body: `<html><title>Sign in</title><a href="?a&oauth_token=t0ken">`, kind: ErrWebPage, says: "Sign in"},
		"created":                {status: 201, body: "oauth_token=t0ken", kind: ErrUnreadable, says: "201 Created"},
		"redirect":               {status: 302, header: []string{"Location", "https://sso.example.com/login?x=t0ken"}, kind: ErrWebPage, says: "redirect to https://sso.example.com/login"},
		"bad request":            {status: 400, body: "oauth_problem=parameter_absent", kind: ErrInvalid, says: "OAuth problem parameter_absent"},
		"forbidden":              {status: 403, body: "by the firewall", kind: ErrUnreadable, says: "403 Forbidden: by the firewall"},
		"not found":              {status: 404, kind: ErrUnreadable, says: "404 Not Found"},
		"slow down":              {status: 429, kind: ErrTooManyRequests, says: "429"},
		"unavailable":            {status: 503, body: "later", kind: ErrServer, says: "503 Service Unavailable: later"},

		"echo of the secret":         {status: 500, body: "wrong: " + probedSecret, kind: ErrServer, says: "wrong: " + redacted},
		"echo of the encoded secret": {status: 500, body: "wrong: " + oauth1.PercentEncode(probedSecret) + "&", kind: ErrServer, says: "wrong: " + redacted},
		"echo of the escaped secret": {status: 500, body: "wrong: s3cret/&lt;&#34;&amp;\\ %ü", kind: ErrServer, says: "wrong: " + redacted},
		"echo of the signature":      {status: 400, body: "not SIGNATURE, not ESCAPED", kind: ErrInvalid, says: "not " + redacted + ", not " + redacted},
		"echo of the header":         {status: 400, body: "you sent HEADER", kind: ErrInvalid, says: "you sent " + redacted},
		"echo of the parameters":     {status: 401, header: at(time.Hour), body: "oauth_signature=ESCAPED oauth_nonce=n0nce", kind: ErrUnreadable, says: "401 Unauthorized"},
		"echo as the problem":        {status: 400, body: "x oauth_problem=HEADER", kind: ErrInvalid},
		"no answer":                  {lost: errors.New("broken pipe after " + probedSecret), kind: ErrUnreachable, says: "broken pipe after " + redacted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests int
			secrets := []string{"s3cret", "t0ken"}
			client := probeClient(t, rootServicesWith(`<jfs:oauthRequestTokenUrl rdf:resource="/token?a=1"/><jfs:oauthRealmName>T"W\C</jfs:oauthRealmName>`),
				func(request *http.Request) (*http.Response, error) {
					requests++
					signature, header := checkSignature(t, request), request.Header.Get("Authorization")
					escaped := oauth1.PercentEncode(signature)
					secrets = append(secrets, signature, escaped, header)
					response := reply(test.status, strings.NewReplacer("SIGNATURE", signature, "ESCAPED", escaped, "HEADER", header).Replace(test.body), test.header...)
					if response.Header["Date"] == nil {
						response.Header.Set("Date", probeTime.Format(http.TimeFormat))
					}
					return response, test.lost
				})
			got, err := client.ProbeSecret(t.Context(), probedKey, probedSecret)
			if got != test.want || !errors.Is(err, test.kind) {
				t.Fatalf("got %v, %v, want %v, %v", got, err, test.want, test.kind)
			}
			// The server may have seen the nonce of a request that is repeated.
			if requests != 1 {
				t.Errorf("%d requests, want 1", requests)
			}
			if err == nil {
				return
			}
			if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "POST /token: ") {
				t.Errorf("the error %q does not say %q", err, test.says)
			}
			for _, secret := range secrets {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error %q has %q", err, secret)
				}
			}
		})
	}
}

func TestProbeSignsForTheSiteOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ document, says string }{
		"another host": {rootServicesNaming("https://evil.example/token"), "at https://evil.example/token, away from the site"},
		"plain text":   {rootServicesNaming("http://twcloud.example.com:8443/token"), "read with https"},
		"no endpoints": {"", "no root services document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := probeClient(t, test.document, func(request *http.Request) (*http.Response, error) {
				t.Errorf("%s %s is sent", request.Method, request.URL)
				return nil, http.ErrHandlerTimeout
			})
			verdict, err := client.ProbeSecret(t.Context(), probedKey, probedSecret)
			if verdict != SecretUnknown || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, %v, want an error that says %q", verdict, err, test.says)
			}
		})
	}
}
