package provider_test

import (
	"encoding/json"
	"maps"
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

const consumerType = "twcloud_oauth_consumer"

// fields are attributes of an object; those that are left out are null.
type fields map[string]any

// unknown is a value that is only known after apply.
type unknown struct{}

// protocol speaks to a provider as Terraform does, without Terraform.
type protocol struct {
	tfprotov6.ProviderServerWithListResource
	schema   *tfprotov6.GetProviderSchemaResponse
	identity tftypes.Type
}

// newProtocol asks a server for its schemas, and configures nothing.
func newProtocol(t *testing.T, server tfprotov6.ProviderServer) *protocol {
	t.Helper()
	lists, ok := server.(tfprotov6.ProviderServerWithListResource)
	if !ok {
		t.Fatalf("%T does not list resources", server)
	}
	p := &protocol{ProviderServerWithListResource: lists}
	var err error
	if p.schema, err = lists.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	mustNotFail(t, p.schema.Diagnostics)
	identities, err := lists.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	mustNotFail(t, identities.Diagnostics)
	p.identity = identities.IdentitySchemas[consumerType].ValueType()
	return p
}

// newProtocol speaks to a provider that is configured for the server.
func (h *harness) newProtocol(t *testing.T, more ...fields) *protocol {
	t.Helper()
	instance := newProvider(nil)
	t.Cleanup(func() { closeProvider(t, instance) })
	p := newProtocol(t, instance.Server())
	p.configure(t, h, more...)
	return p
}

// configure returns the warnings.
func (p *protocol) configure(t *testing.T, h *harness, more ...fields) []*tfprotov6.Diagnostic {
	t.Helper()
	config := fields{
		"endpoint": h.server.URL(), "webapp_endpoint": h.server.WebAppURL(),
		"username": emulator.AdminName, "password": emulator.AdminPassword,
	}
	for _, others := range more {
		maps.Copy(config, others)
	}
	response, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: encode(t, p.schema.Provider.ValueType(), config),
	})
	if err != nil {
		t.Fatal(err)
	}
	mustNotFail(t, response.Diagnostics)
	return response.Diagnostics
}

func (p *protocol) consumer() tftypes.Type { return p.schema.ResourceSchemas[consumerType].ValueType() }

func (p *protocol) encode(t *testing.T, values fields) *tfprotov6.DynamicValue {
	t.Helper()
	return encode(t, p.consumer(), values)
}

func (p *protocol) identify(t *testing.T, key string) *tfprotov6.ResourceIdentityData {
	t.Helper()
	return &tfprotov6.ResourceIdentityData{IdentityData: encode(t, p.identity, fields{"key": key})}
}

// identified returns the key in an identity.
func (p *protocol) identified(t *testing.T, identity *tfprotov6.ResourceIdentityData) any {
	t.Helper()
	if identity == nil || identity.IdentityData == nil {
		return nil
	}
	return decode(t, p.identity, identity.IdentityData)["key"]
}

func (p *protocol) decode(t *testing.T, value *tfprotov6.DynamicValue) fields {
	t.Helper()
	return decode(t, p.consumer(), value)
}

// read reads a consumer that is in state.
func (p *protocol) read(t *testing.T, request *tfprotov6.ReadResourceRequest) *tfprotov6.ReadResourceResponse {
	t.Helper()
	request.TypeName = consumerType
	response, err := p.ReadResource(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func (p *protocol) validate(t *testing.T, config fields) []*tfprotov6.Diagnostic {
	t.Helper()
	response, err := p.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: consumerType, Config: p.encode(t, config),
		ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return response.Diagnostics
}

// upgrade reads a state as from a state file, before anything else is done with it.
func (p *protocol) upgrade(t *testing.T, state *resourceState) *resourceState {
	t.Helper()
	if state == nil {
		return nil
	}
	document, err := json.Marshal(state.values)
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: consumerType, Version: p.schema.ResourceSchemas[consumerType].Version, RawState: &tfprotov6.RawState{JSON: document},
	})
	if err != nil {
		t.Fatal(err)
	}
	mustNotFail(t, response.Diagnostics)
	return &resourceState{values: p.decode(t, response.UpgradedState), private: state.private, identity: state.identity}
}

// expectValidPlan fails if a plan has another value than the configuration, or a
// write-only one. Terraform would call it a bug in the provider.
func (p *protocol) expectValidPlan(t *testing.T, request *tfprotov6.PlanResourceChangeRequest, response *tfprotov6.PlanResourceChangeResponse) {
	t.Helper()
	prior, config, planned := p.decode(t, request.PriorState), p.decode(t, request.Config), p.decode(t, response.PlannedState)
	if (config == nil) != (planned == nil) {
		t.Errorf("invalid plan: %v for the configuration %v", planned, config)
		return
	}
	if prior != nil && planned != nil {
		p.expectIdentity(t, prior["key"], response.PlannedIdentity)
	}
	for _, attribute := range p.schema.ResourceSchemas[consumerType].Block.Attributes {
		name := attribute.Name
		value := planned[name]
		switch {
		case attribute.WriteOnly:
			if value != nil {
				t.Errorf("invalid plan: write-only %s is %v", name, value)
			}
		case config[name] == nil && attribute.Computed, value == config[name], config[name] != nil && prior != nil && value == prior[name]:
		default:
			t.Errorf("invalid plan: %s is %v, and configured as %v", name, value, config[name])
		}
	}
}

func (p *protocol) plan(t *testing.T, request *tfprotov6.PlanResourceChangeRequest) *tfprotov6.PlanResourceChangeResponse {
	t.Helper()
	response, err := p.PlanResourceChange(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// change plans a change from a state to a configuration and applies it. A nil
// state is none, a nil configuration removes the consumer.
func (p *protocol) change(t *testing.T, state *resourceState, config fields) *resourceState {
	t.Helper()
	request := p.planRequest(t, state, config)
	planned := p.plan(t, request)
	mustNotFail(t, planned.Diagnostics)
	applied, diagnostics := p.apply(t, request, planned)
	mustNotFail(t, diagnostics)
	return applied
}

// apply applies a plan. It returns nil if nothing is in state any more.
func (p *protocol) apply(t *testing.T, request *tfprotov6.PlanResourceChangeRequest, planned *tfprotov6.PlanResourceChangeResponse) (*resourceState, []*tfprotov6.Diagnostic) {
	t.Helper()
	response, err := p.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: consumerType, PriorState: request.PriorState, Config: request.Config,
		PlannedState: planned.PlannedState, PlannedPrivate: planned.PlannedPrivate, PlannedIdentity: planned.PlannedIdentity,
	})
	if err != nil {
		t.Fatal(err)
	}
	values := p.decode(t, response.NewState)
	if values == nil {
		return nil, response.Diagnostics
	}
	p.expectIdentity(t, values["key"], response.NewIdentity)
	return &resourceState{values: values, private: response.Private, identity: response.NewIdentity}, response.Diagnostics
}

// expectIdentity fails unless the identity is that of the consumer.
func (p *protocol) expectIdentity(t *testing.T, key any, identity *tfprotov6.ResourceIdentityData) {
	t.Helper()
	if got := p.identified(t, identity); got != key {
		t.Errorf("the identity is %v, want %v", got, key)
	}
}

// resourceState is what Terraform keeps of a resource.
type resourceState struct {
	values   fields
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// planRequest proposes what Terraform does: what is computed and not configured
// stays as it is, or is null for a new resource.
func (p *protocol) planRequest(t *testing.T, state *resourceState, config fields) *tfprotov6.PlanResourceChangeRequest {
	t.Helper()
	var prior fields
	request := &tfprotov6.PlanResourceChangeRequest{TypeName: consumerType}
	if state != nil {
		prior, request.PriorPrivate, request.PriorIdentity = state.values, state.private, state.identity
	}
	var proposed fields
	if config != nil {
		proposed = fields{}
		for _, attribute := range p.schema.ResourceSchemas[consumerType].Block.Attributes {
			value := config[attribute.Name]
			if attribute.Computed && value == nil {
				value = prior[attribute.Name]
				if prior == nil {
					value = unknown{}
				}
			}
			proposed[attribute.Name] = value
		}
	}
	request.PriorState, request.Config, request.ProposedNewState = p.encode(t, prior), p.encode(t, config), p.encode(t, proposed)
	return request
}

func mustNotFail(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	for _, d := range diagnostics {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			t.Fatalf("%s\n%s", d.Summary, d.Detail)
		}
	}
}

// encode writes an object; nil fields are a null object.
func encode(t *testing.T, typ tftypes.Type, values fields) *tfprotov6.DynamicValue {
	t.Helper()
	object, ok := typ.(tftypes.Object)
	if !ok {
		t.Fatalf("%s is no object", typ)
	}
	value := tftypes.NewValue(object, nil)
	if values != nil {
		attributes := map[string]tftypes.Value{}
		for name, attribute := range object.AttributeTypes {
			given := values[name]
			if _, isUnknown := given.(unknown); isUnknown {
				given = tftypes.UnknownValue
			}
			attributes[name] = tftypes.NewValue(attribute, given)
		}
		value = tftypes.NewValue(object, attributes)
	}
	encoded, err := tfprotov6.NewDynamicValue(object, value)
	if err != nil {
		t.Fatal(err)
	}
	return &encoded
}

// decode is the inverse of encode.
func decode(t *testing.T, typ tftypes.Type, value *tfprotov6.DynamicValue) fields {
	t.Helper()
	if value == nil {
		return nil
	}
	decoded, err := value.Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	if decoded.IsNull() {
		return nil
	}
	var attributes map[string]tftypes.Value
	if err := decoded.As(&attributes); err != nil {
		t.Fatal(err)
	}
	values := fields{}
	for name, attribute := range attributes {
		values[name] = plain(t, attribute)
	}
	return values
}

// plain returns a string, a bool, an int64, nil or unknown{}.
func plain(t *testing.T, value tftypes.Value) any {
	t.Helper()
	if value.IsNull() {
		return nil
	}
	if !value.IsKnown() {
		return unknown{}
	}
	var (
		text   string
		truth  bool
		number big.Float
	)
	switch {
	case value.As(&text) == nil:
		return text
	case value.As(&truth) == nil:
		return truth
	case value.As(&number) == nil:
		whole, _ := number.Int64()
		return whole
	}
	t.Fatalf("a value of type %s", value.Type())
	return nil
}
