package provider

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Secrets that must not appear in any diagnostic.
const (
	canaryPassword = "canary-password"
	canaryToken    = "canary-token"
	canaryUserinfo = "canary-userinfo"
	canaryKey      = "canary-key"
)

// configCase is one row of the tables: what is given, and what is to be reported.
type configCase struct {
	// edit changes a configuration that has endpoint, username and password.
	edit func(*providerModel)

	environment map[string]string
	files       map[string]string

	// errors and warnings are "attribute: part of summary or detail", in any
	// order. Nothing else may be reported.
	errors   []string
	warnings []string

	unknown []string

	// check is called with the settings if there are no errors.
	check func(*testing.T, settings)
}

func (c configCase) source() configSource {
	return configSource{
		getenv: func(name string) string { return c.environment[name] },
		readFile: func(name string) ([]byte, error) {
			if contents, ok := c.files[name]; ok {
				return []byte(contents), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
	}
}

func completeModel() providerModel {
	return providerModel{
		Endpoint: types.StringValue("https://twcloud.example.com:8111"),
		Username: types.StringValue("alice"),
		Password: types.StringValue(canaryPassword),
	}
}

func runConfigCases(t *testing.T, cases map[string]configCase) {
	t.Helper()

	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			model := completeModel()
			if c.edit != nil {
				c.edit(&model)
			}
			resolved, unknown, diagnostics := resolveConfig(model, c.source())

			checkDiagnostics(t, "error", diagnostics.Errors(), c.errors)
			checkDiagnostics(t, "warning", diagnostics.Warnings(), c.warnings)
			checkNoCanary(t, diagnostics)

			var names []string
			for _, attribute := range unknown {
				names = append(names, attribute.String())
			}
			slices.Sort(names)
			slices.Sort(c.unknown)
			if !slices.Equal(names, c.unknown) {
				t.Errorf("unknown: got %q, want %q", names, c.unknown)
			}

			switch {
			case diagnostics.HasError():
				if resolved != (settings{}) {
					t.Errorf("settings are not empty although there are errors")
				}
			case c.check != nil:
				c.check(t, resolved)
			}
		})
	}
}

// checkDiagnostics compares each diagnostic with one "attribute: words" each.
func checkDiagnostics(t *testing.T, kind string, got diag.Diagnostics, want []string) {
	t.Helper()

	left := slices.Clone(want)
	for _, diagnostic := range got {
		text := describeDiagnostic(diagnostic)
		i := slices.IndexFunc(left, func(w string) bool {
			attribute, words, _ := strings.Cut(w, ": ")
			return strings.HasPrefix(text, attribute+": ") && strings.Contains(text, words)
		})
		if i < 0 {
			t.Errorf("unexpected %s: %s", kind, text)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, w := range left {
		t.Errorf("no %s %q", kind, w)
	}
}

func describeDiagnostic(diagnostic diag.Diagnostic) string {
	at := path.Empty()
	if withPath, ok := diagnostic.(diag.DiagnosticWithPath); ok {
		at = withPath.Path()
	}
	return fmt.Sprintf("%s: %s: %s", at, diagnostic.Summary(), diagnostic.Detail())
}

func checkNoCanary(t *testing.T, diagnostics diag.Diagnostics) {
	t.Helper()

	for _, diagnostic := range diagnostics {
		if text := describeDiagnostic(diagnostic); strings.Contains(text, "canary") {
			t.Errorf("a secret is in a diagnostic: %s", text)
		}
	}
}

func TestResolveConfig_defaults(t *testing.T) {
	t.Parallel()

	resolved, unknown, diagnostics := resolveConfig(completeModel(), configCase{}.source())
	if len(diagnostics) > 0 || len(unknown) > 0 {
		t.Fatalf("diagnostics %v, unknown %v", diagnostics, unknown)
	}
	want := settings{
		endpoint:              "https://twcloud.example.com:8111",
		webAppEndpoint:        "https://twcloud.example.com:8443",
		username:              "alice",
		password:              canaryPassword,
		oauthConsumersPath:    "/osmc/admin/oauthconsumers",
		requestTimeout:        30 * time.Second,
		maxRetries:            twcloud.DefaultMaxRetries,
		maxConcurrentRequests: twcloud.DefaultMaxConcurrentRequests,
	}
	if resolved != want {
		t.Errorf("got %v, want %v, or a difference in what is not printed", resolved, want)
	}
}

func TestResolveConfig_environment(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	c := configCase{
		environment: map[string]string{
			"TWCLOUD_ENDPOINT":                "http://twcloud.example.com/rest/",
			"TWCLOUD_WEBAPP_ENDPOINT":         "http://web.example.com/apps",
			"TWCLOUD_TOKEN":                   canaryToken,
			"TWCLOUD_OAUTH_CONSUMERS_PATH":    "/osmc/admin/elsewhere",
			"TWCLOUD_CA_CERTIFICATE_FILE":     "ca.pem",
			"TWCLOUD_CLIENT_CERTIFICATE_FILE": "client.pem",
			"TWCLOUD_CLIENT_KEY_PEM":          pki.key,
			"TWCLOUD_TLS_SERVER_NAME":         "inner.example.com",
			"TWCLOUD_INSECURE_SKIP_VERIFY":    "true",
			"TWCLOUD_ALLOW_PLAIN_HTTP":        "1",
			"TWCLOUD_REQUEST_TIMEOUT":         "1m30s",
			"TWCLOUD_MAX_RETRIES":             "0",
			"TWCLOUD_MAX_CONCURRENT_REQUESTS": "3",
			"TWCLOUD_DETECT_SECRET_DRIFT":     "TRUE",
		},
		files: map[string]string{"ca.pem": pki.ca, "client.pem": pki.certificate},
	}
	want := settings{
		endpoint:              "http://twcloud.example.com/rest",
		webAppEndpoint:        "http://web.example.com/apps",
		token:                 canaryToken,
		oauthConsumersPath:    "/osmc/admin/elsewhere",
		caCertificatePEM:      pki.ca,
		clientCertificatePEM:  pki.certificate,
		clientKeyPEM:          pki.key,
		tlsServerName:         "inner.example.com",
		insecureSkipVerify:    true,
		requestTimeout:        90 * time.Second,
		maxRetries:            0,
		maxConcurrentRequests: 3,
		detectSecretDrift:     true,
	}

	resolved, _, diagnostics := resolveConfig(providerModel{}, c.source())
	checkDiagnostics(t, "error", diagnostics.Errors(), nil)
	if resolved != want {
		t.Errorf("environment alone: got %v, want %v, or a difference in what is not printed", resolved, want)
	}

	attributes := providerModel{
		Endpoint:              types.StringValue("https://other.example.com:8111"),
		WebAppEndpoint:        types.StringValue("https://other.example.com:9443"),
		Username:              types.StringValue("alice"),
		Password:              types.StringValue(canaryPassword),
		OAuthConsumersPath:    types.StringValue("/other"),
		CACertificatePEM:      types.StringValue(pki.certificate),
		ClientCertificatePEM:  types.StringValue(pki.otherCertificate),
		ClientKeyPEM:          types.StringValue(pki.otherKey),
		TLSServerName:         types.StringValue("other.example.com"),
		InsecureSkipVerify:    types.BoolValue(false),
		AllowPlainHTTP:        types.BoolValue(false),
		RequestTimeout:        types.StringValue("5s"),
		MaxRetries:            types.Int64Value(7),
		MaxConcurrentRequests: types.Int64Value(8),
		DetectSecretDrift:     types.BoolValue(false),
	}
	want = settings{
		endpoint:              "https://other.example.com:8111",
		webAppEndpoint:        "https://other.example.com:9443",
		username:              "alice",
		password:              canaryPassword,
		oauthConsumersPath:    "/other",
		caCertificatePEM:      pki.certificate,
		clientCertificatePEM:  pki.otherCertificate,
		clientKeyPEM:          pki.otherKey,
		tlsServerName:         "other.example.com",
		requestTimeout:        5 * time.Second,
		maxRetries:            7,
		maxConcurrentRequests: 8,
	}
	resolved, _, diagnostics = resolveConfig(attributes, c.source())
	if len(diagnostics) > 0 {
		t.Errorf("unexpected: %v", diagnostics)
	}
	if resolved != want {
		t.Errorf("attributes win: got %v, want %v, or a difference in what is not printed", resolved, want)
	}
}

func TestResolveConfig_limits(t *testing.T) {
	t.Parallel()

	runConfigCases(t, map[string]configCase{
		"timeout without unit": {
			edit:   func(m *providerModel) { m.RequestTimeout = types.StringValue("30") },
			errors: []string{`request_timeout: write "30s"`},
		},
		"timeout that is no duration": {
			edit:   func(m *providerModel) { m.RequestTimeout = types.StringValue("1 day") },
			errors: []string{`request_timeout: such as "30s"`},
		},
		"timeout of nothing": {
			edit:   func(m *providerModel) { m.RequestTimeout = types.StringValue("0s") },
			errors: []string{`request_timeout: between "100ms" and "1h"`},
		},
		"timeout below nothing": {
			edit:   func(m *providerModel) { m.RequestTimeout = types.StringValue("-5s") },
			errors: []string{`request_timeout: between "100ms" and "1h"`},
		},
		"timeout too long, from the environment": {
			environment: map[string]string{"TWCLOUD_REQUEST_TIMEOUT": "61m"},
			errors:      []string{`request_timeout: environment variable TWCLOUD_REQUEST_TIMEOUT`},
		},
		"timeout at its bounds": {
			edit: func(m *providerModel) { m.RequestTimeout = types.StringValue("100ms") },
			check: func(t *testing.T, s settings) {
				if s.requestTimeout != 100*time.Millisecond {
					t.Errorf("got %s", s.requestTimeout)
				}
			},
		},
		"retries and requests too few": {
			edit: func(m *providerModel) {
				m.MaxRetries = types.Int64Value(-1)
				m.MaxConcurrentRequests = types.Int64Value(0)
			},
			errors: []string{"max_retries: from 0 to 20; it is \"-1\"", "max_concurrent_requests: from 1 to 100"},
		},
		"retries and requests too many": {
			edit: func(m *providerModel) {
				m.MaxRetries = types.Int64Value(21)
				m.MaxConcurrentRequests = types.Int64Value(101)
			},
			errors: []string{"max_retries: from 0 to 20", "max_concurrent_requests: from 1 to 100"},
		},
		"retries and requests at their bounds": {
			edit: func(m *providerModel) {
				m.MaxRetries = types.Int64Value(20)
				m.MaxConcurrentRequests = types.Int64Value(100)
			},
		},
		"numbers and booleans in the environment that are none": {
			environment: map[string]string{
				"TWCLOUD_MAX_RETRIES":             "many",
				"TWCLOUD_MAX_CONCURRENT_REQUESTS": "2.5",
				"TWCLOUD_INSECURE_SKIP_VERIFY":    "yes",
				"TWCLOUD_ALLOW_PLAIN_HTTP":        " true",
				"TWCLOUD_DETECT_SECRET_DRIFT":     "on",
			},
			errors: []string{
				"max_retries: TWCLOUD_MAX_RETRIES",
				"max_concurrent_requests: TWCLOUD_MAX_CONCURRENT_REQUESTS",
				"insecure_skip_verify: TWCLOUD_INSECURE_SKIP_VERIFY",
				"allow_plain_http: TWCLOUD_ALLOW_PLAIN_HTTP",
				"detect_secret_drift: TWCLOUD_DETECT_SECRET_DRIFT",
			},
		},
		"a number beyond what an integer holds": {
			environment: map[string]string{"TWCLOUD_MAX_RETRIES": "99999999999999999999"},
			errors:      []string{"max_retries: TWCLOUD_MAX_RETRIES"},
		},
		"bytes that are no UTF-8": {
			environment: map[string]string{"TWCLOUD_MAX_RETRIES": "\xff\xfe"},
			errors:      []string{"max_retries: TWCLOUD_MAX_RETRIES"},
		},
		"an empty attribute falls through to the environment": {
			edit:        func(m *providerModel) { m.RequestTimeout = types.StringValue("") },
			environment: map[string]string{"TWCLOUD_REQUEST_TIMEOUT": "7s"},
			check: func(t *testing.T, s settings) {
				if s.requestTimeout != 7*time.Second {
					t.Errorf("got %s", s.requestTimeout)
				}
			},
		},
		"certificates not verified": {
			edit:     func(m *providerModel) { m.InsecureSkipVerify = types.BoolValue(true) },
			warnings: []string{"insecure_skip_verify: Certificates are not verified"},
		},
	})
}

func TestResolveConfig_everythingAtOnce(t *testing.T) {
	t.Parallel()

	runConfigCases(t, map[string]configCase{
		"nothing given": {
			edit: func(m *providerModel) { *m = providerModel{} },
			errors: []string{
				"endpoint: TWCLOUD_ENDPOINT",
				"username: Missing credentials",
			},
		},
		"everything wrong": {
			edit: func(m *providerModel) {
				*m = providerModel{
					Endpoint:              types.StringValue("twcloud.example.com"),
					WebAppEndpoint:        types.StringValue("https://bob:" + canaryUserinfo + "@twcloud.example.com"),
					Username:              types.StringValue("al:ice"),
					Password:              types.StringValue(canaryPassword + "\n"),
					Token:                 types.StringValue(canaryToken + "\n"),
					OAuthConsumersPath:    types.StringValue("osmc"),
					CACertificateFile:     types.StringValue("no-such.pem"),
					ClientCertificatePEM:  types.StringValue("client.pem"),
					ClientKeyPEM:          types.StringValue(canaryKey),
					TLSServerName:         types.StringValue("https://twcloud.example.com"),
					RequestTimeout:        types.StringValue("30"),
					MaxRetries:            types.Int64Value(-1),
					MaxConcurrentRequests: types.Int64Value(0),
				}
			},
			errors: []string{
				"endpoint: absolute URL", "webapp_endpoint: user name or a password", "username: colon",
				"password: line break", "token: line break", "token: Conflicting credentials",
				"oauth_consumers_path: begins with /", "ca_certificate_file: no-such.pem",
				"client_certificate_pem: use client_certificate_file", "client_key_pem: use client_key_file",
				"tls_server_name: host name", "request_timeout: 30s", "max_retries: from 0",
				"max_concurrent_requests: from 1",
			},
		},
	})
}

func TestResolveConfig_unknown(t *testing.T) {
	t.Parallel()

	every := []string{
		"endpoint", "webapp_endpoint", "username", "password", "token", "oauth_consumers_path", "ca_certificate_file",
		"ca_certificate_pem", "client_certificate_file", "client_certificate_pem", "client_key_file", "client_key_pem",
		"tls_server_name", "insecure_skip_verify", "allow_plain_http", "request_timeout", "max_retries",
		"max_concurrent_requests", "detect_secret_drift",
	}
	unknownText := types.StringUnknown()

	runConfigCases(t, map[string]configCase{
		"all, and an environment that must not stand in for any": {
			edit: func(m *providerModel) {
				*m = providerModel{
					Endpoint: unknownText, WebAppEndpoint: unknownText, Username: unknownText, Password: unknownText,
					Token: unknownText, OAuthConsumersPath: unknownText, CACertificateFile: unknownText,
					CACertificatePEM: unknownText, ClientCertificateFile: unknownText, ClientCertificatePEM: unknownText,
					ClientKeyFile: unknownText, ClientKeyPEM: unknownText, TLSServerName: unknownText,
					InsecureSkipVerify: types.BoolUnknown(), AllowPlainHTTP: types.BoolUnknown(), RequestTimeout: unknownText,
					MaxRetries: types.Int64Unknown(), MaxConcurrentRequests: types.Int64Unknown(),
					DetectSecretDrift: types.BoolUnknown(),
				}
			},
			environment: func() map[string]string {
				all := map[string]string{}
				for _, attribute := range every {
					all[environmentVariable(attribute)] = " :wrong "
				}
				return all
			}(),
			unknown: every,
			check: func(t *testing.T, s settings) {
				want := settings{
					oauthConsumersPath: s.oauthConsumersPath, requestTimeout: s.requestTimeout,
					maxRetries: s.maxRetries, maxConcurrentRequests: s.maxConcurrentRequests,
				}
				if s != want {
					t.Errorf("something came from elsewhere: %v", s)
				}
			},
		},
		"an unknown endpoint hides no other error": {
			edit: func(m *providerModel) {
				m.Endpoint = unknownText
				m.MaxRetries = types.Int64Value(-1)
			},
			errors:  []string{"max_retries: from 0"},
			unknown: []string{"endpoint"},
		},
		"an unknown token may yet be null": {
			edit:    func(m *providerModel) { m.Token = unknownText },
			unknown: []string{"token"},
		},
		"an unknown password, and a user name that can be checked": {
			edit: func(m *providerModel) {
				m.Username = types.StringValue("al:ice")
				m.Password = unknownText
			},
			errors:  []string{"username: colon"},
			unknown: []string{"password"},
		},
		"an unknown token alone, and a user in the environment": {
			edit: func(m *providerModel) {
				*m = providerModel{Endpoint: types.StringValue("https://twcloud.example.com"), Token: unknownText}
			},
			environment: map[string]string{"TWCLOUD_USERNAME": "bob", "TWCLOUD_TOKEN": canaryToken},
			unknown:     []string{"token"},
			check: func(t *testing.T, s settings) {
				if s.username != "" || s.token != "" {
					t.Error("credentials came from the environment")
				}
			},
		},
		"plain HTTP is not refused while it may yet be allowed": {
			edit: func(m *providerModel) {
				m.Endpoint = types.StringValue("http://twcloud.example.com")
				m.AllowPlainHTTP = types.BoolUnknown()
			},
			unknown: []string{"allow_plain_http"},
		},
		"a certificate whose key is unknown": {
			edit: func(m *providerModel) {
				m.ClientCertificateFile = types.StringValue("client.pem")
				m.ClientKeyPEM = unknownText
			},
			files:   map[string]string{"client.pem": newTestPKI(t).certificate},
			unknown: []string{"client_key_pem"},
		},
		"an unknown file is no conflict": {
			edit: func(m *providerModel) {
				m.CACertificateFile = unknownText
				m.CACertificatePEM = types.StringValue("whatever")
			},
			unknown: []string{"ca_certificate_file"},
		},
	})
}

func TestSettings_printNoSecret(t *testing.T) {
	t.Parallel()

	s := settings{
		endpoint: "https://twcloud.example.com", username: "alice", password: canaryPassword, token: canaryToken,
		clientKeyPEM: canaryKey,
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, text := range []string{fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, []settings{s})} {
			if strings.Contains(text, "canary") || !strings.Contains(text, "twcloud.example.com") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}

func TestProcessSource(t *testing.T) {
	t.Setenv("TWCLOUD_ENDPOINT", "https://twcloud.example.com")

	source := processSource()
	if got := source.getenv("TWCLOUD_ENDPOINT"); got != "https://twcloud.example.com" {
		t.Errorf("got %q", got)
	}
	if _, err := source.readFile(t.TempDir() + "/missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
