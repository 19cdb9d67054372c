package charset_test

import (
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/charset"
)

func TestGet(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"UTF-8": "Prüfung", "iso-8859-1": "Pr\xfcfung", "ISO-8859-15": "Pr\xfcfung", "latin1": "Pr\xfcfung", "windows-1252": "Pr\xfcfung",
		"Windows-1250": "Pr\xfcfung", "koi8-r": "", "UTF-16BE": "\xfe\xff\x00P\x00r\x00\xfc\x00f\x00u\x00n\x00g",
	} {
		found, err := charset.Get(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := found.NewEncoder().String("Prüfung"); want != "" && (err != nil || got != want) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "utf-7", "gb18030", "x-unknown"} {
		if _, err := charset.Get(name); err == nil {
			t.Errorf("%q is known", name)
		}
	}
}

func TestOfPage(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		`<meta charset="iso-8859-15"><meta charset="utf-8">`:                                    "iso-8859-15",
		`<!doctype html><META http-equiv=Content-Type content="text/html; charset=ISO-8859-1">`: "ISO-8859-1",
		`<meta name="viewport" content="width=device-width"><title>Prüfung</title>`:             "utf-8",
		"<title>Pr\xfcfung</title>":                      "windows-1252",
		strings.Repeat(" ", 2000) + `<meta charset="x">`: "utf-8",
	} {
		if got := charset.OfPage([]byte(page)); got != want {
			t.Errorf("%.80q: got %q, want %q", page, got, want)
		}
	}
}
