package oauth1

import (
	"slices"
	"strings"
	"testing"
)

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		value  string
		realm  string
		params []Param
	}{
		{
			name: "RFC 5849 section 3.5.1",
			value: `OAuth realm="Example",
				oauth_consumer_key="0685bd9184jfhq22",
				oauth_token="ad180jjd733klru7",
				oauth_signature_method="HMAC-SHA1",
				oauth_signature="wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D",
				oauth_timestamp="137131200",
				oauth_nonce="4572616e48616d6d65724c61686176",
				oauth_version="1.0"`,
			realm: "Example",
			params: []Param{
				{"oauth_consumer_key", "0685bd9184jfhq22"},
				{"oauth_token", "ad180jjd733klru7"},
				{"oauth_signature_method", "HMAC-SHA1"},
				{"oauth_signature", "wOJIO9A2W5mFwDgiDvZbTSMK/PY="},
				{"oauth_timestamp", "137131200"},
				{"oauth_nonce", "4572616e48616d6d65724c61686176"},
				{"oauth_version", "1.0"},
			},
		},
		{name: "scheme in another case", value: ` oauth  a="b" `, params: []Param{{"a", "b"}}},
		{name: "scheme alone", value: "OAuth"},
		{name: "no space after the comma", value: `OAuth a="1",b="2"`, params: []Param{{"a", "1"}, {"b", "2"}}},
		{name: "escapes and commas in the realm", value: `OAuth realm="a\"b\\c, d=%20", x=""`, realm: `a"b\c, d=%20`, params: []Param{{"x", ""}}},
		{name: "plus is plus", value: `OAuth a="1+1%2B"`, params: []Param{{"a", "1+1+"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			realm, params, err := ParseAuthorization(strings.NewReplacer("\n", "", "\t", " ").Replace(test.value))
			if err != nil {
				t.Fatal(err)
			}
			if realm != test.realm || !slices.Equal(params, test.params) {
				t.Errorf("got %q %q, want %q %q", realm, params, test.realm, test.params)
			}
		})
	}
}

func TestParseAuthorizationRefuses(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"nothing":                 ``,
		"another scheme":          `Basic c2VjcmV0OnNlY3JldA==`,
		"a scheme that is longer": `OAuth2 secret="secret"`,
		"no value":                `OAuth secret`,
		"no quotes":               `OAuth a=secret`,
		"an open quote":           `OAuth a="secret`,
		"an open escape":          `OAuth a="secret\`,
		"no comma":                `OAuth a="secret" b="secret"`,
		"a repeated name":         `OAuth a="secret", a="secret"`,
		"a repeated realm":        `OAuth realm="secret", realm="secret"`,
		"malformed value":         `OAuth a="secret%2"`,
		"malformed name":          `OAuth %zz="secret"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := ParseAuthorization(value)
			if err == nil {
				t.Fatal("want an error")
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error quotes a value: %v", err)
			}
		})
	}
}
