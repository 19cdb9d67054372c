package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dghubble/oauth1"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// begin begins a section.
func (d *demo) begin(heading string) {
	d.out.heading(heading)
	d.seen = len(d.server.Requests())
}

// check prints what was checked. A problem ends the demo.
func (d *demo) check(problem error, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case d.err != nil:
	case problem == nil:
		d.out.passed(text)
	case errors.Is(problem, context.Canceled):
		d.err = problem
	default:
		d.out.failed(text)
		d.err = fmt.Errorf("check failed: %s: %w", text, problem)
	}
}

// unless returns an error unless ok is true.
func unless(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// terraform shows a command of the CLI and its output. The command must exit with
// this status, and must leave no session open.
func (d *demo) terraform(ctx context.Context, want int, args ...string) {
	if d.err != nil {
		return
	}
	command := strings.TrimSuffix(filepath.Base(d.work.CLI.Path), ".exe") + " " + strings.Join(args, " ")
	d.out.command(command)
	var output strings.Builder
	status, err := d.work.Run(ctx, &output, args...)
	d.out.quote(output.String())
	open := d.server.OpenSessions()
	switch {
	case err != nil:
		d.err = err
	case status != want:
		d.err = fmt.Errorf("%s: exit status %d, want %d", command, status, want)
	case open > 0:
		d.err = fmt.Errorf("%s left %d sessions open", command, open)
	}
}

// changeSecret sets the variable of the configuration to a new secret.
func (d *demo) changeSecret() {
	if d.err == nil {
		d.secret = d.newSecret()
		d.out.command("export TF_VAR_doors_secret=********")
		d.work.Setenv("TF_VAR_doors_secret=" + d.secret)
	}
}

func (d *demo) newSecret() string {
	secret := rand.Text()
	d.secrets = append(d.secrets, secret)
	return secret
}

// asConfigured compares the server's only consumer with the configuration. Its
// error has no secret.
func (d *demo) asConfigured() error {
	consumers := d.server.Consumers()
	if len(consumers) != 1 {
		return fmt.Errorf("the server has %d consumers", len(consumers))
	}
	got := consumers[0]
	return errors.Join(
		unless(got.Key == d.key, "the key is %q, not %q", got.Key, d.key),
		unless(got.Name == consumerName, "the name is %q, not %q", got.Name, consumerName),
		unless(got.Approved, "it is not approved"),
		unless(got.Secret == d.secret, "the secret is different"),
	)
}

// inState checks that the only resource in state has the consumer's key.
func (d *demo) inState(ctx context.Context) error {
	resources, err := d.work.Resources(ctx)
	if err != nil {
		return err
	}
	return unless(len(resources) == 1 && resources[0].Values["key"] == d.key, "state has %d resources, and not this key", len(resources))
}

// sent checks which requests of this section changed something: method and fields.
func (d *demo) sent(want ...string) error {
	var got []string
	requests := d.server.Requests()[d.seen:]
	for _, request := range requests {
		if request.Server == twcloudtest.REST && request.Method != http.MethodGet {
			got = append(got, strings.TrimSpace(request.Method+" "+strings.Join(request.Fields, ", ")))
		}
	}
	return unless(len(requests) > 0 && slices.Equal(got, want), "of %d requests, %q changed something; want %q", len(requests), got, want)
}

// requestToken checks the status that the server returns when the consumer's
// application asks for an OAuth 1.0a request token. It signs with a library that
// the provider does not use.
func (d *demo) requestToken(secret string, want int) error {
	config := oauth1.Config{
		ConsumerKey: d.key, ConsumerSecret: secret, CallbackURL: "oob", Realm: wire.DefaultOAuthRealm,
		Endpoint: oauth1.Endpoint{RequestTokenURL: d.server.WebAppURL() + wire.RequestTokenPath},
	}
	before := len(d.server.Requests())
	_, _, err := config.RequestToken()
	sent := d.server.Requests()[before:]
	if len(sent) != 1 || err != nil && sent[0].Status == http.StatusOK {
		return fmt.Errorf("the server got %d requests: %w", len(sent), err)
	}
	return unless(sent[0].Status == want, "the status is %d, not %d", sent[0].Status, want)
}
