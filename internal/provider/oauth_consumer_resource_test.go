package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestAccOAuthConsumer_lifecycle(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.run(t,
		resource.TestStep{
			Config: h.config(consumer(`name = "doors"`, `secret = "s3cret"`)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionCreate),
				plancheck.ExpectUnknownValue(consumerAddress, tfjsonpath.New("key")),
				plancheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("secret_revision"), knownvalue.Int64Exact(1)),
				plancheck.ExpectSensitiveValue(consumerAddress, tfjsonpath.New("secret")),
			}},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("key"), knownvalue.StringExact("key-1")),
				statecheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("approved"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("secret_revision"), knownvalue.Int64Exact(1)),
			},
		},
		resource.TestStep{
			Config: h.config(consumer(`name = "doors-next"`, `secret = "n3w"`, `approved = true`)),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(consumerAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("key"), knownvalue.StringExact("key-1")),
				plancheck.ExpectKnownValue(consumerAddress, tfjsonpath.New("secret_revision"), knownvalue.Int64Exact(2)),
			}},
		},
		resource.TestStep{
			ResourceName: consumerAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIdentifierAttribute: "key",
			ImportStateIdFunc:       importKey,
			ImportStateVerifyIgnore: []string{"secret", "secret_revision"},
		},
	)
}

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
			h := newHarness(t)
			w := h.workspace(t)
			config := h.config(consumer(append(test.arguments, `name = "doors"`, `secret = "s3cret"`)...))

			w.apply(t, config).expectNone(t)
			// One list is the plan's, for namesakes, the other one the apply's.
			want := []string{"GET /login", "GET " + collection, "GET " + collection, "POST " + collection + " name,secret"}
			if test.approved {
				want = append(want, "PATCH "+collection+"/key-1 approved")
			} else {
				// The first registration of a process is confirmed: by the approval, or
				// else by a read.
				want = append(want, "GET "+collection+"/key-1")
			}
			if got := h.requests(); !slices.Equal(got, append(want, "GET /logout")) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if got, want := h.only(t), (twcloudtest.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: test.approved}); got != want {
				t.Errorf("registered %+v, want %+v", got, want)
			}

			unchanged := w.plan(t, config)
			unchanged.expectAction(t, "")
			unchanged.expectNone(t)
			if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
				t.Errorf("an empty plan sent %q, want %q", got, want)
			}

			w.run(t, "destroy", "-auto-approve").mustSucceed(t)
			// The first removal of a process is verified.
			if got, want := h.requests(), []string{"GET /login", "GET " + collection, "DELETE " + collection + "/key-1", "GET " + collection + "/key-1", "GET /logout"}; !slices.Equal(got, want) {
				t.Errorf("destroying sent %q, want %q", got, want)
			}
			if left := h.server.Consumers(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestAccOAuthConsumer_update(t *testing.T) {
	t.Parallel()
	arguments := func(name, secret string, approved bool) string {
		return consumer("name = "+quote(name), "secret = "+quote(secret), fmt.Sprintf("approved = %t", approved))
	}
	for combination := range 16 {
		fields := map[string]bool{"name": combination&1 > 0, "secret": combination&2 > 0, "approved": combination&4 > 0}
		approvedBefore := combination&8 > 0
		var changed []string
		for _, field := range []string{"approved", "name", "secret"} {
			if fields[field] {
				changed = append(changed, field)
			}
		}
		t.Run(fmt.Sprintf("%v, approved before: %t", changed, approvedBefore), func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			w.apply(t, h.config(arguments("doors", "s3cret", approvedBefore)))
			h.requests()

			want, revision := twcloudtest.Consumer{Key: "key-1", Name: "doors", Secret: "s3cret", Approved: approvedBefore}, 1
			if fields["name"] {
				want.Name = "doors-next"
			}
			if fields["secret"] {
				want.Secret, revision = "n3w", 2
			}
			if fields["approved"] {
				want.Approved = !want.Approved
			}
			config := h.config(arguments(want.Name, want.Secret, want.Approved))
			applied := w.apply(t, config)
			applied.expectNone(t)
			var wantAction string
			var wantWrites []string
			if len(changed) > 0 {
				wantAction = "update"
				wantWrites = []string{"PATCH " + collection + "/key-1 " + strings.Join(changed, ",")}
			}
			applied.expectAction(t, wantAction)
			if got := h.writes(); !slices.Equal(got, wantWrites) {
				t.Errorf("sent %q, want %q", got, wantWrites)
			}
			if got := h.only(t); got != want {
				t.Errorf("on the server: %+v, want %+v", got, want)
			}
			got := w.state(t).Attributes
			if got.Key != want.Key || got.Name != want.Name || got.Approved != want.Approved || got.SecretRevision != revision {
				t.Errorf("in state: %+v, want %+v with revision %d", got, want, revision)
			}
			w.plan(t, config).expectAction(t, "")
		})
	}
}

func TestAccOAuthConsumer_awkwardNames(t *testing.T) {
	t.Parallel()
	names := []string{
		`"quoted" \ and 'so'`, "ü?#&=+%2F/..", " blanks around ", "${not} %{a} template", "<b>&amp;</b>", "line\nbreak\ttab", "日本語 🚪",
		strings.Repeat("long ", 200),
	}
	h := newHarness(t)
	w := h.workspace(t)
	for _, name := range names {
		config := h.config(consumer("name = "+quote(name), "secret = "+quote(name)))
		applied := w.apply(t, config)
		if strings.TrimSpace(name) == name {
			applied.expectNone(t)
		} else {
			applied.expect(t, "warning", "Secret begins or ends with white space", "sends the secret as it is", "trimspace()")
		}
		if got, want := h.only(t), (twcloudtest.Consumer{Key: "key-1", Name: name, Secret: name}); got != want {
			t.Errorf("on the server: %+v, want %+v", got, want)
		}
		w.plan(t, config).expectAction(t, "")
	}
	if got := w.state(t).Attributes.SecretRevision; got != len(names) {
		t.Errorf("revision %d, want %d", got, len(names))
	}
}

func TestAccOAuthConsumer_awkwardKeys(t *testing.T) {
	t.Parallel()
	keys := map[string]string{
		"a/b": "a%2Fb", ".": "%2E", "..": "%2E%2E", "%2F": "%252F", "ü?#&": "%C3%BC%3F%23&", "two words": "two%20words",
		`"quoted"`: "%22quoted%22", "a+b;c": "a+b%3Bc", "a\\b": "a%5Cb", "/": "%2F", "${x}": "$%7Bx%7D",
	}
	for key, escaped := range keys {
		t.Run(escaped, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(config *twcloudtest.Config) { config.NewKey = func() string { return key } })
			w := h.workspace(t)
			w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
			h.requests()
			w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))).expectNone(t)
			if got, want := h.writes(), []string{"PATCH " + collection + "/" + escaped + " approved"}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if got := w.state(t).Attributes.Key; got != key {
				t.Errorf("key %q in state, want %q", got, key)
			}

			elsewhere := h.workspace(t)
			elsewhere.apply(t, h.config(consumer(`name = "doors"`, `approved = true`), importBlock(key))).expectNone(t)
			if got := elsewhere.state(t).Attributes.Key; got != key {
				t.Errorf("key %q in state after an import, want %q", got, key)
			}
			h.requests()
			w.run(t, "destroy", "-auto-approve").mustSucceed(t)
			// The first removal of a process is verified.
			if got, want := h.writes(), []string{"DELETE " + collection + "/" + escaped}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

func importBlock(key string) string {
	return "import {\n to = " + consumerAddress + "\n id = " + quote(key) + "\n}\n"
}

func TestAccOAuthConsumer_import(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors", Secret: "unknown", Approved: true})
	w := h.workspace(t)
	config := h.config(consumer(`name = "doors"`, `approved = true`))

	w.plan(t, config+importBlock("made-by-hand")).expectNone(t)
	w.write(t, config)
	w.run(t, "import", consumerAddress, "made-by-hand").mustSucceed(t)
	unchanged := w.plan(t, config)
	unchanged.expectAction(t, "")
	unchanged.expectNone(t)
	if got := w.state(t).Attributes; got.Key != "made-by-hand" || got.Name != "doors" || !got.Approved || got.Secret != nil || got.SecretRevision != 0 {
		t.Errorf("in state after the import: %+v", got)
	}

	w.apply(t, h.config(consumer(`name = "doors-next"`))).expectNone(t)
	if got, want := h.writes(), []string{"PATCH " + collection + "/made-by-hand approved,name"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if got, want := h.only(t), (twcloudtest.Consumer{Key: "made-by-hand", Name: "doors-next", Secret: "unknown"}); got != want {
		t.Errorf("on the server: %+v, want %+v", got, want)
	}
}

func TestAccOAuthConsumer_importUnknownKey(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors"})
	w := h.workspace(t)
	for _, key := range []string{"doors", "nobody's"} {
		failed := w.planFails(t, h.config(consumer(`name = "doors"`), importBlock(key)))
		failed.expect(t, "error", "No such OAuth consumer", fmt.Sprintf("no OAuth consumer with key %q", key), "not the name")
	}
	if got := h.writes(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}
