package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// quantity is something of a sample that is compared.
type quantity struct {
	title string
	of    func(sample) float64
	// unit is what the absolute table divides by and calls it.
	unit   string
	factor float64
}

var (
	wall         = quantity{"wall", func(s sample) float64 { return s.wall.Seconds() }, "s", 1}
	providerCPU  = quantity{"provider CPU", func(s sample) float64 { return s.providerCPU.Seconds() }, "s", 1}
	terraformCPU = quantity{"Terraform CPU", func(s sample) float64 { return s.terraformCPU.Seconds() }, "s", 1}
	providerPeak = quantity{"provider peak", func(s sample) float64 { return float64(s.providerPeak) }, "MiB", 1 << 20}
)

func quantities() []quantity {
	return []quantity{wall, providerCPU, terraformCPU, providerPeak}
}

// spread is a median with the least and the greatest.
type spread struct {
	median, least, greatest float64
	count                   int
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	median := values[middle]
	if len(values)%2 == 0 {
		median = (values[middle-1] + values[middle]) / 2
	}
	return spread{median, values[0], values[len(values)-1], len(values)}
}

func (s spread) String() string {
	switch s.count {
	case 0:
		return "-"
	case 1:
		return fmt.Sprintf("%.2f", s.median)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", s.median, s.least, s.greatest)
}

// ratio compares two contenders round by round. What is zero in either, because
// it is not known, is not compared.
func ratio(these, those []sample, q quantity) spread {
	var ratios []float64
	for i := range min(len(these), len(those)) {
		if this, that := q.of(these[i]), q.of(those[i]); this > 0 && that > 0 {
			ratios = append(ratios, this/that)
		}
	}
	return spreadOf(ratios)
}

// middle is the median of a quantity.
func middle(samples []sample, of func(sample) float64) float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, of(s))
	}
	return spreadOf(values).median
}

// against is where the samples to compare with are: the floor has no latency.
func (p point) against(k kind) point {
	p.kind = k
	if k == floor {
		p.latency = 0
	}
	return p
}

// report is what is printed in the end.
type report struct {
	options
	measurements
	// about says what was run, and on what.
	about []string
	// absence is why there is no generic REST provider; empty if there is one.
	absence string
	// peakKnown says whether the system tells peaks of memory.
	peakKnown bool
}

func (r report) write(w io.Writer) error {
	var out strings.Builder
	for _, line := range r.about {
		out.WriteString(line + "\n")
	}
	out.WriteString("\nRatios: provider / opponent, round by round; median (least–greatest). Less is better.\nOnly ratios are claims.\n")
	if !r.peakKnown {
		out.WriteString("No peaks of memory: only Linux tells VmHWM.\n")
	}
	r.ratios(&out, floor)
	if r.absence == "" {
		r.ratios(&out, restAPI)
	} else {
		out.WriteString("\nAGAINST THE GENERIC REST PROVIDER: left out. " + r.absence + ".\n")
	}
	r.targets(&out)
	r.absolute(&out)
	_, err := io.WriteString(w, out.String())
	return err
}

func newTable(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 3, ' ', 0) }

func row(w io.Writer, cells ...string) {
	_, _ = fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t")) // A strings.Builder takes everything.
}

// points are those of the provider, in the order of the tables.
func (r report) points() []point {
	var points []point
	for _, s := range r.scenarios {
		for _, size := range r.sizes {
			for _, latency := range r.latencies {
				if at := (point{s.name, size, ours, latency}); len(r.measurements[at]) > 0 {
					points = append(points, at)
				}
			}
		}
	}
	return points
}

func (r report) shown() []quantity {
	return slices.DeleteFunc(quantities(), func(q quantity) bool { return q.title == providerPeak.title && !r.peakKnown })
}

func (r report) title(name string) string {
	for _, s := range r.scenarios {
		if s.name == name {
			return s.title
		}
	}
	return name
}

func (r report) ratios(out io.Writer, opponent kind) {
	_, _ = fmt.Fprintf(out, "\nAGAINST THE %s\n\n", strings.ToUpper(map[kind]string{floor: "floor", restAPI: "generic REST provider"}[opponent]))
	table := newTable(out)
	header := []string{"", "N", "latency"}
	for _, q := range r.shown() {
		header = append(header, q.title)
	}
	header = append(header, "requests", "connections")
	row(table, header...)
	previous := ""
	for _, at := range r.points() {
		title := r.title(at.scenario)
		cells := []string{title, fmt.Sprint(at.size), latencyText(at.latency)}
		if title == previous {
			cells[0] = ""
		}
		previous = title
		these, those := r.measurements[at], r.measurements[at.against(opponent)]
		for _, q := range r.shown() {
			cells = append(cells, ratio(these, those, q).String())
		}
		cells = append(cells, counts(these, those, opponent, sample.requests), counts(these, those, opponent, func(s sample) int { return s.connections }))
		row(table, cells...)
	}
	_ = table.Flush() // A strings.Builder takes everything.
	_, _ = fmt.Fprintln(out, "\nRequests are without login and logout; connections are those of all provider processes of a command.")
}

// counts are the medians of a count; with those of the opponent, if it has any.
func counts(these, those []sample, opponent kind, of func(sample) int) string {
	median := func(samples []sample) float64 {
		return middle(samples, func(s sample) float64 { return float64(of(s)) })
	}
	if opponent == floor {
		return fmt.Sprintf("%.0f", median(these))
	}
	return fmt.Sprintf("%.0f : %.0f", median(these), median(those))
}

func latencyText(latency time.Duration) string {
	if latency%time.Millisecond == 0 {
		return fmt.Sprintf("%d ms", latency.Milliseconds())
	}
	return latency.String()
}

// target is a ratio that is to be reached, for a plan of 1000 consumers without
// changes.
type target struct {
	title    string
	quantity quantity
	latency  time.Duration
	atMost   map[kind]float64
}

func targets() []target {
	return []target{
		{"wall, 0 ms", wall, 0, map[kind]float64{floor: 0.65, restAPI: 0.25}},
		{"wall, 50 ms", wall, 50 * time.Millisecond, map[kind]float64{floor: 0.75, restAPI: 0.25}},
		{"provider CPU", providerCPU, 0, map[kind]float64{floor: 0.45, restAPI: 0.15}},
		{"provider peak", providerPeak, 0, map[kind]float64{floor: 0.55, restAPI: 0.60}},
	}
}

func (r report) targets(out io.Writer) {
	_, _ = fmt.Fprintf(out, "\nTARGETS: no-change plan, N = %d\n\n", targetSize)
	table := newTable(out)
	row(table, "", "against the floor", "", "against generic REST", "")
	for _, t := range targets() {
		cells := []string{t.title}
		at := point{"plan", targetSize, ours, t.latency}
		for _, opponent := range []kind{floor, restAPI} {
			got := ratio(r.measurements[at], r.measurements[at.against(opponent)], t.quantity)
			limit := t.atMost[opponent]
			switch {
			case got.count == 0:
				cells = append(cells, fmt.Sprintf("? of %.2f", limit), "not measured")
			case got.median <= limit:
				cells = append(cells, fmt.Sprintf("%.2f of %.2f", got.median, limit), "reached")
			default:
				cells = append(cells, fmt.Sprintf("%.2f of %.2f", got.median, limit), "NOT REACHED")
			}
		}
		row(table, cells...)
	}
	_ = table.Flush() // A strings.Builder takes everything.
}

func (r report) absolute(out io.Writer) {
	_, _ = fmt.Fprint(out, "\nMedians, on this machine at this moment: no claim.\n\n")
	table := newTable(out)
	header := []string{"", "N", "", "latency"}
	for _, q := range r.shown() {
		header = append(header, q.title)
	}
	row(table, append(header, "processes", "rounds")...)
	var all []point
	for at := range r.measurements {
		all = append(all, at)
	}
	order := map[string]int{}
	for i, s := range r.scenarios {
		order[s.name] = i
	}
	rank := map[kind]int{floor: 0, ours: 1, restAPI: 2}
	slices.SortFunc(all, func(a, b point) int {
		return cmp.Or(order[a.scenario]-order[b.scenario], a.size-b.size, rank[a.kind]-rank[b.kind], cmp.Compare(a.latency, b.latency))
	})
	previous := ""
	for _, at := range all {
		samples := r.measurements[at]
		title, latency := r.title(at.scenario), latencyText(at.latency)
		cells := []string{title, fmt.Sprint(at.size), string(at.kind), latency}
		if title == previous {
			cells[0] = ""
		}
		previous = title
		if at.kind == floor {
			cells[3] = "-"
		}
		for _, q := range r.shown() {
			cells = append(cells, fmt.Sprintf("%.2f %s", middle(samples, q.of)/q.factor, q.unit))
		}
		cells = append(cells,
			fmt.Sprintf("%.0f", middle(samples, func(s sample) float64 { return float64(s.processes) })), fmt.Sprint(len(samples)))
		row(table, cells...)
	}
	_ = table.Flush() // A strings.Builder takes everything.
}
