package main

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// Measures, in pixels. A monospaced letter is about 0.6 of its height wide.
const (
	letterSize   = 14.0
	letterWidth  = 8.4
	lineHeight   = 20.0
	margin       = 24.0
	titleHeight  = 40.0
	cornerRadius = 10.0
	minColumns   = 84
)

// colours are those of a dark terminal, each with enough contrast to be read.
const (
	background = "#0d1117"
	bar        = "#161b22"
	border     = "#30363d"
	quoteBar   = "#484f58"
	plain      = "#c9d1d9"
	bright     = "#f0f6fc"
	faint      = "#7d8590"
	green      = "#56d364"
	yellow     = "#e3b341"
	red        = "#ff7b72"
	blue       = "#79c0ff"
)

// run of letters of one colour.
type span struct {
	text, colour string
	bold         bool
}

// draw returns an SVG of a terminal with these lines.
func draw(lines []string) string {
	columns := minColumns
	for _, line := range lines {
		columns = max(columns, utf8.RuneCountInString(line))
	}
	width := 2*margin + float64(columns)*letterWidth
	height := titleHeight + 2*margin + float64(len(lines))*lineHeight

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-labelledby="title">`+"\n",
		width, height, width, height)
	b.WriteString("<title id=\"title\">What make demo says: Terraform finds and repairs what was changed in TWCloud Admin, the secret included</title>\n")
	fmt.Fprintf(&b, `<rect x="0.5" y="0.5" width="%.0f" height="%.0f" rx="%.0f" fill="%s" stroke="%s"/>`+"\n",
		width-1, height-1, cornerRadius, background, border)
	fmt.Fprintf(&b, `<path d="M1 %[1]g V%[2]g a%[3]g %[3]g 0 0 1 %[3]g -%[3]g H%[4]g a%[3]g %[3]g 0 0 1 %[3]g %[3]g V%[1]g z" fill="%[5]s"/>`+"\n",
		titleHeight, cornerRadius, cornerRadius-1, width-cornerRadius, bar)
	for i, colour := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%g" cy="%g" r="6" fill="%s"/>`+"\n", margin+float64(i)*20, titleHeight/2, colour)
	}
	fmt.Fprintf(&b, `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace" font-size="%g" xml:space="preserve">`+"\n", letterSize)
	fmt.Fprintf(&b, `<text x="%g" y="%g" fill="%s" text-anchor="middle">make demo</text>`+"\n", width/2, titleHeight/2+letterSize/3, faint)
	for i, line := range lines {
		y := titleHeight + margin + float64(i)*lineHeight + letterSize
		column := 0
		for _, span := range paint(line) {
			b.WriteString(span.draw(column, y))
			column += utf8.RuneCountInString(span.text)
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// draw places the letters in their columns, whatever font there is. Blanks at the
// ends are left out: not every reader of SVG keeps them.
func (s span) draw(column int, y float64) string {
	trimmed := strings.TrimLeft(s.text, " ")
	column += len(s.text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, " ")
	if trimmed == "" {
		return ""
	}
	weight := ""
	if s.bold {
		weight = ` font-weight="bold"`
	}
	return fmt.Sprintf(`<text x="%.1f" y="%.0f" fill="%s"%s textLength="%.1f" lengthAdjust="spacingAndGlyphs">%s</text>`+"\n",
		margin+float64(column)*letterWidth, y, s.colour, weight,
		float64(utf8.RuneCountInString(trimmed))*letterWidth, html.EscapeString(trimmed))
}

// paint gives a line its colours, by what begins it.
func paint(line string) []span {
	if quoted, ok := strings.CutPrefix(line, " │"); ok {
		return append([]span{{text: " │", colour: quoteBar}}, paintQuote(quoted)...)
	}
	switch trimmed := strings.TrimSpace(line); {
	case strings.HasPrefix(trimmed, "✓"):
		_, claim, _ := strings.Cut(line, "✓")
		return []span{{text: " ✓", colour: green, bold: true}, {text: claim, colour: bright}}
	case strings.HasPrefix(trimmed, "$ "):
		return []span{{text: " $", colour: faint}, {text: strings.TrimPrefix(line, " $"), colour: bright, bold: true}}
	case trimmed == ellipsis:
		return []span{{text: line, colour: faint}}
	case chapterTitle.MatchString(line), trimmed == "What is left", strings.HasPrefix(line, "A tour of"):
		return []span{{text: line, colour: blue, bold: true}}
	}
	return []span{{text: line, colour: plain}}
}

// paintQuote paints a line of the CLI.
func paintQuote(line string) []span {
	trimmed := strings.TrimSpace(line)
	switch {
	case strings.HasPrefix(trimmed, "+ "):
		return []span{{text: line, colour: green}}
	case strings.HasPrefix(trimmed, "~ "):
		return []span{{text: line, colour: yellow}}
	case strings.HasPrefix(trimmed, "- "):
		return []span{{text: line, colour: red}}
	case strings.HasPrefix(trimmed, "Warning: "):
		return []span{{text: line, colour: yellow, bold: true}}
	case strings.HasPrefix(trimmed, "# ("), trimmed == ellipsis:
		return []span{{text: line, colour: faint}}
	case strings.HasPrefix(trimmed, "Plan: "), strings.HasPrefix(trimmed, "No changes."), strings.HasPrefix(trimmed, "# "):
		return []span{{text: line, colour: bright, bold: true}}
	case strings.HasPrefix(trimmed, "Apply complete!"), strings.HasPrefix(trimmed, "Destroy complete!"):
		return []span{{text: line, colour: green, bold: true}}
	}
	return []span{{text: line, colour: plain}}
}
