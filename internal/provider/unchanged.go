package provider

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

const oauthConsumerType = "twcloud_oauth_consumer"

// encodedConsumer is a consumer in the plugin protocol and in a state file, with
// all attributes of the schema in alphabetical order. Decoding fails if a value
// is unknown.
type encodedConsumer struct {
	Approved        *bool   `json:"approved"          msgpack:"approved"`
	Key             *string `json:"key"               msgpack:"key"`
	Name            *string `json:"name"              msgpack:"name"`
	Secret          *string `json:"secret"            msgpack:"secret"`
	SecretRevision  *int64  `json:"secret_revision"   msgpack:"secret_revision"`
	SecretWO        *string `json:"secret_wo"         msgpack:"secret_wo"`
	SecretWOVersion *int64  `json:"secret_wo_version" msgpack:"secret_wo_version"`
}

// wanted is what a configuration wants.
func (c *encodedConsumer) wanted() wantedConsumer {
	return wantedConsumer{
		approved: c.Approved != nil && *c.Approved,
		secret:   types.StringPointerValue(c.Secret).ValueString(),
		secretWO: types.StringPointerValue(c.SecretWO).ValueString(),
	}
}

// decodeConsumer returns nil for a value that is null, partly unknown, or not
// MessagePack, and for one with another attribute. The framework handles those.
func decodeConsumer(value *tfprotov6.DynamicValue) *encodedConsumer {
	if value == nil || len(value.MsgPack) == 0 {
		return nil
	}
	decoder := msgpack.GetDecoder()
	defer msgpack.PutDecoder(decoder)
	decoder.Reset(bytes.NewReader(value.MsgPack))
	decoder.DisallowUnknownFields(true)
	var consumer *encodedConsumer
	if err := decoder.Decode(&consumer); err != nil {
		return nil
	}
	return consumer
}

// skips reports whether a call may be answered without the framework.
func (s *server) skips(typeName string) bool { return typeName == oauthConsumerType && !s.logs }

// upgradeCurrent answers with the state as it is. It returns nil unless the state
// is, byte for byte apart from white space, what Terraform writes for a consumer
// of the current version. It notes the key: in an apply, which reads nothing, only this
// tells which consumers are in state.
func (s *server) upgradeCurrent(request *tfprotov6.UpgradeResourceStateRequest) *tfprotov6.UpgradeResourceStateResponse {
	if request.TypeName != oauthConsumerType || request.RawState == nil {
		return nil
	}
	var state *encodedConsumer
	if err := json.Unmarshal(request.RawState.JSON, &state); err != nil || state == nil {
		return nil
	}
	if backend := s.backend.Load(); backend != nil && state.Key != nil {
		backend.consumers.manage(*state.Key)
	}
	if s.logs || request.Version != oauthConsumerVersion {
		return nil
	}
	var compact bytes.Buffer
	canonical, err := json.Marshal(state) //nolint:gosec // It is only compared.
	if err != nil || json.Compact(&compact, request.RawState.JSON) != nil || !bytes.Equal(compact.Bytes(), canonical) {
		return nil
	}
	var encoded bytes.Buffer
	encoder := msgpack.NewEncoder(&encoded)
	encoder.UseCompactInts(true)
	if err := encoder.Encode(state); err != nil {
		return nil
	}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &tfprotov6.DynamicValue{MsgPack: encoded.Bytes()}}
}

// validateUnremarkable answers for a configuration that no validator has anything
// to say about. It returns nil if one may have.
func (s *server) validateUnremarkable(request *tfprotov6.ValidateResourceConfigRequest) *tfprotov6.ValidateResourceConfigResponse {
	if !s.skips(request.TypeName) {
		return nil
	}
	config := decodeConsumer(request.Config)
	switch {
	case config == nil, config.Name == nil, config.Key != nil, config.SecretRevision != nil:
		return nil
	case config.SecretWO == nil && config.SecretWOVersion != nil, config.SecretWO != nil && config.Secret != nil:
		return nil
	case config.SecretWO != nil && (request.ClientCapabilities == nil || !request.ClientCapabilities.WriteOnlyAttributesAllowed):
		return nil
	case remarkable("name", config.Name), remarkable("secret", config.Secret), remarkable("secret_wo", config.SecretWO):
		return nil
	}
	return &tfprotov6.ValidateResourceConfigResponse{}
}

// remarkable reports whether a stringValidator of the attribute has anything to
// say about a value.
func remarkable(attribute string, value *string) bool {
	var response validator.StringResponse
	for _, validate := range stringValidators()[attribute] {
		validate(validator.StringRequest{ConfigValue: types.StringPointerValue(value)}, &response)
	}
	return len(response.Diagnostics) > 0
}

// stringValidators are those of the schema, by attribute.
var stringValidators = sync.OnceValue(func() map[string][]stringValidator {
	validators := map[string][]stringValidator{}
	for name, attribute := range oauthConsumerSchema().Attributes {
		if text, ok := attribute.(schema.StringAttribute); ok {
			for _, candidate := range text.Validators {
				if own, ok := candidate.(stringValidator); ok {
					validators[name] = append(validators[name], own)
				}
			}
		}
	}
	return validators
})

// readUnchanged answers a read of a consumer that has not changed, from the
// current list. It returns nil if there is anything else to do. Then Read does
// it.
func (s *server) readUnchanged(request *tfprotov6.ReadResourceRequest) *tfprotov6.ReadResourceResponse {
	backend := s.backend.Load()
	if !s.skips(request.TypeName) || !backend.ready() {
		return nil
	}
	state := decodeConsumer(request.CurrentState)
	if state == nil || state.Key == nil || state.Name == nil || state.Approved == nil || state.SecretRevision == nil {
		return nil
	}
	if backend.detects() && *state.Approved && state.Secret != nil {
		return nil
	}
	consumer, found := backend.client.Peek(*state.Key)
	if !found || consumer.Name != *state.Name || consumer.Approved != *state.Approved {
		return nil
	}
	identity, err := msgpack.Marshal(map[string]string{"key": consumer.Key})
	if err != nil || !identifies(request.CurrentIdentity, identity) || !settled(request.Private) {
		return nil
	}
	if backend.consumers.of(consumer.Key).removing {
		return nil
	}
	backend.consumers.read(consumer.Key)
	backend.consumers.found.Store(true)
	return &tfprotov6.ReadResourceResponse{
		NewState:    request.CurrentState,
		Private:     request.Private,
		NewIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &tfprotov6.DynamicValue{MsgPack: identity}},
	}
}

// identifies reports whether an identity is the given one or not set yet.
func identifies(current *tfprotov6.ResourceIdentityData, identity []byte) bool {
	return current == nil || current.IdentityData == nil || bytes.Equal(current.IdentityData.MsgPack, identity)
}

// planUnchanged answers a plan if configuration and state agree. It returns nil
// if there may be anything to decide. Then the framework and ModifyPlan do it.
func (s *server) planUnchanged(request *tfprotov6.PlanResourceChangeRequest) *tfprotov6.PlanResourceChangeResponse {
	if !s.skips(request.TypeName) {
		return nil
	}
	backend := s.backend.Load()
	config, prior := decodeConsumer(request.Config), decodeConsumer(request.PriorState)
	switch {
	case config == nil, prior == nil, !proposes(request.ProposedNewState, request.PriorState, prior):
		return nil
	case config.SecretWO != nil && (config.SecretWOVersion == nil || backend.mayDetect()):
		// Terraform does not keep it. Only its hash shows whether it is new.
		return nil
	case config.Approved == nil && (prior.Approved == nil || *prior.Approved):
		// The default, false, differs from the state.
		return nil
	case prior.Key == nil, prior.SecretRevision == nil, !settled(request.PriorPrivate):
		return nil
	}
	if backend != nil && (backend.profile == nil || backend.unlisted()) {
		// The approval is not known yet, or comes from a proof.
		return nil
	}
	if backend != nil && prior.Name != nil && backend.tellsOfUnchanged(*prior.Key, *prior.Name, config.wanted()) {
		return nil
	}
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState:    request.PriorState,
		PlannedPrivate:  request.PriorPrivate,
		PlannedIdentity: request.PriorIdentity,
	}
}

// proposes reports whether Terraform proposes a state, apart from a write-only secret,
// which no state keeps.
func proposes(proposed, encoded *tfprotov6.DynamicValue, state *encodedConsumer) bool {
	if proposed != nil && bytes.Equal(proposed.MsgPack, encoded.MsgPack) {
		return true
	}
	consumer := decodeConsumer(proposed)
	if consumer == nil {
		return false
	}
	consumer.SecretWO = nil
	return reflect.DeepEqual(consumer, state)
}

// settled reports whether private state has nothing but the record of a secret
// without drift. The framework can store other values there.
func settled(private []byte) bool {
	if len(private) == 0 {
		return true
	}
	var values map[string][]byte
	if err := json.Unmarshal(private, &values); err != nil {
		return false
	}
	document, found := values[secretRecordKey]
	if !found {
		return len(values) == 0
	}
	var record secretRecord
	return len(values) == 1 && json.Unmarshal(document, &record) == nil && !record.Drifted
}
