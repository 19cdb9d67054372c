package provider

import (
	"context"
	"errors"
	"io"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Errors of Check. The report has the details.
var (
	// ErrCheckFailed: the provider does not work with the server.
	ErrCheckFailed = errors.New("the check failed")
	// ErrCheckIncomplete: the API profile lacks calls that the provider needs.
	ErrCheckIncomplete = errors.New("the API profile is not complete")
)

// Check compares a server with the API profile and writes a report. The
// environment configures it. It changes nothing, unless write is set: then it
// registers one consumer, changes it, and removes it.
//
// The report can be published: it has no secrets, host names, user names, or
// names of other consumers.
func (p *Provider) Check(ctx context.Context, out io.Writer, write bool) error {
	report := &checkReport{out: out}
	report.line("Check of a Teamwork Cloud server by terraform-provider-twcloud %s", p.version)
	if !write {
		report.line("The check changes nothing.")
	}
	report.line("The report has no secrets, host names or user names, and no names of your consumers.\n")

	report.guard("check", func() { p.check(ctx, report, write) })
	report.signOut(p.Close())
	return report.end(write)
}

func (p *Provider) check(ctx context.Context, report *checkReport, write bool) {
	client := p.checkSettings(report)
	if client == nil {
		return
	}
	if client.Profile().OnlyRegisters() {
		report.selfRegistration(ctx, client, write)
		return
	}
	onPlatform, _ := client.OnPlatform()
	switch {
	case onPlatform: // Nothing else needs the REST API, whose session takes a seat.
		report.consumers(ctx, client)
	case report.signIn(ctx, client):
		report.user(ctx, client)
		report.consumers(ctx, client)
	}
	report.rootServices(ctx, client)
	switch {
	case !write:
	case len(report.failedSubjects) > 0:
		report.note("write check", "not started, because of the failure above", "")
	default:
		trial := newTrial(report, client)
		report.line("\nThe check now registers one consumer, %q. It approves, disapproves and renames this consumer,", trial.name)
		report.line("changes its secret, and removes it. It does not change other consumers.\n")
		trial.run(ctx)
	}
}

// checkSettings returns the client that the environment configures. It is nil
// if the configuration is wrong.
func (p *Provider) checkSettings(report *checkReport) *twcloud.Client {
	resolved, _, diagnostics := resolveConfig(providerModel{}, p.source)
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
		return nil
	}
	client, err := p.client(resolved, "")
	if err != nil {
		report.bad("configuration", report.clean(err.Error()), "")
		return nil
	}
	report.redact = client.Redact
	report.configuration(resolved, diagnostics)
	report.hide(resolved.options.Credentials.Username)
	report.profile(client, p.source.getenv(environmentVariable("api_profile_file")) != "")
	return client
}
