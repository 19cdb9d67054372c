package provider_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestAccProvider_works(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		server func(*twcloudtest.Config)
		// arguments are those of the provider.
		arguments func(*testing.T, *harness) []string
		// prefix is in front of every path.
		prefix string
		scheme string
		// collection is the path of the consumers, if it is not the usual one.
		collection string
		warning    string
	}{
		"username and password": {
			arguments: func(*testing.T, *harness) []string { return []string{asAdmin} },
		},
		"token": {
			arguments: func(*testing.T, *harness) []string { return []string{"token = " + quote(twcloudtest.AdminToken)} },
			scheme:    "Token",
		},
		"behind a reverse proxy": {
			server:    func(config *twcloudtest.Config) { config.PathPrefix = "/tools/twcloud" },
			arguments: func(*testing.T, *harness) []string { return []string{asAdmin} },
			prefix:    "/tools/twcloud",
		},
		"behind a reverse proxy that rewrites cookies": {
			server:    func(config *twcloudtest.Config) { config.PathPrefix, config.RewriteCookies = "/tools/twcloud", true },
			arguments: func(*testing.T, *harness) []string { return []string{asAdmin} },
			prefix:    "/tools/twcloud",
		},
		"trailing slashes": {
			server: func(config *twcloudtest.Config) { config.PathPrefix = "/tools" },
			arguments: func(_ *testing.T, h *harness) []string {
				return []string{asAdmin, "endpoint = " + quote(h.server.URL()+"//")}
			},
			prefix: "/tools",
		},
		"consumers elsewhere": {
			server: func(config *twcloudtest.Config) { config.OAuthConsumersPath = "/osmc/admin/oauth/clients" },
			arguments: func(*testing.T, *harness) []string {
				return []string{asAdmin, `oauth_consumers_path = "/osmc/admin/oauth/clients"`}
			},
			collection: "/osmc/admin/oauth/clients",
		},
		"authority as PEM": {
			server:    withTLS,
			arguments: func(_ *testing.T, h *harness) []string { return []string{asAdmin, h.trusting()} },
		},
		"authority in a file": {
			server: withTLS,
			arguments: func(t *testing.T, h *harness) []string {
				t.Helper()
				file := filepath.Join(t.TempDir(), "ca.pem")
				if err := os.WriteFile(file, h.server.CACertificatePEM(), 0o600); err != nil {
					t.Fatal(err)
				}
				return []string{asAdmin, "ca_certificate_file = " + quote(file)}
			},
		},
		"unverified": {
			server:    withTLS,
			arguments: func(*testing.T, *harness) []string { return []string{asAdmin, "insecure_skip_verify = true"} },
			warning:   "Certificates are not verified",
		},
		"client certificate": {
			server:    func(config *twcloudtest.Config) { config.ClientCA = true },
			arguments: func(_ *testing.T, h *harness) []string { return []string{asAdmin, h.trusting(), h.showing()} },
		},
		"another name in the certificate": {
			server: withTLS,
			arguments: func(_ *testing.T, h *harness) []string {
				return []string{asAdmin, h.trusting(), `tls_server_name = "localhost"`}
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := []func(*twcloudtest.Config){}
			if test.server != nil {
				options = append(options, test.server)
			}
			h := newHarness(t, options...)
			w := h.workspace(t)
			arguments := test.arguments(t, h)
			if !strings.Contains(strings.Join(arguments, "\n"), "endpoint =") {
				arguments = append(arguments, "endpoint = "+quote(h.server.URL()))
			}
			applied := w.apply(t, providerBlock(arguments...)+consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
			if test.warning != "" {
				applied.expect(t, "warning", test.warning)
			} else {
				applied.expectNone(t)
			}

			path := "/osmc" + collection
			if test.collection != "" {
				path = test.collection
			}
			scheme := "Basic"
			if test.scheme != "" {
				scheme = test.scheme
			}
			var got []string
			for _, request := range h.server.Requests() {
				got = append(got, strings.TrimSpace(request.Method+" "+request.Path+" "+request.AuthorizationScheme))
			}
			want := []string{
				"GET " + test.prefix + "/osmc/login " + scheme,
				"GET " + test.prefix + path, "GET " + test.prefix + path, "POST " + test.prefix + path, "PATCH " + test.prefix + path + "/key-1",
				"GET " + test.prefix + "/osmc/logout",
			}
			if !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if opened, left := h.server.SessionsOpened(), h.server.OpenSessions(); opened != 1 || left != 0 {
				t.Errorf("%d sessions were opened and %d are left, want one and none", opened, left)
			}
		})
	}
}

// TestAccProvider_wrongConfiguration is about literal values. Validation and plan
// report all problems, each once and on its attribute.
func TestAccProvider_wrongConfiguration(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	w.write(t, providerBlock(
		`endpoint = "twcloud.example.com:8111"`,
		`webapp_endpoint = "http://twcloud.example.com"`,
		`allow_plain_http = false`,
		`username = "admin"`,
		`token = "a-token"`,
		`oauth_consumers_path = "osmc/admin/oauthconsumers"`,
		`api_profile_file = "missing.json"`,
		`ca_certificate_file = "missing.pem"`,
		`ca_certificate_pem = "missing.pem"`,
		`client_key_pem = "no key"`,
		`request_timeout = "soon"`,
		`max_retries = -1`,
		`max_concurrent_requests = 0`,
	)+consumer(`name = "doors"`, `secret = "s3cret"`))
	validated, planned := w.run(t, "validate", "-json").mustFail(t), w.run(t, "plan", "-json").mustFail(t)
	if err := json.Unmarshal([]byte(validated.Output), &validated); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Invalid endpoint":                                       "absolute URL",
		"Plain HTTP is not allowed":                              "allow_plain_http",
		"Conflicting username and token":                         "either",
		"Invalid oauth_consumers_path":                           "starts with one /",
		"Conflicting oauth_consumers_path and api_profile_file":  "The profile already holds the path",
		"Invalid ca_certificate_pem":                             "_file",
		"Conflicting ca_certificate_file and ca_certificate_pem": "Remove one",
		"Invalid client_key_pem":                                 "PEM",
		"Invalid request_timeout":                                `such as "30s"`,
		"Invalid max_retries":                                    "from 0 to",
		"Invalid max_concurrent_requests":                        "from 1 to",
	}
	for command, got := range map[string]report{"validate": validated, "plan": planned} {
		for summary, detail := range want {
			got.expect(t, "error", summary, detail)
			if times := strings.Count(got.Output, quote(summary)); times != 1 {
				t.Errorf("%s reports %q %d times", command, summary, times)
			}
		}
		if len(got.Diagnostics) != len(want) {
			t.Errorf("%s reports %d problems, want %d: %v", command, len(got.Diagnostics), len(want), got.Diagnostics)
		}
		for _, d := range got.Diagnostics {
			if d.Snippet == nil || !strings.Contains(d.Snippet.Code, "=") {
				t.Errorf("%q does not point at an attribute: %v", d.Summary, d.Snippet)
			}
		}
	}
	if got := h.requests(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}

// TestAccProvider_missingConfiguration is about what validation cannot know: the
// environment and files.
func TestAccProvider_missingConfiguration(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	config := providerBlock(
		`endpoint = "http://twcloud.example.com:8111"`,
		`username = "admin"`,
		`api_profile_file = "missing.json"`,
		`ca_certificate_file = "missing.pem"`,
		`client_key_file = "missing.key"`,
		`insecure_skip_verify = true`,
	) + consumer(`name = "doors"`, `secret = "s3cret"`)
	w.write(t, config)
	if validated := w.run(t, "validate", "-json").mustSucceed(t); !strings.Contains(validated.Output, `"warning_count": 0`) {
		t.Errorf("validation has warnings: %s", validated.Output)
	}
	failed := w.planFails(t, config)
	for summary, detail := range map[string]string{
		"Plain HTTP is not allowed":     "allow_plain_http",
		"Incomplete credentials":        "TWCLOUD_PASSWORD",
		"Invalid api_profile_file":      `"missing.json" (api_profile_file) cannot be read: no such file or directory`,
		"Invalid ca_certificate_file":   "no such file or directory",
		"Invalid client_key_file":       "no such file or directory",
		"Incomplete client certificate": "client_certificate_pem",
	} {
		failed.expect(t, "error", summary, detail)
	}
	failed.expect(t, "warning", "Certificates are not verified")
	if len(failed.Diagnostics) != 7 {
		t.Errorf("got %d diagnostics, want 7: %v", len(failed.Diagnostics), failed.Diagnostics)
	}
}

func TestAccProvider_unconfigured(t *testing.T) {
	t.Parallel()
	failed := newHarness(t).workspace(t).planFails(t, consumer(`name = "doors"`, `secret = "s3cret"`))
	failed.expect(t, "error", "Missing endpoint", "TWCLOUD_ENDPOINT")
	failed.expect(t, "error", "Missing credentials", "TWCLOUD_USERNAME", "TWCLOUD_TOKEN")
}

// later is an endpoint that is known only after apply.
func (h *harness) later() string {
	return "resource \"terraform_data\" \"endpoint\" {\n input = " + quote(h.server.URL()) + "\n}\n"
}

func TestAccProvider_unknownAtPlan(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	unknown := providerBlock("endpoint = terraform_data.endpoint.output", asAdmin) + h.later()
	config := unknown + consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`)

	planned := w.plan(t, config)
	planned.expectAction(t, "create")
	planned.expectNone(t)
	if got := h.requests(); len(got) > 0 {
		t.Errorf("planning sent %q", got)
	}
	w.apply(t, config).expectNone(t)
	if got := h.only(t); got.Key != "key-1" || !got.Approved {
		t.Errorf("on the server: %+v", got)
	}
	w.plan(t, config).expectAction(t, "")

	// An endpoint that becomes unknown again, with a consumer in state.
	h.requests()
	again := w.planFails(t, strings.Replace(config, "\n input", "\n triggers_replace = 2\n input", 1))
	again.expect(t, "error", "Provider configuration is not known yet", "endpoint", "-target")
	if got := h.requests(); len(got) > 0 {
		t.Errorf("planning sent %q", got)
	}
}

// TestAccProvider_unlisted is about a server that does not list the collection,
// but tells of one consumer.
func TestAccProvider_unlisted(t *testing.T) {
	t.Parallel()
	for _, kind := range []twcloudtest.FaultKind{twcloudtest.Forbidden403, twcloudtest.BadJSON, twcloudtest.InternalError500} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			config := h.config(consumer(`name = "doors"`, `secret = "s3cret"`))
			w.apply(t, config)
			h.server.Inject(twcloudtest.Fault{Kind: kind, Method: http.MethodGet, PathSuffix: collection, Times: -1})
			h.requests()

			unchanged := w.plan(t, config)
			unchanged.expectAction(t, "")
			unchanged.expectNone(t)
			if got, want := h.requests(), "GET "+collection+"/key-1"; !slices.Contains(got, want) {
				t.Errorf("sent %q, want %q among them", got, want)
			}
			h.server.RemoveConsumer("key-1")
			switch kind {
			case twcloudtest.BadJSON:
				// A server that does not list as expected may not read as expected.
				w.planFails(t, config).expectFailure(t, "not in the form that the provider expects")
			case twcloudtest.Forbidden403:
				// To register it again needs the list.
				w.planFails(t, config).expect(t, "warning", `OAuth consumer "doors" was removed`)
			default:
				// A 404 is no proof: this process has seen no consumer returned by key.
				w.planFails(t, config).expectFailure(t, "500")
			}
		})
	}
}
