package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestResolveConfig_oauthConsumersPath(t *testing.T) {
	t.Parallel()

	cases := map[string]struct{ want, problem string }{
		"/osmc/admin/oauth":             {want: "/osmc/admin/oauth"},
		"/osmc/admin/oauth//":           {want: "/osmc/admin/oauth"},
		"/a%20b":                        {want: "/a%20b"},
		"osmc/admin/oauth":              {problem: "begins with /"},
		"https://twcloud.example.com/a": {problem: "not a whole URL"},
		"/":                             {problem: "not the root"},
		"//evil.example.com/a":          {problem: "must not have //"},
		"/a//b":                         {problem: "must not have //"},
		"/a?b=c":                        {problem: "query"},
		"/a#b":                          {problem: "fragment"},
		"/a/../b":                       {problem: `".."`},
		"/a/%2E%2e":                     {problem: `".."`},
		"/a/./b":                        {problem: `"."`},
		"/a/%zz":                        {problem: "hexadecimal"},
		"/a b":                          {problem: "blank"},
		"/a\n":                          {problem: "line break"},
	}
	for text, c := range cases {
		row := configCase{
			edit: func(m *providerModel) { m.OAuthConsumersPath = types.StringValue(text) },
			check: func(t *testing.T, s settings) {
				if s.oauthConsumersPath != c.want {
					t.Errorf("got %q, want %q", s.oauthConsumersPath, c.want)
				}
			},
		}
		if c.problem != "" {
			row.errors = []string{"oauth_consumers_path: " + c.problem}
		}
		runConfigCases(t, map[string]configCase{text: row})
	}
}
