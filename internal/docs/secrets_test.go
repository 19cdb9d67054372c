package main

import (
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

const (
	secretExamples = "examples/guides/secrets/"
	doors          = "twcloud_oauth_consumer.doors"
	secretVariable = "TF_VAR_doors_secret="
)

// TestAccSecrets_rotation goes from one example to the next, and rotates the secret
// with each. What is sent, and what is in state, is tested with the provider.
func TestAccSecrets_rotation(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, secretExamples+"stored")
	w.apply(t, secretVariable+"first")
	key := w.key(t)
	for _, step := range []struct {
		example, secret, version string
		sends                    bool
	}{
		{"stored", "stored", "1", true},
		{"write-only", "stored", "1", false},
		{"write-only", "write-only", "1", true},
		{"versioned", "write-only", "1", false},
		{"versioned", "without another version", "1", false},
		{"versioned", "versioned", "2", true},
		{"stored", "versioned", "2", false},
	} {
		before := w.Server.Consumers()
		w.copy(t, secretExamples+step.example)
		w.apply(t, secretVariable+step.secret, "TF_VAR_doors_secret_version="+step.version)
		w.noChanges(t)
		want := map[string]string{}
		if step.sends {
			want["doors-next"] = step.secret
		}
		w.unchanged(t, before, want)
	}
	if got := w.key(t); got != key {
		t.Errorf("the key has become %v, was %v", got, key)
	}
	w.mustRun(t, "destroy", "-auto-approve")
}

// TestAccSecrets_overlap rotates by two consumers.
func TestAccSecrets_overlap(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, secretExamples+"overlap")
	w.apply(t, `TF_VAR_doors_secrets={"2026-1" = "old"}`)
	first := w.onServer(t, map[string]string{"doors-next 2026-1": "old"})

	contains(t, w.apply(t, `TF_VAR_generations=["2026-1", "2026-2"]`, `TF_VAR_doors_secrets={"2026-1" = "old", "2026-2" = "new"}`),
		"1 added, 0 changed, 0 destroyed")
	both := w.onServer(t, map[string]string{"doors-next 2026-1": "old", "doors-next 2026-2": "new"})
	contains(t, w.apply(t, `TF_VAR_generations=["2026-2"]`, `TF_VAR_doors_secrets={"2026-2" = "new"}`),
		"0 added, 0 changed, 1 destroyed")
	left := w.onServer(t, map[string]string{"doors-next 2026-2": "new"})
	if both["doors-next 2026-1"] != first["doors-next 2026-1"] || both["doors-next 2026-2"] != left["doors-next 2026-2"] {
		t.Errorf("a key has changed: %v, then %v, then %v", first, both, left)
	}
}

// TestAccSecrets_drift changes the secret outside of Terraform.
func TestAccSecrets_drift(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, secretExamples+"drift")
	w.apply(t, secretVariable+"s3cret")
	w.noChanges(t)
	w.Server.UpdateConsumer(w.Server.Consumers()[0].Key, func(consumer *emulator.Consumer) { consumer.Secret = "another" })

	if output := w.mustRun(t, "plan", "-refresh-only"); strings.Contains(output, "Warning") {
		t.Errorf("-refresh-only finds the drift; the guide says that it does not:\n%s", output)
	}
	output, changes := w.plan(t)
	if contains(t, output, "secret_revision = 1 -> (known after apply)", "Warning: Secret of \"doors-next\" was changed outside of Terraform",
		"although the consumer is approved. Applying this plan sets the configured secret."); !changes {
		t.Error("the drift was not found")
	}
	w.apply(t)
	w.onServer(t, map[string]string{"doors-next": "s3cret"})
	w.noChanges(t)
}

// TestAccSecrets_savedPlan changes the value between a plan and its apply.
func TestAccSecrets_savedPlan(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, secretExamples+"write-only")
	w.apply(t, secretVariable+"first")
	for _, step := range []struct {
		planned, applied string
		fails            bool
	}{
		{"second", "first", true},
		{"second", "third", false},
		{"third", "fourth", true}, // This plan changes only the approval.
	} {
		if step.planned == "third" {
			w.WriteFile(t, "approval_override.tf", "resource \"twcloud_oauth_consumer\" \"doors\" {\n  approved = false\n}\n")
		}
		before := w.Server.Consumers()
		w.Setenv(secretVariable + step.planned)
		w.mustRun(t, "plan", "-out=saved.tfplan")
		w.Setenv(secretVariable + step.applied)
		status, output := w.run(t, "apply", "saved.tfplan")
		if failed := status != 0; failed != step.fails {
			t.Errorf("%s, then %s: exit status %d\n%s", step.planned, step.applied, status, output)
		}
		if step.fails {
			contains(t, output, "Provider produced inconsistent final plan")
			w.unchanged(t, before, nil)
		} else {
			w.onServer(t, map[string]string{"doors-next": step.applied})
		}
	}

	// The guide's advice: plan and apply again.
	w.apply(t)
	w.onServer(t, map[string]string{"doors-next": "fourth"})
}
