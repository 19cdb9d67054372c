package provider

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// This file is for an API profile that registers consumers and does nothing else. A
// person approves them, and changes and removes them on the page. What the provider
// knows of a consumer comes from a proof: a request that is signed with its secret, and
// that the server accepts only if the secret is right and the consumer is approved.

// standing is what is known of a consumer after a proof.
type standing struct {
	approved bool
	// takes is true if the configured secret is another one than the last, or the
	// consumer is imported, and the server accepts the secret.
	takes bool
	// lost is true if the server refuses what it accepted before.
	lost bool
	// unproven is true if a proof is needed to go on, and there is none.
	unproven bool
}

// decideStanding decides for plan and apply alike. A new secret and an imported consumer
// need a proof. Otherwise, what is unclear changes nothing.
func decideStanding(state oauthConsumerModel, decision secretDecision, verdict twcloud.SecretVerdict) standing {
	was, needed := state.Approved.ValueBool(), decision == sendSecret || state.isImported()
	switch verdict {
	case twcloud.SecretAccepted:
		return standing{approved: true, takes: needed}
	case twcloud.SecretRefused:
		return standing{lost: was && !needed, unproven: needed}
	}
	return standing{approved: was, unproven: needed}
}

// provable reports whether a verdict on the configured secret says something about the
// consumer. A versioned secret may differ in every run.
func provable(config, state oauthConsumerModel, record secretRecord, decision secretDecision) bool {
	secret := config.wantedSecret()
	switch {
	case secret.IsNull(), secret.IsUnknown(), decision == sendUndecided:
		return false
	case config.SecretWOVersion.IsNull(), decision == sendSecret, state.isImported():
		return true
	}
	return lastSecretIs(secret.ValueString(), state, record)
}

// mayLeave reports whether a consumer may leave the state. What may still be active may
// not. A secret that is not in state cannot be proven when it is destroyed.
func mayLeave(state oauthConsumerModel, record secretRecord, verdict twcloud.SecretVerdict) bool {
	if state.Secret.ValueString() != "" {
		return verdict == twcloud.SecretRefused
	}
	return !state.Approved.ValueBool() && !record.Accepted
}

// isImported reports whether the state has nothing but the key.
func (m *oauthConsumerModel) isImported() bool { return m.Name.IsNull() }

// unlisted reports whether the API profile registers consumers and does nothing else.
func (b *backend) unlisted() bool {
	return b != nil && b.profile != nil && b.profile.OnlyRegisters()
}

// proofs has one proof for each secret of a consumer in a run.
type proofs struct{ made sync.Map }

type proofKey struct{ key, secret string }

// prove makes a proof, or returns the one that this run has made. A proof that is
// unclear is a warning, once per run.
func (r *oauthConsumerResource) prove(ctx context.Context, consumer twcloud.Consumer, secret string, diags *diag.Diagnostics) twcloud.SecretVerdict {
	made, _ := r.backend.proofs.made.LoadOrStore(proofKey{consumer.Key, secret}, sync.OnceValues(func() (twcloud.SecretVerdict, error) {
		return r.backend.client.ProbeSecret(ctx, consumer.Key, secret)
	}))
	verdict, err := made.(func() (twcloud.SecretVerdict, error))() //nolint:errcheck,forcetypeassert // It is one.
	if err != nil {
		r.warnOfUnclear(consumer, err, diags)
	}
	return verdict
}

// stand decides about a consumer with the configured secret, and reports a proof that
// is missing.
func (r *oauthConsumerResource) stand(ctx context.Context, config, state oauthConsumerModel, record secretRecord, decision secretDecision, diags *diag.Diagnostics) standing {
	verdict := twcloud.SecretUnknown
	if provable(config, state, record, decision) {
		verdict = r.prove(ctx, state.consumer(), config.wantedSecret().ValueString(), diags)
	}
	stands := decideStanding(state, decision, verdict)
	switch {
	case !stands.unproven:
	case config.wantedSecret().IsNull():
		diags.AddAttributeError(path.Root("secret"), "Missing secret", fmt.Sprintf(
			"%s is imported. This API profile has no call that reads a consumer, so the provider needs its secret to prove that it is the right one. "+
				"Set secret, or secret_wo to keep it out of state.", state.describe()))
	default:
		r.backend.addUnproven(config, state, verdict, diags)
	}
	return stands
}

// planUnlisted plans a consumer that the provider cannot read or change. A known value
// must hold in the apply, which proves again. So the approval is known only if nothing
// is to be applied, or if the apply fails with any other one.
func (r *oauthConsumerResource) planUnlisted(ctx context.Context, config, plan, state oauthConsumerModel, record secretRecord, resp *resource.ModifyPlanResponse) {
	diags := &resp.Diagnostics
	decision := decideSecret(config, state, record)
	undecided := decision == sendUndecided || !r.backend.ready()
	stands := standing{approved: state.Approved.ValueBool()}
	if !undecided {
		stands = r.stand(ctx, config, state, record, decision, diags)
	}
	if stands.lost {
		r.backend.warnOfLost(state, diags)
	}
	r.planName(ctx, config, plan, state, diags)
	if !state.isImported() && !plan.Name.IsUnknown() && !plan.Name.Equal(state.Name) {
		r.backend.warnOfUnprovenName(plan, state, diags)
	}
	approved := types.BoolUnknown()
	switch {
	case !config.Approved.IsNull():
		approved = config.Approved
		if !undecided && !stands.unproven && !approved.IsUnknown() && approved.ValueBool() != stands.approved {
			r.backend.addApprovalSet(config, describe(plan.consumer()), stands.approved, diags)
		}
	case stands.takes:
		approved = types.BoolValue(true)
	case !undecided && state.Approved.Equal(types.BoolValue(stands.approved)) && plan.keeps(state):
		approved = state.Approved
	}
	revision := state.SecretRevision
	switch {
	case decision == sendSecret && !state.isImported():
		revision = types.Int64Value(state.SecretRevision.ValueInt64() + 1)
	case decision == sendUndecided && !state.isImported():
		revision = types.Int64Unknown()
	}
	diags.Append(resp.Plan.SetAttribute(ctx, path.Root("approved"), approved)...)
	diags.Append(resp.Plan.SetAttribute(ctx, path.Root("secret_revision"), revision)...)
}

// keeps reports whether a plan keeps everything that does not come from a proof.
func (m *oauthConsumerModel) keeps(state oauthConsumerModel) bool {
	return m.Name.Equal(state.Name) && m.Secret.Equal(state.Secret) && m.SecretWOVersion.Equal(state.SecretWOVersion)
}

// updateUnlisted sends nothing but a proof. The consumer was changed on the page.
func (r *oauthConsumerResource) updateUnlisted(ctx context.Context, config, plan, state oauthConsumerModel, record secretRecord, resp *resource.UpdateResponse) {
	decision := decideSecret(config, state, record)
	stands := r.stand(ctx, config, state, record, decision, &resp.Diagnostics)
	if !stands.unproven && !plan.Approved.IsUnknown() && plan.Approved.ValueBool() != stands.approved {
		r.backend.addApprovalSet(config, state.describe(), stands.approved, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	last := state.Secret
	if stands.takes {
		last = config.wantedSecret()
		// What another API profile has noted is past.
		record.Drifted, record.Refused = false, false
	}
	record.Hash = r.backend.startHash(last, record.Hash, plan)()
	record.Accepted = record.Accepted || stands.approved
	plan.Approved = types.BoolValue(stands.approved)
	plan.SecretRevision = state.SecretRevision
	if decision == sendSecret && !state.isImported() {
		plan.SecretRevision = types.Int64Value(state.SecretRevision.ValueInt64() + 1)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
}

// readUnlisted proves the secret in state. Without one, the state is all that is known.
func (r *oauthConsumerResource) readUnlisted(ctx context.Context, state oauthConsumerModel, resp *resource.ReadResponse) {
	r.backend.consumers.found.Store(true)
	if state.SecretRevision.IsNull() {
		state.SecretRevision = types.Int64Value(0)
	}
	if secret := state.Secret.ValueString(); secret != "" {
		stands := decideStanding(state, keepSecret, r.prove(ctx, state.consumer(), secret, &resp.Diagnostics))
		if stands.lost {
			r.backend.warnOfLost(state, &resp.Diagnostics)
		}
		state.Approved = types.BoolValue(stands.approved)
		if record := readSecretRecord(ctx, resp.Private, &resp.Diagnostics); stands.approved && !record.Accepted {
			record.Accepted = true
			writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// removeUnlisted removes nothing on the server, and refuses to forget a consumer that may
// be active. The apply, which has a configuration of its own, proves again.
func (r *oauthConsumerResource) removeUnlisted(ctx context.Context, state oauthConsumerModel, record secretRecord, diags *diag.Diagnostics) {
	verdict := twcloud.SecretUnknown
	if secret := state.Secret.ValueString(); secret != "" {
		verdict = r.prove(ctx, state.consumer(), secret, diags)
	}
	r.backend.reportRemoval(state, record, verdict, diags)
}

// finishUnlisted says what a person has to do for a new consumer. The first one of a run
// is proven at once: nobody has approved it yet.
func (r *oauthConsumerResource) finishUnlisted(ctx context.Context, consumer twcloud.Consumer, secret string, diags *diag.Diagnostics) {
	r.backend.warnOfApproval(consumer, diags)
	if !r.backend.first("the proof of a new consumer") {
		return
	}
	if verdict, err := r.backend.client.ProbeSecret(ctx, consumer.Key, secret); err == nil && verdict == twcloud.SecretAccepted {
		warnOfAcceptedUnapproved(consumer, diags)
	}
}
