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
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/oauth1"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// What must appear nowhere. Each has characters that are escaped in one encoding
// or another.
const (
	canaryUser      = "canary"
	canaryPassword  = `p4ssword-cänary "<&>\ %/+='`
	canaryToken     = `t0ken-canary"<&>\%/+='`
	canarySecret    = `s3cret-cänary "<&>\ %/+='`
	canaryRotated   = `r0tated-cänary "<&>\ %/+='`
	canaryProxyPass = `pr0xy-canary`
)

// canary is the provider as it is installed, under a Terraform that logs all it
// can, and a server whose requests are seen by a gateway.
type canary struct {
	h       *harness
	dir     string
	env     []string
	gateway *httptest.Server
	told    syncBuffer

	mu   sync.Mutex
	seen []string
}

type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) Bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.buffer.Bytes())
}

// buildProvider builds the provider, and returns a configuration of the CLI that
// uses it.
func buildProvider(t *testing.T) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "terraform-provider-twcloud"),
		"github.com/twcloud-community/terraform-provider-twcloud")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the provider: %v\n%s", err, output)
	}
	config := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(config, fmt.Appendf(nil, "provider_installation {\n dev_overrides {\n  \"hashicorp/twcloud\" = %q\n }\n direct {}\n}\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

func newCanary(t *testing.T, cliConfig string, credentials ...string) *canary {
	t.Helper()
	c := &canary{dir: t.TempDir()}
	c.h = newHarness(t, func(config *twcloudtest.Config) {
		config.Log = &c.told
		config.Users = []twcloudtest.User{{Name: canaryUser, Password: canaryPassword, Token: canaryToken, ConfigureServer: true}}
	})
	target, err := url.Parse(c.h.server.URL())
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
	c.gateway = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		c.see(credentials)
		forward.ServeHTTP(w, r)
	}))
	c.gateway.Start()
	t.Cleanup(c.gateway.Close)
	c.env = append([]string{
		"TF_CLI_CONFIG_FILE=" + cliConfig,
		"TWCLOUD_ENDPOINT=" + c.gateway.URL, "TWCLOUD_WEBAPP_ENDPOINT=" + c.h.server.WebAppURL(),
		"TWCLOUD_REQUEST_TIMEOUT=250ms", "TWCLOUD_MAX_RETRIES=0", "TWCLOUD_DETECT_SECRET_DRIFT=true",
		"HTTP_PROXY=http://canary:" + canaryProxyPass + "@" + closedPort(t),
		"TF_VAR_secret=" + canarySecret,
	}, credentials...)
	return c
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
		"variable \"secret\" {\n type = string\n sensitive = true\n}\n"
)

// run runs Terraform on a configuration, and checks all it has written but state
// and plan.
func (c *canary) run(t *testing.T, config string, environment []string, arguments ...string) report {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	traceFile := filepath.Join(t.TempDir(), "trace.log")
	environment = slices.Concat([]string{"TF_LOG=TRACE", "TF_LOG_PATH=" + traceFile}, c.env, environment)
	r := runTerraform(t, c.dir, environment, arguments...)
	trace, err := os.ReadFile(traceFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(trace, []byte("terraform-provider-twcloud")) {
		t.Error("the log does not come from the provider")
	}
	c.check(t, "the log", trace)
	c.check(t, "the output", []byte(r.Output))
	c.check(t, "the emulator's log", c.told.Bytes())
	return r
}

// check fails if there is anything in a document that must not be seen.
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
		secret, url.QueryEscape(secret), url.PathEscape(secret), oauth1.PercentEncode(secret), html.EscapeString(secret),
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
	needWriteOnly(t)
	cliConfig := buildProvider(t)
	byPassword := []string{"TWCLOUD_USERNAME=" + canaryUser, "TWCLOUD_PASSWORD=" + canaryPassword}
	byToken := []string{"TWCLOUD_TOKEN=" + canaryToken}

	t.Run("life of a write-only secret", func(t *testing.T) {
		t.Parallel()
		c := newCanary(t, cliConfig, byPassword...)
		c.run(t, canaryWriteOnly, nil, "plan", "-out=saved.tfplan").mustSucceed(t)
		c.run(t, canaryWriteOnly, nil, "apply", "saved.tfplan").mustSucceed(t)
		if c.h.only(t).Secret != canarySecret || len(c.seen) < 2 {
			t.Fatal("the canary was not on the wire")
		}
		c.h.rotateOutside()
		c.run(t, canaryWriteOnly, nil, "apply", "-auto-approve").mustSucceed(t)
		if got := c.h.only(t).Secret; got != canarySecret {
			t.Errorf("drift was not repaired: %q", got)
		}
		rotated := []string{"TF_VAR_secret=" + canaryRotated}
		c.run(t, canaryWriteOnly, rotated, "plan", "-out=saved.tfplan").mustSucceed(t)
		c.check(t, "the plan as JSON", []byte(c.run(t, canaryWriteOnly, nil, "show", "-json", "saved.tfplan").mustSucceed(t).Output))
		c.checkPlanFile(t)
		c.run(t, canaryWriteOnly, rotated, "apply", "saved.tfplan").mustSucceed(t)
		for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup"} {
			state, err := os.ReadFile(filepath.Join(c.dir, file))
			if err != nil {
				t.Fatal(err)
			}
			c.check(t, file, state)
			if holds(t, state, canarySecret) || holds(t, state, canaryRotated) {
				t.Errorf("%s holds the secret inside of private state", file)
			}
		}
		c.run(t, canaryWriteOnly, nil, "destroy", "-auto-approve").mustSucceed(t)
	})

	t.Run("life of a stored secret", func(t *testing.T) {
		t.Parallel()
		c := newCanary(t, cliConfig, byToken...)
		c.run(t, canaryStored, nil, "apply", "-auto-approve", "-json").mustSucceed(t)
		c.h.rotateOutside()
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
			newCanary(t, cliConfig, credentials...).run(t, canaryWriteOnly, nil, "apply", "-auto-approve").mustFail(t)
		}
	})

	t.Run("credentials in the endpoint", func(t *testing.T) {
		t.Parallel()
		endpoint := "TWCLOUD_ENDPOINT=https://canary:" + url.QueryEscape(canaryPassword) + "@127.0.0.1:8111"
		newCanary(t, cliConfig, slices.Concat(byPassword, []string{endpoint})...).run(t, canaryWriteOnly, nil, "apply", "-auto-approve").mustFail(t)
	})

	t.Run("proxy that is not there", func(t *testing.T) {
		t.Parallel()
		environment := slices.Concat(byToken, []string{"TWCLOUD_ENDPOINT=http://twcloud.example.com:8111", "TWCLOUD_ALLOW_PLAIN_HTTP=true"})
		failed := newCanary(t, cliConfig, environment...).run(t, canaryWriteOnly, nil, "apply", "-auto-approve", "-json").mustFail(t)
		failed.expectFailure(t, "proxyconnect", "NO_PROXY")
	})

	// A server that is beside itself repeats what it was told.
	basic := base64.StdEncoding.EncodeToString([]byte(canaryUser + ":" + canaryPassword))
	for _, kind := range twcloudtest.AllFaultKinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			// The plan meets with the first one, and may fail of it; the apply with the
			// second.
			faults := []twcloudtest.Fault{
				{Kind: kind, Method: http.MethodGet, PathSuffix: "/login", Body: strings.Join([]string{"no:", canaryPassword, basic}, " ")},
				{Kind: kind, Method: http.MethodPost, PathSuffix: collection, Times: -1, Body: fmt.Sprintf(`{"message": %s}`, quote(canarySecret+" of "+canaryPassword))},
			}
			if kind == twcloudtest.EndlessBody {
				faults[0].Body, faults[1].Body = "", ""
			}
			c := newCanary(t, cliConfig, byPassword...)
			c.h.server.Inject(faults...)
			c.run(t, canaryWriteOnly, nil, "apply", "-auto-approve")
			c.run(t, canaryWriteOnly, nil, "apply", "-auto-approve")
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				if !slices.ContainsFunc(c.h.server.Requests(), func(r twcloudtest.Request) bool { return r.Method == method && r.Fault == kind.String() }) {
					t.Errorf("no %s met with the fault", method)
				}
			}
		})
	}
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
