package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func consumersSource(arguments string) string {
	return "data \"twcloud_oauth_consumers\" \"test\" {\n" + arguments + "\n}\n" +
		"output \"keys\" {\n  value = data.twcloud_oauth_consumers.test.consumers[*].key\n}\n" +
		"output \"by_name\" {\n  value = data.twcloud_oauth_consumers.test.by_name\n}\n"
}

func TestAccOAuthConsumersDataSource(t *testing.T) {
	t.Parallel()
	capitals := map[string]any{"key": "k4", "name": "Doors", "approved": false}
	doors := map[string]any{"key": "k1", "name": "doors", "approved": true}
	tests := map[string]struct {
		arguments string
		keys      []any
		byName    map[string]any
	}{
		"all, by name and then by key":          {keys: []any{"k4", "k1", "k2", "k3"}, byName: map[string]any{"Doors": capitals, "doors": doors}},
		"names that match":                      {arguments: `name_regex = "^d"`, keys: []any{"k1"}, byName: map[string]any{"doors": doors}},
		"anywhere in the name":                  {arguments: `name_regex = "oor"`, keys: []any{"k4", "k1"}, byName: map[string]any{"Doors": capitals, "doors": doors}},
		"without regard to case":                {arguments: `name_regex = "(?i)^doors$"`, keys: []any{"k4", "k1"}, byName: map[string]any{"Doors": capitals, "doors": doors}},
		"approved":                              {arguments: `approved = true`, keys: []any{"k1", "k2"}, byName: map[string]any{"doors": doors, "twin": map[string]any{"key": "k2", "name": "twin", "approved": true}}},
		"not approved":                          {arguments: `approved = false`, keys: []any{"k4", "k3"}, byName: map[string]any{"Doors": capitals, "twin": map[string]any{"key": "k3", "name": "twin", "approved": false}}},
		"both filters":                          {arguments: "approved = true\nname_regex = \"^d\"", keys: []any{"k1"}, byName: map[string]any{"doors": doors}},
		"none matches":                          {arguments: `name_regex = "nobody"`, keys: []any{}, byName: map[string]any{}},
		"a name that several share is left out": {arguments: `name_regex = "twin"`, keys: []any{"k2", "k3"}, byName: map[string]any{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newBrownfield(t)
			w := h.workspace(t)
			w.apply(t, h.config(consumersSource(test.arguments))).expectNone(t)
			if diff := cmp.Diff(any(test.keys), w.output(t, "keys")); diff != "" {
				t.Errorf("consumers: %s", diff)
			}
			if diff := cmp.Diff(any(test.byName), w.output(t, "by_name")); diff != "" {
				t.Errorf("by_name: %s", diff)
			}
			if strings.Contains(string(w.stateFile(t)), "not-told") {
				t.Error("a secret is in state")
			}
		})
	}
}

func TestAccOAuthConsumersDataSource_fails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config  func(*harness) string
		summary string
		words   []string
	}{
		"a bad expression": {
			config:  func(h *harness) string { return h.config(consumersSource(`name_regex = "("`)) },
			summary: "Invalid regular expression", words: []string{"missing closing )", "RE2"},
		},
		"a bad expression that is known late": {
			config: func(h *harness) string {
				return h.config("resource \"terraform_data\" \"late\" {\n  input = \"(\"\n}\n", consumersSource("name_regex = terraform_data.late.output"))
			},
			summary: "Invalid regular expression", words: []string{"missing closing )"},
		},
		"no permission": {
			config:  func(h *harness) string { return h.providerBlock(asViewer) + consumersSource("") },
			summary: "Unable to list OAuth consumers", words: []string{"Listing the OAuth consumers failed", "403", "Configure Server permission"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newBrownfield(t)
			w := h.workspace(t)
			w.applyFails(t, test.config(h)).expect(t, "error", test.summary, test.words...)
		})
	}
}

func TestAccOAuthConsumersDataSource_empty(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	w.apply(t, h.config(consumersSource(""))).expectNone(t)
	if diff := cmp.Diff(any([]any{}), w.output(t, "keys")); diff != "" {
		t.Error(diff)
	}
}

func TestAccOAuthConsumersDataSource_forEach(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	w := h.workspace(t)
	w.apply(t, h.config(consumersSource(`name_regex = "(?i)doors"`), `
resource "terraform_data" "each" {
  for_each = data.twcloud_oauth_consumers.test.by_name
  input    = each.value.key
}
output "each" {
  value = { for name, one in terraform_data.each : name => one.output }
}
`)).expectNone(t)
	if diff := cmp.Diff(any(map[string]any{"Doors": "k4", "doors": "k1"}), w.output(t, "each")); diff != "" {
		t.Error(diff)
	}
}

// One list answers every data source and every resource of a process.
func TestAccOneList(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	w := h.workspace(t)
	config := h.config(consumersSource(""), consumerSource(`name = "doors"`), `
data "twcloud_oauth_consumer" "by_key" {
  key = "k2"
}
resource "twcloud_oauth_consumer" "many" {
  count  = 5
  name   = "made-${count.index}"
  secret = "s3cret"
}
`)
	w.apply(t, config)
	h.requests()

	w.plan(t, config).expectNone(t)
	if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
		t.Errorf("a plan sent %q, want %q", got, want)
	}
	w.run(t, "validate", "-json").mustSucceed(t)
	if got := h.requests(); len(got) > 0 {
		t.Errorf("validate sent %q", got)
	}
}
