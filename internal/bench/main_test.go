package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/terraformcli"
)

// prepared is what several tests share: building takes the most of their time.
var prepared struct {
	once  sync.Once
	dir   string
	built binaries
	err   error
}

func TestMain(m *testing.M) {
	if size := os.Getenv(appetiteVariable); size != "" {
		os.Exit(useUp(size))
	}
	code := m.Run()
	if prepared.dir != "" {
		_ = os.RemoveAll(prepared.dir)
	}
	os.Exit(code)
}

// prepare builds the provider, the floor and the shim, and finds a Terraform.
func prepare(t *testing.T) (terraform string, built binaries) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("Acceptance tests skipped unless env 'TF_ACC' set")
	}
	terraform, err := terraformcli.Find(t.Context(), terraformcli.CacheDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return terraform, buildOnce(t)
}

// buildOnce builds the provider, the floor and the shim.
func buildOnce(t *testing.T) binaries {
	t.Helper()
	prepared.once.Do(func() {
		//nolint:usetesting // It outlives the test that comes first.
		if prepared.dir, prepared.err = os.MkdirTemp("", "twcloud-bench-test-"); prepared.err != nil {
			return
		}
		prepared.built, prepared.err = build(context.Background(), prepared.dir)
	})
	if prepared.err != nil {
		t.Fatal(prepared.err)
	}
	return prepared.built
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	contenders := []*contender{{kind: floor}, {kind: ours}, {kind: ours, latency: 5}, {kind: ours, latency: 50}}
	find := func(name string) scenario {
		chosen, err := parseScenarios(name)
		if err != nil {
			t.Fatal(err)
		}
		return chosen[0]
	}
	for _, test := range []struct {
		asked, size       int
		scenario          string
		wantRounds, wantN int
	}{
		{0, 1000, "plan", 5, 4},
		{2, 1000, "plan", 2, 4},
		{0, 1000, "norefresh", 5, 2},
		{0, 1000, "change", 3, 4},
		{0, 100, "create", 3, 4},
		{0, 1000, "create", 1, 3},
		{2, 1000, "create", 2, 4},
		{0, 1000, "destroy", 1, 3},
	} {
		b := &bench{options: options{rounds: test.asked, latencies: []time.Duration{0, 5, 50}}}
		rounds, field := b.schedule(find(test.scenario), test.size, contenders)
		if rounds != test.wantRounds || len(field) != test.wantN {
			t.Errorf("%s of %d, asked for %d rounds: %d rounds of %d", test.scenario, test.size, test.asked, rounds, len(field))
		}
	}
}

// A generic REST provider that fails does not fail the benchmark.
func TestAccBench_leavesOut(t *testing.T) {
	t.Parallel()
	terraform, built := prepare(t)
	opts, err := parseOptions([]string{"-n", "1", "-latency", "0", "-rounds", "1", "-scenario", "plan"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{options: opts, dir: t.TempDir(), terraform: terraform, built: built, restAPI: built.floor, progress: io.Discard}
	results, err := b.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 || b.absence == "" {
		t.Errorf("%d results, absence %q", len(results), b.absence)
	}
}

// Everything is run once, with few consumers: that each scenario does what it
// says is verified by the benchmark itself.
func TestAccBench_measures(t *testing.T) {
	t.Parallel()
	terraform, built := prepare(t)
	for _, secret := range secretKinds() {
		t.Run(secret, func(t *testing.T) {
			t.Parallel()
			opts, err := parseOptions([]string{"-n", "2", "-latency", "0,1ms", "-rounds", "1", "-secret", secret}, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if secret != string(storedSecret) {
				opts.scenarios = opts.scenarios[:1]
			}
			b := &bench{options: opts, dir: filepath.Join(t.TempDir(), "work"), terraform: terraform, built: built, progress: io.Discard}
			results, err := b.measure(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range opts.scenarios {
				for _, at := range []point{{s.name, 2, floor, 0}, {s.name, 2, ours, 0}} {
					samples := results[at]
					if len(samples) != 1 {
						t.Fatalf("%v: %d samples", at, len(samples))
					}
					if got := samples[0]; got.wall <= 0 || got.providerCPU <= 0 || got.terraformCPU <= 0 || got.processes == 0 {
						t.Errorf("%v: %+v", at, got)
					}
				}
				if _, slow := results[point{s.name, 2, ours, opts.latencies[1]}]; slow == s.silent {
					t.Errorf("%s: measured with the second latency: %t", s.name, slow)
				}
			}
		})
	}
}
