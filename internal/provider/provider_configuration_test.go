package provider_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// optional is for tables in which an option of the server may be missing.
func optional(option func(*emulator.Config)) []func(*emulator.Config) {
	if option == nil {
		return nil
	}
	return []func(*emulator.Config){option}
}

func TestProvider_works(t *testing.T) {
	t.Parallel()
	type blockOf = func(*testing.T, *harness) fields
	const prefix, otherCollection = "/tools/twcloud", "/osmc/admin/oauth/clients"
	for name, test := range map[string]struct {
		server func(*emulator.Config)
		block  blockOf
		// prefix is in front of every path.
		prefix string
		// collection is the path of the consumers, if it is not the usual one.
		collection string
		scheme     string
		warning    string
	}{
		"token": {block: configured(fields{"username": nil, "password": nil, "token": emulator.AdminToken}), scheme: "Token"},
		"reverse proxy, and trailing slashes": {
			server: func(config *emulator.Config) { config.RESTPathPrefix, config.WebAppPathPrefix = prefix, prefix },
			block:  func(_ *testing.T, h *harness) fields { return fields{"endpoint": h.server.URL() + "//"} }, prefix: prefix,
		},
		"consumers elsewhere": {
			server: func(config *emulator.Config) { config.Profile, _ = profile.Parse(elsewhere(t, otherCollection)) },
			block: func(t *testing.T, _ *harness) fields {
				t.Helper()
				return fields{"api_profile_file": writeFile(t, "profile.json", elsewhere(t, otherCollection))}
			},
			collection: otherCollection,
		},
		"authority in a file": {server: withTLS, block: func(t *testing.T, h *harness) fields {
			t.Helper()
			return fields{"ca_certificate_file": writeFile(t, "ca.pem", h.server.CACertificatePEM())}
		}},
		"certificates not verified": {server: withTLS, block: configured(fields{"insecure_skip_verify": true}), warning: "Certificates are not verified"},
		"client certificate":        {server: withClientCA, block: func(_ *testing.T, h *harness) fields { return showing(h) }},
		"another name in the certificate": {server: withTLS, block: func(_ *testing.T, h *harness) fields {
			return fields{"ca_certificate_pem": string(h.server.CACertificatePEM()), "tls_server_name": "localhost"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t, optional(test.server)...)
			r.block = test.block(t, r.harness)
			applied := r.apply(t, one(secretForms["secret"]))
			if test.warning != "" {
				applied.expect(t, "warning", test.warning)
			} else {
				applied.expectNone(t)
			}

			path := test.prefix + cmp.Or(test.collection, "/osmc"+collection)
			want := []string{
				"GET " + test.prefix + "/osmc/login " + cmp.Or(test.scheme, "Basic"), "GET " + path, "GET " + path, "POST " + path,
				"GET " + path + "/key-1", "PATCH " + path + "/key-1", "GET " + test.prefix + "/osmc/logout",
			}
			var got []string
			for _, request := range r.server.Requests() {
				got = append(got, strings.TrimSpace(request.Method+" "+request.Path+" "+request.AuthorizationScheme))
			}
			if !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if opened, left := r.server.SessionsOpened(), r.server.OpenSessions(); opened != 1 || left != 0 {
				t.Errorf("%d sessions were opened and %d are left, want one and none", opened, left)
			}
		})
	}
}

// Validation and plan report all problems of literal values, each once and on its
// attribute. Terraform prints its line, so what is about a secret is on the block.
func TestAccProvider_wrongConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.write(t, providerBlock(
		`endpoint = "twcloud.example.com:8111"`,
		`webapp_endpoint = "http://twcloud.example.com"`,
		`allow_plain_http = false`,
		`username = "admin"`,
		`token = "a-token"`,
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
			secret := strings.HasSuffix(d.Summary, " token") || strings.HasSuffix(d.Summary, " client_key_pem")
			if d.Snippet == nil || strings.Contains(d.Snippet.Code, "=") == secret {
				t.Errorf("%q points at %v", d.Summary, d.Snippet)
			}
		}
		if strings.Contains(got.Output, "a-token") || strings.Contains(got.Output, "no key") {
			t.Errorf("%s prints a secret: %s", command, got.Output)
		}
	}
	w.expectRequests(t)
}

// The configuration of the provider may depend on a resource. A resource that is
// registered waits; what needs the server names the argument that is unknown.
func TestAccProvider_unknownAtPlan(t *testing.T) {
	t.Parallel()
	const summary = "Provider configuration is not known yet"
	unknown := func(w *workspace, trigger int, more string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"endpoint\" {\n triggers_replace = %d\n input = %s\n}\n", trigger, quote(w.server.URL())) +
			providerBlock("endpoint = terraform_data.endpoint.output", "webapp_endpoint = "+quote(w.server.WebAppURL()), asAdmin) + more
	}
	t.Run("resource", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t)
		doors := consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`)
		planned := w.plan(t, unknown(w, 1, doors))
		planned.expectAction(t, "create")
		planned.expectNone(t)
		w.expectRequests(t)
		w.apply(t, unknown(w, 1, doors)).expectNone(t)
		w.expectOnServer(t, emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: true})
		w.expectUnchanged(t, unknown(w, 1, doors))

		// The endpoint becomes unknown again, with a consumer in state.
		w.requests()
		w.planFails(t, unknown(w, 2, doors)).expect(t, "error", summary, "endpoint is known only after apply", "-target")
		w.expectRequests(t)
	})
	for _, name := range []string{"twcloud_oauth_consumer", "twcloud_oauth_consumers", "twcloud_oauth_endpoints", "twcloud_server"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			var arguments []string
			if name == "twcloud_oauth_consumer" {
				arguments = []string{`name = "doors"`}
			}
			w.planFails(t, unknown(w, 1, source(name, arguments...))).expect(t, "error", summary, "endpoint is known only after apply", "-target")
		})
	}
}

// A consumer that nobody can list stays in state, whatever a read by key says.
func TestProvider_unlisted(t *testing.T) {
	t.Parallel()
	for _, kind := range []emulator.FaultKind{emulator.Forbidden403, emulator.BadJSON, emulator.InternalError500} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			config := one(stored("s3cret"))
			r.apply(t, config)
			r.server.Inject(emulator.Fault{Kind: kind, Method: http.MethodGet, PathSuffix: collection, Times: -1})
			r.requests()

			r.server.RemoveConsumer("key-1")
			r.planFails(t, config).expect(t, "error", "Unable to list OAuth consumers", "GET /osmc"+collection)
			r.expectRequests(t, oneList...)
		})
	}
}
