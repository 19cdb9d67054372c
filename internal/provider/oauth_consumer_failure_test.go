package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// registeredOnly is said of a consumer if what follows its registration fails.
var registeredOnly = []string{`OAuth consumer "doors" (key "key-1")`, "exists on the server (", "tainted", "terraform untaint", "with a new key"}

// The key of a consumer whose approval fails is in state: it is tainted, and either
// untainted or replaced.
func TestAccOAuthConsumer_notApproved(t *testing.T) {
	t.Parallel()
	for _, untaint := range []bool{true, false} {
		w := newWorkspace(t)
		w.server.Inject(emulator.Fault{Kind: emulator.InternalError500, Method: http.MethodPatch})
		config := w.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
		w.applyFails(t, config).expect(t, "error", "OAuth consumer registered, but its approval failed", append(registeredOnly,
			`Approving OAuth consumer "doors" (key "key-1") failed: PATCH /osmc/admin/oauthconsumers/key-1: the server failed: 500 Internal Server Error`)...)
		want := w.only(t)
		w.expectState(t, want, 1)
		if got := w.state(t).Status; got != "tainted" {
			t.Errorf("the status in state is %q, want tainted", got)
		}
		w.requests()
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
func TestOAuthConsumer_noneApproved(t *testing.T) {
	t.Parallel()
	config := many("doors")
	for i := range manyConsumers {
		config[fmt.Sprintf("t%d", i)]["approved"] = i > 2
	}
	for cause, fault := range map[string]emulator.Fault{
		"400 Bad Request": {Kind: emulator.AnswerWith, Status: http.StatusBadRequest}, "EOF": {Kind: emulator.DropBefore},
	} {
		r := newRuns(t)
		fault.Method, fault.Times = http.MethodPatch, -1
		r.server.Inject(fault)
		r.applyFails(t, config).expect(t, "error", "OAuth consumer registered, but its approval failed", cause)
		if got := len(r.server.Consumers()); got > 3+1 {
			t.Errorf("%d consumers were registered", got)
		}
	}
}

// Someone renames a consumer before it is approved. It is not tainted, and Terraform
// does not blame the provider.
func TestOAuthConsumer_renamedBeforeApproval(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	r.server.SetOnRequest(func(request emulator.Request) {
		if request.Call == "approve" {
			r.server.UpdateConsumer("key-1", func(c *emulator.Consumer) { c.Name = "theirs" })
		}
	})
	config := one(secretForms["secret"])
	want := emulator.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: true}
	r.apply(t, config).expect(t, "warning", `OAuth consumer "doors" has another name now`, `OAuth consumer "theirs" (key "key-1")`)
	r.expectState(t, want, 1)
	r.apply(t, config).expectAction(t, "update")
	r.expectOnServer(t, want)
}

// The response to a registration is lost, and its secret can then not be set again.
func TestOAuthConsumer_uncertainSecret(t *testing.T) {
	t.Parallel()
	for name, form := range secretForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			r.server.Inject(emulator.Fault{Kind: emulator.DropAfter, Method: http.MethodPost},
				emulator.Fault{Kind: emulator.InternalError500, Method: http.MethodPatch})
			r.applyFails(t, one(form)).expect(t, "error", "OAuth consumer registered, but not confirmed", registeredOnly...)
			want := r.only(t)
			r.expectState(t, want, 0)
			r.requests()
			r.apply(t, one(form)).expectNone(t)
			r.expectWrites(t, patches("approved", "secret")...)
			want.Approved = true
			r.expectState(t, want, 1)
			r.expectUnchanged(t, one(form))
		})
	}
}

func TestOAuthConsumer_storedNameDiffers(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	r.server.Inject(emulator.Fault{
		Kind: emulator.AnswerWith, Method: http.MethodPost, Status: http.StatusCreated,
		Body: `{"key":"key-1","name":"DOORS","approved":false}`,
	})
	stored := emulator.Consumer{Key: "key-1", Name: "DOORS", Secret: "s3cret"}
	r.server.SetOnRequest(func(request emulator.Request) {
		if request.Method == http.MethodPost {
			r.server.AddConsumer(stored)
		}
	})
	r.applyFails(t, one(fields{"secret": "s3cret"})).
		expect(t, "error", "The server stores another name", `the server stores another name: "DOORS"`, `"key-1"`, "Write the name", "terraform untaint")
	r.expectState(t, stored, 1)
}

// A renaming does the same, and the message has the name from before.
func TestOAuthConsumer_otherNameAfterUpdate(t *testing.T) {
	t.Parallel()
	r := newRuns(t, withQuirk("name-lower-case"), withoutContract)
	r.apply(t, one(fields{"secret": "s3cret"}))
	r.applyFails(t, one(fields{"name": "Gates", "secret": "s3cret"})).
		expect(t, "error", "Unable to update OAuth consumer", `of OAuth consumer "doors"`, `the name is "gates"`, "Write the name")
	r.apply(t, one(fields{"name": "gates", "secret": "s3cret"})).expectNone(t)
}

func TestOAuthConsumer_registrationRefused(t *testing.T) {
	t.Parallel()
	r := newRuns(t, func(config *emulator.Config) { config.UniqueNames = true })
	before := r.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors"})
	r.applyFails(t, one(fields{"secret": "s3cret"})).expect(t, "error", "Unable to register OAuth consumer",
		"409 Conflict: a consumer of this name exists already", "Nothing was registered", "may not allow two consumers with one name")
	r.expectOnServer(t, before)
}

func TestOAuthConsumer_updateRefused(t *testing.T) {
	t.Parallel()
	r := newRuns(t)
	r.apply(t, one(fields{"secret": "s3cret"}))
	r.server.Inject(emulator.Fault{Kind: emulator.AnswerWith, Method: http.MethodPatch, Status: http.StatusBadRequest, Body: `{"message":"too short"}`})
	config := one(fields{"name": "doors-next", "secret": "n3w", "approved": true})
	r.applyFails(t, config).expect(t, "error", "Unable to update OAuth consumer",
		`Setting the name (to "doors-next"), the secret and the approval (to true) of OAuth consumer "doors" (key "key-1") failed`,
		"400 Bad Request: too short", "Nothing was changed", "Change the configuration as the server says")
	r.expectState(t, r.only(t), 1)
	if got := r.state["test"].values["secret"]; got != "s3cret" {
		t.Errorf("the secret %v is in state", got)
	}

	// The secret is still due.
	r.requests()
	r.apply(t, config).expectNone(t)
	r.expectWrites(t, "PATCH "+collection+"/key-1 name,secret", "PATCH "+collection+"/key-1 approved")
}

func TestOAuthConsumer_removalRefused(t *testing.T) {
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
			r := newRuns(t, withoutContract)
			r.apply(t, one(fields{"secret": "s3cret"}))
			if test.fault != 0 {
				r.server.Inject(emulator.Fault{Kind: test.fault, Method: http.MethodDelete})
			}
			if test.elsewhere {
				r.block["api_profile_file"] = writeFile(t, "profile.json", elsewhere(t, "/osmc/elsewhere"))
			}
			failed := r.applyFails(t, nil, "-refresh=false")
			failed.expectFailure(t, append(test.want, `Removing OAuth consumer "doors" (key "key-1") failed`)...)
			r.expectState(t, r.only(t), 1)

			r.block = fields{}
			r.apply(t, nil).expectNone(t)
			r.expectOnServer(t)
			if len(r.state) > 0 {
				t.Error("still in state")
			}
		})
	}
}

func TestOAuthConsumer_invalid(t *testing.T) {
	t.Parallel()
	valid := fields{"name": "doors", "secret": "s3cret"}
	for name, test := range map[string]struct {
		attributes          fields
		summary, detail, at string
	}{
		"no secret":                {fields{"secret": nil}, "Missing secret", "secret_wo", "secret"},
		"blank name":               {fields{"name": " "}, "Blank value", "name must not be blank", "name"},
		"line break in the name":   {fields{"name": "do\nors"}, "Control character in a name", `this one is "do\nors"`, "name"},
		"escape in the name":       {fields{"name": "\x1b[31mdoors"}, "Control character in a name", `"\x1b[31mdoors"`, "name"},
		"blank secret":             {fields{"secret": ""}, "Blank value", "secret must not be blank", "secret"},
		"both secrets":             {fields{"secret_wo": "s3cret"}, "Invalid Attribute Combination", "secret and secret_wo are both set", ""},
		"version alone":            {fields{"secret_wo_version": 1}, "Invalid Attribute Combination", `"secret_wo" must be specified when "secret_wo_version" is specified`, "secret_wo_version"},
		"key in the configuration": {fields{"key": "mine"}, "Invalid Configuration for Read-Only Attribute", "", "key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			failed := r.planFails(t, one(valid, test.attributes))
			failed.expect(t, "error", test.summary, test.detail)
			want := ""
			if test.at != "" {
				want = fmt.Sprintf("AttributeName(%q)", test.at)
			}
			if got := failed.Diagnostics[0].at; got != want {
				t.Errorf("points at %q, want %q", got, want)
			}
			r.expectRequests(t)
		})
	}
}

// A response that does not read stops the other registrations, although its consumer is
// adopted. The warning of that has the advice, and the errors refer to it.
func TestOAuthConsumer_unreadableRegistration(t *testing.T) {
	t.Parallel()
	r := newRuns(t, withoutContract)
	r.server.Inject(emulator.Fault{Kind: emulator.BadJSON, Method: http.MethodPost, Times: -1})
	failed := r.applyFails(t, many("gates"))
	adopted := r.only(t)
	failed.expect(t, "warning", fmt.Sprintf("OAuth consumer %q adopted with key %q", adopted.Name, adopted.Key), "cannot be read", "When your server differs")
	for _, d := range failed.Diagnostics {
		if d.Severity == "error" && !strings.Contains(d.Detail, "cannot be read: 201 Created: the body is not JSON: unexpected EOF. Address: ") {
			t.Error(d)
		}
	}
}
