package oauth1

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	independent "github.com/dghubble/oauth1"
)

// The vectors with a form or a token are signed without Sign, which has neither.
func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	const ladies = "include_entities=true&status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21" +
		"&oauth_consumer_key=xvz1evFS4wEEPTGEFPHBog&oauth_nonce=kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg" +
		"&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1318622958&oauth_version=1.0" +
		"&oauth_token=370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"
	for name, test := range map[string]struct {
		method, uri, params, base         string
		consumerSecret, tokenSecret, want string
	}{
		"RFC 5849 section 1.2, temporary credentials": {
			method: "POST", uri: "https://photos.example.net/initiate",
			params: "oauth_consumer_key=dpf43f3p2l4k3l03&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131200" +
				"&oauth_nonce=wIjqoS&oauth_callback=http%3A%2F%2Fprinter.example.com%2Fready",
			consumerSecret: "kd94hf93k423kf44", want: "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
		},
		"RFC 5849 section 1.2, photos": {
			method: "GET", uri: "http://photos.example.net/photos",
			params: "file=vacation.jpg&size=original&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_token=nnch734d00sl2jdk" +
				"&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131202&oauth_nonce=chapoH",
			consumerSecret: "kd94hf93k423kf44", tokenSecret: "pfkkdhi9sl3r4s00", want: "MdpQcU8iPSUjWoN/UDMsK2sui9I=",
		},
		// The signature that section 3.1 prints does not match its own base string.
		// This one does, and other implementations compute it, too.
		"RFC 5849 section 3.4.1.1": {
			method: "POST", uri: "http://EXAMPLE.COM:80/request",
			params: "b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q&oauth_consumer_key=9djdj82h48djs9d2&oauth_token=kkk9d7dh3k39sjv7" +
				"&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_nonce=7d8f3e4a",
			base: "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q" +
				"%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2" +
				"%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201" +
				"%26oauth_token%3Dkkk9d7dh3k39sjv7",
			consumerSecret: "j49sk3j29djd", tokenSecret: "dh893hdasih9", want: "r6/TJjbCOr97/+UU0NsvSne7s5g=",
		},
		"Twitter, Creating a signature": {
			method: "POST", uri: "https://api.twitter.com/1.1/statuses/update.json", params: ladies,
			consumerSecret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", tokenSecret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
			want: "hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := baseString(test.method, mustURL(t, test.uri), form(t, test.params))
			if test.base != "" && base != test.base {
				t.Errorf("got  %s\nwant %s", base, test.base)
			}
			if got := sign(base, test.consumerSecret, test.tokenSecret); got != test.want {
				t.Errorf("the signature is %s, want %s", got, test.want)
			}
		})
	}
}

// The header is that of RFC 5849, section 1.2, temporary credentials.
func TestSign(t *testing.T) {
	t.Parallel()
	signer := Signer{
		ConsumerKey: "dpf43f3p2l4k3l03", ConsumerSecret: "kd94hf93k423kf44", Realm: "Photos",
		Now: func() time.Time { return time.Unix(137131200, 999) }, Nonce: func() string { return "wIjqoS" },
	}
	request := &http.Request{Method: http.MethodPost, URL: mustURL(t, "https://photos.example.net/initiate"), Header: http.Header{}}
	signature, err := signer.Sign(request, Param{"oauth_callback", "http://printer.example.com/ready"})
	if err != nil || signature != "74KNZJeDHnMBp0EMJ9ZHt/XKycU=" {
		t.Errorf("got %s, %v", signature, err)
	}
	const want = `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", ` +
		`oauth_timestamp="137131200", oauth_nonce="wIjqoS", oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready", ` +
		`oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"`
	if got := request.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	request.URL.RawQuery = "a=%zz"
	if _, err := signer.Sign(request); err == nil {
		t.Error("a malformed query is signed")
	}
	request.URL.RawQuery, signer.Nonce = "", nil
	first, _ := signer.Sign(request)
	if second, _ := signer.Sign(request); first == second {
		t.Error("two requests have one nonce")
	}
}

// No published vector has a secret that needs an encoding.
func TestSignAwkwardSecrets(t *testing.T) {
	t.Parallel()
	const base, awkward = "GET&http%3A%2F%2Fexample.com%2F&n%3Dv", "s3cr&t/ =%ü☃"
	want, err := (&independent.HMACSigner{ConsumerSecret: awkward}).Sign("t&s", base)
	if got := sign(base, awkward, "t&s"); got != want || err != nil {
		t.Errorf("got %s, want %s, %v", got, want, err)
	}
}

func TestBaseURI(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		// RFC 5849, section 3.4.1.2.
		"http://EXAMPLE.COM:80/r%20v/X?id=123":          "http://example.com/r%20v/X",
		"https://www.example.net:8080/?q=1":             "https://www.example.net:8080/",
		"https://www.example.net":                       "https://www.example.net/",
		"HTTPS://www.example.net:443/a":                 "https://www.example.net/a",
		"https://www.example.net:80/a":                  "https://www.example.net:80/a",
		"https://[2001:DB8::443]:443/a":                 "https://[2001:db8::443]/a",
		"https://[2001:DB8::443]/a":                     "https://[2001:db8::443]/a",
		"http://example.net/a%2Fb/c;d=1/%e4/(x)/a+b//.": "http://example.net/a%2Fb/c;d=1/%e4/(x)/a+b//.",
	} {
		if got := baseURI(mustURL(t, raw)); got != want {
			t.Errorf("baseURI(%s) = %s, want %s", raw, got, want)
		}
	}
}

// The cases are of the OAuth wiki, TestCases, "Normalize Request Parameters
// (section 9.1.1)", but for the last three.
func TestNormalized(t *testing.T) {
	t.Parallel()
	for encoded, want := range map[string]string{
		"name":                                   "name=",
		"a=b&c=d":                                "a=b&c=d",
		"a=x!y&a=x+y":                            "a=x%20y&a=x%21y",
		"x!y=a&x=a":                              "x=a&x%21y=a",
		"a=1&c=hi%20there&f=25&f=50&f=a&z=p&z=t": "a=1&c=hi%20there&f=25&f=50&f=a&z=p&z=t",
		"":                                       "",
		"b=2&a=2&a1=3&b=1&a=1":                   "a=1&a=2&a1=3&b=1&b=2",
		"a=%E4%BA%8C&a=~&a=Z&a=z&a=-":            "a=%E4%BA%8C&a=-&a=Z&a=z&a=~",
	} {
		if got := normalized(form(t, encoded)); got != want {
			t.Errorf("normalized(%q) = %q, want %q", encoded, got, want)
		}
	}
}

func TestPercentEncode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// OAuth wiki, TestCases, "Parameter Encoding (section 5.1)".
		"abcABC123": "abcABC123",
		"-._~":      "-._~",
		"%":         "%25",
		"+":         "%2B",
		"&=*":       "%26%3D%2A",
		"\n":        "%0A",
		" ":         "%20",
		"\u007F":    "%7F",
		"\u0080":    "%C2%80",
		"\u3001":    "%E3%80%81",

		"\xff":                  "%FF",
		"/?#[]@!$'();:\"<>\\^`": "%2F%3F%23%5B%5D%40%21%24%27%28%29%3B%3A%22%3C%3E%5C%5E%60",
	} {
		if got := percentEncode(text); got != want {
			t.Errorf("percentEncode(%q) = %q, want %q", text, got, want)
		}
	}
}

// form returns the parameters of a form.
func form(t *testing.T, encoded string) []Param {
	t.Helper()
	values, err := url.ParseQuery(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var params []Param
	for name, all := range values {
		for _, value := range all {
			params = append(params, Param{name, value})
		}
	}
	return params
}

func mustURL(t *testing.T, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
