package provider_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// trusting is an argument of the provider that trusts the server's authority.
func (h *harness) trusting() string {
	return "ca_certificate_pem = " + quote(string(h.server.CACertificatePEM()))
}

// showing are arguments of the provider that show a client certificate.
func (h *harness) showing() string {
	return "client_certificate_pem = " + quote(string(h.server.ClientCertificatePEM())) +
		"\nclient_key_pem = " + quote(string(h.server.ClientKeyPEM()))
}

// closedPort is an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// takeSeat opens a session that stays open.
func (h *harness) takeSeat(t *testing.T) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL()+"/osmc/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(twcloudtest.ViewerName, twcloudtest.ViewerPassword)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusNoContent {
		t.Fatalf("sign in: %s, %v", response.Status, err)
	}
}

func always(fault twcloudtest.Fault) func(*testing.T, *harness) []string {
	fault.Times = -1
	if fault.PathSuffix == "" && fault.Match == nil {
		fault.Match = func(request twcloudtest.Request) bool { return strings.Contains(request.Path, collection) }
	}
	return func(_ *testing.T, h *harness) []string {
		h.server.Inject(fault)
		return []string{asAdmin}
	}
}

func signedInAs(arguments ...string) func(*testing.T, *harness) []string {
	return func(*testing.T, *harness) []string { return arguments }
}

func withTLS(config *twcloudtest.Config) { config.TLS = true }

// providerFailures are all the ways in which the provider can fail to reach the
// consumers.
var providerFailures = map[string]struct {
	server  func(*twcloudtest.Config)
	healthy func(*harness) string
	// fail has the provider fail, and returns its arguments.
	fail func(*testing.T, *harness) []string
	// endpoint takes the place of the server's.
	endpoint func(*testing.T, *harness) string
	want     []string
	// refused says that the server would refuse what is planned, so that the plan
	// fails.
	refused bool
}{
	"permission missing": {
		fail:    signedInAs(asViewer),
		want:    []string{"a permission is missing: 403 Forbidden: This needs the permission Configure Server", "Only users with the Configure Server permission"},
		refused: true,
	},
	"wrong password": {
		fail:    signedInAs(`username = "admin"`, `password = "wrong-password"`),
		want:    []string{"GET /osmc/login", "401 Unauthorized", "The user name, the password or the token is wrong", "Check username and password, or token"},
		refused: true,
	},
	"wrong token": {
		fail:    signedInAs(`token = "wrong-token"`),
		want:    []string{"GET /osmc/login", "401 Unauthorized", "Check username and password, or token"},
		refused: true,
	},
	"no collection": {
		server:  withoutContract,
		fail:    signedInAs(asAdmin, `oauth_consumers_path = "/osmc/elsewhere"`),
		want:    []string{"GET /osmc/elsewhere", "404 Not Found: There is nothing at this path", "no OAuth consumers API at this path", "set oauth_consumers_path or api_profile_file"},
		refused: true,
	},
	"web page": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.WebPage}),
		want: []string{`a web page titled "Sign in"`, "200 OK", "The port may be wrong (the REST API uses port 8111 by default)", "a proxy asks you to sign in"},
	},
	"web page at login": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.WebPage, PathSuffix: "/login"}),
		want: []string{"GET /osmc/login", "The port may be wrong (the REST API uses port 8111 by default)", "a proxy asks you to sign in"},
	},
	"redirect to a sign-in page": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.Redirect302, PathSuffix: "/login"}),
		want: []string{"GET /osmc/login", "302 Found: redirect to http://127.0.0.1", "a proxy asks you to sign in"},
	},
	"the other port": {
		server:   withoutContract,
		fail:     signedInAs(asAdmin),
		endpoint: func(_ *testing.T, h *harness) string { return h.server.WebAppURL() },
		want:     []string{"GET /osmc/login", "404 Not Found", "port 8111 by default", "Check endpoint"},
		refused:  true,
	},
	"unknown authority": {
		server: withTLS, healthy: (*harness).trusting,
		fail: signedInAs(asAdmin),
		want: []string{"certificate signed by unknown authority", "Set ca_certificate_file (or ca_certificate_pem)"},
	},
	"name not in the certificate": {
		server: withTLS, healthy: (*harness).trusting,
		fail: func(_ *testing.T, h *harness) []string {
			return []string{asAdmin, h.trusting(), `tls_server_name = "twcloud.example.com"`}
		},
		want: []string{"not twcloud.example.com", "Use that name in endpoint, or set tls_server_name to it"},
	},
	"http where https is spoken": {
		server: withTLS, healthy: (*harness).trusting,
		fail:     signedInAs(asAdmin),
		endpoint: func(_ *testing.T, h *harness) string { return strings.Replace(h.server.URL(), "https:", "http:", 1) },
		want:     []string{"400 Bad Request: Client sent an HTTP request to an HTTPS server.\n", "Check the scheme (https://)"},
	},
	"https where http is spoken": {
		fail:     signedInAs(asAdmin),
		endpoint: func(_ *testing.T, h *harness) string { return strings.Replace(h.server.URL(), "http:", "https:", 1) },
		want:     []string{"first record does not look like a TLS handshake", "does not use TLS", "http://"},
	},
	"client certificate missing": {
		server:  func(config *twcloudtest.Config) { config.ClientCA = true },
		healthy: func(h *harness) string { return h.trusting() + "\n" + h.showing() },
		fail:    func(_ *testing.T, h *harness) []string { return []string{asAdmin, h.trusting()} },
		want:    []string{"certificate required", "client_certificate_file", "client_key_file"},
	},
	"connection refused": {
		fail:     signedInAs(asAdmin),
		endpoint: func(t *testing.T, _ *harness) string { t.Helper(); return "http://" + closedPort(t) },
		want:     []string{"connection refused", "Nothing listens at that address"},
	},
	"timeout": {
		fail: func(_ *testing.T, h *harness) []string {
			h.server.Inject(twcloudtest.Fault{Kind: twcloudtest.Hang, Times: -1})
			return []string{asAdmin, `request_timeout = "100ms"`, `max_retries = 0`}
		},
		want: []string{"no answer in time", "raise request_timeout"},
	},
	"no seat": {
		server: func(config *twcloudtest.Config) { config.Seats = 1 },
		fail: func(t *testing.T, h *harness) []string {
			t.Helper()
			h.takeSeat(t)
			return []string{asAdmin}
		},
		want: []string{"GET /osmc/login", "no license seat is free", "503 Service Unavailable: No free licence", "idle for 15 minutes", "max_retries"},
	},
	"login without a cookie": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusNoContent, PathSuffix: "/login"}),
		want: []string{"GET /osmc/login", "login set no session cookie", "no proxy removes cookies"},
	},
	"session refused again and again": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.Unauthorized401}),
		want: []string{"the session was refused", "401 Unauthorized", "refused a new one"},
	},
	"server failure": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.InternalError500}),
		want: []string{"the server failed: 500 Internal Server Error: Internal server error", "Check the server's log"},
	},
	"too many requests": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.TooManyRequests}),
		want: []string{"429 Too Many Requests", "Lower max_concurrent_requests"},
	},
	"unreadable list": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.BadJSON}),
		want: []string{"the answer cannot be read", "not JSON", "not in the form that the provider expects", "When your server differs"},
	},
	"list that is something else": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusOK, Body: `[{"key":"key-1","name":"doors"}]`}),
		want: []string{`consumer "key-1" does not say whether it is approved`, "not in the form that the provider expects"},
	},
	"list without end": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.EndlessBody}),
		want: []string{"the answer is too large", "Check endpoint and oauth_consumers_path"},
	},
	"list cut off": {
		fail: always(twcloudtest.Fault{Kind: twcloudtest.HalfBody}),
		want: []string{"unexpected EOF", "The connection failed"},
	},
}

func TestAccProvider_errors(t *testing.T) {
	t.Parallel()
	for name, test := range providerFailures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var options []func(*twcloudtest.Config)
			if test.server != nil {
				options = append(options, test.server)
			}
			h := newHarness(t, options...)
			old := h.workspace(t)
			resource := consumer(`name = "doors"`, `secret = "s3cret"`)
			healthy := ""
			if test.healthy != nil {
				healthy = test.healthy(h)
			}
			old.apply(t, h.providerBlock(asAdmin, healthy)+resource).expectNone(t)

			arguments := test.fail(t, h)
			endpoint := h.server.URL()
			if test.endpoint != nil {
				endpoint = test.endpoint(t, h)
			}
			failing := providerBlock(append(arguments, "endpoint = "+quote(endpoint))...)
			old.planFails(t, failing+resource).expectFailure(t,
				append(test.want, `Reading OAuth consumer "doors" (key "key-1") failed`)...)
			if got := old.state(t); got == nil || got.Attributes.Key != "key-1" {
				t.Errorf("in state: %+v", got)
			}

			fresh := h.workspace(t).applyFails(t, failing+strings.ReplaceAll(resource, "doors", "other"))
			if !test.refused {
				fresh.expect(t, "warning", "Could not check for existing consumers", test.want...)
			}
			fresh.expectFailure(t,
				append(test.want, `Registering OAuth consumer "other" failed`, "Nothing was registered")...)
			if got := h.only(t).Key; got != "key-1" {
				t.Errorf("a consumer came to be under the key %q", got)
			}
		})
	}
}

func TestAccProvider_registrationRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t, func(config *twcloudtest.Config) { config.UniqueNames = true })
	h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors"})
	w := h.workspace(t)
	w.applyFails(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`))).expect(t, "error", "Unable to register OAuth consumer",
		"409 Conflict: a consumer of this name exists already", "Nothing was registered", "does not allow two consumers with one name")
	if got := h.only(t).Key; got != "made-by-hand" {
		t.Errorf("key %q on the server", got)
	}
}
