package provider

import (
	"bytes"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

const oauthConsumerType = "twcloud_oauth_consumer"

// encodedConsumer is a consumer in the plugin protocol. Decoding fails if a
// value is unknown.
type encodedConsumer struct {
	Key            *string `msgpack:"key"`
	Name           *string `msgpack:"name"`
	Approved       *bool   `msgpack:"approved"`
	Secret         *string `msgpack:"secret"`
	SecretWO       *string `msgpack:"secret_wo"`
	SecretRevision *int64  `msgpack:"secret_revision"`
}

// wanted is what a configuration without secret_wo wants.
func (c *encodedConsumer) wanted() wantedConsumer {
	return wantedConsumer{
		approved: c.Approved != nil && *c.Approved,
		secret:   types.StringPointerValue(c.Secret).ValueString(),
	}
}

// decodeConsumer returns nil for a value that is null, partly unknown, or not
// MessagePack. The framework handles those.
func decodeConsumer(value *tfprotov6.DynamicValue) *encodedConsumer {
	if value == nil || len(value.MsgPack) == 0 {
		return nil
	}
	var consumer *encodedConsumer
	if err := msgpack.Unmarshal(value.MsgPack, &consumer); err != nil {
		return nil
	}
	return consumer
}

// readUnchanged answers a read of a consumer that has not changed, from the
// current list. It returns nil if there is anything else to do. Then Read does
// it.
func (s *server) readUnchanged(request *tfprotov6.ReadResourceRequest) *tfprotov6.ReadResourceResponse {
	backend := s.backend.Load()
	if request.TypeName != oauthConsumerType || !backend.ready() {
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
	if backend.consumers.isRemoving(consumer.Key) {
		return nil
	}
	backend.consumers.read(consumer.Key)
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
	if request.TypeName != oauthConsumerType || request.PriorState == nil || request.ProposedNewState == nil ||
		!bytes.Equal(request.PriorState.MsgPack, request.ProposedNewState.MsgPack) {
		return nil
	}
	config, prior := decodeConsumer(request.Config), decodeConsumer(request.PriorState)
	switch {
	case config == nil, prior == nil:
		return nil
	case config.SecretWO != nil:
		// Terraform does not keep it. Only its hash shows whether it is new.
		return nil
	case config.Approved == nil && (prior.Approved == nil || *prior.Approved):
		// The default, false, differs from the state.
		return nil
	case prior.Key == nil, prior.SecretRevision == nil, !settled(request.PriorPrivate):
		return nil
	}
	if backend := s.backend.Load(); backend != nil && prior.Name != nil && backend.tellsOfUnchanged(*prior.Key, *prior.Name, config.wanted()) {
		return nil
	}
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState:    request.ProposedNewState,
		PlannedPrivate:  request.PriorPrivate,
		PlannedIdentity: request.PriorIdentity,
	}
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
