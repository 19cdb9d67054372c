package provider_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// What must appear nowhere. Each has characters that encodings escape.
const (
	canaryUser      = "canary"
	canaryPassword  = `p4ssword-cänary "<&>\ %/+='`
	canaryToken     = `t0ken-canary"<&>\%/+='`
	canarySecret    = `s3cret-cänary "<&>\ %/+='`
	canaryRotated   = `r0tated-cänary "<&>\ %/+='`
	canaryProxyPass = `pr0xy-canary`
)

// canary is a workspace with the provider's binary, and a server whose requests are
// seen by a gateway.
type canary struct {
	*workspace
	// told is the log of the emulator.
	told bytes.Buffer

	mu   sync.Mutex
	seen []string
}

func newCanary(t *testing.T, credentials ...string) *canary {
	t.Helper()
	c := &canary{}
	h, gateway := c.serve(t)
	c.workspace = h.workspace(t)
	if err := c.cli.UseBinary("hashicorp/twcloud", filepath.Dir(terraformtest.Provider(t))); err != nil {
		t.Fatal(err)
	}
	c.cli.Setenv(
		"TWCLOUD_ENDPOINT="+gateway, "TWCLOUD_WEBAPP_ENDPOINT="+c.server.WebAppURL(),
		"TWCLOUD_REQUEST_TIMEOUT=2s", "TWCLOUD_MAX_RETRIES=0", "TWCLOUD_DETECT_SECRET_DRIFT=true",
		"HTTP_PROXY="+strings.Replace(closedPort, "http://", "http://canary:"+canaryProxyPass+"@", 1),
		"TF_VAR_secret="+canarySecret,
	)
	c.cli.Setenv(credentials...)
	return c
}

// serve starts a server, and a gateway to its REST API.
func (c *canary) serve(t *testing.T) (h *harness, gateway string) {
	t.Helper()
	h = newHarness(t, func(config *emulator.Config) {
		config.Log = c
		config.Users = []emulator.User{{Name: canaryUser, Password: canaryPassword, Token: canaryToken, ConfigureServer: true}}
	})
	target, err := url.Parse(h.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.FlushInterval = -1
	forward.ErrorLog = log.New(io.Discard, "", 0)
	forward.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	forward.ModifyResponse = func(response *http.Response) error {
		for _, cookie := range response.Cookies() {
			if cookie.Name != "twc-rest-current-user" {
				c.see(cookie.Value)
			}
		}
		return nil
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		c.see(credentials)
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return h, server.URL
}

// serveFaulty starts a server for each kind of fault, and returns a configuration with a
// consumer on each one, which is named like the fault.
func (c *canary) serveFaulty(t *testing.T, argument string, faults func(emulator.FaultKind) []emulator.Fault) (servers map[emulator.FaultKind]*harness, config string) {
	t.Helper()
	servers = map[emulator.FaultKind]*harness{}
	config = "variable \"secret\" {\n type = string\n ephemeral = true\n}\n"
	if argument == "secret" {
		config = "variable \"secret\" {\n type = string\n}\n"
	}
	for _, kind := range emulator.AllFaultKinds() {
		h, gateway := c.serve(t)
		servers[kind] = h
		for _, fault := range faults(kind) {
			fault.Kind = kind
			if kind == emulator.EndlessBody {
				fault.Body = ""
			}
			h.server.Inject(fault)
		}
		alias := "alias = " + quote(kind.String())
		if argument == "secret" {
			config += providerBlock(alias, "webapp_endpoint = "+quote(h.server.WebAppURL()))
		} else {
			config += providerBlock(alias, "webapp_endpoint = "+quote(h.server.WebAppURL()), "endpoint = "+quote(gateway))
		}
		config += named(kind.String(), "provider = twcloud."+kind.String(), "name = "+quote(kind.String()), argument+" = var.secret")
	}
	return servers, config
}

// Write implements io.Writer for the log of the emulator.
func (c *canary) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told.Write(p)
}

func (c *canary) see(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if secret != "" && !slices.Contains(c.seen, secret) {
		c.seen = append(c.seen, secret)
	}
}

const (
	canaryWriteOnly = "resource \"twcloud_oauth_consumer\" \"test\" {\n name = \"doors\"\n secret_wo = var.secret\n approved = true\n}\n" +
		"variable \"secret\" {\n type = string\n ephemeral = true\n}\n"
	canaryStored = "resource \"twcloud_oauth_consumer\" \"test\" {\n name = \"doors\"\n secret = var.secret\n approved = true\n}\n" +
		"variable \"secret\" {\n type = string\n}\n"
)

// run runs Terraform, and checks all that it writes except for state and plan.
func (c *canary) run(t *testing.T, config string, environment []string, arguments ...string) report {
	t.Helper()
	c.write(t, config)
	traceFile := filepath.Join(t.TempDir(), "trace.log")
	cli := *c.cli
	cli.Setenv("TF_LOG=TRACE", "TF_LOG_PATH="+traceFile)
	cli.Setenv(environment...)
	r := runTerraform(t, &cli, arguments...)
	trace, err := os.ReadFile(traceFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(trace, []byte("terraform-provider-twcloud")) {
		t.Error("the log does not come from the provider")
	}
	c.check(t, "the log", trace)
	c.check(t, "the output", []byte(r.Output))
	c.mu.Lock()
	told := bytes.Clone(c.told.Bytes())
	c.mu.Unlock()
	c.check(t, "the emulator's log", told)
	return r
}

// check fails if a document has a secret.
func (c *canary) check(t *testing.T, what string, document []byte) {
	t.Helper()
	c.mu.Lock()
	secrets := append([]string{canaryPassword, canaryToken, canarySecret, canaryRotated, canaryProxyPass}, c.seen...)
	c.mu.Unlock()
	for _, secret := range secrets {
		for _, form := range canaryForms(secret) {
			if at := bytes.Index(document, []byte(form)); at >= 0 {
				t.Errorf("%s holds %q as %q: %s", what, secret, form, document[max(0, at-300):min(len(document), at+len(form)+100)])
			}
		}
	}
	for _, word := range []string{"oauth_signature=", "twc-rest-session-id", "Set-Cookie", "Authorization: "} {
		if at := bytes.Index(document, []byte(word)); at >= 0 {
			t.Errorf("%s holds %q: %s", what, word, document[max(0, at-300):min(len(document), at+100)])
		}
	}
}

// canaryForms are the ways in which a secret is written on the wire and in logs.
func canaryForms(secret string) []string {
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.ReplaceAll(url.QueryEscape(secret), "+", "%20"), html.EscapeString(secret),
		strings.Trim(strconv.Quote(secret), `"`),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(canaryUser + ":" + secret)),
	}
	for _, escapeHTML := range []bool{true, false} {
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(escapeHTML)
		if encoder.Encode(secret) == nil {
			forms = append(forms, strings.Trim(strings.TrimSpace(encoded.String()), `"`))
		}
	}
	return forms
}

func TestAccCanary(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	byPassword := []string{"TWCLOUD_USERNAME=" + canaryUser, "TWCLOUD_PASSWORD=" + canaryPassword}
	byToken := []string{"TWCLOUD_TOKEN=" + canaryToken}

	t.Run("life of a write-only secret", func(t *testing.T) {
		t.Parallel()
		c := newCanary(t, byPassword...)
		c.run(t, canaryWriteOnly, nil, "plan", "-out=saved.tfplan").mustSucceed(t)
		c.run(t, canaryWriteOnly, nil, "apply", "saved.tfplan").mustSucceed(t)
		if c.only(t).Secret != canarySecret || len(c.seen) < 2 {
			t.Fatal("the canary was not on the wire")
		}
		c.rotateOutside()
		c.run(t, canaryWriteOnly, nil, "apply", "-auto-approve").mustSucceed(t)
		if got := c.only(t).Secret; got != canarySecret {
			t.Errorf("drift was not repaired: %q", got)
		}
		rotated := []string{"TF_VAR_secret=" + canaryRotated}
		c.run(t, canaryWriteOnly, rotated, "plan", "-out=saved.tfplan").mustSucceed(t)
		c.check(t, "the plan as JSON", []byte(c.run(t, canaryWriteOnly, nil, "show", "-json", "saved.tfplan").mustSucceed(t).Output))
		c.checkPlanFile(t)
		c.run(t, canaryWriteOnly, rotated, "apply", "saved.tfplan").mustSucceed(t)
		for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
			state := c.read(t, file)
			c.check(t, file, state)
			if holds(t, state, canarySecret) || holds(t, state, canaryRotated) {
				t.Errorf("%s holds the secret inside of private state", file)
			}
		}
		c.run(t, canaryWriteOnly, nil, "destroy", "-auto-approve").mustSucceed(t)
	})

	t.Run("life of a stored secret", func(t *testing.T) {
		t.Parallel()
		c := newCanary(t, byToken...)
		c.run(t, canaryStored, nil, "apply", "-auto-approve", "-json").mustSucceed(t)
		c.rotateOutside()
		c.run(t, canaryStored, []string{"TF_VAR_secret=" + canaryRotated}, "apply", "-auto-approve").mustSucceed(t)
		c.run(t, canaryStored, []string{"TF_VAR_secret=" + canaryRotated}, "show").mustSucceed(t)
		c.run(t, canaryStored, nil, "destroy", "-auto-approve").mustSucceed(t)
	})

	t.Run("wrong credentials", func(t *testing.T) {
		t.Parallel()
		for _, credentials := range [][]string{
			{"TWCLOUD_USERNAME=somebody", "TWCLOUD_PASSWORD=" + canaryPassword},
			{"TWCLOUD_USERNAME=" + canaryUser, "TWCLOUD_PASSWORD=" + canaryRotated},
			{"TWCLOUD_USERNAME=" + canaryUser, "TWCLOUD_PASSWORD=" + canaryPassword, "TWCLOUD_TOKEN=" + canaryToken},
			{"TWCLOUD_TOKEN=Bearer " + canaryToken},
			{"TWCLOUD_TOKEN=" + canaryToken + "\n"},
		} {
			newCanary(t, credentials...).run(t, canaryWriteOnly, nil, "apply", "-auto-approve").mustFail(t)
		}
	})

	t.Run("credentials in the endpoint", func(t *testing.T) {
		t.Parallel()
		endpoint := "TWCLOUD_ENDPOINT=https://canary:" + url.QueryEscape(canaryPassword) + "@127.0.0.1:8111"
		newCanary(t, slices.Concat(byPassword, []string{endpoint})...).run(t, canaryWriteOnly, nil, "apply", "-auto-approve").mustFail(t)
	})

	t.Run("unreachable proxy", func(t *testing.T) {
		t.Parallel()
		environment := slices.Concat(byToken, []string{"TWCLOUD_ENDPOINT=http://twcloud.example.com:8111", "TWCLOUD_ALLOW_PLAIN_HTTP=true"})
		failed := newCanary(t, environment...).run(t, canaryWriteOnly, nil, "apply", "-auto-approve", "-json").mustFail(t)
		failed.expectFailure(t, "proxyconnect", "NO_PROXY")
	})

	t.Run("faults", func(t *testing.T) {
		t.Parallel()
		c := newCanary(t, byPassword...)
		// A server that fails repeats what it was sent. The first fault is for the plan,
		// which fails, the second one for the apply.
		basic := base64.StdEncoding.EncodeToString([]byte(canaryUser + ":" + canaryPassword))
		servers, config := c.serveFaulty(t, "secret_wo", func(emulator.FaultKind) []emulator.Fault {
			return []emulator.Fault{
				{Method: http.MethodGet, PathSuffix: "/login", Body: strings.Join([]string{"no:", canaryPassword, basic}, " ")},
				{Method: http.MethodPost, PathSuffix: collection, Times: -1, Body: fmt.Sprintf(`{"message": %s}`, quote(canarySecret+" of "+canaryPassword))},
			}
		})
		for range 2 {
			c.run(t, config, nil, "apply", "-auto-approve").mustFail(t)
		}
		for kind, h := range servers {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				if !slices.ContainsFunc(h.server.Requests(), func(r emulator.Request) bool { return r.Method == method && r.Fault == kind.String() }) {
					t.Errorf("no %s had the fault %s", method, kind)
				}
			}
		}
	})
}

// checkPlanFile checks what the plan's file, a ZIP archive, holds.
func (c *canary) checkPlanFile(t *testing.T) {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(c.dir, "saved.tfplan"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		c.check(t, "the plan's "+entry.Name, content)
	}
}

// Whatever happens to the one call that changes the server, and to the proofs, nothing
// is lost, nothing is sent twice, and no secret is told.
func TestAccCanary_selfRegistration(t *testing.T) {
	t.Parallel()
	need(t, firstWriteOnly)
	selfRegistering := []string{"TWCLOUD_API_PROFILE=self-registration", "TWCLOUD_ENDPOINT="}
	config := strings.Replace(canaryStored, " approved = true\n", "", 1)
	t.Run("life", func(t *testing.T) {
		t.Parallel()
		c := newCanary(t, selfRegistering...)
		rotated := []string{"TF_VAR_secret=" + canaryRotated}
		for _, config := range []string{config, strings.Replace(canaryWriteOnly, " approved = true\n", "", 1)} {
			c.run(t, config, nil, "apply", "-auto-approve").mustSucceed(t)
			c.run(t, config, rotated, "plan").mustFail(t)
			c.approve(true)
			c.run(t, config, nil, "apply", "-auto-approve", "-json").mustSucceed(t)
			for _, one := range c.server.Consumers() {
				c.server.UpdateConsumer(one.Key, func(one *emulator.Consumer) { one.Secret = canaryRotated })
			}
			c.run(t, config, nil, "plan").mustSucceed(t)
			c.run(t, config, rotated, "apply", "-auto-approve").mustSucceed(t)
			for _, one := range c.server.Consumers() {
				c.server.UpdateConsumer(one.Key, func(one *emulator.Consumer) { one.Secret = canarySecret })
			}
			c.run(t, config, nil, "apply", "-auto-approve").mustSucceed(t)
		}
		c.run(t, config, nil, "destroy", "-auto-approve").mustFail(t)
	})
	t.Run("faults", func(t *testing.T) {
		t.Parallel()
		c := newCanary(t, selfRegistering...)
		servers, config := c.serveFaulty(t, "secret", func(emulator.FaultKind) []emulator.Fault {
			body := fmt.Sprintf(`{"message": %s}`, quote("no: "+canarySecret))
			return []emulator.Fault{{PathSuffix: wire.RequestConsumerKeyPath, Body: body}, {PathSuffix: wire.RequestTokenPath, Times: -1, Body: body}}
		})
		posts := func(h *harness) (posts int) {
			for _, request := range h.server.Requests() {
				if request.Path == wire.RequestConsumerKeyPath {
					posts++
				}
			}
			return posts
		}
		first := c.run(t, config, nil, "apply", "-auto-approve", "-json").mustFail(t)
		for kind, h := range servers {
			told := strings.Contains(first.Output, fmt.Sprintf(`A consumer named \"%s\" may exist`, kind))
			if consumers := h.server.Consumers(); posts(h) != 1 || len(consumers) == 1 && !told {
				t.Errorf("%s: %d registrations, the server has %v:\n%s", kind, posts(h), consumers, first.Output)
			}
		}
		// The next one succeeds, and its proof is unclear or refused.
		second := c.run(t, config, nil, "apply", "-auto-approve", "-json").mustSucceed(t)
		for _, r := range c.parseState(t).Resources {
			if state := r.Instances[0]; state.Attributes.Approved || state.Status == "tainted" {
				t.Errorf("%s, in state: %v:\n%s", r.Name, state, second.Output)
			}
		}
		for _, h := range servers {
			h.approve(true)
		}
		c.run(t, config, nil, "apply", "-auto-approve", "-json").mustSucceed(t)
		c.run(t, config, nil, "plan", "-destroy", "-json")
		if got := len(c.parseState(t).Resources); got != len(servers) {
			t.Errorf("%d consumers in state, want %d", got, len(servers))
		}
		for kind, h := range servers {
			if posts(h) != 2 {
				t.Errorf("%s: %d registrations", kind, posts(h))
			}
		}
	})
}
