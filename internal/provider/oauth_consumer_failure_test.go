package provider_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// notApproved leaves a consumer on the server whose approval has failed.
func notApproved(t *testing.T) (*harness, *workspace, string) {
	t.Helper()
	h := newHarness(t)
	w := h.workspace(t)
	h.server.Inject(twcloudtest.Fault{Kind: twcloudtest.InternalError500, Method: http.MethodPatch})
	config := h.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
	w.applyFails(t, config).expect(t, "error", "OAuth consumer registered, but not approved",
		`Approving OAuth consumer "doors" (key "key-1") failed`, "500 Internal Server Error", "exists on the server (not approved)", "tainted",
		"terraform untaint", "with a new key")
	if got := w.state(t); got == nil || got.Status != "tainted" || got.Attributes.Key != "key-1" || got.Attributes.Approved {
		t.Fatalf("in state: %+v", got)
	}
	h.requests()
	return h, w, config
}

func TestAccOAuthConsumer_untaint(t *testing.T) {
	t.Parallel()
	h, w, config := notApproved(t)
	w.run(t, "untaint", consumerAddress).mustSucceed(t)
	w.apply(t, config).expectNone(t)
	if got, want := h.writes(), []string{"PATCH " + collection + "/key-1 approved"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if got, want := h.only(t), (twcloudtest.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: true}); got != want {
		t.Errorf("on the server: %+v, want %+v", got, want)
	}
	w.plan(t, config).expectAction(t, "")
}

func TestAccOAuthConsumer_replaceTainted(t *testing.T) {
	t.Parallel()
	h, w, config := notApproved(t)
	applied := w.apply(t, config)
	applied.expectAction(t, "replace")
	applied.expectNone(t)
	want := []string{
		"DELETE " + collection + "/key-1", "POST " + collection + " name,secret", "PATCH " + collection + "/key-2 approved",
	}
	if got := h.writes(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if got := h.only(t); got.Key != "key-2" || !got.Approved {
		t.Errorf("on the server: %+v", got)
	}
}

func TestAccOAuthConsumer_update_fails(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
	h.server.Inject(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Method: http.MethodPatch, Status: http.StatusBadRequest, Body: `{"message":"too short"}`})
	config := h.config(consumer(`name = "doors-next"`, `secret = "n3w"`, `approved = true`))
	w.applyFails(t, config).expect(t, "error", "Unable to update OAuth consumer",
		`Setting the name (to "doors-next"), the secret and the approval (to true) of OAuth consumer "doors" (key "key-1") failed`,
		"400 Bad Request: too short", "Nothing was changed", "Change the configuration as the server says")
	if got := w.state(t); got.Status != "" || got.Attributes.Name != "doors" || got.Attributes.SecretRevision != 1 || *got.Attributes.Secret != "s3cret" {
		t.Errorf("in state: %+v", got)
	}

	// The secret is still known to be due.
	h.requests()
	w.apply(t, config).expectNone(t)
	if got, want := h.writes(), []string{"PATCH " + collection + "/key-1 approved,name,secret"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestAccOAuthConsumer_remove(t *testing.T) {
	t.Parallel()
	const elsewhere = `oauth_consumers_path = "/osmc/elsewhere"`
	tests := map[string]struct {
		fault    twcloudtest.FaultKind
		provider []string
		want     []string
	}{
		"answered with a web page": {
			fault: twcloudtest.WebPage,
			want:  []string{"200 OK", `"Sign in"`, "stays in state", "The port may be wrong"},
		},
		"answered with a redirect": {
			fault: twcloudtest.Redirect302,
			want:  []string{"302 Found", "/authentication/login", "stays in state", "asks you to sign in"},
		},
		"refused": {
			fault: twcloudtest.Forbidden403,
			want:  []string{"403 Forbidden", "stays in state", "Configure Server"},
		},
		"a 404 of another path": {
			provider: []string{elsewhere},
			want:     []string{"404 Not Found", "stays in state", "set oauth_consumers_path"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, withoutContract)
			w := h.workspace(t)
			w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
			if test.fault != 0 {
				h.server.Inject(twcloudtest.Fault{Kind: test.fault, Method: http.MethodDelete})
			}

			failed := w.applyFails(t, h.providerBlock(append(test.provider, asAdmin)...), "-refresh=false")
			failed.expectFailure(t, append(test.want, `Removing OAuth consumer "doors" (key "key-1") failed`)...)
			if w.state(t) == nil {
				t.Error("the consumer is no longer in state")
			}
			if got := len(h.server.Consumers()); got != 1 {
				t.Fatalf("%d consumers on the server, want one", got)
			}

			w.apply(t, h.config()).expectNone(t)
			if w.state(t) != nil || len(h.server.Consumers()) > 0 {
				t.Error("the consumer was not removed after all")
			}
		})
	}
}

// TestAccOAuthConsumer_removeNoticed is about a consumer that goes between the
// refresh and the removal.
func TestAccOAuthConsumer_removeNoticed(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
	h.server.SetOnRequest(func(request twcloudtest.Request) {
		if request.Method == http.MethodDelete {
			h.server.RemoveConsumer("key-1")
		}
	})
	w.apply(t, h.config()).expectNone(t)
	if w.state(t) != nil {
		t.Error("still in state")
	}
}

func TestAccOAuthConsumer_storedNameDiffers(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	h.server.Inject(twcloudtest.Fault{
		Kind: twcloudtest.AnswerWith, Method: http.MethodPost, Status: http.StatusCreated,
		Body: `{"key":"key-1","name":"DOORS","approved":false}`,
	})
	h.server.SetOnRequest(func(request twcloudtest.Request) {
		if request.Method == http.MethodPost {
			h.server.AddConsumer(twcloudtest.Consumer{Key: "key-1", Name: "DOORS", Secret: "s3cret"})
		}
	})
	w.applyFails(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`))).
		expect(t, "error", "The server stores another name", `sent the name "doors", and the server stores "DOORS"`, `"key-1"`, "Write the name")
	if got := w.state(t); got == nil || got.Attributes.Key != "key-1" {
		t.Errorf("in state: %+v", got)
	}
}

func TestAccOAuthConsumer_invalid(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arguments []string
		summary   string
		detail    []string
		snippet   string
	}{
		"no secret": {
			arguments: []string{`name = "doors"`},
			summary:   "Missing secret", detail: []string{"secret_wo", "imported"},
		},
		"blank name": {
			arguments: []string{`name = " "`, `secret = "s3cret"`},
			summary:   "Invalid Attribute Value Match", detail: []string{"name must not be blank"}, snippet: `name = " "`,
		},
		"blank secret": {
			arguments: []string{`name = "doors"`, `secret = ""`},
			summary:   "Invalid Attribute Value Match", detail: []string{"secret must not be blank"}, snippet: `secret = ""`,
		},
		"both secrets": {
			arguments: []string{`name = "doors"`, `secret = "s3cret"`, `secret_wo = "s3cret"`},
			summary:   "Invalid Attribute Combination", detail: []string{`"secret_wo" cannot be specified when "secret" is specified`},
		},
		"version alone": {
			arguments: []string{`name = "doors"`, `secret = "s3cret"`, `secret_wo_version = 1`},
			summary:   "Invalid Attribute Combination", detail: []string{`"secret_wo" must be specified when "secret_wo_version" is specified`},
		},
		"key in the configuration": {
			arguments: []string{`name = "doors"`, `secret = "s3cret"`, `key = "mine"`},
			summary:   "Invalid Configuration for Read-Only Attribute", snippet: `key = "mine"`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			failed := h.workspace(t).planFails(t, h.config(consumer(test.arguments...)))
			failed.expect(t, "error", test.summary, test.detail...)
			if got := failed.Diagnostics[0].Snippet; test.snippet != "" && (got == nil || got.Code != test.snippet) {
				t.Errorf("points at %v, want %q", got, test.snippet)
			}
			if got := h.requests(); len(got) > 0 {
				t.Errorf("sent %q", got)
			}
		})
	}
}

// TestAccOAuthConsumer_uncertainSecret is about a registration whose answer was
// lost, and whose secret could then not be set again.
func TestAccOAuthConsumer_uncertainSecret(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	for name, arguments := range secretForms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			h.server.Inject(twcloudtest.Fault{Kind: twcloudtest.DropAfter, Method: http.MethodPost},
				twcloudtest.Fault{Kind: twcloudtest.InternalError500, Method: http.MethodPatch})
			config := h.config(consumer(arguments...))
			w.applyFails(t, config).expect(t, "error", "OAuth consumer registered, but not confirmed",
				`OAuth consumer "doors" (key "key-1") exists on the server (not approved)`, "terraform untaint", "with a new key")
			if got := w.state(t); got == nil || got.Status != "tainted" || got.Attributes.Key != "key-1" || got.Attributes.SecretRevision != 0 {
				t.Fatalf("in state: %+v", got)
			}

			h.requests()
			w.run(t, "untaint", consumerAddress).mustSucceed(t)
			w.apply(t, config).expectNone(t)
			if got, want := h.writes(), []string{"PATCH " + collection + "/key-1 approved,secret"}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if got := w.state(t).Attributes.SecretRevision; got != 1 {
				t.Errorf("revision %d, want 1", got)
			}
			w.plan(t, config).expectAction(t, "")
		})
	}
}

// TestAccOAuthConsumer_lostAnswer is about registrations whose answer was lost.
func TestAccOAuthConsumer_lostAnswer(t *testing.T) {
	t.Parallel()
	for _, kind := range []twcloudtest.FaultKind{
		twcloudtest.DropBefore, twcloudtest.DropAfter, twcloudtest.Status502Before, twcloudtest.Status502After, twcloudtest.HalfBody,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			h.server.Inject(twcloudtest.Fault{Kind: kind, Method: http.MethodPost})
			config := h.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
			w.apply(t, config).expectNone(t)
			if got := h.only(t); got.Secret != "s3cret" || !got.Approved || w.state(t).Attributes.Key != got.Key {
				t.Errorf("on the server: %+v", got)
			}
			w.plan(t, config).expectAction(t, "")
		})
	}
}
