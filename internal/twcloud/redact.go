package twcloud

import (
	"encoding/json"
	"fmt"
	"html"
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

// minSecret is the length, in bytes, of the shortest secret that is removed. A
// shorter one is a part of ordinary words: to remove it would damage a message, and
// confirm the secret to the reader.
const minSecret = 8

// redactor removes secrets from texts. Its zero value knows none. The time for a
// text does not depend on the number of secrets.
type redactor struct {
	mu    sync.RWMutex
	forms map[string]struct{}
	// lengths has the lengths of the forms, the longest first, by their first bytes.
	lengths map[string][]int
}

// add adds secrets, in every form in which they are sent or quoted.
func (r *redactor) add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forms == nil {
		r.forms, r.lengths = map[string]struct{}{}, map[string][]int{}
	}
	for _, secret := range secrets {
		if _, known := r.forms[secret]; known || len(secret) < minSecret {
			continue
		}
		for _, form := range forms(secret) {
			r.forms[form] = struct{}{}
			start := form[:minSecret]
			lengths := r.lengths[start]
			longestFirst := func(a, b int) int { return b - a }
			if at, known := slices.BinarySearchFunc(lengths, len(form), longestFirst); !known {
				r.lengths[start] = slices.Insert(lengths, at, len(form))
			}
		}
	}
}

// text returns the text without the secrets.
func (r *redactor) text(text string) string {
	return userinfo.ReplaceAllString(r.replaced(text), "://"+redacted+"@")
}

// replaced replaces in one pass, so that it does not search for secrets in replaced
// text. The longest secret counts, because one can be the prefix of another.
func (r *redactor) replaced(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var clean strings.Builder
	done := 0
	for at := 0; at+minSecret <= len(text); {
		length := r.match(text[at:])
		if length == 0 {
			at++
			continue
		}
		clean.WriteString(text[done:at])
		clean.WriteString(redacted)
		at += length
		done = at
	}
	clean.WriteString(text[done:])
	return clean.String()
}

// match returns the length of the longest secret that a text begins with, or zero.
func (r *redactor) match(text string) int {
	for _, length := range r.lengths[text[:minSecret]] {
		if length > len(text) {
			continue
		}
		if _, found := r.forms[text[:length]]; found {
			return length
		}
	}
	return 0
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
