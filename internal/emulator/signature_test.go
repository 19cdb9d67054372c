package emulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestBaseString_rfc5849 is the example of RFC 5849, section 3.4.1.1.
func TestBaseString_rfc5849(t *testing.T) {
	t.Parallel()
	body := "c2&a3=2+q"
	r := httptest.NewRequest(http.MethodPost, "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", strings.NewReader(body))
	r.Header.Set("Content-Type", formType)
	r.Header.Set("Authorization", `OAuth realm="Example",
		oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7",
		oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201",
		oauth_nonce="7d8f3e4a", oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"`)
	r.Header.Set("Authorization", strings.Join(strings.Fields(r.Header.Get("Authorization")), " "))
	signed, err := parseSigned(r, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26" +
		"oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26" +
		"oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	if got := signed.baseString(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSignature_rfc5849 has the requests for temporary credentials and for a
// protected resource of RFC 5849, section 1.2.
func TestSignature_rfc5849(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ method, url, header, tokenSecret string }{
		{"POST", "https://photos.example.net/initiate", `oauth_timestamp="137131200", oauth_nonce="wIjqoS", ` +
			`oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready", oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"`, ""},
		{"GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", `oauth_token="nnch734d00sl2jdk", ` +
			`oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"`, "pfkkdhi9sl3r4s00"},
	} {
		r := httptest.NewRequest(test.method, test.url, http.NoBody)
		r.Header.Set("Authorization", `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_signature_method="HMAC-SHA1", `+test.header)
		signed, err := parseSigned(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := signed.signature("kd94hf93k423kf44", test.tokenSecret), signed.parameters.Get("oauth_signature"); got != want {
			t.Errorf("%s: got %s, want %s", test.url, got, want)
		}
	}
}

func TestBaseURI(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://Example.com":            "http://example.com/",
		"http://example.com:80/a%2Fb":   "http://example.com/a%2Fb",
		"https://example.com:443/r?x":   "https://example.com/r",
		"https://example.com:8443/r":    "https://example.com:8443/r",
		"http://example.com:443/r":      "http://example.com:443/r",
		"http://[::1]:80/r":             "http://[::1]/r",
		"http://[::1]:8080/r":           "http://[::1]:8080/r",
		"https://[2001:db8::1]:443/%C3": "https://[2001:db8::1]/%C3",
	} {
		r := httptest.NewRequest(http.MethodGet, url, http.NoBody)
		signed, err := parseSigned(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := signed.baseURI(); got != want {
			t.Errorf("%s: got %s, want %s", url, got, want)
		}
	}
}

func TestParseSigned_malformed(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{
		{"/", `OAuth oauth_nonce`},
		{"/", `OAuth oauth_nonce=a`},
		{"/", `OAuth oauth_nonce="%zz"`},
		{"/", `OAuth oauth_nonce="a", oauth_nonce="a"`},
		{"/?oauth_nonce=a", `OAuth oauth_nonce="b"`},
		{"/?oauth_nonce=%zz", ``},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://example.com"+test[0], http.NoBody)
		r.Header.Set("Authorization", test[1])
		if _, err := parseSigned(r, nil); err == nil {
			t.Errorf("%s with %s is accepted", test[0], test[1])
		}
	}
}
