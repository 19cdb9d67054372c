package simulation

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type action int

const (
	nothing action = iota
	create
	update
	remove
	replace
)

// change is what a plan has found out about one resource.
type change struct {
	action action
	// refreshed is what state holds after the refresh; nil is nothing.
	refreshed *instance
	config    attributes
	planned   attributes
}

// act is one node of the graph that is applied. It returns what state holds
// afterwards.
type act func(*process, string, *change) (*instance, []*tfprotov6.Diagnostic)

func (c *change) acts() []act {
	switch c.action {
	case create, update:
		return []act{(*process).change}
	case remove:
		return []act{(*process).remove}
	case replace:
		return []act{(*process).remove, func(p *process, address string, c *change) (*instance, []*tfprotov6.Diagnostic) {
			c.refreshed = nil
			return p.change(address, c)
		}}
	}
	return nil
}

// planResource reads a resource and plans what becomes of it.
func (p *process) planResource(address string, config configuration) (*change, []*tfprotov6.Diagnostic) {
	var result outcome
	c := &change{}
	if prior, found := p.core.state[address]; found {
		c.refreshed = p.refresh(address, prior, &result)
	}
	wanted, configured := config[address]
	if result.failed || p.stopped() {
		return c, result.diagnostics
	}
	if !configured {
		if c.refreshed != nil {
			c.action = remove
		}
		return c, result.diagnostics
	}
	c.config = wanted.attributes()
	prior := c.refreshed
	if prior != nil && prior.tainted {
		prior = nil
	}
	planned := p.planChange(address, prior, c.config, &result)
	if planned == nil {
		return c, result.diagnostics
	}
	c.planned = planned.attributes
	switch {
	case c.refreshed == nil:
		c.action = create
	case prior == nil:
		c.action = replace
	case !equal(planned.prior, planned.attributes):
		c.action = update
	}
	return c, result.diagnostics
}

// refresh reads a resource. It returns nil if it is gone.
func (p *process) refresh(address string, prior instance, result *outcome) *instance {
	current := p.upgrade(prior, result)
	if current == nil {
		return &prior
	}
	response, err := call(p, p.server.ReadResource, &tfprotov6.ReadResourceRequest{
		TypeName: resourceType, CurrentState: current, Private: prior.private, CurrentIdentity: prior.identity,
	})
	if err != nil {
		result.fail(err)
		return &prior
	}
	result.add(response.Diagnostics...)
	if hasError(response.Diagnostics) {
		return &prior
	}
	return p.store(address, response.NewState, response.Private, response.NewIdentity, prior.tainted)
}

// upgraded remembers what the provider has made of what is stored: nothing else
// enters into it, and it is asked for often.
var upgraded sync.Map

// upgrade turns what is stored into a value of the protocol.
func (p *process) upgrade(stored instance, result *outcome) *tfprotov6.DynamicValue {
	if known, found := upgraded.Load(string(stored.attributes)); found {
		value, ok := known.(*tfprotov6.DynamicValue)
		if !ok {
			panic("not a value")
		}
		return value
	}
	response, err := call(p, p.server.UpgradeResourceState, &tfprotov6.UpgradeResourceStateRequest{
		TypeName: resourceType, RawState: &tfprotov6.RawState{JSON: stored.attributes},
	})
	if err != nil {
		result.fail(err)
		return nil
	}
	result.add(response.Diagnostics...)
	if !hasError(response.Diagnostics) {
		upgraded.Store(string(stored.attributes), response.UpgradedState)
	}
	return response.UpgradedState
}

// store turns a value of the protocol into what is stored, nil into nothing.
func (p *process) store(address string, value *tfprotov6.DynamicValue, private []byte, identity *tfprotov6.ResourceIdentityData, tainted bool) *instance {
	decoded, err := decode(p.core.types.consumer, value)
	if err != nil {
		p.core.problem("%s: %v", address, err)
	}
	if decoded == nil {
		return nil
	}
	if !decoded["secret_wo"].IsNull() {
		p.core.problem("%s: secret_wo is in state", address)
	}
	var kept map[string][]byte
	if len(private) > 0 {
		must(json.Unmarshal(private, &kept))
	}
	for _, value := range kept {
		if strings.Contains(string(value), secretMark) {
			p.core.problem("%s: a secret is in private state", address)
		}
	}
	if identity == nil || identity.IdentityData == nil {
		p.core.problem("%s: no identity", address)
	}
	return &instance{attributes: decoded.json(), private: private, identity: identity, tainted: tainted}
}

// plannedChange is the answer to PlanResourceChange.
type plannedChange struct {
	prior      attributes
	attributes attributes
	encoded    *tfprotov6.DynamicValue
	encodedOld *tfprotov6.DynamicValue
	private    []byte
	identity   *tfprotov6.ResourceIdentityData
}

// planChange plans the change from what is stored to what is configured.
func (p *process) planChange(address string, prior *instance, config attributes, result *outcome) *plannedChange {
	typ := p.core.types.consumer
	old := attributes(nil).encode(typ)
	var private []byte
	var identity *tfprotov6.ResourceIdentityData
	if prior != nil {
		if old = p.upgrade(*prior, result); old == nil {
			return nil
		}
		private, identity = prior.private, prior.identity
	}
	before, err := decode(typ, old)
	must(err)
	response, err := call(p, p.server.PlanResourceChange, &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: old, PriorPrivate: private, PriorIdentity: identity,
		Config: config.encode(typ), ProposedNewState: proposed(before, config).encode(typ),
	})
	if err != nil {
		result.fail(err)
		return nil
	}
	result.add(response.Diagnostics...)
	if hasError(response.Diagnostics) {
		return nil
	}
	planned, err := decode(typ, response.PlannedState)
	must(err)
	if len(response.RequiresReplace) > 0 {
		p.core.problem("%s: %v requires replacement", address, response.RequiresReplace)
	}
	for name, value := range config {
		switch {
		case name == "secret_wo":
			if !planned[name].IsNull() {
				p.core.problem("%s: secret_wo is in the plan", address)
			}
		case !value.IsNull() && !planned[name].Equal(value):
			p.core.problem("%s: %s is planned as %v, but configured as %v", address, name, planned.plain(name), config.plain(name))
		}
	}
	return &plannedChange{
		prior: before, attributes: planned, encoded: response.PlannedState, encodedOld: old,
		private: response.PlannedPrivate, identity: response.PlannedIdentity,
	}
}

// computed are the attributes that keep their value when they are not configured.
var computed = []string{"key", "approved", "secret_revision"}

// proposed is what Terraform proposes: what is configured, and otherwise, where
// that is computed, what was before.
func proposed(prior, config attributes) attributes {
	merged := attributes{}
	for name, value := range config {
		switch {
		case name == "secret_wo":
			value = tftypes.NewValue(tftypes.String, nil)
		case value.IsNull() && slices.Contains(computed, name) && prior != nil:
			value = prior[name]
		}
		merged[name] = value
	}
	return merged
}

// change registers or updates a resource: it plans once more, as Terraform does,
// and applies.
func (p *process) change(address string, c *change) (*instance, []*tfprotov6.Diagnostic) {
	var result outcome
	planned := p.planChange(address, c.refreshed, c.config, &result)
	if planned == nil || result.failed {
		return c.refreshed, result.diagnostics
	}
	for name, value := range c.planned {
		if value.IsKnown() && !planned.attributes[name].Equal(value) {
			p.core.problem("%s: inconsistent final plan: %s was %v and is %v", address, name, c.planned.plain(name), planned.attributes.plain(name))
		}
	}
	typ := p.core.types.consumer
	response, err := call(p, p.server.ApplyResourceChange, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: planned.encodedOld, PlannedState: planned.encoded,
		Config: c.config.encode(typ), PlannedPrivate: planned.private, PlannedIdentity: planned.identity,
	})
	if err != nil {
		result.fail(err)
		return c.refreshed, result.diagnostics
	}
	result.add(response.Diagnostics...)
	failed := hasError(response.Diagnostics)
	tainted := failed && c.refreshed == nil
	after := p.store(address, response.NewState, response.Private, response.NewIdentity, tainted)
	if after == nil {
		if !failed {
			p.core.problem("%s: no error, and no state", address)
		}
		return c.refreshed, result.diagnostics
	}
	if !failed {
		p.checkApplied(address, planned.attributes, response.NewState)
	}
	return after, result.diagnostics
}

func (p *process) checkApplied(address string, planned attributes, state *tfprotov6.DynamicValue) {
	after, err := decode(p.core.types.consumer, state)
	must(err)
	for name, value := range planned {
		switch {
		case !after[name].IsKnown():
			p.core.problem("%s: %s is unknown after apply", address, name)
		case value.IsKnown() && !after[name].Equal(value):
			p.core.problem("%s: inconsistent result: %s was planned as %v and is %v", address, name, planned.plain(name), after.plain(name))
		}
	}
}

// remove removes a resource.
func (p *process) remove(address string, c *change) (*instance, []*tfprotov6.Diagnostic) {
	var result outcome
	prior := p.upgrade(*c.refreshed, &result)
	if result.failed {
		return c.refreshed, result.diagnostics
	}
	null := attributes(nil).encode(p.core.types.consumer)
	response, err := call(p, p.server.ApplyResourceChange, &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: prior, PlannedState: null, Config: null,
		PlannedPrivate: c.refreshed.private, PlannedIdentity: c.refreshed.identity,
	})
	if err != nil {
		result.fail(err)
		return c.refreshed, result.diagnostics
	}
	result.add(response.Diagnostics...)
	decoded, err := decode(p.core.types.consumer, response.NewState)
	must(err)
	if decoded == nil {
		if hasError(response.Diagnostics) {
			p.core.problem("%s: an error, and no state", address)
		}
		return nil, result.diagnostics
	}
	return p.store(address, response.NewState, response.Private, response.NewIdentity, c.refreshed.tainted), result.diagnostics
}

func equal(a, b attributes) bool {
	for name := range a {
		if !a[name].Equal(b[name]) {
			return false
		}
	}
	return len(a) == len(b)
}
