package provider_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// private is what a report must not have.
var private = []string{
	"127.0.0.1", "localhost", "[::1]",
	"jörg kanarie", "j%c3%b6rg", "canary-viewer", "canary-password", "canary-token", "canary-consumer", "canary-secret", "canary-key", "canary-words",
	"canary-file", "canary.example",
}

// newChecked starts a server for a check, with consumers that must stay as they are.
func newChecked(t *testing.T, options ...func(*emulator.Config)) *harness {
	t.Helper()
	users := func(config *emulator.Config) {
		config.Users = []emulator.User{
			{Name: "jörg kanarie", Password: "canary-password", Token: "canary-token", ConfigureServer: true},
			{Name: "canary-viewer", Password: "canary-password"},
		}
	}
	h := newHarness(t, append([]func(*emulator.Config){users}, options...)...)
	for i := range 3 {
		h.server.AddConsumer(emulator.Consumer{Key: fmt.Sprint("canary-key-", i), Name: fmt.Sprint("canary-consumer-", i/2), Secret: "canary-secret", Approved: i == 0})
	}
	return h
}

// checkRun is a run of check, and what it must come to.
type checkRun struct {
	write bool
	// environment overrides what makes for a good check.
	environment map[string]string
	// out takes the place of a report that is only compared.
	out interface {
		io.Writer
		fmt.Stringer
	}

	err     error
	want    []string
	without string
	// stays says that the report names a consumer that is still on the server; dies,
	// that the server has died as well.
	stays, dies bool
}

// expectCheck checks the server. The report must have the words and nothing private;
// the server must have the consumers that it had, and no open session.
func (h *harness) expectCheck(ctx context.Context, t *testing.T, run checkRun) {
	t.Helper()
	variables := map[string]string{
		"TWCLOUD_ENDPOINT":                h.server.URL(),
		"TWCLOUD_WEBAPP_ENDPOINT":         h.server.WebAppURL(),
		"TWCLOUD_AUTHENTICATION_ENDPOINT": h.server.AuthenticationURL(),
		"TWCLOUD_USERNAME":                "jörg kanarie",
		"TWCLOUD_PASSWORD":                "canary-password",
	}
	maps.Copy(variables, run.environment)
	if run.out == nil {
		run.out = &strings.Builder{}
	}
	before := h.server.Consumers()
	err := newProvider(variables).Check(ctx, run.out, run.write)
	report := run.out.String()
	if !errors.Is(err, run.err) {
		t.Errorf("error: %v, want %v", err, run.err)
	}
	for _, want := range run.want {
		if !strings.Contains(report, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if run.without != "" && strings.Contains(report, run.without) {
		t.Errorf("the report says %q", run.without)
	}
	for _, text := range private {
		if strings.Contains(strings.ToLower(report+fmt.Sprint(err)), text) {
			t.Errorf("the report tells %q", text)
		}
	}
	for _, request := range h.server.Requests() {
		signs := request.Server == emulator.WebApp && request.Call == "" // in or out
		reads := request.Method == http.MethodGet || request.Call == "list" || request.Call == "read" || signs
		if !reads && (!run.write || strings.Contains(report, "not started")) {
			t.Errorf("sent %s %s", request.Method, request.Path)
		}
	}
	if run.stays {
		h.removeNamed(t, report)
	}
	h.expectOnServer(t, before...)
	if rest, platform := h.server.OpenSessions(), h.server.OpenPlatformSessions(); rest+platform > 0 && !run.dies {
		t.Errorf("%d sessions are left open on the REST API, %d on the platform", rest, platform)
	}
	if t.Failed() || testing.Verbose() {
		t.Log(report)
	}
}

// removeNamed removes the one consumer that a check has left, as a reader of the
// report would.
func (h *harness) removeNamed(t *testing.T, report string) {
	t.Helper()
	named := 0
	for _, consumer := range h.server.Consumers() {
		if strings.Contains(report, fmt.Sprintf("(key %q)", consumer.Key)) || strings.Contains(report, consumer.Name) {
			named++
			h.server.RemoveConsumer(consumer.Key)
		}
	}
	if named != 1 {
		t.Errorf("the report names %d consumers that are on the server", named)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	words := `{"message":"canary-words: user jörg kanarie at 127.0.0.1 and canary.example may not see canary-consumer-0"}`
	everywhere := func(fault emulator.Fault) func(*harness) {
		return func(h *harness) {
			fault.Times = -1
			h.server.Inject(fault)
		}
	}
	answer := func(path string, status int, body string) func(*harness) {
		return everywhere(emulator.Fault{Kind: emulator.AnswerWith, Status: status, Body: body, PathSuffix: path})
	}
	tests := map[string]struct {
		server      func(*emulator.Config)
		before      func(*harness)
		environment map[string]string
		// address takes the place of an environment that depends on the server.
		address func(*testing.T, *harness) map[string]string
		fails   bool
		want    []string
	}{
		"all is well": {want: []string{
			"ok    configuration", "ok    sign-in", "ok    version", "2024x Refresh2", "ok    user", "consumers: 3, approved: 1", "with a name that another one has, too: 2",
			"_links (object), approved (boolean), createdOn (string), key (string), name (string)", "ok    root services", "ok    sign-out", "can read this server",
		}},
		"with a token": {environment: map[string]string{"TWCLOUD_TOKEN": "canary-token", "TWCLOUD_USERNAME": "", "TWCLOUD_PASSWORD": ""}, want: []string{"a token"}},
		"before 2022x": {server: func(config *emulator.Config) { config.LegacyRootServices = true }, want: []string{"/oslc/rootservices"}},
		"path prefix": {server: func(config *emulator.Config) {
			config.RESTPathPrefix, config.WebAppPathPrefix, config.RewriteCookies = "/twcloud", "/twcloud", true
		}},
		"password that is a word of the report": {
			environment: map[string]string{"TWCLOUD_PASSWORD": "server"}, fails: true,
			want: []string{"FAIL  sign-in", "does not work with this server yet"},
		},
		"wrong password": {environment: map[string]string{"TWCLOUD_PASSWORD": "canary-password-wrong"}, fails: true, want: []string{"FAIL  sign-in", "credentials were refused", "401"}},
		"no permission":  {environment: map[string]string{"TWCLOUD_USERNAME": "canary-viewer"}, fails: true, want: []string{"FAIL  list", "403", "Configure Server permission"}},
		"no seat": {
			server: func(config *emulator.Config) { config.Seats = 1 }, fails: true, want: []string{"FAIL  sign-in", "no license seat is free"},
			before: func(h *harness) {
				h.server.Inject(emulator.Fault{Kind: emulator.AnswerWith, PathSuffix: "/login", Status: 503, Times: -1, Body: `{"message":"no license for jörg kanarie on canary.example"}`})
			},
		},
		"the other port": {server: withoutContract, address: func(_ *testing.T, h *harness) map[string]string {
			return map[string]string{"TWCLOUD_ENDPOINT": h.server.WebAppURL()}
		}, fails: true, want: []string{"FAIL  sign-in", "no Teamwork Cloud REST API", "8111"}},
		"nothing listens": {address: func(t *testing.T, _ *harness) map[string]string {
			return map[string]string{"TWCLOUD_ENDPOINT": closedPort}
		}, fails: true, want: []string{"FAIL  sign-in", "could not be reached", "Nothing listens"}},
		"no web app": {
			before: everywhere(emulator.Fault{Kind: emulator.DropBefore, Server: emulator.WebApp}),
			want:   []string{"note  root services", "could not be reached", "Check webapp_endpoint", "can read this server"},
		},
		"no root services anywhere": {before: answer("/rootservices", 404, words), want: []string{"note  root services"}},
		"root services of a stranger": {before: answer("/oslc/api/rootservices", 200, `<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:jfs="http://jazz.net/xmlns/prod/jazz/jfs/1.0/">
<jfs:oauthRequestTokenUrl rdf:resource="https://canary.example/token"/><jfs:oauthRealmName>canary.example</jfs:oauthRealmName></rdf:Description>`), want: []string{"ANOTHER-HOST", ", a realm"}},
		"a web page everywhere":   {before: everywhere(emulator.Fault{Kind: emulator.WebPage, Body: "<html><title>canary.example: sign in, jörg kanarie</title></html>"}), fails: true, want: []string{"FAIL  sign-in", "web page"}},
		"a web page for the list": {before: everywhere(emulator.Fault{Kind: emulator.WebPage, PathSuffix: collection}), fails: true, want: []string{"ok    sign-in", "FAIL  list", "web page"}},
		"single sign-on":          {before: everywhere(emulator.Fault{Kind: emulator.Redirect302}), fails: true, want: []string{"FAIL  sign-in"}},
		"elsewhere": {server: withoutContract, address: func(t *testing.T, _ *harness) map[string]string {
			t.Helper()
			return map[string]string{"TWCLOUD_API_PROFILE_FILE": writeFile(t, "profile.json", elsewhere(t, "/osmc/nowhere"))}
		}, fails: true, want: []string{"FAIL  list", "/osmc/nowhere", "correct the profile"}},
		"words of the server":  {before: answer(collection, 500, words), fails: true, want: []string{"FAIL  list", "calls.list", "500"}},
		"words at sign-in":     {before: answer("/login", 403, words), fails: true, want: []string{"FAIL  sign-in", "403"}},
		"no version":           {before: answer("/version", 404, words), want: []string{"note  version"}},
		"words for a version":  {before: answer("/version", 200, words), want: []string{"version"}},
		"nobody is signed in":  {before: answer("/currentUser", 500, words), want: []string{"note  user"}},
		"another user's words": {before: answer("/users/j%C3%B6rg%20kanarie", 500, words), want: []string{"note  user"}},
		"consumers by name": {
			before: answer(collection, 200, `{"canary-consumer-0":{"key":"canary-key-0"},"canary-consumer-1":"canary-key-1","items":[]}`), fails: true,
			want: []string{"an object with", "items (array)", "FAIL  list           calls.list.response.items", "run terraform-provider-twcloud learn"},
		},
		"consumers without a name": {before: answer(collection, 200, `[{"key":"canary-key-0","approved":true}]`), fails: true, want: []string{"approved (boolean), key (string)", "FAIL  list           calls.list.response.name"}},
		"approved by somebody":     {before: answer(collection, 200, `[{"key":"canary-key-0","name":"canary","approved":"canary@example.com"}]`), fails: true, want: []string{"FAIL  list", "approved (string)"}},
		"consumers as members":     {before: answer(collection, 200, `[{"canary@example.com":{"key":"canary-key-0"}}]`), fails: true, want: []string{"FAIL  list", "other fields"}},
		"keys alone":               {before: answer(collection, 200, `["canary-key-0"]`), fails: true, want: []string{"FAIL  list"}},
		"an unknown authority":     {server: withTLS, fails: true, want: []string{"FAIL  sign-in", "authority", "ca_certificate_file"}},
		"another certificate": {server: withTLS, fails: true, want: []string{"FAIL  sign-in", "another host name"}, address: func(t *testing.T, h *harness) map[string]string {
			file := writeFile(t, "canary-file.pem", h.server.CACertificatePEM())
			return map[string]string{"TWCLOUD_CA_CERTIFICATE_FILE": file, "TWCLOUD_TLS_SERVER_NAME": "canary.example"}
		}},
		"plain HTTP in place of HTTPS": {fails: true, want: []string{"FAIL  sign-in"}, address: func(_ *testing.T, h *harness) map[string]string {
			return map[string]string{"TWCLOUD_ENDPOINT": strings.Replace(h.server.URL(), "http:", "https:", 1)}
		}},
		"a name that nobody knows": {environment: map[string]string{"TWCLOUD_ENDPOINT": "https://canary.example.invalid:8111"}, fails: true, want: []string{"FAIL  sign-in"}},
		"nothing configured":       {environment: map[string]string{"TWCLOUD_ENDPOINT": "", "TWCLOUD_USERNAME": "", "TWCLOUD_PASSWORD": ""}, fails: true, want: []string{"FAIL  configuration", "TWCLOUD_ENDPOINT"}},
		"plain HTTP":               {environment: map[string]string{"TWCLOUD_ENDPOINT": "http://canary.example:8111"}, fails: true, want: []string{"FAIL  configuration", "plain http"}},
		"a path too many":          {environment: map[string]string{"TWCLOUD_ENDPOINT": "https://Canary.Example:8111/osmc"}, fails: true, want: []string{"FAIL  configuration"}},
		"a missing file":           {environment: map[string]string{"TWCLOUD_CA_CERTIFICATE_FILE": "/home/jörg kanarie/canary-file.pem"}, fails: true, want: []string{"FAIL  configuration"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newChecked(t, optional(test.server)...)
			if test.before != nil {
				test.before(h)
			}
			run := checkRun{environment: test.environment, want: test.want}
			if test.address != nil {
				run.environment = test.address(t, h)
			}
			if test.fails {
				run.err = provider.ErrCheckFailed
			}
			h.expectCheck(t.Context(), t, run)
		})
	}
}

// The check proves the sign-in of the profile, and names the part that failed.
func TestCheck_platform(t *testing.T) {
	t.Parallel()
	with := func(quirks ...authserver.Quirk) func(*emulator.Config) {
		return func(config *emulator.Config) { config.Quirks = quirks }
	}
	token := map[string]string{"TWCLOUD_USERNAME": "", "TWCLOUD_PASSWORD": "", "TWCLOUD_TOKEN": "canary-token"}
	for name, test := range map[string]struct {
		dialect     string
		old, new    string // in the profile of the provider
		builtIn     bool
		server      func(*emulator.Config)
		environment map[string]string
		fails       bool
		failed      int // sign-ins with a wrong password
		want        []string
	}{
		"the built-in profile": {
			dialect: "wrapped", builtIn: true, fails: true,
			want: []string{"ok    sign-in", "FAIL  list", "(status 404)\n                     As expected on 2022x Refresh2 and later: the calls are probably on the platform: record and learn.\n"},
		},
		"another form": {dialect: "wrapped", old: `"form": {"username"`, new: `"form": {"login"`, fails: true, want: []string{"FAIL  sign-in        sign_in: the sign-in shows a page", "correct the profile"}},
		"another response": {
			dialect: "result-codes", old: `"next": "/redirect"`, new: `"next": "/url"`, fails: true, want: []string{"FAIL  sign-in        sign_in.steps[0]: the sign-in shows a page", "correct the profile"},
		},
		"nothing at the start": {dialect: "wrapped", old: `"start": "/admin/"`, new: `"start": "/admin/nowhere"`, fails: true, want: []string{"FAIL  sign-in        sign_in.start: the sign-in shows a page", "(status 404)"}},
		"another application":  {dialect: "wrapped", old: `"start": "/admin/"`, new: `"start": "/webapp/settings"`, fails: true, want: []string{"FAIL  sign-in        sign_in: the session was refused (status 401)"}},
		"a wrong port": {
			dialect: "wrapped", environment: map[string]string{"TWCLOUD_WEBAPP_ENDPOINT": closedPort}, fails: true,
			want: []string{"FAIL  sign-in        sign_in.start: the server could not be reached", "port of webapp_endpoint (", "fix what failed above"},
		},
		"a wrong password": {
			dialect: "status-words", environment: map[string]string{"TWCLOUD_PASSWORD": "canary-password-wrong"}, fails: true, failed: 1,
			want: []string{"FAIL  sign-in        the credentials were refused (status 401)", "fix what failed above"},
		},
		"single sign-on": {
			dialect: "wrapped", server: with(authserver.SingleSignOn), fails: true,
			want: []string{"FAIL  sign-in        sign_in.start: the sign-in leaves for another server", "/osmc/authen/login", "fix what failed above"},
		},
		"single sign-on, with a token": {dialect: "wrapped", server: with(authserver.SingleSignOn), environment: token, want: []string{"ok    sign-in        the Web Application Platform accepts the token"}},
		"a token that is not accepted": {
			dialect: "wrapped", server: with(authserver.TokenRefused), environment: token, fails: true,
			want: []string{"FAIL  sign-in        the credentials were refused (status 401)", "note  token          the Web Application Platform does not accept the token"},
		},
		"no token": {dialect: "rpc", fails: true, want: []string{"FAIL  sign-in        sign_in.by: this sign-in needs other credentials"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content, spoken := speak(t, test.dialect)
			h := newChecked(t, append(optional(test.server), spoken)...)
			if test.old != "" && !bytes.Contains(content, []byte(test.old)) {
				t.Fatalf("the profile has no %s", test.old)
			}
			run := checkRun{environment: withProfile(t, bytes.Replace(content, []byte(test.old), []byte(test.new), 1)), want: test.want}
			run.environment["TWCLOUD_ENDPOINT"] = ""
			if test.builtIn {
				run.environment = map[string]string{}
			}
			maps.Copy(run.environment, test.environment)
			if test.fails {
				run.err = provider.ErrCheckFailed
			}
			h.expectCheck(t.Context(), t, run)
			if counts := h.server.PlatformCounts(); counts.FailedSignIns != test.failed {
				t.Errorf("%+v", counts)
			}
		})
	}
}

func TestCheck_canceled(t *testing.T) {
	t.Parallel()
	h := newChecked(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.expectCheck(ctx, t, checkRun{err: provider.ErrCheckFailed, want: []string{"FAIL  sign-in"}, without: "is open"})
	if got := h.server.Logins(); got > 0 {
		t.Errorf("%d logins", got)
	}
}
