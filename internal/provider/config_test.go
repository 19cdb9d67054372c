package provider

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Secrets that must not appear in any diagnostic.
const (
	canaryPassword = "canary-password"
	canaryToken    = "canary-token"
	canaryUserinfo = "canary-userinfo"
	canaryKey      = "canary-key"
)

// block is a provider block: strings, booleans and integers by the name of the
// attribute, nil for null, or an attr.Value.
type block map[string]any

// model adds the block to a base, which can be nil.
func (b block) model(base block) providerModel {
	model := providerModel{}
	for _, values := range []block{base, b} {
		for name, v := range values {
			switch v := v.(type) {
			case nil:
				delete(model, name)
			case string:
				model[name] = types.StringValue(v)
			case bool:
				model[name] = types.BoolValue(v)
			case int:
				model[name] = types.Int64Value(int64(v))
			case attr.Value:
				model[name] = v
			}
		}
	}
	return model
}

// completeBlock is a configuration without a problem.
var completeBlock = block{
	"endpoint": "https://twcloud.example.com:8111", "username": "alice", "password": canaryPassword,
}

// configCase is one row of the tables: what is given, and what is to be reported.
type configCase struct {
	// block changes completeBlock, or is all there is if alone is set.
	block block
	alone bool

	environment map[string]string
	files       map[string]string

	// errors and warnings are "attribute: part of summary or detail", in any
	// order. Nothing else may be reported.
	errors   []string
	warnings []string

	unknown []string

	// check is called with the options of the client if there are no errors.
	check func(*testing.T, twcloud.Options)
}

func (c configCase) source() configSource {
	return configSource{
		getenv: func(name string) string { return c.environment[name] },
		readFile: func(name string) ([]byte, error) {
			if contents, ok := c.files[name]; ok {
				return []byte(contents), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
	}
}

func (c configCase) model() providerModel {
	if c.alone {
		return c.block.model(nil)
	}
	return c.block.model(completeBlock)
}

// optionsOf returns the options of the client that a provider makes of settings.
func optionsOf(t *testing.T, resolved settings) (options twcloud.Options) {
	t.Helper()
	if _, err := New("test", WithClientOptions(func(o *twcloud.Options) { options = *o })).client(resolved, "1.2.3"); err != nil {
		t.Fatalf("no client can be made of settings without an error: %v", err)
	}
	return options
}

func runConfigCases(t *testing.T, cases map[string]configCase) {
	t.Helper()

	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			resolved, unknown, diagnostics := resolveConfig(c.model(), c.source())
			for _, diagnostic := range validateConfig(c.model()) {
				if !diagnostics.Contains(diagnostic) {
					t.Errorf("validation alone reports %s", describeDiagnostic(diagnostic))
				}
			}

			checkDiagnostics(t, "error", diagnostics.Errors(), c.errors)
			checkDiagnostics(t, "warning", diagnostics.Warnings(), c.warnings)
			checkNoCanary(t, diagnostics)

			var names []string
			for _, attribute := range unknown {
				names = append(names, attribute.String())
			}
			slices.Sort(names)
			slices.Sort(c.unknown)
			if !slices.Equal(names, c.unknown) {
				t.Errorf("unknown: got %q, want %q", names, c.unknown)
			}

			switch {
			case diagnostics.HasError():
				if !reflect.ValueOf(resolved).IsZero() {
					t.Errorf("settings are not empty although there are errors")
				}
			case len(unknown) == 0:
				options := optionsOf(t, resolved)
				if c.check != nil {
					c.check(t, options)
				}
			}
		})
	}
}

// checkDiagnostics compares each diagnostic with one "attribute: words" each. One about a
// secret names no attribute.
func checkDiagnostics(t *testing.T, kind string, got diag.Diagnostics, want []string) {
	t.Helper()

	left := slices.Clone(want)
	for _, diagnostic := range got {
		text := describeDiagnostic(diagnostic)
		i := slices.IndexFunc(left, func(w string) bool {
			attribute, words, _ := strings.Cut(w, ": ")
			return strings.HasPrefix(text, attribute+": ") && strings.Contains(text, words)
		})
		if i < 0 {
			t.Errorf("unexpected %s: %s", kind, text)
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, w := range left {
		t.Errorf("no %s %q", kind, w)
	}
}

func describeDiagnostic(diagnostic diag.Diagnostic) string {
	at := path.Empty()
	if withPath, ok := diagnostic.(diag.DiagnosticWithPath); ok {
		at = withPath.Path()
	}
	return fmt.Sprintf("%s: %s: %s", at, diagnostic.Summary(), diagnostic.Detail())
}

func checkNoCanary(t *testing.T, diagnostics diag.Diagnostics) {
	t.Helper()

	for _, diagnostic := range diagnostics {
		CheckMessage(t, strings.ToLower(diagnostic.Severity().String()), diagnostic.Summary(), diagnostic.Detail())
		if text := describeDiagnostic(diagnostic); strings.Contains(text, "canary") {
			t.Errorf("a secret is in a diagnostic: %s", text)
		}
	}
}

// summary is what the attributes of the provider make of the options of a client.
func summary(o twcloud.Options) map[string]any {
	return map[string]any{
		"endpoint": o.Endpoint.String(), "web app": o.WebAppEndpoint.String(), "explicit": o.WebAppExplicit, "credentials": o.Credentials,
		"timeout": o.RequestTimeout, "retries": o.MaxRetries, "concurrent": o.MaxConcurrentRequests,
		"authorities": o.TLS.RootCAs != nil, "certificates": len(o.TLS.Certificates), "server name": o.TLS.ServerName,
		"insecure": o.TLS.InsecureSkipVerify, "TLS 1.2": o.TLS.MinVersion == tls.VersionTLS12, "waits": o.RetryWaitMin > 0 && o.RetryWaitMax > 0,
	}
}

// Attributes come before the environment, and the environment comes before defaults.
func TestResolveConfig_sources(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	environment := map[string]string{
		"TWCLOUD_ENDPOINT":                "http://twcloud.example.com/rest/",
		"TWCLOUD_WEBAPP_ENDPOINT":         "http://web.example.com/apps",
		"TWCLOUD_TOKEN":                   canaryToken,
		"TWCLOUD_CA_CERTIFICATE_FILE":     "ca.pem",
		"TWCLOUD_CLIENT_CERTIFICATE_FILE": "client.pem",
		"TWCLOUD_CLIENT_KEY_PEM":          pki.key,
		"TWCLOUD_TLS_SERVER_NAME":         "inner.example.com",
		"TWCLOUD_INSECURE_SKIP_VERIFY":    "true",
		"TWCLOUD_ALLOW_PLAIN_HTTP":        "1",
		"TWCLOUD_REQUEST_TIMEOUT":         "1m30s",
		"TWCLOUD_MAX_RETRIES":             "0",
		"TWCLOUD_MAX_CONCURRENT_REQUESTS": "3",
		"TWCLOUD_DETECT_SECRET_DRIFT":     "TRUE",
	}
	for name, c := range map[string]struct {
		block       block
		environment map[string]string
		want        map[string]any
		detects     bool
	}{
		"defaults": {block: completeBlock, want: map[string]any{
			"endpoint": "https://twcloud.example.com:8111", "web app": "https://twcloud.example.com:8443", "explicit": false,
			"credentials": twcloud.Credentials{Username: "alice", Password: canaryPassword},
			"timeout":     30 * time.Second, "retries": twcloud.DefaultMaxRetries,
			"concurrent": twcloud.DefaultMaxConcurrentRequests, "authorities": false, "certificates": 0, "server name": "",
			"insecure": false, "TLS 1.2": true, "waits": true,
		}},
		"environment": {environment: environment, detects: true, want: map[string]any{
			"endpoint": "http://twcloud.example.com/rest", "web app": "http://web.example.com/apps", "explicit": true,
			"credentials": twcloud.Credentials{Token: canaryToken},
			"timeout":     90 * time.Second, "retries": 0,
			"concurrent": 3, "authorities": true, "certificates": 1, "server name": "inner.example.com",
			"insecure": true, "TLS 1.2": true, "waits": true,
		}},
		"attributes": {
			block: block{
				"endpoint": "https://other.example.com:8111", "webapp_endpoint": "https://other.example.com:9443",
				"username": "alice", "password": canaryPassword,
				"ca_certificate_pem": pki.certificate, "client_certificate_pem": pki.otherCertificate, "client_key_pem": pki.otherKey,
				"tls_server_name": "other.example.com", "insecure_skip_verify": false, "allow_plain_http": false,
				"request_timeout": "5s", "max_retries": 7, "max_concurrent_requests": 8, "detect_secret_drift": false,
			},
			environment: environment, want: map[string]any{
				"endpoint": "https://other.example.com:8111", "web app": "https://other.example.com:9443", "explicit": true,
				"credentials": twcloud.Credentials{Username: "alice", Password: canaryPassword},
				"timeout":     5 * time.Second, "retries": 7,
				"concurrent": 8, "authorities": true, "certificates": 1, "server name": "other.example.com",
				"insecure": false, "TLS 1.2": true, "waits": true,
			},
		},
	} {
		files := map[string]string{"ca.pem": pki.ca, "client.pem": pki.certificate}
		source := configCase{environment: c.environment, files: files}.source()
		resolved, _, diagnostics := resolveConfig(c.block.model(nil), source)
		checkDiagnostics(t, "error", diagnostics.Errors(), nil)
		if diff := cmp.Diff(c.want, summary(optionsOf(t, resolved))); diff != "" || resolved.detectSecretDrift != c.detects {
			t.Errorf("%s: detects drift: %t; %s", name, resolved.detectSecretDrift, diff)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			for _, text := range []string{fmt.Sprintf(verb, resolved), fmt.Sprintf(verb, &resolved), fmt.Sprintf(verb, []settings{resolved})} {
				if strings.Contains(text, "canary") || !strings.Contains(text, ".example.com") {
					t.Errorf("%s prints %s", verb, text)
				}
			}
		}
	}
}

func TestResolveConfig_emptyAttribute(t *testing.T) {
	t.Parallel()

	runConfigCases(t, map[string]configCase{"the environment counts": {
		block:       block{"request_timeout": ""},
		environment: map[string]string{"TWCLOUD_REQUEST_TIMEOUT": "7s"},
		check: func(t *testing.T, o twcloud.Options) {
			if o.RequestTimeout != 7*time.Second || !strings.Contains(o.UserAgent, "1.2.3") {
				t.Errorf("got %s for %s", o.RequestTimeout, o.UserAgent)
			}
		},
	}})
}

func TestProcessSource(t *testing.T) {
	t.Setenv("TWCLOUD_ENDPOINT", "https://twcloud.example.com")

	source := processSource()
	if got := source.getenv("TWCLOUD_ENDPOINT"); got != "https://twcloud.example.com" {
		t.Errorf("got %q", got)
	}
	file := filepath.Join(t.TempDir(), "file")
	if _, err := source.readFile(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := source.readFile(t.TempDir()); err == nil || err.Error() != "not a regular file" {
		t.Errorf("a folder: %v", err)
	}
	for size, valid := range map[int]bool{maxConfigFile: true, maxConfigFile + 1: false} {
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if contents, err := source.readFile(file); (err == nil) != valid || valid && len(contents) != size {
			t.Errorf("%d bytes: got %d, %v", size, len(contents), err)
		}
	}
}
