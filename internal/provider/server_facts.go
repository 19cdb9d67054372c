package provider

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// serverFacts are what a message says about a request: where it went, and who sent
// it, each with the attribute or the variable that says so.
type serverFacts struct {
	// The servers. One that is not configured is empty.
	endpoint, webApp, authentication serverAddress
	// onPlatform is true if the consumers are on the Web Application Platform.
	onPlatform bool
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
	case credentials.Username == "":
		facts.user = "without credentials"
	default:
		facts.user = fmt.Sprintf("user %q (%s, %s)", credentials.Username, r.values["username"].label(), r.values["password"].label())
	}
	own := r.settings.options.Profile
	facts.onPlatform = own != nil && (own.SignsIn() || own.OnlyRegisters())
	facts.endpoint = r.address("endpoint", r.settings.options.Endpoint)
	facts.webApp = r.address("webapp_endpoint", r.settings.options.WebAppEndpoint)
	facts.authentication = r.address("authentication_endpoint", r.settings.options.AuthenticationEndpoint)
	return facts
}

// address returns the address that an attribute names. Nil: none.
func (r *resolver) address(attribute string, root *url.URL) serverAddress {
	if root == nil {
		return serverAddress{}
	}
	label := "default of " + attribute
	if v := r.values[attribute]; v.given() {
		label = v.label()
	}
	return serverAddress{root.Scheme + "://" + root.Host, fmt.Sprintf("%s (%s)", root, label)}
}

// main is the server that has the consumers, or the one that there is.
func (f serverFacts) main() serverAddress {
	if f.onPlatform || f.endpoint.text == "" {
		return f.webApp
	}
	return f.endpoint
}

// where says at which address a call failed, and as whom. It is empty for failures that
// concern one consumer, and if no request was sent, unless no server could be reached.
func (f serverFacts) where(failure *twcloud.Error) string {
	if isAny(failure.Kind, twcloud.ErrConflict, twcloud.ErrNotFound, twcloud.ErrCanceled, twcloud.ErrNotApplied, twcloud.ErrKeyGone) ||
		failure.Kind == twcloud.ErrInvalid && !failure.Login {
		return ""
	}
	unreachable := isAny(failure.Kind, twcloud.ErrUnreachable, twcloud.ErrTimeout)
	if failure.Origin == "" && failure.Status == 0 && !unreachable || f.main().text == "" {
		return ""
	}
	address := f.main().text
	if failure.Origin != "" {
		address = cmp.Or(f.addressOf(failure).text, failure.Origin)
	}
	if unreachable || failure.Kind == twcloud.ErrSessionWanted {
		return "Address: " + address + "."
	}
	return fmt.Sprintf("Address: %s, %s.", address, f.user)
}

// adviceFor returns what to do about an error of the client. It names the attribute of
// the server that the request went to.
func (f serverFacts) adviceFor(err error) string {
	server := f.main()
	if failure := failureOf(err); failure.Origin != "" {
		server = f.addressOf(failure)
	}
	words := aboutREST
	switch server {
	case f.endpoint:
	case f.webApp:
		words = aboutPlatform
	case f.authentication:
		words = aboutAuthentication
	}
	return words.Replace(adviceOn(err))
}

// addressOf is the server that a request went to. A proxy can have all servers at one
// address, where the paths tell them apart.
func (f serverFacts) addressOf(failure *twcloud.Error) serverAddress {
	servers := []serverAddress{f.endpoint, f.webApp, f.authentication}
	if !strings.Contains(failure.Path, "/osmc/") {
		servers = []serverAddress{f.webApp, f.authentication, f.endpoint}
	}
	for _, known := range servers {
		if known.origin == failure.Origin {
			return known
		}
	}
	return serverAddress{}
}

const otherVersion = "The API profile may be for another version of the server"

var (
	aboutREST = about("endpoint", "the REST API", "the REST API uses port "+twcloud.DefaultRESTPort+" by default",
		"On the REST API, this is as expected on 2022x Refresh2 and later: the calls are probably on the Web Application Platform")
	aboutPlatform = about("webapp_endpoint", "the Web Application Platform",
		"the Web Application Platform uses port "+twcloud.DefaultWebAppPort+" by default", otherVersion)
	aboutAuthentication = about("authentication_endpoint", "the authentication server", "the default is webapp_endpoint", otherVersion)
)

// about has the words of advice that depend on the server: the attribute with its
// address, what it is, what is usual, and what it means that it has nothing at the path of
// the list.
func about(endpoint, server, usual, nothing string) *strings.Replacer {
	return strings.NewReplacer("{endpoint}", endpoint, "{server}", server, "{usual}", usual, "{nothing}", nothing)
}
