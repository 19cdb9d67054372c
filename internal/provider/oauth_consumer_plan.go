package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// ModifyPlan reports at plan time what would fail in the apply, and decides
// what the plan shows of the secret.
func (r *oauthConsumerResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	defer r.backend.diagnosePanic(&resp.Diagnostics, "planning an OAuth consumer")
	if req.Plan.Raw.IsNull() {
		r.planRemoval(ctx, req, resp)
		return
	}
	var config, plan oauthConsumerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		plan.Approved = r.planApproval(ctx, config, types.BoolValue(false), resp)
		r.planRegistration(ctx, config, plan, resp)
		return
	}
	var state oauthConsumerModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	record := readSecretRecord(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.backend.unlisted() {
		r.planUnlisted(ctx, config, plan, state, record, resp)
		return
	}
	plan.Approved = r.planApproval(ctx, config, state.Approved, resp)
	r.planUpdate(ctx, config, plan, state, record, resp)
}

// planApproval plans the approval: the configured one, and otherwise false if the API
// profile has a call that approves. If it has none, the approval stays as it is.
func (r *oauthConsumerResource) planApproval(ctx context.Context, config oauthConsumerModel, stored types.Bool, resp *resource.ModifyPlanResponse) types.Bool {
	approved := config.Approved
	switch {
	case !approved.IsNull():
		return approved
	case r.backend != nil && r.backend.profile == nil:
		approved = types.BoolUnknown()
	case r.backend != nil && r.backend.profile.Calls.Approve == nil:
		approved = stored
	default:
		approved = types.BoolValue(false)
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("approved"), approved)...)
	return approved
}

func (r *oauthConsumerResource) planRegistration(ctx context.Context, config, plan oauthConsumerModel, resp *resource.ModifyPlanResponse) {
	if config.wantedSecret().IsNull() {
		r.backend.addMissingSecret(plan.consumer(), &resp.Diagnostics)
		return
	}
	refuseControl(plan.Name.ValueString(), &resp.Diagnostics)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("secret_revision"), types.Int64Value(1))...)
	if !r.backend.ready() {
		return
	}
	wanted := twcloud.Changes{}
	switch {
	case plan.Approved.ValueBool() && r.backend.unlisted():
		r.backend.addApprovalSet(config, "A new consumer", false, &resp.Diagnostics)
	case plan.Approved.ValueBool():
		wanted.Approved = plan.Approved.ValueBoolPointer()
	}
	r.planCall(errors.Join(r.backend.client.CanRegister(), r.backend.client.Supports(wanted)),
		"Planning to register "+plan.describe(), &resp.Diagnostics)
	if plan.Name.IsUnknown() || resp.Diagnostics.HasError() {
		return
	}
	name := plan.Name.ValueString()
	if key, missed := r.backend.consumers.missed(name); missed {
		r.backend.warnOfRemoved(twcloud.Consumer{Name: name, Key: key}, "", &resp.Diagnostics)
	}
	shared, removed := r.backend.consumers.register(name, config.wanted())
	if removed != "" {
		r.backend.warnOfNewKey(name, removed, &resp.Diagnostics)
	}
	if shared { // What has the name in an apply can be the consumer of another resource.
		r.backend.warnOfSharedName(name, &resp.Diagnostics)
		return
	}
	r.planNamesakes(ctx, name, "This plan registers another consumer with this name and a new key.",
		"If it is being replaced, there is nothing to do. "+
			"If you renamed or moved the resource block, add a moved block: otherwise, you lose the consumer and its key. "+
			"If an interrupted run or someone else registered it, import it (terraform import ADDRESS KEY) or remove it.", &resp.Diagnostics)
}

func (r *oauthConsumerResource) planRemoval(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state oauthConsumerModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if !r.backend.ready() || resp.Diagnostics.HasError() {
		return
	}
	name, key := state.Name.ValueString(), state.Key.ValueString()
	if r.backend.consumers.remove(name, key) {
		r.backend.warnOfNewKey(name, key, &resp.Diagnostics)
	}
	r.backend.refuseSharedRemoval(state, &resp.Diagnostics)
	if r.backend.unlisted() {
		r.removeUnlisted(ctx, state, readSecretRecord(ctx, req.Private, &resp.Diagnostics), &resp.Diagnostics)
		return
	}
	r.planCall(r.backend.client.CanRemove(), "Planning to remove "+state.describe(), &resp.Diagnostics)
}

const unableToPlan = "Unable to plan OAuth consumer"

// planCall reports that the API profile lacks a call that the plan needs.
func (r *oauthConsumerResource) planCall(err error, tried string, diags *diag.Diagnostics) {
	if err != nil {
		r.backend.addClientError(diags, unableToPlan, tried, err, "")
	}
}

// planNamesakes warns of consumers that already have the name and are not in
// state, while there is time to import one. A server that does not answer is a warning, because it
// may answer during apply. A server that refuses the provider fails the plan.
func (r *oauthConsumerResource) planNamesakes(ctx context.Context, name, consequence, advice string, diags *diag.Diagnostics) {
	if r.backend.unlisted() {
		return
	}
	namesakes, err := r.backend.client.Namesakes(ctx, name)
	if refused(err) {
		r.backend.addClientError(diags, unableToPlan, "Looking for consumers named "+strconv.Quote(name), err, "")
		return
	}
	if err != nil {
		if summary := "Could not check for existing consumers"; r.backend.first(summary) {
			diags.AddWarning(summary, paragraphs(
				joined("Consumers with the planned names may already exist: "+sentence(err), r.backend.server.where(failureOf(err))), r.backend.server.adviceFor(err),
				"The plan goes on. The apply reads the list again, and registers nothing without it."))
		}
		return
	}
	r.warnOfNamesakes(name, consequence, advice, namesakes, diags)
}

// refused reports whether an error would occur in the apply as well.
func refused(err error) bool {
	return isAny(err, twcloud.ErrCredentials, twcloud.ErrForbidden, twcloud.ErrNoAPI, twcloud.ErrNoCollection, twcloud.ErrIncomplete,
		twcloud.ErrSingleSignOn, twcloud.ErrSignInPage, twcloud.ErrNoCredentials, twcloud.ErrNoEndpoint) ||
		isType[*tls.CertificateVerificationError](err) || isType[tls.RecordHeaderError](err) || isMalformedSignIn(err)
}

func (r *oauthConsumerResource) planUpdate(ctx context.Context, config, plan, state oauthConsumerModel, record secretRecord, resp *resource.ModifyPlanResponse) {
	decision := decideSecret(config, state, record)
	if r.backend.mayDetect() && state.Approved.ValueBool() && plan.mayAgreeWith(state) && mayProbe(decision, config, record) {
		if plan.hasUnknown() {
			// Terraform plans again in the apply. If the values turn out to be those of
			// the state, that plan checks the secret, and a known revision must not
			// change then.
			decision = sendUndecided
		} else if r.backend.ready() && !config.SecretWO.IsUnknown() {
			decision = r.planProbed(ctx, config, state, decision, &record, resp)
		}
	}
	if decision == keepSecret && r.backend.detects() && state.Approved.ValueBool() && setUnhashed(config, state, record) {
		r.backend.addUnhashed(&resp.Diagnostics, state)
	}
	if decision == keepUnproven {
		resp.Diagnostics.AddWarning(fmt.Sprintf("Secret of %q may differ from secret_wo", state.Name.ValueString()),
			fmt.Sprintf("%s was imported, and the server never returns secrets. So the provider does not know whether its secret is the one in secret_wo. %s",
				state.describe(), r.backend.once("warning", setOnce, state.Name.ValueString())))
	}
	r.planName(ctx, config, plan, state, &resp.Diagnostics)
	r.planChanges(config, plan, state, record, decision, &resp.Diagnostics)
	revision := state.SecretRevision
	switch decision {
	case sendSecret:
		revision = types.Int64Value(state.SecretRevision.ValueInt64() + 1)
	case sendUndecided:
		revision = types.Int64Unknown()
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("secret_revision"), revision)...)
}

// planName warns if another consumer has the planned name, and if another resource
// has the consumer.
func (r *oauthConsumerResource) planName(ctx context.Context, config, plan, state oauthConsumerModel, diags *diag.Diagnostics) {
	key, name := state.Key.ValueString(), plan.Name.ValueString()
	isNew := !plan.Name.Equal(state.Name)
	if isNew {
		refuseControl(name, diags)
	}
	if r.backend == nil {
		return
	}
	// Terraform reads and plans one resource after the other, in any order.
	readers, changed := r.backend.consumers.change(key, isNew || !plan.Approved.Equal(state.Approved))
	switch {
	case readers < 2:
	case changed:
		diags.AddError(r.backend.severalAddresses("error", state))
	default:
		diags.AddWarning(r.backend.severalAddresses("warning", state))
	}
	if plan.Name.IsUnknown() {
		return
	}
	if r.backend.consumers.keep(name, key, isNew, config.wanted()) {
		r.backend.warnOfSharedName(name, diags)
	}
	// Without a read, this is the plan in an apply, or one that is to ask for
	// nothing.
	if isNew && readers > 0 && r.backend.ready() && !diags.HasError() {
		r.planNamesakes(ctx, name, fmt.Sprintf("This plan renames %s to the same name. "+
			"Unless the other one gets a new name as well, only their keys tell them apart.", state.describe()), "Choose another name.", diags)
	}
}

// planProbed decides about a secret that is kept with a signature: the server may
// have another one. A refusal makes the revision unknown, so if anything else
// changes, the next plan checks the secret.
func (r *oauthConsumerResource) planProbed(ctx context.Context, config, state oauthConsumerModel, decision secretDecision, record *secretRecord, resp *resource.ModifyPlanResponse) secretDecision {
	switch r.probe(ctx, state, config.SecretWO.ValueString(), *record, &resp.Diagnostics) {
	case twcloud.SecretAccepted:
		return keepSecret
	case twcloud.SecretRefused:
		if record.Hash == nil {
			// Nobody knows which secret was set.
			r.backend.warnOfOtherSecret(state, &resp.Diagnostics)
			return keepSecret
		}
		warnOfDrift(state, &resp.Diagnostics)
		record.Drifted = true
		writeSecretRecord(ctx, resp.Private, *record, &resp.Diagnostics)
		// With a known number, the apply would fail if the result changed between
		// plan and apply.
		return sendUndecided
	}
	return decision
}

const setOnce = "The provider does not send it.\n\nTo set it once, add secret_wo_version = 1."

// warnOfOtherSecret does not name the attribute: Terraform would print its line of the
// configuration, which can have the secret.
func (b *backend) warnOfOtherSecret(state oauthConsumerModel, diags *diag.Diagnostics) {
	diags.AddWarning(fmt.Sprintf("Secret of %q differs from secret_wo", state.Name.ValueString()),
		fmt.Sprintf("%s was imported, and the server refuses the secret in secret_wo: the consumer has another one. %s", state.describe(), b.once("warning", setOnce, state.Name.ValueString())))
}

// planChanges reports changes that the API profile has no call for, and a secret that the
// server requires with other changes, and that is missing or may be another one. What is
// unknown may turn out to be no change.
func (r *oauthConsumerResource) planChanges(config, plan, state oauthConsumerModel, record secretRecord, decision secretDecision, diags *diag.Diagnostics) {
	if !r.backend.ready() {
		return
	}
	changes := plan.changesFrom(state)
	if decision == sendSecret || record.Drifted {
		changes.Secret = new("")
	}
	if changes.None() {
		return
	}
	err, secret := r.backend.client.Supports(changes), config.wantedSecret()
	if err == nil && decision != sendUndecided && !secret.IsUnknown() && r.backend.client.NeedsSecret(changes) &&
		(secret.IsNull() || !lastSecretIs(secret.ValueString(), state, record)) {
		err = &twcloud.Error{Kind: twcloud.ErrSecretNeeded}
	}
	r.planCall(err, "Planning to change "+state.describe(), diags)
}
