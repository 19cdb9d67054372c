package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	changedOutside    = `Secret of "doors" was changed outside of Terraform`
	refusesSetSecrets = "Server refused a secret when it was set"
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
		h.server.UpdateConsumer(consumer.Key, func(c *emulator.Consumer) { c.Secret = "rotated-outside" })
	}
}

func TestSecretDrift_repaired(t *testing.T) {
	t.Parallel()
	for name, form := range secretForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t).detecting()
			config := one(form)
			r.apply(t, config).expectNone(t)
			before := r.only(t)
			r.probes()
			r.expectUnchanged(t, config)
			if got := r.probes(); got != 1 {
				t.Errorf("a plan has probed %d times, want once", got)
			}

			r.rotateOutside()
			planned := r.plan(t, config)
			planned.expectAction(t, "update")
			planned.expect(t, "warning", changedOutside, `OAuth consumer "doors" (key "key-1")`, "approved", "Applying this plan sets the configured secret")
			r.requests()
			r.apply(t, config).expect(t, "warning", changedOutside)
			r.expectWrites(t, "PATCH "+collection+"/key-1 secret")
			r.expectOnServer(t, before)
			r.expectState(t, before, 2)
			r.expectUnchanged(t, config)

			// A plan may find drift that is gone when it is applied, and the reverse.
			r.rotateOutside()
			drifted := r.save(t, config)
			drifted.expectAction(t, "update")
			r.server.AddConsumer(before)
			r.applySaved(t, drifted).mustSucceed(t)
			r.expectOnServer(t, before)
			r.expectUnchanged(t, config)

			renamed := one(form, fields{"name": "doors-next"})
			renaming := r.save(t, renamed)
			renaming.expectAction(t, "update")
			r.rotateOutside()
			r.applySaved(t, renaming).mustSucceed(t)
			r.apply(t, renamed).expect(t, "warning", strings.Replace(changedOutside, "doors", "doors-next", 1))
			before.Name = "doors-next"
			r.expectOnServer(t, before)
		})
	}
}

func TestSecretDrift_notProbed(t *testing.T) {
	t.Parallel()
	approved := fields{"approved": true}
	for name, test := range map[string]struct {
		off    bool
		config consumers
		// planned is the configuration of the plan, if it is another one.
		planned consumers
		// disapproved has the consumer disapproved outside, and no refresh: the
		// server refuses any secret.
		disapproved bool
		probes      int
	}{
		"detection is off":                      {off: true, config: one(stored("s3cret"), approved)},
		"not approved":                          {config: one(stored("s3cret"))},
		"write-only and not approved":           {config: one(writeOnly("s3cret"))},
		"another value under the same version":  {config: one(writeOnly("s3cret", 1), approved), planned: one(writeOnly("generated", 1), approved)},
		"secret taken out of the configuration": {config: one(writeOnly("s3cret"), approved), planned: one(approved)},
		"disapproved outside":                   {config: one(writeOnly("s3cret"), approved), disapproved: true, probes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			r.block["detect_secret_drift"] = !test.off
			r.apply(t, test.config)
			if test.planned == nil {
				test.planned = test.config
			}
			r.rotateOutside()
			var arguments []string
			if test.disapproved {
				r.approve(false)
				arguments = []string{"-refresh=false"}
			}
			r.probes()
			r.expectUnchanged(t, test.planned, arguments...)
			if got := r.probes(); got != test.probes {
				t.Errorf("probed %d times, want %d", got, test.probes)
			}
		})
	}
}

// Where the secret cannot be checked, one warning says why.
func TestSecretDrift_inconclusive(t *testing.T) {
	t.Parallel()
	for want, fault := range map[string]emulator.Fault{
		"404":                       {Kind: emulator.AnswerWith, Status: http.StatusNotFound},
		"EOF":                       {Kind: emulator.DropBefore},
		"rootservices":              {Kind: emulator.WebPage, PathSuffix: wire.RootServicesPath},
		"500 Internal Server Error": {Kind: emulator.InternalError500, PathSuffix: wire.RequestTokenPath},
		"302 Found":                 {Kind: emulator.Redirect302, PathSuffix: wire.RequestTokenPath},
		"403 Forbidden":             {Kind: emulator.Forbidden403, PathSuffix: wire.RequestTokenPath},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t).detecting()
			config := two("secret", "secret_wo")
			r.apply(t, config)
			r.rotateOutside()
			fault.Server, fault.Times = emulator.WebApp, -1
			r.server.Inject(fault)

			planned := r.plan(t, config)
			planned.expect(t, "warning", "Could not check secrets for drift", want, "webapp_endpoint", "detect_secret_drift")
			if len(planned.Actions) > 0 || len(planned.Diagnostics) > 1 {
				t.Errorf("planned %v, said %v", planned.Actions, planned.Diagnostics)
			}
			r.requireCheck()
			r.planFails(t, config).expect(t, "error", "Could not check secrets for drift", want, "require_secret_drift_check is set")
		})
	}
}

// two is a configuration of two consumers, each with a form of a secret.
func two(form, other string) consumers {
	both := one(secretForms[form])
	both["other"] = one(secretForms[other], fields{"name": "other"})["test"]
	return both
}

// requireCheck makes a check without a result an error.
func (r *runs) requireCheck() { r.block["require_secret_drift_check"] = true }

func TestSecretDrift_places(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(*emulator.Config){
		"older server":  func(config *emulator.Config) { config.LegacyRootServices = true },
		"reverse proxy": func(config *emulator.Config) { config.RESTPathPrefix, config.WebAppPathPrefix = "/tools", "/tools" },
		"mutual TLS":    withClientCA,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t, option)
			if r.server.CACertificatePEM() != nil {
				r.block = showing(r.harness)
			}
			r.detecting()
			config := one(secretForms["secret"])
			r.apply(t, config)
			r.expectUnchanged(t, config)
			r.rotateOutside()
			r.plan(t, config).expect(t, "warning", changedOutside)
		})
	}
}

// The secret of an imported consumer is unknown, except that the server accepts or
// refuses the configured one.
func TestSecretDrift_imported(t *testing.T) {
	t.Parallel()
	for configured, wrong := range map[string]bool{"s3cret": false, "n3w": true} {
		t.Run(configured, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			before := r.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors", Secret: "s3cret", Approved: true})
			r.imports = map[string]string{"test": "made-by-hand"}
			r.apply(t, one(fields{"approved": true}))
			r.requests()
			r.detecting()
			config := one(writeOnly(configured), fields{"approved": true})
			for _, run := range []func(*testing.T, consumers, ...string) report{r.apply, r.plan} {
				got := run(t, config)
				got.expectAction(t, "")
				if wrong {
					got.expect(t, "warning", `Secret of "doors" differs from secret_wo`, "does not send it", "secret_wo_version = 1")
					// Terraform would print the line of the configuration.
					if at := got.Diagnostics[0].at; at != "" {
						t.Errorf("points at %s", at)
					}
				} else {
					got.expectNone(t)
				}
			}
			r.expectWrites(t)
			r.expectOnServer(t, before)
		})
	}
}

// The root services document is read once for many consumers.
func TestSecretDrift_discoveredOnce(t *testing.T) {
	t.Parallel()
	r := newRuns(t).detecting()
	config := two("secret", "secret_wo")
	r.apply(t, config)
	r.requests()
	r.expectUnchanged(t, config)
	counts := r.counts()
	for request, want := range map[string]int{getRoot: 1, signed: 2, "GET " + collection: 1} {
		if counts[request] != want {
			t.Errorf("%s was sent %d times, want %d", request, counts[request], want)
		}
	}
}

// What is decided at plan holds in the apply, also if a value that was unknown
// turns out to be unchanged, and whatever the server says of the secret then.
func TestSecretDrift_unknownTurnsOutUnchanged(t *testing.T) {
	t.Parallel()
	for name, attributes := range map[string]fields{
		"name":              {"name": late{"doors"}, "secret_wo": "s3cret"},
		"approved":          {"approved": late{true}, "secret_wo": "s3cret"},
		"both":              {"name": late{"doors"}, "approved": late{true}, "secret_wo": "s3cret"},
		"name, and version": {"name": late{"doors"}, "secret_wo": "s3cret", "secret_wo_version": 1},
		"version":           {"secret_wo": "s3cret", "secret_wo_version": late{1}},
		"name, and stored":  {"name": late{"doors"}, "secret": "s3cret"},
		"stored secret":     {"secret": late{"s3cret"}},
		"either secret":     {"secret_wo": "s3cret", "secret": late{nil}},
	} {
		for when, rotate := range rotations {
			t.Run(name+", rotated "+when, func(t *testing.T) {
				t.Parallel()
				r := newRuns(t).detecting()
				config := one(fields{"approved": true}, attributes)
				r.apply(t, config)
				if rotate.before {
					r.rotateOutside()
				}
				planned := r.save(t, config)
				if rotate.between {
					r.rotateOutside()
				}
				r.applySaved(t, planned).mustSucceed(t)
				known := consumers{"test": resolve(config["test"])}
				r.apply(t, known)
				if got := r.only(t).Secret; got == "rotated-outside" {
					t.Errorf("the secret is still %q after the next apply", got)
				}
				r.expectUnchanged(t, known)
			})
		}
	}
}

var rotations = map[string]struct{ before, between bool }{
	"never": {}, "before the plan": {before: true}, "before the apply": {between: true},
}

// The same through Terraform, which compares plan and apply itself.
func TestAccSecretDrift_unknownTurnsOutUnchanged(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for when, rotate := range rotations {
		t.Run("rotated "+when, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := func(trigger int) string {
				return w.configDetecting(fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = \"doors\"\n  triggers_replace = %d\n}\n", trigger),
					consumer(`name = terraform_data.trigger.output`, `approved = true`, `secret_wo = "s3cret"`))
			}
			w.apply(t, config(1))
			if rotate.before {
				w.rotateOutside()
			}
			w.plan(t, config(2), "-out=saved.tfplan")
			if rotate.between {
				w.rotateOutside()
			}
			w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
			w.apply(t, config(2))
			if got := w.only(t).Secret; got != "s3cret" {
				t.Errorf("the secret is still %q after the next apply", got)
			}
		})
	}
}

// A server that refuses every signature does not show that a secret was changed.
func TestSecretDrift_refusesEverySignature(t *testing.T) {
	t.Parallel()
	for name := range secretForms {
		for when, late := range map[string]bool{"from the start": false, "later": true} {
			if late && name == "secret_wo with a version" {
				continue // It is not checked: see TestSecretDrift_setWithoutHash.
			}
			t.Run(name+", detected "+when, func(t *testing.T) {
				t.Parallel()
				r := newRuns(t)
				r.server.Inject(emulator.Fault{
					Kind: emulator.AnswerWith, Status: http.StatusUnauthorized, Body: "oauth_problem=signature_invalid",
					Server: emulator.WebApp, PathSuffix: wire.RequestTokenPath, Times: -1,
				})
				config := two(name, name)
				if late {
					r.apply(t, config).expectNone(t)
				}
				r.detecting()
				r.apply(t, config).expect(t, "warning", refusesSetSecrets, "internal address", "webapp_endpoint")
				r.requests()
				for range 2 {
					applied := r.apply(t, config)
					applied.expect(t, "warning", refusesSetSecrets, `OAuth consumer "`)
					if len(applied.Actions) > 0 || len(applied.Diagnostics) > 1 {
						t.Errorf("planned %v, said %v", applied.Actions, applied.Diagnostics)
					}
				}
				r.expectWrites(t)
				r.requireCheck()
				r.planFails(t, config).expect(t, "error", refusesSetSecrets)

				r.server.ClearFaults()
				r.expectUnchanged(t, config)
			})
		}
	}
}

// A secret that was set under a version while detection was off can be checked after
// the next version.
func TestSecretDrift_setWithoutHash(t *testing.T) {
	t.Parallel()
	const summary = "Cannot check secrets set without detect_secret_drift"
	r := newRuns(t)
	versioned := func(version int) consumers { return one(writeOnly("s3cret", version), fields{"approved": true}) }
	r.apply(t, versioned(1)).expectNone(t)
	r.rotateOutside()
	r.probes()
	r.detecting()
	planned := r.plan(t, versioned(1))
	planned.expectAction(t, "")
	planned.expect(t, "warning", summary, `OAuth consumer "doors" (key "key-1")`, "raise secret_wo_version once")
	r.requireCheck()
	r.planFails(t, versioned(1)).expect(t, "error", summary)
	if probes := r.probes(); probes != 0 {
		t.Errorf("checked %d times without knowing what the secret was", probes)
	}
	r.apply(t, one(secretForms["secret"])).expectNone(t)
	// The secret in state is the one to hash.
	r.apply(t, versioned(2)).expectNone(t)
	r.expectUnchanged(t, versioned(2))
	r.rotateOutside()
	r.plan(t, versioned(2)).expect(t, "warning", changedOutside)
}
