package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// narrator tells the story. It keeps all that was said, so that the story can be
// searched for what must not be in it.
type narrator struct {
	out     io.Writer
	colour  bool
	chapter int

	mu   sync.Mutex
	said bytes.Buffer
}

func newNarrator(out io.Writer, colour bool) *narrator {
	return &narrator{out: out, colour: colour}
}

// isColourful says whether out is a terminal, and its user has nothing against
// colour: https://no-color.org.
func isColourful(out io.Writer, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false
	}
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The styles are few, and of those that can be read on any background.
const (
	bold  = "1"
	faint = "2"
	green = "32"
	red   = "31"
)

func (n *narrator) paint(style, text string) string {
	if !n.colour || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Write writes as is.
func (n *narrator) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said.Write(p)
	return n.out.Write(p)
}

// hasSaid returns those of the words that were written at any time.
func (n *narrator) hasSaid(words ...string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []string
	for _, word := range words {
		if bytes.Contains(n.said.Bytes(), []byte(word)) {
			found = append(found, word)
		}
	}
	return found
}

func (n *narrator) line(text string) {
	_, _ = io.WriteString(n, text+"\n")
}

// title begins the story.
func (n *narrator) title(text string) {
	n.line(n.paint(bold, text))
}

// begin begins a chapter.
func (n *narrator) begin(title string) {
	n.chapter++
	n.line("")
	n.line(n.paint(bold, fmt.Sprintf("%d  %s", n.chapter, title)))
}

// say tells what happens next, line by line.
func (n *narrator) say(format string, args ...any) {
	for text := range strings.Lines(fmt.Sprintf(format, args...)) {
		n.line(strings.TrimRight("   "+text, " \n"))
	}
}

// wait shows, on a terminal, what is waited for, until done is called.
func (n *narrator) wait(text string) (done func()) {
	if !n.colour {
		return func() {}
	}
	_, _ = io.WriteString(n, n.paint(faint, text))
	return func() { _, _ = io.WriteString(n, "\r\x1b[K") }
}

// command shows a command line that is about to be run.
func (n *narrator) command(line string) {
	n.line(" " + n.paint(faint, "$") + " " + n.paint(bold, line))
}

// confirm tells what has been checked.
func (n *narrator) confirm(format string, args ...any) {
	n.line(" " + n.paint(green, "✓") + " " + fmt.Sprintf(format, args...))
}

// deny tells what should have been so and is not.
func (n *narrator) deny(claim string) {
	n.line(" " + n.paint(red, "✗") + " " + claim)
}

// quote returns a writer for the words of a program. They get a bar at their
// side, so that a reader sees who is speaking, and lose their blank lines.
func (n *narrator) quote() *quoteWriter {
	return &quoteWriter{line: n.line, bar: " " + n.paint(faint, "│")}
}

type quoteWriter struct {
	line    func(string)
	bar     string
	pending []byte
}

func (w *quoteWriter) Write(p []byte) (int, error) {
	w.pending = append(w.pending, p...)
	for {
		text, rest, complete := bytes.Cut(w.pending, []byte("\n"))
		if !complete {
			return len(p), nil
		}
		w.put(string(text))
		w.pending = rest
	}
}

// Close writes what is left of the last line.
func (w *quoteWriter) Close() {
	if len(w.pending) > 0 {
		w.put(string(w.pending))
		w.pending = nil
	}
}

func (w *quoteWriter) put(text string) {
	text = strings.TrimRight(text, " \r")
	if !isBlank(text) {
		w.line(w.bar + " " + text)
	}
}

// isBlank says whether nothing of a line can be seen. A line may have colours
// without having a text.
func isBlank(text string) bool {
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			_, text, _ = strings.Cut(rest, "m")
			continue
		}
		if text[0] != ' ' {
			return false
		}
		text = text[1:]
	}
	return true
}
