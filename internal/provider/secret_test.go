package provider_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

const unproven = `Secret of "doors" may differ from secret_wo`

// secretForms are the ways to give a secret to a consumer that is approved.
var secretForms = map[string]fields{
	"secret":                   {"name": "doors", "approved": true, "secret": "s3cret"},
	"secret_wo":                {"name": "doors", "approved": true, "secret_wo": "s3cret"},
	"secret_wo with a version": {"name": "doors", "approved": true, "secret_wo": "s3cret", "secret_wo_version": 1},
}

func stored(value string) fields { return fields{"secret": value} }

func writeOnly(value string, version ...int) fields {
	secret := fields{"secret_wo": value}
	if len(version) > 0 {
		secret["secret_wo_version"] = version[0]
	}
	return secret
}

// holds says whether a document has a secret, plain or in base64 as in private
// state.
func holds(t *testing.T, document []byte, secret string) bool {
	t.Helper()
	if bytes.Contains(document, []byte(secret)) {
		return true
	}
	for part := range bytes.SplitSeq(document, []byte(`"`)) {
		if decoded, err := base64.StdEncoding.DecodeString(string(part)); err == nil && len(decoded) > 0 && holds(t, decoded, secret) {
			return true
		}
	}
	return false
}

// secretStep is a configuration of the secret, and what applying it does.
type secretStep struct {
	// secret is configured. The rest of the consumer stays the same.
	secret fields
	// sends says that the secret of a consumer that exists is sent.
	sends    bool
	action   string
	revision int64
	warning  string
}

// expectSecretStep applies a step and plans again. The consumer has the key after
// the step.
func (r *runs) expectSecretStep(t *testing.T, step secretStep, key string) {
	t.Helper()
	config := one(step.secret)
	before, _ := r.server.Consumer(key)
	r.requests()
	applied := r.apply(t, config)
	applied.expectAction(t, step.action)
	if step.warning == "" {
		applied.expectNone(t)
	} else {
		applied.expect(t, "warning", step.warning, `OAuth consumer "doors" (key "made-by-hand") was imported, and`, "secret_wo_version = 1")
	}
	after := r.only(t)
	if step.action != "create" {
		var writes []string
		if step.sends {
			writes = []string{"PATCH " + collection + "/" + key + " secret"}
		}
		r.expectWrites(t, writes...)
		if configured := cmp.Or[any](step.secret["secret"], step.secret["secret_wo"]); step.sends && configured != after.Secret || !step.sends && after != before {
			t.Errorf("on the server: %+v, before: %+v", after, before)
		}
	}
	r.expectState(t, after, step.revision)
	if state := r.state["test"].values; state["secret_wo"] != nil || state["secret"] == nil && holds(t, r.stateFile(t), after.Secret) {
		t.Errorf("the state has the write-only secret:\n%s", r.stateFile(t))
	}
	if step.secret["secret_wo_version"] != nil && holds(t, r.stateFile(t), `"hash"`) {
		t.Errorf("the state has a hash of a secret with a version:\n%s", r.stateFile(t))
	}
	r.plan(t, config).expectAction(t, "")
}

func TestSecret_rotate(t *testing.T) {
	t.Parallel()
	const a, b = "first-s3cret", "second-s3cret"
	for name, steps := range map[string][]secretStep{
		"secret and back by taking it out": {
			{secret: stored(a), revision: 1, action: "create"},
			{secret: nil, revision: 1, action: "update"},
			{secret: stored(a), revision: 1, action: "update"},
			{secret: nil, revision: 1, action: "update"},
			{secret: stored(b), revision: 2, action: "update", sends: true},
		},
		"secret_wo noticed by its hash": {
			{secret: writeOnly(a), revision: 1, action: "create"},
			{secret: writeOnly(a), revision: 1},
			{secret: writeOnly(b), revision: 2, action: "update", sends: true},
			{secret: nil, revision: 2},
			{secret: writeOnly(b), revision: 2},
			{secret: writeOnly(a), revision: 3, action: "update", sends: true},
		},
		"secret_wo with a version": {
			{secret: writeOnly(a, 1), revision: 1, action: "create"},
			{secret: writeOnly(b, 1), revision: 1},
			{secret: writeOnly(b, 2), revision: 2, action: "update", sends: true},
			{secret: writeOnly(b, 3), revision: 3, action: "update", sends: true},
			{secret: writeOnly(a, 1), revision: 4, action: "update", sends: true},
			{secret: nil, revision: 4, action: "update"},
			{secret: writeOnly(a, 7), revision: 5, action: "update", sends: true},
		},
		"secret to secret_wo and back, the same": {
			{secret: stored(a), revision: 1, action: "create"},
			{secret: writeOnly(a), revision: 1, action: "update"},
			{secret: stored(a), revision: 1, action: "update"},
			{secret: writeOnly(a, 1), revision: 1, action: "update"},
			{secret: stored(a), revision: 2, action: "update", sends: true},
			{secret: writeOnly(a, 2), revision: 2, action: "update"},
			{secret: writeOnly(a), revision: 3, action: "update", sends: true},
			{secret: writeOnly(a, 3), revision: 3, action: "update"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			for _, step := range steps {
				r.expectSecretStep(t, step, "key-1")
			}
		})
	}
}

// A secret is configured when a consumer is imported, or after that.
func TestSecret_imported(t *testing.T) {
	t.Parallel()
	const a, b = "first-s3cret", "second-s3cret"
	for name, steps := range map[string][]secretStep{
		"secret": {
			{secret: stored(a), revision: 1, action: "update", sends: true},
			{secret: writeOnly(a), revision: 1, action: "update"},
		},
		"secret_wo": {
			{secret: writeOnly(a), revision: 0, warning: unproven},
			{secret: writeOnly(b), revision: 0, warning: unproven},
			{secret: writeOnly(b, 1), revision: 1, action: "update", sends: true},
			{secret: writeOnly(b), revision: 2, action: "update", sends: true},
			{secret: writeOnly(a), revision: 3, action: "update", sends: true},
		},
		"secret_wo with a version": {
			{secret: writeOnly(a, 1), revision: 1, action: "update", sends: true},
			{secret: writeOnly(b, 1), revision: 1},
			{secret: nil, revision: 1, action: "update"},
			{secret: writeOnly(a), revision: 2, action: "update", sends: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, atOnce := range []bool{false, true} {
				r := newRuns(t)
				r.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors", Secret: "unknown-s3cret"})
				r.imports = map[string]string{"test": "made-by-hand"}
				first := steps[0]
				if atOnce && first.action == "" {
					first.action = adopted
				}
				if !atOnce {
					r.apply(t, one()).expectNone(t)
				}
				r.expectSecretStep(t, first, "made-by-hand")
				for _, step := range steps[1:] {
					r.expectSecretStep(t, step, "made-by-hand")
				}
			}
		})
	}
}

// A secret or a version that is unknown at plan is decided at apply.
func TestSecret_unknownAtPlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config func(any) consumers
		// changed is the value that replaces first, with which the consumer is
		// registered.
		first, changed any
		sends          bool
	}{
		"secret":    {config: func(v any) consumers { return one(fields{"secret": v}) }, first: "a", changed: "b", sends: true},
		"secret_wo": {config: func(v any) consumers { return one(fields{"secret_wo": v}) }, first: "a", changed: "b", sends: true},
		"secret_wo under a version that stays": {
			config: func(v any) consumers { return one(fields{"secret_wo": v, "secret_wo_version": 1}) }, first: "a", changed: "b",
		},
		"version": {config: func(v any) consumers { return one(fields{"secret_wo": "a", "secret_wo_version": v}) }, first: 1, changed: 2, sends: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t)
			r.apply(t, test.config(late{test.first})).expectNone(t)
			r.requests()
			r.apply(t, test.config(late{test.first})).expectNone(t)
			r.expectWrites(t)
			r.expectState(t, r.only(t), 1)

			r.apply(t, test.config(late{test.changed})).expectNone(t)
			var writes []string
			revision := int64(1)
			if test.sends {
				writes, revision = []string{"PATCH " + collection + "/key-1 secret"}, 2
			}
			r.expectWrites(t, writes...)
			r.expectState(t, r.only(t), revision)
			r.expectUnchanged(t, test.config(test.changed))
		})
	}
}

// Terraform plans again when it applies a saved plan, with the ephemeral value of
// that moment.
func TestAccSecret_savedPlan(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	w := newWorkspace(t)
	config := w.config(consumer(`name = "doors"`, "secret_wo = var.secret"), "variable \"secret\" {\n type = string\n ephemeral = true\n}\n")
	w.apply(t, config, "-var=secret=first-s3cret")
	w.requests()

	w.plan(t, config, "-var=secret=second-s3cret", "-out=saved.tfplan").expectAction(t, "update")
	w.run(t, "apply", "-json", "-var=secret=first-s3cret", "saved.tfplan").mustFail(t).
		expect(t, "error", "Provider produced inconsistent final plan")
	w.expectWrites(t)
	w.apply(t, config, "-var=secret=second-s3cret").expectNone(t)
	if got := w.only(t).Secret; got != "second-s3cret" {
		t.Errorf("secret %q on the server", got)
	}
}
