package learn

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// draft is a request with placeholders in place of what is known.
type draft struct {
	path     string
	redirect string // the path of the redirect that answered it
	query    map[string]string
	body     any      // JSON, or a form as an object of strings
	problems []string // what a profile cannot express
}

type drafter struct {
	*learner
	*draft
	of *exchange
}

func (l *learner) draftOf(one *exchange) *draft {
	d := drafter{l, &draft{}, one}
	d.path = d.pathOf(one.entry.URL.EscapedPath())
	if to := one.location(); to != nil && to.Hostname() == one.entry.URL.Hostname() && !one.reads() {
		d.redirect = d.pathOf(to.EscapedPath())
	}
	query := map[string]any{}
	for name, value := range one.query {
		if text, _ := value.(string); !now().MatchString(text) {
			query[name] = value
		}
	}
	d.query = texts(d.template(place{"query", ""}, query))
	d.draft.body = d.template(place{one.part(), ""}, one.body)
	for _, pair := range one.repeated {
		d.problem("%s is in the query or in the form more than once", show(pair.Name))
	}
	if one.kind == otherBody {
		d.problem("the body is neither JSON nor a form; a profile can describe only these")
	}
	slices.Sort(d.problems)
	d.problems = slices.Compact(d.problems)
	return d.draft
}

func (d drafter) pathOf(escaped string) string {
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		text := unescape(segment, url.PathUnescape)
		switch replaced := d.scalar(place{part: "path"}, text); replaced {
		case text:
		case profile.Key:
			segments[i] = profile.Key
		default:
			segments[i] = "{...}"
		}
	}
	return strings.Join(segments, "/")
}

// signature tells requests apart that send different things.
func (e *exchange) signature() string {
	signature, _ := json.Marshal([]any{e.method, e.draft.path, e.draft.query, e.draft.body})
	return string(signature)
}

func (d drafter) problem(format string, arguments ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, arguments...))
}

func (d drafter) template(at place, value any) any {
	if kept, found := d.kept(at, value); found {
		return kept
	}
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, member := range value {
			if d.withheld(name) || typed().MatchString(name) {
				d.problem("the %s has a typed value, a key or something private as a name", at.part)
				continue
			}
			copied[name] = d.template(place{at.part, at.pointer + profile.PointerOf(name)}, member)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, element := range value {
			copied[i] = d.template(place{at.part, at.pointer + profile.PointerOf(strconv.Itoa(i))}, element)
		}
		return copied
	}
	return d.scalar(at, value)
}

// scalar is a value of a request, or the placeholder for it.
func (d drafter) scalar(at place, value any) any {
	text, isText := scalarText(value)
	where := fmt.Sprintf("%s of the %s", show(strings.TrimPrefix(at.pointer, "/")), at.part)
	random, visible := looksRandom(text), at.part == "query"
	if at.part == "path" {
		where, random, visible = "a segment of the path", looksGenerated(text), true
	}
	name, secret := d.roles.holds(d.of)
	switch {
	case !isText:
		return value
	case visible && (isName(text) || isSecret(text)):
		d.problem("%s: it is the name or the secret, and a URL is written to logs", where)
	case isName(text) && text != name, isSecret(text) && text != secret:
		d.problem("%s: it is the name or the secret that the consumer does not have then, which a profile cannot send", where)
	case isName(text):
		return profile.Name
	case isSecret(text):
		return profile.Secret
	case d.isKey(at, text):
		if _, isNumber := value.(json.Number); isNumber {
			return "{key:number}"
		}
		return profile.Key
	case d.csrf.is(at.part, at.pointer):
		return profile.CSRFToken
	case typed().MatchString(text):
		d.problem("%s: the name or the secret is part of a larger text there; a profile has no expressions", where)
	case d.hasKey(text):
		d.problem("%s: the key is part of a larger text there; a profile has no expressions", where)
	case d.own[text] != "":
		d.problem("%s: this is another value of the consumer (%s in the response to the registration), which neither the list nor a read tells", where, show(d.own[text]))
	case text == "":
		return value
	case d.private.holds(text):
		d.problem("%s: the value looks like a cookie, a token, a host or the name of somebody", where)
	case sensitiveName().MatchString(lastToken(at.pointer)):
		d.problem("%s: the value may be a password or a token", where)
	case random:
		d.problem("%s: the value looks like an identifier or a token that is not fixed", where)
	default:
		return value
	}
	return "" // Never what was recorded.
}

// kept is the placeholder of a member that a change sends back as the latest response
// before it has the member.
func (d drafter) kept(at place, value any) (placeholder string, found bool) {
	name := lastToken(at.pointer)
	if members, isObject := value.(map[string]any); isObject && len(members) > 0 || name == "" || d.of.reads() || d.of.at <= d.roles.register.at || !d.plain(at.pointer) || d.holdsKnown(value) {
		return "", false
	}
	if text, isText := value.(string); isText && text != "" && d.roles.register.fixed(name, text) {
		return "", false // A word of the API.
	}
	for _, sighting := range slices.Backward(d.sightings) {
		if sighting.at >= d.of.at {
			continue
		}
		there, pointer := false, ""
		profile.Walk("", sighting.value, func(place string, known any) {
			if lastToken(place) == name && place != "" {
				there = true
				if text, isText := scalarText(known); reflect.DeepEqual(known, value) || at.part != "JSON body" && isText && text == value {
					pointer = place
				}
			}
		})
		if !there {
			continue
		}
		if pointer == "" || !d.plain(pointer) || !d.offered(pointer) {
			return "", false
		}
		kept := strings.Join(profile.Tokens(pointer), ".")
		d.keep[kept] = pointer
		return profile.KeepOf(kept), true
	}
	return "", false
}

// holdsKnown reports whether a value has something in it that another placeholder
// stands for.
func (l *learner) holdsKnown(value any) bool {
	found := false
	profile.Walk("", value, func(at string, inner any) {
		text, _ := scalarText(inner)
		found = found || typed().MatchString(text+at) || l.hasKey(text) || l.hasKey(at) || text != "" && text == l.roles.register.key || text != "" && l.csrf.has(text)
	})
	return found
}

// fixed reports whether the registration sends the same text.
func (r *registration) fixed(name, text string) bool {
	found := false
	eachScalar(r.body, func(at string, value any) { found = found || value == text && lastToken(at) == name })
	return found
}

func isKept(value any) bool {
	text, _ := value.(string)
	return strings.HasPrefix(text, "{keep.")
}

// isKey reports whether a value is the key. A short one, such as 7, is the key only
// in the path, and in a member with the name of a key.
func (l *learner) isKey(at place, value string) bool {
	switch {
	case value == "" || value != l.roles.register.key:
		return false
	case len(value) >= 4 || at.part == "path":
		return true
	}
	return slices.ContainsFunc(profile.Tokens(at.pointer), func(part string) bool {
		name := strings.ToLower(strings.TrimSuffix(part, "[]"))
		return rankOf(name) < 3 || rankOf(strings.TrimSuffix(name, "s")) < 3
	})
}

// hasKey reports whether a text is or contains the key.
func (l *learner) hasKey(text string) bool {
	return len(l.roles.register.key) >= 4 && strings.Contains(text, l.roles.register.key)
}

// withheld reports whether a name of a member must not be written.
func (l *learner) withheld(name string) bool { return l.private.holds(name) || l.hasKey(name) }

// plain reports whether a pointer has neither the key nor anything private in it.
func (l *learner) plain(pointer string) bool {
	return !slices.ContainsFunc(profile.Tokens(pointer), func(token string) bool {
		return l.withheld(token) || typed().MatchString(token) || looksRandom(token)
	})
}

// now matches the time in seconds or milliseconds, with which parameters bypass caches.
var now = pattern(`^1\d{9}(\d{3})?$`)

// headersOf are the headers of a request that a profile keeps.
func (l *learner) headersOf(one *exchange) map[string]string {
	kept := map[string]string{}
	for _, header := range one.entry.RequestHeaders {
		name := http.CanonicalHeaderKey(header.Name)
		switch {
		case l.csrf.is("header", profile.PointerOf(name)):
			kept[name] = profile.CSRFToken
		case name == "Accept":
			if !strings.HasPrefix(header.Value, "*/*") && !strings.HasPrefix(header.Value, "text/html") && len(header.Value) <= 60 && !l.private.holds(header.Value) {
				kept[name] = header.Value
			}
		case name == "Origin":
			if header.Value == one.entry.URL.Scheme+"://"+one.entry.URL.Host {
				kept[name] = profile.Origin
			}
		case name == "If-Match":
			version, found := drafter{l, one.draft, one}.kept(place{"header", "/version"}, header.Value)
			if found {
				kept[name] = version
			} else {
				l.report.unable("%s sends If-Match, the version of what it changes, which neither the list nor a read tells. The server may refuse the call.", l.show(one))
			}
		case standard().MatchString(name), tracing().MatchString(name):
		case csrfName().MatchString(name): // The report has it with the token.
		case l.private.holds(header.Value), sensitiveName().MatchString(name), looksRandom(header.Value), !plainWord().MatchString(header.Value):
			l.report.reading("The header %s is left out: its value looks private or not fixed.", show(name))
		default:
			kept[name] = header.Value
		}
	}
	return kept
}

// standard are the headers that browsers and servers set on their own.
// The names are those of standards.
var standard = pattern(`(?i)^(:.*|sec-.*|access-control-.*|accept.*|age|allow|alt-svc|authorization|cache-control|connection|content-.*|cookie2?|cross-origin-.*|date|device-memory|dnt|downlink|dpr|etag|ect|expect-ct|expires|forwarded|from|host|http2-settings|if-.*|keep-alive|last-modified|link|location|nel|origin|origin-agent-cluster|permissions-policy|pragma|priority|proxy-.*|purpose|range|referer|referrer-policy|refresh|report-to|reporting-endpoints|retry-after|rtt|save-data|server|server-timing|set-cookie2?|strict-transport-security|te|timing-allow-origin|trailer|transfer-encoding|upgrade.*|user-agent|vary|via|viewport-width|warning|www-authenticate|x-content-type-options|x-dns-prefetch-control|x-firefox-spdy|x-forwarded-.*|x-frame-options|x-permitted-cross-domain-policies|x-powered-by|x-real-ip|x-ua-compatible|x-xss-protection)$`) //nolint:misspell // ECT is a header.

// tracing are headers that tell requests apart in logs.
var tracing = pattern(`(?i)request-?id|correlation|trace|^x-b3-|^b3$|baggage|sentry|newrelic|^x-dtc|^x-dynatrace|instana|elastic-apm|client-?(time|version)|timestamp`)

// plainWord matches a value that names nobody: yes, 2, XMLHttpRequest, no-check.
var plainWord = pattern(`^[A-Za-z0-9.,;=/+*_-]{1,40}$`)

// cookiesOf are the cookies that headers send or set.
func cookiesOf(headers []har.Pair, name string) []har.Pair {
	var cookies []har.Pair
	for _, header := range headers {
		if strings.EqualFold(header.Name, name) {
			for _, part := range strings.FieldsFunc(header.Value, func(r rune) bool { return r == ';' || r == '\n' }) {
				name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
				cookies = append(cookies, har.Pair{Name: name, Value: value})
			}
		}
	}
	return cookies
}
