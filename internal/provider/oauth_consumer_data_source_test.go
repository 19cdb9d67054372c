package provider_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// consumerSource is the data source of the tests, with what it finds as the
// output "found".
func consumerSource(arguments string) string {
	return "data \"twcloud_oauth_consumer\" \"test\" {\n" + arguments + "\n}\noutput \"found\" {\n  value = data.twcloud_oauth_consumer.test\n}\n"
}

// newBrownfield is a server with consumers that somebody made by hand, two of
// which share a name.
func newBrownfield(t *testing.T, options ...func(*twcloudtest.Config)) *harness {
	t.Helper()
	h := newHarness(t, options...)
	for _, consumer := range []twcloudtest.Consumer{
		{Key: "k3", Name: "twin", Secret: "not-told"},
		{Key: "k1", Name: "doors", Secret: "not-told", Approved: true},
		{Key: "k2", Name: "twin", Secret: "not-told", Approved: true},
		{Key: "k4", Name: "Doors", Secret: "not-told"},
	} {
		h.server.AddConsumer(consumer)
	}
	return h
}

func TestAccOAuthConsumerDataSource(t *testing.T) {
	t.Parallel()
	doors := map[string]any{"key": "k1", "name": "doors", "approved": true}
	tests := map[string]struct {
		arguments string
		want      map[string]any
	}{
		"by key":                    {arguments: `key = "k1"`, want: doors},
		"by name":                   {arguments: `name = "doors"`, want: doors},
		"a twin by key":             {arguments: `key = "k3"`, want: map[string]any{"key": "k3", "name": "twin", "approved": false}},
		"letter case counts":        {arguments: `name = "Doors"`, want: map[string]any{"key": "k4", "name": "Doors", "approved": false}},
		"the other one may be null": {arguments: "key = null\nname = \"doors\"", want: doors},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newBrownfield(t)
			w := h.workspace(t)
			w.apply(t, h.config(consumerSource(test.arguments))).expectNone(t)
			if diff := cmp.Diff(any(test.want), w.output(t, "found")); diff != "" {
				t.Error(diff)
			}
			if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

func TestAccOAuthConsumerDataSource_fails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arguments string
		summary   string
		words     []string
		// invalid says that the configuration alone is at fault.
		invalid bool
	}{
		"no such key":   {arguments: `key = "doors"`, summary: "No such OAuth consumer", words: []string{`no OAuth consumer with key "doors"`}},
		"no such name":  {arguments: `name = "door"`, summary: "No such OAuth consumer", words: []string{`no OAuth consumer named "door"`, "must match exactly"}},
		"a shared name": {arguments: `name = "twin"`, summary: "Several OAuth consumers have this name", words: []string{`2 OAuth consumers named "twin"`, `"k2", "k3"`, "Set key"}},
		"neither":       {summary: "Invalid Attribute Combination", words: []string{"key", "name"}, invalid: true},
		"both":          {arguments: "key = \"k1\"\nname = \"doors\"", summary: "Invalid Attribute Combination", words: []string{"key", "name"}, invalid: true},
		"a blank key":   {arguments: `key = " "`, summary: "Invalid Attribute Value Match", invalid: true},
		"a blank name":  {arguments: `name = ""`, summary: "Invalid Attribute Value Match", invalid: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newBrownfield(t)
			w := h.workspace(t)
			failed := w.planFails(t, h.config(consumerSource(test.arguments)))
			failed.expect(t, "error", test.summary, test.words...)
			if got := h.requests(); test.invalid && len(got) > 0 {
				t.Errorf("an invalid configuration sent %q", got)
			}
		})
	}
}

// A data source whose argument comes from a resource that is yet to be
// registered is read once that has been done, from what is known by then.
func TestAccOAuthConsumerDataSource_afterCreate(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	config := h.config(consumer(`name = "doors"`, `secret = "s3cret"`), consumerSource("key = "+consumerAddress+".key"))
	w.apply(t, config).expectNone(t)
	want := map[string]any{"key": "key-1", "name": "doors", "approved": false}
	if diff := cmp.Diff(any(want), w.output(t, "found")); diff != "" {
		t.Error(diff)
	}
	h.requests()
	w.plan(t, config).expectNone(t)
	if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// The provider's own configuration may depend on what is yet to be created: what
// needs the server then says so, and names the argument.
func TestAccProvider_unknownConfiguration(t *testing.T) {
	t.Parallel()
	unknown := func(h *harness, more string) string {
		return "resource \"terraform_data\" \"endpoint\" {\n  input = " + quote(h.server.URL()) + "\n}\n" +
			providerBlock("endpoint = terraform_data.endpoint.output", "webapp_endpoint = "+quote(h.server.WebAppURL()), asAdmin) + more
	}
	for name, source := range map[string]string{
		"twcloud_oauth_consumer":  `name = "doors"`,
		"twcloud_oauth_consumers": "",
		"twcloud_oauth_endpoints": "",
		"twcloud_server":          "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newBrownfield(t)
			w := h.workspace(t)
			failed := w.planFails(t, unknown(h, "data \""+name+"\" \"test\" {\n"+source+"\n}\n"))
			failed.expect(t, "error", "Provider configuration is not known yet", "endpoint is known only after apply", "-target")
		})
	}
	t.Run("a resource can wait", func(t *testing.T) {
		t.Parallel()
		h := newHarness(t)
		w := h.workspace(t)
		w.apply(t, unknown(h, consumer(`name = "doors"`, `secret = "s3cret"`))).expectNone(t)
		if got := h.only(t); got.Name != "doors" {
			t.Errorf("on the server: %+v", got)
		}
	})
}
