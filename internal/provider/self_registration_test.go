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

	getRoot    = "GET " + wire.RootServicesPath
	register   = "POST " + wire.RequestConsumerKeyPath + " name,secret"
	signed     = "POST " + wire.RequestTokenPath
	noApproval = `name = "doors"`
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

var selfRegisteredForms = map[string]func(secret string, version int) []string{
	"secret":                   func(secret string, _ int) []string { return append(stored(secret), noApproval) },
	"secret_wo":                func(secret string, _ int) []string { return append(writeOnly(secret), noApproval) },
	"secret_wo with a version": func(secret string, version int) []string { return append(writeOnly(secret, version), noApproval) },
}

func TestAccSelfRegistration(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, form := range selfRegisteredForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := w.selfRegistering(consumer(form("s3cret", 1)...))
			planned := w.plan(t, config)
			planned.expectNone(t)
			planned.expectAction(t, "create")
			w.expectRequests(t)

			w.apply(t, config).expect(t, "warning", waits, "Configure Server", "approves it in TWCloud Admin, on the page OAuth consumers")
			if got := w.counts(); got[register] != 1 || got[signed] != 1 || len(got) != 3 {
				t.Errorf("sent %v", got)
			}
			want := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret"}
			w.expectOnServer(t, want)
			w.expectState(t, want, 1)
			w.expectUnchanged(t, config)
			w.expectProofs(t, 1)

			// A person approves it.
			w.approve(true)
			want.Approved = true
			planned = w.plan(t, config)
			planned.expectNone(t)
			if name == "secret" {
				planned.expectAction(t, "")
				if shown := w.plan(t, config, "-refresh-only"); !strings.Contains(shown.Output, `"type":"resource_drift"`) {
					t.Errorf("the refresh does not show it:\n%s", shown.Output)
				}
			} else {
				planned.expectAction(t, "update")
			}
			w.requests()
			w.apply(t, config).expectNone(t)
			if w.counts()[register] > 0 {
				t.Error("registered again")
			}
			w.expectState(t, want, 1)
			w.requests()
			w.expectUnchanged(t, config)
			w.expectProofs(t, 1)

			// A person changes the secret: the server refuses the known one.
			w.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Secret = "n3w" })
			w.plan(t, config).expect(t, "warning", refuses, "disapproved or removed", "secret was changed", "address")
			w.apply(t, config).expect(t, "warning", refuses)
			want.Approved = false
			w.expectState(t, want, 1)
			w.expectUnchanged(t, config)

			// The configuration follows.
			config = w.selfRegistering(consumer(form("n3w", 2)...))
			planned = w.plan(t, config)
			planned.expectNone(t)
			planned.expectAction(t, "update")
			w.apply(t, config).expectNone(t)
			want.Approved, want.Secret = true, "n3w"
			w.expectState(t, want, 2)
			w.expectOnServer(t, want)
			w.expectUnchanged(t, config)

			// A secret that the consumer does not have is an error, and changes nothing.
			wrong := w.selfRegistering(consumer(form("wr0ng", 3)...))
			failed := w.planFails(t, wrong)
			failed.expect(t, "error", notAccepted, "set the new secret in TWCloud Admin", "approve the consumer")
			if strings.Contains(failed.Output, "wr0ng") {
				t.Error("the plan has the secret")
			}

			renamed := strings.Replace(config, `"doors"`, `"doors-next"`, 1)
			w.plan(t, renamed).expect(t, "warning", nameUnproven, "in state alone", "Change it in TWCloud Admin")
			w.apply(t, renamed).expect(t, "warning", nameUnproven)
			want.Name = "doors-next"
			w.expectState(t, want, 2)
			w.expectUnchanged(t, renamed)
			if w.server.OpenSessions()+w.server.OpenPlatformSessions() > 0 || w.server.Logins() > 0 {
				t.Error("signed in")
			}
		})
	}
}

// What is destroyed stays on the server, so what may be active stays in state.
func TestAccSelfRegistration_destroy(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	type step struct {
		change  func(*workspace)
		error   string
		warning string
	}
	none := func(*workspace) {}
	approve := func(w *workspace) { w.approve(true) }
	remove := func(w *workspace) { w.server.RemoveConsumer("key-1") }
	secret := func(w *workspace) {
		w.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Secret = "other" })
	}
	unclear := func(w *workspace) {
		w.server.Inject(emulator.Fault{Kind: emulator.InternalError500, PathSuffix: wire.RequestTokenPath, Times: -1})
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
			w := newWorkspace(t)
			config := w.selfRegistering(consumer(selfRegisteredForms[test.form]("s3cret", 1)...))
			w.apply(t, config)
			for _, step := range test.steps {
				step.change(w)
				before := w.server.Consumers()
				for _, arguments := range [][]string{{"-destroy"}, {"-destroy", "-refresh=false"}} {
					w.write(t, config)
					planned := w.run(t, append([]string{"plan", "-json"}, arguments...)...)
					if step.error != "" {
						planned.mustFail(t).expect(t, "error", step.error, "no call that removes", "destroy = false")
					} else {
						planned.mustSucceed(t).expect(t, "warning", step.warning, "Remove it in TWCloud Admin")
					}
				}
				applied := w.run(t, "apply", "-json", "-auto-approve", "-destroy")
				if step.error != "" {
					applied.mustFail(t)
				} else {
					applied.mustSucceed(t)
				}
				w.expectOnServer(t, before...)
				if gone := w.state(t) == nil; gone != (step.error == "") {
					t.Errorf("left the state: %t", gone)
				}
			}
		})
	}
	t.Run("write-only, once active", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t)
		config := w.selfRegistering(consumer(selfRegisteredForms["secret_wo"]("s3cret", 1)...))
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
	})
	t.Run("approved after the plan", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t)
		w.apply(t, w.selfRegistering(consumer(selfRegisteredForms["secret"]("s3cret", 1)...)))
		w.run(t, "plan", "-json", "-destroy", "-out=saved.tfplan").mustSucceed(t).expect(t, "warning", stays)
		w.approve(true)
		w.run(t, "apply", "-json", "saved.tfplan").mustFail(t).expect(t, "error", stillActive)
		if w.state(t) == nil {
			t.Error("left the state")
		}
	})
}

func TestAccSelfRegistration_import(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, form := range selfRegisteredForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			w.server.AddConsumer(emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret"})
			config := w.selfRegistering(consumer(form("s3cret", 1)...))
			w.planFails(t, importBlock("key-1")+config).expect(t, "error", notImported, "refuses", `key "key-1"`, "approve the consumer")
			w.approve(true)
			w.planFails(t, importBlock("key-1")+w.selfRegistering(consumer(form("wr0ng", 1)...))).expect(t, "error", notImported)
			w.planFails(t, importBlock("other")+config).expect(t, "error", notImported, `key "other"`)
			w.planFails(t, importBlock("key-1")+w.selfRegistering(consumer(noApproval))).expect(t, "error", "Missing secret", "prove")
			want := w.only(t)
			w.requests()
			w.plan(t, importBlock("key-1")+config).expectNone(t)
			w.expectProofs(t, 1)
			w.apply(t, importBlock("key-1")+config).expectNone(t)
			w.expectState(t, want, 0)
			w.expectUnchanged(t, config)
		})
	}
}

func TestAccSelfRegistration_move(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string][]string{"secret": stored("s3cret"), "secret_wo": writeOnly("s3cret")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := moving(t, restapiVersion3, nil)
			need(t, firstWriteOnly)
			config := w.selfRegistering(consumer(append(secret, noApproval)...))
			w.approve(false)
			w.planFails(t, config+movedBlock).expect(t, "error", notImported, `key "k1"`)
			w.approve(true)
			w.apply(t, config+movedBlock).expectNone(t)
			w.expectState(t, w.only(t), 0)
			w.restapi = nil
			w.expectUnchanged(t, config)
		})
	}
}

// An approval that is configured must be the proven one, before and after a refresh.
func TestAccSelfRegistration_approvalConfigured(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, form := range selfRegisteredForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			configured := func(approved string) string {
				return w.selfRegistering(consumer(append(form("s3cret", 1), approved)...))
			}
			const yes, no = "approved = true", "approved = false"
			w.planFails(t, configured(yes)).expect(t, "error", approvedSet, "new consumer", "Leave approved out")
			w.apply(t, configured(no)).expect(t, "warning", waits)
			w.expectUnchanged(t, configured(no))
			for _, arguments := range [][]string{nil, {"-refresh=false"}} {
				w.approve(false)
				w.planFails(t, configured(yes), arguments...).expect(t, "error", approvedSet, "approved = false")
				w.approve(true)
				w.planFails(t, configured(no), arguments...).expect(t, "error", approvedSet, "approved = true")
			}
			w.apply(t, configured(yes)).expectNone(t)
			w.expectState(t, w.only(t), 1)
			w.expectUnchanged(t, configured(yes))
		})
	}
}

// Without a refresh, the plan proves, also the secret in state.
func TestAccSelfRegistration_withoutRefresh(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, form := range selfRegisteredForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := w.selfRegistering(consumer(form("s3cret", 1)...))
			w.apply(t, config, "-refresh=false").expect(t, "warning", waits)
			w.approve(true)
			w.requests()
			w.plan(t, config, "-refresh=false").expectAction(t, "update")
			w.expectProofs(t, 1)

			// What a plan leaves open, the apply finds out, whatever it is by then.
			w.plan(t, config, "-refresh=false", "-out=saved.tfplan").expectAction(t, "update")
			w.approve(false)
			w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
			w.expectState(t, w.only(t), 1)
			w.approve(true)
			w.apply(t, config, "-refresh=false").expectNone(t)
			w.expectState(t, w.only(t), 1)

			renamed := strings.Replace(config, `"doors"`, `"doors-next"`, 1)
			w.plan(t, renamed, "-refresh=false", "-out=saved.tfplan").expectAction(t, "update")
			w.approve(false)
			w.run(t, "apply", "-json", "saved.tfplan").mustSucceed(t)
			if state := w.state(t).Attributes; state.Approved || state.Name != "doors-next" {
				t.Errorf("in state: %+v", state)
			}

			w.approve(true)
			w.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Secret = "n3w" })
			rotated := w.selfRegistering(consumer(form("n3w", 2)...))
			w.plan(t, rotated, "-out=saved.tfplan").expectAction(t, "update")
			w.approve(false)
			w.run(t, "apply", "-json", "saved.tfplan").mustFail(t).expectFailure(t, "refuses")
		})
	}
}

func TestAccSelfRegistration_unclear(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, form := range selfRegisteredForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := w.selfRegistering(consumer(form("s3cret", 1)...))
			w.apply(t, config)
			w.approve(true)
			w.apply(t, config)
			want := w.only(t)
			w.server.Inject(emulator.Fault{Kind: emulator.DropBefore, PathSuffix: wire.RequestTokenPath, Times: -1})
			planned := w.plan(t, config)
			planned.expect(t, "warning", notProven, `key "key-1"`, "The state stays as it is", "webapp_endpoint")
			planned.expectAction(t, "")
			w.apply(t, config).expect(t, "warning", notProven)
			w.expectState(t, want, 1)
			w.planFails(t, w.selfRegistering(consumer(form("n3w", 2)...))).expect(t, "error", notAccepted, "could not find out")
		})
	}
}

func TestAccSelfRegistration_unknown(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	late := func(value string, trigger int) string {
		return fmt.Sprintf("resource \"terraform_data\" \"late\" {\n triggers_replace = %d\n input = %s\n}\n", trigger, quote(value))
	}
	t.Run("secret", func(t *testing.T) {
		t.Parallel()
		w := newWorkspace(t)
		config := func(trigger int) string {
			return late("s3cret", trigger) + w.selfRegistering(consumer(noApproval, "secret = terraform_data.late.output"))
		}
		w.apply(t, config(1)).expect(t, "warning", waits)
		w.approve(true)
		w.apply(t, config(2)).expectNone(t)
		w.expectState(t, w.only(t), 1)
	})
	for name, provider := range map[string]func(*workspace) string{
		"address": func(w *workspace) string {
			return late(w.server.WebAppURL(), 1) + providerBlock("webapp_endpoint = terraform_data.late.output", `api_profile = "self-registration"`)
		},
		"API profile": func(w *workspace) string {
			return late("self-registration", 1) + providerBlock("webapp_endpoint = "+quote(w.server.WebAppURL()), "api_profile = terraform_data.late.output")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := provider(w) + consumer(append(stored("s3cret"), noApproval)...)
			planned := w.plan(t, config)
			planned.expectNone(t)
			w.expectRequests(t)
			w.apply(t, config).expect(t, "warning", waits)
			w.expectState(t, w.only(t), 1)
			w.expectUnchanged(t, config)

			// In a plan, the configuration is unknown again.
			w.requests()
			w.write(t, strings.Replace(config, "triggers_replace = 1", "triggers_replace = 2", 1))
			w.approve(true)
			w.run(t, "apply", "-json", "-auto-approve", "-refresh=false").mustSucceed(t)
			w.expectState(t, w.only(t), 1)
		})
	}
}

// A registration whose response is lost is sent once, and the error names what may
// exist.
func TestAccSelfRegistration_lost(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.server.Inject(emulator.Fault{Kind: emulator.DropAfter, PathSuffix: wire.RequestConsumerKeyPath, Times: -1})
	var resources []string
	for i := range 5 {
		resources = append(resources, strings.NewReplacer(`"test"`, fmt.Sprintf(`"t%d"`, i), `"doors"`, fmt.Sprintf(`"doors-%d"`, i)).
			Replace(consumer(append(stored("s3cret"), noApproval)...)))
	}
	failed := w.applyFails(t, w.selfRegistering(resources...))
	for i := range 5 {
		if !slices.ContainsFunc(failed.Diagnostics, func(d diagnostic) bool {
			return d.Severity == "error" && strings.Contains(d.Detail, fmt.Sprintf(`A consumer named "doors-%d" may exist on the server. It is not approved, and so harmless`, i))
		}) {
			t.Errorf("doors-%d is not named: %v", i, failed.Diagnostics)
		}
	}
	if got := w.counts(); got[register] != 5 || len(w.server.Consumers()) != 5 {
		t.Errorf("sent %v, the server has %v", got, w.server.Consumers())
	}
}

func TestAccSelfRegistration_sessionDemanded(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, func(c *emulator.Config) { c.RegistrationSession = true })
	w.applyFails(t, w.selfRegistering(consumer(append(stored("s3cret"), noApproval)...))).
		expectFailure(t, "401", "wants a session", "learn", "Nothing was registered")
	if w.server.OpenSessions() > 0 || len(w.server.Consumers()) > 0 {
		t.Error("registered, or signed in")
	}
}

// Each create warns, and only the first one is proven.
func TestAccSelfRegistration_acceptsUnapproved(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.server.SetOnRequest(func(request emulator.Request) {
		if request.Path == wire.RequestTokenPath {
			w.approve(true)
		}
	})
	two := consumer(append(stored("s3cret"), noApproval)...)
	two += strings.NewReplacer(`"test"`, `"other"`, `"doors"`, `"other"`).Replace(two)
	applied := w.apply(t, w.selfRegistering(two))
	applied.expect(t, "warning", "Server accepts consumers that nobody has approved", "means only that the secret is right")
	for _, one := range w.server.Consumers() {
		applied.expect(t, "warning", fmt.Sprintf("OAuth consumer %q (key %q) waits for approval", one.Name, one.Key))
	}
	if got := w.counts(); got[signed] != 1 || got[register] != 2 {
		t.Errorf("sent %v", got)
	}
}

// What needs a list says that there is none, and what has one.
func TestAccSelfRegistration_noList(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	for name, arguments := range map[string][]string{
		"twcloud_oauth_consumers": nil, "twcloud_oauth_consumer": {`name = "doors"`},
	} {
		w.planFails(t, w.selfRegistering(source(name, arguments...))).expect(t, "error", `API profile has no call "list"`, "rest-api", "learn")
	}
	w.planFails(t, w.selfRegistering(source("twcloud_server"))).expectFailure(t, "not configured")
	w.expectRequests(t)
	if found := w.apply(t, w.selfRegistering(source("twcloud_oauth_endpoints"))); found.Failed {
		t.Error(found.Output)
	}
}

func TestAccSelfRegistration_query(t *testing.T) {
	t.Parallel()
	need(t, firstQuery)
	w := newWorkspace(t)
	w.write(t, w.selfRegistering())
	if err := w.cli.Write("all.tfquery.hcl", "list \"twcloud_oauth_consumer\" \"all\" {\n  provider = twcloud\n}\n"); err != nil {
		t.Fatal(err)
	}
	w.run(t, "query", "-json").mustFail(t).expectFailure(t, "rest-api", "learn")
	w.expectRequests(t)
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
