package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// detects reports whether to detect drift of secrets, and whether the server can
// be called.
func (b *backend) detects() bool { return b.ready() && b.detectSecretDrift }

// mayDetect reports whether to detect drift of secrets, now or in the apply.
func (b *backend) mayDetect() bool { return b != nil && b.detectSecretDrift }

// detectDriftOfStored checks the secret in state, and stores the result in
// private state for the plan. The consumer must be approved: the server refuses
// any secret of other consumers.
func (r *oauthConsumerResource) detectDriftOfStored(ctx context.Context, state oauthConsumerModel, resp *resource.ReadResponse) {
	if !r.backend.detects() || !state.Approved.ValueBool() {
		return
	}
	record := readSecretRecord(ctx, resp.Private, &resp.Diagnostics)
	before := record
	switch r.probe(ctx, state, state.Secret.ValueString(), record, &resp.Diagnostics) {
	case twcloud.SecretRefused:
		warnOfDrift(state, &resp.Diagnostics)
		record.Drifted = true
	case twcloud.SecretAccepted:
		record.Drifted, record.Refused = false, false
	}
	if record != before {
		writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
	}
}

// probe checks a secret with the server. If it gets no result, it says so once
// per run.
func (r *oauthConsumerResource) probe(ctx context.Context, state oauthConsumerModel, secret string, record secretRecord, diags *diag.Diagnostics) twcloud.SecretVerdict {
	verdict, err := r.backend.client.ProbeSecret(ctx, state.Key.ValueString(), secret)
	if err == nil && verdict == twcloud.SecretRefused {
		// The server refuses any secret of a consumer that is not approved. Without
		// a refresh, the approval in state can be outdated.
		var consumer twcloud.Consumer
		if consumer, err = r.backend.client.Get(ctx, state.Key.ValueString()); err == nil && !consumer.Approved {
			return twcloud.SecretUnknown
		}
	}
	switch {
	case err != nil:
		r.backend.addUnchecked(diags, couldNotCheck, fmt.Sprintf("The provider could not check the secret of %s: %s\n\n"+
			"No secret is changed because of this, and this message appears once per run. "+
			"Check the address of the Web Application Platform, %s, or turn detect_secret_drift off.",
			state.describe(), r.backend.client.Redact(sentence(err)), r.backend.server.webApp))
		return twcloud.SecretUnknown
	case verdict == twcloud.SecretRefused && record.Refused:
		r.backend.addUnchecked(diags, refusesSetSecrets, refusedWhenSet(state.describe(), r.backend.server.webApp))
		return twcloud.SecretUnknown
	}
	return verdict
}

// addUnhashed says once per run that a secret was set without the hash that its check
// needs.
func (b *backend) addUnhashed(diags *diag.Diagnostics, state oauthConsumerModel) {
	b.addUnchecked(diags, "Cannot check secrets set without detect_secret_drift", fmt.Sprintf(
		"The provider cannot check the secret of %s: it set the secret with detect_secret_drift off, and kept no hash of it, "+
			"because secret_wo_version decides. So it cannot tell whether secret_wo still has the value that it set.\n\n"+
			"To have this secret checked, raise secret_wo_version once. This message appears once per run.", state.describe()))
}

const (
	couldNotCheck     = "Could not check secrets for drift"
	refusesSetSecrets = "Server refused a secret when it was set"
)

// addUnchecked says once per run that secrets cannot be checked. The user decides
// whether this is an error.
func (b *backend) addUnchecked(diags *diag.Diagnostics, summary, detail string) {
	switch {
	case !b.first(summary):
	case b.requireSecretDriftCheck:
		diags.AddError(summary, detail+"\n\nThis is an error because require_secret_drift_check is set.")
	default:
		diags.AddWarning(summary, detail)
	}
}

// refusedByServer checks a secret that was just set. If the server refuses it,
// then later refusals prove nothing. The next plan tells why a check fails.
func (r *oauthConsumerResource) refusedByServer(ctx context.Context, consumer twcloud.Consumer, secret string, diags *diag.Diagnostics) bool {
	if !r.backend.detects() || !consumer.Approved {
		return false
	}
	verdict, err := r.backend.client.ProbeSecret(ctx, consumer.Key, secret)
	refused := err == nil && verdict == twcloud.SecretRefused
	if refused && r.backend.first(refusesSetSecrets) {
		diags.AddWarning(refusesSetSecrets, refusedWhenSet(describe(consumer), r.backend.server.webApp))
	}
	return refused
}

func refusedWhenSet(consumer string, webApp serverAddress) string {
	return fmt.Sprintf("The provider set the secret of %s, and the server refused a signature with it right afterwards. "+
		"So a refusal does not show that a secret was changed: the provider reports no drift and sends nothing because of it.\n\n"+
		"The address may be the reason: behind a TLS proxy, a server may check signatures against its internal address. "+
		"Compare %s with the address in the server's settings, or turn detect_secret_drift off. "+
		"If the reason is gone, set the secret again: change it, or set another secret_wo_version.", consumer, webApp)
}

func warnOfDrift(state oauthConsumerModel, diags *diag.Diagnostics) {
	diags.AddWarning(fmt.Sprintf("Secret of %q was changed outside of Terraform", state.Name.ValueString()),
		fmt.Sprintf("The server refuses the secret of %s, although the consumer is approved. Applying this plan sets the configured secret.", state.describe()))
}
