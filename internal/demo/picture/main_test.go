package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const output = `The demo

1  Register <it> & more
 $ terraform apply -auto-approve
 │ x: Refreshing state... [name=x]
 │ Terraform used the selected providers to generate the following execution
 │   + create
 │   + resource "x" "y" {
 │ Apply complete! Resources: 1 added.
 ✓ It exists

2  Plan again
 ✓ Nothing

Summary
 ✓ 0 consumers
`

func TestRun(t *testing.T) {
	t.Parallel()
	var picture, text strings.Builder
	if err := run(strings.NewReader(output), &picture, "1"); err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(strings.NewReader(picture.String())); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := token.(xml.CharData); ok {
			text.WriteString(strings.ReplaceAll(string(data), "\u00a0", " "))
		}
	}
	for _, want := range []string{"1  Register <it> & more", "terraform apply -auto-approve", `+ resource "x" "y" {`, "It exists", "Summary", "0 consumers", ellipsis} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in the picture:\n%s", want, text.String())
		}
	}
	for _, unwanted := range []string{"Refreshing", "used the selected", "+ create", "Plan again", "Nothing"} {
		if strings.Contains(text.String(), unwanted) {
			t.Errorf("%q is in the picture:\n%s", unwanted, text.String())
		}
	}
	for _, failed := range []string{strings.Split(output, "Summary")[0], strings.Replace(output, "✓ Nothing", "✗ Nothing", 1)} {
		if err := run(strings.NewReader(failed), io.Discard, ""); err == nil {
			t.Error("a demo that failed was drawn")
		}
	}
}
