package twcloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// encodings are the ways in which a server, a proxy or Go may write a secret.
var encodings = map[string]func(string) string{
	"plain":       func(s string) string { return s },
	"query":       url.QueryEscape,
	"path":        url.PathEscape,
	"lower query": func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"Go's HTML":   html.EscapeString,
	"named HTML":  htmlByName.Replace,
	"quoted":      func(s string) string { return unquoted(strconv.Quote(s)) },
	"ASCII":       func(s string) string { return unquoted(strconv.QuoteToASCII(s)) },
	"Go's JSON": func(s string) string {
		encoded, _ := json.Marshal(s)
		return unquoted(string(encoded))
	},
	"plain JSON": func(s string) string {
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(s)
		return unquoted(strings.TrimSuffix(encoded.String(), "\n"))
	},
	"ASCII JSON": func(s string) string {
		encoded, _ := json.Marshal(s)
		return strings.ReplaceAll(asciiOnly(unquoted(string(encoded))), "/", `\/`)
	},
}

var awkwardSecrets = []string{
	testSecret, `s3cret/<"&\ %ü`, `"quoted"`, "two  spaces\tand\nlines", "päss+wörd", "😀😀", "ends in \"", "%41%42%43", "(redacted)", "redacted", "</title>", strings.Repeat("long ", 200),
}

func TestRedactorKnowsEveryEncoding(t *testing.T) {
	t.Parallel()
	for _, secret := range awkwardSecrets {
		redact := &redactor{}
		redact.add(secret, "")
		for name, encode := range encodings {
			encoded := encode(secret)
			if got := redact.text("[" + encoded + "]"); got != "["+redacted+"]" {
				t.Errorf("%q in %s: got %s", secret, name, got)
			}
		}
	}
}

func TestRedactor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secrets    []string
		text, want string
	}{
		"none":                       {nil, "text", "text"},
		"empty":                      {[]string{""}, "text", "text"},
		"the longer one first":       {[]string{"abcdefgh", "abcdefghij"}, "abcdefghij abcdefgh", "(redacted) (redacted)"},
		"the longer one is cut":      {[]string{"abcdefghij", "abcdefgh"}, "xabcdefghi", "x(redacted)i"},
		"one in another":             {[]string{"12345678", "0123456789"}, "0123456789 012345678", "(redacted) 0(redacted)"},
		"once over":                  {[]string{"a (redacted) b", "long enough"}, "a long enough b", "a (redacted) b"},
		"too short to be one":        {[]string{"a", "token", "invalid"}, "the token is invalid", "the token is invalid"},
		"a proxy's URL":              {nil, "dial http://user:pass@proxy:3128: refused", "dial http://(redacted)@proxy:3128: refused"},
		"a proxy's awkward password": {nil, `parse "http://user:p@ss%zz@proxy": bad`, `parse "http://(redacted)@proxy": bad`},
		"no proxy's URL":             {nil, "see https://example.com/ or write to me@example.com", "see https://example.com/ or write to me@example.com"},
		"basic credentials":          {Credentials{Username: "u", Password: "pass-word"}.secrets(), "Basic dTpwYXNzLXdvcmQ= pass-word", "Basic (redacted) (redacted)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redact := &redactor{}
			redact.add(test.secrets...)
			if got := redact.text(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Nothing is built again for each secret: the number of allocations does not grow.
// The test is not parallel: it counts the allocations of the process.
func TestRedactorIsLinear(t *testing.T) {
	cost := func(known int) float64 {
		redact := &redactor{}
		for i := range known {
			redact.add(fmt.Sprintf("%s-%d", testSecret, i))
		}
		next := known
		return testing.AllocsPerRun(10, func() {
			secret := fmt.Sprintf("%s-%d", testSecret, next)
			next++
			redact.add(secret)
			if text := redact.text(secret); text != redacted {
				t.Errorf("got %q", text)
			}
		})
	}
	if few, many := cost(10), cost(5000); many > 2*few {
		t.Errorf("%v allocations with 10 secrets, %v with 5000", few, many)
	}
}

// The client redacts a secret from the moment it gets it, even if the call fails.
func TestClientRedacts(t *testing.T) {
	t.Parallel()
	sendSecret := func(p *profile.Profile) { p.Calls.Approve.JSON = map[string]any{"secret": profile.Secret} }
	for name, tell := range map[string]func(*Client) error{
		"register": func(c *Client) error {
			_, err := c.Register(t.Context(), "n", testSecret)
			return err
		},
		"update": func(c *Client) error {
			_, err := c.Update(t.Context(), "k", Changes{Secret: new(testSecret)})
			return err
		},
		"known secret": func(c *Client) error {
			_, err := c.Update(t.Context(), "k", Changes{Approved: new(true), KnownSecret: new(testSecret)})
			return err
		},
		"probe": func(c *Client) error {
			_, err := c.ProbeSecret(t.Context(), "k", testSecret)
			return err
		},
	} {
		client, _ := fakeAnswers{}.client(t, sendSecret)
		if err := tell(client); err == nil {
			t.Errorf("%s: no error", name)
		}
		if got, want := client.Redact(testPassword+", "+testSecret), redacted+", "+redacted; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "",
		" a\r\n\t b ":                   "a b",
		"a\x00\x1b[31mb\u202e\xffc":     "a[31mbc",
		"ü 日本 😀":                        "ü 日本 😀",
		strings.Repeat("ü", 400):        strings.Repeat("ü", 400),
		strings.Repeat("ü", 401) + "xx": strings.Repeat("ü", 400) + "…",
	} {
		if got := shorten(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzNoErrorHoldsASecret puts a secret, however encoded, somewhere into a body
// and into the error below: neither shows it.
func FuzzNoErrorHoldsASecret(f *testing.F) {
	for _, secret := range awkwardSecrets {
		for kind := range 5 {
			f.Add(secret, "before ", " after", kind)
			f.Add(secret, strings.Repeat("x", maxMessageLength-5), "", kind)
			f.Add(secret, strings.Repeat(" ", 1000), "\n", kind)
		}
	}
	f.Fuzz(func(t *testing.T, secret, before, after string, kind int) {
		// A secret that is a part of the text around it would prove nothing.
		if utf8.RuneCountInString(secret) < 8 || !utf8.ValidString(secret) || strings.ContainsFunc(secret, unicode.IsControl) {
			t.Skip()
		}
		redact := &redactor{}
		redact.add(secret)
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h/osmc/x", http.NoBody)
		for name, encode := range encodings {
			encoded := encode(secret)
			if strings.Contains(before+after, encoded) || encoded == "" {
				continue
			}
			body, contentType := before+encoded+after, "text/plain"
			switch kind % 5 {
			case 1:
				contentType = "application/json"
				message, _ := json.Marshal(map[string]string{"message": body})
				body = string(message)
			case 2:
				contentType = "text/html"
				body = "<html><head><TITLE lang=en>" + body + "</TITLE></head></html>"
			case 3:
				contentType = "application/json"
				body = `{"message":"` + body + `"}`
			}
			response := reply(http.StatusBadRequest, body, "Content-Type", contentType)
			if kind%5 == 4 {
				response = reply(http.StatusFound, "", "Location", "/x?"+body+"#"+body)
			}
			failures := []error{
				newStatusError(request, response, redact),
				newTransportError(request, errors.New(body), redact),
			}
			for _, failure := range failures {
				if strings.Contains(failure.Error(), encoded) && !strings.Contains(redacted, encoded) {
					t.Errorf("%q in %s shows in %s", secret, name, failure)
				}
			}
		}
	})
}
