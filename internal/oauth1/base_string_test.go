package oauth1

import (
	"net/url"
	"testing"
)

func TestBaseString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, uri, params, want string
		// Where a signature is published, these are its secrets.
		consumerSecret, tokenSecret, signature string
	}{
		{
			name:   "RFC 5849 section 3.4.1.1",
			method: "POST",
			uri:    "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
			params: "c2&a3=2+q" +
				"&oauth_consumer_key=9djdj82h48djs9d2&oauth_token=kkk9d7dh3k39sjv7" +
				"&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&oauth_nonce=7d8f3e4a" +
				"&oauth_signature=bYT5CMsGcbgUdFHObYMEfcx6bsw%3D",
			want: "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q" +
				"%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2" +
				"%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201" +
				"%26oauth_token%3Dkkk9d7dh3k39sjv7",
		},
		{
			// RFC 5849, section 3.4.1.2 includes the path of the request line, "/". OAuth
			// Core 1.0 did not specify that.
			name:   "OAuth wiki, simple",
			method: "GET",
			uri:    "http://example.com",
			params: "n=v",
			want:   "GET&http%3A%2F%2Fexample.com%2F&n%3Dv",
		},
		{
			name:   "OAuth wiki, request token",
			method: "POST",
			uri:    "https://photos.example.net/request_token",
			params: "oauth_version=1.0&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_timestamp=1191242090" +
				"&oauth_nonce=hsu94j3884jdopsl&oauth_signature_method=PLAINTEXT&oauth_signature=ignored",
			want: "POST&https%3A%2F%2Fphotos.example.net%2Frequest_token&oauth_consumer_key%3Ddpf43f3p2l4k3l03" +
				"%26oauth_nonce%3Dhsu94j3884jdopsl%26oauth_signature_method%3DPLAINTEXT%26oauth_timestamp%3D1191242090" +
				"%26oauth_version%3D1.0",
		},
		{
			name:   "OAuth wiki, photos, all in the query",
			method: "get",
			uri: "http://photos.example.net/photos?file=vacation.jpg&size=original&oauth_version=1.0" +
				"&oauth_consumer_key=dpf43f3p2l4k3l03&oauth_token=nnch734d00sl2jdk&oauth_timestamp=1191242096" +
				"&oauth_nonce=kllo9940pd9333jh&oauth_signature=ignored&oauth_signature_method=HMAC-SHA1",
			want: "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg" +
				"%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3Dkllo9940pd9333jh" +
				"%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096" +
				"%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal",
			consumerSecret: "kd94hf93k423kf44", tokenSecret: "pfkkdhi9sl3r4s00", signature: "tR3+Ty81lMeYAr/Fid0kMTYa/WM=",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			params, err := ParseForm(test.params)
			if err != nil {
				t.Fatal(err)
			}
			got, err := BaseString(test.method, mustURL(t, test.uri), params)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if signature := Signature(got, test.consumerSecret, test.tokenSecret); test.signature != "" && signature != test.signature {
				t.Errorf("the signature is %s, want %s", signature, test.signature)
			}
		})
	}
}

func TestBaseStringURI(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		// RFC 5849, section 3.4.1.2.
		"http://EXAMPLE.COM:80/r%20v/X?id=123":          "http://example.com/r%20v/X",
		"https://www.example.net:8080/?q=1":             "https://www.example.net:8080/",
		"https://www.example.net":                       "https://www.example.net/",
		"HTTPS://www.example.net:443/a":                 "https://www.example.net/a",
		"https://www.example.net:80/a":                  "https://www.example.net:80/a",
		"http://www.example.net:443/a":                  "http://www.example.net:443/a",
		"http://www.example.net:/a#fragment":            "http://www.example.net/a",
		"http://user:password@example.net/a":            "http://example.net/a",
		"https://[2001:DB8::1]:443/a":                   "https://[2001:db8::1]/a",
		"https://[fe80::1%25eth0]:8443/a":               "https://[fe80::1]:8443/a",
		"http://example.net/a%2Fb/c;d=1/%e4/(x)/a+b//.": "http://example.net/a%2Fb/c;d=1/%e4/(x)/a+b//.",
	}
	for raw, want := range tests {
		got, err := baseStringURI(mustURL(t, raw))
		if err != nil {
			t.Errorf("baseStringURI(%s): %v", raw, err)
		}
		if got != want {
			t.Errorf("baseStringURI(%s) = %s, want %s", raw, got, want)
		}
	}
	for _, raw := range []string{"", "/a", "//example.net/a", "ftp://example.net/a", "http:///a", "http:a", "https://bücher.example/"} {
		if got, err := baseStringURI(mustURL(t, raw)); err == nil {
			t.Errorf("baseStringURI(%s) = %s, want an error", raw, got)
		}
	}
}

// The cases are of the OAuth wiki, TestCases, "Normalize Request Parameters
// (section 9.1.1)", but for the last four.
func TestNormalize(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"name":                                   "name=",
		"a=b":                                    "a=b",
		"a=b&c=d":                                "a=b&c=d",
		"a=x!y&a=x+y":                            "a=x%20y&a=x%21y",
		"x!y=a&x=a":                              "x=a&x%21y=a",
		"a=1&c=hi%20there&f=25&f=50&f=a&z=p&z=t": "a=1&c=hi%20there&f=25&f=50&f=a&z=p&z=t",
		"":                                       "",
		"b=2&a=2&b=1&a=1":                        "a=1&a=2&b=1&b=2",
		"a=%E4%BA%8C&a=~&a=Z&a=z&a=-":            "a=%E4%BA%8C&a=-&a=Z&a=z&a=~",
		"oauth_signature=x&realm=y":              "realm=y",
	}
	for encoded, want := range tests {
		params, err := ParseForm(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if got := normalize(params); got != want {
			t.Errorf("normalize(%q) = %q, want %q", encoded, got, want)
		}
	}
}

func mustURL(t *testing.T, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
