package provider_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformtest"
)

// The first versions of the CLI with a feature.
const (
	firstWriteOnly = "1.11.0"
	firstIdentity  = "1.12.0"
	// firstQuery is Terraform's: OpenTofu has no query command.
	firstQuery = "1.14.0"
)

// need skips the test if the CLI is older than a version.
func need(t *testing.T, first string) {
	t.Helper()
	cli := terraformtest.CLI(t)
	if version.Must(version.NewVersion(cli.Version)).Core().LessThan(version.Must(version.NewVersion(first))) {
		t.Skipf("%s is older than %s", cli, first)
	}
}

// workspace is a folder with a configuration, in which a real Terraform runs. Each
// run has a provider of its own, in this process, which signs in and out.
type workspace struct {
	*harness
	cli *terraformcli.Workspace
	dir string
	// serverGoes is true if the server is closed during a run, so that nobody can sign
	// out.
	serverGoes bool
}

// newWorkspace returns a workspace with a server of its own.
func newWorkspace(t *testing.T, options ...func(*emulator.Config)) *workspace {
	t.Helper()
	return newHarness(t, options...).workspace(t)
}

func (h *harness) workspace(t *testing.T) *workspace {
	t.Helper()
	cli, err := terraformcli.NewWorkspace(terraformtest.CLI(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cli.Setenv("TF_CLI_CONFIG_FILE="+os.DevNull, "PLUGIN_PROTOCOL_VERSIONS=6")
	return &workspace{harness: h, cli: cli, dir: cli.Dir}
}

// write writes the configuration.
func (w *workspace) write(t *testing.T, config string) {
	t.Helper()
	if err := w.cli.Write("main.tf", config); err != nil {
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

// expectUnchanged fails unless a plan has no changes and no diagnostics.
func (w *workspace) expectUnchanged(t *testing.T, config string, arguments ...string) {
	t.Helper()
	planned := w.plan(t, config, arguments...)
	planned.expectNone(t)
	if len(planned.Actions) > 0 {
		t.Errorf("planned %v, want no changes:\n%s", planned.Actions, planned.Output)
	}
}

// run runs Terraform with a provider of its own.
func (w *workspace) run(t *testing.T, arguments ...string) report {
	t.Helper()
	instance := newProvider(nil)
	defer func() {
		if err := instance.Close(); (err != nil) != w.serverGoes {
			t.Errorf("close the provider: %v", err)
		}
	}()
	reattach, stop := serve(t, instance.Server)
	defer stop()
	providers, err := json.Marshal(reattach)
	if err != nil {
		t.Fatal(err)
	}
	w.cli.Setenv("TF_REATTACH_PROVIDERS=" + string(providers))
	return runTerraform(t, w.cli, arguments...)
}

func runTerraform(t *testing.T, cli *terraformcli.Workspace, arguments ...string) report {
	t.Helper()
	var output strings.Builder
	status, err := cli.Run(t.Context(), &output, arguments...)
	if err != nil {
		t.Fatalf("run terraform: %v", err)
	}
	reported := newReport(output.String(), status != 0)
	for _, d := range reported.Diagnostics {
		if !strings.Contains(d.Summary, "development overrides") && d.Summary != "Some objects will no longer be managed by Terraform" {
			provider.CheckMessage(t, d.Severity, d.Summary, d.Detail)
		}
	}
	return reported
}

// serve serves a provider from this process, as under a debugger. It returns the
// providers that Terraform attaches to.
func serve(t *testing.T, server func() tfprotov6.ProviderServer) (reattach map[string]any, stop func()) {
	t.Helper()
	const address = "hashicorp/twcloud"
	reattach = map[string]any{}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	configs, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- tf6server.Serve("registry.terraform.io/"+address, server,
			tf6server.WithDebug(ctx, configs, closed),
			tf6server.WithGoPluginLogger(hclog.NewNullLogger()),
			tf6server.WithoutLogStderrOverride(), tf6server.WithLoggingSink(t))
	}()
	select {
	case config := <-configs:
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			reattach[host+"/"+address] = map[string]any{
				"Protocol": string(config.Protocol), "ProtocolVersion": config.ProtocolVersion, "Pid": config.Pid, "Test": true,
				"Addr": map[string]string{"Network": config.Addr.Network(), "String": config.Addr.String()},
			}
		}
	case err := <-failed:
		cancel()
		t.Fatalf("serve the provider: %v", err)
	}
	return reattach, func() {
		cancel()
		<-closed
	}
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
	at string // the attribute, without Terraform
}

func (d *diagnostic) same(other diagnostic) bool {
	return d.Severity == other.Severity && d.Summary == other.Summary && d.Detail == other.Detail
}

func (d diagnostic) String() string { return d.Severity + ": " + d.Summary + "\n" + d.Detail }

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
		// An apply plans first, and repeats the diagnostics of the plan.
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
		t.Fatalf("terraform failed: %v\n%s", r.Diagnostics, r.Output)
	}
	return r
}

func (r report) mustFail(t *testing.T) report {
	t.Helper()
	if !r.Failed {
		t.Fatalf("terraform succeeded: %v\n%s", r.Diagnostics, r.Output)
	}
	return r
}

// expect fails unless there is exactly one diagnostic of that severity and summary,
// and its detail has all the words.
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

// expectFailure is expect for the first error, whatever its summary is.
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

// expectNone fails if there is a diagnostic.
func (r report) expectNone(t *testing.T) {
	t.Helper()
	for _, d := range r.Diagnostics {
		t.Errorf("unexpected %s", d)
	}
}

// expectAction fails unless this is the planned action for the consumer of the
// tests. No action is "".
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
		Key            string  `json:"key"`
		Name           string  `json:"name"`
		Approved       bool    `json:"approved"`
		Secret         *string `json:"secret"`
		SecretWO       *string `json:"secret_wo"`
		SecretRevision int     `json:"secret_revision"`
	} `json:"attributes"`
}

// read returns a file of the workspace.
func (w *workspace) read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// stateFile is the content of the state file.
func (w *workspace) stateFile(t *testing.T) []byte {
	t.Helper()
	return w.read(t, "terraform.tfstate")
}

// state is what the tests look at in a state file.
type state struct {
	Outputs map[string]struct {
		Value any `json:"value"`
	} `json:"outputs"`
	Resources []struct {
		Type      string     `json:"type"`
		Name      string     `json:"name"`
		Instances []instance `json:"instances"`
	} `json:"resources"`
}

func (w *workspace) parseState(t *testing.T) (parsed state) {
	t.Helper()
	if err := json.Unmarshal(w.stateFile(t), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

// output returns the value of an output.
func (w *workspace) output(t *testing.T, name string) any {
	t.Helper()
	return w.parseState(t).Outputs[name].Value
}

// state returns the consumer of the tests, or nil if it is not in state.
func (w *workspace) state(t *testing.T) *instance {
	t.Helper()
	for _, r := range w.parseState(t).Resources {
		if r.Type+"."+r.Name == consumerAddress {
			return &r.Instances[0]
		}
	}
	return nil
}

// expectState fails unless the consumer of the tests is in state like this.
func (w *workspace) expectState(t *testing.T, want emulator.Consumer, revision int) {
	t.Helper()
	state := w.state(t)
	if state == nil {
		t.Fatalf("not in state: %+v", want)
	}
	if got := state.Attributes; got.Key != want.Key || got.Name != want.Name || got.Approved != want.Approved || got.SecretRevision != revision {
		t.Errorf("in state: %+v, want %+v with revision %d", got, want, revision)
	}
}
