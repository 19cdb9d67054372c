package oauth1

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const formType = "application/x-www-form-urlencoded"

var errBroken = errors.New("broken")

func newRequest(t testing.TB, method, uri, form string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, uri, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	if form != "" {
		req.Header.Set("Content-Type", formType)
	}
	return req
}

func at(seconds int64) func() time.Time {
	return func() time.Time { return time.Unix(seconds, 999) }
}

func always(nonce string) func() string {
	return func() string { return nonce }
}

func TestSignPublishedVectors(t *testing.T) {
	t.Parallel()
	const ladies = "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"
	twitter := Signer{
		ConsumerKey:    "xvz1evFS4wEEPTGEFPHBog",
		ConsumerSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
		Token:          "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
		TokenSecret:    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
		Now:            at(1318622958),
		Nonce:          always("kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
	}
	tests := []struct {
		name   string
		signer Signer
		method string
		uri    string
		form   string
		params []Param
		want   string
	}{
		{
			name: "RFC 5849 section 1.2, temporary credentials",
			signer: Signer{
				ConsumerKey: "dpf43f3p2l4k3l03", ConsumerSecret: "kd94hf93k423kf44",
				Realm: "Photos", Now: at(137131200), Nonce: always("wIjqoS"),
			},
			method: "POST", uri: "https://photos.example.net/initiate",
			params: []Param{{"oauth_callback", "http://printer.example.com/ready"}},
			want: `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", ` +
				`oauth_timestamp="137131200", oauth_nonce="wIjqoS", oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready", ` +
				`oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"`,
		},
		{
			name: "RFC 5849 section 1.2, token credentials",
			signer: Signer{
				ConsumerKey: "dpf43f3p2l4k3l03", ConsumerSecret: "kd94hf93k423kf44",
				Token: "hh5s93j4hdidpola", TokenSecret: "hdhd0244k9j7ao03",
				Realm: "Photos", Now: at(137131201), Nonce: always("walatlh"),
			},
			method: "POST", uri: "https://photos.example.net/token",
			params: []Param{{"oauth_verifier", "hfdp7dh39dks9884"}},
			want: `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="hh5s93j4hdidpola", ` +
				`oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="walatlh", ` +
				`oauth_verifier="hfdp7dh39dks9884", oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D"`,
		},
		{
			name: "RFC 5849 section 1.2, photos",
			signer: Signer{
				ConsumerKey: "dpf43f3p2l4k3l03", ConsumerSecret: "kd94hf93k423kf44",
				Token: "nnch734d00sl2jdk", TokenSecret: "pfkkdhi9sl3r4s00",
				Realm: "Photos", Now: at(137131202), Nonce: always("chapoH"),
			},
			method: "GET", uri: "http://photos.example.net/photos?file=vacation.jpg&size=original",
			want: `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", ` +
				`oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", ` +
				`oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"`,
		},
		{
			// The signature that section 3.1 prints does not come of its own base
			// string; this one does, and other implementations have it, too.
			name: "RFC 5849 section 3.4.1.1",
			signer: Signer{
				ConsumerKey: "9djdj82h48djs9d2", ConsumerSecret: "j49sk3j29djd",
				Token: "kkk9d7dh3k39sjv7", TokenSecret: "dh893hdasih9",
				Realm: "Example", Now: at(137131201), Nonce: always("7d8f3e4a"),
			},
			method: "POST", uri: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", form: "c2&a3=2+q",
			want: `OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", ` +
				`oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", ` +
				`oauth_signature="r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D"`,
		},
		{
			name:   "Twitter, Creating a signature, version 1 of the API",
			signer: twitter,
			method: "POST", uri: "https://api.twitter.com/1/statuses/update.json?include_entities=true", form: ladies,
			params: []Param{{"oauth_version", "1.0"}},
			want: `OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", ` +
				`oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_signature_method="HMAC-SHA1", ` +
				`oauth_timestamp="1318622958", oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", oauth_version="1.0", ` +
				`oauth_signature="tnnArxj06cWHq44gCs1OSKk%2FjLY%3D"`,
		},
		{
			name:   "Twitter, Creating a signature, version 1.1 of the API",
			signer: twitter,
			method: "POST", uri: "https://api.twitter.com/1.1/statuses/update.json?include_entities=true", form: ladies,
			params: []Param{{"oauth_version", "1.0"}},
			want: `OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", ` +
				`oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_signature_method="HMAC-SHA1", ` +
				`oauth_timestamp="1318622958", oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", oauth_version="1.0", ` +
				`oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, test.method, test.uri, test.form)
			if err := test.signer.Sign(req, test.params...); err != nil {
				t.Fatal(err)
			}
			if got := req.Header.Get("Authorization"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if body, err := io.ReadAll(req.Body); err != nil || string(body) != test.form {
				t.Errorf("the body is %q, %v after signing, want %q", body, err, test.form)
			}
		})
	}
}

// The cases are of the OAuth wiki, TestCases, "HMAC-SHA1 (section 9.2)".
func TestSignature(t *testing.T) {
	t.Parallel()
	const photos = "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg" +
		"%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dkllo9940pd9333jh" +
		"%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096" +
		"%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal"
	tests := []struct{ base, consumerSecret, tokenSecret, want string }{
		{"bs", "cs", "", "egQqG5AJep5sJ7anhXju1unge2I="},
		{"bs", "cs", "ts", "VZVjXceV7JgPq/dOTnNmEfO0Fv8="},
		{photos, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00", "tR3+Ty81lMeYAr/Fid0kMTYa/WM="},
	}
	for _, test := range tests {
		if got := Signature(test.base, test.consumerSecret, test.tokenSecret); got != test.want {
			t.Errorf("Signature(%q, %q, %q) = %s, want %s", test.base, test.consumerSecret, test.tokenSecret, got, test.want)
		}
	}
}

func TestSignFollowsTheHostHeader(t *testing.T) {
	t.Parallel()
	signer := Signer{ConsumerKey: "key", ConsumerSecret: "secret", Now: at(1), Nonce: always("n")}
	direct := newRequest(t, "GET", "https://twcloud.example.com/a", "")
	forwarded := newRequest(t, "GET", "https://10.0.0.1:8443/a", "")
	forwarded.Host = "TWCloud.example.com:443"
	for _, req := range []*http.Request{direct, forwarded} {
		if err := signer.Sign(req); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := forwarded.Header.Get("Authorization"), direct.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSignReadsFormsOnly(t *testing.T) {
	t.Parallel()
	signer := Signer{ConsumerKey: "key", ConsumerSecret: "secret", Now: at(1), Nonce: always("n")}
	sign := func(contentType, body string) string {
		req := newRequest(t, "POST", "http://example.com/", body)
		req.Header.Set("Content-Type", contentType)
		if err := signer.Sign(req); err != nil {
			t.Fatal(err)
		}
		return req.Header.Get("Authorization")
	}
	form := sign(formType, "a=1")
	without := sign(formType, "")
	if form == without {
		t.Error("the form is not signed")
	}
	for _, contentType := range []string{"Application/X-WWW-Form-URLEncoded; charset=utf-8", formType + "; charset"} {
		if got := sign(contentType, "a=1"); got != form {
			t.Errorf("%s is not signed as a form: %s", contentType, got)
		}
	}
	for _, contentType := range []string{"", "text/plain", "application/json", "multipart/form-data; boundary=x"} {
		if got := sign(contentType, "a=1"); got != without {
			t.Errorf("%s is signed as a form: %s", contentType, got)
		}
	}
}

func TestSignDefaults(t *testing.T) {
	t.Parallel()
	signer := Signer{ConsumerKey: "key", ConsumerSecret: "secret"}
	nonces := make(map[string]bool)
	for range 100 {
		before := time.Now().Truncate(time.Second)
		req := &http.Request{URL: mustURL(t, "http://example.com")}
		if err := signer.Sign(req); err != nil {
			t.Fatal(err)
		}
		values := headerParams(t, req)
		if nonces[values["oauth_nonce"]] || len(values["oauth_nonce"]) < 20 {
			t.Fatalf("the nonce %q is repeated or short", values["oauth_nonce"])
		}
		nonces[values["oauth_nonce"]] = true
		if sent := sentTime(t, values); sent.Before(before) || sent.After(time.Now()) {
			t.Fatalf("the timestamp is %v, want now", sent)
		}
		base, err := BaseString("GET", req.URL, slices.Collect(paramsOf(values)))
		if err != nil {
			t.Fatal(err)
		}
		if want := Signature(base, "secret", ""); values["oauth_signature"] != want {
			t.Fatalf("the signature is %s, want %s", values["oauth_signature"], want)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	valid := func() *http.Request { return newRequest(t, "POST", "http://example.com/", "a=1") }
	tests := []struct {
		name   string
		change func(*http.Request)
		realm  string
		params []Param
	}{
		{name: "a relative URL", change: func(r *http.Request) { r.URL = mustURL(t, "/a"); r.Host = "" }},
		{name: "another scheme", change: func(r *http.Request) { r.URL.Scheme = "ftp" }},
		{name: "a malformed query", change: func(r *http.Request) { r.URL.RawQuery = "a=%zz" }},
		{name: "a malformed form", change: func(r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("a=%z")), nil }
		}},
		{name: "a form that is read once", change: func(r *http.Request) { r.GetBody = nil }},
		{name: "a form that cannot be had", change: func(r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) { return nil, errBroken }
		}},
		{name: "a realm with a line feed", realm: "a\nb"},
		{name: "a parameter that is not of the protocol", params: []Param{{"callback", "oob"}}},
		{name: "a signature", params: []Param{{"oauth_signature", "x"}}},
		{name: "a parameter of its own", params: []Param{{"oauth_nonce", "x"}}},
		{name: "a repeated parameter", params: []Param{{"oauth_callback", "oob"}, {"oauth_callback", "oob"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req := valid()
			if test.change != nil {
				test.change(req)
			}
			err := Signer{ConsumerKey: "key", ConsumerSecret: "s3cret", Realm: test.realm}.Sign(req, test.params...)
			if err == nil {
				t.Fatal("want an error")
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error has the secret: %v", err)
			}
			if got := req.Header.Get("Authorization"); got != "" {
				t.Errorf("the header is set all the same: %s", got)
			}
		})
	}
}

func FuzzSign(f *testing.F) {
	f.Add("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", "c2&a3=2+q", "9djdj82h48djs9d2", "j49sk3j29djd", "Example")
	f.Add("https://[fe80::1%25eth0]:443/a%2Fb", "", "", "", "")
	f.Add("http:opaque", "%", "k\x00", "\xff", "a\"\\b")
	f.Add("//host?%zz", "=&=;", `"`, "&", "\r\n")
	f.Fuzz(func(t *testing.T, uri, form, key, secret, realm string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, uri, strings.NewReader(form))
		if err != nil {
			t.Skip("not a URL")
		}
		req.Header.Set("Content-Type", formType)
		signer := Signer{ConsumerKey: key, ConsumerSecret: secret, Realm: realm}
		if err := signer.Sign(req, Param{"oauth_callback", "oob"}); err != nil {
			return
		}

		gotRealm, header, err := ParseAuthorization(req.Header.Get("Authorization"))
		if err != nil {
			t.Fatalf("the header does not parse: %v", err)
		}
		if gotRealm != realm {
			t.Errorf("the realm is %q, want %q", gotRealm, realm)
		}
		if want := (Param{"oauth_consumer_key", key}); header[0] != want {
			t.Errorf("the first parameter is %q, want %q", header[0], want)
		}
		body, err := ParseForm(form)
		if err != nil {
			t.Fatal(err)
		}
		base, err := BaseString(http.MethodPost, req.URL, slices.Concat(body, header))
		if err != nil {
			t.Fatal(err)
		}
		if want := (Param{"oauth_signature", Signature(base, secret, "")}); header[len(header)-1] != want {
			t.Errorf("the last parameter is %q, want %q", header[len(header)-1], want)
		}
	})
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add(`OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"`)
	f.Add(`oauth realm="a\"b\\",x=""`)
	f.Add(`OAuth a="\`)
	f.Add(`Basic Zm9vOmJhcg==`)
	f.Fuzz(func(t *testing.T, value string) {
		realm, params, err := ParseAuthorization(value)
		if err != nil {
			return
		}
		formatted, err := formatAuthorization(realm, params)
		if err != nil {
			return
		}
		againRealm, again, err := ParseAuthorization(formatted)
		if err != nil || againRealm != realm || !slices.Equal(again, params) {
			t.Errorf("%q is formatted as %q and parsed as %q %q, %v", value, formatted, againRealm, again, err)
		}
	})
}
