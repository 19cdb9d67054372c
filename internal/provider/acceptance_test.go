package provider_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

const (
	consumerAddress = "twcloud_oauth_consumer.test"
	// collection is the path of the consumers, below /osmc.
	collection = "/admin/oauthconsumers"

	asAdmin  = "username = \"" + emulator.AdminName + "\"\npassword = \"" + emulator.AdminPassword + "\""
	asViewer = "username = \"" + emulator.ViewerName + "\"\npassword = \"" + emulator.ViewerPassword + "\""
)

// oneList are the requests of a plan without changes.
var oneList = []string{"GET /login", "GET " + collection, "GET /logout"}

// harness is a server for one test.
type harness struct {
	server *emulator.Server
}

// newHarness starts a server whose consumers get the keys key-1, key-2, and so on.
func newHarness(t *testing.T, options ...func(*emulator.Config)) *harness {
	t.Helper()
	var keys atomic.Int64
	countKeys := func(config *emulator.Config) {
		if config.NewKey == nil && (config.Profile == nil || !config.Profile.NumericKeys()) {
			config.NewKey = func() string { return fmt.Sprintf("key-%d", keys.Add(1)) }
		}
	}
	return &harness{emulator.New(t, append(slices.Clone(options), countKeys)...)}
}

// newBrownfield starts a server with consumers that were registered by hand. Two of
// them share a name.
func newBrownfield(t *testing.T, options ...func(*emulator.Config)) *harness {
	t.Helper()
	h := newHarness(t, options...)
	for _, consumer := range []emulator.Consumer{
		{Key: "k3", Name: "twin", Secret: "not-told"},
		{Key: "k1", Name: "doors", Secret: "not-told", Approved: true},
		{Key: "k2", Name: "twin", Secret: "not-told", Approved: true},
		{Key: "k4", Name: "Doors", Secret: "not-told"},
	} {
		h.server.AddConsumer(consumer)
	}
	return h
}

// withoutContract is for tests whose requests are not in the OpenAPI document.
func withoutContract(config *emulator.Config) { config.ValidateContract = false }

func withTLS(config *emulator.Config) { config.TLS = true }

func withClientCA(config *emulator.Config) { config.ClientCA = true }

// newProvider returns a provider that does not wait between retries and hashes
// cheaply, in an environment of its own.
func newProvider(environment map[string]string) *provider.Provider {
	return provider.New("test", provider.WithCheapHashes(),
		provider.WithEnvironment(func(name string) string { return environment[name] }),
		provider.WithClientOptions(func(options *twcloud.Options) { options.RetryWaitMin, options.RetryWaitMax = 0, 0 }))
}

func closeProvider(t *testing.T, p *provider.Provider) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Errorf("close the provider: %v", err)
	}
}

// requests lists what was sent since the last call: method, path below /osmc, and
// the fields of the body.
func (h *harness) requests() []string {
	var lines []string
	for _, request := range h.server.Requests() {
		line := request.Method + " " + strings.TrimPrefix(request.Path, "/osmc")
		if len(request.Fields) > 0 {
			line += " " + strings.Join(request.Fields, ",")
		}
		lines = append(lines, line)
	}
	h.server.ResetRequests()
	return lines
}

// counts counts what was sent since the last call, by request.
func (h *harness) counts() map[string]int {
	counts := map[string]int{}
	for _, line := range h.requests() {
		counts[line]++
	}
	return counts
}

func (h *harness) expectRequests(t *testing.T, want ...string) {
	t.Helper()
	if got := h.requests(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// expectWrites fails unless these are the requests since the last call that change
// consumers.
func (h *harness) expectWrites(t *testing.T, want ...string) {
	t.Helper()
	got := slices.DeleteFunc(h.requests(), func(line string) bool {
		return strings.HasPrefix(line, "GET ") || !strings.Contains(line, collection)
	})
	if !slices.Equal(got, want) {
		t.Errorf("changed consumers with %q, want %q", got, want)
	}
}

// only returns the one consumer on the server.
func (h *harness) only(t *testing.T) emulator.Consumer {
	t.Helper()
	consumers := h.server.Consumers()
	if len(consumers) != 1 {
		t.Fatalf("want one consumer on the server, got %+v", consumers)
	}
	return consumers[0]
}

// expectOnServer fails unless the server has these consumers and no others.
func (h *harness) expectOnServer(t *testing.T, want ...emulator.Consumer) {
	t.Helper()
	if got := h.server.Consumers(); !slices.Equal(got, want) {
		t.Errorf("on the server: %+v, want %+v", got, want)
	}
}

// config is a configuration whose provider signs in as the administrator.
func (h *harness) config(resources ...string) string {
	return h.providerBlock(asAdmin) + strings.Join(resources, "\n")
}

// configDetecting is config with the detection of secret drift.
func (h *harness) configDetecting(resources ...string) string {
	return h.providerBlock(asAdmin, "detect_secret_drift = true") + strings.Join(resources, "\n")
}

func (h *harness) providerBlock(arguments ...string) string {
	return providerBlock(append([]string{
		"endpoint = " + quote(h.server.URL()),
		"webapp_endpoint = " + quote(h.server.WebAppURL()),
	}, arguments...)...)
}

func providerBlock(arguments ...string) string {
	return "provider \"twcloud\" {\n" + strings.Join(arguments, "\n") + "\n}\n"
}

// writeFile writes a file in a folder of its own, and returns its path.
func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// consumer is the consumer of the tests.
func consumer(arguments ...string) string {
	return "resource \"twcloud_oauth_consumer\" \"test\" {\n" + strings.Join(arguments, "\n") + "\n}\n"
}

// hcl writes attributes as arguments.
func hcl(attributes ...fields) []string {
	var arguments []string
	for _, more := range attributes {
		for name, value := range more {
			argument := fmt.Sprint(value)
			if text, isText := value.(string); isText {
				argument = quote(text)
			}
			arguments = append(arguments, name+" = "+argument)
		}
	}
	return arguments
}

// source is a data source, and an output "found" with what it finds.
func source(name string, arguments ...string) string {
	return "data \"" + name + "\" \"test\" {\n" + strings.Join(arguments, "\n") + "\n}\n" +
		"output \"found\" {\n  value = data." + name + ".test\n}\n"
}

func importBlock(key string) string {
	return "import {\n to = " + consumerAddress + "\n id = " + quote(key) + "\n}\n"
}

// quote writes a string in HCL.
func quote(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(encoded))
}
