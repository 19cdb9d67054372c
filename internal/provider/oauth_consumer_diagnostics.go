package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// addRegistrationError reports a registration that failed, and says what stands
// on the server because of it.
func addRegistrationError(diags *diag.Diagnostics, name string, registration twcloud.Registration, err error) {
	tried := "Registering " + subject{name: name}.String()
	var uncertain *twcloud.RegistrationError
	switch {
	case registration.Consumer.Key != "":
		addClientError(diags, "OAuth consumer registered, but its secret is not certain", tried, err, taintedAdvice(registration.Consumer))
	case errors.As(err, &uncertain) && len(uncertain.Keys) > 0:
		addClientError(diags, "Unable to tell which OAuth consumer was registered", tried, err,
			fmt.Sprintf("One of %s may be the one. None of them is in state. Remove those that nobody needs in TWCloud Admin, "+
				"or import the right one (terraform import ADDRESS KEY), before applying again.", quotedList(uncertain.Keys)))
	case errors.As(err, &uncertain):
		addClientError(diags, "Unable to tell whether the OAuth consumer was registered", tried, err,
			fmt.Sprintf("A consumer named %q may stand on the server, and is not in state. Look for it in TWCloud Admin before applying again: "+
				"import it (terraform import ADDRESS KEY), or remove it.", name))
	case registration.InDoubt:
		addClientError(diags, "Unable to register OAuth consumer", tried, err,
			fmt.Sprintf("Whether it was carried out all the same is not certain, but the server has no new consumer named %q. Look in TWCloud Admin before applying again, "+
				"in case it registered one late.", name))
	default:
		addClientError(diags, "Unable to register OAuth consumer", tried, err, "Nothing was registered.")
	}
}

// taintedAdvice says what stands on the server when a create ends with an error
// after the registration, and the two ways on.
func taintedAdvice(consumer twcloud.Consumer) string {
	approval := "not approved"
	if consumer.Approved {
		approval = "approved"
	}
	return fmt.Sprintf("%s stands on the server, %s, and is in state, marked as tainted.\n\n"+
		"To keep it and its key, run terraform untaint with this resource's address, and only then apply again. Applying without that replaces it, under a new key.",
		subjectOf(consumer), approval)
}

// standingAfterUpdate says what an update that failed has left on the server.
func standingAfterUpdate(err error) string {
	if twcloud.Uncertain(err) {
		return "The change may or may not have been made. The next plan reads what stands on the server; a secret is then sent again."
	}
	return "Nothing was changed."
}

// describeChanges names what is set, never its value if it is a secret.
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
	return strings.Join(parts, " and ")
}

// warnOfNamesakes tells that consumers of a name are there already: one of them
// may be what an earlier run, which died, has left behind. Those that Terraform
// manages are not meant: one of them may be what is to be replaced. It does so
// once for a name in a run.
func (r *oauthConsumerResource) warnOfNamesakes(name string, namesakes []twcloud.Consumer, diags *diag.Diagnostics) {
	namesakes = slices.DeleteFunc(namesakes, func(namesake twcloud.Consumer) bool {
		_, managed := r.backend.managed.Load(namesake.Key)
		return managed
	})
	if len(namesakes) == 0 {
		return
	}
	if _, warned := r.backend.warned.LoadOrStore(name, true); warned {
		return
	}
	diags.AddWarning(fmt.Sprintf("OAuth consumer %q is there already", name),
		fmt.Sprintf("The server has %q already, with the key %s. Terraform registers a further one of the same name, under a key of its own.\n\n"+
			"Unless that is meant, or the existing one is what is being replaced, import it instead: terraform import ADDRESS KEY. "+
			"An earlier run that was interrupted may have left it behind.",
			name, quotedList(keysOf(namesakes))))
}

// warnOfStrays tells of consumers that a lost answer may have left behind.
func warnOfStrays(registration twcloud.Registration, diags *diag.Diagnostics) {
	name := registration.Consumer.Name
	if registration.StraysUnknown != nil {
		diags.AddWarning("A second OAuth consumer may have been registered",
			fmt.Sprintf("The answer to registering %q was lost, so it was registered again, with the key %q. Whether the first attempt left another one behind could not be checked: %s\n\n"+
				"Look in TWCloud Admin.", name, registration.Consumer.Key, sentence(registration.StraysUnknown)))
	}
	if len(registration.Strays) > 0 {
		diags.AddWarning("A second OAuth consumer was registered",
			fmt.Sprintf("The answer to registering %q was lost, so it was registered again, with the key %q, which is in state. The first attempt, or somebody else, has registered %s as well.\n\n"+
				"Remove what nobody needs in TWCloud Admin.", name, registration.Consumer.Key, quotedList(keysOf(registration.Strays))))
	}
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
