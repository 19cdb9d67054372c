package provider_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

const unproven = `Secret of "doors" may differ from secret_wo`

// secretForms are the ways to give a secret to a consumer that is approved.
var secretForms = map[string][]string{
	"secret":                   append(stored("s3cret"), `name = "doors"`, `approved = true`),
	"secret_wo":                append(writeOnly("s3cret"), `name = "doors"`, `approved = true`),
	"secret_wo with a version": append(writeOnly("s3cret", 1), `name = "doors"`, `approved = true`),
}

func stored(value string) []string { return []string{"secret = " + quote(value)} }

func writeOnly(value string, wanted ...int) []string {
	arguments := []string{"secret_wo = " + quote(value)}
	for _, number := range wanted {
		arguments = append(arguments, fmt.Sprintf("secret_wo_version = %d", number))
	}
	return arguments
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
	// arguments configure the secret. The rest of the consumer stays the same.
	arguments []string
	// sends says that the secret of a consumer that exists is sent.
	sends    bool
	action   string
	revision int
	warning  string
}

// expectSecretStep applies a step and plans again. The consumer has the key after
// the step.
func (w *workspace) expectSecretStep(t *testing.T, step secretStep, key string, more ...string) {
	t.Helper()
	config := w.config(consumer(append(step.arguments, `name = "doors"`)...), strings.Join(more, ""))
	before, _ := w.server.Consumer(key)
	w.requests()
	applied := w.apply(t, config)
	applied.expectAction(t, step.action)
	if step.warning == "" {
		applied.expectNone(t)
	} else {
		applied.expect(t, "warning", step.warning, `OAuth consumer "doors" (key "made-by-hand") was imported, or its secret had a version`, "secret_wo_version = 1")
	}
	after := w.only(t)
	if step.action != "create" {
		var writes []string
		if step.sends {
			writes = []string{"PATCH " + collection + "/" + key + " secret"}
		}
		w.expectWrites(t, writes...)
		if step.sends && !strings.Contains(step.arguments[0], quote(after.Secret)) || !step.sends && after != before {
			t.Errorf("on the server: %+v, before: %+v", after, before)
		}
	}
	w.expectState(t, after, step.revision)
	state := w.state(t).Attributes
	if state.SecretWO != nil || state.Secret == nil && holds(t, w.stateFile(t), after.Secret) {
		t.Errorf("the state has the write-only secret:\n%s", w.stateFile(t))
	}
	if len(step.arguments) > 1 && holds(t, w.stateFile(t), `"hash"`) {
		t.Errorf("the state has a hash of a secret with a version:\n%s", w.stateFile(t))
	}
	w.plan(t, config).expectAction(t, "")
}

func TestAccSecret_rotate(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	const a, b = "first-s3cret", "second-s3cret"
	for name, steps := range map[string][]secretStep{
		"secret and back by taking it out": {
			{arguments: stored(a), revision: 1, action: "create"},
			{arguments: nil, revision: 1, action: "update"},
			{arguments: stored(a), revision: 1, action: "update"},
			{arguments: nil, revision: 1, action: "update"},
			{arguments: stored(b), revision: 2, action: "update", sends: true},
		},
		"secret_wo noticed by its hash": {
			{arguments: writeOnly(a), revision: 1, action: "create"},
			{arguments: writeOnly(a), revision: 1},
			{arguments: writeOnly(b), revision: 2, action: "update", sends: true},
			{arguments: nil, revision: 2},
			{arguments: writeOnly(b), revision: 2},
			{arguments: writeOnly(a), revision: 3, action: "update", sends: true},
		},
		"secret_wo with a version": {
			{arguments: writeOnly(a, 1), revision: 1, action: "create"},
			{arguments: writeOnly(b, 1), revision: 1},
			{arguments: writeOnly(b, 2), revision: 2, action: "update", sends: true},
			{arguments: writeOnly(b, 3), revision: 3, action: "update", sends: true},
			{arguments: writeOnly(a, 1), revision: 4, action: "update", sends: true},
			{arguments: nil, revision: 4, action: "update"},
			{arguments: writeOnly(a, 7), revision: 5, action: "update", sends: true},
		},
		"secret to secret_wo and back, the same": {
			{arguments: stored(a), revision: 1, action: "create"},
			{arguments: writeOnly(a), revision: 1, action: "update"},
			{arguments: stored(a), revision: 1, action: "update"},
			{arguments: writeOnly(a, 1), revision: 1, action: "update"},
			{arguments: stored(a), revision: 2, action: "update", sends: true},
			{arguments: writeOnly(a, 2), revision: 2, action: "update"},
			{arguments: writeOnly(a), revision: 3, action: "update", sends: true},
			{arguments: writeOnly(a, 3), revision: 3, action: "update"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			for _, step := range steps {
				w.expectSecretStep(t, step, "key-1")
			}
		})
	}
}

// A secret is configured when a consumer is imported, or after that.
func TestAccSecret_imported(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	const a, b = "first-s3cret", "second-s3cret"
	for name, steps := range map[string][]secretStep{
		"secret": {
			{arguments: stored(a), revision: 1, action: "update", sends: true},
			{arguments: writeOnly(a), revision: 1, action: "update"},
		},
		"secret_wo": {
			{arguments: writeOnly(a), revision: 0, warning: unproven},
			{arguments: writeOnly(b), revision: 0, warning: unproven},
			{arguments: writeOnly(b, 1), revision: 1, action: "update", sends: true},
			{arguments: writeOnly(b), revision: 2, action: "update", sends: true},
			{arguments: writeOnly(a), revision: 3, action: "update", sends: true},
		},
		"secret_wo with a version": {
			{arguments: writeOnly(a, 1), revision: 1, action: "update", sends: true},
			{arguments: writeOnly(b, 1), revision: 1},
			{arguments: nil, revision: 1, action: "update"},
			{arguments: writeOnly(a), revision: 1, warning: unproven},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, atOnce := range []bool{false, true} {
				w := newWorkspace(t)
				w.server.AddConsumer(emulator.Consumer{Key: "made-by-hand", Name: "doors", Secret: "unknown-s3cret"})
				first := steps[0]
				if atOnce && first.action == "" {
					first.action = "import"
				}
				if !atOnce {
					w.apply(t, w.config(consumer(`name = "doors"`), importBlock("made-by-hand"))).expectNone(t)
				}
				w.expectSecretStep(t, first, "made-by-hand", importBlock("made-by-hand"))
				for _, step := range steps[1:] {
					w.expectSecretStep(t, step, "made-by-hand")
				}
			}
		})
	}
}

// A secret or a version that is unknown at plan is decided at apply.
func TestAccSecret_unknownAtPlan(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	const output = "terraform_data.later.output"
	tests := map[string]struct {
		arguments []string
		// changed is the value that replaces first, with which the consumer is
		// registered.
		first, changed string
		sends          bool
	}{
		"secret":                               {arguments: []string{"secret = " + output}, first: `"a"`, changed: `"b"`, sends: true},
		"secret_wo":                            {arguments: []string{"secret_wo = " + output}, first: `"a"`, changed: `"b"`, sends: true},
		"secret_wo under a version that stays": {arguments: []string{"secret_wo = " + output, "secret_wo_version = 1"}, first: `"a"`, changed: `"b"`},
		"version":                              {arguments: []string{`secret_wo = "a"`, "secret_wo_version = " + output}, first: "1", changed: "2", sends: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t)
			config := func(trigger int, value string) string {
				return w.config(consumer(append(test.arguments, `name = "doors"`)...),
					fmt.Sprintf("resource \"terraform_data\" \"later\" {\n triggers_replace = %d\n input = %s\n}\n", trigger, value))
			}
			w.apply(t, config(1, test.first)).expectNone(t)
			w.requests()
			w.apply(t, config(2, test.first)).expectNone(t)
			w.expectWrites(t)
			w.expectState(t, w.only(t), 1)

			w.apply(t, config(3, test.changed)).expectNone(t)
			var writes []string
			revision := 1
			if test.sends {
				writes, revision = []string{"PATCH " + collection + "/key-1 secret"}, 2
			}
			w.expectWrites(t, writes...)
			w.expectState(t, w.only(t), revision)
			w.expectUnchanged(t, config(3, test.changed))
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
