package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// addMissingSecret reports that a consumer is to be registered without a secret.
// An imported one may have been removed since.
func (b *backend) addMissingSecret(consumer twcloud.Consumer, diags *diag.Diagnostics) {
	const set = "set secret, or secret_wo to keep it out of state"
	missed := false
	if b != nil {
		consumer.Key, missed = b.consumers.missed(consumer.Name)
	}
	if !missed {
		diags.AddAttributeError(path.Root("secret"), "Missing secret",
			"An OAuth consumer needs a secret to be registered: "+set+". Without a secret, you can only manage a consumer that is already registered: import it.")
		return
	}
	diags.AddAttributeError(path.Root("secret"), fmt.Sprintf("OAuth consumer %q was removed", consumer.Name), paragraphs(
		joined(fmt.Sprintf("%s was removed outside of Terraform, and the configuration has no secret to register it again.", describe(consumer)), b.rightServer()),
		b.once("error", "To register it again with a new key, "+set+". To let it go, remove the resource from the configuration, or replace it with a removed block.", consumer.Name)))
}

// warnOfRemoved warns that a consumer is registered again. A read does not know whether it
// is still configured.
func (b *backend) warnOfRemoved(consumer twcloud.Consumer, condition string, diags *diag.Diagnostics) {
	diags.AddWarning(fmt.Sprintf("OAuth consumer %q was removed", consumer.Name), joined(
		fmt.Sprintf("%s was removed outside of Terraform. Applying this plan registers it again with a new key%s.", describe(consumer), condition),
		b.once("warning", "Give the new key to every application that uses the old one.", consumer.Name), b.rightServer()))
}

// rightServer asks for the server if no consumer was found there.
func (b *backend) rightServer() string {
	if b.consumers.found.Load() {
		return ""
	}
	return fmt.Sprintf("No consumer of the state was found so far. Is %s the right server?", b.server.main())
}

// refuseControl refuses line breaks and other control characters in a new name:
// Terraform prints names as they are, and a terminal runs some of these characters.
// A name that a consumer already has is left alone.
func refuseControl(name string, diags *diag.Diagnostics) {
	if hasControl(name) {
		diags.AddAttributeError(path.Root("name"), "Control character in a name",
			fmt.Sprintf("A name must not contain a line break or another control character, but this one is %s.", shorten(name)))
	}
}

// addRegistrationError reports a failed registration and its result on the
// server.
func (b *backend) addRegistrationError(diags *diag.Diagnostics, name string, registration twcloud.Registration, err error) {
	summary, left := "Unable to register OAuth consumer", "Nothing was registered."
	uncertain, isUncertain := errors.AsType[*twcloud.RegistrationError](err)
	switch {
	case errors.Is(err, twcloud.ErrOtherName):
		summary, left = "The server stores another name", leftAfterCreate(registration.Consumer, approvalOf(registration.Consumer), err)
	case registration.Consumer.Key != "":
		summary, left = "OAuth consumer registered, but not confirmed", leftAfterCreate(registration.Consumer, approvalOf(registration.Consumer), err)
	case isUncertain && len(uncertain.Keys) > 0:
		summary = "Unable to tell which OAuth consumer was registered"
		left = fmt.Sprintf("New on the server, and not in state: %s. One may be yours, and any may be somebody else's. "+
			"Before you apply again, find yours in TWCloud Admin, and import it (terraform import ADDRESS KEY) or remove it.", quotedList(uncertain.Keys))
	case isUncertain && uncertain.NoList:
		summary, left = "Unable to tell whether OAuth consumer was registered", mayExistUnlisted(name)
	case isUncertain:
		summary, left = "Unable to tell whether OAuth consumer was registered", mayExist(name)
		if uncertain.Twice {
			left = fmt.Sprintf("The registration was sent twice: up to two consumers named %q may exist on the server, and none is in state. "+
				"Before you apply again, look in TWCloud Admin: import one (terraform import ADDRESS KEY), and remove the other.", name)
		}
	}
	b.addClientError(diags, summary, "Registering "+describe(twcloud.Consumer{Name: name}), err, left)
}

// mayExist is for a registration whose result is unknown.
func mayExist(name string) string {
	return fmt.Sprintf("A consumer named %q may exist on the server, and is not in state. Before you apply again, find it in TWCloud Admin, "+
		"and import it (terraform import ADDRESS KEY) or remove it.", name)
}

// mayExistUnlisted is mayExist for an API profile without a list.
func mayExistUnlisted(name string) string {
	return fmt.Sprintf("A consumer named %q may exist on the server. It is not approved, and so harmless, and it is not in state. "+
		"Before you apply again, look for it %s, and remove it if it is there.", name, onThePage)
}

// leftAfterCreate describes what exists on the server if a create fails after
// the registration, and the options.
func leftAfterCreate(consumer twcloud.Consumer, approval string, err error) string {
	if errors.Is(err, twcloud.ErrKeyGone) {
		return fmt.Sprintf("%s is in state as tainted. The server accepted it, and does not return it by this key: it may exist, with this key or another one. "+
			"Look for it in TWCloud Admin before you apply again, because the next apply registers another one.", describe(consumer))
	}
	return fmt.Sprintf("%s exists on the server (%s) and is in state as tainted. "+
		"To keep it, run terraform untaint ADDRESS before you apply again. Otherwise, the next apply replaces it with a new one, with a new key.",
		describe(consumer), approval)
}

// approvalAfter says whether a consumer is approved after its approval failed.
func approvalAfter(consumer twcloud.Consumer, err error) string {
	if twcloud.Uncertain(err) && !errors.Is(err, twcloud.ErrNotApplied) {
		return "perhaps approved"
	}
	return approvalOf(consumer)
}

func approvalOf(consumer twcloud.Consumer) string {
	if consumer.Approved {
		return "approved"
	}
	return "not approved"
}

// leftAfterUpdate describes what exists on the server after a failed update to
// this name.
func leftAfterUpdate(name string, err error) string {
	unapplied, isUnapplied := errors.AsType[*twcloud.NotAppliedError](err)
	switch {
	case errors.Is(err, twcloud.ErrKeyGone):
		return mayExist(name)
	case isUnapplied:
		return fmt.Sprintf("The server and the state now have the name %q, %s.", unapplied.Consumer.Name, approvalOf(unapplied.Consumer))
	case twcloud.Uncertain(err):
		return "The change may or may not have been made. The next plan reads the current state on the server, and a new secret is sent again."
	}
	return "Nothing was changed."
}

// describeChanges names what is set, without the value of a secret.
func describeChanges(changes twcloud.Changes) string {
	var parts []string
	if changes.Name != nil {
		parts = append(parts, fmt.Sprintf("the name (to %q)", *changes.Name))
	}
	if changes.Secret != nil {
		parts = append(parts, "the secret")
	}
	if changes.Approved != nil {
		parts = append(parts, fmt.Sprintf("the approval (to %t)", *changes.Approved))
	}
	if last := len(parts) - 1; last > 1 {
		parts = []string{strings.Join(parts[:last], ", "), parts[last]}
	}
	return strings.Join(parts, " and ")
}

// warnOfNamesakes warns, once per name, that consumers with this name exist. An
// earlier run that was killed may have left them. Consumers in state don't
// count: the plan may be to replace one of them.
func (r *oauthConsumerResource) warnOfNamesakes(name, consequence, advice string, namesakes []twcloud.Consumer, diags *diag.Diagnostics) {
	namesakes = slices.DeleteFunc(namesakes, func(namesake twcloud.Consumer) bool { return r.backend.consumers.of(namesake.Key).managed })
	summary := fmt.Sprintf("OAuth consumer %q already exists", name)
	if len(namesakes) == 0 || !r.backend.first(summary) {
		return
	}
	diags.AddWarning(summary, fmt.Sprintf("The server already has OAuth consumer %q (key %s). %s", name, quotedList(keysOf(namesakes)), paragraphs(consequence, r.backend.once("warning", advice, name))))
}

// warnOfSharedName warns, once per name, of several resources with one name.
func (b *backend) warnOfSharedName(name string, diags *diag.Diagnostics) {
	if summary := fmt.Sprintf("Several resources have the name %q", name); b.first(summary) {
		diags.AddWarning(summary, "This plan gives the same name to the OAuth consumers of several resources. "+
			"The server may refuse that. If it does not, only their keys tell them apart.\n\nGive each consumer a name of its own.")
	}
}

// warnOfNewKey warns, once per name, that a plan removes a consumer and registers
// another one with the same name.
func (b *backend) warnOfNewKey(name, key string, diags *diag.Diagnostics) {
	if summary := fmt.Sprintf("OAuth consumer %q gets a new key", name); b.first(summary) {
		diags.AddWarning(summary, paragraphs(
			fmt.Sprintf("This plan removes %s, and registers another one with the same name and a new key.", describe(twcloud.Consumer{Name: name, Key: key})),
			b.once("warning", "If you renamed or moved the resource block, add a moved block (moved { from = OLD, to = NEW }, each on a line of its own). "+
				"Then the consumer keeps its key. Otherwise, give the new key to every application that uses the old one.", name)))
	}
}

// severalAddresses returns the summary and the detail of what is said of a consumer that
// is in state more than once.
func (b *backend) severalAddresses(severity string, state oauthConsumerModel) (summary, detail string) {
	return fmt.Sprintf("OAuth consumer %q at several addresses", state.Name.ValueString()), paragraphs(
		state.describe()+" is in state at several addresses. Their resources would change it in turn, and removing one of them removes the consumer.",
		b.once(severity, "Keep one address. For each other one, replace the resource block with a removed block that has lifecycle { destroy = false }, "+
			"or run terraform state rm ADDRESS. If the other one should be a consumer of its own, do that as well, and then import that consumer or let Terraform register it.",
			state.Name.ValueString()))
}

// refuseSharedRemoval reports a removal of a consumer that is in state at another
// address as well.
func (b *backend) refuseSharedRemoval(state oauthConsumerModel, diags *diag.Diagnostics) {
	if uses := b.consumers.of(state.Key.ValueString()); uses.removing && uses.reads > 1 {
		diags.AddError(b.severalAddresses("error", state))
	}
}

// tellsOfUnchanged notes an unchanged consumer, and reports whether there is
// something to tell about it.
func (b *backend) tellsOfUnchanged(key, name string, wanted wantedConsumer) bool {
	return b.consumers.keep(name, key, false, wanted) || b.consumers.of(key).reads > 1
}

// warnOfLostResponse warns of what a lost response leaves open. The summary has the
// name, because Terraform shows only one of several warnings with the same summary.
func (b *backend) warnOfLostResponse(registration twcloud.Registration, diags *diag.Diagnostics) {
	name, key := registration.Consumer.Name, registration.Consumer.Key
	if registration.Adopted != nil {
		diags.AddWarning(fmt.Sprintf("OAuth consumer %q adopted with key %q", name, key),
			paragraphs(fmt.Sprintf("The result of registering %q was unknown: %s One new consumer of this name has appeared on the server, with key %q. "+
				"The provider takes it for the registered one, and has set its secret.", name, sentence(registration.Adopted), key),
				b.once("warning", b.server.adviceFor(registration.Adopted), name),
				"If someone else registered a consumer of this name in the same moment, it is theirs: look in TWCloud Admin."))
	}
	again := fmt.Sprintf("The response to registering %q was lost, so the provider registered it again (key %q, in state).", name, key)
	if registration.Doubt != nil {
		diags.AddWarning(fmt.Sprintf("A second OAuth consumer %q may exist", name),
			fmt.Sprintf("%s The first attempt may have left another one behind: %s\n\nLook in TWCloud Admin.", again, sentence(registration.Doubt)))
	}
	if len(registration.Strays) > 0 {
		diags.AddWarning(fmt.Sprintf("A second OAuth consumer %q exists", name),
			fmt.Sprintf("%s The first attempt, or someone else, registered %s as well.\n\nRemove the consumers you don't need in TWCloud Admin.",
				again, quotedList(keysOf(registration.Strays))))
	}
}

// warnOfRenamed warns that a consumer has got another name since it was registered. An error
// would taint it, and Terraform would report another name in state as a bug in the
// provider. The next plan shows the name.
func warnOfRenamed(plan oauthConsumerModel, consumer *twcloud.Consumer, diags *diag.Diagnostics) {
	name := plan.Name.ValueString()
	if consumer.Name == name {
		return
	}
	diags.AddWarning(fmt.Sprintf("OAuth consumer %q has another name now", name),
		fmt.Sprintf("%s was registered as %q, and has another name since: someone else renamed it at the same time, or the server did.\n\n"+
			"Plan again: the plan shows the name, and applying it renames the consumer. If this happens again, the server differs from what the provider assumes. %s",
			describe(*consumer), name, whenDiffers))
	consumer.Name = name
}

func keysOf(consumers []twcloud.Consumer) []string {
	keys := make([]string, len(consumers))
	for i, consumer := range consumers {
		keys[i] = consumer.Key
	}
	return keys
}

func quotedList(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return strings.Join(quoted, ", ")
}
