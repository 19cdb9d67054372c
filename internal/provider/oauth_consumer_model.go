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

// set takes over what the server tells. It never tells a secret.
func (m *oauthConsumerModel) set(consumer twcloud.Consumer) {
	m.Key = types.StringValue(consumer.Key)
	m.Name = types.StringValue(consumer.Name)
	m.Approved = types.BoolValue(consumer.Approved)
}

func (m *oauthConsumerModel) subject() subject {
	return subject{name: m.Name.ValueString(), key: m.Key.ValueString()}
}

// wantedSecret is the secret that a configuration holds, in either attribute;
// null if it holds none.
func (m *oauthConsumerModel) wantedSecret() types.String {
	if !m.SecretWO.IsNull() {
		return m.SecretWO
	}
	return m.Secret
}

// agreesWith says whether nothing changes between a state and this plan, but for
// what the provider finds out about the secret.
func (m *oauthConsumerModel) agreesWith(state oauthConsumerModel) bool {
	return m.Name.Equal(state.Name) && m.Approved.Equal(state.Approved) &&
		m.Secret.Equal(state.Secret) && m.SecretWOVersion.Equal(state.SecretWOVersion)
}

// changesFrom are the changes that lead from a state to this plan, the secret
// apart.
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
