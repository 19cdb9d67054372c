package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ resource.ResourceWithMoveState = (*oauthConsumerResource)(nil)

const restapiObjectType = "restapi_object"

// restapiObject is the part of a restapi_object's state that the move needs.
// Versions 2 and 3 of Mastercard/restapi write it in the same way, with schema
// version 0.
type restapiObject struct {
	// ID is the end of the object's path. Version 3 empties it if a read finds no
	// such object.
	ID types.String `tfsdk:"id"`
	// APIData are the fields of the server's last response.
	APIData map[string]*string `tfsdk:"api_data"`
	// Data is the configured request body as JSON, or the server's answer to it.
	Data types.String `tfsdk:"data"`
}

// MoveState converts a restapi_object to an OAuth consumer.
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

// moveRestapiObject leaves name and approval null, as an import does. Read gets
// them from the server, and fails if there is no consumer with this key. With a
// name in state, Read would report the consumer as removed, and Terraform would
// register a second one.
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
	if strings.TrimSpace(id) == "" {
		addMoveError(&resp.Diagnostics, "The state of the restapi_object has no id: the last refresh found no such object on the server.", "")
		return
	}
	if key := object.APIData["key"]; key != nil && *key != id {
		addMoveError(&resp.Diagnostics, fmt.Sprintf("The id of the restapi_object is %q, but the server last returned the consumer key %q for it.", id, *key), *key)
		return
	}

	consumer := oauthConsumerModel{consumerModel: consumerModel{Key: types.StringValue(id)}, SecretRevision: types.Int64Value(0)}
	resp.Diagnostics.Append(resp.TargetState.Set(ctx, &consumer)...)
	resp.Diagnostics.Append(resp.TargetIdentity.SetAttribute(ctx, path.Root("key"), consumer.Key)...)
	// Whether the configuration keeps the secret in state is not known yet. The
	// hash is enough to avoid sending it again.
	if secret := object.secret(); secret != "" {
		writeSecretRecord(ctx, resp.TargetPrivate, secretRecord{Hash: usualHashCost.hash(secret)}, &resp.Diagnostics)
	}
}

// isRestapi reports whether an address is Mastercard/restapi, in any registry.
// OpenTofu 1.10 and 1.11 send only the local name that the resource type
// implies.
func isRestapi(address string) bool {
	parts := strings.Split(strings.ToLower(address), "/")
	return slices.Equal(parts, []string{"restapi"}) ||
		len(parts) == 3 && slices.Equal(parts[1:], []string{"mastercard", "restapi"})
}

// secret is the secret that was last sent. It is empty if it is not in state.
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
