package oauth1

import (
	"net/url"
	"slices"
	"testing"
)

func TestPercentEncode(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		// OAuth wiki, TestCases, "Parameter Encoding (section 5.1)".
		"abcABC123": "abcABC123",
		"-._~":      "-._~",
		"%":         "%25",
		"+":         "%2B",
		"&=*":       "%26%3D%2A",
		"\n":        "%0A",
		" ":         "%20",
		"\u007F":    "%7F",
		"\u0080":    "%C2%80",
		"\u3001":    "%E3%80%81",

		// Twitter, "Percent encoding parameters".
		"Ladies + Gentlemen":    "Ladies%20%2B%20Gentlemen",
		"An encoded string!":    "An%20encoded%20string%21",
		"Dogs, Cats & Mice":     "Dogs%2C%20Cats%20%26%20Mice",
		"☃":                     "%E2%98%83",
		"":                      "",
		"\xff":                  "%FF",
		"/?#[]@!$'();:\"<>\\^`": "%2F%3F%23%5B%5D%40%21%24%27%28%29%3B%3A%22%3C%3E%5C%5E%60",
	}
	for text, want := range tests {
		if got := PercentEncode(text); got != want {
			t.Errorf("PercentEncode(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestParseForm(t *testing.T) {
	t.Parallel()
	tests := map[string][]Param{
		"":                 nil,
		"&&":               nil,
		"name":             {{"name", ""}},
		"a=1&&b=2":         {{"a", "1"}, {"b", "2"}},
		"a=x!y&a=x+y":      {{"a", "x!y"}, {"a", "x y"}},
		"c2&a3=2+q":        {{"c2", ""}, {"a3", "2 q"}},
		"b5=%3D%253D":      {{"b5", "=%3D"}},
		"a=b=c":            {{"a", "b=c"}},
		"a=1;b=2":          {{"a", "1;b=2"}},
		"=v":               {{"", "v"}},
		"%F0%9F%90%88=%FF": {{"🐈", "\xff"}},
	}
	for encoded, want := range tests {
		got, err := ParseForm(encoded)
		if err != nil {
			t.Errorf("ParseForm(%q): %v", encoded, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("ParseForm(%q) = %q, want %q", encoded, got, want)
		}
	}
	for _, malformed := range []string{"%", "a=%2", "a=%zz", "%G0=a"} {
		if got, err := ParseForm(malformed); err == nil {
			t.Errorf("ParseForm(%q) = %q, want an error", malformed, got)
		}
	}
}

func FuzzPercentEncode(f *testing.F) {
	for _, seed := range []string{"", "abc-._~", "a b+c%20", "☃\x00\xff", "=%3D&"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		encoded := PercentEncode(text)
		for i := range len(encoded) {
			if !isUnreserved(encoded[i]) && encoded[i] != '%' {
				t.Fatalf("PercentEncode(%q) = %q has a reserved character", text, encoded)
			}
		}
		for name, decode := range map[string]func(string) (string, error){
			"PathUnescape":  url.PathUnescape,
			"QueryUnescape": url.QueryUnescape,
		} {
			if decoded, err := decode(encoded); err != nil || decoded != text {
				t.Errorf("%s(%q) = %q, %v, want %q", name, encoded, decoded, err, text)
			}
		}
	})
}
