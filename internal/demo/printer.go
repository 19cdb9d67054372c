package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
)

// printer formats the output. It keeps what was printed, so that the demo can
// check that no secret is in it.
type printer struct {
	out   io.Writer
	color bool

	section int
	mu      sync.Mutex
	printed bytes.Buffer
}

// supportsColor says whether out is a terminal whose user allows color. See
// https://no-color.org.
func supportsColor(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// ANSI styles that are readable on any background.
const (
	bold  = "1"
	faint = "2"
	green = "32"
	red   = "31"
)

func (p *printer) style(style, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Write prints text as it is.
func (p *printer) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printed.Write(text)
	return p.out.Write(text)
}

// hasPrinted says whether a text is in the output.
func (p *printer) hasPrinted(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Contains(p.printed.Bytes(), []byte(text))
}

func (p *printer) line(format string, args ...any) { _, _ = fmt.Fprintf(p, format+"\n", args...) }

func (p *printer) title(text string) { p.line("%s", p.style(bold, text)) }

// heading begins a numbered section.
func (p *printer) heading(text string) {
	p.section++
	p.line("\n%s", p.style(bold, fmt.Sprintf("%d  %s", p.section, text)))
}

// indent prints paragraphs or code.
func (p *printer) indent(text string) {
	for line := range strings.Lines(text) {
		p.line("%s", strings.TrimRight("   "+line, " \n"))
	}
}

// progress shows a text on a terminal until done is called.
func (p *printer) progress(text string) (done func()) {
	if !p.color {
		return func() {}
	}
	_, _ = io.WriteString(p, p.style(faint, text))
	return func() { _, _ = io.WriteString(p, "\r\x1b[K") }
}

func (p *printer) command(line string) { p.line(" %s %s", p.style(faint, "$"), p.style(bold, line)) }

func (p *printer) passed(text string) { p.line(" %s %s", p.style(green, "✓"), text) }

func (p *printer) failed(text string) { p.line(" %s %s", p.style(red, "✗"), text) }

// A line may have styles and no text.
var blank = regexp.MustCompile("^(\x1b\\[[0-9;]*m|\\s)*$")

// quote prints the output of a program, without blank lines, behind a bar.
func (p *printer) quote(output string) {
	for line := range strings.Lines(output) {
		if !blank.MatchString(line) {
			p.line(" %s %s", p.style(faint, "│"), strings.TrimRight(line, " \r\n"))
		}
	}
}
