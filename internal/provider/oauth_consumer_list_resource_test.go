package provider_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// list lists consumers as terraform query does.
func (p *protocol) list(t *testing.T, config fields, request tfprotov6.ListResourceRequest) []tfprotov6.ListResourceResult {
	t.Helper()
	if config == nil {
		config = fields{}
	}
	request.TypeName, request.Config = consumerType, encode(t, p.schema.ListResourceSchemas[consumerType].ValueType(), config)
	stream, err := p.ListResource(t.Context(), &request)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(stream.Results)
}

func TestListResource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config fields
		limit  int64
		want   []string
	}{
		"all, by name and then by key": {want: []string{"Doors k4", "doors k1", "twin k2", "twin k3"}},
		"names that match":             {config: fields{"name_regex": "(?i)^doors$"}, want: []string{"Doors k4", "doors k1"}},
		"approved":                     {config: fields{"approved": true}, want: []string{"doors k1", "twin k2"}},
		"not approved":                 {config: fields{"approved": false}, want: []string{"Doors k4", "twin k3"}},
		"both filters":                 {config: fields{"approved": true, "name_regex": "w"}, want: []string{"twin k2"}},
		"none matches":                 {config: fields{"name_regex": "nobody"}},
		"a limit":                      {limit: 3, want: []string{"Doors k4", "doors k1", "twin k2"}},
		"a limit of those that match":  {config: fields{"approved": true}, limit: 1, want: []string{"doors k1"}},
		"a limit beyond them":          {limit: 100, want: []string{"Doors k4", "doors k1", "twin k2", "twin k3"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newBrownfield(t)
			p := h.newProtocol(t)
			var got []string
			for _, result := range p.list(t, test.config, tfprotov6.ListResourceRequest{Limit: test.limit}) {
				mustNotFail(t, result.Diagnostics)
				if result.Resource != nil {
					t.Errorf("%s comes with the resource, unasked", result.DisplayName)
				}
				key, _ := p.identified(t, result.Identity).(string)
				got = append(got, result.DisplayName+" "+key)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if got, want := h.requests(), []string{"GET /login", "GET " + collection}; !slices.Equal(got, want) {
				t.Errorf("sent %q, want %q", got, want)
			}
		})
	}
}

func TestListResource_includeResource(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	p := h.newProtocol(t)
	results := p.list(t, fields{"name_regex": "^doors$"}, tfprotov6.ListResourceRequest{IncludeResource: true})
	if len(results) != 1 {
		t.Fatalf("%d results, want 1", len(results))
	}
	want := fields{
		"key": "k1", "name": "doors", "approved": true, "secret": nil, "secret_wo": nil, "secret_wo_version": nil, "secret_revision": int64(0),
	}
	listed := p.decode(t, results[0].Resource)
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Error(diff)
	}

	// It is what an import of the identity leads to.
	imported, err := p.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: consumerType, Identity: results[0].Identity})
	if err != nil {
		t.Fatal(err)
	}
	mustNotFail(t, imported.Diagnostics)
	one := imported.ImportedResources[0]
	read := p.read(t, &tfprotov6.ReadResourceRequest{CurrentState: one.State, Private: one.Private, CurrentIdentity: one.Identity})
	mustNotFail(t, read.Diagnostics)
	if diff := cmp.Diff(listed, p.decode(t, read.NewState)); diff != "" {
		t.Errorf("imported: %s", diff)
	}
	if strings.Contains(string(read.Private), ".import_before_read") {
		t.Error("private state says after the read that it is yet to come")
	}
}

// Terraform stops reading once it has enough.
func TestListResource_stopped(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	p := h.newProtocol(t)
	stream, err := p.ListResource(t.Context(), &tfprotov6.ListResourceRequest{
		TypeName: consumerType, Config: encode(t, p.schema.ListResourceSchemas[consumerType].ValueType(), fields{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for result := range stream.Results {
		if result.DisplayName != "Doors" {
			t.Errorf("first came %q", result.DisplayName)
		}
		break
	}
}

func TestListResource_fails(t *testing.T) {
	t.Parallel()
	viewer := fields{"username": twcloudtest.ViewerName, "password": twcloudtest.ViewerPassword}
	tests := map[string]struct {
		provider, config fields
		summary          string
	}{
		"no permission":                  {provider: viewer, summary: "Unable to list OAuth consumers"},
		"a bad expression":               {config: fields{"name_regex": "("}, summary: "Invalid regular expression"},
		"configuration is not known yet": {provider: fields{"password": unknown{}}, summary: "Provider configuration is not known yet"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newBrownfield(t).newProtocol(t, test.provider)
			results := p.list(t, test.config, tfprotov6.ListResourceRequest{})
			if len(results) != 1 || len(results[0].Diagnostics) != 1 || results[0].Diagnostics[0].Summary != test.summary {
				t.Errorf("want one result with the error %q, got %+v", test.summary, results)
			}
		})
	}
}

func TestListResource_validate(t *testing.T) {
	t.Parallel()
	p := newProtocol(t, provider.New("test").Server())
	tests := map[string]struct {
		config  fields
		invalid bool
	}{
		"nothing":            {config: fields{}},
		"a good expression":  {config: fields{"name_regex": "^a.*z$"}},
		"a bad expression":   {config: fields{"name_regex": "a(?!b)"}, invalid: true},
		"unknown expression": {config: fields{"name_regex": unknown{}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := p.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
				TypeName: consumerType, Config: encode(t, p.schema.ListResourceSchemas[consumerType].ValueType(), test.config),
			})
			if err != nil {
				t.Fatal(err)
			}
			if invalid := len(response.Diagnostics) > 0; invalid != test.invalid {
				t.Errorf("invalid: %t, want %t: %+v", invalid, test.invalid, response.Diagnostics)
			}
			for _, d := range response.Diagnostics {
				if d.Summary != "Invalid regular expression" || d.Attribute.String() != `AttributeName("name_regex")` {
					t.Errorf("%s, at %s", d.Summary, d.Attribute)
				}
			}
		})
	}
}

// What terraform query generates adopts a whole server, without a change and
// without a secret.
func TestAccOAuthConsumer_queryAndAdopt(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	before := h.server.Consumers()
	w := h.workspace(t)
	w.skipBelow(t, firstQuery)
	w.write(t, h.config())
	query := "list \"twcloud_oauth_consumer\" \"all\" {\n  provider = twcloud\n}\n"
	if err := os.WriteFile(filepath.Join(w.dir, "all.tfquery.hcl"), []byte(query), 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(t, "query", "-generate-config-out=generated.tf").mustSucceed(t)
	if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if generated := w.generated(t); strings.Contains(generated, "not-told") || !strings.Contains(generated, "import {") {
		t.Errorf("generated:\n%s", generated)
	}
	applied := w.apply(t, h.config())
	applied.expectNone(t)
	applied.expectOnlyImports(t, len(before))
	if got := h.server.Consumers(); !slices.Equal(got, before) {
		t.Errorf("adopting has changed the server: %+v, want %+v", got, before)
	}
	if unchanged := w.plan(t, h.config()); len(unchanged.Actions) > 0 {
		t.Errorf("not clean afterwards: %v", unchanged.Actions)
	}
}

func TestAccOAuthConsumer_query(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	before := h.server.Consumers()
	query := func(arguments string) string {
		return "list \"twcloud_oauth_consumer\" \"found\" {\n  provider = twcloud\n" + arguments + "\n}\n"
	}
	const found = "twcloud_oauth_consumer.found"
	identity := func(key string) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{"key": knownvalue.StringExact(key)}
	}
	h.runFrom(t, firstQuery,
		// The query is configured by the first step's provider block.
		resource.TestStep{Config: h.config("")},
		resource.TestStep{
			Query: true, Config: query(""),
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength(found, len(before)),
				querycheck.ExpectIdentity(found, identity("k1")),
				querycheck.ExpectIdentity(found, identity("k3")),
			},
		},
		resource.TestStep{
			Query: true, Config: query("  include_resource = true\n  config {\n    name_regex = \"^doors$\"\n    approved   = true\n  }"),
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength(found, 1),
				querycheck.ExpectResourceDisplayName(found, queryfilter.ByResourceIdentity(identity("k1")), knownvalue.StringExact("doors")),
				querycheck.ExpectResourceKnownValues(found, queryfilter.ByResourceIdentity(identity("k1")), []querycheck.KnownValueCheck{
					{Path: tfjsonpath.New("name"), KnownValue: knownvalue.StringExact("doors")},
					{Path: tfjsonpath.New("approved"), KnownValue: knownvalue.Bool(true)},
					{Path: tfjsonpath.New("secret"), KnownValue: knownvalue.Null()},
				}),
			},
		},
	)
	if got := h.server.Consumers(); !slices.Equal(got, before) {
		t.Errorf("a query has changed the server: %+v, want %+v", got, before)
	}
}
