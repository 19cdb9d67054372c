package main

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseLatencies(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]time.Duration{
		"0,5,50ms":  {0, 5e6, 50e6},
		"0":         {0},
		"1, 2":      {1e6, 2e6},
		"1ms,2s":    {1e6, 2e9},
		"0.5,1.5ms": {5e5, 15e5},
		"":          nil,
		"-1ms":      nil,
		"5,":        nil,
		"fast":      nil,
	} {
		got, err := parseLatencies(list)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: got %v, %v", list, got, err)
		}
	}
}

func TestParseOptions(t *testing.T) {
	t.Parallel()
	o, err := parseOptions(nil, io.Discard)
	if err != nil || !slices.Equal(o.sizes, []int{1, 100, 1000}) || len(o.latencies) != 3 || len(o.scenarios) != 5 || o.rounds != 0 {
		t.Errorf("by default: %+v, %v", o, err)
	}
	o, err = parseOptions([]string{"-quick", "-rounds", "7"}, io.Discard)
	if err != nil || !slices.Equal(o.sizes, []int{1000}) || !slices.Equal(o.latencies, []time.Duration{0, 50e6}) ||
		len(o.scenarios) != 1 || o.rounds != 7 {
		t.Errorf("quick: %+v, %v", o, err)
	}
	for _, wrong := range []string{"-n=0", "-n=x", "-latency=x", "-scenario=none", "-secret=none", "-rounds=-1", "left"} {
		if o, err := parseOptions([]string{wrong}, io.Discard); err == nil {
			t.Errorf("%s: %+v", wrong, o)
		}
	}
}

func TestNeutralEnvironment(t *testing.T) {
	t.Parallel()
	got := neutralEnvironment([]string{
		"PATH=/bin", "TF_LOG=trace", "TWCLOUD_TOKEN=x", "GOGC=off", "https_proxy=http://localhost", "GODEBUG=x", "HOME=/root",
	})
	if strings.Join(got, " ") != "PATH=/bin HOME=/root" {
		t.Errorf("got %v", got)
	}
}
