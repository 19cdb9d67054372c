package provider_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// What a report must not hold, besides addresses.
var checkCanaries = []string{
	"jörg kanarie", "j%C3%B6rg", "canary-viewer", "canary-password", "canary-token", "canary-consumer", "canary-secret", "canary-key", "canary-words",
	"canary-file", "canary.example",
}

// check checks the server of the harness; the environment overrides what makes
// for a good one.
func (h *harness) check(ctx context.Context, environment map[string]string) (string, error) {
	var out strings.Builder
	err := h.checkTo(ctx, &out, false, environment)
	return out.String(), err
}

// checkTo is check with another place for the report; write has it change things.
func (h *harness) checkTo(ctx context.Context, out io.Writer, write bool, environment map[string]string) error {
	variables := map[string]string{
		"TWCLOUD_ENDPOINT":        h.server.URL(),
		"TWCLOUD_WEBAPP_ENDPOINT": h.server.WebAppURL(),
		"TWCLOUD_USERNAME":        "jörg kanarie",
		"TWCLOUD_PASSWORD":        "canary-password",
	}
	maps.Copy(variables, environment)
	instance := provider.New("test",
		provider.WithEnvironment(func(name string) string { return variables[name] }),
		provider.WithClientOptions(withoutWaiting))
	return instance.Check(ctx, out, write)
}

func newChecked(t *testing.T, options ...func(*twcloudtest.Config)) *harness {
	t.Helper()
	users := func(config *twcloudtest.Config) {
		config.Users = []twcloudtest.User{
			{Name: "jörg kanarie", Password: "canary-password", Token: "canary-token", ConfigureServer: true},
			{Name: "canary-viewer", Password: "canary-password"},
		}
	}
	h := newHarness(t, append([]func(*twcloudtest.Config){users}, options...)...)
	for i := range 3 {
		h.server.AddConsumer(twcloudtest.Consumer{Key: fmt.Sprint("canary-key-", i), Name: fmt.Sprint("canary-consumer-", i/2), Secret: "canary-secret", Approved: i == 0})
	}
	return h
}

// closedAddress is where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return "http://" + listener.Addr().String()
}

func TestCheck(t *testing.T) {
	t.Parallel()
	withTLS := func(config *twcloudtest.Config) { config.TLS = true }
	words := `{"message":"canary-words: user jörg kanarie at 127.0.0.1 and canary.example may not see canary-consumer-0"}`
	everywhere := func(fault twcloudtest.Fault) func(*harness) {
		return func(h *harness) {
			fault.Times = -1
			h.server.Inject(fault)
		}
	}
	answer := func(path string, status int, body string) func(*harness) {
		return everywhere(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: status, Body: body, PathSuffix: path})
	}
	tests := map[string]struct {
		server      func(*twcloudtest.Config)
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
		"with a token":   {environment: map[string]string{"TWCLOUD_TOKEN": "canary-token", "TWCLOUD_USERNAME": "", "TWCLOUD_PASSWORD": ""}, want: []string{"a token"}},
		"before 2022x":   {server: func(config *twcloudtest.Config) { config.LegacyRootServices = true }, want: []string{"/oslc/rootservices"}},
		"path prefix":    {server: func(config *twcloudtest.Config) { config.PathPrefix, config.RewriteCookies = "/twcloud", true }},
		"wrong password": {environment: map[string]string{"TWCLOUD_PASSWORD": "canary-password-wrong"}, fails: true, want: []string{"FAIL  sign-in", "credentials were refused", "401"}},
		"no permission":  {environment: map[string]string{"TWCLOUD_USERNAME": "canary-viewer"}, fails: true, want: []string{"FAIL  list", "403", "Configure Server permission"}},
		"no seat": {
			server: func(config *twcloudtest.Config) { config.Seats = 1 }, fails: true, want: []string{"FAIL  sign-in", "no license seat is free"},
			before: func(h *harness) {
				h.server.Inject(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, PathSuffix: "/login", Status: 503, Times: -1, Body: `{"message":"no license for jörg kanarie on canary.example"}`})
			},
		},
		"the other port": {server: withoutContract, address: func(_ *testing.T, h *harness) map[string]string {
			return map[string]string{"TWCLOUD_ENDPOINT": h.server.WebAppURL()}
		}, fails: true, want: []string{"FAIL  sign-in", "no Teamwork Cloud REST API", "8111"}},
		"nothing listens": {address: func(t *testing.T, _ *harness) map[string]string {
			return map[string]string{"TWCLOUD_ENDPOINT": closedAddress(t)}
		}, fails: true, want: []string{"FAIL  sign-in", "could not be reached", "Nothing listens"}},
		"no web app": {
			before: everywhere(twcloudtest.Fault{Kind: twcloudtest.DropBefore, Server: twcloudtest.WebApp}),
			want:   []string{"note  root services", "could not be reached", "Check webapp_endpoint", "can read this server"},
		},
		"no root services anywhere": {before: answer("/rootservices", 404, words), want: []string{"note  root services"}},
		"root services of a stranger": {before: answer("/oslc/api/rootservices", 200, `<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:jfs="http://jazz.net/xmlns/prod/jazz/jfs/1.0/">
<jfs:oauthRequestTokenUrl rdf:resource="https://canary.example/token"/><jfs:oauthRealmName>canary.example</jfs:oauthRealmName></rdf:Description>`), want: []string{"ANOTHER-HOST", ", a realm"}},
		"a web page everywhere":   {before: everywhere(twcloudtest.Fault{Kind: twcloudtest.WebPage, Body: "<html><title>canary.example: sign in, jörg kanarie</title></html>"}), fails: true, want: []string{"FAIL  sign-in", "web page"}},
		"a web page for the list": {before: everywhere(twcloudtest.Fault{Kind: twcloudtest.WebPage, PathSuffix: collection}), fails: true, want: []string{"ok    sign-in", "FAIL  list", "web page"}},
		"single sign-on":          {before: everywhere(twcloudtest.Fault{Kind: twcloudtest.Redirect302}), fails: true, want: []string{"FAIL  sign-in"}},
		"elsewhere":               {server: withoutContract, environment: map[string]string{"TWCLOUD_OAUTH_CONSUMERS_PATH": "/osmc/nowhere"}, fails: true, want: []string{"FAIL  list", "/osmc/nowhere", "oauth_consumers_path"}},
		"words of the server":     {before: answer(collection, 500, words), fails: true, want: []string{"FAIL  list", "calls.list", "500"}},
		"words at sign-in":        {before: answer("/login", 403, words), fails: true, want: []string{"FAIL  sign-in", "403"}},
		"no version":              {before: answer("/version", 404, words), want: []string{"note  version"}},
		"words for a version":     {before: answer("/version", 200, words), want: []string{"version"}},
		"nobody is signed in":     {before: answer("/currentUser", 500, words), want: []string{"note  user"}},
		"another user's words":    {before: answer("/users/j%C3%B6rg%20kanarie", 500, words), want: []string{"note  user"}},
		"consumers by name": {
			before: answer(collection, 200, `{"canary-consumer-0":{"key":"canary-key-0"},"canary-consumer-1":"canary-key-1","items":[]}`), fails: true,
			want: []string{"an object with", "items (array)", "FAIL  list           calls.list.answer.items", "run terraform-provider-twcloud learn"},
		},
		"consumers without a name": {before: answer(collection, 200, `[{"key":"canary-key-0","approved":true}]`), fails: true, want: []string{"approved (boolean), key (string)", "FAIL  list           calls.list.answer.name"}},
		"keys alone":               {before: answer(collection, 200, `["canary-key-0"]`), fails: true, want: []string{"FAIL  list"}},
		"an unknown authority":     {server: withTLS, fails: true, want: []string{"FAIL  sign-in", "authority", "ca_certificate_file"}},
		"another certificate": {server: withTLS, fails: true, want: []string{"FAIL  sign-in", "another host name"}, address: func(t *testing.T, h *harness) map[string]string {
			file := filepath.Join(t.TempDir(), "canary-file.pem")
			if err := os.WriteFile(file, h.server.CACertificatePEM(), 0o600); err != nil {
				t.Fatal(err)
			}
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
			var options []func(*twcloudtest.Config)
			if test.server != nil {
				options = append(options, test.server)
			}
			h := newChecked(t, options...)
			if test.before != nil {
				test.before(h)
			}
			environment := map[string]string{}
			if test.address != nil {
				environment = test.address(t, h)
			}
			maps.Copy(environment, test.environment)
			consumers := h.server.Consumers()
			report, err := h.check(t.Context(), environment)
			if (err != nil) != test.fails {
				t.Errorf("error: %v, want one: %t", err, test.fails)
			}
			for _, want := range test.want {
				if !strings.Contains(report, want) {
					t.Errorf("the report does not say %q", want)
				}
			}
			h.expectNoTrace(t, report, err, consumers)
			if t.Failed() || testing.Verbose() {
				t.Log(report)
			}
		})
	}
}

// expectNoTrace fails if a report tells where the server is or what is on it, or
// if the check has left anything behind.
func (h *harness) expectNoTrace(t *testing.T, report string, err error, consumers []twcloudtest.Consumer) {
	t.Helper()
	expectNothingPrivate(t, report+fmt.Sprint(err))
	for _, request := range h.server.Requests() {
		if request.Method != http.MethodGet && request.Call != "list" && request.Call != "read" {
			t.Errorf("sent %s %s", request.Method, request.Path)
		}
	}
	if got := h.server.Consumers(); len(got) != len(consumers) {
		t.Errorf("on the server: %+v, want %+v", got, consumers)
	}
	if got := h.server.OpenSessions(); got > 0 {
		t.Errorf("%d sessions are left open", got)
	}
}

func expectNothingPrivate(t *testing.T, report string) {
	t.Helper()
	for _, text := range append([]string{"127.0.0.1", "localhost", "[::1]"}, checkCanaries...) {
		if strings.Contains(strings.ToLower(report), strings.ToLower(text)) {
			t.Errorf("the report tells %q", text)
		}
	}
}

func TestCheck_canceled(t *testing.T) {
	t.Parallel()
	h := newChecked(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := h.check(ctx, nil)
	if err == nil || !strings.Contains(report, "FAIL  sign-in") || strings.Contains(report, "is open") {
		t.Errorf("error %v, report:\n%s", err, report)
	}
	if got := h.server.Logins(); got > 0 {
		t.Errorf("%d logins", got)
	}
}
