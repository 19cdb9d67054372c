package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
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

var (
	titles = [metrics]string{"wall", "provider CPU", "Terraform CPU", "provider peak", "requests"}
	units  = [metrics]string{"%.2f s", "%.2f s", "%.2f s", "%.0f MiB", "%.0f"}
)

// report formats results.
type report struct {
	options
	results map[point][]sample
}

func (r report) write(w io.Writer) error {
	var out strings.Builder
	out.WriteString("Ratios compare two runs of one round: median (least–greatest). Less is better. Only ratios count.\n")
	for _, other := range []string{floor, generic} {
		fmt.Fprintf(&out, "\nPROVIDER / %s\n\n", strings.ToUpper(other))
		r.table(&out, ours, func(at point, metric int) string {
			against := point{at.scenario, at.size, other, at.latency}
			if other == floor {
				against.latency = 0
			}
			these, those := r.results[at], r.results[against]
			switch {
			case metric < requests:
				return ratio(these, those, metric)
			case other == floor:
				return fmt.Sprintf("%.0f", median(column(these, metric)))
			}
			return fmt.Sprintf("%.0f : %.0f", median(column(these, metric)), median(column(those, metric)))
		})
		if other == floor && !r.has(generic) {
			fmt.Fprintf(&out, "\nTo compare with the generic REST provider, name its binary in %s.\n", genericVariable)
			break
		}
	}
	for _, provider := range []string{ours, floor, generic} {
		if r.has(provider) {
			fmt.Fprintf(&out, "\nMedians of the %s on this machine\n\n", provider)
			r.table(&out, provider, func(at point, metric int) string {
				return fmt.Sprintf(units[metric], median(column(r.results[at], metric)))
			})
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (r report) has(provider string) bool {
	for at := range r.results {
		if at.provider == provider {
			return true
		}
	}
	return false
}

// table writes a row for each point of a provider.
func (r report) table(out io.Writer, provider string, cell func(at point, metric int) string) {
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(table, strings.Join(cells, "\t")) } // It writes to memory.
	row(append([]string{"", "N", "latency"}, titles[:]...)...)
	for _, sc := range r.scenarios {
		title := sc.title
		for _, size := range r.sizes {
			for _, latency := range r.latencies {
				if provider == floor {
					latency = 0
				}
				at := point{sc.name, size, provider, latency}
				if len(r.results[at]) == 0 {
					continue
				}
				cells := []string{title, fmt.Sprint(size), latencyText(latency)}
				for metric := range metrics {
					cells = append(cells, cell(at, metric))
				}
				row(cells...)
				title = ""
				if provider == floor {
					break
				}
			}
		}
	}
	_ = table.Flush() // It writes to memory.
}

// ratio compares two providers round by round. It ignores unknown values.
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

func column(samples []sample, metric int) (values []float64) {
	for _, s := range samples {
		values = append(values, s[metric])
	}
	return values
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}

func latencyText(latency time.Duration) string {
	if latency == 0 {
		return "0 ms"
	}
	return strings.Replace(latency.String(), "ms", " ms", 1)
}
