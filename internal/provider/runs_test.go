package provider_test

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// runs are runs of Terraform without Terraform, which would take most of the time.
// Each run has a provider of its own, which signs in and out. What Terraform demands
// of plans and results is demanded here as well.
type runs struct {
	*harness
	// block is what the provider block has besides the server and the administrator.
	block fields
	// imports are the keys that are imported, and moves the states of a restapi_object
	// that are moved, by address.
	imports, moves map[string]string
	// state is what is in state, by address. A consumer whose registration has failed
	// counts as untainted.
	state map[string]*resourceState
}

// consumers are a configuration, by address.
type consumers map[string]fields

// adopted is the action for what is imported or moved, and stays as it is.
const adopted = "adopted"

// late is a value that is unknown in the plan.
type late struct{ value any }

func newRuns(t *testing.T, options ...func(*emulator.Config)) *runs {
	t.Helper()
	return &runs{harness: newHarness(t, options...), block: fields{}, state: map[string]*resourceState{}}
}

// detecting has the provider detect that secrets were changed.
func (r *runs) detecting() *runs {
	r.block["detect_secret_drift"] = true
	return r
}

// selfRegistering has the provider know the address of the platform, and nothing else.
func (r *runs) selfRegistering() *runs {
	maps.Copy(r.block, fields{"endpoint": nil, "username": nil, "password": nil, "api_profile": "self-registration"})
	return r
}

// one is a configuration of the consumer of most tests. Later attributes override
// earlier ones.
func one(attributes ...fields) consumers {
	merged := fields{"name": "doors"}
	for _, more := range attributes {
		maps.Copy(merged, more)
	}
	return consumers{"test": merged}
}

// savedPlan is what a plan has found for each consumer.
type savedPlan struct {
	report
	config   consumers
	state    map[string]*resourceState // refreshed
	planned  map[string]*tfprotov6.PlanResourceChangeResponse
	reported sync.Mutex
}

func (s *savedPlan) tell(t *testing.T, diagnostics []*tfprotov6.Diagnostic) (failed bool) {
	t.Helper()
	s.reported.Lock()
	defer s.reported.Unlock()
	for _, d := range diagnostics {
		told := diagnostic{Severity: "warning", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			told.Severity, failed, s.Failed = "error", true, true
		}
		if d.Attribute != nil {
			told.at = d.Attribute.String()
		}
		provider.CheckMessage(t, told.Severity, told.Summary, told.Detail)
		if !slices.ContainsFunc(s.Diagnostics, told.same) {
			s.Diagnostics = append(s.Diagnostics, told)
		}
	}
	return failed
}

// with calls a function with a provider that is not configured yet.
func (r *runs) with(t *testing.T, do func(*protocol)) {
	t.Helper()
	instance := newProvider(nil)
	defer closeProvider(t, instance)
	do(newProtocol(t, instance.Server()))
}

// each calls a function for each address, at the same time, and keeps its results.
func each[T any](addresses []string, do func(address string) *T) map[string]*T {
	results := map[string]*T{}
	var mutex sync.Mutex
	var group sync.WaitGroup
	for _, address := range addresses {
		group.Go(func() {
			result := do(address)
			mutex.Lock()
			defer mutex.Unlock()
			if result != nil {
				results[address] = result
			}
		})
	}
	group.Wait()
	return results
}

func (r *runs) begin(t *testing.T, p *protocol, config consumers, arguments ...string) *savedPlan {
	t.Helper()
	s := &savedPlan{report: report{Actions: map[string]string{}}, config: config}
	s.tell(t, p.configure(t, r.harness, r.block))
	addresses := slices.Collect(maps.Keys(config))
	for address := range r.state {
		if config[address] == nil {
			addresses = append(addresses, address)
		}
	}
	s.state = each(addresses, func(address string) *resourceState {
		return r.refresh(t, p, s, address, slices.Contains(arguments, "-refresh=false"))
	})
	if s.Failed {
		return s
	}
	s.planned = each(addresses, func(address string) *tfprotov6.PlanResourceChangeResponse {
		state, config := s.state[address], config[address]
		if state == nil && config == nil {
			return nil
		}
		request := p.planRequest(t, state, resolve(config, unknown{}))
		planned := p.plan(t, request)
		if s.tell(t, planned.Diagnostics) {
			return nil
		}
		p.expectValidPlan(t, request, planned)
		action := "update"
		switch {
		case state == nil:
			action = "create"
		case config == nil:
			action = "delete"
		case maps.Equal(state.values, p.decode(t, planned.PlannedState)):
			action = ""
			if r.state[address] == nil {
				action = adopted
			}
		}
		s.reported.Lock()
		defer s.reported.Unlock()
		if action != "" {
			s.Actions[resourceAddress(address)] = action
		}
		return planned
	})
	return s
}

func resourceAddress(address string) string { return consumerType + "." + address }

// resolve replaces what is known late, by itself or by a value for the plan.
func resolve(config fields, planned ...any) fields {
	config = maps.Clone(config)
	for name, value := range config {
		if known, isLate := value.(late); isLate {
			config[name] = known.value
			if len(planned) > 0 {
				config[name] = planned[0]
			}
		}
	}
	return config
}

// refresh validates, imports and reads a consumer.
func (r *runs) refresh(t *testing.T, p *protocol, s *savedPlan, address string, skip bool) *resourceState {
	t.Helper()
	if config := s.config[address]; config != nil && s.tell(t, p.validate(t, resolve(config, unknown{}))) {
		return nil
	}
	state := p.upgrade(t, r.state[address])
	request := &tfprotov6.ReadResourceRequest{}
	key, imports := r.imports[address]
	source, moves := r.moves[address]
	switch {
	case state == nil && moves:
		response, err := p.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
			SourceProviderAddress: restapiAddress, SourceTypeName: "restapi_object",
			SourceState: &tfprotov6.RawState{JSON: []byte(source)}, TargetTypeName: consumerType,
		})
		if err != nil {
			t.Error(err)
		}
		if s.tell(t, response.Diagnostics) {
			return nil
		}
		request.CurrentState, request.Private, request.CurrentIdentity = response.TargetState, response.TargetPrivate, response.TargetIdentity
	case state == nil && imports:
		response, err := p.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: consumerType, ID: key})
		if err != nil {
			t.Error(err)
		}
		if s.tell(t, response.Diagnostics) {
			return nil
		}
		imported := response.ImportedResources[0]
		request.CurrentState, request.Private, request.CurrentIdentity = imported.State, imported.Private, imported.Identity
	case state == nil, skip:
		return state
	default:
		request.CurrentState, request.Private, request.CurrentIdentity = p.encode(t, state.values), state.private, state.identity
	}
	response := p.read(t, request)
	if s.tell(t, response.Diagnostics) {
		return state
	}
	// Terraform 1.11 wants the identity even of a consumer that is gone.
	p.expectIdentity(t, p.decode(t, request.CurrentState)["key"], response.NewIdentity)
	values := p.decode(t, response.NewState)
	if values == nil {
		return nil
	}
	expectStorable(t, "refreshed state", values)
	return &resourceState{values: values, private: response.Private, identity: response.NewIdentity}
}

// finish applies a plan. What is unchanged gets the refreshed state.
func (r *runs) finish(t *testing.T, p *protocol, s *savedPlan) report {
	t.Helper()
	p.configure(t, r.harness, r.block)
	r.state = each(slices.Collect(maps.Keys(s.planned)), func(address string) *resourceState {
		state, config := s.state[address], resolve(s.config[address])
		if action := s.Actions[resourceAddress(address)]; action == "" || action == adopted {
			return state
		}
		if config != nil && s.tell(t, p.validate(t, config)) {
			return state
		}
		request := p.planRequest(t, p.upgrade(t, state), config)
		planned := p.plan(t, request)
		if s.tell(t, planned.Diagnostics) {
			return state
		}
		p.expectValidPlan(t, request, planned)
		expectAgree(t, "plan", p.decode(t, s.planned[address].PlannedState), p.decode(t, planned.PlannedState))
		applied, diagnostics := p.apply(t, request, planned)
		if applied != nil {
			expectStorable(t, "result", applied.values)
		}
		if !s.tell(t, diagnostics) {
			var values fields
			if applied != nil {
				values = applied.values
			}
			expectAgree(t, "result", p.decode(t, planned.PlannedState), values)
		}
		return applied
	})
	return s.report
}

// expectStorable fails unless Terraform would keep these values.
func expectStorable(t *testing.T, what string, values fields) {
	t.Helper()
	for name, value := range values {
		if value == (unknown{}) || name == "secret_wo" && value != nil {
			t.Errorf("invalid %s: %s is %v", what, name, value)
		}
	}
}

// expectAgree fails if what was known has changed: Terraform would call it a bug in the
// provider.
func expectAgree(t *testing.T, what string, planned, got fields) {
	t.Helper()
	for name, value := range planned {
		if value != (unknown{}) && (got == nil || got[name] != value) {
			t.Errorf("inconsistent %s: %s is %v, and was planned as %v", what, name, got[name], value)
		}
	}
	if planned == nil && got != nil {
		t.Errorf("inconsistent %s: %v, and was planned to be removed", what, got)
	}
}

// save plans a configuration, which must succeed. The plan can be applied later.
func (r *runs) save(t *testing.T, config consumers, arguments ...string) *savedPlan {
	t.Helper()
	var s *savedPlan
	r.with(t, func(p *protocol) { s = r.begin(t, p, config, arguments...) })
	s.mustSucceed(t)
	return s
}

func (r *runs) plan(t *testing.T, config consumers, arguments ...string) report {
	t.Helper()
	return r.save(t, config, arguments...).report
}

func (r *runs) planFails(t *testing.T, config consumers, arguments ...string) report {
	t.Helper()
	var s *savedPlan
	r.with(t, func(p *protocol) { s = r.begin(t, p, config, arguments...) })
	return s.mustFail(t)
}

func (r *runs) tryApply(t *testing.T, config consumers, arguments ...string) (reported report) {
	t.Helper()
	r.with(t, func(p *protocol) {
		s := r.begin(t, p, config, arguments...)
		if reported = s.report; !s.Failed {
			reported = r.finish(t, p, s)
		}
	})
	return reported
}

func (r *runs) apply(t *testing.T, config consumers, arguments ...string) report {
	t.Helper()
	return r.tryApply(t, config, arguments...).mustSucceed(t)
}

func (r *runs) applyFails(t *testing.T, config consumers, arguments ...string) report {
	t.Helper()
	return r.tryApply(t, config, arguments...).mustFail(t)
}

// applySaved applies a plan in a run of its own.
func (r *runs) applySaved(t *testing.T, s *savedPlan) (reported report) {
	t.Helper()
	r.with(t, func(p *protocol) { reported = r.finish(t, p, s) })
	return reported
}

// expectUnchanged fails unless a plan has no changes and no diagnostics.
func (r *runs) expectUnchanged(t *testing.T, config consumers, arguments ...string) {
	t.Helper()
	planned := r.plan(t, config, arguments...)
	planned.expectNone(t)
	if len(planned.Actions) > 0 {
		t.Errorf("planned %v, want no changes", planned.Actions)
	}
}

// expectState fails unless the consumer of most tests is in state like this.
func (r *runs) expectState(t *testing.T, want emulator.Consumer, revision int64) {
	t.Helper()
	state := r.state["test"]
	if state == nil {
		t.Fatalf("not in state: %+v", want)
	}
	got := state.values
	if got["key"] != want.Key || got["name"] != want.Name || got["approved"] != want.Approved || got["secret_revision"] != revision {
		t.Errorf("in state: %+v, want %+v with revision %d", got, want, revision)
	}
}

// stateFile is what Terraform would write for the consumer of most tests.
func (r *runs) stateFile(t *testing.T) []byte {
	t.Helper()
	state := r.state["test"]
	document, err := json.Marshal(map[string]any{"attributes": state.values, "private": state.private})
	if err != nil {
		t.Fatal(err)
	}
	return document
}
