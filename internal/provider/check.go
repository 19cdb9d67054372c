package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
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
// name, without the names of users and consumers. It is configured by the
// environment alone, signs in and out, and changes nothing.
func (p *Provider) Check(ctx context.Context, out io.Writer) error {
	resolved, _, diagnostics := resolveConfig(providerModel{}, p.source)
	report := &checkReport{out: out}
	report.line("Read-only check of a Teamwork Cloud server, by terraform-provider-twcloud %s.", p.version)
	report.line("Nothing is changed. The report holds no secret, no host name, no user's and no consumer's name.\n")
	for _, attribute := range []string{
		"endpoint", "webapp_endpoint", "tls_server_name", "ca_certificate_file", "client_certificate_file", "client_key_file",
		"api_profile_file",
	} {
		report.hide(p.source.getenv(environmentVariable(attribute)))
	}
	if diagnostics.HasError() {
		for _, diagnostic := range diagnostics.Errors() {
			report.bad("configuration", diagnostic.Summary(), report.clean(diagnostic.Detail()))
		}
		return errCheckFailed
	}
	client, err := p.client(resolved, "")
	if err != nil {
		report.bad("configuration", report.clean(err.Error()), "")
		return errCheckFailed
	}
	report.configuration(resolved, diagnostics)
	report.hide(resolved.username)

	signedIn := report.signIn(ctx, client)
	if signedIn {
		report.user(ctx, client)
		report.consumers(ctx, client, resolved.oauthConsumersPath)
	}
	report.rootServices(ctx, client)
	if err := p.Close(); signedIn || err != nil {
		report.signOut(err)
	}
	if report.failed {
		return errCheckFailed
	}
	report.line("\nThe provider can work with this server.")
	return nil
}

// checkReport writes findings as they come. Whatever the server has said, and
// whatever repeats a setting, must be cleaned or left out: the words of a server
// or of a proxy may tell anything.
type checkReport struct {
	out    io.Writer
	failed bool
	// hosts are those of the settings, with their ports.
	hosts []string
	// hidden are the other texts that must not be seen.
	hidden []string
}

func (r *checkReport) configuration(resolved settings, warnings diag.Diagnostics) {
	credentials := "username and password"
	if resolved.token != "" {
		credentials = "a token"
	}
	r.hide(resolved.webAppEndpoint)
	r.ok("configuration", fmt.Sprintf("endpoint %s, webapp_endpoint %s, %s", r.place(resolved.endpoint), r.place(resolved.webAppEndpoint), credentials), "")
	for _, warning := range warnings.Warnings() {
		r.note("configuration", warning.Summary(), r.clean(warning.Detail()))
	}
}

// signIn reads the version, for which the client has to sign in first.
func (r *checkReport) signIn(ctx context.Context, client *twcloud.Client) bool {
	version, err := client.Version(ctx)
	var failure *twcloud.Error
	if errors.Is(err, twcloud.ErrCanceled) || (errors.As(err, &failure) && failure.Login) {
		r.bad("sign-in", describeFailure(err), adviceFor(err))
		return false
	}
	r.ok("sign-in", "one session is open", "")
	switch version = r.clean(version); {
	case err != nil:
		r.note("version", describeFailure(err), adviceFor(err))
	case !versionLike.MatchString(version):
		r.note("version", "the answer does not look like one", "Only the data source twcloud_server needs this.")
	default:
		r.ok("version", version, "")
	}
	return true
}

// What the server tells is shown only if it looks as it should.
var (
	versionLike   = regexp.MustCompile(`^[0-9][0-9A-Za-z .+-]{0,40}$`)
	realmLike     = regexp.MustCompile(`^[0-9A-Za-z_-]{1,20}$`)
	mediaTypeLike = regexp.MustCompile(`^[a-z]+/[0-9a-z.+-]+$`)
)

func (r *checkReport) user(ctx context.Context, client *twcloud.Client) {
	username, err := client.CurrentUser(ctx)
	if err != nil {
		r.note("user", describeFailure(err), "Only the data source twcloud_server needs this.")
		return
	}
	r.hide(username)
	survey, err := client.SurveyUser(ctx, username)
	switch {
	case err != nil:
		r.note("user", describeFailure(err), "What permissions the user has is not known; the next finding tells.")
	case survey.ConfigureServer:
		r.ok("user", "the server names the Configure Server permission", "")
	default:
		r.note("user", fmt.Sprintf("the server does not name the Configure Server permission (%s)", r.describeSurvey(survey)),
			"Whether it has to is not known; the next finding tells.")
	}
}

func (r *checkReport) consumers(ctx context.Context, client *twcloud.Client, path string) {
	survey, err := client.SurveyConsumers(ctx)
	if err != nil {
		r.bad("OAuth consumers", describeFailure(err), adviceFor(err))
		return
	}
	r.note("OAuth consumers", fmt.Sprintf("GET %s: %s", path, r.describeSurvey(survey)), "")
	consumers, err := client.List(ctx)
	if err != nil {
		r.bad("OAuth consumers", describeFailure(err), adviceFor(err))
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
	r.ok("OAuth consumers", fmt.Sprintf("%d, of which %d are approved; names that several bear: %d", len(consumers), approved, shared),
		"The list is as the provider assumes. Whether registering, changing and removing are, only trying them shows.")
}

func (r *checkReport) rootServices(ctx context.Context, client *twcloud.Client) {
	endpoints, err := client.OAuthEndpoints(ctx)
	if err != nil {
		r.note("root services", "no root services document: "+describeFailure(err),
			"The provider works without, but for detect_secret_drift and the data source twcloud_oauth_endpoints. Check webapp_endpoint.")
		return
	}
	realm := "without a realm"
	switch {
	case realmLike.MatchString(r.clean(endpoints.Realm)):
		realm = fmt.Sprintf("with the realm %q", endpoints.Realm)
	case endpoints.Realm != "":
		realm = "with a realm"
	}
	r.ok("root services", fmt.Sprintf("%s names the request token at %s, %s",
		r.place(endpoints.RootServicesURL), r.place(endpoints.RequestTokenURL), realm), "")
}

func (r *checkReport) signOut(err error) {
	if err != nil {
		r.note("sign-out", describeFailure(err), "The session takes up a seat until it times out.")
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
	r.line("%-5s %-16s %s", mark, subject, finding)
	for paragraph := range strings.SplitSeq(meaning, "\n\n") {
		if paragraph != "" {
			r.line("%-22s → %s", "", paragraph)
		}
	}
}

func (r *checkReport) line(format string, arguments ...any) {
	// A report that cannot be written is seen by whoever waits for it.
	_, _ = fmt.Fprintf(r.out, format+"\n", arguments...)
}

// hide has a text taken out of all that is cleaned, and its host, if it is a URL.
func (r *checkReport) hide(text string) {
	if text == "" {
		return
	}
	r.hidden = append(r.hidden, text)
	if parsed, err := url.Parse(text); err == nil && parsed.Host != "" {
		r.hosts = append(r.hosts, strings.ToLower(parsed.Host))
		r.hidden = append(r.hidden, parsed.Host, parsed.Hostname(), parsed.Path)
	}
}

// clean takes out of a text whatever tells where the server is and who asks,
// also where it is quoted.
func (r *checkReport) clean(text string) string {
	var forms []string
	for _, hidden := range r.hidden {
		for _, form := range []string{hidden, url.PathEscape(hidden), unquote(shorten(hidden))} {
			if strings.Trim(form, "/") != "" {
				forms = append(forms, regexp.QuoteMeta(form))
			}
		}
	}
	if len(forms) == 0 {
		return text
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile("(?i)"+strings.Join(forms, "|")).ReplaceAllString(text, "(hidden)")
}

func unquote(text string) string { return strings.Trim(text, `"`) }

// place is a URL without its host's name and without what leads to the server
// behind a proxy.
func (r *checkReport) place(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return "(no URL)"
	}
	host := "HOST"
	if !slices.ContainsFunc(r.hosts, func(known string) bool { return hostname(known) == hostname(parsed.Host) }) {
		host = "ANOTHER-HOST"
	}
	if port := parsed.Port(); port != "" {
		host += ":" + port
	}
	return parsed.Scheme + "://" + host + r.clean(parsed.EscapedPath())
}

func hostname(host string) string { return (&url.URL{Host: strings.ToLower(host)}).Hostname() }

func (r *checkReport) describeSurvey(survey twcloud.Survey) string {
	shape := r.clean(survey.Shape)
	switch {
	case survey.WebPage:
		shape = "a web page"
	case shape == "":
		shape = "no JSON"
	}
	mediaType, _, _ := strings.Cut(survey.ContentType, ";")
	if mediaType = strings.ToLower(strings.TrimSpace(mediaType)); !mediaTypeLike.MatchString(mediaType) {
		mediaType = "no media type"
	}
	return fmt.Sprintf("status %d, %s, %s", survey.Status, mediaType, shape)
}

// describeFailure says what went wrong in the provider's own words: those of the
// server, and of the errors below, name hosts and users.
func describeFailure(err error) string {
	var kinds []string
	for _, known := range advice {
		if errors.Is(err, known.kind) {
			kinds = append(kinds, known.kind.Error())
		}
	}
	text := cmp.Or(strings.Join(kinds, "; "), "it failed")
	var failure *twcloud.Error
	if errors.As(err, &failure) && failure.Status != 0 {
		text += fmt.Sprintf(" (status %d)", failure.Status)
	}
	return text
}
