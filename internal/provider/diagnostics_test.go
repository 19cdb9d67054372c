package provider

import (
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

func TestAddClientError(t *testing.T) {
	t.Parallel()
	failure := &twcloud.Error{
		Kind: twcloud.ErrForbidden, Method: "PATCH", Path: "/osmc/admin/oauthconsumers/a%2Fb", Status: 403, Message: "You may not do this.",
		Origin: "https://twcloud.example.com",
	}
	var diags diag.Diagnostics
	b := &backend{server: serverFacts{
		endpoint: serverAddress{"https://twcloud.example.com", "https://twcloud.example.com/tools (TWCLOUD_ENDPOINT)"},
		webApp:   serverAddress{"https://wap.example.com", "https://wap.example.com (webapp_endpoint)"},
		user:     "token in TWCLOUD_TOKEN",
	}}
	b.addClientError(&diags, "Unable to update OAuth consumer", "Setting the name of "+describe(twcloud.Consumer{Name: "doors", Key: "a/b"}), failure, "Nothing was changed.")
	want := `Setting the name of OAuth consumer "doors" (key "a/b") failed: PATCH /osmc/admin/oauthconsumers/a%2Fb: a permission is missing: 403 Forbidden: You may not do this. Address: https://twcloud.example.com/tools (TWCLOUD_ENDPOINT), token in TWCLOUD_TOKEN.

Only users with the Configure Server permission can manage OAuth consumers. Ask an administrator to grant it to the provider's user.

Nothing was changed.`
	if got := diags[0].Detail(); diags[0].Summary() != "Unable to update OAuth consumer" || got != want {
		t.Errorf("%s\n%s\nwant\n%s", diags[0].Summary(), got, want)
	}

	// The next one refers to the first, in one line, and still has what decides.
	again := *failure
	again.Path, again.Origin = "/osmc/admin/oauthconsumers/c", "https://wap.example.com"
	b.addClientError(&diags, "Unable to remove OAuth consumer", `Removing OAuth consumer "gates"`, &again, "The consumer stays in state.")
	want = `Removing OAuth consumer "gates" failed: a permission is missing: 403 Forbidden: You may not do this. Address: https://wap.example.com (webapp_endpoint), token in TWCLOUD_TOKEN. ` +
		`See the error that begins with: Setting the name of OAuth consumer "doors" (key "a/b") failed. The consumer stays in state.`
	if got := diags[1].Detail(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// A server may have a call that the API profile lacks.
func TestAddClientError_lackedCall(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	b := &backend{}
	lacked := &twcloud.Error{Kind: twcloud.ErrUnsupported, Path: "remove"}
	b.addClientError(&diags, unableToPlan, "Planning to remove \"doors\"", lacked, "")
	b.addClientError(&diags, unableToPlan, "Planning to remove \"gates\"", lacked, "")
	want := `Planning to remove "gates" failed: there is no such call. See the error: API profile has no call "remove".`
	if got := diags[1].Detail(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// A late list is no reason to run Terraform again before what may exist is found.
func TestAddClientError_incomplete(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	incomplete := &twcloud.RegistrationError{Name: "doors", Look: &twcloud.Error{Kind: twcloud.ErrIncomplete}}
	(&backend{}).addClientError(&diags, "Unable to do it", "Doing it", incomplete, mayExist("doors"))
	if detail := diags[0].Detail(); !strings.Contains(detail, whenDiffers) || strings.Contains(detail, "in a moment") {
		t.Error(detail)
	}
}

func TestDiagnosePanic(t *testing.T) {
	t.Parallel()
	options := twcloud.NewOptions()
	options.Endpoint = &url.URL{Scheme: "https", Host: "twcloud.example.com"}
	options.Credentials = twcloud.Credentials{Username: "admin", Password: "p4ssword-canary"}
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

var rareSecret = "s3cret-of-rare-messages"

// TestRareMessages provokes messages that need an unusual server.
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
	lost := failure(twcloud.ErrTimeout, "no complete response within 30s")
	look := failure(twcloud.ErrServer, "")
	b := &backend{}
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
		func(d *diag.Diagnostics) {
			b.addRegistrationError(d, name, twcloud.Registration{}, &twcloud.RegistrationError{Name: name, Cause: lost})
		},
		func(d *diag.Diagnostics) {
			b.addRegistrationError(d, name, twcloud.Registration{}, &twcloud.RegistrationError{Name: name, Cause: lost, Keys: []string{key}, OtherName: true})
		},
		func(d *diag.Diagnostics) {
			b.warnOfLostResponse(twcloud.Registration{Consumer: consumer, Adopted: lost}, d)
		},
		func(d *diag.Diagnostics) {
			b.addRegistrationError(d, name, twcloud.Registration{Consumer: consumer}, failure(twcloud.ErrUnreadable, "the answer lacks the name or the approval"))
		},
		func(d *diag.Diagnostics) {
			notApplied := &twcloud.NotAppliedError{Consumer: consumer, Err: failure(twcloud.ErrNotApplied, `the name is "doors", not "gates"`)}
			approved := false
			changes := twcloud.Changes{Approved: &approved, Secret: &rareSecret}
			b.addClientError(d, "Unable to update OAuth consumer", "Setting "+describeChanges(changes)+" of "+describe(consumer), notApplied, leftAfterUpdate("gates", notApplied))
		},
		func(d *diag.Diagnostics) {
			uncertain := &twcloud.UncertainError{Err: lost}
			b.addClientError(d, "Unable to update OAuth consumer", "Setting the secret of "+describe(consumer), uncertain, leftAfterUpdate("gates", uncertain))
		},
		func(d *diag.Diagnostics) {
			b.warnOfLostResponse(twcloud.Registration{Consumer: consumer, Strays: []twcloud.Consumer{{Key: "another-key"}}}, d)
		},
		func(d *diag.Diagnostics) {
			b.warnOfLostResponse(twcloud.Registration{Consumer: consumer, Doubt: look}, d)
		},
		func(d *diag.Diagnostics) { (*backend)(nil).need(d) },
	} {
		var diags diag.Diagnostics
		tell(&diags)
		checkMessages(t, diags)
	}
	seen := map[string]error{}
	for _, known := range advice {
		kind, text := known.kind, serverFacts{}.adviceFor(&twcloud.Error{Kind: known.kind})
		if other, found := seen[text]; found || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "{}") {
			t.Errorf("%v: advice %q, want whole sentences that differ from those for %v", kind, text, other)
		}
		seen[text] = kind
		var diags diag.Diagnostics
		b.addClientError(&diags, "Unable to remove OAuth consumer", "Removing "+describe(consumer),
			&twcloud.Error{Kind: kind, Method: "DELETE", Path: path}, "The consumer stays in state. Run Terraform again to remove it.")
		checkMessages(t, diags)
	}
}

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

// What is new on the server can be a colleague's.
func TestAddRegistrationError_keys(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	(&backend{}).addRegistrationError(&diags, "n", twcloud.Registration{}, &twcloud.RegistrationError{Name: "n", Keys: []string{"k"}})
	if detail := diags[0].Detail(); !strings.Contains(detail, `not in state: "k".`) || !strings.Contains(detail, "somebody else's") {
		t.Errorf("got %s", detail)
	}
}

// After a failed approval, nobody knows more than the server has said.
func TestApprovalAfter(t *testing.T) {
	t.Parallel()
	refused := &twcloud.Error{Kind: twcloud.ErrForbidden}
	for want, err := range map[string]error{
		"not approved": refused, "perhaps approved": &twcloud.UncertainError{Err: refused},
	} {
		if got := approvalAfter(twcloud.Consumer{}, err); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"doors" \ ü 日本`: `"doors" \ ü 日本`, "do\nors": `do\nors`, "\x1b[31m": `\x1b[31m`, "a\u202eb": `a\u202eb`,
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Where there is no REST API, the platform is the server.
func TestServerFacts(t *testing.T) {
	t.Parallel()
	webApp := serverAddress{"https://wap.example.com", "https://wap.example.com (webapp_endpoint)"}
	signIn := serverAddress{"https://login.example.com", "https://login.example.com/x (TWCLOUD_AUTHENTICATION_ENDPOINT)"}
	facts := serverFacts{webApp: webApp, authentication: signIn, user: "token in token"}
	atOne := serverFacts{webApp: webApp, endpoint: serverAddress{"https://wap.example.com", "https://wap.example.com/rest (endpoint)"}, user: "token in token"}
	for path, want := range map[string]string{"/rest/osmc/login": "/rest (endpoint)", "/webapp/settings": " (webapp_endpoint)"} {
		if got := atOne.where(&twcloud.Error{Kind: twcloud.ErrForbidden, Origin: "https://wap.example.com", Path: path}); got != "Address: https://wap.example.com"+want+", token in token." {
			t.Errorf("%s: got %q", path, got)
		}
	}
	for origin, want := range map[string]string{
		"https://wap.example.com":   "Address: https://wap.example.com (webapp_endpoint), token in token.",
		"https://login.example.com": "Address: https://login.example.com/x (TWCLOUD_AUTHENTICATION_ENDPOINT), token in token.",
		"https://else.example.com":  "Address: https://else.example.com, token in token.",
		"":                          "",
	} {
		if got := facts.where(&twcloud.Error{Kind: twcloud.ErrForbidden, Origin: origin}); got != want {
			t.Errorf("%s: got %q, want %q", origin, got, want)
		}
	}
}

// The advice is about the server that the request went to. TestProvider_errors and
// TestConnectionAdvice have the other failures.
func TestServerFacts_adviceFor(t *testing.T) {
	t.Parallel()
	facts := serverFacts{
		endpoint:       serverAddress{origin: "https://rest.example.com"},
		webApp:         serverAddress{origin: "https://wap.example.com"},
		authentication: serverAddress{origin: "https://login.example.com"},
	}
	refused := func(origin string) error {
		return &twcloud.Error{Kind: twcloud.ErrUnreachable, Cause: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, Origin: origin}
	}
	unreachable := func(cause error) error { return &twcloud.Error{Kind: twcloud.ErrUnreachable, Cause: cause} }
	for name, test := range map[string]struct {
		err       error
		says, not string
	}{
		"proxy":           {unreachable(&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}), "NO_PROXY", "{"},
		"no such host":    {unreachable(&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}), "cannot be resolved", "{"},
		"connection lost": {unreachable(errors.New("EOF")), "The connection failed", "{"},
		"wrapped twice":   {fmt.Errorf("a: %w", fmt.Errorf("b: %w", &twcloud.Error{Kind: twcloud.ErrForbidden})), "Configure Server", "{"},
		"registration, looked in vain": {
			&twcloud.RegistrationError{Cause: &twcloud.Error{Kind: twcloud.ErrTimeout}, Look: &twcloud.Error{Kind: twcloud.ErrForbidden}}, "Configure Server", "{",
		},
		"not of the client":     {errors.New("anything"), "", " "},
		"REST API":              {refused("https://rest.example.com"), "the host and port of endpoint (the REST API uses port 8111 by default)", "webapp"},
		"platform":              {refused("https://wap.example.com"), "the host and port of webapp_endpoint (the Web Application Platform uses port 8443 by default)", "8111"},
		"authentication server": {refused("https://login.example.com"), "the host and port of authentication_endpoint (the default is webapp_endpoint)", "8111"},
		"no address":            {&twcloud.Error{Kind: twcloud.ErrNoEndpoint, Origin: "https://wap.example.com"}, "Set endpoint to", "webapp"},
		"no cookie on the platform": {
			&twcloud.Error{Kind: twcloud.ErrNoSession, Origin: "https://wap.example.com"}, "webapp_endpoint is the Web Application Platform", "REST API",
		},
		"no sign-in on the platform": {
			&twcloud.Error{Kind: twcloud.ErrSignInPage, Status: 404, Origin: "https://wap.example.com", Path: "/webapp/settings"},
			"Check webapp_endpoint: the Web Application Platform uses port 8443", "browser",
		},
		"http for https on the platform": {
			&twcloud.Error{Kind: twcloud.ErrSignInPage, Status: 400, Origin: "http://wap.example.com", Path: "/webapp/settings", Login: true},
			"Check the scheme (https://), port and path of", "browser",
		},
		"other page on the platform": {
			&twcloud.Error{Kind: twcloud.ErrSignInPage, Status: 200, Origin: "https://wap.example.com", Path: "/webapp/settings"}, "in a browser", "endpoint",
		},
		"no list on the REST API": {
			&twcloud.Error{Kind: twcloud.ErrNoCollection, Origin: "https://rest.example.com"}, "as expected on 2022x Refresh2 and later", "built-in",
		},
		"no list on the platform": {
			&twcloud.Error{Kind: twcloud.ErrNoCollection, Origin: "https://wap.example.com"}, "another version of the server. Otherwise, check webapp_endpoint", "as expected",
		},
	} {
		if got := facts.adviceFor(test.err); !strings.Contains(got, test.says) || strings.Contains(got, test.not) {
			t.Errorf("%s: got %q", name, got)
		}
	}
	only := serverFacts{webApp: serverAddress{"https://wap.example.com", "https://wap.example.com (webapp_endpoint)"}}
	err := refused("")
	failure, _ := errors.AsType[*twcloud.Error](err)
	if got := only.where(failure) + " " + only.adviceFor(err); !strings.HasPrefix(got, "Address: https://wap.example.com (webapp_endpoint). ") || !strings.Contains(got, "of webapp_endpoint (") {
		t.Errorf("without a REST API: got %q", got)
	}
}
