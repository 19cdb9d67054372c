package twcloud

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	redacted         = "(redacted)"
	maxMessageLength = 400
)

// userinfo matches credentials in a URL. Errors about a proxy can quote them.
var userinfo = regexp.MustCompile(`://\S*@`)

// redactor removes secrets from texts. Its zero value knows none.
type redactor struct {
	mu      sync.Mutex
	secrets map[string]struct{}
	// replacer is built from the secrets when needed. It is nil after an
	// addition.
	replacer *strings.Replacer
}

// add adds secrets, in every form in which they are sent or quoted.
func (r *redactor) add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.secrets == nil {
		r.secrets = map[string]struct{}{}
	}
	for _, secret := range secrets {
		if _, known := r.secrets[secret]; known || secret == "" {
			continue
		}
		for _, form := range forms(secret) {
			r.secrets[form] = struct{}{}
		}
		r.replacer = nil
	}
}

// text returns the text without the secrets.
func (r *redactor) text(text string) string {
	return userinfo.ReplaceAllString(r.prepared().Replace(text), "://"+redacted+"@")
}

// prepared returns a replacer. It replaces in one pass, so that it does not
// search for secrets in replaced text.
func (r *redactor) prepared() *strings.Replacer {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.replacer == nil {
		// Replace the longest first, because one secret can be the prefix of
		// another.
		longestFirst := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
		var pairs []string
		for _, secret := range slices.SortedFunc(maps.Keys(r.secrets), longestFirst) {
			pairs = append(pairs, secret, redacted)
		}
		r.replacer = strings.NewReplacer(pairs...)
	}
	return r.replacer
}

// forms returns the forms of a secret: plain, percent-encoded, in JSON as Go,
// JavaScript, and Java write it, in HTML, and quoted by Go.
func forms(secret string) []string {
	percent, path := url.QueryEscape(secret), url.PathEscape(secret)
	forms := []string{
		secret, percent, path, strings.ReplaceAll(percent, "+", "%20"),
		lowerEscapes(percent), lowerEscapes(path),
		html.EscapeString(secret), htmlByName.Replace(secret),
		unquoted(strconv.Quote(secret)), unquoted(strconv.QuoteToASCII(secret)),
	}
	for _, escapeHTML := range []bool{true, false} {
		var escaped strings.Builder
		encoder := json.NewEncoder(&escaped)
		encoder.SetEscapeHTML(escapeHTML)
		if err := encoder.Encode(secret); err == nil {
			form := unquoted(strings.TrimSuffix(escaped.String(), "\n"))
			ascii := asciiOnly(form)
			forms = append(forms, form, ascii, strings.ReplaceAll(form, "/", `\/`), strings.ReplaceAll(ascii, "/", `\/`))
		}
	}
	return forms
}

var (
	htmlByName = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
	escapes    = regexp.MustCompile(`%[0-9A-F]{2}`)
)

func lowerEscapes(text string) string { return escapes.ReplaceAllStringFunc(text, strings.ToLower) }

func unquoted(text string) string { return text[1 : len(text)-1] }

// asciiOnly escapes characters that are not ASCII, as in JSON.
func asciiOnly(text string) string {
	var ascii strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf {
			ascii.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&ascii, `\u%04x`, unit)
		}
	}
	return ascii.String()
}

// shorten returns one printable line of at most maxMessageLength runes.
func shorten(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || (!unicode.IsPrint(r) && !unicode.IsSpace(r)) {
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxMessageLength {
		return string(runes[:maxMessageLength]) + "…"
	}
	return text
}
