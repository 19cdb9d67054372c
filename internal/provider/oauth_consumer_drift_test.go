package provider_test

import (
	"slices"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestAccOAuthConsumer_changedOutside(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*twcloudtest.Consumer)
		fields string
	}{
		"name":     {change: func(c *twcloudtest.Consumer) { c.Name = "renamed" }, fields: "name"},
		"approval": {change: func(c *twcloudtest.Consumer) { c.Approved = false }, fields: "approved"},
		"both":     {change: func(c *twcloudtest.Consumer) { c.Name, c.Approved = "renamed", false }, fields: "approved,name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			config := h.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
			w.apply(t, config)
			before := h.only(t)
			h.server.UpdateConsumer(before.Key, test.change)
			h.requests()

			w.plan(t, config).expectAction(t, "update")
			if got := h.writes(); len(got) > 0 {
				t.Errorf("planning sent %q", got)
			}
			w.apply(t, config).expectNone(t)
			if got, want := h.writes(), []string{"PATCH " + collection + "/key-1 " + test.fields}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
			if after := h.only(t); after != before {
				t.Errorf("repaired to %+v, want %+v", after, before)
			}
		})
	}
}

func TestAccOAuthConsumer_removedOutside(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	config := h.config(consumer(`name = "doors"`, `secret = "s3cret"`, `approved = true`))
	w.apply(t, config)
	h.server.RemoveConsumer("key-1")

	planned := w.plan(t, config)
	planned.expect(t, "warning", `OAuth consumer "doors" was removed`, `"doors"`, `"key-1"`, "registers it again with a new key")
	planned.expectAction(t, "create")
	w.apply(t, config).expect(t, "warning", `OAuth consumer "doors" was removed`)
	if got, want := h.only(t), (twcloudtest.Consumer{Key: "key-2", Name: "doors", Secret: "s3cret", Approved: true}); got != want {
		t.Errorf("registered %+v, want %+v", got, want)
	}
	if got := w.state(t).Attributes; got.Key != "key-2" || got.SecretRevision != 1 {
		t.Errorf("in state: %+v", got)
	}
}

func TestAccOAuthConsumer_destroyRemoved(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arguments []string
		deletes   int
	}{
		"noticed by the refresh":      {arguments: nil},
		"noticed by the removal only": {arguments: []string{"-refresh=false"}, deletes: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
			h.server.RemoveConsumer("key-1")
			h.requests()

			w.run(t, append([]string{"destroy", "-auto-approve"}, test.arguments...)...).mustSucceed(t)
			if got := h.writes(); len(got) != test.deletes {
				t.Errorf("sent %q, want %d", got, test.deletes)
			}
			if left := w.state(t); left != nil {
				t.Errorf("still in state: %+v", left)
			}
		})
	}
}

func TestAccOAuthConsumer_updateRemoved(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`)))
	h.server.RemoveConsumer("key-1")
	failed := w.applyFails(t, h.config(consumer(`name = "doors-next"`, `secret = "s3cret"`)), "-refresh=false")
	failed.expect(t, "error", "Unable to update OAuth consumer", `the name (to "doors-next")`, `"key-1"`, "404 Not Found", "Nothing was changed", "registers it again with a new key")
	if got := w.state(t); got == nil || got.Attributes.Name != "doors" {
		t.Errorf("in state: %+v", got)
	}
}

func TestAccOAuthConsumer_namesake(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors"})
	w := h.workspace(t)
	config := h.config(consumer(`name = "doors"`, `secret = "s3cret"`))
	w.plan(t, config).expect(t, "warning", `OAuth consumer "doors" already exists`, `"made-by-hand"`, "terraform import")
	w.apply(t, config)
	if got := w.state(t).Attributes.Key; got != "key-1" {
		t.Errorf("key %q in state, want a new one", got)
	}
	if got := len(h.server.Consumers()); got != 2 {
		t.Errorf("%d consumers on the server, want two", got)
	}
}
