// Command picture draws the output of the demo as a picture of a terminal, for the
// README:
//
//	go run ./internal/demo | go run ./internal/demo/picture -sections 3,5 >.github/demo.svg
//
// It has these sections, and what comes before the first and after the last. An
// ellipsis marks what is left out.
package main

import (
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

func main() {
	sections := flag.String("sections", "", "numbers of the sections to draw, separated by commas")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *sections); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// run draws the output of a demo that passed.
func run(in io.Reader, out io.Writer, sections string) error {
	input, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	output := string(input)
	if !strings.Contains(output, "\n"+lastHeading+"\n") || strings.Contains(output, " ✗ ") {
		return fmt.Errorf("the demo did not pass:\n%s", output)
	}
	_, err = io.WriteString(out, draw(shorten(output, strings.Split(sections, ","))))
	return err
}

const (
	ellipsis    = "⋯"
	lastHeading = "Summary"
)

var (
	heading = regexp.MustCompile(`^([0-9]+)  \S`)

	// The CLI prints these lines for every plan.
	boilerplate = regexp.MustCompile(`^ │ (.*Refreshing state\.\.\.|\S+ used the selected providers|plan\. Resource actions` +
		`|  [+~-] (create|update in-place|destroy)$|\S+ will perform the following|  with twcloud_|  on main\.tf|  +\d+: resource)`)
)

// shorten returns the lines of the sections, without boilerplate.
func shorten(output string, sections []string) (lines []string) {
	shown := true
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		if found := heading.FindStringSubmatch(line); found != nil {
			show := slices.Contains(sections, found[1])
			if shown && !show {
				lines = append(lines, ellipsis, "")
			}
			shown = show
		}
		shown = shown || line == lastHeading
		const omitted = " │ " + ellipsis
		switch {
		case !shown:
		case !boilerplate.MatchString(line):
			lines = append(lines, line)
		case lines[len(lines)-1] != omitted:
			lines = append(lines, omitted)
		}
	}
	return lines
}

// Colors of a dark terminal, with enough contrast to read.
const (
	plain  = "#c9d1d9"
	bright = "#f0f6fc"
	faint  = "#7d8590"
	green  = "#56d364"
	yellow = "#e3b341"
	red    = "#ff7b72"
	blue   = "#79c0ff"
)

// styles are the colors of lines, by their text. The first match counts.
var styles = []struct {
	line  *regexp.Regexp
	color string
	bold  bool
}{
	{regexp.MustCompile(`^ │ +(# \(|` + ellipsis + `)|^` + ellipsis), faint, false},
	{regexp.MustCompile(`^ │ +\+ `), green, false},
	{regexp.MustCompile(`^ │ +~ `), yellow, false},
	{regexp.MustCompile(`^ │ +- `), red, false},
	{regexp.MustCompile(`^ │ Warning: `), yellow, true},
	{regexp.MustCompile(`^ │ (Apply|Destroy) complete!`), green, true},
	{regexp.MustCompile(`^ │ (Plan: |No changes\.|  # )|^ \$`), bright, true},
	{regexp.MustCompile(`^ ✓`), bright, false},
	{regexp.MustCompile(`^([0-9]+  |The Terraform provider|` + lastHeading + `)`), blue, true},
	{regexp.MustCompile(``), plain, false},
}

var (
	mark       = regexp.MustCompile(`^ [│✓$]`)
	markColors = map[string]string{" │": "#484f58", " ✓": green, " $": faint}
)

// Sizes in pixels.
const (
	letterSize, letterWidth, lineHeight = 14, 8.4, 20
	margin, titleHeight                 = 24, 40
)

// draw returns an SVG of a terminal with these lines.
func draw(lines []string) string {
	columns := 84
	for _, line := range lines {
		columns = max(columns, utf8.RuneCountInString(line))
	}
	width := 2*margin + float64(columns)*letterWidth
	height := titleHeight + 2*margin + len(lines)*lineHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" width="%.0f" height="%d" role="img" aria-labelledby="title">
<title id="title">Output of make demo: Terraform finds and repairs changes that were made in TWCloud Admin, even of the secret</title>
<rect x="0.5" y="0.5" width="%.0f" height="%d" rx="10" fill="#0d1117" stroke="#30363d"/>
<path d="M1 40 V10 a9 9 0 0 1 9 -9 H%.0f a9 9 0 0 1 9 9 V40 z" fill="#161b22"/>
<circle cx="24" cy="20" r="6" fill="#ff5f57"/><circle cx="44" cy="20" r="6" fill="#febc2e"/><circle cx="64" cy="20" r="6" fill="#28c840"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="%d">
<text x="%.0f" y="25" fill="%s" text-anchor="middle">make demo</text>
`, width, height, width, height, width-1, height-1, width-10, letterSize, width/2, faint)
	for i, line := range lines {
		y := titleHeight + margin + i*lineHeight + letterSize
		for _, style := range styles {
			if !style.line.MatchString(line) {
				continue
			}
			// The mark at the beginning has its own color.
			column := 0
			if found := mark.FindString(line); found != "" {
				b.WriteString(text(found, 0, y, markColors[found], false))
				line, column = strings.TrimPrefix(line, found), utf8.RuneCountInString(found)
			}
			b.WriteString(text(line, column, y, style.color, style.bold))
			break
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// text puts letters into their columns, whatever the width of the font is. Spaces
// do not break: viewers of SVG collapse others.
func text(letters string, column, y int, color string, bold bool) string {
	trimmed := strings.TrimLeft(letters, " ")
	column += len(letters) - len(trimmed)
	if trimmed = strings.TrimRight(trimmed, " "); trimmed == "" {
		return ""
	}
	weight := ""
	if bold {
		weight = ` font-weight="bold"`
	}
	return fmt.Sprintf(`<text x="%.1f" y="%d" fill="%s"%s textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n",
		margin+float64(column)*letterWidth, y, color, weight, float64(utf8.RuneCountInString(trimmed))*letterWidth, html.EscapeString(strings.ReplaceAll(trimmed, " ", "\u00a0")))
}
