package provider

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// TestRareMessages holds to CheckMessage what takes an unusual server to provoke.
func TestRareMessages(t *testing.T) {
	t.Parallel()
	const (
		name = "requirements-gateway-production"
		key  = "27e8f19773ada3bfc19b476cc2b17bfd"
		path = "/osmc/admin/oauthconsumers/" + key
	)
	consumer := twcloud.Consumer{Key: key, Name: name, Approved: true}
	failure := func(kind error, cause string) *twcloud.Error {
		return &twcloud.Error{Kind: kind, Method: "PATCH", Path: path, Cause: errors.New(cause)}
	}
	lost := failure(twcloud.ErrTimeout, "no complete answer within 30s")
	look := failure(twcloud.ErrServer, "")
	resource := &oauthConsumerResource{backend: &backend{}}
	b := resource.backend
	for _, tell := range []func(*diag.Diagnostics){
		func(d *diag.Diagnostics) {
			b.addRegistrationError(d, name, twcloud.Registration{}, &twcloud.RegistrationError{Name: name, Cause: lost, Keys: []string{key, "another-key"}})
		},
		func(d *diag.Diagnostics) {
			b.addRegistrationError(d, name, twcloud.Registration{}, &twcloud.RegistrationError{Name: name, Cause: lost, Look: look})
		},
		func(d *diag.Diagnostics) {
			b.addRegistrationError(d, name, twcloud.Registration{}, &twcloud.RegistrationError{Name: name, Look: failure(twcloud.ErrIncomplete, "the server returned no key")})
		},
		func(d *diag.Diagnostics) { b.addRegistrationError(d, name, twcloud.Registration{InDoubt: true}, lost) },
		func(d *diag.Diagnostics) {
			b.addRegistrationError(d, name, twcloud.Registration{Consumer: consumer}, failure(twcloud.ErrUnreadable, "the answer lacks the name or the approval"))
		},
		func(d *diag.Diagnostics) {
			notApplied := &twcloud.NotAppliedError{Consumer: consumer, Err: failure(twcloud.ErrNotApplied, `the name is "doors", not "gates"`)}
			approved := false
			changes := twcloud.Changes{Approved: &approved, Secret: &rareSecret}
			b.addClientError(d, "Unable to update OAuth consumer", "Setting "+describeChanges(changes)+" of "+subjectOf(consumer).String(), notApplied, stateAfterUpdate(notApplied))
		},
		func(d *diag.Diagnostics) {
			uncertain := &twcloud.UncertainError{Err: lost}
			b.addClientError(d, "Unable to update OAuth consumer", "Setting the secret of "+subjectOf(consumer).String(), uncertain, stateAfterUpdate(uncertain))
		},
		func(d *diag.Diagnostics) {
			warnOfStrays(twcloud.Registration{Consumer: consumer, Strays: []twcloud.Consumer{{Key: "another-key"}}}, d)
		},
		func(d *diag.Diagnostics) {
			warnOfStrays(twcloud.Registration{Consumer: consumer, StraysUnknown: look}, d)
		},
		func(d *diag.Diagnostics) { (*backend)(nil).need(d) },
	} {
		var diags diag.Diagnostics
		tell(&diags)
		checkMessages(t, diags)
	}
	for _, kind := range kinds {
		var diags diag.Diagnostics
		b.addClientError(&diags, "Unable to remove OAuth consumer", "Removing "+subjectOf(consumer).String(),
			&twcloud.Error{Kind: kind, Method: "DELETE", Path: path}, "The consumer stays in state. Apply again to remove it.")
		checkMessages(t, diags)
	}
}

var rareSecret = "s3cret-of-rare-messages"

func checkMessages(t *testing.T, diags diag.Diagnostics) {
	t.Helper()
	if len(diags) != 1 {
		t.Errorf("want one diagnostic, got %v", diags)
	}
	for _, d := range diags {
		CheckMessage(t, strings.ToLower(d.Severity().String()), d.Summary(), d.Detail())
		if strings.Contains(d.Detail(), rareSecret) {
			t.Errorf("tells the secret: %s", d.Detail())
		}
	}
}
