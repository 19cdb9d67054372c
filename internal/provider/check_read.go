package provider

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func (r *checkReport) configuration(resolved settings, warnings diag.Diagnostics) {
	r.server = resolved.server
	credentials := "username and password"
	switch given := resolved.options.Credentials; {
	case given.Token != "":
		credentials = "a token"
	case given.AuthSecret != "":
		credentials += ", client_id and auth_secret"
	case given.ClientSecret != "":
		credentials += ", client_id and client_secret"
	case given.Username == "":
		credentials = "no credentials"
	}
	var places []string
	for _, server := range []struct {
		attribute string
		root      *url.URL
	}{
		{"endpoint", resolved.options.Endpoint},
		{"webapp_endpoint", resolved.options.WebAppEndpoint},
		{"authentication_endpoint", resolved.options.AuthenticationEndpoint},
	} {
		if server.root == nil {
			continue
		}
		r.hide(server.root.String())
		places = append(places, server.attribute+" "+r.place(server.root.String()))
	}
	r.ok("configuration", strings.Join(append(places, credentials), ", "))
	for _, warning := range warnings.Warnings() {
		r.note("configuration", warning.Summary(), r.clean(warning.Detail()))
	}
}

// profile reports which API profile is used, and which calls it lacks.
func (r *checkReport) profile(client *twcloud.Client, ownProfile bool) {
	r.ownProfile = ownProfile
	origin := "built-in"
	if ownProfile {
		origin = "from a file"
	}
	description, _, _ := strings.Cut(client.Profile().Description, ". ")
	if description = r.clean(strings.Join(strings.Fields(description), " ")); description != "" {
		origin += ": " + unquote(shorten(description))
	}
	r.ok("API profile", origin)
	if client.Profile().OnlyRegisters() {
		return
	}
	for _, needed := range []struct {
		call string
		err  error
	}{
		{"register", client.CanRegister()},
		{"approve", client.Supports(twcloud.Changes{Approved: new(true)})},
		{"disapprove", client.Supports(twcloud.Changes{Approved: new(false)})},
		{"rename", client.Supports(twcloud.Changes{Name: new("")})},
		{"set_secret", client.Supports(twcloud.Changes{Secret: new("")})},
		{"remove", client.CanRemove()},
	} {
		if needed.err != nil {
			r.missing = append(r.missing, needed.call)
		}
	}
	if len(r.missing) > 0 {
		r.note("API profile", "not in the profile: "+strings.Join(r.missing, ", "), "")
	}
}

// signIn reads the version, which requires a sign-in.
func (r *checkReport) signIn(ctx context.Context, client *twcloud.Client) bool {
	version, err := client.Version(ctx)
	if errors.Is(err, twcloud.ErrCanceled) || isLogin(err) {
		r.failure("sign-in", err)
		return false
	}
	r.signedIn = true
	r.ok("sign-in", "one session is open")
	switch version = r.clean(version); {
	case err != nil:
		r.note("version", describeFailure(err), "Only the data source twcloud_server needs the version.")
	case !versionLike.MatchString(version):
		r.note("version", "the response does not look like a version", "Only the data source twcloud_server needs the version.")
	default:
		r.ok("version", version)
	}
	return true
}

// signInOnPlatform reports what the first call, which has returned err, tells of the
// sign-in of the API profile, and whether that works.
func (r *checkReport) signInOnPlatform(err error, byToken bool) bool {
	refused := isAny(err, twcloud.ErrSession, twcloud.ErrCredentials)
	switch {
	case refused && byToken && !isLogin(err):
		r.failure("sign-in", err)
		r.note("token", "the Web Application Platform does not accept the token", "")
	case refused, isLogin(err):
		r.failure("sign-in", err)
	case err == nil && byToken:
		r.ok("sign-in", "the Web Application Platform accepts the token")
	case err == nil:
		r.ok("sign-in", "one session is open on the Web Application Platform")
	default:
		r.failure("list", err)
	}
	r.signedIn = err == nil
	return r.signedIn
}

func (r *checkReport) user(ctx context.Context, client *twcloud.Client) {
	username, err := client.CurrentUser(ctx)
	if err != nil {
		r.note("user", describeFailure(err), "Only the data source twcloud_server needs the user.")
		return
	}
	r.hide(username)
	survey, err := client.SurveyUser(ctx, username)
	switch {
	case err != nil:
		r.note("user", describeFailure(err), "The permissions of the user are not known.")
	case survey.ConfigureServer:
		r.ok("user", "has the Configure Server permission")
	default:
		r.note("user", fmt.Sprintf("the server does not mention the Configure Server permission (%s)", r.describeSurvey(survey)), "")
	}
}

func (r *checkReport) consumers(ctx context.Context, client *twcloud.Client) {
	survey, err := client.SurveyConsumers(ctx)
	if onPlatform, byToken := client.OnPlatform(); onPlatform && !r.signInOnPlatform(err, byToken) {
		return
	} else if err != nil {
		r.failure("list", err)
		return
	}
	r.note("list", fmt.Sprintf("%s %s: %s", survey.Method, survey.Path, r.describeSurvey(survey)), "")
	consumers, err := client.List(ctx)
	if err != nil {
		r.failure("list", err)
		return
	}
	r.others = map[string]bool{}
	approved, names := 0, map[string]int{}
	for _, consumer := range consumers {
		r.others[consumer.Name], r.others[consumer.Key] = true, true
		names[consumer.Name]++
		if consumer.Approved {
			approved++
		}
	}
	shared := 0
	for _, n := range names {
		if n > 1 {
			shared += n
		}
	}
	finding := fmt.Sprintf("consumers: %d, approved: %d", len(consumers), approved)
	if shared > 0 {
		finding += fmt.Sprintf(", with a name that another one has, too: %d", shared)
	}
	r.ok("list", finding)
}

func (r *checkReport) rootServices(ctx context.Context, client *twcloud.Client) {
	endpoints, err := client.OAuthEndpoints(ctx)
	if err != nil {
		r.note("root services", describeFailure(err),
			"Only detect_secret_drift and the data source twcloud_oauth_endpoints need root services. Check webapp_endpoint.")
		return
	}
	realm := "no realm"
	switch {
	case realmLike.MatchString(r.clean(endpoints.Realm)):
		realm = fmt.Sprintf("realm %q", endpoints.Realm)
	case endpoints.Realm != "":
		realm = "a realm"
	}
	r.ok("root services", fmt.Sprintf("%s names the request token URL %s, %s",
		r.place(endpoints.RootServicesURL), r.place(endpoints.RequestTokenURL), realm))
	if r.registers = endpoints.RequestConsumerKeyURL != ""; !r.registers {
		r.note("root services", "no self-registration: the document does not name jfs:oauthRequestConsumerKeyUrl", "")
		return
	}
	r.ok("root services", fmt.Sprintf("self-registration: available (documented), at %s", r.place(endpoints.RequestConsumerKeyURL)))
}

func (r *checkReport) signOut(err error) {
	switch {
	case err != nil && isAny(err, twcloud.ErrUnreachable):
		r.note("sign-out", describeFailure(err), "The session stays open until it times out.")
	case err != nil:
		r.bad("sign-out", describeFailure(err), "The session stays open until it times out. Check sign_in.sign_out in the API profile, if it has one.")
	case r.signedIn:
		r.ok("sign-out", "the session is closed")
	}
}
