package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

func TestAccOAuthConsumer_create(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	config := w.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
	w.apply(t, config).expectNone(t)
	// The first list is the plan's, for consumers of the same name, the second one the
	// apply's. The first registration of a process is read back.
	w.expectRequests(t, "GET /login", "GET "+collection, "GET "+collection, "POST "+collection+" name,secret", "GET "+collection+"/key-1",
		"PATCH "+collection+"/key-1 approved", "GET /logout")
	want := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: true}
	w.expectOnServer(t, want)
	w.expectState(t, want, 1)

	w.expectUnchanged(t, config)
	w.expectRequests(t, oneList...)

	w.run(t, "destroy", "-auto-approve").mustSucceed(t)
	// The first removal of a process is verified.
	w.expectRequests(t, "GET /login", "GET "+collection, "DELETE "+collection+"/key-1", "GET "+collection+"/key-1", "GET /logout")
	w.expectOnServer(t)
}

func TestOAuthConsumer_update(t *testing.T) {
	t.Parallel()
	for combination := range 16 {
		before := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: combination&8 > 0}
		after, revision := before, int64(1)
		var changed []string
		if combination&4 > 0 {
			changed, after.Approved = append(changed, "approved"), !before.Approved
		}
		if combination&1 > 0 {
			changed, after.Name = append(changed, "name"), "doors-next"
		}
		if combination&2 > 0 {
			changed, after.Secret, revision = append(changed, "secret"), "n3w", 2
		}
		t.Run(fmt.Sprintf("%v, approved before: %t", changed, before.Approved), func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			config := func(c emulator.Consumer) consumers {
				return one(fields{"name": c.Name, "secret": c.Secret, "approved": c.Approved})
			}
			r.apply(t, config(before)).expectNone(t)
			r.requests()

			applied := r.apply(t, config(after))
			applied.expectNone(t)
			var action string
			var writes []string
			if len(changed) > 0 {
				action, writes = "update", patches(changed...)
			}
			applied.expectAction(t, action)
			r.expectWrites(t, writes...)
			r.expectOnServer(t, after)
			r.expectState(t, after, revision)
			r.expectUnchanged(t, config(after))
		})
	}
}

// patches are the requests that change fields: the approval in one of its own.
func patches(changed ...string) []string {
	others := slices.DeleteFunc(slices.Clone(changed), func(field string) bool { return field == "approved" })
	var sent []string
	if len(others) > 0 {
		sent = append(sent, "PATCH "+collection+"/key-1 "+strings.Join(others, ","))
	}
	if len(others) < len(changed) {
		sent = append(sent, "PATCH "+collection+"/key-1 approved")
	}
	return sent
}

func TestAccOAuthConsumer_awkwardNames(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	names := []string{
		`"quoted" \ and 'so'`, "ü?#&=+%2F/..", " blanks around ", "${not} %{a} template", "<b>&amp;</b>", "line\u2028separator", "zero\u200bwidth", "日本語 🚪",
		strings.Repeat("long ", 200) + "end",
	}
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, quote(name))
	}
	config := w.config(consumer("for_each = toset(["+strings.Join(quoted, ", ")+"])", "name = each.value", "secret = each.value"))
	applied := w.apply(t, config)
	applied.expect(t, "warning", "Secret begins or ends with white space", "sends the secret as it is", "trimspace()")
	if len(applied.Diagnostics) != 1 {
		t.Errorf("said %v", applied.Diagnostics)
	}
	for _, one := range w.server.Consumers() {
		if !slices.Contains(names, one.Name) || one.Secret != one.Name {
			t.Errorf("on the server: %+v", one)
		}
	}
	if got := len(w.server.Consumers()); got != len(names) {
		t.Errorf("%d consumers on the server, want %d", got, len(names))
	}
	if planned := w.plan(t, config); len(planned.Actions) > 0 {
		t.Errorf("planned %v", planned.Actions)
	}
}

func TestOAuthConsumer_awkwardKeys(t *testing.T) {
	t.Parallel()
	for key, escaped := range map[string]string{
		"a/b": "a%2Fb", ".": "%2E", "..": "%2E%2E", "%2F": "%252F", "ü?#&": "%C3%BC%3F%23&", "two words": "two%20words",
		`"quoted"`: "%22quoted%22", "a+b;c": "a+b%3Bc", "a\\b": "a%5Cb", "/": "%2F", "${x}": "$%7Bx%7D",
	} {
		t.Run(escaped, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t, func(config *emulator.Config) { config.NewKey = func() string { return key } })
			r.apply(t, one(fields{"secret": "s3cret"}))
			r.requests()
			r.apply(t, one(fields{"secret": "s3cret", "approved": true})).expectNone(t)
			r.expectWrites(t, "PATCH "+collection+"/"+escaped+" approved")
			want := emulator.Consumer{Key: key, Name: "doors", Approved: true}
			r.expectState(t, want, 1)

			elsewhere := &runs{harness: r.harness, imports: map[string]string{"test": key}}
			elsewhere.apply(t, one(fields{"approved": true})).expectNone(t)
			elsewhere.expectState(t, want, 0)
			r.apply(t, nil)
			r.expectWrites(t, "DELETE "+collection+"/"+escaped)
		})
	}
}

// What depends on the key or on the secret's revision is replaced when the secret
// changes, and not when the name does: both are known when that is planned.
func TestAccOAuthConsumer_replaceTriggeredBy(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	dependent := "resource \"terraform_data\" \"dependent\" {\n lifecycle {\n  replace_triggered_by = [" +
		consumerAddress + ".key, " + consumerAddress + ".secret_revision]\n }\n}\n"
	w.apply(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`), dependent))
	for _, step := range []struct{ name, secret, action string }{{"doors-next", "s3cret", ""}, {"doors-next", "n3w", "replace"}} {
		applied := w.apply(t, w.config(consumer("name = "+quote(step.name), "secret = "+quote(step.secret)), dependent))
		if got := applied.Actions["terraform_data.dependent"]; got != step.action {
			t.Errorf("name %q and secret %q: the dependent's action is %q, want %q", step.name, step.secret, got, step.action)
		}
	}
}

func TestOAuthConsumer_changedOutside(t *testing.T) {
	t.Parallel()
	for changed, change := range map[string]func(*emulator.Consumer){
		"name": func(c *emulator.Consumer) { c.Name = "renamed" },
		// The server refuses any signature now, which does not mean that the secret
		// has changed.
		"approved":      func(c *emulator.Consumer) { c.Approved = false },
		"approved,name": func(c *emulator.Consumer) { c.Name, c.Approved = "renamed", false },
	} {
		t.Run(changed, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t).detecting()
			config := one(fields{"secret": "s3cret", "approved": true})
			r.apply(t, config)
			before := r.only(t)
			r.server.UpdateConsumer(before.Key, change)
			r.state["test"].identity = nil // as from Terraform before 1.12
			r.requests()

			r.plan(t, config).expectAction(t, "update")
			r.expectWrites(t)
			r.apply(t, config).expectNone(t)
			r.expectWrites(t, patches(strings.Split(changed, ",")...)...)
			r.expectOnServer(t, before)
		})
	}
}

func TestOAuthConsumer_removedOutside(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	config := one(fields{"secret": "s3cret", "approved": true})
	r.apply(t, config)
	r.server.RemoveConsumer("key-1")

	failed := r.applyFails(t, one(config["test"], fields{"name": "doors-next"}), "-refresh=false")
	failed.expect(t, "error", "Unable to update OAuth consumer", `the name (to "doors-next")`, `"key-1"`, "404 Not Found", "Nothing was changed", "registers it again with a new key")
	r.expectState(t, emulator.Consumer{Key: "key-1", Name: "doors", Approved: true}, 1)

	planned := r.plan(t, config)
	planned.expect(t, "warning", `OAuth consumer "doors" was removed`, `"doors"`, `"key-1"`, "Applying this plan registers it again with a new key")
	planned.expectAction(t, "create")
	r.apply(t, config).expect(t, "warning", `OAuth consumer "doors" was removed`)
	want := emulator.Consumer{Key: "key-2", Name: "doors", Secret: "s3cret", Approved: true}
	r.expectOnServer(t, want)
	r.expectState(t, want, 1)
}

// Who adopted consumers without their secrets and loses one is told once, with both
// ways out, and who loses all of them is asked for the server.
func TestOAuthConsumer_adoptedRemoved(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	all := consumers{"a": {"name": "a"}, "b": {"name": "b"}, "c": {"name": "c"}}
	r.imports = map[string]string{}
	for name := range all {
		r.server.AddConsumer(emulator.Consumer{Key: "key-of-" + name, Name: name})
		r.imports[name] = "key-of-" + name
	}
	r.apply(t, all).expectNone(t)

	const rightServer = "No consumer of the state was found so far. Is http"
	r.server.RemoveConsumer("key-of-a")
	failed := r.planFails(t, all)
	failed.expect(t, "error", `OAuth consumer "a" was removed`, `(key "key-of-a")`, "set secret, or secret_wo", "removed block")
	if len(failed.Diagnostics) != 1 {
		t.Errorf("said %v, want one error", failed.Diagnostics)
	}
	// Both ways out.
	r.plan(t, consumers{"b": all["b"], "c": all["c"]}).expectNone(t)
	r.plan(t, consumers{"a": {"name": "a", "secret": "s3cret"}, "b": all["b"], "c": all["c"]}).
		expect(t, "warning", `OAuth consumer "a" was removed`, "Applying this plan registers it again with a new key")

	r.server.RemoveConsumer("key-of-b")
	r.server.RemoveConsumer("key-of-c")
	failed = r.planFails(t, all)
	for name := range all {
		failed.expect(t, "error", fmt.Sprintf("OAuth consumer %q was removed", name), rightServer, r.server.URL()+" (endpoint) the right server?")
	}
	failed.expectOnce(t, "To let it go, remove the resource")
}

func TestOAuthConsumer_allRemoved(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	r.apply(t, many("doors")).expectNone(t)
	for _, consumer := range r.server.Consumers() {
		r.server.RemoveConsumer(consumer.Key)
	}
	planned := r.plan(t, many("doors"))
	for i := range manyConsumers {
		planned.expect(t, "warning", fmt.Sprintf(`OAuth consumer "doors-%d" was removed`, i), r.server.URL()+" (endpoint) the right server?")
	}
	planned.expectOnce(t, "Give the new key to every application")

	// What is not configured any more is not registered again.
	r.plan(t, nil).expect(t, "warning", `OAuth consumer "doors-0" was removed`, "with a new key, if it is still configured.")
}

// A consumer that someone else removes can be destroyed, whenever that is noticed.
func TestOAuthConsumer_destroyRemoved(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arguments []string
		// late has the consumer removed when its removal is requested.
		late    bool
		deletes []string
	}{
		"noticed by the refresh":      {},
		"noticed by the removal only": {arguments: []string{"-refresh=false"}, deletes: []string{"DELETE " + collection + "/key-1"}},
		"removed after the refresh":   {late: true, deletes: []string{"DELETE " + collection + "/key-1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			r.apply(t, one(fields{"secret": "s3cret"}))
			r.requests()
			if test.late {
				r.server.SetOnRequest(func(request emulator.Request) {
					if request.Method == "DELETE" {
						r.server.RemoveConsumer("key-1")
					}
				})
			} else {
				r.server.RemoveConsumer("key-1")
			}
			r.apply(t, nil, test.arguments...)
			r.expectWrites(t, test.deletes...)
			if left := r.state["test"]; left != nil {
				t.Errorf("still in state: %+v", left)
			}
		})
	}
}
