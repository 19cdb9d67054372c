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

// requireCheck makes a check without a result an error.
func requireCheck(config string) string {
	return strings.Replace(config, "detect_secret_drift = true", "detect_secret_drift = true\nrequire_secret_drift_check = true", 1)
}

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

func TestAccSecretDrift_repaired(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, arguments := range secretForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := w.configDetecting(consumer(arguments...))
			w.apply(t, config).expectNone(t)
			before := w.only(t)
			w.probes()
			w.expectUnchanged(t, config)
			if got := w.probes(); got != 1 {
				t.Errorf("a plan has probed %d times, want once", got)
			}

			w.rotateOutside()
			planned := w.plan(t, config)
			planned.expectAction(t, "update")
			planned.expect(t, "warning", changedOutside, `OAuth consumer "doors" (key "key-1")`, "approved", "Applying this plan sets the configured secret")
			w.requests()
			w.apply(t, config).expect(t, "warning", changedOutside)
			w.expectWrites(t, "PATCH "+collection+"/key-1 secret")
			w.expectOnServer(t, before)
			w.expectState(t, before, 2)
			w.expectUnchanged(t, config)

			// A plan may find drift that is gone when it is applied, and the reverse.
			w.rotateOutside()
			w.plan(t, config, "-out=saved.tfplan").expectAction(t, "update")
			w.server.AddConsumer(before)
			w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
			w.expectOnServer(t, before)
			w.expectUnchanged(t, config)

			renamed := strings.ReplaceAll(config, "doors", "doors-next")
			w.plan(t, renamed, "-out=saved.tfplan").expectAction(t, "update")
			w.rotateOutside()
			w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
			w.apply(t, renamed).expect(t, "warning", strings.Replace(changedOutside, "doors", "doors-next", 1))
			before.Name = "doors-next"
			w.expectOnServer(t, before)
		})
	}
}

func TestAccSecretDrift_notProbed(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	const name, approved = `name = "doors"`, "approved = true"
	tests := map[string]struct {
		off       bool
		arguments []string
		// planned are the arguments in the plan, if they are other ones.
		planned []string
		// disapproved has the consumer disapproved outside, and no refresh: the
		// server refuses any secret.
		disapproved bool
		probes      int
	}{
		"detection is off":                      {off: true, arguments: append(stored("s3cret"), name, approved)},
		"not approved":                          {arguments: append(stored("s3cret"), name)},
		"write-only and not approved":           {arguments: append(writeOnly("s3cret"), name)},
		"another value under the same version":  {arguments: append(writeOnly("s3cret", 1), name, approved), planned: append(writeOnly("generated", 1), name, approved)},
		"secret taken out of the configuration": {arguments: append(writeOnly("s3cret"), name, approved), planned: []string{name, approved}},
		"disapproved outside":                   {arguments: append(writeOnly("s3cret"), name, approved), disapproved: true, probes: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := w.configDetecting
			if test.off {
				config = w.config
			}
			w.apply(t, config(consumer(test.arguments...)))
			if test.planned == nil {
				test.planned = test.arguments
			}
			w.rotateOutside()
			var arguments []string
			if test.disapproved {
				w.server.UpdateConsumer("key-1", func(consumer *emulator.Consumer) { consumer.Approved = false })
				arguments = []string{"-refresh=false"}
			}
			w.probes()
			w.expectUnchanged(t, config(consumer(test.planned...)), arguments...)
			if got := w.probes(); got != test.probes {
				t.Errorf("probed %d times, want %d", got, test.probes)
			}
		})
	}
}

// Where the secret cannot be checked, one warning says why.
func TestAccSecretDrift_inconclusive(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
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
			w := newWorkspace(t)
			config := w.configDetecting(consumer(secretForms["secret"]...),
				strings.NewReplacer(`"test"`, `"other"`, `"doors"`, `"other"`).Replace(consumer(secretForms["secret_wo"]...)))
			w.apply(t, config)
			w.rotateOutside()
			fault.Server, fault.Times = emulator.WebApp, -1
			w.server.Inject(fault)

			planned := w.plan(t, config)
			planned.expect(t, "warning", "Could not check secrets for drift", want, "webapp_endpoint", "detect_secret_drift")
			if len(planned.Actions) > 0 || len(planned.Diagnostics) > 1 {
				t.Errorf("planned %v, said %v", planned.Actions, planned.Diagnostics)
			}
			w.planFails(t, requireCheck(config)).expect(t, "error", "Could not check secrets for drift", want, "require_secret_drift_check is set")
		})
	}
}

func TestAccSecretDrift_places(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(*emulator.Config){
		"older server":  func(config *emulator.Config) { config.LegacyRootServices = true },
		"reverse proxy": func(config *emulator.Config) { config.RESTPathPrefix, config.WebAppPathPrefix = "/tools", "/tools" },
		"mutual TLS":    withClientCA,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, option)
			arguments := []string{asAdmin, "detect_secret_drift = true"}
			if w.server.CACertificatePEM() != nil {
				arguments = append(arguments, w.trusting(), w.showing())
			}
			config := w.providerBlock(arguments...) + consumer(secretForms["secret"]...)
			w.apply(t, config)
			w.expectUnchanged(t, config)
			w.rotateOutside()
			w.plan(t, config).expect(t, "warning", changedOutside)
		})
	}
}

// The secret of an imported consumer is unknown, except that the server accepts or
// refuses the configured one.
func TestAccSecretDrift_imported(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for configured, wrong := range map[string]bool{"s3cret": false, "n3w": true} {
		t.Run(configured, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			before := w.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors", Secret: "s3cret", Approved: true})
			w.apply(t, w.config(consumer(`name = "doors"`, "approved = true"), importBlock("made-by-hand")))
			w.requests()
			config := w.configDetecting(consumer(append(writeOnly(configured), `name = "doors"`, "approved = true")...))
			for _, run := range []func(*testing.T, string, ...string) report{w.apply, w.plan} {
				got := run(t, config)
				got.expectAction(t, "")
				if wrong {
					got.expect(t, "warning", `Secret of "doors" differs from secret_wo`, "does not send it", "secret_wo_version = 1")
					// Terraform prints the line of the configuration that a warning names.
					if strings.Contains(got.Output, configured) {
						t.Errorf("prints the secret: %s", got.Output)
					}
				} else {
					got.expectNone(t)
				}
			}
			w.expectWrites(t)
			w.expectOnServer(t, before)
		})
	}
}

// The root services document is read once for many consumers.
func TestAccSecretDrift_discoveredOnce(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	config := w.configDetecting(consumer("count = 5", `name = "doors-${count.index}"`, `secret = "s3cret"`, "approved = true"))
	w.apply(t, config)
	w.requests()
	w.expectUnchanged(t, config)
	counts := w.counts()
	for request, want := range map[string]int{"GET " + wire.RootServicesPath: 1, "POST " + wire.RequestTokenPath: 5, "GET " + collection: 1} {
		if counts[request] != want {
			t.Errorf("%s was sent %d times, want %d", request, counts[request], want)
		}
	}
}

// What is decided at plan holds in the apply, also if a value that was unknown
// turns out to be unchanged, and whatever the server says of the secret then.
func TestAccSecretDrift_unknownTurnsOutUnchanged(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	const trigger = "resource \"terraform_data\" \"trigger\" {\n  input            = %q\n  triggers_replace = %q\n}\n"
	for name, arguments := range map[string][]string{
		"name":              {`name = terraform_data.trigger.output`, `approved = true`, `secret_wo = "s3cret"`},
		"approved":          {`name = "doors"`, `approved = terraform_data.trigger.output == "doors"`, `secret_wo = "s3cret"`},
		"both":              {`name = terraform_data.trigger.output`, `approved = terraform_data.trigger.output == "doors"`, `secret_wo = "s3cret"`},
		"name, and version": {`name = terraform_data.trigger.output`, `approved = true`, `secret_wo = "s3cret"`, `secret_wo_version = 1`},
		"version":           {`name = "doors"`, `approved = true`, `secret_wo = "s3cret"`, `secret_wo_version = length(terraform_data.trigger.output)`},
		"name, and stored":  {`name = terraform_data.trigger.output`, `approved = true`, `secret = "s3cret"`},
		"stored secret":     {`name = "doors"`, `approved = true`, `secret = terraform_data.trigger.output`},
		"either secret": {
			`name = "doors"`, `approved = true`, `secret_wo = "s3cret"`, `secret = terraform_data.trigger.output == "doors" ? null : "other"`,
		},
	} {
		for when, rotate := range map[string]struct{ before, between bool }{
			"never": {}, "before the plan": {before: true}, "before the apply": {between: true},
		} {
			t.Run(name+", rotated "+when, func(t *testing.T) {
				t.Parallel()
				w := newWorkspace(t)
				config := func(trigger string) string { return w.configDetecting(trigger, consumer(arguments...)) }
				w.apply(t, config(fmt.Sprintf(trigger, "doors", "1")))
				if rotate.before {
					w.rotateOutside()
				}
				replaced := config(fmt.Sprintf(trigger, "doors", "2"))
				w.plan(t, replaced, "-out=saved.tfplan")
				if rotate.between {
					w.rotateOutside()
				}
				w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
				w.apply(t, replaced)
				if got := w.only(t).Secret; got == "rotated-outside" {
					t.Errorf("the secret is still %q after the next apply", got)
				}
				w.expectUnchanged(t, replaced)
			})
		}
	}
}

// A server that refuses every signature does not show that a secret was changed.
func TestAccSecretDrift_refusesEverySignature(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, arguments := range secretForms {
		for when, late := range map[string]bool{"from the start": false, "later": true} {
			if late && name == "secret_wo with a version" {
				continue // It is not checked: see TestAccSecretDrift_setWithoutHash.
			}
			t.Run(name+", detected "+when, func(t *testing.T) {
				t.Parallel()
				w := newWorkspace(t)
				w.server.Inject(emulator.Fault{
					Kind: emulator.AnswerWith, Status: http.StatusUnauthorized, Body: "oauth_problem=signature_invalid",
					Server: emulator.WebApp, PathSuffix: wire.RequestTokenPath, Times: -1,
				})
				resource := consumer(arguments...)
				config := w.configDetecting(resource, strings.NewReplacer(`"test"`, `"other"`, `"doors"`, `"other"`).Replace(resource))
				if late {
					w.apply(t, strings.Replace(config, "detect_secret_drift = true", "", 1)).expectNone(t)
				}
				w.apply(t, config).expect(t, "warning", refusesSetSecrets, "internal address", "webapp_endpoint")
				w.requests()
				for range 2 {
					applied := w.apply(t, config)
					applied.expect(t, "warning", refusesSetSecrets, `OAuth consumer "`)
					if len(applied.Actions) > 0 || len(applied.Diagnostics) > 1 {
						t.Errorf("planned %v, said %v", applied.Actions, applied.Diagnostics)
					}
				}
				w.expectWrites(t)
				w.planFails(t, requireCheck(config)).expect(t, "error", refusesSetSecrets)

				w.server.ClearFaults()
				w.expectUnchanged(t, requireCheck(config))
			})
		}
	}
}

// A secret that was set under a version while detection was off can be checked after
// the next version.
func TestAccSecretDrift_setWithoutHash(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	const summary = "Cannot check secrets set without detect_secret_drift"
	w := newWorkspace(t)
	versioned := func(version int) string {
		return consumer(append(writeOnly("s3cret", version), `name = "doors"`, "approved = true")...)
	}
	w.apply(t, w.config(versioned(1))).expectNone(t)
	w.rotateOutside()
	w.probes()
	planned := w.plan(t, w.configDetecting(versioned(1)))
	planned.expectAction(t, "")
	planned.expect(t, "warning", summary, `OAuth consumer "doors" (key "key-1")`, "raise secret_wo_version once")
	w.planFails(t, requireCheck(w.configDetecting(versioned(1)))).expect(t, "error", summary)
	if probes := w.probes(); probes != 0 {
		t.Errorf("checked %d times without knowing what the secret was", probes)
	}
	w.apply(t, w.configDetecting(consumer(append(stored("s3cret"), `name = "doors"`, "approved = true")...))).expectNone(t)
	// The secret in state is the one to hash.
	w.apply(t, requireCheck(w.configDetecting(versioned(2)))).expectNone(t)
	w.expectUnchanged(t, w.configDetecting(versioned(2)))
	w.rotateOutside()
	w.plan(t, w.configDetecting(versioned(2))).expect(t, "warning", `Secret of "doors" was changed outside of Terraform`)
}

// A check that is required must be on.
func TestAccSecretDrift_requiredButOff(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.planFails(t, w.providerBlock(asAdmin, "require_secret_drift_check = true")+consumer(`name = "doors"`, `secret = "s3cret"`)).
		expect(t, "error", "Missing detect_secret_drift", "Set detect_secret_drift = true or TWCLOUD_DETECT_SECRET_DRIFT=true")
}
