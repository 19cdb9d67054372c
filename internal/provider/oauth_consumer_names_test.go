package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

const severalAddresses = `OAuth consumer "doors" at several addresses`

// named is a consumer at an address of its own.
func named(address string, arguments ...string) string {
	return strings.Replace(consumer(arguments...), `"test"`, quote(address), 1)
}

// Who renames a block is told how to keep the key, and not to import the consumer
// that is in state.
func TestAccOAuthConsumer_renamedBlock(t *testing.T) {
	t.Parallel()
	arguments := []string{`name = "doors"`, `secret = "s3cret"`}
	for name, change := range map[string]struct{ before, after string }{
		"another address": {named("a", arguments...), named("b", arguments...)},
		"for_each added":  {named("a", arguments...), named("a", append(arguments, `for_each = toset(["x"])`)...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			w.apply(t, w.config(change.before))
			planned := w.plan(t, w.config(change.after))
			planned.expect(t, "warning", `OAuth consumer "doors" gets a new key`, `OAuth consumer "doors" (key "key-1")`, "moved block", "keeps its key")
			for _, diagnostic := range planned.Diagnostics {
				// Terraform may plan the new block before the provider knows of the old one.
				if moved, imports := strings.Index(diagnostic.Detail, "moved block"), strings.Index(diagnostic.Detail, "import it"); moved < 0 || imports >= 0 && imports < moved {
					t.Errorf("does not name moved first: %v", diagnostic)
				}
			}
		})
	}
}

// An apply reads nothing. A consumer whose state it upgrades is in state all the same.
func TestProtocol_registerNamesakeInState(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.server.AddConsumer(emulator.Consumer{Key: "in-state", Name: "doors"})
	p := h.newProtocol(t)
	warnings := func(name string) int {
		return len(p.plan(t, p.planRequest(t, nil, fields{"name": name, "secret": "s3cret"})).Diagnostics)
	}
	if _, err := p.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: consumerType, Version: 1, RawState: &tfprotov6.RawState{JSON: []byte(`{"key":"in-state","name":"doors"}`)},
	}); err != nil {
		t.Fatal(err)
	}
	if got := warnings("doors"); got != 0 {
		t.Errorf("%d warnings of a consumer that is in state", got)
	}
	h.server.AddConsumer(emulator.Consumer{Key: "not-in-state", Name: "gates"})
	p.configure(t, h)
	if got := warnings("gates"); got != 1 {
		t.Errorf("%d warnings of one that is not, want one", got)
	}
}

// What to do about a renamed block is said once.
func TestAccOAuthConsumer_renamedBlockOfMany(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.apply(t, w.config(manyOf("doors")))
	planned := w.plan(t, w.config(strings.Replace(manyOf("doors"), `"test"`, `"renamed"`, 1)))
	// Terraform may plan a new instance before the provider knows of the old one.
	planned.Diagnostics = slices.DeleteFunc(planned.Diagnostics, func(d diagnostic) bool { return strings.HasSuffix(d.Summary, "already exists") })
	planned.expectOnce(t, "Then the consumer keeps its key.")
	if len(planned.Diagnostics) != manyConsumers {
		t.Errorf("%d warnings, want %d", len(planned.Diagnostics), manyConsumers)
	}
}

// A consumer that is being replaced is no reason for a warning in the plan, and in
// the apply, which knows nothing of the state, none to import it.
func TestAccOAuthConsumer_replaced(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		form                string
		createdFirst, taint bool
	}{{"secret", false, false}, {"secret_wo", false, true}, {"secret_wo with a version", true, false}, {"secret", true, true}} {
		t.Run(fmt.Sprintf("%+v", test), func(t *testing.T) {
			t.Parallel()
			need(t, firstWriteOnly)
			w := newWorkspace(t)
			lifecycle := ""
			if test.createdFirst {
				lifecycle = "lifecycle {\n  create_before_destroy = true\n }"
			}
			config := w.config(consumer(append(hcl(secretForms[test.form]), lifecycle)...))
			w.apply(t, config)
			replace := []string{"-replace=" + consumerAddress}
			if test.taint {
				w.run(t, "taint", consumerAddress).mustSucceed(t)
				replace = nil
			}
			w.plan(t, config, replace...).expectNone(t)
			applied := w.apply(t, config, replace...)
			if test.createdFirst {
				applied.expect(t, "warning", `OAuth consumer "doors" already exists`, "a new key.\n\nIf it is being replaced, there is nothing to do.")
			} else {
				applied.expectNone(t)
			}
			if got := w.only(t).Key; got != "key-2" {
				t.Errorf("the key is %q, want key-2", got)
			}
		})
	}
}

// What to do about several addresses is said about one consumer, not about each.
func TestOAuthConsumer_manyAtTwoAddresses(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	config := consumers{}
	r.imports = map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		r.server.AddConsumer(emulator.Consumer{Key: "key-of-" + name, Name: name})
		for _, address := range []string{name, name + "-again"} {
			config[address], r.imports[address] = fields{"name": name}, "key-of-"+name
		}
	}
	r.apply(t, config)
	planned := r.plan(t, config)
	for _, name := range []string{"a", "b", "c"} {
		planned.expect(t, "warning", fmt.Sprintf("OAuth consumer %q at several addresses", name), fmt.Sprintf("(key %q)", "key-of-"+name))
	}
	planned.expectOnce(t, "Keep one address.")
}

// Two addresses with one key would rename the consumer in turn, and dropping one
// would remove it for both.
func TestAccOAuthConsumer_oneKeyAtTwoAddresses(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	before := w.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors", Secret: "not-told"})
	other := named("other", `name = "doors"`)
	config := w.config(consumer(`name = "doors"`), other)
	w.write(t, config)
	w.run(t, "import", consumerAddress, before.Key).mustSucceed(t)
	w.run(t, "import", "twcloud_oauth_consumer.other", before.Key).mustSucceed(t)
	wayOut := []string{`OAuth consumer "doors" (key "made-by-hand")`, "removed block", "terraform state rm", "import that consumer"}

	w.plan(t, config).expect(t, "warning", severalAddresses, wayOut...)
	for name, changed := range map[string]string{
		"renamed":  w.config(consumer(`name = "doors"`), named("other", `name = "doors-next"`)),
		"approved": w.config(consumer(`name = "doors"`, "approved = true"), other),
		"dropped":  w.config(consumer(`name = "doors"`)),
	} {
		if failed := w.planFails(t, changed); !strings.Contains(fmt.Sprint(failed.Diagnostics), "error: "+severalAddresses) {
			t.Errorf("%s: said %v", name, failed.Diagnostics)
		}
	}
	w.requests()

	// The ways out.
	w.run(t, "state", "rm", "twcloud_oauth_consumer.other").mustSucceed(t)
	w.expectUnchanged(t, w.config(consumer(`name = "doors"`)))
	w.write(t, config)
	w.run(t, "import", "twcloud_oauth_consumer.other", before.Key).mustSucceed(t)
	w.apply(t, w.config(consumer(`name = "doors-next"`), "removed {\n from = twcloud_oauth_consumer.other\n lifecycle {\n  destroy = false\n }\n}\n"))
	before.Name = "doors-next"
	w.expectOnServer(t, before)
	w.expectWrites(t, "PATCH "+collection+"/made-by-hand name")
}

// A name that is taken, or planned twice, is told for a registration and for a
// renaming alike.
func TestAccOAuthConsumer_nameTaken(t *testing.T) {
	t.Parallel()
	const (
		exists  = `OAuth consumer "gates" already exists`
		several = `Several resources have the name "gates"`
	)
	arguments := func(name, secret string) []string {
		return []string{"name = " + quote(name), "secret = " + quote(secret)}
	}
	a, b := named("a", arguments("doors", "s3cret")...), named("b", arguments("gates", "s3cret")...)
	for name, test := range map[string]struct {
		before, after string
		byHand        bool
		summary       string
		words         []string
	}{
		"registered":                  {after: b, byHand: true, summary: exists, words: []string{`(key "made-by-hand")`, "moved block", "import it"}},
		"renamed":                     {before: a, after: named("a", arguments("gates", "s3cret")...), byHand: true, summary: exists, words: []string{`renames OAuth consumer "doors" (key "key-1")`, "Choose another name"}},
		"both registered":             {after: b + named("c", arguments("gates", "s3cret")...), summary: several, words: []string{"a name of its own"}},
		"one is there":                {before: b, after: b + named("c", arguments("gates", "another")...), summary: several},
		"one is there, renamed":       {before: a + b, after: b + named("a", arguments("gates", "s3cret")...), summary: several},
		"both renamed":                {before: a + named("b", arguments("else", "s3cret")...), after: b + named("a", arguments("gates", "s3cret")...), summary: several},
		"one renamed, one registered": {before: a, after: b + named("a", arguments("gates", "s3cret")...), summary: several},
		"unchanged":                   {before: b, after: b, byHand: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			if test.before != "" {
				w.apply(t, w.config(test.before)).expectNone(t)
			}
			if test.byHand {
				w.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "gates"})
			}
			planned := w.plan(t, w.config(test.after))
			if test.summary == "" {
				planned.expectNone(t)
				return
			}
			planned.expect(t, "warning", test.summary, test.words...)
			// Terraform may plan one resource before the provider knows of the others.
			if test.before == "" && len(planned.Diagnostics) != 1 {
				t.Errorf("said %v, want one warning", planned.Diagnostics)
			}
			if test.before == "" { // The apply plans again, when the first one exists.
				for _, told := range w.apply(t, w.config(test.after)).Diagnostics {
					if told.Summary != test.summary {
						t.Errorf("the apply said %v", told)
					}
				}
				if got := len(w.server.Consumers()); got != 2 {
					t.Errorf("%d consumers on the server, want two", got)
				}
			}
		})
	}
}
