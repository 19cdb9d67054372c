package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// errCheckFailed says that a check found something that the provider cannot work
// with; the report says what.
var errCheckFailed = errors.New("the provider would not work with this server as it is configured")

// Check compares a server with what the provider assumes of it, and writes a
// report that can be shown to anybody: without secrets, without the server's
// name, without the names of consumers. It is configured by the environment
// alone, signs in and out, and changes nothing.
func (p *Provider) Check(ctx context.Context, out io.Writer) error {
	resolved, _, diagnostics := resolveConfig(providerModel{}, p.source)
	report := &checkReport{out: out}
	report.line("Read-only check of a Teamwork Cloud server, by terraform-provider-twcloud %s.", p.version)
	report.line("Nothing is changed. The report holds no secret, no host name and no consumer's name.\n")
	if diagnostics.HasError() {
		for _, diagnostic := range diagnostics.Errors() {
			report.bad("configuration", diagnostic.Summary(), diagnostic.Detail())
		}
		return errCheckFailed
	}
	client, err := p.client(resolved, "")
	if err != nil {
		report.bad("configuration", err.Error(), "")
		return errCheckFailed
	}
	report.hide = []string{resolved.endpoint, resolved.webAppEndpoint, resolved.username}
	report.redact = client.Redact
	report.configuration(resolved, diagnostics)

	if report.signIn(ctx, client) {
		report.user(ctx, client)
		report.consumers(ctx, client, resolved.oauthConsumersPath)
	}
	report.rootServices(ctx, client)
	report.signOut(p.Close())
	if report.failed {
		return errCheckFailed
	}
	report.line("\nThe provider can work with this server.")
	return nil
}

// checkReport writes findings as they come.
type checkReport struct {
	out    io.Writer
	failed bool
	hide   []string
	redact func(string) string
}

func (r *checkReport) configuration(resolved settings, warnings diag.Diagnostics) {
	credentials := "username and password"
	if resolved.token != "" {
		credentials = "a token"
	}
	r.ok("configuration", fmt.Sprintf("endpoint %s, webapp_endpoint %s, %s", place(resolved.endpoint), place(resolved.webAppEndpoint), credentials), "")
	for _, warning := range warnings.Warnings() {
		r.note("configuration", warning.Summary(), warning.Detail())
	}
}

// signIn reads the version, for which the client has to sign in first.
func (r *checkReport) signIn(ctx context.Context, client *twcloud.Client) bool {
	version, err := client.Version(ctx)
	var failure *twcloud.Error
	if errors.As(err, &failure) && failure.Login {
		r.bad("sign-in", err.Error(), adviceFor(err))
		return false
	}
	r.ok("sign-in", "one session is open", "")
	if err != nil {
		r.note("version", err.Error(), adviceFor(err))
	} else {
		r.ok("version", version, "")
	}
	return true
}

func (r *checkReport) user(ctx context.Context, client *twcloud.Client) {
	username, err := client.CurrentUser(ctx)
	if err != nil {
		r.note("user", err.Error(), "Only the data source twcloud_server needs this.")
		return
	}
	r.hide = append(r.hide, username)
	survey, err := client.SurveyUser(ctx, username)
	switch {
	case err != nil:
		r.note("user", err.Error(), "What permissions the user has is not known; the next finding tells.")
	case survey.ConfigureServer:
		r.ok("user", "the server names the Configure Server permission", "")
	default:
		r.note("user", fmt.Sprintf("the server does not name the Configure Server permission (%s)", describeSurvey(survey)),
			"Whether it has to is not known; the next finding tells.")
	}
}

func (r *checkReport) consumers(ctx context.Context, client *twcloud.Client, path string) {
	survey, err := client.SurveyConsumers(ctx)
	if err != nil {
		r.bad("OAuth consumers", err.Error(), adviceFor(err))
		return
	}
	r.note("OAuth consumers", fmt.Sprintf("GET %s: %s", path, describeSurvey(survey)), "")
	consumers, err := client.List(ctx)
	if err != nil {
		r.bad("OAuth consumers", err.Error(), adviceFor(err))
		return
	}
	approved, names := 0, map[string]int{}
	for _, consumer := range consumers {
		names[consumer.Name]++
		if consumer.Approved {
			approved++
		}
	}
	shared := 0
	for _, bearers := range names {
		if bearers > 1 {
			shared++
		}
	}
	r.ok("OAuth consumers", fmt.Sprintf("%d, of which %d are approved; %d names are borne by several", len(consumers), approved, shared),
		"The list is as the provider assumes. Whether registering, changing and removing are, only trying them shows.")
}

func (r *checkReport) rootServices(ctx context.Context, client *twcloud.Client) {
	endpoints, err := client.OAuthEndpoints(ctx)
	if err != nil {
		r.note("root services", err.Error(),
			"The provider works without, but for detect_secret_drift and the data source twcloud_oauth_endpoints. Check webapp_endpoint.")
		return
	}
	r.ok("root services", fmt.Sprintf("%s names the request token at %s, realm %q",
		place(endpoints.RootServicesURL), place(endpoints.RequestTokenURL), endpoints.Realm), "")
}

func (r *checkReport) signOut(err error) {
	if err != nil {
		r.note("sign-out", err.Error(), "The session takes up a seat until it times out.")
		return
	}
	r.ok("sign-out", "no session is left open", "")
}

func (r *checkReport) ok(subject, finding, meaning string) {
	r.finding("ok", subject, finding, meaning)
}
func (r *checkReport) note(subject, finding, meaning string) {
	r.finding("note", subject, finding, meaning)
}

func (r *checkReport) bad(subject, finding, meaning string) {
	r.failed = true
	r.finding("FAIL", subject, finding, meaning)
}

func (r *checkReport) finding(mark, subject, finding, meaning string) {
	r.line("%-5s %-16s %s", mark, subject, r.clean(finding))
	for paragraph := range strings.SplitSeq(meaning, "\n\n") {
		if paragraph != "" {
			r.line("%-22s → %s", "", r.clean(paragraph))
		}
	}
}

func (r *checkReport) line(format string, arguments ...any) {
	// A report that cannot be written is seen by whoever waits for it.
	_, _ = fmt.Fprintf(r.out, format+"\n", arguments...)
}

// clean takes out of a text whatever tells where the server is and who asks.
func (r *checkReport) clean(text string) string {
	if r.redact != nil {
		text = r.redact(text)
	}
	var names []string
	for _, hidden := range r.hide {
		names = append(names, hidden)
		if parsed, err := url.Parse(hidden); err == nil && parsed.Host != "" {
			names = append(names, parsed.Host, parsed.Hostname())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		if name != "" {
			text = strings.ReplaceAll(text, name, "(hidden)")
		}
	}
	return text
}

// place is a URL without its host's name.
func place(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return "(no URL)"
	}
	host := "HOST"
	if port := parsed.Port(); port != "" {
		host += ":" + port
	}
	return parsed.Scheme + "://" + host + parsed.EscapedPath()
}

func describeSurvey(survey twcloud.Survey) string {
	shape := survey.Shape
	switch {
	case survey.WebPage:
		shape = "a web page"
	case shape == "":
		shape = "no JSON"
	}
	return fmt.Sprintf("status %d, %q, %s", survey.Status, survey.ContentType, shape)
}
