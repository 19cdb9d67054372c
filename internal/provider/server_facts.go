package provider

import (
	"fmt"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// serverFacts are what a message says about a request: where it went, and who sent
// it, each with the attribute or the variable that says so.
type serverFacts struct {
	// endpoint and webApp are the servers, and consumers is the one that has the
	// consumers.
	endpoint, webApp, consumers serverAddress
	// user says who signs in.
	user string
}

type serverAddress struct {
	// origin is the scheme and the host.
	origin string
	text   string
}

func (a serverAddress) String() string { return a.text }

func (r *resolver) facts() serverFacts {
	facts := serverFacts{user: "token in " + r.values["token"].label()}
	switch credentials := r.settings.options.Credentials; {
	case credentials.Token != "":
	case credentials.ClientID != "":
		facts.user = fmt.Sprintf("client %q (%s), user %q (%s)", credentials.ClientID, r.values["client_id"].label(), credentials.Username, r.values["username"].label())
	default:
		facts.user = fmt.Sprintf("user %q (%s, %s)", credentials.Username, r.values["username"].label(), r.values["password"].label())
	}
	if endpoint := r.settings.options.Endpoint; endpoint != nil {
		facts.endpoint = serverAddress{endpoint.Scheme + "://" + endpoint.Host, fmt.Sprintf("%s (%s)", endpoint, r.values["endpoint"].label())}
	}
	if webApp := r.settings.options.WebAppEndpoint; webApp != nil {
		label := "default of webapp_endpoint"
		if v := r.values["webapp_endpoint"]; v.given() {
			label = v.label()
		}
		facts.webApp = serverAddress{webApp.Scheme + "://" + webApp.Host, fmt.Sprintf("%s (%s)", webApp, label)}
	}
	facts.consumers = facts.endpoint
	if own := r.settings.options.Profile; own != nil && !own.UsesREST() {
		facts.consumers = facts.webApp
	}
	return facts
}

// where says at which address a call failed, and as whom. It is empty if no
// request was sent, and for failures that concern one consumer.
func (f serverFacts) where(failure *twcloud.Error) string {
	if isAny(failure.Kind, twcloud.ErrConflict, twcloud.ErrNotFound, twcloud.ErrCanceled, twcloud.ErrNotApplied, twcloud.ErrKeyGone) ||
		failure.Kind == twcloud.ErrInvalid && !failure.Login {
		return ""
	}
	address := f.consumers.text
	if address == "" {
		return ""
	}
	switch failure.Origin {
	case "":
		if failure.Status == 0 {
			return ""
		}
	case f.consumers.origin:
	case f.endpoint.origin:
		address = f.endpoint.text
	case f.webApp.origin:
		address = f.webApp.text
	default:
		address = failure.Origin
	}
	if isAny(failure.Kind, twcloud.ErrUnreachable, twcloud.ErrTimeout) {
		return "Address: " + address + "."
	}
	return fmt.Sprintf("Address: %s, %s.", address, f.user)
}
