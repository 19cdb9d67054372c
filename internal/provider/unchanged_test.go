package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// servers are two providers on one emulated server: fast answers what is unchanged
// without the framework, and slow is the framework alone.
type servers struct {
	fast, slow *protocol
	// recorded is the private state of a consumer that was registered with the
	// write-only secret "s3cret".
	recorded []byte
	// configure starts a new run.
	configure func(*testing.T)
}

func newServers(t *testing.T, h *harness, more ...fields) servers {
	t.Helper()
	alone := newProvider(nil)
	t.Cleanup(func() { closeProvider(t, alone) })
	s := servers{fast: h.newProtocol(t, more...), slow: newProtocol(t, providerserver.NewProtocol6(alone)())}
	s.slow.configure(t, h, more...)
	registered := s.slow.change(t, nil, fields{"name": "registered", "approved": true, "secret_wo": "s3cret"})
	s.recorded = registered.private
	s.configure = func(t *testing.T) {
		t.Helper()
		s.fast.configure(t, h, more...)
		s.slow.configure(t, h, more...)
	}
	if kept := s.slow.change(t, nil, fields{"name": "kept", "approved": true, "secret": "s3cret"}); len(kept.private) > 0 {
		t.Errorf("private state has %s of a secret that the state keeps", kept.private)
	}
	return s
}

// unreadable is no private state at all.
var unreadable = []byte("drifted")

// privates are what may be in private state.
func (s servers) privates() map[string][]byte {
	private := func(values map[string]string) []byte {
		encoded := map[string][]byte{}
		for name, value := range values {
			encoded[name] = []byte(value)
		}
		document, err := json.Marshal(encoded)
		if err != nil {
			panic(err)
		}
		return document
	}
	return map[string][]byte{
		"none":             nil,
		"empty":            []byte("{}"),
		"recorded":         s.recorded,
		"drifted":          private(map[string]string{"secret": `{"drifted":true}`}),
		"drifted, spaced":  private(map[string]string{"secret": "{ \"drifted\" : true }"}),
		"not drifted":      private(map[string]string{"secret": `{"drifted":false}`}),
		"something else":   private(map[string]string{"other": `{"drifted":true}`}),
		"no record":        private(map[string]string{"secret": `"drifted"`}),
		"just imported":    private(map[string]string{".import_before_read": "true"}),
		"no private state": unreadable,
	}
}

// pick returns one of the choices.
func pick[T any](random *rand.Rand, choices ...T) T { return choices[random.IntN(len(choices))] }

// pickPrivate prefers what there is in most states.
func (s servers) pickPrivate(random *rand.Rand) (string, []byte) {
	privates := s.privates()
	name := pick(random, "none", "recorded", "recorded", "empty", "drifted", "drifted, spaced", "not drifted",
		"something else", "no record", "just imported", "no private state")
	return name, privates[name]
}

// outcome is what Terraform makes of a response.
type outcome struct {
	State       any
	Private     map[string]string
	Identity    any
	Replace     []string
	Deferred    bool
	Diagnostics []string
}

func (p *protocol) outcome(t *testing.T, state *tfprotov6.DynamicValue, private []byte, identity *tfprotov6.ResourceIdentityData, diagnostics []*tfprotov6.Diagnostic) outcome {
	t.Helper()
	o := outcome{}
	for _, d := range diagnostics {
		o.Diagnostics = append(o.Diagnostics, fmt.Sprintf("%s: %s\n%s", d.Severity, d.Summary, d.Detail))
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			// Terraform does not look at the rest.
			return outcome{Diagnostics: o.Diagnostics}
		}
	}
	if bytes.Equal(private, unreadable) {
		private = []byte(`{"unreadable":""}`)
	}
	o.State, o.Identity = p.decode(t, state), p.identified(t, identity)
	var values map[string][]byte
	if len(private) > 0 {
		if err := json.Unmarshal(private, &values); err != nil {
			t.Fatalf("private state %q: %v", private, err)
		}
	}
	for name, value := range values {
		if o.Private == nil {
			o.Private = map[string]string{}
		}
		o.Private[name] = string(value)
	}
	return o
}

// randomIdentity is that of a key, for the most part.
func (s servers) randomIdentity(t *testing.T, random *rand.Rand, key string) *tfprotov6.ResourceIdentityData {
	t.Helper()
	switch random.IntN(6) {
	case 0:
		return nil
	case 1:
		return s.fast.identify(t, "another")
	}
	return s.fast.identify(t, key)
}

// compare sends random requests to both providers, with and without the detection
// of drift. One asks both; it returns what it asked, and whether the fast one
// answered without the framework.
func compare(t *testing.T, one func(*testing.T, *harness, servers, *rand.Rand) (asked string, got, want outcome, taken bool)) {
	t.Helper()
	for name, more := range map[string]fields{"without drift detection": nil, "with drift detection": {"detect_secret_drift": true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newBrownfield(t)
			s := newServers(t, h, more)
			s.fast.read(t, &tfprotov6.ReadResourceRequest{CurrentState: s.fast.encode(t, fields{"key": "k1"})})
			random := rand.New(rand.NewPCG(1, 2))
			count, taken := 1000, 0
			if more != nil {
				count = 200 // Each probe is a signed request.
			}
			for range count {
				asked, got, want, fast := one(t, h, s, random)
				if fast {
					taken++
				}
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(unknown{})); diff != "" {
					t.Errorf("%s: %s", asked, diff)
				}
			}
			if taken == 0 {
				t.Error("the framework was needed for every answer, so this shows nothing")
			}
		})
	}
}

// What is read without the framework is what the framework reads.
func TestReadUnchanged_asTheFramework(t *testing.T) {
	t.Parallel()
	compare(t, func(t *testing.T, h *harness, s servers, random *rand.Rand) (string, outcome, outcome, bool) {
		t.Helper()
		key := pick(random, "k1", "k1", "k2", "k3", "key-1", "gone")
		state := fields{
			"key":               key,
			"name":              pick[any](random, "doors", "doors", "twin", "registered", nil),
			"approved":          pick[any](random, true, true, false, nil),
			"secret":            pick[any](random, nil, "s3cret", "another", ""),
			"secret_wo_version": pick[any](random, nil, 1),
			"secret_revision":   pick[any](random, 0, 1, 1, nil),
		}
		if truth, found := h.server.Consumer(key); found && random.IntN(2) == 0 {
			state["name"], state["approved"] = truth.Name, truth.Approved
		}
		privateName, private := s.pickPrivate(random)
		identity := s.randomIdentity(t, random, key)
		request := func() *tfprotov6.ReadResourceRequest {
			return &tfprotov6.ReadResourceRequest{CurrentState: s.fast.encode(t, state), Private: private, CurrentIdentity: identity}
		}
		fastRequest := request()
		fast, slow := s.fast.read(t, fastRequest), s.slow.read(t, request())
		return fmt.Sprintf("read of %v with private state %q and identity %v", state, privateName, s.fast.identified(t, identity)),
			s.fast.outcome(t, fast.NewState, fast.Private, fast.NewIdentity, fast.Diagnostics),
			s.slow.outcome(t, slow.NewState, slow.Private, slow.NewIdentity, slow.Diagnostics),
			fast.NewState == fastRequest.CurrentState
	})
}

// What is planned without the framework is what the framework plans.
func TestPlanUnchanged_asTheFramework(t *testing.T) {
	t.Parallel()
	compare(t, func(t *testing.T, _ *harness, s servers, random *rand.Rand) (string, outcome, outcome, bool) {
		t.Helper()
		s.configure(t) // A run plans a resource once.
		key := pick(random, "k1", "gone")
		privateName, private := s.pickPrivate(random)
		state := &resourceState{
			values: fields{
				"key":               key,
				"name":              "doors",
				"approved":          pick(random, true, false),
				"secret":            pick[any](random, nil, nil, "s3cret"),
				"secret_wo_version": pick[any](random, nil, nil, nil, 1),
				"secret_revision":   pick[any](random, 0, 1, nil),
			},
			private: private, identity: s.randomIdentity(t, random, key),
		}
		config := fields{
			"name":     pick[any](random, "doors", "doors", "doors", "other", unknown{}),
			"approved": pick[any](random, nil, true, false, unknown{}),
		}
		if random.IntN(3) > 0 {
			config["approved"] = state.values["approved"]
		}
		switch random.IntN(6) {
		case 0:
			config["secret"] = pick[any](random, "s3cret", "another", unknown{})
		case 1:
			config["secret_wo"] = pick[any](random, "s3cret", "another", unknown{})
		case 2:
			config["secret_wo"] = pick[any](random, "s3cret", "another", unknown{})
			config["secret_wo_version"] = pick[any](random, 1, 2, unknown{})
			state.values["secret_wo_version"] = pick[any](random, nil, 1, 1)
			state.values["secret"] = pick[any](random, nil, nil, "s3cret")
		default:
			config["secret"], config["secret_wo_version"] = state.values["secret"], state.values["secret_wo_version"]
		}
		if random.IntN(50) == 0 {
			config = nil
		}
		fastRequest := s.fast.planRequest(t, state, config)
		fast, slow := s.fast.plan(t, fastRequest), s.slow.plan(t, s.slow.planRequest(t, state, config))
		return fmt.Sprintf("plan from %v to %v with private state %q and identity %v", state.values, config, privateName, s.fast.identified(t, state.identity)),
			s.planned(t, fast), s.planned(t, slow), fast.PlannedState == fastRequest.PriorState
	})
}

// A secret with a version needs no framework either, unless it is checked.
func TestPlanUnchanged_versioned(t *testing.T) {
	t.Parallel()
	for _, detects := range []bool{false, true} {
		h := newHarness(t)
		settings := fields{"detect_secret_drift": detects}
		p := h.newProtocol(t, settings)
		config := fields{"name": "doors", "approved": true, "secret_wo": "s3cret", "secret_wo_version": 1}
		made := p.change(t, nil, config)
		p.configure(t, h, settings)
		request := p.planRequest(t, made, config)
		if skips := p.plan(t, request).PlannedState == request.PriorState; skips == detects {
			t.Errorf("detects: %t, skips the framework: %t", detects, skips)
		}
	}
}

func (s servers) planned(t *testing.T, response *tfprotov6.PlanResourceChangeResponse) outcome {
	t.Helper()
	o := s.fast.outcome(t, response.PlannedState, response.PlannedPrivate, response.PlannedIdentity, response.Diagnostics)
	for _, path := range response.RequiresReplace {
		o.Replace = append(o.Replace, path.String())
	}
	o.Deferred = response.Deferred != nil
	return o
}
