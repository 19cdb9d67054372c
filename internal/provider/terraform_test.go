package provider_test

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

// workspace is a folder with a configuration, on which Terraform is run as its
// users run it. Unlike terraform-plugin-testing it shows warnings, and each run
// has a provider of its own, which signs in and out.
type workspace struct {
	harness *harness
	dir     string
	// others are providers that Terraform needs as well, by their addresses
	// without a host.
	others map[string]func() tfprotov6.ProviderServer
}

func (h *harness) workspace(t *testing.T) *workspace {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	return &workspace{harness: h, dir: t.TempDir()}
}

// report is what one run of Terraform has reported.
type report struct {
	Failed      bool
	Output      string
	Diagnostics []diagnostic
	// Actions are the planned changes, by resource address.
	Actions map[string]string
}

type diagnostic struct {
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Snippet  *struct {
		Code string `json:"code"`
	} `json:"snippet"`
}

func (d *diagnostic) same(other diagnostic) bool {
	return d.Severity == other.Severity && d.Summary == other.Summary && d.Detail == other.Detail
}

func (d diagnostic) String() string { return d.Severity + ": " + d.Summary + "\n" + d.Detail }

// write writes the configuration.
func (w *workspace) write(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// apply applies a configuration, which must succeed.
func (w *workspace) apply(t *testing.T, config string, arguments ...string) report {
	t.Helper()
	w.write(t, config)
	return w.run(t, append([]string{"apply", "-json", "-auto-approve"}, arguments...)...).mustSucceed(t)
}

// applyFails applies a configuration, which must fail.
func (w *workspace) applyFails(t *testing.T, config string, arguments ...string) report {
	t.Helper()
	w.write(t, config)
	return w.run(t, append([]string{"apply", "-json", "-auto-approve"}, arguments...)...).mustFail(t)
}

// plan plans a configuration, which must succeed.
func (w *workspace) plan(t *testing.T, config string, arguments ...string) report {
	t.Helper()
	w.write(t, config)
	return w.run(t, append([]string{"plan", "-json"}, arguments...)...).mustSucceed(t)
}

// planFails plans a configuration, which must fail.
func (w *workspace) planFails(t *testing.T, config string, arguments ...string) report {
	t.Helper()
	w.write(t, config)
	return w.run(t, append([]string{"plan", "-json"}, arguments...)...).mustFail(t)
}

// run runs Terraform with a provider of its own.
func (w *workspace) run(t *testing.T, arguments ...string) report {
	t.Helper()
	instance := w.harness.newProvider()
	reattach, stop := serve(t, "hashicorp/twcloud", instance.Server)
	stops := []func(){stop}
	for address, server := range w.others {
		other, stop := serve(t, address, server)
		stops = append(stops, stop)
		maps.Copy(reattach, other)
	}
	defer func() {
		for _, stop := range stops {
			stop()
		}
		if err := instance.Close(); err != nil {
			t.Errorf("close the provider: %v", err)
		}
	}()
	providers, err := json.Marshal(reattach)
	if err != nil {
		t.Fatal(err)
	}
	return runTerraform(t, w.dir, []string{"TF_REATTACH_PROVIDERS=" + string(providers), "TF_CLI_CONFIG_FILE=" + os.DevNull}, arguments...)
}

// cliProgram is the CLI that terraform-plugin-testing would run.
func cliProgram() string {
	if path := os.Getenv(terraformcli.PathVariable); path != "" {
		return path
	}
	return "terraform"
}

func runTerraform(t *testing.T, dir string, environment []string, arguments ...string) report {
	t.Helper()
	command := exec.CommandContext(t.Context(), cliProgram(), arguments...)
	command.Dir = dir
	command.Env = append(slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "TWCLOUD_")
	}), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "PLUGIN_PROTOCOL_VERSIONS=6")
	command.Env = append(command.Env, environment...)
	output, err := command.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited { //nolint:errorlint // Nothing wraps it.
		t.Fatalf("run terraform: %v", err)
	}
	reported := newReport(string(output), err != nil)
	for _, d := range reported.Diagnostics {
		if !strings.Contains(d.Summary, "development overrides") {
			provider.CheckMessage(t, d.Severity, d.Summary, d.Detail)
		}
	}
	return reported
}

func newReport(output string, failed bool) report {
	r := report{Failed: failed, Output: output, Actions: map[string]string{}}
	lines := bufio.NewScanner(strings.NewReader(output))
	lines.Buffer(nil, len(output)+1)
	for lines.Scan() {
		var message struct {
			Diagnostic *diagnostic `json:"diagnostic"`
			Type       string      `json:"type"`
			Change     struct {
				Action   string `json:"action"`
				Resource struct {
					Addr string `json:"addr"`
				} `json:"resource"`
			} `json:"change"`
		}
		if json.Unmarshal(lines.Bytes(), &message) != nil {
			continue
		}
		// Applying plans again, and says the same again.
		if message.Diagnostic != nil && !slices.ContainsFunc(r.Diagnostics, message.Diagnostic.same) {
			r.Diagnostics = append(r.Diagnostics, *message.Diagnostic)
		}
		if message.Type == "planned_change" {
			r.Actions[message.Change.Resource.Addr] = message.Change.Action
		}
	}
	return r
}

func (r report) mustSucceed(t *testing.T) report {
	t.Helper()
	if r.Failed {
		t.Fatalf("terraform failed:\n%s", r.Output)
	}
	return r
}

func (r report) mustFail(t *testing.T) report {
	t.Helper()
	if !r.Failed {
		t.Fatalf("terraform succeeded:\n%s", r.Output)
	}
	return r
}

// expect fails unless there is just one diagnostic of that severity and summary,
// whose detail has all the words.
func (r report) expect(t *testing.T, severity, summary string, words ...string) {
	t.Helper()
	var found []diagnostic
	for _, d := range r.Diagnostics {
		if d.Severity == severity && d.Summary == summary {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		t.Errorf("want one %s %q, got %d among %v", severity, summary, len(found), r.Diagnostics)
		return
	}
	for _, word := range words {
		if !strings.Contains(found[0].Detail, word) {
			t.Errorf("%s %q does not say %q:\n%s", severity, summary, word, found[0].Detail)
		}
	}
}

// expectFailure fails unless there is one error, of whatever summary, that says
// all of the words.
func (r report) expectFailure(t *testing.T, words ...string) {
	t.Helper()
	for _, diagnostic := range r.Diagnostics {
		if diagnostic.Severity == "error" {
			r.expect(t, "error", diagnostic.Summary, words...)
			return
		}
	}
	t.Errorf("want an error, got %v", r.Diagnostics)
}

// expectNone fails if there is any diagnostic.
func (r report) expectNone(t *testing.T) {
	t.Helper()
	for _, d := range r.Diagnostics {
		t.Errorf("unexpected %s", d)
	}
}

// expectAction fails unless the consumer of the tests is planned to be changed
// in that way; "" is not at all.
func (r report) expectAction(t *testing.T, want string) {
	t.Helper()
	if got := r.Actions[consumerAddress]; got != want {
		t.Errorf("planned action %q, want %q:\n%s", got, want, r.Output)
	}
}

// instance is the consumer of the tests as it is in the state file.
type instance struct {
	Status     string `json:"status"`
	Attributes struct {
		Key             string  `json:"key"`
		Name            string  `json:"name"`
		Approved        bool    `json:"approved"`
		Secret          *string `json:"secret"`
		SecretWO        *string `json:"secret_wo"`
		SecretWOVersion *int    `json:"secret_wo_version"`
		SecretRevision  int     `json:"secret_revision"`
	} `json:"attributes"`
}

// stateFile is the state as it lies on the disk.
func (w *workspace) stateFile(t *testing.T) []byte {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// output returns an output, as JSON has it.
func (w *workspace) output(t *testing.T, name string) any {
	t.Helper()
	var state struct {
		Outputs map[string]struct {
			Value any `json:"value"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal(w.stateFile(t), &state); err != nil {
		t.Fatal(err)
	}
	return state.Outputs[name].Value
}

// state returns the consumer of the tests, or nil if it is not in state.
func (w *workspace) state(t *testing.T) *instance {
	t.Helper()
	var state struct {
		Resources []struct {
			Type      string     `json:"type"`
			Name      string     `json:"name"`
			Instances []instance `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(w.stateFile(t), &state); err != nil {
		t.Fatal(err)
	}
	for _, r := range state.Resources {
		if r.Type+"."+r.Name == consumerAddress {
			return &r.Instances[0]
		}
	}
	return nil
}

// serve serves a provider from this process, as under a debugger. The address is
// one without a host.
func serve(t *testing.T, address string, server func() tfprotov6.ProviderServer) (reattach map[string]any, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	configs, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- tf6server.Serve("registry.terraform.io/"+address, server,
			tf6server.WithDebug(ctx, configs, closed),
			tf6server.WithGoPluginLogger(hclog.NewNullLogger()),
			tf6server.WithoutLogStderrOverride(), tf6server.WithLoggingSink(t))
	}()
	var config *plugin.ReattachConfig
	select {
	case config = <-configs:
	case err := <-failed:
		cancel()
		t.Fatalf("serve the provider: %v", err)
	}
	entry := map[string]any{
		"Protocol": string(config.Protocol), "ProtocolVersion": config.ProtocolVersion, "Pid": config.Pid, "Test": true,
		"Addr": map[string]string{"Network": config.Addr.Network(), "String": config.Addr.String()},
	}
	reattach = map[string]any{}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		reattach[host+"/"+address] = entry
	}
	return reattach, func() {
		cancel()
		<-closed
	}
}
