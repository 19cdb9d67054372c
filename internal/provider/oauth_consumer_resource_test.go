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
	tests := map[string]struct {
		arguments []string
		approved  bool
	}{
		"approval left out":  {arguments: nil},
		"approval is false":  {arguments: []string{`approved = false`}},
		"approval is wanted": {arguments: []string{`approved = true`}, approved: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := w.config(consumer(append(test.arguments, `name = "doors"`, `secret = "s3cret"`)...))
			w.apply(t, config).expectNone(t)
			// The first registration of a process is read back.
			sent := []string{"POST " + collection + " name,secret", "GET " + collection + "/key-1"}
			if test.approved {
				sent = append(sent, "PATCH "+collection+"/key-1 approved")
			}
			// The first list is the plan's, for consumers of the same name, the second
			// one the apply's.
			w.expectRequests(t, slices.Concat([]string{"GET /login", "GET " + collection, "GET " + collection}, sent, []string{"GET /logout"})...)
			want := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: test.approved}
			w.expectOnServer(t, want)
			w.expectState(t, want, 1)

			w.expectUnchanged(t, config)
			w.expectRequests(t, oneList...)

			w.run(t, "destroy", "-auto-approve").mustSucceed(t)
			// The first removal of a process is verified.
			w.expectRequests(t, "GET /login", "GET "+collection, "DELETE "+collection+"/key-1", "GET "+collection+"/key-1", "GET /logout")
			w.expectOnServer(t)
		})
	}
}

func TestAccOAuthConsumer_update(t *testing.T) {
	t.Parallel()
	for combination := range 16 {
		before := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: combination&8 > 0}
		after, revision := before, 1
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
			w := newWorkspace(t)
			config := func(c emulator.Consumer) string {
				return w.config(consumer("name = "+quote(c.Name), "secret = "+quote(c.Secret), fmt.Sprintf("approved = %t", c.Approved)))
			}
			w.apply(t, config(before))
			w.requests()

			applied := w.apply(t, config(after))
			applied.expectNone(t)
			var action string
			var writes []string
			if len(changed) > 0 {
				action, writes = "update", patches(changed...)
			}
			applied.expectAction(t, action)
			w.expectWrites(t, writes...)
			w.expectOnServer(t, after)
			w.expectState(t, after, revision)
			w.expectUnchanged(t, config(after))
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
	for i, name := range []string{
		`"quoted" \ and 'so'`, "ü?#&=+%2F/..", " blanks around ", "${not} %{a} template", "<b>&amp;</b>", "line\u2028separator", "zero\u200bwidth", "日本語 🚪",
		strings.Repeat("long ", 200),
	} {
		config := w.config(consumer("name = "+quote(name), "secret = "+quote(name)))
		applied := w.apply(t, config)
		if strings.TrimSpace(name) == name {
			applied.expectNone(t)
		} else {
			applied.expect(t, "warning", "Secret begins or ends with white space", "sends the secret as it is", "trimspace()")
		}
		want := emulator.Consumer{Key: "key-1", Name: name, Secret: name}
		w.expectOnServer(t, want)
		w.expectState(t, want, i+1)
		w.plan(t, config).expectAction(t, "")
	}
}

func TestAccOAuthConsumer_awkwardKeys(t *testing.T) {
	t.Parallel()
	for key, escaped := range map[string]string{
		"a/b": "a%2Fb", ".": "%2E", "..": "%2E%2E", "%2F": "%252F", "ü?#&": "%C3%BC%3F%23&", "two words": "two%20words",
		`"quoted"`: "%22quoted%22", "a+b;c": "a+b%3Bc", "a\\b": "a%5Cb", "/": "%2F", "${x}": "$%7Bx%7D",
	} {
		t.Run(escaped, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, func(config *emulator.Config) { config.NewKey = func() string { return key } })
			w.apply(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
			w.requests()
			w.apply(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))).expectNone(t)
			w.expectWrites(t, "PATCH "+collection+"/"+escaped+" approved")
			want := emulator.Consumer{Key: key, Name: "doors", Approved: true}
			w.expectState(t, want, 1)

			elsewhere := w.workspace(t)
			elsewhere.apply(t, w.config(consumer(`name = "doors"`, `approved = true`), importBlock(key))).expectNone(t)
			elsewhere.expectState(t, want, 0)
			w.run(t, "destroy", "-auto-approve").mustSucceed(t)
			w.expectWrites(t, "DELETE "+collection+"/"+escaped)
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

func TestAccOAuthConsumer_namesake(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors"})
	config := w.config(consumer(`name = "doors"`, `secret = "s3cret"`))
	w.plan(t, config).expect(t, "warning", `OAuth consumer "doors" already exists`, `"made-by-hand"`, "terraform import")
	w.apply(t, config)
	w.expectState(t, emulator.Consumer{Key: "key-1", Name: "doors"}, 1)
	if got := len(w.server.Consumers()); got != 2 {
		t.Errorf("%d consumers on the server, want two", got)
	}
}

func TestAccOAuthConsumer_changedOutside(t *testing.T) {
	t.Parallel()
	for fields, change := range map[string]func(*emulator.Consumer){
		"name": func(c *emulator.Consumer) { c.Name = "renamed" },
		// The server refuses any signature now, which does not mean that the secret
		// has changed.
		"approved":      func(c *emulator.Consumer) { c.Approved = false },
		"approved,name": func(c *emulator.Consumer) { c.Name, c.Approved = "renamed", false },
	} {
		t.Run(fields, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := w.configDetecting(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
			w.apply(t, config)
			before := w.only(t)
			w.server.UpdateConsumer(before.Key, change)
			w.requests()

			w.plan(t, config).expectAction(t, "update")
			w.expectWrites(t)
			w.apply(t, config).expectNone(t)
			w.expectWrites(t, patches(strings.Split(fields, ",")...)...)
			w.expectOnServer(t, before)
		})
	}
}

func TestAccOAuthConsumer_removedOutside(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	config := w.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
	w.apply(t, config)
	w.server.RemoveConsumer("key-1")

	failed := w.applyFails(t, strings.ReplaceAll(config, "doors", "doors-next"), "-refresh=false")
	failed.expect(t, "error", "Unable to update OAuth consumer", `the name (to "doors-next")`, `"key-1"`, "404 Not Found", "Nothing was changed", "registers it again with a new key")
	w.expectState(t, emulator.Consumer{Key: "key-1", Name: "doors", Approved: true}, 1)

	planned := w.plan(t, config)
	planned.expect(t, "warning", `OAuth consumer "doors" was removed`, `"doors"`, `"key-1"`, "Applying this plan registers it again with a new key")
	planned.expectAction(t, "create")
	w.apply(t, config).expect(t, "warning", `OAuth consumer "doors" was removed`)
	want := emulator.Consumer{Key: "key-2", Name: "doors", Secret: "s3cret", Approved: true}
	w.expectOnServer(t, want)
	w.expectState(t, want, 1)
}

// Who adopted consumers without their secrets and loses one is told once, with both
// ways out, and who loses all of them is asked for the server.
func TestAccOAuthConsumer_adoptedRemoved(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	blocks, imports := map[string]string{}, ""
	for _, name := range []string{"a", "b", "c"} {
		w.server.AddConsumer(emulator.Consumer{Key: "key-of-" + name, Name: name})
		blocks[name] = named(name, "name = "+quote(name))
		imports += strings.Replace(importBlock("key-of-"+name), consumerAddress, "twcloud_oauth_consumer."+name, 1)
	}
	all := w.config(blocks["a"], blocks["b"], blocks["c"])
	w.apply(t, all+imports).expectNone(t)

	const rightServer = "No consumer of the state was found so far. Is http"
	w.server.RemoveConsumer("key-of-a")
	failed := w.planFails(t, all)
	failed.expect(t, "error", `OAuth consumer "a" was removed`, `(key "key-of-a")`, "set secret, or secret_wo", "removed block")
	if len(failed.Diagnostics) != 1 {
		t.Errorf("said %v, want one error", failed.Diagnostics)
	}
	// Both ways out.
	w.plan(t, w.config(blocks["b"], blocks["c"])).expectNone(t)
	w.plan(t, w.config(named("a", `name = "a"`, `secret = "s3cret"`), blocks["b"], blocks["c"])).
		expect(t, "warning", `OAuth consumer "a" was removed`, "Applying this plan registers it again with a new key")

	w.server.RemoveConsumer("key-of-b")
	w.server.RemoveConsumer("key-of-c")
	failed = w.planFails(t, all)
	for _, name := range []string{"a", "b", "c"} {
		failed.expect(t, "error", fmt.Sprintf("OAuth consumer %q was removed", name), rightServer, w.server.URL()+" (endpoint) the right server?")
	}
	failed.expectOnce(t, "To let it go, remove the resource")
}

func TestAccOAuthConsumer_allRemoved(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	config := w.config(manyOf("doors"))
	w.apply(t, config).expectNone(t)
	for _, consumer := range w.server.Consumers() {
		w.server.RemoveConsumer(consumer.Key)
	}
	planned := w.plan(t, config)
	for i := range manyConsumers {
		planned.expect(t, "warning", fmt.Sprintf(`OAuth consumer "doors-%d" was removed`, i), w.server.URL()+" (endpoint) the right server?")
	}
	planned.expectOnce(t, "Give the new key to every application")

	// What is not configured any more is not registered again.
	w.plan(t, w.config("")).expect(t, "warning", `OAuth consumer "doors-0" was removed`, "with a new key, if it is still configured.")
}

// A consumer that someone else removes can be destroyed, whenever that is noticed.
func TestAccOAuthConsumer_destroyRemoved(t *testing.T) {
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
			w := newWorkspace(t)
			w.apply(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
			w.requests()
			if test.late {
				w.server.SetOnRequest(func(request emulator.Request) {
					if request.Method == "DELETE" {
						w.server.RemoveConsumer("key-1")
					}
				})
			} else {
				w.server.RemoveConsumer("key-1")
			}
			w.run(t, slices.Concat([]string{"destroy", "-auto-approve"}, test.arguments)...).mustSucceed(t)
			w.expectWrites(t, test.deletes...)
			if left := w.state(t); left != nil {
				t.Errorf("still in state: %+v", left)
			}
		})
	}
}
