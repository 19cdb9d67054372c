package simulation

import (
	"cmp"
	"encoding/json"
	"maps"
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

// change is what is planned for one resource.
type change struct {
	action action
	// refreshed is the resource in state after the refresh; nil if it is gone.
	refreshed *instance
	config    attributes
	planned   attributes
}

// apply is terraform apply. Each phase has a provider process of its own.
func (w *world) apply(step string, attempt int, config configuration) (result outcome) {
	changes := w.plan(step, attempt, config, &result)
	if result.failed {
		return result
	}
	w.state = map[string]instance{}
	for address, c := range changes {
		if c.refreshed != nil {
			w.state[address] = *c.refreshed
		}
		result.changed = result.changed || c.action != nothing
	}
	if !result.changed {
		return result
	}
	p := w.start(step, attempt, "apply", &result)
	defer p.end()
	p.walk(changes, &result, func(address string, result *outcome) func() {
		after := p.applyChange(address, changes[address], result)
		return func() {
			delete(w.state, address)
			if after != nil {
				w.state[address] = *after
			}
		}
	})
	return result
}

// plan refreshes and plans all resources.
func (w *world) plan(step string, attempt int, config configuration, result *outcome) map[string]*change {
	p := w.start(step, attempt, "plan", result)
	defer p.end()
	if result.failed {
		return nil
	}
	changes := map[string]*change{}
	for address := range config {
		changes[address] = &change{}
	}
	for address, stored := range w.state {
		changes[address] = &change{refreshed: &stored}
	}
	p.walk(changes, result, func(address string, result *outcome) func() {
		p.planResource(address, config, changes[address], result)
		return func() {}
	})
	result.failed = result.failed || p.stopped()
	return changes
}

// walk handles all resources at the same time. What do returns is called for one
// resource at a time.
func (p *process) walk(changes map[string]*change, result *outcome, do func(address string, result *outcome) func()) {
	var mu sync.Mutex
	var working sync.WaitGroup
	for address := range changes {
		working.Go(func() {
			var own outcome
			store := do(address, &own)
			mu.Lock()
			defer mu.Unlock()
			result.add(own.diagnostics...)
			result.failed = result.failed || own.failed
			store()
		})
	}
	working.Wait()
}

// planResource reads a resource and plans its change.
func (p *process) planResource(address string, wanted configuration, c *change, result *outcome) {
	if c.refreshed != nil {
		c.refreshed = p.refresh(address, c.refreshed, result)
	}
	if result.failed || p.stopped() {
		return
	}
	configured, found := wanted[address]
	if !found {
		if c.refreshed != nil {
			c.action = remove
		}
		return
	}
	c.config = configured.attributes()
	config := maps.Clone(c.config)
	for _, name := range []string{"name", "secret", "approved"} {
		if p.schedule.unknown && !p.settling && !config[name].IsNull() {
			config[name] = tftypes.NewValue(config[name].Type(), tftypes.UnknownValue)
		}
	}
	prior := c.refreshed
	if prior != nil && prior.tainted {
		prior = nil
	}
	planned := p.planChange(address, prior, config, result)
	if planned == nil {
		return
	}
	c.planned = decode(schema().consumer, planned.PlannedState)
	switch {
	case c.refreshed == nil:
		c.action = create
	case prior == nil:
		c.action = replace
	case !maps.EqualFunc(prior.attributes, c.planned, tftypes.Value.Equal):
		c.action = update
	}
}

// refresh reads a resource. It returns nil if the resource is gone.
func (p *process) refresh(address string, prior *instance, result *outcome) *instance {
	response := call(p, result, p.protocol.ReadResource, &tfprotov6.ReadResourceRequest{
		TypeName: resourceType, CurrentState: prior.attributes.encode(schema().consumer), Private: prior.private, CurrentIdentity: prior.identity,
	})
	result.add(response.Diagnostics...)
	if result.failed {
		return prior
	}
	return p.store(address, response.NewState, response.Private, response.NewIdentity, prior.tainted)
}

// store is what Terraform stores after a call; nil for a null object.
func (p *process) store(address string, value *tfprotov6.DynamicValue, private []byte, identity *tfprotov6.ResourceIdentityData, tainted bool) *instance {
	decoded := decode(schema().consumer, value)
	if decoded == nil {
		return nil
	}
	if !decoded["secret_wo"].IsNull() {
		p.violate("%s: secret_wo is in state", address)
	}
	var kept map[string][]byte
	if len(private) > 0 {
		must(json.Unmarshal(private, &kept))
	}
	for _, value := range kept {
		if strings.Contains(string(value), secretMark) {
			p.violate("%s: a secret is in private state", address)
		}
	}
	if identity == nil || identity.IdentityData == nil {
		p.violate("%s: no identity", address)
	}
	return &instance{attributes: decoded, private: private, identity: identity, tainted: tainted}
}

// planChange plans the change from what is stored to what is configured. It returns
// the request that applies the plan, or nil.
func (p *process) planChange(address string, prior *instance, config attributes, result *outcome) *tfprotov6.ApplyResourceChangeRequest {
	typ, stored := schema().consumer, cmp.Or(prior, &instance{})
	before, configured := stored.attributes.encode(typ), config.encode(typ)
	response := call(p, result, p.protocol.PlanResourceChange, &tfprotov6.PlanResourceChangeRequest{
		TypeName: resourceType, PriorState: before, PriorPrivate: stored.private, PriorIdentity: stored.identity,
		Config: configured, ProposedNewState: proposed(stored.attributes, config).encode(typ),
	})
	result.add(response.Diagnostics...)
	if result.failed {
		return nil
	}
	if len(response.RequiresReplace) > 0 {
		p.violate("%s: %v requires replacement", address, response.RequiresReplace)
	}
	return &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resourceType, PriorState: before, PlannedState: response.PlannedState, Config: configured,
		PlannedPrivate: response.PlannedPrivate, PlannedIdentity: response.PlannedIdentity,
	}
}

// proposed is what Terraform proposes: what is configured, and for computed
// attributes that are not, the value before.
func proposed(prior, config attributes) attributes {
	merged := maps.Clone(config)
	merged["secret_wo"] = tftypes.NewValue(tftypes.String, nil)
	for _, name := range []string{"key", "approved", "secret_revision"} {
		if config[name].IsNull() && prior != nil {
			merged[name] = prior[name]
		}
	}
	return merged
}

// applyChange makes a planned change. It returns the resource in state afterwards;
// nil is none.
func (p *process) applyChange(address string, c *change, result *outcome) *instance {
	now := c.refreshed
	// Each step has what is planned; nil is a removal.
	steps := map[action][]attributes{create: {c.planned}, update: {c.planned}, remove: {nil}, replace: {nil, c.planned}}
	for _, planned := range steps[c.action] {
		result.failed = result.failed || p.stopped()
		if result.failed {
			break
		}
		if planned == nil {
			null := attributes(nil).encode(schema().consumer)
			now = p.send(address, &tfprotov6.ApplyResourceChangeRequest{
				TypeName: resourceType, PriorState: now.attributes.encode(schema().consumer), PlannedState: null, Config: null,
				PlannedPrivate: now.private, PlannedIdentity: now.identity,
			}, now, result)
			continue
		}
		// Terraform plans once more.
		if request := p.planChange(address, now, c.config, result); request != nil {
			final := decode(schema().consumer, request.PlannedState)
			p.checkValues(address, "inconsistent final plan", planned, final)
			if now != nil && maps.EqualFunc(now.attributes, final, tftypes.Value.Equal) {
				continue // Nothing is left to do, now that all values are known.
			}
			now = p.send(address, request, now, result)
		}
	}
	return now
}

// send applies a change. It returns the resource in state afterwards; nil is none.
func (p *process) send(address string, request *tfprotov6.ApplyResourceChangeRequest, prior *instance, result *outcome) *instance {
	response := call(p, result, p.protocol.ApplyResourceChange, request)
	result.add(response.Diagnostics...)
	if response.NewState == nil {
		return prior
	}
	tainted := result.failed
	if prior != nil {
		tainted = prior.tainted
	}
	after := p.store(address, response.NewState, response.Private, response.NewIdentity, tainted)
	planned := decode(schema().consumer, request.PlannedState)
	if after == nil {
		if removes := planned == nil; removes == result.failed {
			p.violate("%s: no state after apply, and an error: %t", address, result.failed)
		} else if !removes {
			return prior
		}
		return nil
	}
	if !result.failed {
		p.checkValues(address, "inconsistent result", planned, after.attributes)
		for name, value := range after.attributes {
			if !value.IsKnown() {
				p.violate("%s: %s is unknown after apply", address, name)
			}
		}
	}
	return after
}

// checkValues compares what is known of a plan with what came of it.
func (p *process) checkValues(address, what string, planned, after attributes) {
	for name, value := range planned {
		if value.IsKnown() && !after[name].Equal(value) {
			p.violate("%s: %s: %s was %v and is %v", address, what, name, value, after[name])
		}
	}
}
