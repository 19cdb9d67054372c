package twcloud

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/oauth1"
)

const (
	probedKey    = "c0nsumer/key &ü"
	probedSecret = `s3cret/<"&\ %ü`
)

var probeTime = time.Date(2024, time.May, 17, 12, 0, 0, 0, time.UTC)

// probeAnswer is what a scripted server answers to a request token call. %[1]s in
// the body is the signature, %[2]s the percent-encoded one, %[3]s the
// Authorization header.
type probeAnswer struct {
	status int
	header map[string]string
	body   string
}

func (a probeAnswer) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", probeTime.Format(http.TimeFormat))
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	authorization := r.Header.Get("Authorization")
	signature := signatureOf(authorization)
	_, _ = io.WriteString(w, strings.NewReplacer(
		"%[1]s", signature, "%[2]s", oauth1.PercentEncode(signature), "%[3]s", authorization,
	).Replace(a.body))
}

func signatureOf(authorization string) string {
	_, params, _ := oauth1.ParseAuthorization(authorization)
	for _, param := range params {
		if param.Name == "oauth_signature" {
			return param.Value
		}
	}
	return ""
}

func newProber(t *testing.T, tokens http.HandlerFunc) (*secretProber, *oauthSite) {
	t.Helper()
	site := newOAuthSite(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			tokens(w, r)
			return
		}
		serveDocument(rootServicesWith(`<jfs:oauthRequestTokenUrl rdf:resource="/token?a=1"/><jfs:oauthRealmName>T"W\C</jfs:oauthRealmName>`))(w, r)
	})
	discoverer := site.discoverer(t)
	discoverer.transport.(*exchange).maxAnswer = 1 << 20
	return &secretProber{
		discoverer: discoverer,
		transport:  discoverer.transport,
		now:        func() time.Time { return probeTime.Add(time.Minute) },
		nonce:      func() string { return "n0nce" },
	}, site
}

func TestProbe(t *testing.T) {
	t.Parallel()
	prober, site := newProber(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", probeTime.Format(http.TimeFormat))
		if body, err := io.ReadAll(r.Body); err != nil || len(body) != 0 || r.ContentLength != 0 {
			t.Errorf("the body is %q of length %d, %v", body, r.ContentLength, err)
		}
		realm, params, err := oauth1.ParseAuthorization(r.Header.Get("Authorization"))
		if err != nil {
			t.Error(err)
		}
		if want := `T"W\C`; realm != want {
			t.Errorf("the realm is %q, want %q", realm, want)
		}
		uri := *r.URL
		uri.Scheme, uri.Host = "http", r.Host
		base, err := oauth1.BaseString(r.Method, &uri, params)
		if err != nil {
			t.Error(err)
		}
		want := []oauth1.Param{
			{Name: "oauth_consumer_key", Value: probedKey},
			{Name: "oauth_signature_method", Value: "HMAC-SHA1"},
			{Name: "oauth_timestamp", Value: "1715947260"},
			{Name: "oauth_nonce", Value: "n0nce"},
			{Name: "oauth_callback", Value: "oob"},
			{Name: "oauth_version", Value: "1.0"},
			{Name: "oauth_signature", Value: oauth1.Signature(base, probedSecret, "")},
		}
		if !slices.Equal(params, want) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
		_, _ = io.WriteString(w, "oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true")
	})
	for secret, want := range map[string]SecretVerdict{
		probedSecret: SecretAccepted, probedSecret + " ": SecretRefused, "": SecretRefused,
	} {
		got, err := prober.probe(t.Context(), probedKey, secret)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("the secret %q is %v, want %v", secret, got, want)
		}
	}
	want := []string{"webapp GET /prefix/oslc/api/rootservices", "webapp POST /token?a=1", "webapp POST /token?a=1", "webapp POST /token?a=1"}
	if got := site.log(); !slices.Equal(got, want) {
		t.Errorf("requested %q, want %q", got, want)
	}
}

func TestProbeVerdicts(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	at := func(offset time.Duration) map[string]string {
		return map[string]string{"Date": probeTime.Add(time.Minute + offset).Format(http.TimeFormat)}
	}
	challenge := func(value string) map[string]string { return map[string]string{"WWW-Authenticate": value} }
	tests := []struct {
		name   string
		answer probeAnswer
		want   SecretVerdict
		kind   error
		says   string
	}{
		{name: "accepted", answer: probeAnswer{status: 200, header: map[string]string{"Content-Type": form}, body: "oauth_token=a&oauth_token_secret=b"}, want: SecretAccepted},
		{name: "accepted as text", answer: probeAnswer{status: 200, header: map[string]string{"Content-Type": "text/plain"}, body: "oauth_token_secret=b&oauth_token=a%2B\n"}, want: SecretAccepted},
		{name: "accepted with a wrong clock", answer: probeAnswer{status: 200, header: at(time.Hour), body: "oauth_token=a"}, want: SecretAccepted},

		{name: "refused, no more", answer: probeAnswer{status: 401}, want: SecretRefused},
		{name: "refused in words", answer: probeAnswer{status: 401, body: "Invalid signature"}, want: SecretRefused},
		{name: "refused without a date", answer: probeAnswer{status: 401, header: map[string]string{"Date": ""}}, want: SecretRefused},
		{name: "refused within five minutes before", answer: probeAnswer{status: 401, header: at(-5 * time.Minute)}, want: SecretRefused},
		{name: "refused within five minutes after", answer: probeAnswer{status: 401, header: at(5 * time.Minute)}, want: SecretRefused},
		{name: "refused with a challenge", answer: probeAnswer{status: 401, header: challenge(`oauth realm="T, Basic"`), body: "<html><title>401</title>"}, want: SecretRefused},
		{name: "refused with several challenges", answer: probeAnswer{status: 401, header: challenge(`Basic realm="a\", b", OAuth realm="TWC"`)}, want: SecretRefused},
		{name: "signature invalid", answer: probeAnswer{status: 401, header: map[string]string{"Content-Type": form}, body: "oauth_problem=signature_invalid&oauth_signature_base_string=x"}, want: SecretRefused},
		{name: "key unknown", answer: probeAnswer{status: 401, header: challenge(`OAuth realm="TWC", oauth_problem="consumer_key_unknown"`)}, want: SecretRefused},
		{name: "key rejected on a page", answer: probeAnswer{status: 401, header: map[string]string{"Content-Type": "text/html"}, body: "<p>oauth_problem: consumer_key_rejected"}, want: SecretRefused},

		{name: "clock ahead", answer: probeAnswer{status: 401, header: at(5*time.Minute + time.Second)}, kind: ErrUnreadable, says: "differ by 5m1s"},
		{name: "clock behind", answer: probeAnswer{status: 401, header: at(-2 * time.Hour)}, kind: ErrUnreadable, says: "differ by 2h0m0s"},
		{name: "timestamp refused", answer: probeAnswer{status: 401, body: "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-2"}, kind: ErrUnreadable, says: "OAuth problem timestamp_refused"},
		{name: "nonce used", answer: probeAnswer{status: 401, body: `{"oauth_problem":"nonce_used"}`}, kind: ErrUnreadable, says: "OAuth problem nonce_used"},
		{name: "method rejected", answer: probeAnswer{status: 401, header: challenge(`OAuth oauth_problem=signature_method_rejected`)}, kind: ErrUnreadable, says: "OAuth problem signature_method_rejected"},
		{name: "version rejected", answer: probeAnswer{status: 401, body: "oauth_problem=VERSION_REJECTED"}, kind: ErrUnreadable, says: "OAuth problem version_rejected"},
		{name: "key throttled", answer: probeAnswer{status: 401, body: "oauth_problem=consumer_key_refused"}, kind: ErrUnreadable, says: "OAuth problem consumer_key_refused"},
		{name: "an unknown problem", answer: probeAnswer{status: 401, body: "oauth_problem=bad_hair_day"}, kind: ErrUnreadable, says: "OAuth problem bad_hair_day"},
		{name: "a page", answer: probeAnswer{status: 401, header: map[string]string{"Content-Type": "text/html"}, body: "<html><title>Sign in</title>"}, kind: ErrWebPage, says: `titled "Sign in"`},
		{name: "Basic", answer: probeAnswer{status: 401, header: challenge(`Basic realm="OAuth"`)}, kind: ErrUnreadable, says: "asks for Basic"},
		{name: "Negotiate and Bearer", answer: probeAnswer{status: 401, header: challenge(`Negotiate, Bearer realm="a, OAuth"`)}, kind: ErrUnreadable, says: "asks for Negotiate, Bearer"},

		{name: "OK without a token", answer: probeAnswer{status: 200, body: "oauth_problem=signature_invalid"}, kind: ErrUnreadable, says: "OAuth problem signature_invalid"},
		{name: "OK with an empty token", answer: probeAnswer{status: 200, body: "oauth_token=&oauth_token_secret=b"}, kind: ErrUnreadable, says: "200 OK"},
		{name: "OK with JSON", answer: probeAnswer{status: 200, body: `{"oauth_token":"a","oauth_token_secret":"t0ken"}`}, kind: ErrUnreadable, says: "200 OK"},
		{name: "OK with a page", answer: probeAnswer{status: 200, body: `<html><title>Sign in</title><a href="?a&oauth_token=t0ken">`}, kind: ErrWebPage, says: "Sign in"},
		{name: "created", answer: probeAnswer{status: 201, body: "oauth_token=t0ken"}, kind: ErrUnreadable, says: "201 Created"},
		{name: "redirect", answer: probeAnswer{status: 302, header: map[string]string{"Location": "https://sso.example.com/login?x=t0ken"}}, kind: ErrWebPage, says: "redirect to https://sso.example.com/login"},
		{name: "bad request", answer: probeAnswer{status: 400, body: "oauth_problem=parameter_absent"}, kind: ErrInvalid, says: "OAuth problem parameter_absent"},
		{name: "forbidden", answer: probeAnswer{status: 403, body: "by the firewall"}, kind: ErrUnreadable, says: "403 Forbidden: by the firewall"},
		{name: "not found", answer: probeAnswer{status: 404}, kind: ErrUnreadable, says: "404 Not Found"},
		{name: "proxy", answer: probeAnswer{status: 407}, kind: ErrUnreadable, says: "407"},
		{name: "slow down", answer: probeAnswer{status: 429}, kind: ErrTooManyRequests, says: "429"},
		{name: "unavailable", answer: probeAnswer{status: 503, body: "later"}, kind: ErrServer, says: "503 Service Unavailable: later"},
		{name: "too large", answer: probeAnswer{status: 401, body: strings.Repeat("x", 1<<20+1)}, kind: ErrTooLarge},
		{name: "cut off", answer: probeAnswer{status: 401, header: map[string]string{"Content-Length": "100"}, body: "x"}, kind: ErrUnreachable, says: "EOF"},

		{name: "echo of the secret", answer: probeAnswer{status: 500, body: "wrong: " + probedSecret}, kind: ErrServer, says: "wrong: " + redacted},
		{name: "echo of the encoded secret", answer: probeAnswer{status: 500, body: "wrong: " + oauth1.PercentEncode(probedSecret) + "&"}, kind: ErrServer, says: "wrong: " + redacted},
		{name: "echo of the escaped secret", answer: probeAnswer{status: 500, body: "wrong: s3cret/&lt;&#34;&amp;\\ %ü"}, kind: ErrServer, says: "wrong: " + redacted},
		{name: "echo of the signature", answer: probeAnswer{status: 400, body: "not %[1]s, not %[2]s"}, kind: ErrInvalid, says: "not " + redacted + ", not " + redacted},
		{name: "echo of the header", answer: probeAnswer{status: 400, body: "you sent %[3]s"}, kind: ErrInvalid, says: "you sent " + redacted},
		{name: "echo of the parameters", answer: probeAnswer{status: 401, header: at(time.Hour), body: "oauth_signature=%[2]s oauth_nonce=n0nce"}, kind: ErrUnreadable, says: "401 Unauthorized"},
		{name: "echo as the problem", answer: probeAnswer{status: 400, body: "x oauth_problem=%[3]s"}, kind: ErrInvalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var sent string
			prober, _ := newProber(t, func(w http.ResponseWriter, r *http.Request) {
				sent = r.Header.Get("Authorization")
				test.answer.serve(w, r)
			})
			got, err := prober.probe(t.Context(), probedKey, probedSecret)
			if got != test.want {
				t.Errorf("the verdict is %v, want %v: %v", got, test.want, err)
			}
			if test.want != SecretUnknown {
				if err != nil {
					t.Errorf("a verdict with the error %v", err)
				}
				return
			}
			if !errors.Is(err, test.kind) {
				t.Fatalf("the error is %v, want %v", err, test.kind)
			}
			for _, says := range []string{test.says, "POST /token: "} {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error %q does not say %q", err, says)
				}
			}
			signature := signatureOf(sent)
			for _, secret := range []string{"s3cret", sent, signature, oauth1.PercentEncode(signature), "t0ken"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error %q has %q", err, secret)
				}
			}
		})
	}
}

func TestProbeSendsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		document *http.Response
		says     string
	}{
		"another host": {reply(http.StatusOK, rootServicesNaming("https://evil.example/token")), "at https://evil.example/token, away from the site"},
		"plain text":   {reply(http.StatusOK, rootServicesNaming("http://twcloud.example.com:8443/token")), "read with https"},
		"no endpoints": {reply(http.StatusNotFound, ""), "no root services document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			discoverer := fakeDiscoverer(func(*http.Request) (*http.Response, error) { return test.document, nil })
			prober := &secretProber{discoverer: discoverer, transport: transportFunc(func(request *http.Request) (*http.Response, error) {
				t.Errorf("%s %s is sent", request.Method, request.URL)
				return nil, http.ErrHandlerTimeout
			})}
			verdict, err := prober.probe(t.Context(), probedKey, probedSecret)
			if verdict != SecretUnknown || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, %v, want an error that says %q", verdict, err, test.says)
			}
		})
	}
}

func TestProbeWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	discoverer := fakeDiscoverer(func(*http.Request) (*http.Response, error) { return reply(http.StatusOK, rootServices2024x), nil })
	broken := errors.New("broken pipe after " + probedSecret)
	prober := &secretProber{discoverer: discoverer, transport: transportFunc(func(request *http.Request) (*http.Response, error) {
		if mannerOf(request.Context()) != single {
			t.Error("the request may be repeated with the same nonce")
		}
		return nil, broken
	})}
	verdict, err := prober.probe(t.Context(), probedKey, probedSecret)
	if verdict != SecretUnknown || !errors.Is(err, ErrUnreachable) || !errors.Is(err, broken) || strings.Contains(err.Error(), probedSecret) {
		t.Errorf("got %v, %v", verdict, err)
	}
}

func TestSecretVerdictString(t *testing.T) {
	t.Parallel()
	var zero SecretVerdict
	for verdict, want := range map[SecretVerdict]string{zero: "unknown", SecretAccepted: "accepted", SecretRefused: "refused", 42: "unknown"} {
		if got := verdict.String(); got != want {
			t.Errorf("%d is %q, want %q", verdict, got, want)
		}
	}
}
