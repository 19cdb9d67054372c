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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

// memoryVariable makes this test binary a program that uses so many megabytes,
// prints its VmHWM and exits with memoryStatus.
const (
	memoryVariable = "TWCLOUD_BENCH_TEST_MEMORY"
	memoryStatus   = 7
)

// In the tests, this test binary is the wrapper.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(programVariable) != "":
		os.Exit(runAsWrapper())
	case os.Getenv(memoryVariable) != "":
		os.Exit(useMemory())
	}
	os.Exit(m.Run())
}

func useMemory() int {
	megabytes, err := strconv.Atoi(os.Getenv(memoryVariable))
	if err != nil {
		return 1
	}
	memory := make([]byte, megabytes<<20)
	for i := range memory {
		memory[i] = byte(i)
	}
	fmt.Print(ownPeak())
	runtime.KeepAlive(memory)
	return memoryStatus
}

// The wrapper records what the program itself measures, even if the wrapper's
// parent is larger than the program.
func TestWrapper(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ballast := make([]byte, 200<<20)
	for i := range ballast {
		ballast[i] = byte(i)
	}
	// A wrapper inherits the environment, so a script removes what makes this binary
	// a wrapper from that of the program.
	folder, program := t.TempDir(), filepath.Join(t.TempDir(), "program")
	script := fmt.Sprintf("#!/bin/sh\nunset %s\nexec '%s'\n", programVariable, self)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("a shell script stands in for the program")
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), programVariable+"="+program, usageVariable+"="+folder, memoryVariable+"=64")
	output, err := cmd.Output()
	runtime.KeepAlive(ballast)
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != memoryStatus {
		t.Fatalf("the exit status is not the program's: %v", err)
	}
	own, err := strconv.ParseInt(string(output), 10, 64)
	if err != nil {
		t.Fatalf("the output is not the program's: %q", output)
	}
	used, err := readUsage(folder)
	if err != nil || used.processes != 1 || used.CPU <= 0 {
		t.Errorf("got %+v, %v", used, err)
	}
	// The kernel's counters differ by some pages for each CPU.
	if runtime.GOOS == "linux" && (own < 64<<20 || used.Peak < own-4<<20 || used.Peak > own+8<<20) {
		t.Errorf("the program measured a VmHWM of %d, the wrapper %d", own, used.Peak)
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
	if err != nil || !slices.Equal(o.sizes, []int{1, 100, 1000}) || len(o.latencies) != 3 || len(o.scenarios) != len(scenarios) || o.rounds != 0 {
		t.Errorf("default: %+v, %v", o, err)
	}
	o, err = parseOptions([]string{"-quick", "-n", "7"}, io.Discard)
	if err != nil || !slices.Equal(o.sizes, []int{7}) || !slices.Equal(o.latencies, []time.Duration{0, 50e6}) || len(o.scenarios) != 1 {
		t.Errorf("quick: %+v, %v", o, err)
	}
	for _, wrong := range []string{"-n=0", "-n=x", "-latency=x", "-latency=-1ms", "-scenario=none", "-secret=none", "-rounds=-1", "surplus"} {
		if o, err := parseOptions([]string{wrong}, io.Discard); err == nil {
			t.Errorf("%s: %+v", wrong, o)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-n", "1000", "-latency", "0,50ms", "-scenario", "plan"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	samples := func(count, peak float64, seconds ...float64) (samples []sample) {
		for _, s := range seconds {
			samples = append(samples, sample{s, s / 2, s / 4, peak, count})
		}
		return samples
	}
	r := report{options: o, results: map[point][]sample{
		{"plan", 1000, floor, 0}:      samples(0, 100, 4, 2, 8),
		{"plan", 1000, ours, 0}:       samples(1, 0, 1, 1, 2),
		{"plan", 1000, ours, 50e6}:    samples(1, 20, 3.6, 1.8),
		{"plan", 1000, generic, 0}:    samples(1000, 50, 10),
		{"plan", 1000, generic, 50e6}: samples(1000, 50, 36),
	}}
	text := func() string {
		var out strings.Builder
		if err := r.write(&out); err != nil {
			t.Fatal(err)
		}
		return regexp.MustCompile(" +").ReplaceAllString(out.String(), " ")
	}
	for _, want := range []string{
		"PROVIDER / FLOOR",
		// Each round has its own ratio, and an unknown peak has none.
		"\nno-change plan 1000 0 ms 0.25 (0.25–0.50) 0.25 (0.25–0.50) 0.25 (0.25–0.50) - 1\n",
		"\n 1000 50 ms 0.90 (0.90–0.90) 0.90 (0.90–0.90) 0.90 (0.90–0.90) 0.20 (0.20–0.20) 1\n",
		"PROVIDER / GENERIC REST",
		"\nno-change plan 1000 0 ms 0.10 0.10 0.10 - 1 : 1000\n",
		"\nno-change plan 1000 0 ms 4.00 s 2.00 s 1.00 s 100 MiB 0\n",
	} {
		if !strings.Contains(text(), want) {
			t.Errorf("%q is not in\n%s", want, text())
		}
	}
	for _, latency := range o.latencies {
		delete(r.results, point{"plan", 1000, generic, latency})
	}
	if got := text(); strings.Contains(got, "GENERIC REST") || !strings.Contains(got, genericVariable) {
		t.Errorf("without the generic provider:\n%s", got)
	}
}

// TestAccRun runs everything with a few consumers. The benchmark itself verifies
// that each scenario does what it should.
func TestAccRun(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	const value = `[0-9.]+`
	for secret, names := range map[string]string{"stored": "plan,norefresh,change,create,destroy", "write-only": "plan,change", "versioned": "plan,change"} {
		t.Run(secret, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := run(t.Context(), []string{"-n", "2", "-latency", "0,1ms", "-rounds", "1", "-secret", secret, "-scenario", names}, &out, io.Discard); err != nil {
				t.Fatal(err)
			}
			for name := range strings.SplitSeq(names, ",") {
				sc, err := findScenario(name)
				if err != nil {
					t.Fatal(err)
				}
				sent := map[string]string{"plan": "1", "norefresh": "0", "change": "2", "create": "6", "destroy": "4"}[name]
				rows := regexp.QuoteMeta(sc.title) + ` +2 +0 ms +` + value + ` +` + value + ` +` + value + ` +(` + value + `|-) +` + sent + `\n`
				if !sc.offline {
					rows += ` +2 +1 ms .*\n`
				}
				if !regexp.MustCompile(rows).MatchString(out.String()) {
					t.Errorf("%q is not in\n%s", rows, out.String())
				}
			}
		})
	}
}

// Not everybody has the generic provider; its configuration is at least valid HCL.
func TestAccGenericConfiguration(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	cli, err := terraformcli.Find(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), cli.Path, "fmt", "-check", "-diff", "-")
	cmd.Stdin = strings.NewReader(genericConfiguration("http://127.0.0.1:1", 10))
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
