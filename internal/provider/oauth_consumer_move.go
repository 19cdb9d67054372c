package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ resource.ResourceWithMoveState = (*oauthConsumerResource)(nil)

const restapiObjectType = "restapi_object"

// restapiObject is what is read of the state of a restapi_object. Versions 2 and
// 3 of Mastercard/restapi write these attributes alike, under schema version 0.
type restapiObject struct {
	// ID is what the object's path ends with. It is always set, except that
	// version 3 empties it when a read finds no such object.
	ID types.String `tfsdk:"id"`
	// APIData are the fields of the server's last answer.
	APIData map[string]*string `tfsdk:"api_data"`
	// Data is the configured body of the request as JSON, or what the server
	// answered in its place.
	Data types.String `tfsdk:"data"`
}

// MoveState makes an OAuth consumer of a restapi_object.
func (r *oauthConsumerResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{
		SourceSchema: &schema.Schema{Attributes: map[string]schema.Attribute{
			"id":       schema.StringAttribute{Computed: true},
			"api_data": schema.MapAttribute{Computed: true, ElementType: types.StringType},
			"data":     schema.StringAttribute{Required: true},
		}},
		StateMover: moveRestapiObject,
	}}
}

// moveRestapiObject leaves name and approval null, as an import does: Read takes
// them from the server, and fails if the server has no consumer with that key.
// With a name, Read would take the consumer for one that was removed, and
// Terraform would register another.
func moveRestapiObject(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != restapiObjectType || !isRestapi(req.SourceProviderAddress) {
		return
	}
	if req.SourceState == nil {
		addMoveError(&resp.Diagnostics, "The state of the restapi_object has another form than versions 2 and 3 of Mastercard/restapi write.", "")
		return
	}
	var object restapiObject
	resp.Diagnostics.Append(req.SourceState.Get(ctx, &object)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := object.ID.ValueString()
	if id == "" {
		addMoveError(&resp.Diagnostics, "The state of the restapi_object has no id: the last refresh found no such object on the server.", "")
		return
	}
	if key := object.APIData["key"]; key != nil && *key != id {
		addMoveError(&resp.Diagnostics, fmt.Sprintf("The id of the restapi_object is %q, but the server last returned the consumer key %q for it.", id, *key), *key)
		return
	}

	consumer := oauthConsumerModel{Key: types.StringValue(id), SecretRevision: types.Int64Value(0)}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &consumer)...)
	resp.Diagnostics.Append(resp.TargetIdentity.Set(ctx, oauthConsumerIdentity{Key: consumer.Key})...)
	// The secret itself is not taken over: nobody knows yet whether the
	// configuration keeps it in state. Its hash is enough not to send it again.
	if secret := object.secret(); secret != "" {
		writeSecretRecord(ctx, resp.TargetPrivate, secretRecord{Hash: usualHashCost.hash(secret)}, &resp.Diagnostics)
	}
}

// isRestapi says whether an address is that of Mastercard/restapi, from any
// registry. OpenTofu 1.10 and 1.11 send only the local name that the resource
// type implies.
func isRestapi(address string) bool {
	parts := strings.Split(strings.ToLower(address), "/")
	return slices.Equal(parts, []string{"restapi"}) ||
		len(parts) == 3 && slices.Equal(parts[1:], []string{"mastercard", "restapi"})
}

// secret is the secret that was last sent, or empty if the state does not tell.
func (o *restapiObject) secret() string {
	var body struct {
		Secret string `json:"secret"`
	}
	if json.Unmarshal([]byte(o.Data.ValueString()), &body) != nil {
		return ""
	}
	return body.Secret
}

func addMoveError(diags *diag.Diagnostics, cause, key string) {
	importID := "the consumer key that TWCloud Admin shows"
	if key != "" {
		importID = fmt.Sprintf("the key %q", key)
	}
	diags.AddError("Unable to move restapi_object to OAuth consumer", fmt.Sprintf(
		"%s\n\nReplace the moved block with a removed block for the restapi_object and an import block with %s.", cause, importID))
}
