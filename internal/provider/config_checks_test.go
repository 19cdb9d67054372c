package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// TestResolveConfig_texts sets one attribute of a complete configuration.
func TestResolveConfig_texts(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		attribute, text string
		// problem is a part of the error. Empty: the text is valid.
		problem string
	}{
		{"endpoint", "twcloud.example.com:8111", `absolute URL that starts with https://, for example "https://twcloud.example.com:8111"`},
		{"endpoint", "10.0.0.1:8111", "starts with https://"},
		{"endpoint", "ftp://twcloud.example.com", "starts with https://"},
		{"endpoint", "https://", "not a valid URL"},
		{"endpoint", "https://:8111", "not a valid URL"},
		{"endpoint", "https://twcloud.example.com:81x1", "not a valid URL"},
		{"endpoint", "https://twcloud.example.com:0", "not a valid URL"},
		{"endpoint", "https://twcloud.example.com:65536", "not a valid URL"},
		{"endpoint", "https://<host>:8111", "not a valid URL"},
		{"endpoint", "https://${HOST}:8111", "not a valid URL"},
		{"endpoint", "https://twcloud.example.com/%zz", "hexadecimal"},
		{"endpoint", "https://twcloud.example.com\n", "line break"},
		{"endpoint", `"https://twcloud.example.com"`, "quotation marks"},
		{"endpoint", "https://alice:" + canaryUserinfo + "@twcloud.example.com", "user name, a password"},
		{"endpoint", "https://alice:x/" + canaryUserinfo + "@twcloud.example.com", "user name, a password"},
		{"endpoint", "https://" + canaryUserinfo + "?#@twcloud.example.com", "user name, a password"},
		{"endpoint", "https://twcloud.example.com/?" + canaryToken, "query or fragment"},
		{"endpoint", "https://twcloud.example.com#a?b", "query or fragment"},
		{"endpoint", "https://twcloud.example.com?", "query or fragment"},
		{"endpoint", "https://twcloud.example.com:8111/osmc/", `Remove "/osmc": write "https://twcloud.example.com:8111"`},
		{"endpoint", "https://twcloud.example.com/proxy/OSMC/login", `write "https://twcloud.example.com/proxy"`},
		{"endpoint", "https://twcloud.example.com/a/%2e./b", "/../ in its path"},
		{"endpoint", "http://twcloud.example.com:8111", "Plain HTTP is not allowed"},
		{"endpoint", "http://twcloud.example.com:8111", "TWCLOUD_ALLOW_PLAIN_HTTP=true"},
		{"endpoint", "http://localhost.example.com", "plain http://"},
		{"endpoint", "http://127.1", "plain http://"},
		{"endpoint", "http://0.0.0.0", "plain http://"},
		{"webapp_endpoint", "ftp://twcloud.example.com", `"https://twcloud.example.com:8443"`},
		{"webapp_endpoint", "http://twcloud.example.com", "plain http://"},
		{"webapp_endpoint", "https://twcloud.example.com:8443/oslc/api/rootservices", `write "https://twcloud.example.com:8443"`},
		{"webapp_endpoint", "https://" + canaryUserinfo + "@twcloud.example.com:8443", "user name, a password"},

		{"username", "alice b", ""},
		{"username", "al:ice", "colon"},
		{"username", "alice\n", "If it comes from a file"},
		{"username", " alice", "space"},
		{"password", " " + canaryPassword + "\u00e9: ", ""},
		{"password", canaryPassword + "\n", "If it comes from a file"},
		{"password", canaryPassword + "\x07", "control character"},

		{"tls_server_name", "twcloud.example.com", ""},
		{"tls_server_name", "twcloud_1", ""},
		{"tls_server_name", "xn--bcher-kva.example", ""},
		{"tls_server_name", "10.0.0.1", ""},
		{"tls_server_name", "2001:db8::1", ""},
		{"tls_server_name", "https://twcloud.example.com", "host name"},
		{"tls_server_name", "twcloud.example.com:8111", "host name"},
		{"tls_server_name", "*.example.com", "host name"},
		{"tls_server_name", "bücher.example", "host name"},
		{"tls_server_name", "twcloud.example.com ", "host name"},

		{"request_timeout", "100ms", ""},
		{"request_timeout", "1h", ""},
		{"request_timeout", "30", `write "30s"`},
		{"request_timeout", "1 day", `such as "30s"`},
		{"request_timeout", strings.Repeat("long", 20), `"` + strings.Repeat("long", 15) + `…"`},
		{"request_timeout", "0s", `from "100ms" to "1h"`},
		{"request_timeout", "-5s", `from "100ms" to "1h"`},
		{"request_timeout", "61m", `from "100ms" to "1h"`},
		{"max_retries", "0", ""},
		{"max_retries", "20", ""},
		{"max_retries", "-1", `from 0 to 20, but is "-1"`},
		{"max_retries", "21", "from 0 to 20"},
		{"max_retries", "many", "from 0 to 20"},
		{"max_retries", "99999999999999999999", "from 0 to 20"},
		{"max_retries", "\xff\xfe", "from 0 to 20"},
		{"max_concurrent_requests", "1", ""},
		{"max_concurrent_requests", "100", ""},
		{"max_concurrent_requests", "0", "from 1 to 100"},
		{"max_concurrent_requests", "101", "from 1 to 100"},
		{"max_concurrent_requests", "2.5", "from 1 to 100"},
		{"detect_secret_drift", "TRUE", ""},
		{"detect_secret_drift", "on", `must be "true" or "false", but is "on"`},
		{"insecure_skip_verify", "yes", `"true" or "false"`},
		{"allow_plain_http", " true", `"true" or "false"`},
	} {
		var errors []string
		if c.problem != "" {
			errors = []string{strings.TrimPrefix(c.attribute, "password") + ": " + c.problem}
		}
		variable := configCase{
			block: block{c.attribute: nil}, environment: map[string]string{environmentVariable(c.attribute): c.text}, errors: errors,
		}
		cases := map[string]configCase{c.attribute + " from the environment, " + c.text: variable}
		if schemaKind(c.attribute) == textAttribute {
			cases[c.attribute+" "+c.text] = configCase{block: block{c.attribute: c.text}, errors: errors}
		}
		runConfigCases(t, cases)
	}
}

func schemaKind(name string) attributeKind {
	for _, a := range configAttributes {
		if a.name == name {
			return a.kind
		}
	}
	panic("no attribute " + name)
}

func TestResolveConfig_endpoints(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]struct{ endpoint, webApp string }{
		"https://twcloud.example.com:8111":    {"https://twcloud.example.com:8111", "https://twcloud.example.com:8443"},
		"https://twcloud.example.com:8111///": {"https://twcloud.example.com:8111", "https://twcloud.example.com:8443"},
		"https://twcloud.example.com:":        {"https://twcloud.example.com", "https://twcloud.example.com"},
		"HTTPS://TWCloud.Example.Com/Proxy/a%20b/": {
			"https://twcloud.example.com/Proxy/a%20b", "https://twcloud.example.com",
		},
		"https://bücher.example/a%2Fb/":      {"https://b%C3%BCcher.example/a%2Fb", "https://b%C3%BCcher.example"},
		"https://[2001:db8::1]:8111":         {"https://[2001:db8::1]:8111", "https://[2001:db8::1]:8443"},
		"https://[fe80::1%25eth0]:8111":      {"https://[fe80::1%25eth0]:8111", "https://[fe80::1%25eth0]:8443"},
		"http://LOCALHOST":                   {"http://localhost", "http://localhost"},
		"https://twcloud.example.com:443/x":  {"https://twcloud.example.com:443/x", "https://twcloud.example.com:443"},
		"http://127.8.9.10:8111":             {"http://127.8.9.10:8111", "http://127.8.9.10:8443"},
		"http://[::1]:8111":                  {"http://[::1]:8111", "http://[::1]:8443"},
		"https://twcloud.example.com/osmcat": {"https://twcloud.example.com/osmcat", "https://twcloud.example.com"},
	} {
		runConfigCases(t, map[string]configCase{text: {
			block: block{"endpoint": text},
			check: func(t *testing.T, o twcloud.Options) {
				if o.Endpoint.String() != want.endpoint || o.WebAppEndpoint.String() != want.webApp || o.WebAppExplicit {
					t.Errorf("got %s and %s (explicit: %t), want %s and %s", o.Endpoint, o.WebAppEndpoint, o.WebAppExplicit, want.endpoint, want.webApp)
				}
			},
		}})
	}

	explicit := func(t *testing.T, o twcloud.Options) {
		if o.WebAppEndpoint.String() != "https://twcloud.example.com:8443" || !o.WebAppExplicit {
			t.Errorf("got %s, explicit: %t", o.WebAppEndpoint, o.WebAppExplicit)
		}
	}
	runConfigCases(t, map[string]configCase{
		"explicit Web Application Platform": {
			block: block{"webapp_endpoint": "https://twcloud.example.com:8443//"}, check: explicit,
		},
		"explicit Web Application Platform in the environment": {
			environment: map[string]string{"TWCLOUD_WEBAPP_ENDPOINT": "https://twcloud.example.com:8443"}, check: explicit,
		},
		"missing": {
			block: block{"endpoint": ""}, environment: map[string]string{"TWCLOUD_ENDPOINT": ""},
			errors: []string{"endpoint: Missing endpoint"},
		},
		"missing, and the other one is wrong": {
			block:  block{"endpoint": nil, "webapp_endpoint": "ftp://twcloud.example.com"},
			errors: []string{"endpoint: Set the provider's attribute endpoint or TWCLOUD_ENDPOINT", "webapp_endpoint: starts with https://"},
		},
		"missing, and the profile may not need it": {
			block:       block{"endpoint": nil, "webapp_endpoint": "https://twcloud.example.com:8443"},
			environment: map[string]string{"TWCLOUD_API_PROFILE_FILE": "profile.json"}, files: map[string]string{"profile.json": webAppProfile(t)},
			check: func(t *testing.T, o twcloud.Options) {
				if o.Endpoint != nil || o.WebAppEndpoint.String() != "https://twcloud.example.com:8443" {
					t.Errorf("got %v and %v", o.Endpoint, o.WebAppEndpoint)
				}
			},
		},
		"missing, and the built-in profile needs it": {
			block: block{"endpoint": nil, "webapp_endpoint": "https://twcloud.example.com:8443"}, errors: []string{"endpoint: Missing endpoint"},
		},
		"authentication server": {
			block: block{"authentication_endpoint": "https://auth.example.com/twc/"},
			check: func(t *testing.T, o twcloud.Options) {
				if o.AuthenticationEndpoint.String() != "https://auth.example.com/twc" {
					t.Errorf("got %v", o.AuthenticationEndpoint)
				}
			},
		},
		"authentication server without TLS": {
			block:  block{"authentication_endpoint": "http://auth.example.com"},
			errors: []string{"authentication_endpoint: so credentials would travel unencrypted to \"auth.example.com\""},
		},
		"address of a page": {
			block: block{"endpoint": "https://twcloud.example.com:8443/webapp", "webapp_endpoint": "https://twcloud.example.com:8443/admin/settings/oauth"},
			errors: []string{
				`endpoint: Remove "/webapp": write "https://twcloud.example.com:8111"`,
				`webapp_endpoint: Remove "/admin/settings/oauth": write "https://twcloud.example.com:8443"`,
			},
		},
		"address of the REST API": {
			block: block{"endpoint": "https://twcloud.example.com/x/osmc/", "webapp_endpoint": "https://twcloud.example.com:8111/osmc"},
			errors: []string{
				`endpoint: Remove "/osmc": write "https://twcloud.example.com/x"`,
				`webapp_endpoint: Remove "/osmc": write "https://twcloud.example.com:8443"`,
			},
		},
		"plain HTTP that is allowed": {
			block:    block{"endpoint": "http://twcloud.example.com:8111", "allow_plain_http": true},
			warnings: []string{"endpoint: Anyone on the network path to \"twcloud.example.com:8111\" can read"},
		},
		"certificates not verified": {
			block:    block{"insecure_skip_verify": true},
			warnings: []string{"insecure_skip_verify: Certificates are not verified"},
		},
		"a required check that is off": {
			block:  block{"require_secret_drift_check": true},
			errors: []string{"require_secret_drift_check: Set detect_secret_drift = true or TWCLOUD_DETECT_SECRET_DRIFT=true"},
		},
	})
}

// webAppProfile is an API profile that sends nothing to the REST API.
func webAppProfile(t *testing.T) string {
	t.Helper()
	content, err := json.Marshal(profile.BuiltIn())
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(content), `"server":"rest"`, `"server":"webapp","sign_in":{"by":"token","scheme":"Bearer"}`, 1)
}
