package twcloud

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	redacted         = "(redacted)"
	maxMessageLength = 400
)

// userinfo matches the credentials in a URL, as the error about a proxy may
// quote it.
var userinfo = regexp.MustCompile(`://\S*@`)

// redactor takes out of a text whatever must not be seen. Its zero value knows
// no secrets.
type redactor struct {
	mu      sync.RWMutex
	secrets map[string]struct{}
}

// add makes the redactor know a further secret, in every form in which one is
// sent: plain, JSON-escaped and percent-encoded.
func (r *redactor) add(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.secrets == nil {
		r.secrets = map[string]struct{}{}
	}
	for _, secret := range secrets {
		for _, form := range forms(secret) {
			r.secrets[form] = struct{}{}
		}
	}
}

// text returns the text without the secrets.
func (r *redactor) text(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	// The longest first, or a secret that is part of another one leaves a rest.
	longestFirst := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, secret := range slices.SortedFunc(maps.Keys(r.secrets), longestFirst) {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return userinfo.ReplaceAllString(text, "://"+redacted+"@")
}

func forms(secret string) []string {
	if secret == "" {
		return nil
	}
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret)}
	if escaped, err := json.Marshal(secret); err == nil {
		forms = append(forms, strings.Trim(string(escaped), `"`))
	}
	var unescapedHTML strings.Builder
	encoder := json.NewEncoder(&unescapedHTML)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(secret); err == nil {
		forms = append(forms, strings.Trim(strings.TrimSpace(unescapedHTML.String()), `"`))
	}
	return forms
}

// shorten makes one printable line of a text, of at most maxMessageLength runes.
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
