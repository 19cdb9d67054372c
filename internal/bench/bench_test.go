package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

// memoryVariable makes this test binary a program that uses 32 MiB and exits with
// memoryStatus.
const (
	memoryVariable = "TWCLOUD_BENCH_TEST_MEMORY"
	memoryStatus   = 7
)

// In the tests, this test binary is the wrapper.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(programVariable) != "":
		os.Exit(wrap())
	case os.Getenv(memoryVariable) != "":
		fmt.Print(len(use(32)), " MiB")
		os.Exit(memoryStatus)
	}
	os.Exit(m.Run())
}

// use returns as many MiB that are in use.
func use(size int) [][1 << 20]byte {
	memory := make([][1 << 20]byte, size)
	for i := range memory {
		for j := 0; j < len(memory[i]); j += 4096 { // one byte of each page
			memory[i][j] = 1
		}
	}
	return memory
}

// TestWrapper shows that the wrapper records what the program uses, even if the
// wrapper's parent is larger.
func TestWrapper(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a shell script stands in for the program")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	large := use(256)
	// A wrapper inherits the environment, so a script removes what makes this binary
	// a wrapper from that of the program.
	folder, program := t.TempDir(), filepath.Join(t.TempDir(), "program")
	script := fmt.Sprintf("#!/bin/sh\nunset %s\nexec '%s'\n", programVariable, self)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), programVariable+"="+program, usageVariable+"="+folder, memoryVariable+"=1")
	output, err := cmd.Output()
	runtime.KeepAlive(large)
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != memoryStatus || string(output) != "32 MiB" {
		t.Fatalf("neither the program's exit status nor its output: %v, %q", err, output)
	}
	used, err := readUsage(folder)
	if err != nil || used.processes != 1 || used.CPU <= 0 {
		t.Errorf("got %+v, %v", used, err)
	}
	// The race detector multiplies what a program uses.
	if runtime.GOOS == "linux" && (used.Peak < 32<<20 || used.Peak > 200<<20) {
		t.Errorf("a program that uses 32 MiB has a peak of %d MiB", used.Peak>>20)
	}
}

func TestReadUsage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if got, err := readUsage(folder); err == nil {
		t.Errorf("without a process: %+v", got)
	}
	for name, content := range map[string]string{"1": `{"CPU":2000,"Peak":5}`, "2": `{"CPU":3000,"Peak":4}`} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := readUsage(folder); err != nil || got != (usage{CPU: 5000, Peak: 5, processes: 2}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "3"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readUsage(folder); err == nil {
		t.Errorf("a process was killed: %+v", got)
	}
}

func TestParseOptions(t *testing.T) {
	t.Parallel()
	o, err := parseOptions(nil, io.Discard)
	if err != nil || !slices.Equal(o.sizes, []int{1, 100, 1000}) || len(o.latencies) != 3 || len(o.scenarios) != len(scenarios) || o.rounds != 3 {
		t.Errorf("default: %+v, %v", o, err)
	}
	o, err = parseOptions([]string{"-quick", "-n", "7"}, io.Discard)
	if err != nil || !slices.Equal(o.sizes, []int{7}) || !slices.Equal(o.latencies, []time.Duration{0, 50e6}) || len(o.scenarios) != 1 {
		t.Errorf("quick: %+v, %v", o, err)
	}
	for _, wrong := range []string{"-n=0", "-n=x", "-latency=x", "-latency=-1ms", "-scenario=none", "-secret=none", "-rounds=0", "surplus"} {
		if o, err := parseOptions([]string{wrong}, io.Discard); err == nil {
			t.Errorf("%s: %+v", wrong, o)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	samples := func(count, peak float64, seconds ...float64) (samples []sample) {
		for _, s := range seconds {
			samples = append(samples, sample{s, s / 2, s / 4, peak, count})
		}
		return samples
	}
	var out strings.Builder
	b := bench{out: &out}
	b.header()
	b.report(row{scenarios[0], 1000, 0, map[string][]sample{
		floor: samples(0, 100, 4, 2, 8), ours: samples(1, 0, 1, 1, 2), generic: samples(1000, 50, 10),
	}})
	b.report(row{scenarios[0], 1000, 50e6, map[string][]sample{floor: samples(0, 100, 4, 2, 8), ours: samples(1, 20, 3.6, 1.8)}})
	got := regexp.MustCompile(" +").ReplaceAllString(out.String(), " ")
	// Each round has its own ratio, and an unknown peak has none.
	want := `
no-change plan 1000 0s provider 1.00 s 0.50 s 0.25 s 0 MiB 1
 / floor 0.25× (0.25–0.5) 0.25× (0.25–0.5) 0.25× (0.25–0.5) - -
 / generic REST 0.1× (0.1–0.1) 0.1× (0.1–0.1) 0.1× (0.1–0.1) - 0.001× (0.001–0.001)
no-change plan 1000 50ms provider 2.70 s 1.35 s 0.68 s 20 MiB 1
 / floor 0.9× (0.9–0.9) 0.9× (0.9–0.9) 0.9× (0.9–0.9) 0.2× (0.2–0.2) -
`
	if !strings.HasSuffix(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestAccRun runs everything with a few consumers. The benchmark itself verifies
// that each scenario does what it should.
func TestAccRun(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	for secret, names := range map[string]string{"stored": "plan,norefresh,change,create,destroy", "write-only": "plan,change", "versioned": "plan,change"} {
		t.Run(secret, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := run(t.Context(), []string{"-n", "2", "-latency", "0,1ms", "-rounds", "1", "-silent", "-secret", secret, "-scenario", names}, &out, io.Discard); err != nil {
				t.Fatal(err)
			}
			for name := range strings.SplitSeq(names, ",") {
				sc, err := findScenario(name)
				if err != nil {
					t.Fatal(err)
				}
				sent := map[string]string{"plan": "1", "norefresh": "0", "change": "2", "create": "7", "destroy": "4"}[name]
				row := regexp.QuoteMeta(sc.title) + ` +2 +0s +provider .* ` + sent + `\n +/ floor +[0-9.]+× \(.*\n +/ silent floor +[0-9.]+× \(.*\n` +
					regexp.QuoteMeta(sc.title) + ` +2 +1ms +provider .* ` + sent + `\n`
				if !regexp.MustCompile(row).MatchString(out.String()) {
					t.Errorf("%q is not in\n%s", row, out.String())
				}
			}
		})
	}
}

// TestAccMultiplied runs with a state that was not created: a plan without changes
// shows that it is as if it was.
func TestAccMultiplied(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	for _, secret := range []string{"stored", "versioned"} {
		o, err := parseOptions([]string{"-n", "1", "-latency", "0", "-rounds", "1", "-scenario", "plan,destroy", "-secret", secret}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		cli, err := terraformcli.Find(t.Context(), io.Discard)
		if err != nil {
			t.Skip(err)
		}
		b := &bench{options: o, out: io.Discard, progress: io.Discard}
		if err := b.build(t.Context(), cli, t.TempDir()); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.contenders {
			if c.provider != ours {
				continue
			}
			if err := b.create(t.Context(), c, 1); err != nil {
				t.Fatal(err)
			}
			many, err := c.created[1].multiplied(3)
			if err != nil {
				t.Fatal(err)
			}
			for _, sc := range o.scenarios {
				_, end, err := c.run(t.Context(), row{size: 3}, secret, many, sc.command)
				if err == nil {
					err = sc.verify(end.consumers, 3)
				}
				if err != nil {
					t.Errorf("%s, %s: %v", secret, sc.title, err)
				}
			}
		}
	}
}

// TestAccGeneric names a missing binary, because not everybody has the generic
// provider. Terraform reads the configuration, which has no mistake, and fails.
func TestAccGeneric(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	t.Setenv(genericVariable, "missing")
	err := run(t.Context(), []string{"-n", "1", "-latency", "0", "-scenario", "plan"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "apply -auto-approve") || strings.Contains(err.Error(), "main.tf") {
		t.Errorf("error %v, want one about the binary", err)
	}
}
