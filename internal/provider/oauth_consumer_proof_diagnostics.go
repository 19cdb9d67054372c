package provider

import (
	"cmp"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// onThePage is where a person approves, changes and removes consumers.
const onThePage = "in TWCloud Admin, on the page OAuth consumers (OAuth clients, tab OAuth 1.0a, in newer versions)"

// otherProfiles is the advice about what self-registration cannot do.
const otherProfiles = "Self-registration registers consumers, and does nothing else: it has no list. An API profile that terraform-provider-twcloud learn " +
	"makes has one, as the guide \"When your server differs\" shows. The built-in profile rest-api assumes one: terraform-provider-twcloud check tells whether your server has it."

func (b *backend) warnOfApproval(consumer twcloud.Consumer, diags *diag.Diagnostics) {
	diags.AddWarning(fmt.Sprintf("%s waits for approval", describe(consumer)), "It is registered and in state. "+b.once("warning",
		"It is not active until a user with the Configure Server permission approves it "+onThePage+". After that, the next plan shows approved = true.", consumer.Name))
}

func warnOfAcceptedUnapproved(consumer twcloud.Consumer, diags *diag.Diagnostics) {
	diags.AddWarning("Server accepts consumers that nobody has approved", fmt.Sprintf(
		"The server accepted a signature of %s, which was just registered. So on this server, approved = true means only that the secret is right. "+
			"Ask an administrator whether that is intended.", describe(consumer)))
}

// warnOfUnclear says once per run that a consumer could not be proven.
func (r *oauthConsumerResource) warnOfUnclear(consumer twcloud.Consumer, err error, diags *diag.Diagnostics) {
	r.backend.addUnchecked(diags, "Could not prove OAuth consumers", fmt.Sprintf(
		"The provider could not find out whether %s is approved: %s\n\nThe state stays as it is, and this message appears once per run. "+
			"Check the address of the Web Application Platform, %s.", describe(consumer), r.backend.client.Redact(sentence(err)), r.backend.server.webApp))
}

func (b *backend) warnOfLost(state oauthConsumerModel, diags *diag.Diagnostics) {
	diags.AddWarning(fmt.Sprintf("Server refuses OAuth consumer %q", state.Name.ValueString()), fmt.Sprintf(
		"The server refuses a signature of %s, and accepted one before. %s", state.describe(), b.once("warning",
			"The server does not say why. Either the consumer was disapproved or removed, or its secret was changed, or the server does not know itself "+
				"by this address any more. Look "+onThePage+". If the secret was changed, set the new one in the configuration.", state.Name.ValueString())))
}

func (b *backend) warnOfUnprovenName(plan, state oauthConsumerModel, diags *diag.Diagnostics) {
	name := plan.Name.ValueString()
	diags.AddAttributeWarning(path.Root("name"), fmt.Sprintf("Name of %q is not checked", name), fmt.Sprintf(
		"Applying this plan changes the name of %s in state alone. %s", state.describe(), b.once("warning",
			"This API profile has no call that changes or reads a name. Change it "+onThePage+", too.", name)))
}

const approveIt = "approve the consumer: the server refuses every secret of another one. Then run Terraform again."

// addUnproven reports a secret that must be proven, and is not. It does not report it on
// the attribute, because Terraform would print the line of the configuration.
func (b *backend) addUnproven(config, state oauthConsumerModel, verdict twcloud.SecretVerdict, diags *diag.Diagnostics) {
	attribute := "secret"
	if !config.SecretWO.IsNull() {
		attribute = "secret_wo"
	}
	cause := "The server refuses a signature with the value of " + attribute
	if verdict != twcloud.SecretRefused {
		cause = "The provider could not find out whether the server accepts the value of " + attribute
	}
	if state.isImported() {
		diags.AddError("Unable to import OAuth consumer", paragraphs(
			fmt.Sprintf("%s. So nothing proves that %s is a consumer of this server with this secret.", cause, state.describe()),
			b.once("error", "Compare key and secret with what is there "+onThePage+", and "+approveIt, state.Key.ValueString())))
		return
	}
	diags.AddError(fmt.Sprintf("New secret of %q is not accepted", state.Name.ValueString()), paragraphs(
		fmt.Sprintf("%s, which is not the last known secret of %s. This API profile has no call that changes a secret.", cause, state.describe()),
		b.once("error", "First set the new secret "+onThePage+", and "+approveIt, state.Name.ValueString())))
}

// addApprovalSet reports a configured approval that is not the proven one.
func (b *backend) addApprovalSet(config oauthConsumerModel, consumer string, proven bool, diags *diag.Diagnostics) {
	if config.Approved.IsNull() {
		diags.AddAttributeError(path.Root("approved"), "Approval changed since the plan", fmt.Sprintf(
			"%s now has approved = %t, and the plan says otherwise. Plan again.", consumer, proven))
		return
	}
	diags.AddAttributeError(path.Root("approved"), "Approval cannot be configured", fmt.Sprintf("%s has approved = %t. %s", consumer, proven, b.once("error",
		"This API profile has no call that approves or disapproves: a person does that, "+onThePage+".\n\n"+
			"Leave approved out of the configuration. It then shows what the server has.", cmp.Or(config.Name.ValueString(), consumer))))
}

// reportRemoval says that nothing is removed on the server, and refuses to forget a
// consumer that may be active.
func (b *backend) reportRemoval(state oauthConsumerModel, record secretRecord, verdict twcloud.SecretVerdict, diags *diag.Diagnostics) {
	consumer := state.describe()
	const first, letGo = "Remove it " + onThePage + ", and run Terraform again. To let it go, ", "replace its resource with a removed block that has lifecycle { destroy = false }, or run terraform state rm ADDRESS."
	refuse := func(summary, cause, advice string) {
		diags.AddError(summary, paragraphs(cause+" This API profile has no call that removes a consumer.", b.once("error", advice, state.Name.ValueString())))
	}
	switch {
	case mayLeave(state, record, verdict):
		diags.AddWarning(fmt.Sprintf("%s is not removed", consumer), "This API profile has no call that removes a consumer: it only leaves the state. "+b.once("warning",
			"Nothing shows that it is active, but it may still be, with another secret. Remove it "+onThePage+".", state.Name.ValueString()))
	case verdict == twcloud.SecretAccepted:
		refuse("OAuth consumer is still active", fmt.Sprintf("The server accepts a signature of %s.", consumer), first+letGo)
	case state.Secret.ValueString() == "":
		refuse("OAuth consumer may still be active", fmt.Sprintf("The server has accepted %s before, and without its secret in state the provider "+
			"cannot find out whether it still does.", consumer), "Remove it "+onThePage+". Then "+letGo)
	default:
		refuse("OAuth consumer may still be active", fmt.Sprintf("The provider could not find out whether the server accepts %s.", consumer), first+letGo)
	}
}
