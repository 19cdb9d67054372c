package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// State in JSON, which the framework decodes, is read like state in MessagePack.
func TestReadUnchanged_stateInJSON(t *testing.T) {
	t.Parallel()
	p := newBrownfield(t).newProtocol(t)
	response := p.read(t, &tfprotov6.ReadResourceRequest{CurrentState: &tfprotov6.DynamicValue{
		JSON: []byte(`{"approved":false,"key":"k1","name":"doors","secret":null,"secret_revision":1,"secret_wo":null,"secret_wo_version":null}`),
	}})
	mustNotFail(t, response.Diagnostics)
	if got := p.decode(t, response.NewState)["approved"]; got != true {
		t.Errorf("approved: %v, want what is on the server", got)
	}
}

// list lists consumers as terraform query does.
func (p *protocol) list(t *testing.T, config fields, request tfprotov6.ListResourceRequest) []tfprotov6.ListResourceResult {
	t.Helper()
	request.TypeName, request.Config = consumerType, p.encodeQuery(t, config)
	stream, err := p.ListResource(t.Context(), &request)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(stream.Results)
}

func (p *protocol) encodeQuery(t *testing.T, config fields) *tfprotov6.DynamicValue {
	t.Helper()
	if config == nil {
		config = fields{}
	}
	return encode(t, p.schema.ListResourceSchemas[consumerType].ValueType(), config)
}

func TestListResource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config fields
		limit  int64
		want   []string
	}{
		"all, by name and then by key": {want: []string{"Doors k4", "doors k1", "twin k2", "twin k3"}},
		"both filters":                 {config: fields{"approved": true, "name_regex": "w"}, want: []string{"twin k2"}},
		"a limit of those that match":  {config: fields{"approved": true}, limit: 1, want: []string{"doors k1"}},
		"a limit beyond them":          {config: fields{"approved": false}, limit: 100, want: []string{"Doors k4", "twin k3"}},
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
			h.expectRequests(t, "GET /login", "GET "+collection)
		})
	}
}

// A listed resource is what an import of its identity reads.
func TestListResource_includeResource(t *testing.T) {
	t.Parallel()
	p := newBrownfield(t).newProtocol(t)
	results := p.list(t, fields{"name_regex": "^doors$"}, tfprotov6.ListResourceRequest{IncludeResource: true})
	if len(results) != 1 {
		t.Fatalf("%d results, want 1", len(results))
	}
	want := fields{
		"key": "k1", "name": "doors", "approved": true, "secret": nil, "secret_wo": nil, "secret_wo_version": nil, "secret_revision": int64(0),
	}
	if diff := cmp.Diff(want, p.decode(t, results[0].Resource)); diff != "" {
		t.Error(diff)
	}
	read := p.importIdentity(t, results[0].Identity)
	mustNotFail(t, read.Diagnostics)
	if diff := cmp.Diff(want, p.decode(t, read.NewState)); diff != "" {
		t.Errorf("imported: %s", diff)
	}
	if strings.Contains(string(read.Private), ".import_before_read") {
		t.Error("private state says after the read that it is yet to come")
	}
	if failed := p.importIdentity(t, p.identify(t, "nobody")).Diagnostics; len(failed) != 1 || failed[0].Summary != "No such OAuth consumer" {
		t.Errorf("imported an unknown identity: %+v", failed)
	}
}

func (p *protocol) importIdentity(t *testing.T, identity *tfprotov6.ResourceIdentityData) *tfprotov6.ReadResourceResponse {
	t.Helper()
	imported, err := p.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: consumerType, Identity: identity})
	if err != nil {
		t.Fatal(err)
	}
	mustNotFail(t, imported.Diagnostics)
	one := imported.ImportedResources[0]
	return p.read(t, &tfprotov6.ReadResourceRequest{CurrentState: one.State, Private: one.Private, CurrentIdentity: one.Identity})
}

// Terraform stops reading when it has enough.
func TestListResource_stopped(t *testing.T) {
	t.Parallel()
	p := newBrownfield(t).newProtocol(t)
	stream, err := p.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: consumerType, Config: p.encodeQuery(t, nil)})
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
	tests := map[string]struct {
		provider, config fields
		summary          string
	}{
		"no permission": {
			provider: fields{"username": emulator.ViewerName, "password": emulator.ViewerPassword}, summary: "Unable to list OAuth consumers",
		},
		"a profile without a list":       {provider: fields{"api_profile": "self-registration"}, summary: `API profile has no call "list"`},
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
	for expression, invalid := range map[any]bool{nil: false, "^a.*z$": false, "a(?!b)": true, unknown{}: false} {
		response, err := p.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
			TypeName: consumerType, Config: p.encodeQuery(t, fields{"name_regex": expression}),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(response.Diagnostics) > 0; got != invalid {
			t.Errorf("%v: invalid: %t, want %t: %+v", expression, got, invalid, response.Diagnostics)
		}
		for _, d := range response.Diagnostics {
			if d.Summary != "Invalid regular expression" || d.Attribute.String() != `AttributeName("name_regex")` {
				t.Errorf("%s, at %s", d.Summary, d.Attribute)
			}
		}
	}
}
