package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

func TestSchemas(t *testing.T) {
	t.Parallel()
	p := newProtocol(t, provider.New("test").Server())
	names := map[string][]string{}
	for name := range p.schema.ResourceSchemas {
		names["resources"] = append(names["resources"], name)
	}
	for name := range p.schema.DataSourceSchemas {
		names["data sources"] = append(names["data sources"], name)
	}
	for name := range p.schema.ListResourceSchemas {
		names["list resources"] = append(names["list resources"], name)
	}
	for _, list := range names {
		slices.Sort(list)
	}
	want := map[string][]string{
		"resources":      {"twcloud_oauth_consumer"},
		"data sources":   {"twcloud_oauth_consumer", "twcloud_oauth_consumers", "twcloud_oauth_endpoints", "twcloud_server"},
		"list resources": {"twcloud_oauth_consumer"},
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}

	metadata, err := p.GetMetadata(t.Context(), &tfprotov6.GetMetadataRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []tfprotov6.ListResourceMetadata{{TypeName: consumerType}}; !slices.Equal(metadata.ListResources, want) {
		t.Errorf("metadata names the list resources %v, want %v", metadata.ListResources, want)
	}
	identities, err := p.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	attributes := identities.IdentitySchemas[consumerType].IdentityAttributes
	if len(attributes) != 1 || attributes[0].Name != "key" || !attributes[0].RequiredForImport {
		t.Errorf("the identity consists of %+v, want the key alone", attributes)
	}
}

// The identity is that of the consumer from its registration on, whatever
// happens to it.
func TestIdentity(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	p := h.newProtocol(t)
	expect := func(after string, identity *tfprotov6.ResourceIdentityData) {
		t.Helper()
		if got := p.identified(t, identity); got != "key-1" {
			t.Errorf("%s the identity is %v, want key-1", after, got)
		}
	}
	state := p.change(t, nil, fields{"name": "doors", "secret": "s3cret", "approved": true})
	expect("registered,", state.identity)
	state = p.change(t, state, fields{"name": "doors-next", "secret": "n3w"})
	expect("updated,", state.identity)
	if got, want := h.only(t).Name, "doors-next"; got != want {
		t.Errorf("on the server the name is %q, want %q", got, want)
	}

	read := func() *tfprotov6.ReadResourceResponse {
		t.Helper()
		response := p.read(t, &tfprotov6.ReadResourceRequest{
			CurrentState: p.encode(t, state.values), Private: state.private, CurrentIdentity: state.identity,
		})
		mustNotFail(t, response.Diagnostics)
		return response
	}
	expect("read,", read().NewIdentity)
	// State of a Terraform before 1.12 has no identity.
	state.identity = nil
	expect("read without one,", read().NewIdentity)

	h.server.UpdateConsumer("key-1", func(c *twcloudtest.Consumer) { c.Name = "renamed" })
	p.configure(t, h)
	changed := read()
	expect("read after it has been renamed,", changed.NewIdentity)
	if got := p.decode(t, changed.NewState)["name"]; got != "renamed" {
		t.Errorf("read the name %v", got)
	}

	h.server.RemoveConsumer("key-1")
	p.configure(t, h)
	gone := read()
	expect("read after it has been removed,", gone.NewIdentity)
	if got := p.decode(t, gone.NewState); got != nil {
		t.Errorf("what is gone was read as %v", got)
	}
	if len(gone.Diagnostics) != 1 || !strings.HasSuffix(gone.Diagnostics[0].Summary, `" was removed`) {
		t.Errorf("diagnostics: %+v", gone.Diagnostics)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	h := newBrownfield(t)
	p := h.newProtocol(t)
	tests := map[string]struct {
		request tfprotov6.ImportResourceStateRequest
		want    fields
		summary string
	}{
		"by key":              {request: tfprotov6.ImportResourceStateRequest{ID: "k1"}, want: fields{"key": "k1", "name": "doors", "approved": true, "secret_revision": int64(0)}},
		"by identity":         {request: tfprotov6.ImportResourceStateRequest{Identity: p.identify(t, "k3")}, want: fields{"key": "k3", "name": "twin", "approved": false, "secret_revision": int64(0)}},
		"by a name":           {request: tfprotov6.ImportResourceStateRequest{ID: "doors"}, summary: "No such OAuth consumer"},
		"by another identity": {request: tfprotov6.ImportResourceStateRequest{Identity: p.identify(t, "nobody")}, summary: "No such OAuth consumer"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := test.request
			request.TypeName = consumerType
			imported, err := p.ImportResourceState(t.Context(), &request)
			if err != nil {
				t.Fatal(err)
			}
			mustNotFail(t, imported.Diagnostics)
			one := imported.ImportedResources[0]
			read := p.read(t, &tfprotov6.ReadResourceRequest{CurrentState: one.State, Private: one.Private, CurrentIdentity: one.Identity})
			if test.summary != "" {
				if len(read.Diagnostics) != 1 || read.Diagnostics[0].Summary != test.summary {
					t.Errorf("want the error %q, got %+v", test.summary, read.Diagnostics)
				}
				return
			}
			mustNotFail(t, read.Diagnostics)
			got := p.decode(t, read.NewState)
			for attribute, value := range got {
				if value == nil {
					delete(got, attribute)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if got := p.identified(t, read.NewIdentity); got != test.want["key"] {
				t.Errorf("identity %v", got)
			}
		})
	}
}

// State is upgraded from the JSON in which it is kept.
func TestUpgradeState(t *testing.T) {
	t.Parallel()
	p := newHarness(t).newProtocol(t)
	tests := map[string]struct {
		json string
		want fields
	}{
		"as it is kept": {
			json: `{"approved":true,"key":"k1","name":"doors","secret":null,"secret_revision":1,"secret_wo":null,"secret_wo_version":2}`,
			want: fields{
				"approved": true, "key": "k1", "name": "doors", "secret": nil, "secret_revision": int64(1), "secret_wo": nil, "secret_wo_version": int64(2),
			},
		},
		"with something that is not known any more": {
			json: `{"approved":true,"key":"k1","name":"doors","secret":null,"secret_revision":1,"secret_wo":null,"secret_wo_version":null,"gone":"x"}`,
			want: fields{
				"approved": true, "key": "k1", "name": "doors", "secret": nil, "secret_revision": int64(1), "secret_wo": nil, "secret_wo_version": nil,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, err := p.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
				TypeName: consumerType, RawState: &tfprotov6.RawState{JSON: []byte(test.json)},
			})
			if err != nil {
				t.Fatal(err)
			}
			mustNotFail(t, response.Diagnostics)
			if diff := cmp.Diff(test.want, p.decode(t, response.UpgradedState)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A state in JSON is answered by the framework, as msgpack is.
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
