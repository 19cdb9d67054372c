package main

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// pictured are the numbers of the sections that the picture in the README has. It
// also has what comes before the first section and after the last.
var pictured = []string{"3", "5"}

const ellipsis = "⋯"

var (
	numbered = regexp.MustCompile(`^([0-9]+)  \S`)

	// The CLI prints these lines for every plan.
	boilerplate = regexp.MustCompile(`^ │ (.*Refreshing state\.\.\.|\S+ used the selected providers|plan\. Resource actions` +
		`|  [+~-] (create|update in-place|destroy)$|\S+ will perform the following|  with twcloud_|  on main\.tf|  +\d+: resource)`)
)

// shorten returns the lines of the pictured sections, without boilerplate. An
// ellipsis marks what is left out.
func shorten(output string) (lines []string) {
	shown := true
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		if found := numbered.FindStringSubmatch(line); found != nil {
			show := slices.Contains(pictured, found[1])
			if shown && !show {
				lines = append(lines, ellipsis, "")
			}
			shown = show
		}
		shown = shown || line == summary
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

// styles are the attributes of lines, by their text. The first match counts. The
// colors are those of a dark terminal, with enough contrast to read.
var styles = []struct {
	line       *regexp.Regexp
	attributes string
}{
	{regexp.MustCompile(`^ │ +(# \(|` + ellipsis + `)|^` + ellipsis), `fill="#7d8590"`},
	{regexp.MustCompile(`^ │ +\+ `), `fill="#56d364"`},
	{regexp.MustCompile(`^ │ +~ `), `fill="#e3b341"`},
	{regexp.MustCompile(`^ │ +- `), `fill="#ff7b72"`},
	{regexp.MustCompile(`^ │ Warning: `), `fill="#e3b341" font-weight="bold"`},
	{regexp.MustCompile(`^ │ (Apply|Destroy) complete!`), `fill="#56d364" font-weight="bold"`},
	{regexp.MustCompile(`^ │ (Plan: |No changes\.|  # )|^ \$`), `fill="#f0f6fc" font-weight="bold"`},
	{regexp.MustCompile(`^([0-9]+  |The Terraform provider|` + summary + `)`), `fill="#79c0ff" font-weight="bold"`},
	{regexp.MustCompile(``), `fill="#c9d1d9"`},
}

// marks are the colors of what a line can begin with.
var marks = map[string]string{" │": "#484f58", " ✓": "#56d364", " $": "#7d8590"}

// draw draws a terminal with these lines, as SVG.
func draw(lines []string) string {
	const fontSize, letterWidth, lineHeight, margin, titleHeight = 14, 8.4, 20, 24, 40
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
<text x="%.0f" y="25" fill="#7d8590" text-anchor="middle">make demo</text>
`, width, height, width, height, width-1, height-1, width-10, fontSize, width/2)
	for i, line := range lines {
		attributes := ""
		for _, style := range slices.Backward(styles) {
			if style.line.MatchString(line) {
				attributes = style.attributes
			}
		}
		// Viewers of SVG collapse spaces that break.
		text := strings.ReplaceAll(html.EscapeString(line), " ", "\u00a0")
		for mark, color := range marks {
			if strings.HasPrefix(line, mark) {
				mark = strings.ReplaceAll(mark, " ", "\u00a0")
				text = fmt.Sprintf(`<tspan fill="%s" font-weight="normal">%s</tspan>`, color, mark) + strings.TrimPrefix(text, mark)
			}
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" %s>%s</text>`+"\n", margin, titleHeight+margin+i*lineHeight+fontSize, attributes, text)
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}
