package provider_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// source is a data source without arguments, with what it tells as the output
// "told".
func source(name string) string {
	return "data \"" + name + "\" \"test\" {}\noutput \"told\" {\n  value = data." + name + ".test\n}\n"
}

func TestAccOAuthEndpointsDataSource(t *testing.T) {
	t.Parallel()
	for name, legacy := range map[string]bool{"Web Application Platform": false, "before 2022x Refresh2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(config *twcloudtest.Config) { config.LegacyRootServices = legacy })
			w := h.workspace(t)
			w.apply(t, h.config(source("twcloud_oauth_endpoints"))).expectNone(t)
			root := h.server.WebAppURL()
			document := root + "/oslc/api/rootservices"
			if legacy {
				document = h.server.URL() + "/oslc/rootservices"
			}
			want := map[string]any{
				"root_services_url":        document,
				"request_consumer_key_url": root + "/authentication/api/oauth/register",
				"request_token_url":        root + "/authentication/api/oauth/request_token",
				"user_authorization_url":   root + "/authentication/oauth/authorize",
				"access_token_url":         root + "/authentication/api/oauth/access_token",
				"realm":                    "TWC",
				"domain":                   root,
			}
			if diff := cmp.Diff(any(want), w.output(t, "told")); diff != "" {
				t.Error(diff)
			}
			if h.server.Logins() > 0 {
				t.Error("signed in, which takes up a seat, for a document that is public")
			}
		})
	}
}

func TestAccOAuthEndpointsDataSource_partial(t *testing.T) {
	t.Parallel()
	h := newHarness(t, withoutContract)
	h.server.Inject(twcloudtest.Fault{
		Kind: twcloudtest.AnswerWith, Server: twcloudtest.WebApp, Status: http.StatusOK, Times: -1,
		Body: `<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:jfs="http://jazz.net/xmlns/prod/jazz/jfs/1.0/">
  <jfs:oauthRequestTokenUrl rdf:resource="/token"/>
</rdf:Description>`,
	})
	w := h.workspace(t)
	w.apply(t, h.config(source("twcloud_oauth_endpoints"))).expectNone(t)
	want := map[string]any{
		"root_services_url":        h.server.WebAppURL() + "/oslc/api/rootservices",
		"request_token_url":        h.server.WebAppURL() + "/token",
		"request_consumer_key_url": nil, "user_authorization_url": nil, "access_token_url": nil, "realm": nil, "domain": nil,
	}
	if diff := cmp.Diff(any(want), w.output(t, "told")); diff != "" {
		t.Error(diff)
	}
}

func TestAccOAuthEndpointsDataSource_fails(t *testing.T) {
	t.Parallel()
	tests := map[string]twcloudtest.Fault{
		"nothing there":  {Kind: twcloudtest.AnswerWith, Status: http.StatusNotFound},
		"a web page":     {Kind: twcloudtest.WebPage},
		"single sign-on": {Kind: twcloudtest.Redirect302},
		"no document":    {Kind: twcloudtest.BadJSON},
		"dropped":        {Kind: twcloudtest.DropBefore},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, withoutContract)
			fault.Server, fault.Times = twcloudtest.WebApp, -1
			h.server.Inject(fault)
			w := h.workspace(t)
			w.planFails(t, h.config(source("twcloud_oauth_endpoints"))).expect(t, "error", "Unable to discover the OAuth endpoints",
				"Discovering the OAuth endpoints failed: ", "root services document", "Check webapp_endpoint", "8443")
		})
	}
}

func TestAccServerDataSource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ credentials, username string }{
		"by password":        {asAdmin, twcloudtest.AdminName},
		"by token":           {`token = "` + twcloudtest.AdminToken + `"`, twcloudtest.AdminName},
		"without permission": {asViewer, twcloudtest.ViewerName},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(config *twcloudtest.Config) { config.Version = "2022x" })
			w := h.workspace(t)
			w.apply(t, h.providerBlock(test.credentials)+source("twcloud_server")).expectNone(t)
			want := map[string]any{"version": "2022x", "username": test.username}
			if diff := cmp.Diff(any(want), w.output(t, "told")); diff != "" {
				t.Error(diff)
			}
			if got, want := h.requests(), []string{"GET /login", "GET /version", "GET /admin/currentUser", "GET /logout"}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

func TestAccServerDataSource_fails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		credentials string
		fault       twcloudtest.Fault
		summary     string
		words       []string
	}{
		"wrong password": {
			credentials: "username = \"admin\"\npassword = \"wrong\"",
			summary:     "Unable to sign in to Teamwork Cloud", words: []string{"credentials were refused", "Check username and password"},
		},
		"version is a web page": {
			credentials: asAdmin, fault: twcloudtest.Fault{Kind: twcloudtest.WebPage, PathSuffix: "/version", Times: -1},
			summary: "Unable to read the server's version", words: []string{"web page", "8111"},
		},
		"nobody is signed in": {
			credentials: asAdmin, fault: twcloudtest.Fault{Kind: twcloudtest.WebPage, PathSuffix: "/currentUser", Times: -1},
			summary: "Unable to read the current user", words: []string{"Reading the current user failed"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, withoutContract)
			if test.fault.Kind != 0 {
				h.server.Inject(test.fault)
			}
			w := h.workspace(t)
			failed := w.planFails(t, h.providerBlock(test.credentials)+source("twcloud_server"))
			failed.expect(t, "error", test.summary, test.words...)
		})
	}
}
