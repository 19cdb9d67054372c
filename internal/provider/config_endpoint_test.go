package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func withEndpoint(endpoint string) func(*providerModel) {
	return func(m *providerModel) { m.Endpoint = types.StringValue(endpoint) }
}

func withWebAppEndpoint(endpoint string) func(*providerModel) {
	return func(m *providerModel) { m.WebAppEndpoint = types.StringValue(endpoint) }
}

func TestResolveConfig_endpointAccepted(t *testing.T) {
	t.Parallel()

	cases := map[string]struct{ endpoint, webApp string }{
		"https://twcloud.example.com:8111":    {"https://twcloud.example.com:8111", "https://twcloud.example.com:8443"},
		"https://twcloud.example.com:8111///": {"https://twcloud.example.com:8111", "https://twcloud.example.com:8443"},
		"https://twcloud.example.com":         {"https://twcloud.example.com", "https://twcloud.example.com:8443"},
		"https://twcloud.example.com:":        {"https://twcloud.example.com", "https://twcloud.example.com:8443"},
		"HTTPS://TWCloud.Example.Com/Proxy/a%20b/": {
			"https://twcloud.example.com/Proxy/a%20b", "https://twcloud.example.com:8443",
		},
		"https://twcloud.example.com/a%2Fb/": {"https://twcloud.example.com/a%2Fb", "https://twcloud.example.com:8443"},
		"https://[2001:db8::1]:8111":         {"https://[2001:db8::1]:8111", "https://[2001:db8::1]:8443"},
		"https://[fe80::1%25eth0]:8111":      {"https://[fe80::1%25eth0]:8111", "https://[fe80::1%25eth0]:8443"},
		"http://localhost:8111":              {"http://localhost:8111", "http://localhost:8443"},
		"http://LOCALHOST":                   {"http://localhost", "http://localhost:8443"},
		"http://127.0.0.1:8111":              {"http://127.0.0.1:8111", "http://127.0.0.1:8443"},
		"http://127.8.9.10":                  {"http://127.8.9.10", "http://127.8.9.10:8443"},
		"http://[::1]:8111":                  {"http://[::1]:8111", "http://[::1]:8443"},
		"https://twcloud.example.com/osmcat": {"https://twcloud.example.com/osmcat", "https://twcloud.example.com:8443"},
	}
	for text, want := range cases {
		runConfigCases(t, map[string]configCase{text: {
			edit: withEndpoint(text),
			check: func(t *testing.T, s settings) {
				if s.endpoint != want.endpoint || s.webAppEndpoint != want.webApp {
					t.Errorf("got %q and %q, want %q and %q", s.endpoint, s.webAppEndpoint, want.endpoint, want.webApp)
				}
				options, err := s.clientOptions("test")
				if err != nil {
					t.Fatal(err)
				}
				if options.Endpoint.String() != want.endpoint || options.WebAppEndpoint.String() != want.webApp {
					t.Errorf("options have %s and %s", options.Endpoint, options.WebAppEndpoint)
				}
			},
		}})
	}
}

func TestResolveConfig_endpoint(t *testing.T) {
	t.Parallel()

	runConfigCases(t, map[string]configCase{
		"missing": {
			edit:   func(m *providerModel) { m.Endpoint = types.StringNull() },
			errors: []string{"endpoint: Missing endpoint"},
		},
		"empty everywhere": {
			edit:        withEndpoint(""),
			environment: map[string]string{"TWCLOUD_ENDPOINT": ""},
			errors:      []string{"endpoint: Set the provider's attribute endpoint or the environment variable TWCLOUD_ENDPOINT"},
		},
		"missing, and the other one is wrong": {
			edit: func(m *providerModel) {
				m.Endpoint = types.StringNull()
				m.WebAppEndpoint = types.StringValue("ftp://twcloud.example.com")
			},
			errors: []string{"endpoint: Missing endpoint", "webapp_endpoint: begins with https://"},
		},
		"no scheme": {
			edit:   withEndpoint("twcloud.example.com:8111"),
			errors: []string{`endpoint: such as "https://twcloud.example.com:8111"`},
		},
		"address without scheme": {
			edit:   withEndpoint("10.0.0.1:8111"),
			errors: []string{"endpoint: begins with https://"},
		},
		"another scheme": {
			edit:   withEndpoint("ftp://twcloud.example.com"),
			errors: []string{"endpoint: begins with https://"},
		},
		"scheme alone": {
			edit:   withEndpoint("https://"),
			errors: []string{"endpoint: not a well-formed URL"},
		},
		"port alone": {
			edit:   withEndpoint("https://:8111"),
			errors: []string{"endpoint: not a well-formed URL"},
		},
		"port that is none": {
			edit:   withEndpoint("https://twcloud.example.com:81x1"),
			errors: []string{"endpoint: not a well-formed URL"},
		},
		"port zero": {
			edit:   withEndpoint("https://twcloud.example.com:0"),
			errors: []string{"endpoint: not a well-formed URL"},
		},
		"port too high": {
			edit:   withEndpoint("https://twcloud.example.com:65536"),
			errors: []string{"endpoint: not a well-formed URL"},
		},
		"placeholder left in": {
			edit:   withEndpoint("https://<host>:8111"),
			errors: []string{"endpoint: not a well-formed URL"},
		},
		"percent sign": {
			edit:   withEndpoint("https://twcloud.example.com/%zz"),
			errors: []string{"endpoint: hexadecimal"},
		},
		"line break at the end": {
			edit:   withEndpoint("https://twcloud.example.com\n"),
			errors: []string{"endpoint: line break"},
		},
		"quotation marks": {
			edit:        func(m *providerModel) { m.Endpoint = types.StringNull() },
			environment: map[string]string{"TWCLOUD_ENDPOINT": `"https://twcloud.example.com"`},
			errors:      []string{"endpoint: TWCLOUD_ENDPOINT has quotation marks"},
		},
		"user and password": {
			edit:   withEndpoint("https://alice:" + canaryUserinfo + "@twcloud.example.com"),
			errors: []string{"endpoint: user name or a password"},
		},
		"user and password with a slash in it": {
			edit:   withEndpoint("https://alice:x/" + canaryUserinfo + "@twcloud.example.com"),
			errors: []string{"endpoint: user name or a password"},
		},
		"user and password with a question mark in it, from the environment": {
			edit:        func(m *providerModel) { m.Endpoint = types.StringNull() },
			environment: map[string]string{"TWCLOUD_ENDPOINT": "https://" + canaryUserinfo + "?#@twcloud.example.com"},
			errors:      []string{"endpoint: TWCLOUD_ENDPOINT must not contain a user name"},
		},
		"query and fragment are two errors": {
			edit:   withEndpoint("https://twcloud.example.com/?" + canaryToken + "#" + canaryToken),
			errors: []string{"endpoint: must not have a query", "endpoint: must not have a fragment"},
		},
		"empty query": {
			edit:   withEndpoint("https://twcloud.example.com?"),
			errors: []string{"endpoint: must not have a query"},
		},
		"question mark in a fragment": {
			edit:   withEndpoint("https://twcloud.example.com#a?b"),
			errors: []string{"endpoint: must not have a fragment"},
		},
		"path of the API": {
			edit:   withEndpoint("https://twcloud.example.com:8111/osmc/"),
			errors: []string{`endpoint: leave out "/osmc" and what follows it, and write "https://twcloud.example.com:8111"`},
		},
		"path of the login below a prefix": {
			edit:   withEndpoint("https://twcloud.example.com/proxy/OSMC/login"),
			errors: []string{`endpoint: write "https://twcloud.example.com/proxy"`},
		},
		"dots": {
			edit:   withEndpoint("https://twcloud.example.com/a/%2e./b"),
			errors: []string{`endpoint: must not have "." or ".."`},
		},
		"plain HTTP": {
			edit:   withEndpoint("http://twcloud.example.com:8111"),
			errors: []string{"endpoint: TWCLOUD_ALLOW_PLAIN_HTTP=true"},
		},
		"plain HTTP and a wrong path": {
			edit:   withEndpoint("http://twcloud.example.com:8111/osmc"),
			errors: []string{"endpoint: plain http://", "endpoint: leave out"},
		},
		"plain HTTP to what only looks like loopback": {
			edit:   withEndpoint("http://localhost.example.com"),
			errors: []string{"endpoint: plain http://"},
		},
		"plain HTTP to a short form of loopback": {
			edit:   withEndpoint("http://127.1"),
			errors: []string{"endpoint: plain http://"},
		},
		"plain HTTP to every address": {
			edit:   withEndpoint("http://0.0.0.0"),
			errors: []string{"endpoint: plain http://"},
		},
		"plain HTTP that is allowed": {
			edit: func(m *providerModel) {
				m.Endpoint = types.StringValue("http://twcloud.example.com:8111")
				m.AllowPlainHTTP = types.BoolValue(true)
			},
			warnings: []string{"endpoint: Credentials travel unencrypted"},
		},
		"plain HTTP to the Web Application Platform": {
			edit:   withWebAppEndpoint("http://twcloud.example.com"),
			errors: []string{"webapp_endpoint: plain http://"},
		},
		"port of the Web Application Platform": {
			edit:     withEndpoint("https://twcloud.example.com:8443"),
			warnings: []string{"endpoint: by default on port 8111"},
		},
		"port of the REST API": {
			edit:     withWebAppEndpoint("https://twcloud.example.com:8111"),
			warnings: []string{"webapp_endpoint: by default on port 8443"},
		},
		"path of the Web Application Platform's API": {
			edit:   withWebAppEndpoint("https://twcloud.example.com:8443/oslc/api/rootservices"),
			errors: []string{`webapp_endpoint: write "https://twcloud.example.com:8443"`},
		},
		"userinfo of the Web Application Platform": {
			edit:   withWebAppEndpoint("https://" + canaryUserinfo + "@twcloud.example.com:8443"),
			errors: []string{"webapp_endpoint: user name or a password"},
		},
		"Web Application Platform given": {
			edit: withWebAppEndpoint("https://web.example.com/apps//"),
			check: func(t *testing.T, s settings) {
				if s.webAppEndpoint != "https://web.example.com/apps" {
					t.Errorf("got %q", s.webAppEndpoint)
				}
			},
		},
	})
}
