package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// oauthConsumerModel is an OAuth consumer in configuration, plan and state.
type oauthConsumerModel struct {
	Key             types.String `tfsdk:"key"`
	Name            types.String `tfsdk:"name"`
	Approved        types.Bool   `tfsdk:"approved"`
	Secret          types.String `tfsdk:"secret"`
	SecretWO        types.String `tfsdk:"secret_wo"`
	SecretWOVersion types.Int64  `tfsdk:"secret_wo_version"`
	SecretRevision  types.Int64  `tfsdk:"secret_revision"`
}

// set stores what the server returned. The server never returns a secret.
func (m *oauthConsumerModel) set(consumer twcloud.Consumer) {
	m.Key = types.StringValue(consumer.Key)
	m.Name = types.StringValue(consumer.Name)
	m.Approved = types.BoolValue(consumer.Approved)
}

func (m *oauthConsumerModel) subject() subject {
	return subject{name: m.Name.ValueString(), key: m.Key.ValueString()}
}

// wantedSecret is the configured secret, from either attribute. It is null if
// there is none.
func (m *oauthConsumerModel) wantedSecret() types.String {
	if !m.SecretWO.IsNull() {
		return m.SecretWO
	}
	return m.Secret
}

// agreesWith reports whether a plan changes nothing, apart from a detected
// drift of the secret.
func (m *oauthConsumerModel) agreesWith(state oauthConsumerModel) bool {
	return m.Name.Equal(state.Name) && m.Approved.Equal(state.Approved) &&
		m.Secret.Equal(state.Secret) && m.SecretWOVersion.Equal(state.SecretWOVersion)
}

// changesFrom returns the changes from a state to this plan, without the
// secret.
func (m *oauthConsumerModel) changesFrom(state oauthConsumerModel) twcloud.Changes {
	var changes twcloud.Changes
	if !m.Name.Equal(state.Name) {
		changes.Name = m.Name.ValueStringPointer()
	}
	if !m.Approved.Equal(state.Approved) {
		changes.Approved = m.Approved.ValueBoolPointer()
	}
	return changes
}
