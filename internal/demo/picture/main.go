// Command picture draws what the demo says as a picture of a terminal, for the
// README:
//
//	go run ./internal/demo | go run ./internal/demo/picture -chapters 1,3,5 >.github/demo.svg
//
// It shows the chapters that are asked for, and the beginning and the end. What is
// left out is marked by an ellipsis.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	chapters := flag.String("chapters", "", "numbers of the chapters to show, with commas between; empty: all")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *chapters); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// run draws what in has, which must be a demo that was brought to its end.
func run(in io.Reader, out io.Writer, chapters string) error {
	input, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	said := string(input)
	if !strings.Contains(said, "\nWhat is left\n") || strings.Contains(said, " ✗ ") {
		return fmt.Errorf("the demo did not go as it should:\n%s", said)
	}
	_, err = io.WriteString(out, draw(shorten(pick(said, chapters))))
	return err
}
