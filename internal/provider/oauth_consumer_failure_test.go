package provider_test

import (
	"net/http"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// notConfirmed applies a configuration whose registration succeeds, and whose
// following call fails. It returns what the server has then.
func (w *workspace) notConfirmed(t *testing.T, config, summary, cause string, revision int) emulator.Consumer {
	t.Helper()
	w.applyFails(t, config).expect(t, "error", summary, cause, `OAuth consumer "doors" (key "key-1")`, "exists on the server (",
		"tainted", "terraform untaint", "with a new key")
	registered := w.only(t)
	w.expectState(t, registered, revision)
	if got := w.state(t).Status; got != "tainted" {
		t.Errorf("the status in state is %q, want tainted", got)
	}
	w.requests()
	return registered
}

// The key of a consumer whose approval fails is in state: it is tainted, and either
// untainted or replaced.
func TestAccOAuthConsumer_notApproved(t *testing.T) {
	t.Parallel()
	for _, untaint := range []bool{true, false} {
		w := newWorkspace(t)
		w.server.Inject(emulator.Fault{Kind: emulator.InternalError500, Method: http.MethodPatch})
		config := w.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
		want := w.notConfirmed(t, config, "OAuth consumer registered, but its approval failed",
			`Approving OAuth consumer "doors" (key "key-1") failed: PATCH /osmc/admin/oauthconsumers/key-1: the server failed: 500 Internal Server Error`, 1)
		want.Approved = true
		action, writes := "update", []string{"PATCH " + collection + "/key-1 approved"}
		if untaint {
			w.run(t, "untaint", consumerAddress).mustSucceed(t)
		} else {
			want.Key, action = "key-2", "replace"
			writes = []string{"DELETE " + collection + "/key-1", "POST " + collection + " name,secret", "PATCH " + collection + "/key-2 approved"}
		}
		applied := w.apply(t, config)
		applied.expectAction(t, action)
		applied.expectNone(t)
		w.expectWrites(t, writes...)
		w.expectOnServer(t, want)
		w.expectUnchanged(t, config)
	}
}

// Of ten consumers, one shows that the server approves none, whichever comes first.
func TestAccOAuthConsumer_noneApproved(t *testing.T) {
	t.Parallel()
	for cause, fault := range map[string]emulator.Fault{
		"400 Bad Request": {Kind: emulator.AnswerWith, Status: http.StatusBadRequest}, "EOF": {Kind: emulator.DropBefore},
	} {
		w := newWorkspace(t)
		fault.Method, fault.Times = http.MethodPatch, -1
		w.server.Inject(fault)
		w.applyFails(t, w.config(consumer("count = 10", `name = "doors-${count.index}"`, `secret = "s3cret"`, "approved = count.index > 2"))).
			expect(t, "error", "OAuth consumer registered, but its approval failed", cause)
		if got := len(w.server.Consumers()); got > 3+1 {
			t.Errorf("%d consumers were registered", got)
		}
	}
}

// Someone renames a consumer before it is approved. It is not tainted, and Terraform
// does not blame the provider.
func TestAccOAuthConsumer_renamedBeforeApproval(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.server.SetOnRequest(func(r emulator.Request) {
		if r.Call == "approve" {
			w.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Name = "theirs" })
		}
	})
	config := w.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
	want := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: true}
	w.apply(t, config).expect(t, "warning", `OAuth consumer "doors" has another name now`, `OAuth consumer "theirs" (key "key-1")`)
	w.expectState(t, want, 1)
	w.apply(t, config).expectAction(t, "update")
	w.expectOnServer(t, want)
}

// The answer to a registration is lost, and its secret can then not be set again.
func TestAccOAuthConsumer_uncertainSecret(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	for name, arguments := range secretForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			w.server.Inject(emulator.Fault{Kind: emulator.DropAfter, Method: http.MethodPost},
				emulator.Fault{Kind: emulator.InternalError500, Method: http.MethodPatch})
			config := w.config(consumer(arguments...))
			want := w.notConfirmed(t, config, "OAuth consumer registered, but not confirmed", "failed", 0)
			w.run(t, "untaint", consumerAddress).mustSucceed(t)
			w.apply(t, config).expectNone(t)
			w.expectWrites(t, patches("approved", "secret")...)
			want.Approved = true
			w.expectState(t, want, 1)
			w.expectUnchanged(t, config)
		})
	}
}

func TestAccOAuthConsumer_storedNameDiffers(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.server.Inject(emulator.Fault{
		Kind: emulator.AnswerWith, Method: http.MethodPost, Status: http.StatusCreated,
		Body: `{"key":"key-1","name":"DOORS","approved":false}`,
	})
	stored := emulator.Consumer{Key: "key-1", Name: "DOORS", Secret: "s3cret"}
	w.server.SetOnRequest(func(request emulator.Request) {
		if request.Method == http.MethodPost {
			w.server.AddConsumer(stored)
		}
	})
	w.applyFails(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`))).
		expect(t, "error", "The server stores another name", `the server stores "DOORS"`, `"key-1"`, "Write the name", "terraform untaint")
	w.expectState(t, stored, 1)
}

// A renaming does the same, and the message has the name from before.
func TestAccOAuthConsumer_otherNameAfterUpdate(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, withQuirk("name-lower-case"), withoutContract)
	w.apply(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
	w.applyFails(t, w.config(consumer(`name = "Gates"`, `secret = "s3cret"`))).
		expect(t, "error", "Unable to update OAuth consumer", `of OAuth consumer "doors"`, `the name is "gates"`, "Write the name")
	w.apply(t, w.config(consumer(`name = "gates"`, `secret = "s3cret"`))).expectNone(t)
}

func TestAccOAuthConsumer_registrationRefused(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, func(config *emulator.Config) { config.UniqueNames = true })
	before := w.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors"})
	w.applyFails(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`))).expect(t, "error", "Unable to register OAuth consumer",
		"409 Conflict: a consumer of this name exists already", "Nothing was registered", "may not allow two consumers with one name")
	w.expectOnServer(t, before)
}

func TestAccOAuthConsumer_updateRefused(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	w.apply(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
	w.server.Inject(emulator.Fault{Kind: emulator.AnswerWith, Method: http.MethodPatch, Status: http.StatusBadRequest, Body: `{"message":"too short"}`})
	config := w.config(consumer(`name = "doors-next"`, `secret = "n3w"`, `approved = true`))
	w.applyFails(t, config).expect(t, "error", "Unable to update OAuth consumer",
		`Setting the name (to "doors-next"), the secret and the approval (to true) of OAuth consumer "doors" (key "key-1") failed`,
		"400 Bad Request: too short", "Nothing was changed", "Change the configuration as the server says")
	w.expectState(t, w.only(t), 1)
	if got := w.state(t); got.Status != "" || *got.Attributes.Secret != "s3cret" {
		t.Errorf("in state: %+v", got)
	}

	// The secret is still due.
	w.requests()
	w.apply(t, config).expectNone(t)
	w.expectWrites(t, "PATCH "+collection+"/key-1 name,secret", "PATCH "+collection+"/key-1 approved")
}

func TestAccOAuthConsumer_removalRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault emulator.FaultKind
		// elsewhere says that the API profile has another path.
		elsewhere bool
		want      []string
	}{
		"answered with a web page": {
			fault: emulator.WebPage,
			want:  []string{"200 OK", `"Sign in"`, "stays in state", "The port may be wrong"},
		},
		"answered with a redirect": {
			fault: emulator.Redirect302,
			want:  []string{"302 Found", "/authentication/login", "stays in state", "asks you to sign in"},
		},
		"refused": {
			fault: emulator.Forbidden403,
			want:  []string{"403 Forbidden", "stays in state", "Configure Server"},
		},
		"a 404 of another path": {
			elsewhere: true,
			want:      []string{"404 Not Found", "stays in state", "When your server differs"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, withoutContract)
			w.apply(t, w.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
			if test.fault != 0 {
				w.server.Inject(emulator.Fault{Kind: test.fault, Method: http.MethodDelete})
			}
			block := w.providerBlock(asAdmin)
			if test.elsewhere {
				block = w.profileBlock(t, elsewhere(t, "/osmc/elsewhere"))
			}
			failed := w.applyFails(t, block, "-refresh=false")
			failed.expectFailure(t, append(test.want, `Removing OAuth consumer "doors" (key "key-1") failed`)...)
			w.expectState(t, w.only(t), 1)

			w.apply(t, w.config()).expectNone(t)
			w.expectOnServer(t)
			if w.state(t) != nil {
				t.Error("still in state")
			}
		})
	}
}

func TestAccOAuthConsumer_invalid(t *testing.T) {
	t.Parallel()
	const name, secret = `name = "doors"`, `secret = "s3cret"`
	tests := map[string]struct {
		arguments []string
		summary   string
		detail    string
		snippet   string
	}{
		"no secret":                {[]string{name}, "Missing secret", "secret_wo", ""},
		"blank name":               {[]string{`name = " "`, secret}, "Blank value", "name must not be blank", `name = " "`},
		"line break in the name":   {[]string{`name = "do\nors"`, secret}, "Control character in a name", `this one is "do\nors"`, `name = "do\nors"`},
		"escape in the name":       {[]string{`name = "\u001b[31mdoors"`, secret}, "Control character in a name", `"\x1b[31mdoors"`, ""},
		"blank secret":             {[]string{name, `secret = ""`}, "Blank value", "secret must not be blank", `secret = ""`},
		"both secrets":             {[]string{name, secret, `secret_wo = "s3cret"`}, "Invalid Attribute Combination", `"secret_wo" cannot be specified when "secret" is specified`, ""},
		"version alone":            {[]string{name, secret, `secret_wo_version = 1`}, "Invalid Attribute Combination", `"secret_wo" must be specified when "secret_wo_version" is specified`, ""},
		"key in the configuration": {[]string{name, secret, `key = "mine"`}, "Invalid Configuration for Read-Only Attribute", "", `key = "mine"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			failed := w.planFails(t, w.config(consumer(test.arguments...)))
			failed.expect(t, "error", test.summary, test.detail)
			if got := failed.Diagnostics[0].Snippet; test.snippet != "" && (got == nil || got.Code != test.snippet) {
				t.Errorf("points at %v, want %q", got, test.snippet)
			}
			w.expectRequests(t)
		})
	}
}
