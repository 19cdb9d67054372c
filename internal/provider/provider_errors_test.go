package provider_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// closedPort is an address at which nothing listens. No system gives this port to a
// server that asks for any, such as that of another test.
const closedPort = "http://127.0.0.1:1"

// takeSeat opens a session that stays open.
func (h *harness) takeSeat(t *testing.T) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL()+"/osmc/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(emulator.ViewerName, emulator.ViewerPassword)
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusNoContent {
		t.Fatalf("sign in: %s, %v", response.Status, err)
	}
}

func always(fault emulator.Fault) func(*testing.T, *harness) fields {
	fault.Times = -1
	if fault.PathSuffix == "" && fault.Match == nil {
		fault.Match = func(request emulator.Request) bool { return strings.Contains(request.Path, collection) }
	}
	return func(_ *testing.T, h *harness) fields {
		h.server.Inject(fault)
		return fields{}
	}
}

func configured(block fields) func(*testing.T, *harness) fields {
	return func(*testing.T, *harness) fields { return block }
}

func trusting(h *harness) fields {
	return fields{"ca_certificate_pem": string(h.server.CACertificatePEM())}
}

// showing shows a client certificate as well.
func showing(h *harness) fields {
	return fields{
		"ca_certificate_pem":     string(h.server.CACertificatePEM()),
		"client_certificate_pem": string(h.server.ClientCertificatePEM()), "client_key_pem": string(h.server.ClientKeyPEM()),
	}
}

// providerFailures are all the ways in which the provider can fail to reach the
// consumers.
var providerFailures = map[string]struct {
	server func(*emulator.Config)
	// healthy and fail return what the provider block has besides the server and the
	// administrator. The provider fails with the latter.
	healthy func(*harness) fields
	fail    func(*testing.T, *harness) fields
	want    []string
	// reads are the only requests that a plan sends, if they are given.
	reads map[string]int
	// refused says that the server would refuse what is planned, so that the plan
	// fails.
	refused bool
}{
	"permission missing": {
		fail:    configured(fields{"username": emulator.ViewerName, "password": emulator.ViewerPassword}),
		want:    []string{"a permission is missing: 403 Forbidden: This needs the permission Configure Server", "Only users with the Configure Server permission"},
		refused: true,
	},
	"wrong password": {
		fail:    configured(fields{"password": "wrong-password"}),
		reads:   map[string]int{"GET /login": 1},
		want:    []string{"GET /osmc/login", "401 Unauthorized", "The user name, the password or the token is wrong", "Check username and password, or token"},
		refused: true,
	},
	"wrong token": {
		fail:    configured(fields{"token": "wrong-token", "username": nil, "password": nil}),
		want:    []string{"GET /osmc/login", "401 Unauthorized", "Check username and password, or token"},
		refused: true,
	},
	"no collection": {
		server: withoutContract,
		fail: func(t *testing.T, _ *harness) fields {
			t.Helper()
			return fields{"api_profile_file": writeFile(t, "profile.json", elsewhere(t, "/osmc/elsewhere"))}
		},
		want:    []string{"GET /osmc/elsewhere", "404 Not Found: There is nothing at this path", "as expected on 2022x Refresh2 and later", "When your server differs"},
		refused: true,
	},
	"web page": {
		fail: always(emulator.Fault{Kind: emulator.WebPage}),
		want: []string{`a web page titled "Sign in"`, "200 OK", "The port may be wrong (the REST API uses port 8111 by default)", "a proxy asks you to sign in"},
	},
	"web page at login": {
		fail: always(emulator.Fault{Kind: emulator.WebPage, PathSuffix: "/login"}),
		want: []string{"GET /osmc/login", "The port may be wrong (the REST API uses port 8111 by default)", "a proxy asks you to sign in"},
	},
	"redirect to a sign-in page": {
		fail: always(emulator.Fault{Kind: emulator.Redirect302, PathSuffix: "/login"}),
		want: []string{"GET /osmc/login", "302 Found: redirect to http://127.0.0.1", "a proxy asks you to sign in"},
	},
	"the other port": {
		server:  withoutContract,
		fail:    func(_ *testing.T, h *harness) fields { return fields{"endpoint": h.server.WebAppURL()} },
		want:    []string{"GET /osmc/login", "404 Not Found", "port 8111 by default", "Check endpoint"},
		refused: true,
	},
	"unknown authority": {
		server: withTLS, healthy: trusting,
		fail:    configured(fields{}),
		refused: true,
		want:    []string{"certificate signed by unknown authority", "Set ca_certificate_file (or ca_certificate_pem)"},
	},
	"name not in the certificate": {
		server: withTLS, healthy: trusting,
		fail: func(_ *testing.T, h *harness) fields {
			return fields{"ca_certificate_pem": string(h.server.CACertificatePEM()), "tls_server_name": "twcloud.example.com"}
		},
		refused: true,
		want:    []string{"not twcloud.example.com", "Use a name of the certificate in endpoint, or set tls_server_name to it"},
	},
	"http where https is spoken": {
		server: withTLS, healthy: trusting,
		fail: func(_ *testing.T, h *harness) fields {
			return fields{"endpoint": strings.Replace(h.server.URL(), "https:", "http:", 1)}
		},
		refused: true,
		want:    []string{"400 Bad Request: Client sent an HTTP request to an HTTPS server. Address: http://", "Check the scheme (https://)"},
	},
	"https where http is spoken": {
		fail: func(_ *testing.T, h *harness) fields {
			return fields{"endpoint": strings.Replace(h.server.URL(), "http:", "https:", 1)}
		},
		refused: true,
		want:    []string{"first record does not look like a TLS handshake", "does not use TLS", "http://"},
	},
	"client certificate missing": {
		server:  withClientCA,
		healthy: showing,
		fail:    func(_ *testing.T, h *harness) fields { return trusting(h) },
		want:    []string{"certificate required", "client_certificate_file", "client_key_file"},
	},
	"connection refused": {
		fail: configured(fields{"endpoint": closedPort}),
		want: []string{"connection refused", "Nothing listens at that address"},
	},
	"timeout": {
		fail: func(t *testing.T, h *harness) fields {
			t.Helper()
			always(emulator.Fault{Kind: emulator.Hang})(t, h)
			return fields{"request_timeout": "1s", "max_retries": 1}
		},
		want: []string{"no response in time", "raise request_timeout"},
		// One list serves all resources: it is tried twice.
		reads: map[string]int{"GET /login": 1, "GET " + collection: 2, "GET /logout": 1},
	},
	"no seat": {
		server: func(config *emulator.Config) { config.Seats = 1 },
		fail: func(t *testing.T, h *harness) fields {
			t.Helper()
			h.takeSeat(t)
			return fields{}
		},
		want: []string{"GET /osmc/login", "no license seat is free", "503 Service Unavailable: No free licence", "idle for 15 minutes", "max_retries"},
	},
	"login without a cookie": {
		fail: always(emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusNoContent, PathSuffix: "/login"}),
		want: []string{"GET /osmc/login", "the sign-in set no session cookie", "no proxy removes cookies"},
	},
	"session refused again and again": {
		fail: always(emulator.Fault{Kind: emulator.Unauthorized401}),
		want: []string{"the session was refused", "401 Unauthorized", "in a new session as well"},
	},
	"server failure": {
		fail: always(emulator.Fault{Kind: emulator.InternalError500}),
		want: []string{"the server failed: 500 Internal Server Error.", "Check the server's log"},
	},
	"too many requests": {
		fail: always(emulator.Fault{Kind: emulator.TooManyRequests}),
		want: []string{"429 Too Many Requests", "Lower max_concurrent_requests"},
	},
	"unreadable list": {
		fail: always(emulator.Fault{Kind: emulator.BadJSON}),
		want: []string{"the response cannot be read", "not JSON", "not in the form that the provider expects", "When your server differs"},
	},
	"list that is something else": {
		fail: always(emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusOK, Body: `[{"key":"key-1","name":"doors"}]`}),
		want: []string{`consumer "key-1" does not say whether it is approved`, "not in the form that the provider expects"},
	},
	"list without end": {
		fail: always(emulator.Fault{Kind: emulator.EndlessBody}),
		want: []string{"the response is too large", "Check endpoint."},
	},
	"list cut off": {
		fail: always(emulator.Fault{Kind: emulator.HalfBody}),
		want: []string{"unexpected EOF", "The connection broke before the response was complete"},
	},
}

// manyConsumers is how many resources share a failure in these tests.
const manyConsumers = 20

// manyOf is a resource with many instances.
func manyOf(name string) string {
	return consumer(fmt.Sprintf("count = %d", manyConsumers), fmt.Sprintf(`name = "%s-${count.index}"`, name), `secret = "s3cret"`)
}

// many is the same without Terraform.
func many(name string) consumers {
	config := consumers{}
	for i := range manyConsumers {
		config[fmt.Sprintf("t%d", i)] = fields{"name": fmt.Sprintf("%s-%d", name, i), "secret": "s3cret"}
	}
	return config
}

// expectReportedOnce fails unless one error has the words of the cause, and each
// other one refers to it in at most three lines. Every resource is named, and every
// error has the words that are specific to a resource.
func (r report) expectReportedOnce(t *testing.T, name string, cause []string, specific string) {
	t.Helper()
	const reference = " See the error: "
	full := slices.IndexFunc(r.Diagnostics, func(d diagnostic) bool {
		return d.Severity == "error" && !strings.Contains(d.Detail, reference)
	})
	if full < 0 {
		t.Fatalf("no error is reported in full: %v", r.Diagnostics)
	}
	summary := r.Diagnostics[full].Summary
	r.expect(t, "error", summary, cause...)
	named := map[string]bool{}
	for i, d := range r.Diagnostics {
		if d.Severity != "error" {
			continue
		}
		if i != full && (strings.Count(d.Detail, "\n") > 2 || !strings.Contains(d.Detail, reference+summary+".")) {
			t.Errorf("does not refer to %q, or not in three lines: %s", summary, d)
		}
		if !strings.Contains(d.Detail, specific) {
			t.Errorf("does not say %q: %s", specific, d)
		}
		for i := range manyConsumers {
			if quoted := fmt.Sprintf("\"%s-%d\"", name, i); strings.Contains(d.Detail, quoted) {
				named[quoted] = true
			}
		}
	}
	if len(named) != manyConsumers {
		t.Errorf("%d resources are named, want %d: %v", len(named), manyConsumers, r.Diagnostics)
	}
}

// expectOnce fails unless one message has the words, and each other one refers to it.
func (r report) expectOnce(t *testing.T, words string) {
	t.Helper()
	full := 0
	for _, d := range r.Diagnostics {
		switch {
		case strings.Contains(d.Detail, words):
			full++
		case !strings.Contains(d.Detail, "See the "+d.Severity+" about "):
			t.Errorf("has neither %q nor where it is: %s", words, d)
		}
	}
	if full != 1 {
		t.Errorf("%d of %d messages say %q", full, len(r.Diagnostics), words)
	}
}

// expectInEach fails unless each error has the words.
func (r report) expectInEach(t *testing.T, words string) {
	t.Helper()
	for _, d := range r.Diagnostics {
		if d.Severity == "error" && !strings.Contains(d.Detail, words) {
			t.Errorf("does not say %q: %s", words, d)
		}
	}
}

// Each failure is reported in full once, whether consumers are read or registered.
func TestProvider_errors(t *testing.T) {
	t.Parallel()
	for name, test := range providerFailures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := newRuns(t, optional(test.server)...)
			if test.healthy != nil {
				old.block = test.healthy(old.harness)
			}
			old.apply(t, many("doors")).expectNone(t)
			before := old.server.Consumers()

			old.block = test.fail(t, old.harness)
			endpoint := old.server.URL()
			if other, given := old.block["endpoint"]; given {
				endpoint = fmt.Sprint(other)
			}
			old.requests()
			planned := old.planFails(t, many("doors"))
			planned.expectReportedOnce(t, "doors", test.want, "Reading OAuth consumer")
			planned.expectInEach(t, endpoint+" (endpoint)")
			if sent := old.counts(); test.reads != nil && fmt.Sprint(sent) != fmt.Sprint(test.reads) {
				t.Errorf("planning sent %v, want %v", sent, test.reads)
			}

			fresh := (&runs{harness: old.harness, block: old.block}).applyFails(t, many("gates"))
			fresh.expectInEach(t, endpoint+" (endpoint)")
			if test.refused {
				// A plan registers nothing, so it does not say that it failed to.
				fresh.expectReportedOnce(t, "gates", test.want, "Looking for consumers named")
				for _, d := range fresh.Diagnostics {
					if strings.Contains(d.Detail, "egister") {
						t.Errorf("the plan speaks of a registration: %s", d)
					}
				}
			} else {
				fresh.expect(t, "warning", "Could not check for existing consumers", test.want[0], "The plan goes on.")
				fresh.expectReportedOnce(t, "gates", test.want, "Nothing was registered")
			}
			old.expectWrites(t)
			old.expectOnServer(t, before...)
		})
	}
}

// What the server refuses for one reason is explained once, whether it was sent again or
// not. Each other error has its consumer, the reason and who asked where, in one line.
func TestProvider_refusedAlike(t *testing.T) {
	t.Parallel()
	const tooShort = `{"message":"too short"}`
	for name, test := range map[string]struct {
		method string
		status int
		body   string
		advice string
		words  []string
	}{
		"an incomplete list": {http.MethodGet, http.StatusOK, "[]", "run Terraform again in a moment", []string{"the list lacks the consumer, which the server returns by key"}},
		"registrations":      {http.MethodPost, http.StatusBadRequest, tooShort, "Change the configuration as the server says", []string{"400 Bad Request: too short", "Nothing was registered."}},
		"registrations without the permission": {http.MethodPost, http.StatusForbidden, tooShort, "Configure Server", []string{
			"a permission is missing: 403 Forbidden: too short. Address: http://127.0.0.1", `(endpoint), user "admin" (username, password).`, "Nothing was registered.",
		}},
		"changes without the permission": {http.MethodPatch, http.StatusForbidden, tooShort, "Configure Server", []string{
			"Setting the name (to ", "403 Forbidden: too short. Address: http://127.0.0.1", `(endpoint), user "admin" (username, password).`, "Nothing was changed.",
		}},
		"removals without the permission": {http.MethodDelete, http.StatusForbidden, tooShort, "Configure Server", []string{
			"a permission is missing: 403 Forbidden: too short. Address: http://127.0.0.1", `(endpoint), user "admin" (username, password).`, "Run Terraform again to remove it.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			config := many("gates")
			fault := emulator.Fault{Kind: emulator.AnswerWith, Method: test.method, Status: test.status, Body: test.body, Times: -1}
			if test.method != http.MethodPost {
				r.apply(t, config)
			}
			switch test.method {
			case http.MethodGet:
				fault.PathSuffix = collection
			case http.MethodPatch:
				config = many("doors")
			case http.MethodDelete:
				config = nil
			}
			r.server.Inject(fault)
			failed := r.applyFails(t, config)
			full := 0
			for _, d := range failed.Diagnostics {
				switch {
				case strings.Contains(d.Detail, test.advice):
					full++
				case strings.Contains(d.Detail, "\n"), !strings.Contains(d.Detail, " See the error") && !strings.Contains(d.Detail, " Fix that first."):
					t.Errorf("is not one line that refers to another error: %s", d)
				}
				for _, words := range append(test.words, `OAuth consumer "gates-`) {
					if !strings.Contains(d.Detail, words) {
						t.Errorf("does not say %q: %s", words, d)
					}
				}
			}
			if len(failed.Diagnostics) != manyConsumers || full != 1 {
				t.Errorf("%d errors, of which %d are in full", len(failed.Diagnostics), full)
			}
		})
	}
}

// A server that goes away during an apply is reported in full once, and what exists
// because of a resource with each resource.
func TestAccProvider_serverGone(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.serverGoes = true
	var registered atomic.Int64
	closed := make(chan struct{})
	w.server.SetOnRequest(func(r emulator.Request) {
		if r.Call != "register" {
			return
		}
		n := registered.Add(1)
		if n == 3 {
			go func() {
				w.server.Close()
				close(closed)
			}()
		}
		if n >= 3 {
			<-closed
		}
	})
	failed := w.applyFails(t, w.config(manyOf("gates")))
	full := 0
	for _, d := range failed.Diagnostics {
		// What may exist because of a resource is always reported in full.
		if strings.Contains(d.Detail, "Nothing listens at that address") && !strings.HasPrefix(d.Summary, "Unable to tell") && d.Severity == "error" {
			full++
		}
	}
	if full > 1 || len(failed.Diagnostics) < manyConsumers-3 {
		t.Errorf("%d of %d errors are in full:\n%s", full, len(failed.Diagnostics), failed.Output)
	}
}
