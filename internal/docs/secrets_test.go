package docs_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const (
	secretExamples = "examples/guides/secrets/"
	doors          = "twcloud_oauth_consumer.doors"
	secretVariable = "TF_VAR_doors_secret="
)

// revision fails unless the consumer has this secret_revision.
func (w *workspace) revision(t *testing.T, want int) {
	t.Helper()
	if got := w.attribute(t, "secret_revision"); got != strconv.Itoa(want) {
		t.Errorf("secret_revision %s, want %d", got, want)
	}
}

// stateHas says whether a text is in the state file.
func (w *workspace) stateHas(t *testing.T, text string) bool {
	t.Helper()
	return strings.Contains(readFile(t, filepath.Join(w.Dir, "terraform.tfstate")), text)
}

// TestAccSecrets_ways applies the ways of giving a secret, rotates it in place,
// and goes from one way to another.
func TestAccSecrets_ways(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, secretExamples+"stored")
	w.apply(t, secretVariable+"first-secret")
	key := w.onServer(t, map[string]string{"doors-next": "first-secret"})["doors-next"]
	if !w.stateHas(t, "first-secret") {
		t.Error("the secret is not in state, as the guide says it is")
	}

	// To write-only, with the same secret: nothing is sent.
	w.copy(t, secretExamples+"write-only")
	w.server.ResetRequests()
	w.apply(t)
	for _, request := range w.server.Requests() {
		if request.Method != "GET" {
			t.Errorf("moving to secret_wo sent %s %s", request.Method, request.Path)
		}
	}
	w.revision(t, 1)
	if w.stateHas(t, "first-secret") {
		t.Error("the secret is still in state")
	}

	// A new value is noticed, and sent once.
	output, changes := w.plan(t, secretVariable+"second-secret")
	if contains(t, output, "~ secret_revision = 1 -> 2"); !changes {
		t.Error("the new secret was not noticed")
	}
	w.apply(t)
	w.noChanges(t)

	// With a version, which the same secret does not have sent; then the number
	// alone decides.
	w.copy(t, secretExamples+"versioned")
	w.apply(t)
	w.revision(t, 2)
	if _, changes := w.plan(t, secretVariable+"third-secret"); changes {
		t.Error("another value has changes, although the version is the same")
	}
	w.apply(t, "TF_VAR_doors_secret_version=2")
	w.revision(t, 3)

	// Out of the configuration, and back.
	w.edit(t, "  secret_wo         = var.doors_secret\n  secret_wo_version = var.doors_secret_version\n", "")
	w.apply(t)
	w.copy(t, secretExamples+"stored")
	w.apply(t)
	w.revision(t, 3)
	if got := w.onServer(t, map[string]string{"doors-next": "third-secret"})["doors-next"]; got != key {
		t.Errorf("the key has become %q, was %q", got, key)
	}
	w.mustRun(t, "destroy", "-auto-approve")
}

// TestAccSecrets_overlap rotates by two consumers.
func TestAccSecrets_overlap(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, secretExamples+"overlap")
	w.apply(t, `TF_VAR_doors_secrets={"2026-1" = "old"}`)
	old := w.onServer(t, map[string]string{"doors-next 2026-1": "old"})

	w.apply(t, `TF_VAR_generations=["2026-1", "2026-2"]`, `TF_VAR_doors_secrets={"2026-1" = "old", "2026-2" = "new"}`)
	both := w.onServer(t, map[string]string{"doors-next 2026-1": "old", "doors-next 2026-2": "new"})
	if both["doors-next 2026-1"] != old["doors-next 2026-1"] {
		t.Errorf("the old consumer was touched: %v, then %v", old, both)
	}

	output := w.apply(t, `TF_VAR_generations=["2026-2"]`, `TF_VAR_doors_secrets={"2026-2" = "new"}`)
	left := w.onServer(t, map[string]string{"doors-next 2026-2": "new"})
	if left["doors-next 2026-2"] != both["doors-next 2026-2"] {
		t.Errorf("the new consumer was touched: %v, then %v", both, left)
	}
	contains(t, output, "0 added, 0 changed, 1 destroyed")
	w.mustRun(t, "destroy", "-auto-approve")
}

// TestAccSecrets_drift has somebody change the secret.
func TestAccSecrets_drift(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, secretExamples+"drift")
	w.apply(t, secretVariable+"s3cret")
	w.noChanges(t)
	w.server.UpdateConsumer(w.onServer(t, map[string]string{"doors-next": "s3cret"})["doors-next"],
		func(consumer *twcloudtest.Consumer) { consumer.Secret = "another" })

	const warning = "Warning: Secret was changed outside of Terraform"
	if output := w.mustRun(t, "plan", "-refresh-only"); strings.Contains(output, warning) {
		t.Error("-refresh-only finds the drift; the guide says that it does not")
	}
	output, changes := w.plan(t)
	if contains(t, output, "secret_revision = 1 -> (known after apply)", warning,
		"although the consumer is approved. The next apply sets the configured secret."); !changes {
		t.Error("the drift was not found")
	}
	w.apply(t)
	w.onServer(t, map[string]string{"doors-next": "s3cret"})
	w.noChanges(t)
	w.mustRun(t, "destroy", "-auto-approve")
}

// TestAccSecrets_savedPlan has the value change between a plan and its apply.
func TestAccSecrets_savedPlan(t *testing.T) {
	t.Parallel()
	const inconsistent = "Provider produced inconsistent final plan"
	w := newWorkspace(t, secretExamples+"write-only")
	w.apply(t, secretVariable+"first")
	save := func(variable string) {
		t.Helper()
		w.Setenv(variable)
		w.mustRun(t, "plan", "-out=saved.tfplan")
	}

	save(secretVariable + "second")
	w.Setenv(secretVariable + "first")
	if status, output := w.run(t, "apply", "saved.tfplan"); status == 0 {
		t.Error("the old value again: no error")
	} else {
		contains(t, output, inconsistent)
	}
	w.onServer(t, map[string]string{"doors-next": "first"})

	save(secretVariable + "second")
	w.Setenv(secretVariable + "third")
	w.mustRun(t, "apply", "saved.tfplan")
	w.onServer(t, map[string]string{"doors-next": "third"})

	w.edit(t, "approved  = true", "approved  = false")
	save(secretVariable + "third")
	w.Setenv(secretVariable + "fourth")
	if status, output := w.run(t, "apply", "saved.tfplan"); status == 0 {
		t.Error("another value after a plan that does not set it: no error")
	} else {
		contains(t, output, inconsistent)
	}
	w.onServer(t, map[string]string{"doors-next": "third"})

	// Plan again, and apply that.
	w.apply(t)
	w.onServer(t, map[string]string{"doors-next": "fourth"})
	w.mustRun(t, "destroy", "-auto-approve")
}

// TestAccSecrets_import applies the ways to a consumer that somebody has made.
func TestAccSecrets_import(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		example  string
		revision int
		warns    bool
	}{
		"stored":     {example: "stored", revision: 1},
		"write-only": {example: "write-only", warns: true},
		"versioned":  {example: "versioned", revision: 1},
		"drift":      {example: "drift", warns: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(t, secretExamples+test.example)
			w.server.AddConsumer(twcloudtest.Consumer{Key: "made-by-hand", Name: "doors-next", Secret: "unknown", Approved: true})
			w.Setenv(secretVariable + "s3cret")
			if test.example == "drift" {
				// Proven, so there is no warning; but only while the server is asked.
				w.Setenv(secretVariable + "unknown")
				test.warns = false
			}
			w.mustRun(t, "import", doors, "made-by-hand")
			w.revision(t, 0)
			output := w.apply(t)
			if got := strings.Contains(output, "Secret may differ from the configured one"); got != test.warns {
				t.Errorf("warns: %t, want %t:\n%s", got, test.warns, output)
			}
			w.revision(t, test.revision)
			want := "unknown"
			if test.revision > 0 {
				want = "s3cret"
			}
			w.onServer(t, map[string]string{"doors-next": want})
		})
	}
}
