package provider_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// restapiVersion2 and restapiVersion3 are the attributes of a restapi_object as
// these versions of Mastercard/restapi write them after an apply.
const (
	restapiVersion2 = `{
		"api_data": {"approved": "true", "key": "k1", "name": "doors"},
		"api_response": "{\"approved\":true,\"key\":\"k1\",\"name\":\"doors\"}",
		"create_method": null, "create_path": null,
		"create_response": "{\"approved\":false,\"key\":\"k1\",\"name\":\"doors\"}",
		"data": "{\"approved\":true,\"name\":\"doors\",\"secret\":\"s3cret\"}",
		"debug": null, "destroy_data": null, "destroy_method": null, "destroy_path": null,
		"force_new": null, "id": "k1", "id_attribute": "key",
		"ignore_all_server_changes": false, "ignore_changes_to": ["secret"],
		"object_id": null, "path": "/osmc/admin/oauthconsumers", "query_string": null,
		"read_data": null, "read_method": null, "read_path": null, "read_search": null,
		"update_data": null, "update_method": "PATCH", "update_path": null
	}`
	restapiVersion3 = `{
		"api_data": {"approved": "true", "key": "k1", "name": "doors"},
		"api_response": "{\"approved\":true,\"key\":\"k1\",\"name\":\"doors\"}",
		"create_method": null, "create_path": null,
		"create_response": "{\"approved\":false,\"key\":\"k1\",\"name\":\"doors\"}",
		"data": "{\"approved\":true,\"name\":\"doors\",\"secret\":\"s3cret\"}",
		"debug": null, "destroy_data": null, "destroy_method": null, "destroy_path": null,
		"force_new": null, "id": "k1", "id_attribute": "key",
		"ignore_all_server_changes": null, "ignore_changes_to": null, "ignore_server_additions": null,
		"object_id": "k1", "path": "/osmc/admin/oauthconsumers", "query_string": null,
		"read_data": null, "read_method": null, "read_path": null,
		"read_search": {"query_string": null, "results_key": null, "search_data": null, "search_key": "key", "search_patch": null, "search_value": "k1"},
		"update_data": null, "update_method": "PATCH", "update_path": null
	}`
)

const restapiAddress = "registry.terraform.io/mastercard/restapi"

// restapiState is the state of version 3 with some attributes replaced.
func restapiState(t *testing.T, replaced fields) string {
	t.Helper()
	var attributes fields
	if err := json.Unmarshal([]byte(restapiVersion3), &attributes); err != nil {
		t.Fatal(err)
	}
	for name, value := range replaced {
		attributes[name] = value
	}
	document, err := json.Marshal(attributes)
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// newMoving starts a server with the consumer of the states above.
func newMoving(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t)
	h.server.AddConsumer(twcloudtest.Consumer{Key: "k1", Name: "doors", Secret: "s3cret", Approved: true})
	return h
}

func (p *protocol) move(t *testing.T, address, typeName, state string) *tfprotov6.MoveResourceStateResponse {
	t.Helper()
	response, err := p.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceProviderAddress: address, SourceTypeName: typeName,
		SourceState: &tfprotov6.RawState{JSON: []byte(state)}, TargetTypeName: consumerType,
	})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// Terraform moves before it configures the provider, then reads and plans.
func TestMoveState(t *testing.T) {
	t.Parallel()
	withoutSecret := restapiState(t, fields{"data": `{"approved":true,"key":"k1","name":"doors"}`})
	unreadable := restapiState(t, fields{"data": `{"secret":"s3cret"`, "api_data": nil})
	known := fields{"name": "doors", "approved": true, "secret_wo": "s3cret"}
	tests := map[string]struct {
		address, state string
		config         fields
		warning        string
	}{
		"version 2":                    {address: restapiAddress, state: restapiVersion2, config: known},
		"version 3":                    {address: restapiAddress, state: restapiVersion3, config: known},
		"from another registry":        {address: "registry.opentofu.org/mastercard/restapi", state: restapiVersion3, config: known},
		"address of OpenTofu 1.11":     {address: "restapi", state: restapiVersion3, config: known},
		"secret not configured":        {address: restapiAddress, state: restapiVersion3, config: fields{"name": "doors", "approved": true}},
		"secret not in state":          {address: restapiAddress, state: withoutSecret, config: fields{"name": "doors", "approved": true}},
		"secret not in state, wanted":  {address: restapiAddress, state: withoutSecret, config: known, warning: unproven},
		"body that cannot be decoded":  {address: restapiAddress, state: unreadable, config: fields{"name": "doors", "approved": true}},
		"body is not a JSON object":    {address: restapiAddress, state: restapiState(t, fields{"data": `"s3cret"`}), config: fields{"name": "doors", "approved": true}},
		"secret is not a string":       {address: restapiAddress, state: restapiState(t, fields{"data": `{"secret":7}`}), config: fields{"name": "doors", "approved": true}},
		"attributes of later versions": {address: restapiAddress, state: restapiState(t, fields{"later": map[string]any{"a": 1}}), config: known},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newMoving(t)
			p := newProtocol(t, h.provider.Server())
			moved := p.move(t, test.address, "restapi_object", test.state)
			mustNotFail(t, moved.Diagnostics)
			if got := p.identified(t, moved.TargetIdentity); got != "k1" {
				t.Errorf("moved to the identity %v, want k1", got)
			}
			if strings.Contains(string(moved.TargetState.MsgPack)+string(moved.TargetPrivate), "s3cret") {
				t.Error("the secret is in the moved state")
			}

			p.configure(t, h)
			read := p.read(t, &tfprotov6.ReadResourceRequest{
				CurrentState: moved.TargetState, Private: moved.TargetPrivate, CurrentIdentity: moved.TargetIdentity,
			})
			mustNotFail(t, read.Diagnostics)
			want := fields{
				"key": "k1", "name": "doors", "approved": true, "secret_revision": int64(0),
				"secret": nil, "secret_wo": nil, "secret_wo_version": nil,
			}
			got := p.decode(t, read.NewState)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}

			planned, err := p.PlanResourceChange(t.Context(), p.planRequest(t,
				&resourceState{values: got, private: read.Private, identity: read.NewIdentity}, test.config))
			if err != nil {
				t.Fatal(err)
			}
			mustNotFail(t, planned.Diagnostics)
			if diff := cmp.Diff(want, p.decode(t, planned.PlannedState)); diff != "" {
				t.Errorf("planned a change: %s", diff)
			}
			var warnings []string
			for _, d := range planned.Diagnostics {
				warnings = append(warnings, d.Summary)
			}
			if strings.Join(warnings, ", ") != test.warning {
				t.Errorf("warned of %q, want %q", warnings, test.warning)
			}
		})
	}
}

func TestMoveState_refused(t *testing.T) {
	t.Parallel()
	const (
		unmovable   = "Unable to move restapi_object to OAuth consumer"
		unsupported = "Unable to Move Resource State"
	)
	tests := map[string]struct {
		address, typeName, state string
		summary                  string
		detail                   []string
	}{
		"gone when it was last read": {
			state: restapiState(t, fields{"id": "", "object_id": nil}), summary: unmovable,
			detail: []string{"no id", "removed block", "import block"},
		},
		"id is not the key": {
			state: restapiState(t, fields{"id": "doors"}), summary: unmovable,
			detail: []string{`"doors"`, `import block with the key "k1"`},
		},
		"not the state of a restapi_object": {
			state: restapiState(t, fields{"id": []string{"s3cret"}}), summary: unmovable,
			detail: []string{"versions 2 and 3", "import block"},
		},
		"another type":     {typeName: "restapi_thing", state: restapiVersion3, summary: unsupported},
		"another provider": {address: "registry.terraform.io/somebody/restapi", state: restapiVersion3, summary: unsupported},
		"another address":  {address: "example.com/a/mastercard/restapi", state: restapiVersion3, summary: unsupported},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.address == "" {
				test.address = restapiAddress
			}
			if test.typeName == "" {
				test.typeName = "restapi_object"
			}
			response := newProtocol(t, newMoving(t).provider.Server()).move(t, test.address, test.typeName, test.state)
			if len(response.Diagnostics) != 1 || response.Diagnostics[0].Summary != test.summary {
				t.Fatalf("want the error %q, got %+v", test.summary, response.Diagnostics)
			}
			detail := response.Diagnostics[0].Detail
			for _, words := range test.detail {
				if !strings.Contains(detail, words) {
					t.Errorf("the error does not say %q:\n%s", words, detail)
				}
			}
			if strings.Contains(detail, "s3cret") {
				t.Errorf("the error tells the secret:\n%s", detail)
			}
		})
	}
}

// writeRestapiState writes the state file that Mastercard/restapi has left.
func (w *workspace) writeRestapiState(t *testing.T, attributes string, private []byte) {
	t.Helper()
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "5c4d3f51-1f6e-4f3d-9d3c-0d1b7f0f8a11", "outputs": map[string]any{},
		"resources": []any{map[string]any{
			"mode": "managed", "type": "restapi_object", "name": "test",
			"provider": `provider["` + restapiAddress + `"]`,
			"instances": []any{map[string]any{
				"schema_version": 0, "attributes": json.RawMessage(attributes), "sensitive_attributes": []any{}, "private": private,
			}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "terraform.tfstate"), state, 0o600); err != nil {
		t.Fatal(err)
	}
}

// anyProvider stands in for Mastercard/restapi: as long as state names a
// provider, Terraform has to be able to start it, and asks it for no more than
// its schemas.
type anyProvider struct{}

func (anyProvider) Metadata(context.Context, provider.MetadataRequest, *provider.MetadataResponse) {}

func (anyProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (anyProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (anyProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (anyProvider) Resources(context.Context) []func() resource.Resource { return nil }

const movedBlock = `
moved {
  from = restapi_object.test
  to   = twcloud_oauth_consumer.test
}
`

// moving is a folder in which Mastercard/restapi manages the consumer of the tests.
func (h *harness) moving(t *testing.T, attributes string, private []byte) *workspace {
	t.Helper()
	w := h.workspace(t)
	w.skipBelow(t, firstMove)
	w.others = map[string]func() tfprotov6.ProviderServer{"mastercard/restapi": providerserver.NewProtocol6(anyProvider{})}
	w.writeRestapiState(t, attributes, private)
	return w
}

// A consumer that Mastercard/restapi has managed keeps its key and its secret, and
// nothing is sent to the server but requests that read.
func TestAccOAuthConsumer_moveFromRestapi(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		attributes string
		private    []byte
		secret     []string
		action     string
	}{
		"version 2":                {restapiVersion2, []byte("null"), nil, "move"},
		"version 3":                {restapiVersion3, nil, nil, "move"},
		"secret":                   {restapiVersion3, nil, stored("s3cret"), "update"},
		"secret_wo":                {restapiVersion3, nil, writeOnly("s3cret"), "move"},
		"secret_wo with a version": {restapiVersion3, nil, writeOnly("s3cret", 1), "update"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(name, "secret_wo") {
				needWriteOnly(t)
			}
			h := newMoving(t)
			before := h.server.Consumers()
			w := h.moving(t, test.attributes, test.private)
			config := h.config(consumer(append(test.secret, `name = "doors"`, `approved = true`)...))
			applied := w.apply(t, config+movedBlock)
			applied.expectNone(t)
			applied.expectAction(t, test.action)
			if got, want := h.requests(), []string{"GET /login", "GET " + collection, "GET /logout"}; !slices.Equal(got, want) {
				t.Errorf("moving sent %q, want %q", got, want)
			}
			if got := h.server.Consumers(); !slices.Equal(got, before) {
				t.Errorf("on the server: %+v, want %+v", got, before)
			}
			if got := w.state(t).Attributes; got.Key != "k1" || got.Name != "doors" || !got.Approved || got.SecretRevision != 0 {
				t.Errorf("in state: %+v", got)
			}
			// Neither the moved block nor Mastercard/restapi is needed any more.
			w.others = nil
			unchanged := w.plan(t, config)
			unchanged.expectNone(t)
			unchanged.expectAction(t, "")
		})
	}
}

// A consumer that the server does not know is not registered again under another
// key, as one that is known to have been removed would be.
func TestAccOAuthConsumer_moveUnknownKey(t *testing.T) {
	t.Parallel()
	h := newMoving(t)
	h.server.RemoveConsumer("k1")
	w := h.moving(t, restapiVersion3, nil)
	failed := w.applyFails(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`))+movedBlock)
	failed.expect(t, "error", "No such OAuth consumer", `"k1"`)
	if got := h.writes(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}

func TestAccOAuthConsumer_moveRefused(t *testing.T) {
	t.Parallel()
	h := newMoving(t)
	w := h.moving(t, restapiState(t, fields{"id": "doors"}), nil)
	failed := w.applyFails(t, h.config(consumer(`name = "doors"`, `approved = true`))+movedBlock)
	failed.expect(t, "error", "Unable to move restapi_object to OAuth consumer", `import block with the key "k1"`)
	if got := h.requests(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
}
