package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
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

// report writes the ratios to each other provider, and then the medians.
func report(out io.Writer, rows []row) error {
	_, _ = fmt.Fprintln(out, "Ratios compare two runs of one round: median (least–greatest). Less is better. Only ratios count.")
	has := func(provider string) bool { return len(rows[0].samples[provider]) > 0 }
	for _, other := range []string{floor, generic} {
		if !has(other) {
			_, _ = fmt.Fprintf(out, "\nTo compare with the generic REST provider, name its binary in %s.\n", genericVariable)
			continue
		}
		if err := table(out, "PROVIDER / "+strings.ToUpper(other), rows, func(r row, metric int) string {
			if metric == requests {
				return cell(r, ours, metric)
			}
			return ratio(r.samples[ours], r.samples[other], metric)
		}); err != nil {
			return err
		}
	}
	for _, provider := range []string{ours, floor, generic} {
		if !has(provider) {
			continue
		}
		if err := table(out, "Medians of the "+provider+" on this machine", rows, func(r row, metric int) string {
			return cell(r, provider, metric)
		}); err != nil {
			return err
		}
	}
	return nil
}

func table(out io.Writer, title string, rows []row, cell func(r row, metric int) string) error {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintf(table, "\n%s\n\n\tN\tlatency\twall\tprovider CPU\tTerraform CPU\tprovider peak\trequests\n", title)
	for _, r := range rows {
		cells := []string{r.scenario.title, fmt.Sprint(r.size), r.latency.String()}
		for metric := range metrics {
			cells = append(cells, cell(r, metric))
		}
		_, _ = fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}

// cell is the median of a metric, with its unit.
func cell(r row, provider string, metric int) string {
	var values []float64
	for _, s := range r.samples[provider] {
		values = append(values, s[metric])
	}
	return fmt.Sprintf(units[metric], median(values))
}

// ratio compares the samples of the same rounds. It ignores unknown values.
func ratio(these, those []sample, metric int) string {
	var ratios []float64
	for i := range min(len(these), len(those)) {
		if this, that := these[i][metric], those[i][metric]; this > 0 && that > 0 {
			ratios = append(ratios, this/that)
		}
	}
	switch len(ratios) {
	case 0:
		return "-"
	case 1:
		return fmt.Sprintf("%.2f", ratios[0])
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", median(ratios), slices.Min(ratios), slices.Max(ratios))
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
