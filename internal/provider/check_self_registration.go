package provider

import (
	"context"
	"fmt"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// selfRegistration is the check of an API profile that registers consumers and does
// nothing else. It opens no session.
func (r *checkReport) selfRegistration(ctx context.Context, client *twcloud.Client, write bool) {
	r.onlyRegisters = true
	r.note("API profile", "it only registers: a person approves, changes and removes consumers in TWCloud Admin", "")
	switch r.rootServices(ctx, client); {
	case !r.registers:
		r.bad("register", "the root services document, which names the address of a registration, does not name one or cannot be read",
			"Check webapp_endpoint.")
	case write:
		trial := newTrial(r, client)
		r.line("\nThe check now registers one consumer, %q, which stays on the server until you remove it.\n", trial.name)
		r.guard("write check", func() { trial.registerOnly(ctx) })
	}
}

// registerOnly registers a consumer, and proves that the server refuses it while nobody
// has approved it.
func (t *trial) registerOnly(ctx context.Context) {
	registration, err := t.client.Register(ctx, t.name, t.secret)
	t.consumer = registration.Consumer
	const remove = "Remove it in TWCloud Admin, on the page OAuth consumers."
	if err != nil {
		t.report.failure("register", err)
		if t.consumer.Key == "" && (isType[*twcloud.RegistrationError](err) || twcloud.Uncertain(err)) {
			t.report.bad("remove", fmt.Sprintf("%q may have been registered", t.name), "Look for it in TWCloud Admin, and remove it if it is there.")
		}
	}
	if t.consumer.Key == "" {
		return
	}
	t.report.ok("register", "calls.register: "+t.describe(t.consumer))
	defer t.report.note("remove", t.describe(t.consumer)+" stays on the server", remove)
	verdict, err := t.client.ProbeSecret(ctx, t.consumer.Key, t.secret)
	switch verdict {
	case twcloud.SecretRefused:
		t.report.ok("secret", "the server refuses a signature while nobody has approved the consumer")
	case twcloud.SecretAccepted:
		t.report.note("secret", "the server accepts a signature, although nobody has approved the consumer", "On this server, approved = true means only that the secret is right.")
	default:
		t.unproven(err)
	}
}
