package main

import (
	"fmt"
	"slices"
)

// The metrics of a sample.
const (
	wall = iota
	providerCPU
	terraformCPU
	providerPeak
	requests
	metrics
)

// sample has seconds, MiB and a count. Zero is an unknown value.
type sample [metrics]float64

var units = [metrics]string{"%.2f s", "%.2f s", "%.2f s", "%.0f MiB", "%.0f"}

// line prints a row of the table.
func (b *bench) line(cells ...any) {
	_, _ = fmt.Fprintf(b.out, "%-20s %6s %7s   %-14s %-20s %-20s %-20s %-20s %s\n", cells...)
}

func (b *bench) header() {
	_, _ = fmt.Fprintln(b.out, "Ratios compare two runs of one round: 0.5× is half as much; median (least–greatest). Less is better. Only ratios count.")
	b.line("", "N", "latency", "", "wall", "provider CPU", "Terraform CPU", "provider peak", "requests")
}

// report prints the medians of the provider, and its ratio to each other provider.
func (b *bench) report(r row) {
	samples := r.samples[ours]
	cells := []any{r.scenario.title, fmt.Sprint(r.size), r.latency, ours}
	for metric, unit := range units {
		var values []float64
		for _, s := range samples {
			values = append(values, s[metric])
		}
		cells = append(cells, fmt.Sprintf(unit, median(values)))
	}
	b.line(cells...)
	for _, other := range []string{floor, silentFloor, generic} {
		if len(r.samples[other]) == 0 {
			continue
		}
		cells := []any{"", "", "", "/ " + other}
		for metric := range metrics {
			cells = append(cells, ratio(samples, r.samples[other], metric))
		}
		b.line(cells...)
	}
}

// ratio compares the samples of the same rounds. It ignores unknown values.
func ratio(these, those []sample, metric int) string {
	var ratios []float64
	for i := range min(len(these), len(those)) {
		if this, that := these[i][metric], those[i][metric]; this > 0 && that > 0 {
			ratios = append(ratios, this/that)
		}
	}
	if len(ratios) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3g× (%.3g–%.3g)", median(ratios), slices.Min(ratios), slices.Max(ratios))
}

// median returns the median of at least one value.
func median(values []float64) float64 {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}
