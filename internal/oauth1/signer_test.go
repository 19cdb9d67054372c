package oauth1

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	independent "github.com/dghubble/oauth1"
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

// headerParams are the parameters of the Authorization header, and the realm.
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

// seconds is the timestamp among the parameters.
func seconds(t *testing.T, values map[string]string) int64 {
	t.Helper()
	seconds, err := strconv.ParseInt(values["oauth_timestamp"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds
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
	photos := Signer{ConsumerKey: "dpf43f3p2l4k3l03", ConsumerSecret: "kd94hf93k423kf44", Realm: "Photos"}
	example := Signer{ConsumerKey: "9djdj82h48djs9d2", ConsumerSecret: "j49sk3j29djd", Realm: "Example"}
	twitter := Signer{ConsumerKey: "xvz1evFS4wEEPTGEFPHBog", ConsumerSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"}
	tests := []struct {
		name               string
		signer             Signer
		token, tokenSecret string
		seconds            int64
		nonce              string
		method, uri, form  string
		param              Param
		want               string
	}{
		{
			name:   "RFC 5849 section 1.2, temporary credentials",
			signer: photos, seconds: 137131200, nonce: "wIjqoS",
			method: "POST", uri: "https://photos.example.net/initiate", param: Param{"oauth_callback", "http://printer.example.com/ready"},
			want: "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
		},
		{
			name:   "RFC 5849 section 1.2, token credentials",
			signer: photos, token: "hh5s93j4hdidpola", tokenSecret: "hdhd0244k9j7ao03", seconds: 137131201, nonce: "walatlh",
			method: "POST", uri: "https://photos.example.net/token", param: Param{"oauth_verifier", "hfdp7dh39dks9884"},
			want: "gKgrFCywp7rO0OXSjdot/IHF7IU=",
		},
		{
			name:   "RFC 5849 section 1.2, photos",
			signer: photos, token: "nnch734d00sl2jdk", tokenSecret: "pfkkdhi9sl3r4s00", seconds: 137131202, nonce: "chapoH",
			method: "GET", uri: "http://photos.example.net/photos?file=vacation.jpg&size=original",
			want: "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
		},
		{
			// The signature that section 3.1 prints does not match its own base string.
			// This one does, and other implementations compute it, too.
			name:   "RFC 5849 section 3.4.1.1",
			signer: example, token: "kkk9d7dh3k39sjv7", tokenSecret: "dh893hdasih9", seconds: 137131201, nonce: "7d8f3e4a",
			method: "POST", uri: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", form: "c2&a3=2+q",
			want: "r6/TJjbCOr97/+UU0NsvSne7s5g=",
		},
		{
			name:   "Twitter, Creating a signature, version 1 of the API",
			signer: twitter, token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", tokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
			seconds: 1318622958, nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			method: "POST", uri: "https://api.twitter.com/1/statuses/update.json?include_entities=true", form: ladies, param: Param{"oauth_version", "1.0"},
			want: "tnnArxj06cWHq44gCs1OSKk/jLY=",
		},
		{
			name:   "Twitter, Creating a signature, version 1.1 of the API",
			signer: twitter, token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", tokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
			seconds: 1318622958, nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
			method: "POST", uri: "https://api.twitter.com/1.1/statuses/update.json?include_entities=true", form: ladies, param: Param{"oauth_version", "1.0"},
			want: "hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			signer := test.signer
			signer.Token, signer.TokenSecret, signer.Now, signer.Nonce = test.token, test.tokenSecret, at(test.seconds), always(test.nonce)
			want := map[string]string{
				"realm": signer.Realm, "oauth_consumer_key": signer.ConsumerKey, "oauth_token": test.token, "oauth_signature_method": "HMAC-SHA1",
				"oauth_timestamp": strconv.FormatInt(test.seconds, 10), "oauth_nonce": test.nonce, "oauth_signature": test.want,
			}
			maps.DeleteFunc(want, func(_, value string) bool { return value == "" })
			var further []Param
			if test.param.Name != "" {
				further, want[test.param.Name] = []Param{test.param}, test.param.Value
			}
			req := newRequest(t, test.method, test.uri, test.form)
			if err := signer.Sign(req, further...); err != nil {
				t.Fatal(err)
			}
			if got := headerParams(t, req); !maps.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if body, err := io.ReadAll(req.Body); err != nil || string(body) != test.form {
				t.Errorf("the body is %q, %v after signing, want %q", body, err, test.form)
			}
		})
	}
}

// TestSignHeader compares the whole header with that of RFC 5849, section 1.2, temporary credentials.
func TestSignHeader(t *testing.T) {
	t.Parallel()
	signer := Signer{ConsumerKey: "dpf43f3p2l4k3l03", ConsumerSecret: "kd94hf93k423kf44", Realm: "Photos", Now: at(137131200), Nonce: always("wIjqoS")}
	req := newRequest(t, "POST", "https://photos.example.net/initiate", "")
	if err := signer.Sign(req, Param{"oauth_callback", "http://printer.example.com/ready"}); err != nil {
		t.Fatal(err)
	}
	const want = `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", ` +
		`oauth_timestamp="137131200", oauth_nonce="wIjqoS", oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready", ` +
		`oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"`
	if got := req.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	const base, awkward = "GET&http%3A%2F%2Fexample.com%2F&n%3Dv", "s3cr&t/ =%ü☃"
	independently, err := (&independent.HMACSigner{ConsumerSecret: awkward}).Sign("t&s", base)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ base, consumerSecret, tokenSecret, want string }{
		// OAuth wiki, TestCases, "HMAC-SHA1 (section 9.2)"; TestBaseString has the third.
		{"bs", "cs", "", "egQqG5AJep5sJ7anhXju1unge2I="},
		{"bs", "cs", "ts", "VZVjXceV7JgPq/dOTnNmEfO0Fv8="},
		// No published vector has secrets that need an encoding.
		{base, awkward, "t&s", independently},
	} {
		if got := Signature(test.base, test.consumerSecret, test.tokenSecret); got != test.want {
			t.Errorf("Signature(%q, %q, %q) = %s, want %s", test.base, test.consumerSecret, test.tokenSecret, got, test.want)
		}
	}
}

// TestSignCovers changes what is signed, and what is not.
func TestSignCovers(t *testing.T) {
	t.Parallel()
	signer := Signer{ConsumerKey: "key", ConsumerSecret: "secret", Now: at(1), Nonce: always("n")}
	sign := func(method, form string, change func(*http.Request)) string {
		req := newRequest(t, method, "https://twcloud.example.com/a", form)
		change(req)
		if err := signer.Sign(req); err != nil {
			t.Fatal(err)
		}
		return req.Header.Get("Authorization")
	}
	unchanged := func(*http.Request) {}
	contentType := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Content-Type", value) }
	}
	form, without := sign("POST", "a=1", unchanged), sign("POST", "", unchanged)
	if form == without {
		t.Error("the form is not signed")
	}
	for name, test := range map[string]struct{ got, want string }{
		"Host header": {sign("POST", "", func(r *http.Request) {
			r.URL.Host, r.Host = "10.0.0.1:8443", "TWCloud.example.com:443"
		}), without},
		"default method":      {sign("GET", "", func(r *http.Request) { r.Method = "" }), sign("GET", "", unchanged)},
		"media type in case":  {sign("POST", "a=1", contentType("Application/X-WWW-Form-URLEncoded; charset=utf-8")), form},
		"malformed parameter": {sign("POST", "a=1", contentType(formType+"; charset")), form},
		"no media type":       {sign("POST", "a=1", contentType("")), without},
		"text":                {sign("POST", "a=1", contentType("text/plain")), without},
		"JSON":                {sign("POST", "a=1", contentType("application/json")), without},
		"other form":          {sign("POST", "a=1", contentType("multipart/form-data; boundary=x")), without},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", name, test.got, test.want)
		}
	}
}

func TestSignDefaults(t *testing.T) {
	t.Parallel()
	nonces := make(map[string]bool)
	for range 100 {
		before := time.Now().Unix()
		req := &http.Request{URL: mustURL(t, "http://example.com")}
		if err := (Signer{ConsumerKey: "key", ConsumerSecret: "secret"}).Sign(req); err != nil {
			t.Fatal(err)
		}
		values := headerParams(t, req)
		if nonces[values["oauth_nonce"]] || len(values["oauth_nonce"]) < 20 {
			t.Fatalf("the nonce %q is repeated or short", values["oauth_nonce"])
		}
		nonces[values["oauth_nonce"]] = true
		if sent := seconds(t, values); sent < before || sent > time.Now().Unix() {
			t.Fatalf("the timestamp is %v, want now", sent)
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
