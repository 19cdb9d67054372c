package provider_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
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

// restapiState is restapiVersion3 with some attributes replaced.
func restapiState(t *testing.T, replaced fields) string {
	t.Helper()
	var attributes fields
	if err := json.Unmarshal([]byte(restapiVersion3), &attributes); err != nil {
		t.Fatal(err)
	}
	maps.Copy(attributes, replaced)
	document, err := json.Marshal(attributes)
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// Terraform accepts the state of a restapi_object of Mastercard/restapi, from any
// registry, and of nothing else.
func TestMoveState_sources(t *testing.T) {
	t.Parallel()
	for source, moves := range map[[2]string]bool{
		{restapiAddress, "restapi_object"}:                              true,
		{"registry.opentofu.org/mastercard/restapi", "restapi_object"}:  true,
		{"restapi", "restapi_object"}:                                   true, // OpenTofu 1.11
		{restapiAddress, "restapi_thing"}:                               false,
		{"registry.terraform.io/somebody/restapi", "restapi_object"}:    false,
		{"registry.example.com/a/mastercard/restapi", "restapi_object"}: false,
	} {
		p := newProtocol(t, newProvider(nil).Server())
		moved, err := p.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
			SourceProviderAddress: source[0], SourceTypeName: source[1],
			SourceState: &tfprotov6.RawState{JSON: []byte(restapiVersion3)}, TargetTypeName: consumerType,
		})
		switch {
		case err != nil:
			t.Fatal(err)
		case !moves:
			if len(moved.Diagnostics) != 1 || moved.Diagnostics[0].Summary != "Unable to Move Resource State" {
				t.Errorf("%s: want an error, got %+v", source, moved.Diagnostics)
			}
		case len(moved.Diagnostics) > 0:
			t.Errorf("%s: %+v", source, moved.Diagnostics)
		default:
			if got := p.identified(t, moved.TargetIdentity); got != "k1" {
				t.Errorf("%s: moved to the identity %v, want k1", source, got)
			}
		}
	}
}

// newMove is a run that moves a state to the consumer on the server.
func newMove(t *testing.T, attributes string) *runs {
	t.Helper()
	r := newRuns(t)
	r.server.AddConsumer(emulator.Consumer{Key: "k1", Name: "doors", Secret: "s3cret", Approved: true})
	r.moves = map[string]string{"test": attributes}
	return r
}

// A consumer that Mastercard/restapi manages keeps its key and its secret, and only
// requests that read are sent. The guide is tested with a real Terraform.
func TestOAuthConsumer_moveFromRestapi(t *testing.T) {
	t.Parallel()
	withoutSecret := restapiState(t, fields{"data": `{"approved":true,"key":"k1","name":"doors"}`})
	known := writeOnly("s3cret")
	for name, test := range map[string]struct {
		attributes string
		secret     fields
		action     string
		warning    string
	}{
		"version 2":                    {restapiVersion2, nil, adopted, ""},
		"secret":                       {restapiVersion3, stored("s3cret"), "update", ""},
		"secret_wo":                    {restapiVersion3, known, adopted, ""},
		"secret_wo with a version":     {restapiVersion3, writeOnly("s3cret", 1), "update", ""},
		"attributes of later versions": {restapiState(t, fields{"later": map[string]any{"a": 1}}), known, adopted, ""},
		"secret not in state":          {withoutSecret, nil, adopted, ""},
		"secret not in state, wanted":  {withoutSecret, known, adopted, unproven},
		"body is cut off":              {restapiState(t, fields{"data": `{"secret":"s3cret"`, "api_data": nil}), nil, adopted, ""},
		"body is not a JSON object":    {restapiState(t, fields{"data": `"s3cret"`}), nil, adopted, ""},
		"secret is not a string":       {restapiState(t, fields{"data": `{"secret":7}`}), nil, adopted, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newMove(t, test.attributes)
			before := r.only(t)
			config := one(test.secret, fields{"approved": true})
			applied := r.apply(t, config)
			applied.expectAction(t, test.action)
			r.expectRequests(t, oneList...)
			r.expectOnServer(t, before)
			r.expectState(t, before, 0)
			if r.state["test"].values["secret"] == nil && holds(t, r.stateFile(t), "s3cret") {
				t.Error("the secret is in state")
			}
			if test.warning != "" {
				applied.expect(t, "warning", test.warning)
				return
			}
			applied.expectNone(t)
			r.expectUnchanged(t, config)
		})
	}
}

func TestOAuthConsumer_moveRefused(t *testing.T) {
	t.Parallel()
	const unmovable = "Unable to move restapi_object to OAuth consumer"
	for name, test := range map[string]struct {
		replaced fields
		// removed has the server not know the consumer: it is not registered again
		// with another key.
		removed bool
		summary string
		words   []string
	}{
		"unknown key":                       {removed: true, summary: "No such OAuth consumer", words: []string{`"k1"`}},
		"gone when it was last read":        {replaced: fields{"id": "", "object_id": nil}, summary: unmovable, words: []string{"no id", "removed block", "import block"}},
		"id is not the key":                 {replaced: fields{"id": "doors"}, summary: unmovable, words: []string{`"doors"`, `import block with the key "k1"`}},
		"not the state of a restapi_object": {replaced: fields{"id": []string{"s3cret"}}, summary: unmovable, words: []string{"versions 2 and 3", "import block"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newMove(t, restapiState(t, test.replaced))
			if test.removed {
				r.server.RemoveConsumer("k1")
			}
			failed := r.applyFails(t, one(fields{"approved": true}))
			failed.expect(t, "error", test.summary, test.words...)
			r.expectWrites(t)
			if strings.Contains(failed.Diagnostics[0].Detail, "s3cret") {
				t.Errorf("the output has the secret: %s", failed.Diagnostics[0])
			}
		})
	}
}
