package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dghubble/oauth1"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// begin begins a chapter.
func (g *guide) begin(title string) {
	g.tell.begin(title)
	g.seen = len(g.server.Requests())
}

// claim tells what was to be checked, if there is no problem with it. Otherwise it
// returns what is not as told.
func (g *guide) claim(problem error, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if errors.Is(problem, context.Canceled) {
		return problem
	}
	if problem != nil {
		g.tell.deny(text)
		return fmt.Errorf("not as told: %s: %w", text, problem)
	}
	g.tell.confirm("%s", text)
	return nil
}

// unless returns an error unless all is well.
func unless(well bool, format string, args ...any) error {
	if well {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// cli shows a command of the CLI, which must end with this exit status, and must
// give its seat back.
func (g *guide) cli(ctx context.Context, want int, args ...string) error {
	got, err := g.work.show(ctx, args...)
	if err != nil {
		return err
	}
	command := g.work.program() + " " + strings.Join(args, " ")
	if got != want {
		return fmt.Errorf("not as told: %s: exit status %d, want %d", command, got, want)
	}
	if open := g.server.OpenSessions(); open > 0 {
		return fmt.Errorf("not as told: %s: %d sessions were left open", command, open)
	}
	return nil
}

// noticeAndRepair has the CLI notice a difference, and apply its plan.
func (g *guide) noticeAndRepair(ctx context.Context) error {
	const plan = "repair.tfplan"
	if err := g.cli(ctx, 2, "plan", "-detailed-exitcode", "-out="+plan); err != nil {
		return err
	}
	if err := g.claim(g.sent(), "Exit status 2: %s has noticed, and changed nothing yet", g.work.cli.Name); err != nil {
		return err
	}
	return g.cli(ctx, 0, "apply", plan)
}

// newSecret sets the variable to another secret.
func (g *guide) newSecret() {
	g.secret = g.anotherSecret()
	g.tell.command("export TF_VAR_doors_secret=********")
	g.work.setenv("TF_VAR_doors_secret", g.secret)
}

// setenv shows and sets a variable that is no secret.
func (g *guide) setenv(name, value string) {
	g.tell.command("export " + name + "=" + value)
	g.work.setenv(name, value)
}

func (g *guide) anotherSecret() string {
	secret := rand.Text()
	g.secrets = append(g.secrets, secret)
	return secret
}

// asConfigured checks that the server has the one consumer of the configuration,
// under the key that it was given at first.
func (g *guide) asConfigured() error {
	consumers := g.server.Consumers()
	if len(consumers) != 1 {
		return fmt.Errorf("the server has %d consumers", len(consumers))
	}
	return differences(consumers[0], twcloudtest.Consumer{Key: g.key, Name: consumerName, Secret: g.secret, Approved: true})
}

// differences tells in what a consumer is not what it should be, without telling
// secrets.
func differences(got, want twcloudtest.Consumer) error {
	return errors.Join(
		unless(got.Key == want.Key, "the key is %q, not %q", got.Key, want.Key),
		unless(got.Name == want.Name, "the name is %q, not %q", got.Name, want.Name),
		unless(got.Approved == want.Approved, "approved is %t, not %t", got.Approved, want.Approved),
		unless(got.Secret == want.Secret, "the secret is another one"),
	)
}

// inState checks that the consumer in state has this key.
func (g *guide) inState(key string) error {
	attributes, err := g.work.attributes()
	if err != nil {
		return err
	}
	return unless(key != "" && attributes["key"] == key, "the key in state is %q", attributes["key"])
}

// sent checks which requests have changed anything since the chapter began.
func (g *guide) sent(want ...string) error {
	requests := g.server.Requests()[g.seen:]
	got := changes(requests)
	return unless(len(requests) > 0 && slices.Equal(got, want), "of %d requests, those that change anything are %q, not %q", len(requests), got, want)
}

// changes tells of the requests to the REST API that change anything: method and
// fields.
func changes(requests []twcloudtest.Request) []string {
	var found []string
	for _, request := range requests {
		if request.Server == twcloudtest.REST && request.Method != http.MethodGet {
			found = append(found, strings.TrimSpace(request.Method+" "+strings.Join(request.Fields, ", ")))
		}
	}
	return found
}

// signsIn checks how the server answers the consumer's application when it asks
// for a request token.
func (g *guide) signsIn(ctx context.Context, secret string, want int) error {
	got, err := requestToken(ctx, g.server.WebAppURL(), g.key, secret)
	if err != nil {
		return err
	}
	return unless(got == want, "the answer is %d %s, not %d", got, http.StatusText(got), want)
}

// requestToken asks for an OAuth 1.0a request token, as a consumer's application
// does, with a library that the provider does not use. It returns the status of
// the answer; 200 only if there is a token in it.
func requestToken(ctx context.Context, webApp, key, secret string) (int, error) {
	transport := &observer{ctx: ctx}
	config := oauth1.Config{
		ConsumerKey: key, ConsumerSecret: secret, CallbackURL: "oob", Realm: wire.DefaultOAuthRealm,
		Endpoint:   oauth1.Endpoint{RequestTokenURL: webApp + wire.RequestTokenPath},
		HTTPClient: &http.Client{Transport: transport},
	}
	if _, _, err := config.RequestToken(); err != nil && (transport.status == 0 || transport.status == http.StatusOK) {
		return 0, err
	}
	return transport.status, nil
}

// observer gives requests a context, which the library does not, and remembers
// the status of the last answer.
type observer struct {
	ctx    context.Context //nolint:containedctx // It lives for one call.
	status int
}

func (o *observer) RoundTrip(request *http.Request) (*http.Response, error) {
	// A transport of its own, without a proxy and without connections left open.
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request.WithContext(o.ctx))
	if err == nil {
		o.status = response.StatusCode
	}
	return response, err
}
