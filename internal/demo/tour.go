package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

const (
	summary = "Summary"

	consumerName = "DOORS Next"
	renamed      = "DOORS (old)"

	resourceBlock = `resource "twcloud_oauth_consumer" "doors" {
  name     = "` + consumerName + `"
  secret   = var.doors_secret
  approved = true
}
`

	// The settings of the provider are in the environment. The address has a host
	// name: Terraform and OpenTofu have different default registries.
	configuration = `terraform {
  required_providers {
    twcloud = { source = "registry.terraform.io/` + terraformcli.Source + `" }
  }
}

provider "twcloud" {}

variable "doors_secret" {
  type      = string
  sensitive = true
}

` + resourceBlock
)

// demo manages one consumer. After an error, the rest of a section does nothing.
type demo struct {
	out    *printer
	server *emulator.Server
	work   *terraformcli.Workspace

	key     string
	secret  string
	secrets []string // all that were used
	seen    int      // the number of requests before this section
	err     error
}

// tour shows the life of a consumer.
func tour(ctx context.Context, out *printer, dir string) error {
	out.title("The Terraform provider for Teamwork Cloud at work")
	server, err := emulator.Start(emulator.Config{Seats: 1, ValidateContract: true})
	if err != nil {
		return err
	}
	defer server.Close()
	work, err := prepare(ctx, out, dir, server)
	if err != nil {
		return err
	}
	if err := work.Write("main.tf", configuration); err != nil {
		return err
	}
	var output strings.Builder
	if status, err := work.Run(ctx, &output, "init"); err != nil || status != 0 {
		return fmt.Errorf("init: exit status %d, %w\n%s", status, err, output.String())
	}
	if out.color {
		work.Setenv("TF_CLI_ARGS=")
	}
	out.line("%s v%s runs the provider, built from this source, against an emulated", work.CLI.Name, work.CLI.Version)
	out.line("server with one license seat. A ✓ is a check on that server.")

	d := &demo{out: out, server: server, work: work}
	for _, section := range []func(context.Context){
		d.register, d.planAgain, d.repairDrift, d.rotateSecret, d.detectSecretDrift, d.remove, d.sumUp,
	} {
		if section(ctx); d.err != nil {
			return d.err
		}
	}
	return nil
}

func (d *demo) register(ctx context.Context) {
	d.begin("Register and approve a consumer")
	d.out.indent(resourceBlock)
	d.changeSecret()
	d.terraform(ctx, 0, "apply", "-auto-approve")
	if consumers := d.server.Consumers(); len(consumers) == 1 {
		d.key = consumers[0].Key
	}
	d.check(d.inState(ctx), "The server generated the key %s, and it is in state", d.key)
	d.check(d.asConfigured(), "Name, secret and approval on the server are as configured")
	d.check(d.sent("POST name, secret", "PATCH approved"), "It took one POST and one PATCH")
}

func (d *demo) planAgain(ctx context.Context) {
	d.begin("Plan again: no changes")
	d.terraform(ctx, 0, "plan", "-detailed-exitcode")
	d.check(d.sent(), "Exit status 0, and every request was a read")
}

func (d *demo) repairDrift(ctx context.Context) {
	d.begin("Someone renames and disapproves the consumer in TWCloud Admin")
	d.server.UpdateConsumer(d.key, func(c *emulator.Consumer) { c.Name, c.Approved = renamed, false })
	d.planAndApply(ctx)
	d.check(d.asConfigured(), "Name and approval are as configured again, and the key is the same")
	d.check(d.sent("PATCH name", "PATCH approved"), "It took one PATCH for each")
}

func (d *demo) rotateSecret(ctx context.Context) {
	d.begin("Rotate the secret and keep the key")
	old := d.secret
	d.check(d.requestToken(old) == http.StatusOK, "%s gets an OAuth 1.0a request token with its secret", consumerName)
	d.changeSecret()
	d.terraform(ctx, 0, "apply", "-auto-approve")
	d.check(d.sent("PATCH secret"), "One PATCH changed the secret and nothing else")
	d.check(d.asConfigured(), "The key is the same")
	d.check(d.requestToken(d.secret) == http.StatusOK, "%s gets a request token with the new secret", consumerName)
	d.check(d.requestToken(old) == http.StatusUnauthorized, "With the old one it gets 401 Unauthorized")
}

func (d *demo) detectSecretDrift(ctx context.Context) {
	d.begin("Someone changes the secret in TWCloud Admin")
	d.out.indent("The server never returns a secret. To find out whether it was changed, the\nprovider signs a request with the secret that it has set.")
	d.server.UpdateConsumer(d.key, func(c *emulator.Consumer) { c.Secret = d.newSecret() })
	const detect = "TWCLOUD_DETECT_SECRET_DRIFT=true"
	d.out.command("export " + detect)
	d.work.Setenv(detect)
	d.planAndApply(ctx)
	d.check(d.sent("PATCH secret"), "One PATCH set the secret again")
	d.check(d.requestToken(d.secret) == http.StatusOK, "%s gets a request token with it", consumerName)
}

func (d *demo) remove(ctx context.Context) {
	d.begin("Remove the consumer")
	d.terraform(ctx, 0, "destroy", "-auto-approve")
	d.check(d.sent("DELETE"), "It took one DELETE")
	d.check(d.requestToken(d.secret) == http.StatusUnauthorized, "%s gets 401 Unauthorized", consumerName)
}

// planAndApply saves a plan that must have changes, and applies it.
func (d *demo) planAndApply(ctx context.Context) {
	const plan = "repair.tfplan"
	d.terraform(ctx, 2, "plan", "-detailed-exitcode", "-out="+plan)
	d.check(d.sent(), "Exit status 2: the plan shows the drift, and every request was a read")
	d.terraform(ctx, 0, "apply", plan)
}

// sumUp checks what is left.
func (d *demo) sumUp(context.Context) {
	d.out.line("")
	d.out.title(summary)
	d.check(len(d.server.Consumers()) == 0, "0 consumers are left on the server")
	d.check(d.server.OpenSessions() == 0, "%d sessions were opened and closed: the license seat is free", d.server.SessionsOpened())
	d.check(len(d.server.ContractViolations()) == 0, "%d requests were sent, all valid by the OpenAPI document", len(d.server.Requests()))
	d.check(!slices.ContainsFunc(d.secrets, d.out.hasPrinted), "%d secrets were used, and none was printed", len(d.secrets))
}
