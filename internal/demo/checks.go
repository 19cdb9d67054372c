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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// begin begins a section.
func (d *demo) begin(heading string) {
	d.out.heading(heading)
	d.seen = len(d.server.Requests())
}

// check prints what was checked. A failed check ends the demo.
func (d *demo) check(ok bool, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	switch {
	case d.err != nil:
	case ok:
		d.out.passed(text)
	default:
		d.out.failed(text)
		d.err = errors.New("check failed: " + text)
	}
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

// asConfigured says whether the server's only consumer is as configured.
func (d *demo) asConfigured() bool {
	want := emulator.Consumer{Key: d.key, Name: consumerName, Secret: d.secret, Approved: true}
	return slices.Equal(d.server.Consumers(), []emulator.Consumer{want})
}

// inState says whether the only resource in state has the consumer's key.
func (d *demo) inState(ctx context.Context) bool {
	if d.err != nil {
		return false
	}
	var resources []terraformcli.Resource
	resources, d.err = d.work.Resources(ctx)
	return len(resources) == 1 && resources[0].Values["key"] == d.key
}

// sent says whether these requests of this section, and no others, changed
// something: method and fields.
func (d *demo) sent(want ...string) bool {
	var got []string
	requests := d.server.Requests()[d.seen:]
	for _, request := range requests {
		if request.Server == emulator.REST && request.Method != http.MethodGet {
			got = append(got, strings.TrimSpace(request.Method+" "+strings.Join(request.Fields, ", ")))
		}
	}
	return len(requests) > 0 && slices.Equal(got, want)
}

// requestToken returns the status of the server's answer when the consumer's
// application asks for an OAuth 1.0a request token; 0 if that is not a response to
// such a request. It signs with a library that the provider does not use.
func (d *demo) requestToken(secret string) (status int) {
	config := oauth1.Config{
		ConsumerKey: d.key, ConsumerSecret: secret, CallbackURL: "oob", Realm: wire.DefaultOAuthRealm,
		Endpoint: oauth1.Endpoint{RequestTokenURL: d.server.WebAppURL() + wire.RequestTokenPath},
	}
	before := len(d.server.Requests())
	_, _, err := config.RequestToken()
	sent := d.server.Requests()[before:]
	if len(sent) != 1 || err != nil && sent[0].Status == http.StatusOK {
		return 0
	}
	return sent[0].Status
}
