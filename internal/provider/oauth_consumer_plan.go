package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

const (
	missingSecretSummary = "Missing secret"
	missingSecretDetail  = "A secret is needed to register an OAuth consumer: set secret, or secret_wo to keep it out of state.\n\n" +
		"Only a consumer that has been imported can be managed without its secret."
)

// ModifyPlan finds at plan time what would fail, and decides what the plan shows
// of the secret.
func (r *oauthConsumerResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	defer r.backend.diagnosePanic(&resp.Diagnostics, "planning an OAuth consumer")
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan oauthConsumerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		r.planRegistration(ctx, config, plan, resp)
		return
	}
	var state oauthConsumerModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	record := readSecretRecord(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.backend != nil {
		r.backend.managed.Store(state.Key.ValueString(), true)
	}
	r.planUpdate(ctx, config, plan, state, record, resp)
}

func (r *oauthConsumerResource) planRegistration(ctx context.Context, config, plan oauthConsumerModel, resp *resource.ModifyPlanResponse) {
	if config.Secret.IsNull() && config.SecretWO.IsNull() {
		resp.Diagnostics.AddAttributeError(path.Root("secret"), missingSecretSummary, missingSecretDetail)
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("secret_revision"), types.Int64Value(1))...)
	if r.backend.ready() && !plan.Name.IsUnknown() {
		r.planNamesakes(ctx, plan.Name.ValueString(), &resp.Diagnostics)
	}
}

// planNamesakes warns of consumers that bear the name already, while there is
// time to import one instead. That the server cannot be asked does not fail a
// plan, as it may be well again when it is applied; that it will not have the
// provider does.
func (r *oauthConsumerResource) planNamesakes(ctx context.Context, name string, diags *diag.Diagnostics) {
	namesakes, err := r.backend.client.Namesakes(ctx, name)
	if refused(err) {
		addClientError(diags, "Unable to register OAuth consumer", "Registering "+subject{name: name}.String(), err, "Nothing was registered.")
		return
	}
	if err != nil {
		r.backend.unasked.Do(func() {
			detail := fmt.Sprintf("Whether OAuth consumers of the planned names are there already is not known: %s", sentence(err))
			diags.AddWarning("The server could not be asked while planning", withAdvice(detail, err))
		})
		return
	}
	r.warnOfNamesakes(name, namesakes, diags)
}

// refused says whether an error will be there when the plan is applied, too.
func refused(err error) bool {
	return errors.Is(err, twcloud.ErrCredentials) || errors.Is(err, twcloud.ErrForbidden) ||
		errors.Is(err, twcloud.ErrNoAPI) || errors.Is(err, twcloud.ErrNoCollection)
}

func (r *oauthConsumerResource) planUpdate(ctx context.Context, config, plan, state oauthConsumerModel, record secretRecord, resp *resource.ModifyPlanResponse) {
	decision := decideSecret(config, state, record)
	// A refusal makes the revision unknown. Terraform plans again when it applies,
	// and what was known must not be unknown then: so where anything else changes,
	// it is the next plan that asks.
	if r.backend.detects() && state.Approved.ValueBool() && plan.agreesWith(state) && worthProbing(decision, config, record) {
		switch r.probe(ctx, state, config.SecretWO.ValueString(), &resp.Diagnostics) {
		case twcloud.SecretAccepted:
			decision.unproven = false
		case twcloud.SecretRefused:
			if record.Hash == nil {
				// The provider has never set a secret, so none was changed.
				decision.unproven = false
				warnOfOtherSecret(state, &resp.Diagnostics)
				break
			}
			warnOfDrift(state, &resp.Diagnostics)
			// A known number would make the apply fail if the finding changed
			// between plan and apply.
			decision = secretDecision{sending: sendUndecided}
			record.Drifted = true
			writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
		}
	}
	if decision.unproven {
		resp.Diagnostics.AddAttributeWarning(path.Root("secret_wo"), "Secret is not known to be the configured one",
			fmt.Sprintf("%s was imported, and the server does not tell its secret, so nobody knows whether it is the one in secret_wo. %s", state.subject(), setOnce))
	}
	revision := state.SecretRevision
	switch decision.sending {
	case sendSecret:
		revision = types.Int64Value(state.SecretRevision.ValueInt64() + 1)
	case sendUndecided:
		revision = types.Int64Unknown()
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("secret_revision"), revision)...)
}

const setOnce = "Nothing is sent.\n\nSet secret_wo_version = 1 to have it set once."

func warnOfOtherSecret(state oauthConsumerModel, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("secret_wo"), "Secret is not the configured one",
		fmt.Sprintf("%s was imported, is approved, and the server refuses the secret in secret_wo: it has another one. %s", state.subject(), setOnce))
}

func worthProbing(decision secretDecision, config oauthConsumerModel, record secretRecord) bool {
	return decision.probing == probeSecret ||
		decision.probing == probeIfLast && record.Hash.matches(config.SecretWO.ValueString())
}
