package provider_test

import (
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

func TestAccProvider_wrongConfiguration(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	failed := h.workspace(t).planFails(t, providerBlock(
		`endpoint = "http://twcloud.example.com:8111"`,
		`username = "admin"`,
		`token = "a-token"`,
		`oauth_consumers_path = "osmc/admin/oauthconsumers"`,
		`ca_certificate_file = "missing.pem"`,
		`client_key_pem = "no key"`,
		`request_timeout = "soon"`,
		`max_retries = -1`,
		`max_concurrent_requests = 0`,
	)+consumer(`name = "doors"`, `secret = "s3cret"`))
	for summary, detail := range map[string]string{
		"Invalid endpoint":                "allow_plain_http",
		"Conflicting credentials":         "token and username",
		"Invalid oauth_consumers_path":    "begins with /",
		"Invalid ca_certificate_file":     "no such file or directory",
		"Incomplete client certificate":   "client_certificate_pem",
		"Invalid client_key_pem":          "PEM",
		"Invalid request_timeout":         `such as "30s"`,
		"Invalid max_retries":             "from 0 to",
		"Invalid max_concurrent_requests": "from 1 to",
	} {
		failed.expect(t, "error", summary, detail)
	}
	for _, d := range failed.Diagnostics {
		if d.Snippet == nil || !strings.Contains(d.Snippet.Code, "=") && d.Summary != "Incomplete client certificate" {
			t.Errorf("%q does not point at an attribute: %v", d.Summary, d.Snippet)
		}
	}
	if got := h.requests(); len(got) > 0 {
		t.Errorf("sent %q", got)
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
			plan := w.plan
			if kind == twcloudtest.Forbidden403 {
				// To register it anew needs the list.
				plan = w.planFails
			}
			plan(t, config).expect(t, "warning", `OAuth consumer "doors" is gone`)
		})
	}
}
