package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestSpreadOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		want   string
	}{
		{nil, "-"},
		{[]float64{0.5}, "0.50"},
		{[]float64{3, 1, 2}, "2.00 (1.00–3.00)"},
		{[]float64{4, 1, 2, 3}, "2.50 (1.00–4.00)"},
	} {
		if got := spreadOf(test.values).String(); got != test.want {
			t.Errorf("%v: got %s, want %s", test.values, got, test.want)
		}
	}
}

// Rounds are compared with one another: what disturbed both of a round is in
// neither's ratio.
func TestRatio(t *testing.T) {
	t.Parallel()
	seconds := func(values ...int) []sample {
		var samples []sample
		for _, value := range values {
			samples = append(samples, sample{cost: cost{wall: time.Duration(value) * time.Second}})
		}
		return samples
	}
	if got := ratio(seconds(1, 10, 2), seconds(2, 20, 4), wall); got != (spread{0.5, 0.5, 0.5, 3}) {
		t.Errorf("got %v", got)
	}
	if got := ratio(seconds(1), seconds(2), providerPeak); got.count != 0 {
		t.Errorf("what is not known has been compared: %v", got)
	}
	if got := ratio(seconds(1), nil, wall); got.count != 0 {
		t.Errorf("got %v of nothing", got)
	}
}

var spaces = regexp.MustCompile(" +")

func TestReport(t *testing.T) {
	t.Parallel()
	opts, err := parseOptions([]string{"-n", "1000", "-latency", "0,50ms", "-scenario", "plan"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	cost := func(tenths, megabytes int) cost {
		spent := time.Duration(tenths) * 100 * time.Millisecond
		return cost{wall: spent, providerCPU: spent / 2, terraformCPU: spent / 4, providerPeak: int64(megabytes) << 20, processes: 3}
	}
	seen := traffic{logins: 1, logouts: 1, lists: 1}
	results := measurements{
		{"plan", 1000, floor, 0}:                  {{cost: cost(40, 100)}, {cost: cost(20, 100)}, {cost: cost(80, 100)}},
		{"plan", 1000, ours, 0}:                   {{cost: cost(10, 20), traffic: seen, connections: 1}, {cost: cost(10, 20), traffic: seen, connections: 1}, {cost: cost(20, 20)}},
		{"plan", 1000, ours, 50e6}:                {{cost: cost(36, 20)}, {cost: cost(18, 20)}, {cost: cost(72, 20)}},
		{"plan", 1000, restAPI, 0}:                {{cost: cost(100, 50), traffic: traffic{others: 1000}, connections: 700}},
		{"plan", 1000, restAPI, time.Millisecond}: nil,
	}
	r := report{options: opts, measurements: results, about: []string{"A machine."}, peakKnown: true}
	for name, test := range map[string]struct {
		change  func(*report)
		want    []string
		wantNot []string
	}{
		"against both": {
			change: func(*report) {},
			want: []string{
				"A machine.",
				"no-change plan 1000 0 ms 0.25 (0.25–0.50) 0.25 (0.25–0.50) 0.25 (0.25–0.50) 0.20 (0.20–0.20) 1 1\n",
				"\n1000 50 ms 0.90 (0.90–0.90)",
				"AGAINST THE GENERIC REST PROVIDER",
				"no-change plan 1000 0 ms 0.10 0.10 0.10 0.40 1 : 1000 1 : 700\n",
				"wall, 0 ms 0.25 of 0.65 reached 0.10 of 0.25 reached\n",
				"wall, 50 ms 0.90 of 0.75 NOT REACHED ? of 0.25 not measured\n",
				"no-change plan 1000 floor - 4.00 s 2.00 s 1.00 s 100.00 MiB 3 3\n",
			},
			wantNot: []string{"left out"},
		},
		"without the generic provider": {
			change:  func(r *report) { r.absence = "It is not here" },
			want:    []string{"AGAINST THE GENERIC REST PROVIDER: left out. It is not here.\n"},
			wantNot: []string{"1 : 1000"},
		},
		"without peaks": {
			change:  func(r *report) { r.peakKnown = false },
			want:    []string{"No peaks of memory: only Linux tells VmHWM.\n"},
			wantNot: []string{"MiB"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := r
			test.change(&r)
			var out strings.Builder
			if err := r.write(&out); err != nil {
				t.Fatal(err)
			}
			// The widths of the columns are not what matters here.
			text := spaces.ReplaceAllString(out.String(), " ")
			text = strings.ReplaceAll(text, "\n ", "\n")
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("there is no %q", want)
				}
			}
			for _, unwanted := range test.wantNot {
				if strings.Contains(text, unwanted) {
					t.Errorf("there is %q", unwanted)
				}
			}
			if t.Failed() {
				t.Log("\n" + out.String())
			}
		})
	}
}
