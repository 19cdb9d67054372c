package provider

import (
	"context"
	"errors"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// proveFirstSecret proves that the server has the secret of the registration.
func (t *trial) proveFirstSecret(ctx context.Context) bool {
	if !t.consumer.Approved {
		return true
	}
	verdict, err := t.client.ProbeSecret(ctx, t.consumer.Key, t.secret)
	switch verdict {
	case twcloud.SecretAccepted:
		t.report.ok("secret", "the server accepts a signature with the secret")
	case twcloud.SecretRefused:
		t.report.deviates("secret", "calls.register", "it refuses a signature with the secret of the registration")
	default:
		return t.unproven(err)
	}
	return true
}

// changeSecret changes the secret, and proves that the new one works and the
// old one does not.
func (t *trial) changeSecret(ctx context.Context) bool {
	if t.skips("set_secret") {
		return true
	}
	before, after := t.secret, randomText(16)
	changes := twcloud.Changes{Secret: &after}
	part := t.client.PartFor(changes)
	if !t.change(ctx, "set_secret", changes) {
		return false
	}
	switch {
	case t.report.failed("set_secret"):
		return true
	case !t.consumer.Approved:
		t.report.note("secret", "the new secret is not proven, because the consumer is not approved", "")
		return true
	}
	t.secret = after
	first, err := t.client.ProbeSecret(ctx, t.consumer.Key, after)
	if err != nil {
		return t.unproven(err)
	}
	second, err := t.client.ProbeSecret(ctx, t.consumer.Key, before)
	if err != nil {
		return t.unproven(err)
	}
	switch accepted := twcloud.SecretAccepted; {
	case first == accepted && second == accepted:
		t.report.deviates("secret", part, "it still accepts the old secret, too")
	case second == accepted:
		t.report.deviates("secret", part, "it still accepts the old secret, and refuses the new one")
	case first != accepted:
		t.report.deviates("secret", part, "it refuses a signature with the new secret")
	default:
		t.report.ok("secret", "the server accepts the new secret, and refuses the old one")
	}
	return true
}

// unproven reports that a signature could not prove a secret.
func (t *trial) unproven(err error) bool {
	if errors.Is(err, twcloud.ErrCanceled) {
		t.report.failure("secret", err)
		return false
	}
	t.report.note("secret", "not proven by a signature: "+describeFailure(err), "")
	return true
}
