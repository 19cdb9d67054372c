package learn

import (
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
)

// private is what must not be written anywhere: cookies, tokens, passwords, hosts,
// and the names and keys of other consumers.
type private struct {
	inside map[string]bool // not even as part of a text
	whole  map[string]bool // not as a whole text
}

// sensitiveName matches members and headers whose values are secrets or personal
// names.
var sensitiveName = pattern(`(?i)pass(wd|word|phrase)?$|passw|pwd|secret|token|csrf|xsrf|session|credential|authori[sz]ation|(^|[-_])auth$|jwt|assertion|saml|api-?key|nonce|signature|^j_|^(user|login|e-?mail)([-_]?(name|id|address))?$`)

func collect(entries []har.Entry, all []*exchange) *private {
	p := &private{inside: map[string]bool{}, whole: map[string]bool{}}
	for _, entry := range entries {
		p.host(entry.URL.Host)
		for _, header := range slices.Concat(entry.RequestHeaders, entry.ResponseHeaders) {
			p.header(header)
		}
	}
	for _, one := range all {
		for _, pair := range one.repeated {
			p.member(pair.Name, pair.Value)
		}
		for _, document := range []any{one.query, one.body, one.answer} {
			eachScalar(document, func(pointer string, value any) {
				if text, isString := value.(string); isString {
					p.member(lastToken(pointer), text)
				}
			})
		}
	}
	return p
}

func (p *private) header(header har.Pair) {
	switch strings.ToLower(header.Name) {
	case "cookie":
		for part := range strings.SplitSeq(header.Value, ";") {
			_, value, _ := strings.Cut(part, "=")
			p.secret(value)
		}
	case "set-cookie": // Browsers write several cookies as lines.
		for line := range strings.SplitSeq(header.Value, "\n") {
			part, _, _ := strings.Cut(line, ";")
			_, value, _ := strings.Cut(part, "=")
			p.secret(value)
		}
	case "authorization", "proxy-authorization":
		_, credentials, _ := strings.Cut(header.Value, " ")
		p.secret(credentials)
		if decoded, err := base64.StdEncoding.DecodeString(credentials); err == nil {
			user, password, _ := strings.Cut(string(decoded), ":")
			p.secret(user)
			p.secret(password)
		}
	case "host":
		p.host(header.Value)
	default:
		p.member(header.Name, header.Value)
	}
}

func (p *private) member(name, value string) {
	if sensitiveName().MatchString(name) {
		p.secret(value)
	}
}

// common are values that are not secrets. They include the words of an API: admin
// can be a user, and also a part of a path.
var common = []string{
	"username", "password", "login", "true", "false", "null", "none", "undefined", "json", "bearer", "basic", "empty", "default", "same-origin", "deleted",
	"admin", "administrator", "root", "user", "users", "api", "rest", "osmc", "oauth", "oauth1", "consumer", "consumers", "client", "clients",
	"name", "key", "secret", "approve", "approved", "disapprove", "status", "state", "active",
}

func (p *private) secret(value string) {
	value = strings.Trim(strings.TrimSpace(value), `"`)
	if slices.Contains(common, strings.ToLower(value)) || strings.HasPrefix(value, firstName) {
		return
	}
	for _, one := range []string{value, unescape(value, url.QueryUnescape)} {
		switch {
		case len(one) >= 8:
			p.inside[one] = true
		case len(one) >= 3:
			p.whole[one] = true
		}
	}
}

func (p *private) host(host string) {
	name := host
	if withoutPort, _, err := net.SplitHostPort(host); err == nil {
		name = withoutPort
	}
	for _, one := range []string{host, name} {
		if len(one) >= 4 {
			p.inside[strings.ToLower(one)] = true
		}
	}
	// The first label is often a machine's own name.
	if label, _, dotted := strings.Cut(name, "."); dotted && net.ParseIP(name) == nil && len(label) >= 6 {
		p.whole[strings.ToLower(label)] = true
	}
}

// other adds the name or the key of another consumer.
func (p *private) other(value string) {
	switch {
	case slices.Contains(common, strings.ToLower(value)):
	case len(value) >= 8 || strings.ContainsAny(value, " /.@") && len(value) >= 4:
		p.inside[value] = true
	case value != "":
		p.whole[value] = true
	}
}

// holds reports whether a text is private, or contains something that is.
func (p *private) holds(text string) bool {
	decoded := unescape(text, url.PathUnescape)
	for _, form := range []string{text, strings.ToLower(text), decoded, strings.ToLower(decoded)} {
		if p.whole[form] {
			return true
		}
		for one := range p.inside {
			if strings.Contains(form, one) {
				return true
			}
		}
	}
	return false
}

var (
	digits    = pattern(`\d`)
	randomish = pattern(`\d{6}|.@.|://|^eyJ|[0-9a-f]{8}-[0-9a-f]{4}-|\d+\.\d+\.\d+\.\d+`)
)

// looksRandom reports whether a text looks like a token, an identifier, an address
// or a host.
func looksRandom(text string) bool {
	if words := strings.Fields(text); len(words) > 1 {
		return slices.ContainsFunc(words, looksGenerated)
	}
	count := len(digits().FindAllString(text, -1))
	return randomish().MatchString(text) || len(text) >= 12 && count >= 3 || len(text) >= 20 && count >= 2 || len(text) > 64
}

// looksGenerated reports whether a segment of a path looks like a token. Those of an
// API have versions and years in them.
func looksGenerated(segment string) bool {
	return randomish().MatchString(segment) || len(segment) >= 16 && len(digits().FindAllString(segment, -1)) >= 5
}

// show writes a name of the recording: one that looks private is not written.
func show(name string) string {
	if looksRandom(name) || len(name) > 80 {
		return "..."
	}
	return name
}
