package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// detects says whether drift of secrets is to be detected, and can be.
func (b *backend) detects() bool { return b.ready() && b.detectSecretDrift }

// detectDriftOfStored proves the secret in state, and leaves the finding in
// private state for the plan. Only an approved consumer can be asked: of another
// one the server refuses any secret.
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

// probe asks the server about a secret. That there is no verdict is a warning,
// once per run: it never fails a plan.
func (r *oauthConsumerResource) probe(ctx context.Context, state oauthConsumerModel, secret string, diags *diag.Diagnostics) twcloud.SecretVerdict {
	verdict, err := r.backend.client.ProbeSecret(ctx, state.Key.ValueString(), secret)
	switch {
	case err != nil:
		r.backend.inconclusive.Do(func() {
			diags.AddWarning("Could not check secrets for drift",
				fmt.Sprintf("The provider could not check the secret of %s: %s\n\n"+
					"No secret is changed because of this, and the warning appears once per run. "+
					"Check webapp_endpoint, or turn detect_secret_drift off.", state.subject(), r.backend.client.Redact(sentence(err))))
		})
		return twcloud.SecretUnknown
	case verdict == twcloud.SecretRefused && !r.isApproved(ctx, state):
		return twcloud.SecretUnknown
	}
	return verdict
}

// isApproved asks the server: without a refresh, the approval in state may be an
// old one, and of a consumer that is not approved any secret is refused.
func (r *oauthConsumerResource) isApproved(ctx context.Context, state oauthConsumerModel) bool {
	consumer, err := r.backend.client.Get(ctx, state.Key.ValueString())
	return err == nil && consumer.Approved
}

func warnOfDrift(state oauthConsumerModel, diags *diag.Diagnostics) {
	diags.AddWarning("Secret was changed outside of Terraform",
		fmt.Sprintf("The server refuses the secret of %s, although the consumer is approved. The next apply sets the configured secret.", state.subject()))
}
