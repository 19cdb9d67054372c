package provider_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// needWriteOnly skips a test where the CLI has no write-only attributes.
func needWriteOnly(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	cli, err := inspectCLI()
	if err != nil {
		t.Fatal(err)
	}
	if version.Must(version.NewVersion(cli.Version)).Core().LessThan(version.Must(version.NewVersion("1.11.0"))) {
		t.Skipf("%s %s has no write-only attributes", cli.Name, cli.Version)
	}
}

var inspectCLI = sync.OnceValues(func() (terraformcli.CLI, error) {
	path, err := exec.LookPath(cliProgram())
	if err != nil {
		return terraformcli.CLI{}, err
	}
	return terraformcli.Inspect(context.Background(), path)
})

// secretStep is a configuration of the secret, and what applying it must come to.
type secretStep struct {
	// arguments configure the secret; the rest of the consumer stays the same.
	arguments []string
	// sends says that the secret is sent.
	sends    bool
	action   string
	revision int
	warning  string
}

func stored(value string) []string { return []string{"secret = " + quote(value)} }

func writeOnly(value string, wanted ...int) []string {
	arguments := []string{"secret_wo = " + quote(value)}
	for _, number := range wanted {
		arguments = append(arguments, fmt.Sprintf("secret_wo_version = %d", number))
	}
	return arguments
}

const unproven = "Secret may differ from the configured one"

// runSecretSteps applies the steps in turn, to a consumer that is registered or
// imported already.
func runSecretSteps(t *testing.T, h *harness, w *workspace, steps []secretStep) {
	t.Helper()
	for i, step := range steps {
		t.Logf("step %d: %s", i+1, strings.Join(step.arguments, ", "))
		config := h.config(consumer(append(step.arguments, `name = "doors"`)...))
		before := h.only(t)
		h.requests()
		applied := w.apply(t, config)
		applied.expectAction(t, step.action)
		if step.warning == "" {
			applied.expectNone(t)
		} else {
			applied.expect(t, "warning", step.warning)
		}

		var want []string
		if step.sends {
			want = []string{"PATCH " + collection + "/" + before.Key + " secret"}
		}
		if got := h.writes(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		after := h.only(t)
		if step.sends && !strings.Contains(step.arguments[0], quote(after.Secret)) || !step.sends && after != before {
			t.Errorf("on the server: %+v, before: %+v", after, before)
		}
		state := w.state(t).Attributes
		if state.SecretRevision != step.revision {
			t.Errorf("revision %d, want %d", state.SecretRevision, step.revision)
		}
		if state.SecretWO != nil || state.Secret == nil && holds(t, w.stateFile(t), after.Secret) {
			t.Errorf("the state holds the write-only secret:\n%s", w.stateFile(t))
		}
		again := w.plan(t, config)
		again.expectAction(t, "")
	}
}

// holds says whether a document holds a secret, plain or inside of base64, as
// private state is.
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

func TestAccSecret_steps(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	const a, b = "first-s3cret", "second-s3cret"
	tests := map[string][]secretStep{
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
			{arguments: writeOnly(b), revision: 2},
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
			{arguments: writeOnly(a, 7), revision: 4, action: "update"},
		},
		"secret to secret_wo and back, the same": {
			{arguments: stored(a), revision: 1, action: "create"},
			{arguments: writeOnly(a), revision: 1, action: "update"},
			{arguments: stored(a), revision: 1, action: "update"},
			{arguments: writeOnly(a, 1), revision: 1, action: "update"},
			{arguments: writeOnly(a), revision: 1, action: "update"},
			{arguments: writeOnly(a, 2), revision: 1, action: "update"},
			{arguments: stored(a), revision: 1, action: "update"},
		},
		"secret to secret_wo and back, another one": {
			{arguments: stored(a), revision: 1, action: "create"},
			{arguments: writeOnly(b), revision: 2, action: "update", sends: true},
			{arguments: stored(a), revision: 3, action: "update", sends: true},
			{arguments: writeOnly(b, 1), revision: 4, action: "update", sends: true},
			{arguments: writeOnly(a), revision: 5, action: "update", sends: true},
			{arguments: writeOnly(b, 1), revision: 6, action: "update", sends: true},
			{arguments: stored(a), revision: 7, action: "update", sends: true},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			first := h.config(consumer(append(steps[0].arguments, `name = "doors"`)...))
			w.apply(t, first).expectAction(t, steps[0].action)
			if got := w.state(t).Attributes.SecretRevision; got != steps[0].revision {
				t.Errorf("revision %d after registration, want %d", got, steps[0].revision)
			}
			w.plan(t, first).expectAction(t, "")
			runSecretSteps(t, h, w, steps[1:])
		})
	}
}

func TestAccSecret_afterImport(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	const a, b = "first-s3cret", "second-s3cret"
	tests := map[string][]secretStep{
		"secret": {
			{arguments: stored(a), revision: 1, action: "update", sends: true},
			{arguments: writeOnly(a), revision: 1, action: "update"},
		},
		"secret_wo": {
			{arguments: writeOnly(a), revision: 0, warning: unproven},
			{arguments: writeOnly(b), revision: 0, warning: unproven},
			{arguments: writeOnly(b, 1), revision: 1, action: "update", sends: true},
			{arguments: writeOnly(b), revision: 1, action: "update"},
			{arguments: writeOnly(a), revision: 2, action: "update", sends: true},
		},
		"secret_wo with a version": {
			{arguments: writeOnly(a, 1), revision: 1, action: "update", sends: true},
			{arguments: writeOnly(b, 1), revision: 1},
		},
		"none": {
			{arguments: nil, revision: 0},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors", Secret: "unknown-s3cret"})
			w := h.workspace(t)
			w.apply(t, h.config(consumer(`name = "doors"`), importBlock("made-by-hand")))
			runSecretSteps(t, h, w, steps)
		})
	}
}

// TestAccSecret_importedAtOnce is about a secret that is configured when the
// consumer is imported.
func TestAccSecret_importedAtOnce(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	tests := map[string]struct {
		arguments []string
		action    string
		sends     int
		warning   bool
	}{
		"secret":                   {arguments: stored("s3cret"), action: "update", sends: 1},
		"secret_wo":                {arguments: writeOnly("s3cret"), warning: true},
		"secret_wo with a version": {arguments: writeOnly("s3cret", 1), action: "update", sends: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors", Secret: "unknown-s3cret"})
			w := h.workspace(t)
			applied := w.apply(t, h.config(consumer(append(test.arguments, `name = "doors"`)...), importBlock("made-by-hand")))
			if test.warning {
				applied.expect(t, "warning", unproven, `OAuth consumer "doors" (key "made-by-hand") was imported`, "secret_wo_version = 1")
			} else {
				applied.expectNone(t)
			}
			if got := h.writes(); len(got) != test.sends {
				t.Errorf("sent %q, want %d", got, test.sends)
			}
			if got := w.state(t).Attributes.SecretRevision; got != test.sends {
				t.Errorf("revision %d, want %d", got, test.sends)
			}
		})
	}
}

// TestAccSecret_unknownAtPlan is about a secret or a version that is decided
// upon at apply.
func TestAccSecret_unknownAtPlan(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	later := func(trigger int, value string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"later\" {\n triggers_replace = %d\n input = %s\n}\n", trigger, value)
	}
	const output = "terraform_data.later.output"
	tests := map[string]struct {
		arguments []string
		values    [3]string // registered with the first one
		sends     [3]int
		revisions [3]int
	}{
		"secret": {
			arguments: []string{"secret = " + output},
			values:    [3]string{`"a"`, `"a"`, `"b"`}, sends: [3]int{0, 0, 1}, revisions: [3]int{1, 1, 2},
		},
		"secret_wo": {
			arguments: []string{"secret_wo = " + output},
			values:    [3]string{`"a"`, `"a"`, `"b"`}, sends: [3]int{0, 0, 1}, revisions: [3]int{1, 1, 2},
		},
		"secret_wo under a version that stays": {
			arguments: []string{"secret_wo = " + output, "secret_wo_version = 1"},
			values:    [3]string{`"a"`, `"a"`, `"b"`}, sends: [3]int{0, 0, 0}, revisions: [3]int{1, 1, 1},
		},
		"version": {
			arguments: []string{`secret_wo = "a"`, "secret_wo_version = " + output},
			values:    [3]string{"1", "1", "2"}, sends: [3]int{0, 0, 1}, revisions: [3]int{1, 1, 2},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			w := h.workspace(t)
			resource := consumer(append(test.arguments, `name = "doors"`)...)
			for i, value := range test.values {
				h.requests()
				config := h.config(resource, later(i, value))
				w.apply(t, config).expectNone(t)
				patches := slices.DeleteFunc(h.writes(), func(line string) bool { return !strings.HasPrefix(line, "PATCH") })
				if len(patches) != test.sends[i] {
					t.Errorf("step %d sent %q, want %d", i+1, patches, test.sends[i])
				}
				if got := w.state(t).Attributes.SecretRevision; got != test.revisions[i] {
					t.Errorf("revision %d after step %d, want %d", got, i+1, test.revisions[i])
				}
				w.plan(t, config).expectAction(t, "")
			}
		})
	}
}

// TestAccSecret_savedPlan is the known trap: Terraform plans again when it
// applies, with the ephemeral value of that moment.
func TestAccSecret_savedPlan(t *testing.T) {
	t.Parallel()
	needWriteOnly(t)
	h := newHarness(t)
	w := h.workspace(t)
	config := h.config(consumer(`name = "doors"`, "secret_wo = var.secret"), "variable \"secret\" {\n type = string\n ephemeral = true\n}\n")
	w.apply(t, config, "-var=secret=first-s3cret")
	h.requests()

	w.plan(t, config, "-var=secret=second-s3cret", "-out=saved.tfplan").expectAction(t, "update")
	w.run(t, "apply", "-json", "-var=secret=first-s3cret", "saved.tfplan").mustFail(t).
		expect(t, "error", "Provider produced inconsistent final plan")
	if got := h.writes(); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	w.apply(t, config, "-var=secret=second-s3cret").expectNone(t)
	if got := h.only(t).Secret; got != "second-s3cret" {
		t.Errorf("secret %q on the server", got)
	}
}

func TestAccSecret_replaceTriggeredBy(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	w := h.workspace(t)
	dependent := "resource \"terraform_data\" \"dependent\" {\n lifecycle {\n  replace_triggered_by = [" + consumerAddress + ".secret_revision]\n }\n}\n"
	w.apply(t, h.config(consumer(`name = "doors"`, `secret = "s3cret"`), dependent))
	renamed := w.apply(t, h.config(consumer(`name = "doors-next"`, `secret = "s3cret"`), dependent))
	if got := renamed.Actions["terraform_data.dependent"]; got != "" {
		t.Errorf("a new name plans to %s what depends on the secret", got)
	}
	rotated := w.apply(t, h.config(consumer(`name = "doors-next"`, `secret = "n3w"`), dependent))
	if got := rotated.Actions["terraform_data.dependent"]; got != "replace" {
		t.Errorf("a new secret plans to %q what depends on it, want replace", got)
	}
}
