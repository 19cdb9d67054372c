package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// expectOutput applies a configuration, and compares an output.
func (w *workspace) expectOutput(t *testing.T, config, name string, want any) {
	t.Helper()
	w.apply(t, config).expectNone(t)
	if diff := cmp.Diff(want, w.output(t, name)); diff != "" {
		t.Errorf("output %s: %s", name, diff)
	}
}

// sourceFailure is a data source that cannot be read.
type sourceFailure struct {
	// block is the provider's; the administrator's if it is empty.
	block   string
	fault   emulator.Fault
	source  string
	summary string
	words   []string
	// unsent says that the configuration is at fault, so nothing is sent.
	unsent bool
}

func TestAccDataSource_fails(t *testing.T) {
	t.Parallel()
	const (
		key, name   = `key = "k1"`, `name = "doors"`
		registering = asAdmin + "\napi_profile = \"self-registration\""
		noList      = `API profile has no call "list"`
	)
	one := func(arguments ...string) string { return source("twcloud_oauth_consumer", arguments...) }
	many := func(arguments ...string) string { return source("twcloud_oauth_consumers", arguments...) }
	late := "resource \"terraform_data\" \"late\" {\n  input = \"(\"\n}\n"
	tests := map[string]sourceFailure{
		"no such key":   {source: one(`key = "doors"`), summary: "No such OAuth consumer", words: []string{`no OAuth consumer with key "doors"`}},
		"no such name":  {source: one(`name = "door"`), summary: "No such OAuth consumer", words: []string{`no OAuth consumer named "door"`, "must match exactly"}},
		"a shared name": {source: one(`name = "twin"`), summary: "Several OAuth consumers have this name", words: []string{`2 OAuth consumers named "twin"`, `"k2", "k3"`, "Set key"}},
		"neither":       {source: one(), summary: "Invalid Attribute Combination", words: []string{"key", "name"}, unsent: true},
		"both":          {source: one(key, name), summary: "Invalid Attribute Combination", words: []string{"key", "name"}, unsent: true},
		"a blank key":   {source: one(`key = " "`), summary: "Blank value", unsent: true},
		"a blank name":  {source: one(`name = ""`), summary: "Blank value", unsent: true},

		"a bad expression":            {source: many(`name_regex = "("`), summary: "Invalid regular expression", words: []string{"missing closing )", "RE2"}, unsent: true},
		"an expression, known later":  {source: late + many("name_regex = terraform_data.late.output"), summary: "Invalid regular expression", words: []string{"missing closing )"}},
		"one, without permission":     {block: asViewer, source: one(key), summary: "Unable to list OAuth consumers", words: []string{"403", "Configure Server permission"}},
		"by name, without permission": {block: asViewer, source: one(name), summary: "Unable to list OAuth consumers", words: []string{"403", "Configure Server permission"}},
		"many, without permission":    {block: asViewer, source: many(), summary: "Unable to list OAuth consumers", words: []string{"Listing the OAuth consumers failed", "403", "Configure Server permission"}},

		"wrong password": {
			block: "username = \"admin\"\npassword = \"wrong\"", source: source("twcloud_server"),
			summary: "Unable to sign in to Teamwork Cloud", words: []string{"credentials were refused", "Check username and password"},
		},
		"version is a web page": {
			fault: emulator.Fault{Kind: emulator.WebPage, PathSuffix: "/version"}, source: source("twcloud_server"),
			summary: "Unable to read the server's version", words: []string{"web page", "8111"},
		},
		"nobody is signed in": {
			fault: emulator.Fault{Kind: emulator.WebPage, PathSuffix: "/currentUser"}, source: source("twcloud_server"),
			summary: "Unable to read the current user", words: []string{"Reading the current user failed"},
		},
		"no root services": {
			fault:  emulator.Fault{Kind: emulator.AnswerWith, Status: http.StatusNotFound, Server: emulator.WebApp},
			source: source("twcloud_oauth_endpoints"), summary: "Unable to discover the OAuth endpoints",
			words: []string{"Discovering the OAuth endpoints failed: ", "root services document", "Check its address, http://127.0.0.1:", " (webapp_endpoint)."},
		},
		// What needs a list says that there is none, and what has one.
		"one, without a list":  {block: registering, source: one(name), summary: noList, words: []string{"rest-api", "learn"}, unsent: true},
		"many, without a list": {block: registering, source: many(), summary: noList, words: []string{"rest-api", "learn"}, unsent: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newBrownfield(t, withoutContract).workspace(t)
			if test.fault.Kind != 0 {
				test.fault.Times = -1
				w.server.Inject(test.fault)
			}
			if test.block == "" {
				test.block = asAdmin
			}
			w.applyFails(t, w.providerBlock(test.block)+test.source).expect(t, "error", test.summary, test.words...)
			if test.unsent {
				w.expectRequests(t)
			}
		})
	}
}

func TestAccOAuthConsumerDataSource(t *testing.T) {
	t.Parallel()
	doors := map[string]any{"key": "k1", "name": "doors", "approved": true}
	for arguments, want := range map[string]map[string]any{
		`key = "k1"`:                   doors,
		`name = "doors"`:               doors,
		`key = "k3"`:                   {"key": "k3", "name": "twin", "approved": false},
		`name = "Doors"`:               {"key": "k4", "name": "Doors", "approved": false},
		"key = null\nname = \"doors\"": doors,
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			w := newBrownfield(t).workspace(t)
			w.expectOutput(t, w.config(source("twcloud_oauth_consumer", arguments)), "found", want)
			w.expectRequests(t, oneList...)
		})
	}
}

// An approval that cannot be read is an error of that consumer alone.
func TestAccOAuthConsumerDataSource_anotherUnclear(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{"doors": false, "odd": true} {
		w := newWorkspace(t, withoutContract)
		w.server.Inject(emulator.Fault{
			Kind: emulator.AnswerWith, Status: http.StatusOK, PathSuffix: collection, Times: -1,
			Body: `[{"key":"k1","name":"doors","approved":true},{"key":"k2","name":"odd","approved":"perhaps"}]`,
		})
		config := w.config(source("twcloud_oauth_consumer", "name = "+quote(name)))
		if fails {
			w.applyFails(t, config).expect(t, "error", "Unable to read OAuth consumer", `"perhaps"`)
			continue
		}
		w.expectOutput(t, config, "found", map[string]any{"key": "k1", "name": "doors", "approved": true})
	}
}

// A data source whose key comes from a resource is read after the registration.
func TestAccOAuthConsumerDataSource_afterCreate(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	config := w.config(consumer(`name = "doors"`, `secret = "s3cret"`), source("twcloud_oauth_consumer", "key = "+consumerAddress+".key"))
	w.expectOutput(t, config, "found", map[string]any{"key": "key-1", "name": "doors", "approved": false})
	w.requests()
	w.expectUnchanged(t, config)
	w.expectRequests(t, oneList...)
}

func TestAccOAuthConsumersDataSource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arguments string
		keys      []any
		byName    map[string]any
	}{
		"all, by name and then by key": {keys: []any{"k4", "k1", "k2", "k3"}, byName: map[string]any{"Doors": "k4", "doors": "k1"}},
		"anywhere in the name":         {arguments: `name_regex = "oor"`, keys: []any{"k4", "k1"}, byName: map[string]any{"Doors": "k4", "doors": "k1"}},
		"approved":                     {arguments: `approved = true`, keys: []any{"k1", "k2"}, byName: map[string]any{"doors": "k1", "twin": "k2"}},
		"not approved":                 {arguments: `approved = false`, keys: []any{"k4", "k3"}, byName: map[string]any{"Doors": "k4", "twin": "k3"}},
		"both filters":                 {arguments: "approved = true\nname_regex = \"^d\"", keys: []any{"k1"}, byName: map[string]any{"doors": "k1"}},
		"none matches":                 {arguments: `name_regex = "nobody"`, keys: []any{}, byName: map[string]any{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newBrownfield(t).workspace(t)
			w.expectOutput(t, w.config(source("twcloud_oauth_consumers", test.arguments), `
output "keys" {
  value = data.twcloud_oauth_consumers.test.consumers[*].key
}
resource "terraform_data" "each" {
  for_each = data.twcloud_oauth_consumers.test.by_name
  input    = each.value.key
}
output "by_name" {
  value = { for name, one in terraform_data.each : name => one.output }
}
`), "keys", test.keys)
			if diff := cmp.Diff(any(test.byName), w.output(t, "by_name")); diff != "" {
				t.Errorf("by_name: %s", diff)
			}
			for _, one := range w.output(t, "found").(map[string]any)["consumers"].([]any) {
				consumer, _ := w.server.Consumer(one.(map[string]any)["key"].(string))
				if diff := cmp.Diff(any(map[string]any{"key": consumer.Key, "name": consumer.Name, "approved": consumer.Approved}), one); diff != "" {
					t.Error(diff)
				}
			}
			if strings.Contains(string(w.stateFile(t)), "not-told") {
				t.Error("a secret is in state")
			}
		})
	}
}

func TestAccOAuthEndpointsDataSource(t *testing.T) {
	t.Parallel()
	for name, legacy := range map[string]bool{"Web Application Platform": false, "before 2022x Refresh2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, func(config *emulator.Config) { config.LegacyRootServices = legacy })
			root := w.server.WebAppURL()
			document := root + "/oslc/api/rootservices"
			if legacy {
				document = w.server.URL() + "/oslc/rootservices"
			}
			w.expectOutput(t, w.config(source("twcloud_oauth_endpoints")), "found", map[string]any{
				"root_services_url":        document,
				"request_consumer_key_url": root + "/authentication/api/oauth/register",
				"request_token_url":        root + "/authentication/api/oauth/request_token",
				"user_authorization_url":   root + "/authentication/oauth/authorize",
				"access_token_url":         root + "/authentication/api/oauth/access_token",
				"realm":                    "TWC",
				"domain":                   root,
			})
			if w.server.Logins() > 0 {
				t.Error("signed in, which uses a seat, for a public document")
			}
		})
	}
}

func TestAccOAuthEndpointsDataSource_partial(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, withoutContract)
	w.server.Inject(emulator.Fault{
		Kind: emulator.AnswerWith, Server: emulator.WebApp, Status: http.StatusOK, Times: -1,
		Body: `<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:jfs="http://jazz.net/xmlns/prod/jazz/jfs/1.0/">
  <jfs:oauthRequestTokenUrl rdf:resource="/token"/>
</rdf:Description>`,
	})
	w.expectOutput(t, w.config(source("twcloud_oauth_endpoints")), "found", map[string]any{
		"root_services_url":        w.server.WebAppURL() + "/oslc/api/rootservices",
		"request_token_url":        w.server.WebAppURL() + "/token",
		"request_consumer_key_url": nil, "user_authorization_url": nil, "access_token_url": nil, "realm": nil, "domain": nil,
	})
}

func TestAccServerDataSource(t *testing.T) {
	t.Parallel()
	for credentials, username := range map[string]string{
		asAdmin:                                 emulator.AdminName,
		`token = "` + emulator.AdminToken + `"`: emulator.AdminName,
		asViewer:                                emulator.ViewerName,
	} {
		w := newWorkspace(t, func(config *emulator.Config) { config.Version = "2022x" })
		w.expectOutput(t, w.providerBlock(credentials)+source("twcloud_server"), "found", map[string]any{"version": "2022x", "username": username})
		w.expectRequests(t, "GET /login", "GET /version", "GET /admin/currentUser", "GET /logout")
	}
}
