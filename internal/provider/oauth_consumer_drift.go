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
	verdict := r.probe(ctx, state, state.Secret.ValueString(), &resp.Diagnostics)
	drifted := verdict == twcloud.SecretRefused
	if drifted {
		warnOfDrift(state, &resp.Diagnostics)
	}
	if verdict != twcloud.SecretUnknown && record.Drifted != drifted {
		record.Drifted = drifted
		writeSecretRecord(ctx, resp.Private, record, &resp.Diagnostics)
	}
}

// probe checks a secret with the server. If it gets no result, it warns once per
// run. It never fails a plan.
func (r *oauthConsumerResource) probe(ctx context.Context, state oauthConsumerModel, secret string, diags *diag.Diagnostics) twcloud.SecretVerdict {
	verdict, err := r.backend.client.ProbeSecret(ctx, state.Key.ValueString(), secret)
	switch {
	case err != nil:
		if summary := "Could not check secrets for drift"; r.backend.first(summary) {
			diags.AddWarning(summary, fmt.Sprintf("The provider could not check the secret of %s: %s\n\n"+
				"No secret is changed because of this, and the warning appears once per run. "+
				"Check webapp_endpoint, or turn detect_secret_drift off.", state.describe(), r.backend.client.Redact(sentence(err))))
		}
		return twcloud.SecretUnknown
	case verdict == twcloud.SecretRefused:
		// The server refuses any secret of a consumer that is not approved. Without
		// a refresh, the approval in state can be outdated.
		consumer, err := r.backend.client.Get(ctx, state.Key.ValueString())
		if err != nil || !consumer.Approved {
			return twcloud.SecretUnknown
		}
	}
	return verdict
}

func warnOfDrift(state oauthConsumerModel, diags *diag.Diagnostics) {
	diags.AddWarning("Secret was changed outside of Terraform",
		fmt.Sprintf("The server refuses the secret of %s, although the consumer is approved. The next apply sets the configured secret.", state.describe()))
}
