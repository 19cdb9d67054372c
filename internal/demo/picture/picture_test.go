package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const said = `A tour
server

1  Register <it> & more
 $ terraform apply -auto-approve
 │ x: Refreshing state... [name=x]
 │ Terraform used the selected providers to generate the following execution
 │   + create
 │   + resource "x" "y" {
 │ Apply complete! Resources: 1 added.
 ✓ It is there

2  Plan again
 ✓ Nothing

What is left
 ✓ 0 consumers
`

// letters is all that a picture says; it fails if the picture is not well-formed.
func letters(t *testing.T, picture string) string {
	t.Helper()
	var text strings.Builder
	decoder := xml.NewDecoder(strings.NewReader(picture))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok {
			text.Write(data)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var picture strings.Builder
	if err := run(strings.NewReader(said), &picture, "1"); err != nil {
		t.Fatal(err)
	}
	text := letters(t, picture.String())
	for _, want := range []string{"1  Register <it> & more", "terraform apply -auto-approve", `+ resource "x" "y" {`, "It is there", "What is left", "0 consumers", ellipsis} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the picture:\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"Refreshing", "used the selected", "+ create", "Plan again", "Nothing"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is in the picture:\n%s", unwanted, text)
		}
	}
}

func TestRun_refuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"broken off":  strings.Split(said, "What is left")[0],
		"not as told": strings.Replace(said, "✓ Nothing", "✗ Nothing", 1),
	} {
		if err := run(strings.NewReader(text), io.Discard, ""); err == nil {
			t.Errorf("%s: a picture was drawn", name)
		}
	}
}
