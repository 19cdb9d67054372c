package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// consumerModel is what the server returns of a consumer. It never returns a
// secret.
type consumerModel struct {
	Key      types.String `tfsdk:"key"`
	Name     types.String `tfsdk:"name"`
	Approved types.Bool   `tfsdk:"approved"`
}

func newConsumerModel(consumer twcloud.Consumer) consumerModel {
	return consumerModel{
		Key:      types.StringValue(consumer.Key),
		Name:     types.StringValue(consumer.Name),
		Approved: types.BoolValue(consumer.Approved),
	}
}

// consumer returns name and key, as far as they are known.
func (m *consumerModel) consumer() twcloud.Consumer {
	return twcloud.Consumer{Name: m.Name.ValueString(), Key: m.Key.ValueString()}
}

func (m *consumerModel) describe() string { return describe(m.consumer()) }

// oauthConsumerModel is an OAuth consumer in configuration, plan and state.
type oauthConsumerModel struct {
	consumerModel
	Secret          types.String `tfsdk:"secret"`
	SecretWO        types.String `tfsdk:"secret_wo"`
	SecretWOVersion types.Int64  `tfsdk:"secret_wo_version"`
	SecretRevision  types.Int64  `tfsdk:"secret_revision"`
}

// wantedSecret is the configured secret, from either attribute. It is null if
// there is none.
func (m *oauthConsumerModel) wantedSecret() types.String {
	if !m.SecretWO.IsNull() {
		return m.SecretWO
	}
	return m.Secret
}

// wanted is what a configuration wants.
func (m *oauthConsumerModel) wanted() wantedConsumer {
	return wantedConsumer{approved: m.Approved.ValueBool(), secret: m.Secret.ValueString(), secretWO: m.SecretWO.ValueString()}
}

// mayAgreeWith reports whether a plan changes nothing, apart from a detected
// drift of the secret. An unknown value may turn out to be that of the state.
func (m *oauthConsumerModel) mayAgreeWith(state oauthConsumerModel) bool {
	agree := func(planned, stored attr.Value) bool { return planned.IsUnknown() || planned.Equal(stored) }
	return agree(m.Name, state.Name) && agree(m.Approved, state.Approved) &&
		agree(m.Secret, state.Secret) && agree(m.SecretWOVersion, state.SecretWOVersion)
}

// hasUnknown reports whether a value that mayAgreeWith compares is unknown.
func (m *oauthConsumerModel) hasUnknown() bool {
	return m.Name.IsUnknown() || m.Approved.IsUnknown() || m.Secret.IsUnknown() || m.SecretWOVersion.IsUnknown()
}

// changesFrom returns the known changes from a state to this plan, without the
// secret.
func (m *oauthConsumerModel) changesFrom(state oauthConsumerModel) twcloud.Changes {
	changes := twcloud.Changes{KnownName: state.Name.ValueString()}
	if !m.Name.IsUnknown() && !m.Name.Equal(state.Name) {
		changes.Name = m.Name.ValueStringPointer()
	}
	if !m.Approved.IsUnknown() && !m.Approved.Equal(state.Approved) {
		changes.Approved = m.Approved.ValueBoolPointer()
	}
	return changes
}
