package terraformcli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// script writes a shell script in place of a CLI.
func script(t *testing.T, path, text string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("shell scripts stand in for the CLIs")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

const newTerraform = `echo "Terraform v1.11.4"; echo "on linux_amd64"`

// machine is a computer with only these CLIs on PATH, and what they print.
type machine struct {
	dir, cache string
	log        strings.Builder
	installs   int
	install    func(dir string) error
}

func newMachine(t *testing.T, onPath map[string]string) *machine {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(PathVariable, "")
	t.Setenv("PATH", filepath.Join(dir, "path"))
	for name, text := range onPath {
		script(t, filepath.Join(dir, "path", name), text)
	}
	return &machine{dir: dir, cache: filepath.Join(dir, "cache")}
}

func (m *machine) find(ctx context.Context) (CLI, error) {
	return find(ctx, &m.log, m.cache, func(_ context.Context, dir string) error {
		m.installs++
		return m.install(dir)
	})
}

func TestFind(t *testing.T) {
	const tofu = `echo "OpenTofu v1.8.0-rc1"`
	for name, test := range map[string]struct {
		onPath    map[string]string
		cached    string
		installed bool
		want      string
		log       string
	}{
		"terraform":             {onPath: map[string]string{"terraform": newTerraform}, want: "path/terraform"},
		"tofu":                  {onPath: map[string]string{"tofu": tofu}, want: "path/tofu"},
		"terraform before tofu": {onPath: map[string]string{"terraform": newTerraform, "tofu": tofu}, want: "path/terraform"},
		"terraform fails": {
			onPath: map[string]string{"terraform": `echo "no version is set" >&2; exit 126`, "tofu": tofu},
			want:   "path/tofu", log: "no version is set",
		},
		"terraform is another program": {
			onPath: map[string]string{"terraform": `echo "GNU Terraformer 1.2.3"`, "tofu": tofu},
			want:   "path/tofu", log: "neither Terraform's nor OpenTofu's",
		},
		"terraform is too old": {
			onPath: map[string]string{"terraform": `echo "Terraform v1.0.11"`}, cached: newTerraform,
			want: "cache/terraform", log: "is older than 1.1",
		},
		"installed before": {cached: newTerraform, want: "cache/terraform"},
		"nothing":          {installed: true, want: "cache/terraform", log: "Installing Terraform from releases.hashicorp.com"},
		"half installed":   {cached: "half a download", installed: true, want: "cache/terraform", log: "exit status 127"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, test.onPath)
			m.install = func(dir string) error {
				script(t, filepath.Join(dir, "terraform"), newTerraform)
				return nil
			}
			if test.cached != "" {
				script(t, filepath.Join(m.cache, "terraform"), test.cached)
			}
			got, err := m.find(t.Context())
			if want := filepath.Join(m.dir, filepath.FromSlash(test.want)); err != nil || got.Path != want {
				t.Errorf("found %q, %v; want %s", got.Path, err, want)
			}
			if log := m.log.String(); !strings.Contains(log, test.log) || test.log == "" && log != "" {
				t.Errorf("log %q, want %q", log, test.log)
			}
			if (m.installs > 0) != test.installed {
				t.Errorf("installed %d times", m.installs)
			}
		})
	}
}

func TestFind_variable(t *testing.T) {
	m := newMachine(t, map[string]string{"terraform": newTerraform})
	named := script(t, filepath.Join(m.dir, "elsewhere", "tf"), `echo "Terraform v1.0.11"`)
	t.Setenv(PathVariable, named)
	if got, err := m.find(t.Context()); err != nil || got.Path != named {
		t.Errorf("found %q, %v; want %s", got.Path, err, named)
	}
	t.Setenv(PathVariable, filepath.Join(m.dir, "missing"))
	if got, err := m.find(t.Context()); err == nil || !strings.Contains(err.Error(), PathVariable) {
		t.Errorf("found %q, %v; want an error that names the variable", got.Path, err)
	}
}

// TestFind_nothing shows that the error says what to do, and is one of the context
// if the user has interrupted the installation.
func TestFind_nothing(t *testing.T) {
	m := newMachine(t, nil)
	m.install = func(string) error { return context.Canceled }
	_, err := m.find(t.Context())
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{
		`"terraform": executable file not found`, `"tofu": executable file not found`, "unable to install Terraform into " + m.cache,
		"https://developer.hashicorp.com/terraform/install", "https://opentofu.org/", PathVariable,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not have %q:\n%s", want, err)
		}
	}
}

func TestExports(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cli  CLI
		want string
	}{
		{CLI{Path: "/it's/terraform", Name: "Terraform"}, `export TF_ACC_TERRAFORM_PATH='/it'\''s/terraform'`},
		{CLI{Path: "/bin/tofu", Name: "OpenTofu"}, `export TF_ACC_TERRAFORM_PATH='/bin/tofu'
export TF_ACC_PROVIDER_HOST='registry.opentofu.org'
export TF_ACC_PROVIDER_NAMESPACE='hashicorp'`},
	} {
		if got := Exports(test.cli.AcceptanceEnv()); got != test.want+"\n" {
			t.Errorf("%s: got %s", test.cli.Name, got)
		}
	}
}

// TestWorkspace runs a script that prints its environment or state, or fails.
func TestWorkspace(t *testing.T) {
	for name, value := range map[string]string{
		"TF_LOG": "TRACE", "tf_cli_args": "-json", "TWCLOUD_TOKEN": "t", "https_proxy": "http://proxy", "GOGC": "off", "GODEBUG": "x=y", "TFX": "1",
	} {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	cli := CLI{Path: script(t, filepath.Join(dir, "cli"), `case $1 in env) env;; show) cat state.json;; *) echo problem >&2; exit 3;; esac`)}
	w, err := NewWorkspace(cli, filepath.Join(dir, "new"))
	if err != nil {
		t.Fatal(err)
	}
	w.Setenv("TWCLOUD_ENDPOINT=http://127.0.0.1")
	if err := errors.Join(w.UseMirror("mirror"), w.UseBinary(Source, "bin")); err != nil {
		t.Fatal(err)
	}
	var output strings.Builder
	if status, err := w.Run(t.Context(), &output, "env"); status != 0 || err != nil {
		t.Fatal(status, err)
	}
	env := strings.Split(output.String(), "\n")
	for variable, want := range map[string]bool{
		"TF_LOG=TRACE": false, "tf_cli_args=-json": false, "TWCLOUD_TOKEN=t": false, "https_proxy=http://proxy": false, "GOGC=off": false, "GODEBUG=x=y": false,
		"TFX=1": true, "TF_CLI_ARGS=-no-color": true, "TWCLOUD_ENDPOINT=http://127.0.0.1": true, "TF_CLI_CONFIG_FILE=" + filepath.Join(w.Dir, CLIConfigFile): true,
	} {
		if slices.Contains(env, variable) != want {
			t.Errorf("%s in the environment: %t, want %t", variable, !want, want)
		}
	}

	if status, err := w.Run(t.Context(), &output, "fail"); status != 3 || err != nil || !strings.HasSuffix(output.String(), "problem\n") {
		t.Errorf("exit status %d, %v, output %q", status, err, output.String())
	}
	if got, err := w.Resources(t.Context()); err == nil {
		t.Errorf("without a state: %v", got)
	}
	state := `{"values":{"root_module":{"resources":[{"address":"a.b","tainted":true,"values":{"key":"k"}}]}}}`
	if err := w.Write("state.json", state); err != nil {
		t.Fatal(err)
	}
	got, err := w.Resources(t.Context())
	if err != nil || len(got) != 1 || got[0].Address != "a.b" || !got[0].Tainted || got[0].Values["key"] != "k" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestBuild_fails(t *testing.T) {
	t.Parallel()
	if err := Build(t.Context(), "no/such/package", filepath.Join(t.TempDir(), "x")); err == nil || !strings.Contains(err.Error(), "unable to build no/such/package") {
		t.Errorf("error %v", err)
	}
}
