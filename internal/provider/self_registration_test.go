package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	waits        = `OAuth consumer "doors" (key "key-1") waits for approval`
	refuses      = `Server refuses OAuth consumer "doors"`
	notAccepted  = `New secret of "doors" is not accepted`
	notImported  = "Unable to import OAuth consumer"
	notProven    = "Could not prove OAuth consumers"
	approvedSet  = "Approval cannot be configured"
	stillActive  = "OAuth consumer is still active"
	maybeActive  = "OAuth consumer may still be active"
	stays        = `OAuth consumer "doors" (key "key-1") is not removed`
	nameUnproven = `Name of "doors-next" is not checked`

	getRoot  = "GET " + wire.RootServicesPath
	register = "POST " + wire.RequestConsumerKeyPath + " name,secret"
	signed   = "POST " + wire.RequestTokenPath
)

// selfRegistering is a configuration of a user who knows the address of the platform,
// and nothing else.
func (h *harness) selfRegistering(resources ...string) string {
	return providerBlock("webapp_endpoint = "+quote(h.server.WebAppURL()), `api_profile = "self-registration"`) + strings.Join(resources, "\n")
}

// expectProofs fails unless so many signed requests and nothing else but the root
// services document were sent since the last call.
func (h *harness) expectProofs(t *testing.T, want int) {
	t.Helper()
	got := h.counts()
	if got[signed] != want {
		t.Errorf("%d signed requests, want %d", got[signed], want)
	}
	delete(got, signed)
	delete(got, getRoot)
	if len(got) > 0 {
		t.Errorf("sent %v as well", got)
	}
}

func (h *harness) approve(approved bool) {
	for _, one := range h.server.Consumers() {
		h.server.UpdateConsumer(one.Key, func(c *emulator.Consumer) { c.Approved = approved })
	}
}

// storedDoors are the arguments of a consumer that waits for a person's approval.
var storedDoors = []string{`name = "doors"`, `secret = "s3cret"`}

// secretConfig is a configuration with a secret, which may have a version.
type secretConfig func(secret string, version int) consumers

var selfRegisteredForms = map[string]secretConfig{
	"secret":                   func(secret string, _ int) consumers { return one(stored(secret)) },
	"secret_wo":                func(secret string, _ int) consumers { return one(writeOnly(secret)) },
	"secret_wo with a version": func(secret string, version int) consumers { return one(writeOnly(secret, version)) },
}

// selfRegister runs a test with each form of a secret, on a server of its own.
func selfRegister(t *testing.T, do func(t *testing.T, r *runs, form secretConfig)) {
	t.Helper()
	for name, form := range selfRegisteredForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, newRuns(t).selfRegistering(), form)
		})
	}
}

func TestSelfRegistration(t *testing.T) {
	t.Parallel()
	selfRegister(t, func(t *testing.T, r *runs, form secretConfig) {
		config := form("s3cret", 1)
		planned := r.plan(t, config)
		planned.expectNone(t)
		planned.expectAction(t, "create")
		r.expectRequests(t)

		r.apply(t, config).expect(t, "warning", waits, "Configure Server", "approves it in TWCloud Admin, on the page OAuth consumers")
		if got := r.counts(); got[register] != 1 || got[signed] != 1 || len(got) != 3 {
			t.Errorf("sent %v", got)
		}
		want := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret"}
		r.expectOnServer(t, want)
		r.expectState(t, want, 1)
		r.expectUnchanged(t, config)
		r.expectProofs(t, 1)

		// A person approves it. A secret in state shows that in a refresh.
		r.approve(true)
		want.Approved = true
		planned = r.plan(t, config)
		planned.expectNone(t)
		action := "update"
		if config["test"]["secret"] != nil {
			action = ""
		}
		planned.expectAction(t, action)
		r.requests()
		r.apply(t, config).expectNone(t)
		if r.counts()[register] > 0 {
			t.Error("registered again")
		}
		r.expectState(t, want, 1)
		r.requests()
		r.expectUnchanged(t, config)
		r.expectProofs(t, 1)

		// A person changes the secret: the server refuses the known one.
		r.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Secret = "n3w" })
		r.plan(t, config).expect(t, "warning", refuses, "disapproved or removed", "secret was changed", "address")
		r.apply(t, config).expect(t, "warning", refuses)
		want.Approved = false
		r.expectState(t, want, 1)
		r.expectUnchanged(t, config)

		// The configuration follows.
		config = form("n3w", 2)
		planned = r.plan(t, config)
		planned.expectNone(t)
		planned.expectAction(t, "update")
		r.apply(t, config).expectNone(t)
		want.Approved, want.Secret = true, "n3w"
		r.expectState(t, want, 2)
		r.expectOnServer(t, want)
		r.expectUnchanged(t, config)

		// A secret that the consumer does not have is an error, and changes nothing.
		failed := r.planFails(t, form("wr0ng", 3))
		failed.expect(t, "error", notAccepted, "set the new secret in TWCloud Admin", "approve the consumer")
		if told := failed.Diagnostics[0]; told.at != "" || strings.Contains(told.String(), "wr0ng") {
			t.Errorf("tells the secret, or Terraform prints its line: %s", told)
		}

		renamed := one(config["test"], fields{"name": "doors-next"})
		r.plan(t, renamed).expect(t, "warning", nameUnproven, "in state alone", "Change it in TWCloud Admin")
		r.apply(t, renamed).expect(t, "warning", nameUnproven)
		want.Name = "doors-next"
		r.expectState(t, want, 2)
		r.expectUnchanged(t, renamed)
		if r.server.OpenSessions()+r.server.OpenPlatformSessions() > 0 || r.server.Logins() > 0 {
			t.Error("signed in")
		}
	})
}

// What is destroyed stays on the server, so what may be active stays in state.
func TestSelfRegistration_destroy(t *testing.T) {
	t.Parallel()
	type step struct {
		change  func(*runs)
		error   string
		warning string
	}
	none := func(*runs) {}
	approve := func(r *runs) { r.approve(true) }
	remove := func(r *runs) { r.server.RemoveConsumer("key-1") }
	secret := func(r *runs) {
		r.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Secret = "other" })
	}
	unclear := func(r *runs) {
		r.server.Inject(emulator.Fault{Kind: emulator.InternalError500, PathSuffix: wire.RequestTokenPath, Times: -1})
	}
	for name, test := range map[string]struct {
		form  string
		steps []step
	}{
		"stored, waiting":                {"secret", []step{{none, "", stays}}},
		"stored, active, then removed":   {"secret", []step{{approve, stillActive, ""}, {remove, "", stays}}},
		"stored, active, another secret": {"secret", []step{{approve, stillActive, ""}, {secret, "", stays}}},
		"stored, unclear":                {"secret", []step{{unclear, maybeActive, ""}}},
		"write-only, waiting":            {"secret_wo", []step{{none, "", stays}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t).selfRegistering()
			r.apply(t, selfRegisteredForms[test.form]("s3cret", 1))
			for _, step := range test.steps {
				step.change(r)
				before := r.server.Consumers()
				for _, arguments := range [][]string{nil, {"-refresh=false"}} {
					if step.error != "" {
						r.planFails(t, nil, arguments...).expect(t, "error", step.error, "no call that removes", "destroy = false")
					} else {
						r.plan(t, nil, arguments...).expect(t, "warning", step.warning, "Remove it in TWCloud Admin")
					}
				}
				if applied := r.tryApply(t, nil); applied.Failed != (step.error != "") {
					t.Errorf("said %v", applied.Diagnostics)
				}
				r.expectOnServer(t, before...)
				if gone := r.state["test"] == nil; gone != (step.error == "") {
					t.Errorf("left the state: %t", gone)
				}
			}
		})
	}
	t.Run("approved after the plan", func(t *testing.T) {
		t.Parallel()
		r := newRuns(t).selfRegistering()
		r.apply(t, one(stored("s3cret")))
		planned := r.save(t, nil)
		planned.expect(t, "warning", stays)
		r.approve(true)
		r.applySaved(t, planned).mustFail(t).expect(t, "error", stillActive)
		if r.state["test"] == nil {
			t.Error("left the state")
		}
	})
}

// A consumer that was active once leaves the state with a removed block only.
func TestAccSelfRegistration_removedBlock(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	w := newWorkspace(t)
	config := w.selfRegistering(consumer(`name = "doors"`, `secret_wo = "s3cret"`))
	w.apply(t, config)
	w.approve(true)
	w.apply(t, config)
	w.approve(false)
	w.apply(t, config).expect(t, "warning", refuses)
	w.run(t, "plan", "-json", "-destroy").mustFail(t).expect(t, "error", maybeActive, "removed block", "destroy = false")
	w.apply(t, w.selfRegistering("removed {\n from = "+consumerAddress+"\n lifecycle {\n  destroy = false\n }\n}\n"))
	if w.state(t) != nil {
		t.Error("still in state")
	}
}

func TestSelfRegistration_import(t *testing.T) {
	t.Parallel()
	selfRegister(t, func(t *testing.T, r *runs, form secretConfig) {
		r.server.AddConsumer(emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret"})
		r.imports = map[string]string{"test": "key-1"}
		config := form("s3cret", 1)
		r.planFails(t, config).expect(t, "error", notImported, "refuses", `key "key-1"`, "approve the consumer")
		r.approve(true)
		r.planFails(t, form("wr0ng", 1)).expect(t, "error", notImported)
		r.planFails(t, one()).expect(t, "error", "Missing secret", "prove")
		r.imports["test"] = "other"
		r.planFails(t, config).expect(t, "error", notImported, `key "other"`)
		r.imports["test"] = "key-1"
		want := r.only(t)
		r.requests()
		r.plan(t, config).expectNone(t)
		r.expectProofs(t, 1)
		r.apply(t, config).expectNone(t)
		r.expectState(t, want, 0)
		r.expectUnchanged(t, config)
	})
}

func TestSelfRegistration_move(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]fields{"secret": stored("s3cret"), "secret_wo": writeOnly("s3cret")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newMove(t, restapiVersion3).selfRegistering()
			r.approve(false)
			r.planFails(t, one(secret)).expect(t, "error", notImported, `key "k1"`)
			r.approve(true)
			r.apply(t, one(secret)).expectNone(t)
			r.expectState(t, r.only(t), 0)
			r.expectUnchanged(t, one(secret))
		})
	}
}

// An approval that is configured must be the proven one, before and after a refresh.
func TestSelfRegistration_approvalConfigured(t *testing.T) {
	t.Parallel()
	selfRegister(t, func(t *testing.T, r *runs, form secretConfig) {
		configured := func(approved bool) consumers { return one(form("s3cret", 1)["test"], fields{"approved": approved}) }
		r.planFails(t, configured(true)).expect(t, "error", approvedSet, "new consumer", "Leave approved out")
		r.apply(t, configured(false)).expect(t, "warning", waits)
		r.expectUnchanged(t, configured(false))
		for _, arguments := range [][]string{nil, {"-refresh=false"}} {
			r.approve(false)
			r.planFails(t, configured(true), arguments...).expect(t, "error", approvedSet, "approved = false")
			r.approve(true)
			r.planFails(t, configured(false), arguments...).expect(t, "error", approvedSet, "approved = true")
		}
		r.apply(t, configured(true)).expectNone(t)
		r.expectState(t, r.only(t), 1)
		r.expectUnchanged(t, configured(true))
	})
}

// Without a refresh, the plan proves, also the secret in state.
func TestSelfRegistration_withoutRefresh(t *testing.T) {
	t.Parallel()
	selfRegister(t, func(t *testing.T, r *runs, form secretConfig) {
		save := func(config consumers, arguments ...string) *savedPlan {
			planned := r.save(t, config, arguments...)
			planned.expectAction(t, "update")
			return planned
		}
		config := form("s3cret", 1)
		r.apply(t, config, "-refresh=false").expect(t, "warning", waits)
		r.approve(true)
		r.requests()
		planned := save(config, "-refresh=false")
		r.expectProofs(t, 1)

		// What a plan leaves open, the apply finds out, whatever it is by then.
		r.approve(false)
		r.applySaved(t, planned).mustSucceed(t)
		r.expectState(t, r.only(t), 1)
		r.approve(true)
		r.apply(t, config, "-refresh=false").expectNone(t)
		r.expectState(t, r.only(t), 1)

		planned = save(one(config["test"], fields{"name": "doors-next"}), "-refresh=false")
		r.approve(false)
		r.applySaved(t, planned).mustSucceed(t)
		r.expectState(t, emulator.Consumer{Key: "key-1", Name: "doors-next"}, 1)

		r.approve(true)
		r.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Secret = "n3w" })
		planned = save(form("n3w", 2))
		r.approve(false)
		r.applySaved(t, planned).mustFail(t).expectFailure(t, "refuses")
	})
}

func TestSelfRegistration_unclear(t *testing.T) {
	t.Parallel()
	selfRegister(t, func(t *testing.T, r *runs, form secretConfig) {
		config := form("s3cret", 1)
		r.apply(t, config)
		r.approve(true)
		r.apply(t, config)
		want := r.only(t)
		r.server.Inject(emulator.Fault{Kind: emulator.DropBefore, PathSuffix: wire.RequestTokenPath, Times: -1})
		planned := r.plan(t, config)
		planned.expect(t, "warning", notProven, `key "key-1"`, "The state stays as it is", "webapp_endpoint")
		planned.expectAction(t, "")
		r.apply(t, config).expect(t, "warning", notProven)
		r.expectState(t, want, 1)
		r.planFails(t, form("n3w", 2)).expect(t, "error", notAccepted, "could not find out")
	})
}

func TestSelfRegistration_unknownSecret(t *testing.T) {
	t.Parallel()
	r := newRuns(t).selfRegistering()
	config := one(fields{"secret": late{"s3cret"}})
	r.apply(t, config).expect(t, "warning", waits)
	r.approve(true)
	r.apply(t, config).expectNone(t)
	r.expectState(t, r.only(t), 1)
}

func TestAccSelfRegistration_unknownProvider(t *testing.T) {
	t.Parallel()
	late := func(value string) string {
		return "resource \"terraform_data\" \"late\" {\n triggers_replace = 1\n input = " + quote(value) + "\n}\n"
	}
	for name, provider := range map[string]func(*workspace) string{
		"address": func(w *workspace) string {
			return late(w.server.WebAppURL()) + providerBlock("webapp_endpoint = terraform_data.late.output", `api_profile = "self-registration"`)
		},
		"API profile": func(w *workspace) string {
			return late("self-registration") + providerBlock("webapp_endpoint = "+quote(w.server.WebAppURL()), "api_profile = terraform_data.late.output")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := provider(w) + consumer(storedDoors...)
			planned := w.plan(t, config)
			planned.expectNone(t)
			w.expectRequests(t)
			w.apply(t, config).expect(t, "warning", waits)
			w.expectState(t, w.only(t), 1)
			w.expectUnchanged(t, config)

			// In a plan, the configuration is unknown again.
			w.requests()
			w.approve(true)
			w.apply(t, strings.Replace(config, "triggers_replace = 1", "triggers_replace = 2", 1), "-refresh=false")
			w.expectState(t, w.only(t), 1)
		})
	}
}

// A registration whose response is lost is sent once, and the error names what may
// exist.
func TestSelfRegistration_lost(t *testing.T) {
	t.Parallel()
	r := newRuns(t).selfRegistering()
	r.server.Inject(emulator.Fault{Kind: emulator.DropAfter, PathSuffix: wire.RequestConsumerKeyPath, Times: -1})
	failed := r.applyFails(t, many("doors"))
	for i := range manyConsumers {
		if !slices.ContainsFunc(failed.Diagnostics, func(d diagnostic) bool {
			return d.Severity == "error" && strings.Contains(d.Detail, fmt.Sprintf(`A consumer named "doors-%d" may exist on the server. It is not approved, and so harmless`, i))
		}) {
			t.Errorf("doors-%d is not named: %v", i, failed.Diagnostics)
		}
	}
	if got := r.counts(); got[register] != manyConsumers || len(r.server.Consumers()) != manyConsumers {
		t.Errorf("sent %v, the server has %v", got, r.server.Consumers())
	}
}

func TestSelfRegistration_sessionDemanded(t *testing.T) {
	t.Parallel()
	r := newRuns(t, func(c *emulator.Config) { c.RegistrationSession = true }).selfRegistering()
	r.applyFails(t, one(stored("s3cret"))).expectFailure(t, "401", "wants a session", "learn", "Nothing was registered")
	if r.server.OpenSessions() > 0 || len(r.server.Consumers()) > 0 {
		t.Error("registered, or signed in")
	}
}

// Each create warns, and only the first one is proven.
func TestSelfRegistration_acceptsUnapproved(t *testing.T) {
	t.Parallel()
	r := newRuns(t).selfRegistering()
	r.server.SetOnRequest(func(request emulator.Request) {
		if request.Path == wire.RequestTokenPath {
			r.approve(true)
		}
	})
	applied := r.apply(t, consumers{"test": {"name": "doors", "secret": "s3cret"}, "other": {"name": "other", "secret": "s3cret"}})
	applied.expect(t, "warning", "Server accepts consumers that nobody has approved", "means only that the secret is right")
	for _, one := range r.server.Consumers() {
		applied.expect(t, "warning", fmt.Sprintf("OAuth consumer %q (key %q) waits for approval", one.Name, one.Key))
	}
	if got := r.counts(); got[signed] != 1 || got[register] != 2 {
		t.Errorf("sent %v", got)
	}
}

// What to do about new names is told once.
func TestSelfRegistration_renamed(t *testing.T) {
	t.Parallel()
	r := newRuns(t).selfRegistering()
	before, after := consumers{}, consumers{}
	for _, address := range []string{"a", "b", "c"} {
		before[address] = fields{"name": address, "secret": "s3cret"}
		after[address] = fields{"name": "new " + address, "secret": "s3cret"}
	}
	r.apply(t, before)
	told := map[bool]int{}
	for _, d := range r.plan(t, after).Diagnostics {
		told[strings.Contains(d.Detail, "TWCloud Admin")]++
	}
	if told[true] != 1 || told[false] != 2 {
		t.Errorf("told %v", told)
	}
}

// The wrapper around the framework's server answers nothing for this profile.
func TestSelfRegistration_unchanged(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	alone := newProvider(nil)
	t.Cleanup(func() { closeProvider(t, alone) })
	more := fields{"endpoint": nil, "username": nil, "password": nil, "webapp_endpoint": h.server.WebAppURL(), "api_profile": "self-registration"}
	slow := newProtocol(t, providerserver.NewProtocol6(alone)())
	slow.configure(t, h, more)
	fast := h.newProtocol(t, more)
	made := slow.change(t, nil, fields{"name": "doors", "secret": "s3cret"})
	h.approve(true)
	for _, config := range []fields{{"name": "doors", "secret": "s3cret"}, {"name": "doors", "secret": "s3cret", "approved": false}} {
		for _, one := range []*protocol{fast, slow} {
			h.requests()
			one.configure(t, h, more)
			one.plan(t, one.planRequest(t, made, config))
			if got := h.counts(); got[signed] != 1 {
				t.Errorf("%v: planned after %v", config, got)
			}
		}
	}
}
