package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func TestAdviceFor(t *testing.T) {
	t.Parallel()
	unreachable := func(cause error) error { return &twcloud.Error{Kind: twcloud.ErrUnreachable, Cause: cause} }
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	tests := map[string]struct {
		err  error
		want string
	}{
		"unknown authority":     {unreachable(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), "ca_certificate_file"},
		"another host name":     {unreachable(x509.HostnameError{}), "tls_server_name"},
		"expired certificate":   {unreachable(x509.CertificateInvalidError{Reason: x509.Expired}), "expired"},
		"no TLS":                {unreachable(tls.RecordHeaderError{}), "does not use TLS"},
		"client certificate":    {unreachable(&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}), "client_certificate_file"},
		"proxy":                 {unreachable(&net.OpError{Op: "proxyconnect", Err: refused}), "NO_PROXY"},
		"no such host":          {unreachable(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), "cannot be resolved"},
		"connection refused":    {unreachable(refused), "Nothing listens"},
		"connection lost":       {unreachable(errors.New("EOF")), "The connection failed"},
		"http to an https port": {&twcloud.Error{Kind: twcloud.ErrInvalid, Login: true}, "https://"},
		"refused input":         {&twcloud.Error{Kind: twcloud.ErrInvalid}, "Change the configuration"},
		"no seat":               {&twcloud.Error{Kind: twcloud.ErrNoSeat, Login: true}, "license seat"},
		"credentials":           {&twcloud.Error{Kind: twcloud.ErrCredentials, Login: true}, "username and password, or token"},
		"forbidden":             {&twcloud.Error{Kind: twcloud.ErrForbidden}, "Configure Server"},
		"wrapped twice":         {fmt.Errorf("a: %w", fmt.Errorf("b: %w", &twcloud.Error{Kind: twcloud.ErrForbidden})), "Configure Server"},
		"registration, looked in vain": {
			&twcloud.RegistrationError{Cause: &twcloud.Error{Kind: twcloud.ErrTimeout}, Look: &twcloud.Error{Kind: twcloud.ErrForbidden}}, "Configure Server",
		},
		"not of the client": {errors.New("anything"), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := adviceFor(test.err)
			if !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
				t.Errorf("advice %q, want %q", got, test.want)
			}
		})
	}
}

// kinds are those of the client's errors that are advised on.
var kinds = []error{
	twcloud.ErrInvalid, twcloud.ErrCredentials, twcloud.ErrSession, twcloud.ErrNoSession, twcloud.ErrNoSeat, twcloud.ErrForbidden,
	twcloud.ErrNotFound, twcloud.ErrNoCollection, twcloud.ErrNoAPI, twcloud.ErrConflict, twcloud.ErrTooManyRequests, twcloud.ErrServer,
	twcloud.ErrWebPage, twcloud.ErrUnreadable, twcloud.ErrTooLarge, twcloud.ErrTimeout, twcloud.ErrUnreachable, twcloud.ErrCanceled,
	twcloud.ErrClosed, twcloud.ErrIncomplete, twcloud.ErrNotApplied, twcloud.ErrUnsupported, twcloud.ErrSecretNeeded, twcloud.ErrNotUnderstood,
}

func TestAdviceFor_everyKind(t *testing.T) {
	t.Parallel()
	seen := map[string]error{}
	for _, kind := range kinds {
		advice := adviceFor(&twcloud.Error{Kind: kind})
		if advice == "" || !strings.HasSuffix(advice, ".") {
			t.Errorf("%v: advice %q, want sentences", kind, advice)
		}
		if other, ok := seen[advice]; ok {
			t.Errorf("%v and %v have the same advice", kind, other)
		}
		seen[advice] = kind
	}
}

func TestAddClientError(t *testing.T) {
	t.Parallel()
	failure := &twcloud.Error{
		Kind: twcloud.ErrForbidden, Method: "PATCH", Path: "/osmc/admin/oauthconsumers/a%2Fb", Status: 403, Message: "You may not do this.",
	}
	var diags diag.Diagnostics
	(&backend{}).addClientError(&diags, "Unable to update OAuth consumer", "Setting the name of "+subject{"doors", "a/b"}.String(), failure, "Nothing was changed.")
	want := `Setting the name of OAuth consumer "doors" (key "a/b") failed: PATCH /osmc/admin/oauthconsumers/a%2Fb: a permission is missing: 403 Forbidden: You may not do this.

Only users with the Configure Server permission can manage OAuth consumers. Ask an administrator to grant it to the provider's user.

Nothing was changed.`
	if got := diags[0].Detail(); diags[0].Summary() != "Unable to update OAuth consumer" || got != want {
		t.Errorf("%s\n%s\nwant\n%s", diags[0].Summary(), got, want)
	}
}

// A failure that resources share is reported in full once. What is specific to a
// resource is in each of its errors.
func TestAddClientError_shared(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]*twcloud.Error{
		"sign-in": {Kind: twcloud.ErrCredentials, Login: true, Method: "GET", Path: "/osmc/login"},
		"list":    {Kind: twcloud.ErrForbidden, Listing: true, Method: "GET", Path: "/osmc/admin/oauthconsumers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &backend{}
			consumer := twcloud.Consumer{Key: "k1", Name: "doors"}
			var full, short, other diag.Diagnostics
			for _, diags := range []*diag.Diagnostics{&full, &short} {
				b.addRegistrationError(diags, "doors", twcloud.Registration{Consumer: consumer}, &twcloud.UncertainError{Err: failure})
			}
			b.addClientError(&other, "Unable to read OAuth consumer", "Reading it", &twcloud.Error{Kind: failure.Kind, Login: failure.Login, Listing: failure.Listing})
			for _, detail := range []string{full[0].Detail(), short[0].Detail()} {
				if !strings.Contains(detail, taintedAdvice(consumer)) || !strings.Contains(detail, `Registering OAuth consumer "doors" failed`) {
					t.Errorf("lacks what is specific to the resource: %s", detail)
				}
			}
			for _, detail := range []string{full[0].Detail(), other[0].Detail()} {
				if !strings.Contains(detail, adviceFor(failure)) {
					t.Errorf("lacks the advice: %s", detail)
				}
			}
			if strings.Contains(short[0].Detail(), adviceFor(failure)) || short[0].Summary() == full[0].Summary() {
				t.Errorf("the second report is a full one: %v", short)
			}
		})
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]subject{
		`OAuth consumer "doors"`:            {name: "doors"},
		`OAuth consumer with key "k1"`:      {key: "k1"},
		`OAuth consumer "\"a\"" (key "\n")`: {name: `"a"`, key: "\n"},
	} {
		if got.String() != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestStateAfterUpdate(t *testing.T) {
	t.Parallel()
	refusal := &twcloud.Error{Kind: twcloud.ErrForbidden}
	if got := stateAfterUpdate(refusal); got != "Nothing was changed." {
		t.Errorf("certain: %q", got)
	}
	if got := stateAfterUpdate(&twcloud.UncertainError{Err: refusal}); got == "Nothing was changed." {
		t.Errorf("uncertain: %q", got)
	}
}

func TestDiagnosePanic(t *testing.T) {
	t.Parallel()
	options := twcloud.NewOptions()
	options.Endpoint = &url.URL{Scheme: "https", Host: "twcloud.example.com"}
	options.Credentials = twcloud.BasicCredentials{Username: "admin", Password: "p4ssword-canary"}
	client, err := twcloud.New(options)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*backend{"configured": {client: client}, "unconfigured": {}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var diags diag.Diagnostics
			func() {
				defer b.diagnosePanic(&diags, "reading")
				panic("at the door with p4ssword-canary")
			}()
			if len(diags) != 1 || diags[0].Summary() != "The provider panicked" {
				t.Fatalf("diagnostics %v", diags)
			}
			detail := diags[0].Detail()
			for _, want := range []string{"while reading", "please report it", "at the door", "TestDiagnosePanic"} {
				if !strings.Contains(detail, want) {
					t.Errorf("does not say %q: %s", want, detail)
				}
			}
			if b.ready() && strings.Contains(detail, "p4ssword-canary") {
				t.Errorf("says the password: %s", detail)
			}
		})
	}
}
