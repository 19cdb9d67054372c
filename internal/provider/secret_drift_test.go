package provider_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	changedOutside = "Secret was changed outside of Terraform"
	undetected     = "Could not check secrets for drift"
)

// probes counts the signed requests since the last call.
func (h *harness) probes() int {
	var probes int
	for _, request := range h.server.Requests() {
		if request.Path == wire.RequestTokenPath && request.AuthorizationScheme == "OAuth" {
			probes++
		}
	}
	h.server.ResetRequests()
	return probes
}

func (h *harness) rotateOutside() {
	for _, consumer := range h.server.Consumers() {
		h.server.UpdateConsumer(consumer.Key, func(c *twcloudtest.Consumer) { c.Secret = "rotated-outside" })
	}
}

// secretForms are the ways to give a secret to a consumer that is approved.
var secretForms = map[string][]string{
	"secret":                   append(stored("s3cret"), `name = "doors"`, `approved = true`),
	"secret_wo":                append(writeOnly("s3cret"), `name = "doors"`, `approved = true`),
	"secret_wo with a version": append(writeOnly("s3cret", 1), `name = "doors"`, `approved = true`),
}

func TestAccSecretDrift_repaired(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	for name, arguments := range secretForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			config := h.configDetecting(consumer(arguments...))
			w.apply(t, config).expectNone(t)
			before := h.only(t)
			h.probes()

			unchanged := w.plan(t, config)
			unchanged.expectAction(t, "")
			unchanged.expectNone(t)
			if got := h.probes(); got != 1 {
				t.Errorf("a plan has probed %d times, want once", got)
			}

			h.rotateOutside()
			planned := w.plan(t, config)
			planned.expectAction(t, "update")
			planned.expect(t, "warning", changedOutside, `OAuth consumer "doors" (key "key-1")`, "approved", "sets the configured secret")
			h.requests()
			applied := w.apply(t, config)
			applied.expect(t, "warning", changedOutside)
			if got, want := h.writes(), []string{"PATCH " + collection + "/key-1 secret"}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if after := h.only(t); after != before {
				t.Errorf("repaired to %+v, want %+v", after, before)
			}
			if got := w.state(t).Attributes.SecretRevision; got != 2 {
				t.Errorf("revision %d, want 2", got)
			}
			repaired := w.plan(t, config)
			repaired.expectAction(t, "")
			repaired.expectNone(t)
		})
	}
}

// TestAccSecretDrift_gone is about a finding that no longer holds when the plan
// is applied, and one that comes only then.
func TestAccSecretDrift_gone(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	for name, arguments := range secretForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			config := h.configDetecting(consumer(arguments...))
			w.apply(t, config)
			before := h.only(t)
			h.rotateOutside()
			w.plan(t, config, "-out=saved.tfplan").expectAction(t, "update")
			h.server.AddConsumer(before)
			w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
			if after := h.only(t); after != before {
				t.Errorf("on the server: %+v, want %+v", after, before)
			}
			settled := w.plan(t, config)
			settled.expectAction(t, "")
			settled.expectNone(t)

			renamed := strings.ReplaceAll(config, "doors", "doors-next")
			w.plan(t, renamed, "-out=saved.tfplan").expectAction(t, "update")
			h.rotateOutside()
			w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
			w.apply(t, renamed).expect(t, "warning", changedOutside)
			if got := h.only(t); got.Secret != "s3cret" || got.Name != "doors-next" {
				t.Errorf("on the server: %+v", got)
			}
		})
	}
}

func TestAccSecretDrift_notProbed(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	const name = `name = "doors"`
	tests := map[string]struct {
		off       bool
		arguments []string
		// planned are the arguments in the plan, if they are other ones.
		planned []string
	}{
		"detection is off":                      {off: true, arguments: append(stored("s3cret"), name, "approved = true")},
		"not approved":                          {arguments: append(stored("s3cret"), name)},
		"write-only and not approved":           {arguments: append(writeOnly("s3cret"), name)},
		"another value under the same version":  {arguments: append(writeOnly("s3cret", 1), name, "approved = true"), planned: append(writeOnly("generated", 1), name, "approved = true")},
		"secret taken out of the configuration": {arguments: append(writeOnly("s3cret"), name, "approved = true"), planned: []string{name, "approved = true"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			config := h.configDetecting
			if test.off {
				config = h.config
			}
			w.apply(t, config(consumer(test.arguments...)))
			if test.planned == nil {
				test.planned = test.arguments
			}
			h.rotateOutside()
			h.probes()
			planned := w.plan(t, config(consumer(test.planned...)))
			planned.expectAction(t, "")
			planned.expectNone(t)
			if got := h.probes(); got != 0 {
				t.Errorf("probed %d times", got)
			}
		})
	}
}

// TestAccSecretDrift_disapproved is about a consumer whose approval was taken
// away outside: a refusal says nothing about its secret.
func TestAccSecretDrift_disapproved(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	config := h.configDetecting(consumer(secretForms["secret"]...))
	w.apply(t, config)
	h.server.UpdateConsumer("key-1", func(c *twcloudtest.Consumer) { c.Approved = false })
	h.requests()
	w.apply(t, config).expectNone(t)
	if got, want := h.writes(), []string{"PATCH " + collection + "/key-1 approved"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestAccSecretDrift_inconclusive(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	tests := map[string]struct {
		fault    twcloudtest.Fault
		endpoint func(*testing.T) string
		want     string
	}{
		"unreachable": {
			endpoint: func(t *testing.T) string { t.Helper(); return "http://" + closedPort(t) },
			want:     "connection refused",
		},
		"no root services": {
			fault: twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusNotFound},
			want:  "404",
		},
		"root services are a web page": {
			fault: twcloudtest.Fault{Kind: twcloudtest.WebPage, PathSuffix: wire.RootServicesPath},
			want:  "rootservices",
		},
		"failure": {
			fault: twcloudtest.Fault{Kind: twcloudtest.InternalError500, PathSuffix: wire.RequestTokenPath},
			want:  "500 Internal Server Error",
		},
		"sign-in page": {
			fault: twcloudtest.Fault{Kind: twcloudtest.Redirect302, PathSuffix: wire.RequestTokenPath},
			want:  "302 Found",
		},
		"forbidden by a proxy": {
			fault: twcloudtest.Fault{Kind: twcloudtest.Forbidden403, PathSuffix: wire.RequestTokenPath},
			want:  "403 Forbidden",
		},
		"dropped": {
			fault: twcloudtest.Fault{Kind: twcloudtest.DropBefore, PathSuffix: wire.RequestTokenPath},
			want:  "EOF",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			resources := consumer(secretForms["secret"]...) +
				strings.ReplaceAll(strings.ReplaceAll(consumer(secretForms["secret_wo"]...), `"test"`, `"other"`), `"doors"`, `"other"`)
			config := h.configDetecting(resources)
			w.apply(t, config)
			h.rotateOutside()
			if test.endpoint != nil {
				config = strings.ReplaceAll(config, h.server.WebAppURL(), test.endpoint(t))
				h.server.Inject(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusNotFound, PathSuffix: wire.LegacyRootServicesPath, Times: -1})
			} else {
				test.fault.Server, test.fault.Times = twcloudtest.WebApp, -1
				h.server.Inject(test.fault)
			}

			planned := w.plan(t, config)
			planned.expect(t, "warning", undetected, test.want, "webapp_endpoint", "detect_secret_drift")
			if len(planned.Actions) > 0 || len(planned.Diagnostics) > 1 {
				t.Errorf("planned %v, said %v", planned.Actions, planned.Diagnostics)
			}
		})
	}
}

func TestAccSecretDrift_places(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(*twcloudtest.Config){
		"older server":   func(config *twcloudtest.Config) { config.LegacyRootServices = true },
		"reverse proxy":  func(config *twcloudtest.Config) { config.PathPrefix = "/tools" },
		"https":          withTLS,
		"mutual TLS":     func(config *twcloudtest.Config) { config.ClientCA = true },
		"usual location": func(*twcloudtest.Config) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, option)
			w := h.workspace(t)
			arguments := []string{asAdmin, "detect_secret_drift = true"}
			if h.server.CACertificatePEM() != nil {
				arguments = append(arguments, h.trusting(), h.showing())
			}
			config := h.providerBlock(arguments...) + consumer(secretForms["secret"]...)
			w.apply(t, config)
			w.plan(t, config).expectNone(t)
			h.rotateOutside()
			w.plan(t, config).expect(t, "warning", changedOutside)
		})
	}
}

// TestAccSecretDrift_imported is about a secret of which nothing is known but
// what the server says of it.
func TestAccSecretDrift_imported(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	for name, test := range map[string]struct {
		configured string
		wrong      bool
	}{
		"proven right": {configured: "s3cret"},
		"proven wrong": {configured: "n3w", wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors", Secret: "s3cret", Approved: true})
			w := h.workspace(t)
			w.apply(t, h.config(consumer(`name = "doors"`, "approved = true"), importBlock("made-by-hand")))
			h.requests()
			config := h.configDetecting(consumer(append(writeOnly(test.configured), `name = "doors"`, "approved = true")...))
			for _, run := range []func(*testing.T, string, ...string) report{w.apply, w.plan} {
				got := run(t, config)
				if test.wrong {
					got.expect(t, "warning", "Secret differs from the configured one", "does not send it", "secret_wo_version = 1")
				} else {
					got.expectNone(t)
				}
			}
			if got := h.writes(); len(got) != 0 {
				t.Errorf("sent %q: nobody has asked to set a secret", got)
			}
			if got := h.only(t).Secret; got != "s3cret" {
				t.Errorf("secret %q on the server", got)
			}
			w.plan(t, config).expectAction(t, "")
		})
	}
}

// TestAccSecretDrift_discoveredOnce is about many consumers: the root services
// document is read once.
func TestAccSecretDrift_discoveredOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	var resources []string
	for i := range 5 {
		resources = append(resources, strings.Replace(consumer(fmt.Sprintf("name = \"doors-%d\"", i), `secret = "s3cret"`, "approved = true"),
			`"test"`, fmt.Sprintf("\"test-%d\"", i), 1))
	}
	config := h.configDetecting(resources...)
	w.apply(t, config)
	h.requests()
	w.plan(t, config).expectNone(t)
	counts := map[string]int{}
	for _, request := range h.requests() {
		counts[request]++
	}
	for request, want := range map[string]int{"GET " + wire.RootServicesPath: 1, "POST " + wire.RequestTokenPath: 5, "GET " + collection: 1} {
		if counts[request] != want {
			t.Errorf("%s was sent %d times, want %d", request, counts[request], want)
		}
	}
}

// TestAccSecretDrift_approvedNoMore is about a plan without a refresh: the server
// refuses any secret of a consumer that was disapproved outside.
func TestAccSecretDrift_approvedNoMore(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	h := newHarness(t)
	w := h.workspace(t)
	config := h.configDetecting(consumer(append(writeOnly("s3cret"), `name = "doors"`, "approved = true")...))
	w.apply(t, config)
	h.server.UpdateConsumer("key-1", func(consumer *twcloudtest.Consumer) { consumer.Approved = false })
	planned := w.plan(t, config, "-refresh=false")
	planned.expectAction(t, "")
	planned.expectNone(t)
}
