package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestNarrator(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	tell := newNarrator(&out, false)
	tell.title("Title")
	tell.begin("First")
	tell.say("one\n\ntwo %d\n", 2)
	tell.command("terraform plan")
	tell.wait("Building ...")()
	tell.confirm("100%%")
	tell.deny("100%")
	tell.begin("Second")
	want := "Title\n\n1  First\n   one\n\n   two 2\n $ terraform plan\n ✓ 100%\n ✗ 100%\n\n2  Second\n"
	if out.String() != want {
		t.Errorf("got %q\nwant %q", out.String(), want)
	}
	if got := tell.hasSaid("plan", "apply", "Second"); !slices.Equal(got, []string{"plan", "Second"}) {
		t.Errorf("found %q, want plan and Second", got)
	}
}

func TestNarrator_colour(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	tell := newNarrator(&out, true)
	tell.confirm("yes")
	done := tell.wait("...")
	done()
	if want := " \x1b[32m✓\x1b[0m yes\n\x1b[2m...\x1b[0m\r\x1b[K"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestNarrator_quote(t *testing.T) {
	t.Parallel()
	const text = "\n\nNo changes.  \n\x1b[1m\n \x1b[0m\x1b[0m\n\n  ~ name\r\n\nno line end"
	const want = " │ No changes.\n │   ~ name\n │ no line end\n"
	for size := 1; size <= len(text); size++ {
		var out strings.Builder
		quote := newNarrator(&out, false).quote()
		for chunk := range slices.Chunk([]byte(text), size) {
			if _, err := quote.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
		quote.Close()
		quote.Close()
		if out.String() != want {
			t.Fatalf("in chunks of %d: got %q, want %q", size, out.String(), want)
		}
	}
}

func TestIsColourful(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = device.Close() })
	for i, test := range []struct {
		out  io.Writer
		env  map[string]string
		want bool
	}{
		{out: &strings.Builder{}, want: false},
		{out: file, want: false},
		{out: device, want: true},
		{out: device, env: map[string]string{"NO_COLOR": "1"}, want: false},
		{out: device, env: map[string]string{"TERM": "dumb"}, want: false},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()

			if got := isColourful(test.out, func(name string) string { return test.env[name] }); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
