package provider_test

import (
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// selfRegistering is the environment of a user who knows the address of the platform,
// and nothing else.
func selfRegistering() map[string]string {
	return map[string]string{"TWCLOUD_ENDPOINT": "", "TWCLOUD_USERNAME": "", "TWCLOUD_PASSWORD": "", "TWCLOUD_API_PROFILE": "self-registration"}
}

func TestCheckSelfRegistration(t *testing.T) {
	t.Parallel()
	available := "self-registration: available (documented), at http://HOST:"
	h := newChecked(t)
	h.expectCheck(t.Context(), t, checkRun{environment: selfRegistering(), without: "sign-", want: []string{
		"no credentials", "built-in: Self-registration", "it only registers", available, "check -write. It leaves one consumer",
	}})
	h.expectCheck(t.Context(), t, checkRun{environment: selfRegistering(), write: true, stays: true, without: "FAIL", want: []string{
		"registers one consumer, \"Terraform Prüfung ", "stays on the server until you remove it", "ok    register       calls.register", `(key "key-`,
		"ok    secret         the server refuses a signature while nobody has approved the consumer",
		"note  remove", "Remove it in TWCloud Admin", "\n\nThe provider registers consumers on this server.",
	}})

	h.requests()

	// A check without a profile tries both ways.
	h.expectCheck(t.Context(), t, checkRun{without: "FAIL", want: []string{available}})
	h.server.Inject(emulator.Fault{Kind: emulator.AnswerWith, Status: 404, PathSuffix: collection, Times: -1})
	h.expectCheck(t.Context(), t, checkRun{err: provider.ErrCheckFailed, want: []string{
		available, "Administration calls: not at the assumed place. Self-registration: available (documented).", "TWCLOUD_API_PROFILE=self-registration", "learn",
	}})
}

func TestCheckSelfRegistration_fails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options []func(*emulator.Config)
		fault   emulator.Fault
		write   bool
		stays   bool
		want    []string
	}{
		"no root services": {
			fault: emulator.Fault{Kind: emulator.AnswerWith, Status: 404, PathSuffix: wire.RootServicesPath, Times: -1}, write: true,
			want: []string{"FAIL  register", "Check webapp_endpoint"},
		},
		"session demanded": {
			options: []func(*emulator.Config){func(c *emulator.Config) { c.RegistrationSession = true }}, write: true,
			want: []string{"FAIL  register", "without a session (status 401)", "Learn an API profile"},
		},
		"lost": {
			fault: emulator.Fault{Kind: emulator.DropAfter, PathSuffix: wire.RequestConsumerKeyPath}, write: true, stays: true,
			want: []string{"FAIL  register", "may have been registered", "Look for it in TWCloud Admin"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t, test.options...)
			if test.fault.Kind != 0 {
				h.server.Inject(test.fault)
			}
			h.expectCheck(t.Context(), t, checkRun{
				environment: selfRegistering(), write: test.write, stays: test.stays, err: provider.ErrCheckFailed, want: test.want,
			})
		})
	}
}

// A server that accepts everybody is named.
func TestCheckSelfRegistration_acceptsUnapproved(t *testing.T) {
	t.Parallel()
	h := newChecked(t)
	before := h.server.Consumers()
	h.server.SetOnRequest(func(request emulator.Request) {
		if request.Path == wire.RequestTokenPath {
			h.approve(true)
		}
		for _, one := range before {
			h.server.AddConsumer(one)
		}
	})
	h.expectCheck(t.Context(), t, checkRun{environment: selfRegistering(), write: true, stays: true, without: "FAIL", want: []string{
		"note  secret         the server accepts a signature, although nobody has approved the consumer", "approved = true means only that the secret is right",
	}})
}
