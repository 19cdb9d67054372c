package provider

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzResolveConfig holds for any input: no panic, no secret in a diagnostic,
// diagnostics that Terraform's protocol can carry, and settings that a client
// can be made of if there was no error.
func FuzzResolveConfig(f *testing.F) {
	pki := newTestPKI(f)
	f.Add("https://twcloud.example.com:8111", "", "alice", "", "", pki.certificate, pki.key, "", "30s", "1", "true", false)
	f.Add("http://a/b?c#d", "https://h:8111/osmc", "a:b", "\n", "", pki.ca, pki.ca, "*", "30", "x", "yes", true)
	f.Add("https://u:p%", "h%zz", "", "\xff", " ", "-----BEGIN", "-----BEGIN \n", "\xff", "-1s", "-1", "0", true)
	f.Add("http://[::1%25lo]:0/a//", "https://", "u", "p", "t", "", "", "::1", "1h", "20", "", false)

	f.Fuzz(func(t *testing.T, endpoint, webApp, username, password, token, certificate, key, serverName,
		timeout, number, boolean string, fromEnvironment bool,
	) {
		for _, plain := range []string{endpoint, webApp, username, certificate, serverName, timeout, number, boolean} {
			if strings.Contains(plain, "canary") {
				t.Skip()
			}
		}
		if password != "" {
			password += canaryPassword + password
		}
		if token != "" {
			token += canaryToken + token
		}
		texts := map[string]string{
			"endpoint": endpoint, "webapp_endpoint": webApp, "username": username, "password": password, "token": token,
			"ca_certificate_pem": certificate, "client_certificate_file": "certificate",
			"client_key_pem": key + canaryKey, "tls_server_name": serverName, "request_timeout": timeout,
		}
		environment := map[string]string{
			"TWCLOUD_MAX_RETRIES":      number,
			"TWCLOUD_ALLOW_PLAIN_HTTP": boolean,
		}
		given := block{}
		for name, text := range texts {
			if fromEnvironment {
				environment[environmentVariable(name)] = text
			} else {
				given[name] = text
			}
		}
		source := configCase{environment: environment, files: map[string]string{"certificate": certificate}}.source()
		checkResolved(t, given.model(nil), source)

		for _, userinfo := range []string{endpoint + canaryUserinfo + "@" + webApp, "https://u:" + canaryUserinfo + "/@" + endpoint} {
			given["endpoint"], given["webapp_endpoint"] = userinfo, userinfo
			checkResolved(t, given.model(nil), source)
		}
	})
}

func checkResolved(t *testing.T, model providerModel, source configSource) {
	t.Helper()

	resolved, unknown, diagnostics := resolveConfig(model, source)
	checkNoCanary(t, diagnostics)
	for _, diagnostic := range diagnostics {
		if !utf8.ValidString(diagnostic.Summary()) || !utf8.ValidString(diagnostic.Detail()) {
			t.Errorf("no UTF-8: %q", describeDiagnostic(diagnostic))
		}
	}
	if len(unknown) > 0 {
		t.Errorf("unknown: %v", unknown)
	}
	if diagnostics.HasError() {
		return
	}

	options := optionsOf(t, resolved)
	for _, root := range []*url.URL{options.Endpoint, options.WebAppEndpoint} {
		if root.Host == "" || root.User != nil || root.RawQuery != "" || root.Fragment != "" ||
			(root.Scheme != "https" && root.Scheme != "http") || strings.HasSuffix(root.Path, "/") {
			t.Errorf("not the root of a server: %q", root)
		}
	}
}
