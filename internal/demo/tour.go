package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const consumerName = "DOORS Next"

// resourceBlock is the part of the configuration that the tour shows.
const resourceBlock = `resource "twcloud_oauth_consumer" "doors" {
  name     = "` + consumerName + `"
  secret   = var.doors_secret
  approved = true
}
`

// configuration is complete: the provider block is not needed, as all that it
// would say is in the environment.
const configuration = `terraform {
  required_providers {
    twcloud = { source = "` + providerSource + `" }
  }
}

variable "doors_secret" {
  type      = string
  sensitive = true
}

` + resourceBlock

// guide leads through the tour.
type guide struct {
	tell   *narrator
	server *twcloudtest.Server
	work   *workspace

	key    string
	secret string
	// secrets are all that there have been.
	secrets []string
	// seen is how many requests the server had had when the chapter began.
	seen int
}

// tour shows the life of a consumer, chapter by chapter.
func tour(ctx context.Context, tell *narrator) (err error) {
	tell.title("A tour of the Terraform provider for Teamwork Cloud")
	dir, err := os.MkdirTemp("", "twcloud-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeAll(dir)) }()

	g, err := prepare(ctx, tell, dir)
	if err != nil {
		return err
	}
	defer g.server.Close()
	for _, chapter := range []func(context.Context) error{
		g.register, g.planAgain, g.repairDrift, g.rotateSecret, g.detectSecretDrift, g.remove,
	} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return g.sumUp()
}

// prepare starts a server and has the CLI ready in a workspace below dir.
func prepare(ctx context.Context, tell *narrator, dir string) (*guide, error) {
	path, err := terraformcli.Find(ctx, terraformcli.CacheDir(), tell)
	if err != nil {
		return nil, err
	}
	cli, err := terraformcli.Inspect(ctx, path)
	if err != nil {
		return nil, err
	}
	tell.line(cli.Name + " v" + cli.Version + " runs the provider, built from this source, on an emulated")
	tell.line("server with a single licence seat. What has a ✓ was checked on that server.")
	cliConfig, err := installProvider(ctx, tell, dir)
	if err != nil {
		return nil, err
	}
	server, err := twcloudtest.Start(twcloudtest.Config{Seats: 1, ValidateContract: true})
	if err != nil {
		return nil, err
	}
	work, err := newWorkspace(filepath.Join(dir, "work"), cli, tell, configuration, append(serverEnvironment(server), "TF_CLI_CONFIG_FILE="+cliConfig)...)
	if err == nil {
		err = work.init(ctx)
	}
	if err != nil {
		server.Close()
		return nil, err
	}
	return &guide{tell: tell, server: server, work: work}, nil
}

// serverEnvironment configures the provider for the server.
func serverEnvironment(server *twcloudtest.Server) []string {
	return []string{
		"TWCLOUD_ENDPOINT=" + server.URL(),
		"TWCLOUD_WEBAPP_ENDPOINT=" + server.WebAppURL(),
		"TWCLOUD_USERNAME=" + twcloudtest.AdminName,
		"TWCLOUD_PASSWORD=" + twcloudtest.AdminPassword,
	}
}

func (g *guide) register(ctx context.Context) error {
	g.begin("Register and approve a consumer")
	g.tell.say(resourceBlock)
	g.newSecret()
	if err := g.cli(ctx, 0, "apply", "-auto-approve"); err != nil {
		return err
	}
	if consumers := g.server.Consumers(); len(consumers) == 1 {
		g.key = consumers[0].Key
	}
	if err := g.claim(g.inState(g.key), "The server generated the key %s, now in state", g.key); err != nil {
		return err
	}
	return g.claim(errors.Join(g.asConfigured(), g.sent("POST name, secret", "PATCH approved")),
		"The server has name, secret and approval as configured")
}

func (g *guide) planAgain(ctx context.Context) error {
	g.begin("Plan again: there is nothing to do")
	if err := g.cli(ctx, 0, "plan", "-detailed-exitcode"); err != nil {
		return err
	}
	return g.claim(g.sent(), "Exit status 0; %s only read", g.work.cli.Name)
}

func (g *guide) repairDrift(ctx context.Context) error {
	g.begin("Someone renames and disapproves it in TWCloud Admin")
	g.server.UpdateConsumer(g.key, func(c *twcloudtest.Consumer) { c.Name, c.Approved = "DOORS (old)", false })
	if err := g.noticeAndRepair(ctx); err != nil {
		return err
	}
	return g.claim(errors.Join(g.asConfigured(), g.sent("PATCH approved, name")), "One PATCH put both right, under the same key")
}

func (g *guide) rotateSecret(ctx context.Context) error {
	g.begin("Rotate the secret, keep the key")
	before := g.secret
	if err := g.claim(g.signsIn(ctx, before, http.StatusOK), "Before: signing with the secret, "+consumerName+" gets an OAuth 1.0a request token"); err != nil {
		return err
	}
	g.newSecret()
	if err := g.cli(ctx, 0, "apply", "-auto-approve"); err != nil {
		return err
	}
	return errors.Join(
		g.claim(errors.Join(g.asConfigured(), g.sent("PATCH secret")), "One PATCH set the secret, and nothing else"),
		g.claim(g.signsIn(ctx, g.secret, http.StatusOK), "Signing with the new secret, under the same key, it gets a request token"),
		g.claim(g.signsIn(ctx, before, http.StatusUnauthorized), "Signing with the old one, it gets 401 Unauthorized"),
	)
}

func (g *guide) detectSecretDrift(ctx context.Context) error {
	g.begin("Someone changes the secret in TWCloud Admin")
	g.tell.say("The server tells no secrets. But the provider can sign a request with the one\nthat it has set, and see whether the server refuses it.")
	g.server.UpdateConsumer(g.key, func(c *twcloudtest.Consumer) { c.Secret = g.anotherSecret() })
	g.setenv("TWCLOUD_DETECT_SECRET_DRIFT", "true")
	if err := g.noticeAndRepair(ctx); err != nil {
		return err
	}
	return g.claim(errors.Join(g.asConfigured(), g.sent("PATCH secret"), g.signsIn(ctx, g.secret, http.StatusOK)),
		consumerName+" gets a request token again")
}

func (g *guide) remove(ctx context.Context) error {
	g.begin("Remove it")
	if err := g.cli(ctx, 0, "destroy", "-auto-approve"); err != nil {
		return err
	}
	return g.claim(errors.Join(g.sent("DELETE"), g.signsIn(ctx, g.secret, http.StatusUnauthorized)),
		consumerName+" gets 401 Unauthorized")
}

// sumUp checks what the server is left with.
func (g *guide) sumUp() error {
	g.tell.line("\n" + g.tell.paint(bold, "What is left"))
	left := len(g.server.Consumers())
	opened, closed, open := g.server.SessionsOpened(), g.server.Logouts(), g.server.OpenSessions()
	violations := g.server.ContractViolations()
	shown := len(g.tell.hasSaid(g.secrets...))
	return errors.Join(
		g.claim(unless(left == 0, "there are %d", left), "0 consumers on the server"),
		g.claim(unless(opened > 0 && opened == closed && open == 0, "%d are open", open),
			"%d sessions opened, %d closed: the seat is free", opened, closed),
		g.claim(unless(len(violations) == 0, "%s", strings.Join(violations, "; ")),
			"%d requests, each within the OpenAPI contract", len(g.server.Requests())),
		g.claim(unless(shown == 0, "%d were", shown), "%d secrets used, none of them shown", len(g.secrets)),
	)
}
