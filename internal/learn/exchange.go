package learn

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// What the steps ask the administrator to type.
const (
	firstName    = "twcloud-learn"
	firstSecret  = "twcloud-learn-secret-1"
	secondName   = "twcloud-learn-renamed"
	secondSecret = "twcloud-learn-secret-2"
)

func isName(value string) bool   { return value == firstName || value == secondName }
func isSecret(value string) bool { return value == firstSecret || value == secondSecret }

// typed finds a typed value inside a larger text.
var typed = pattern(`twcloud-learn(-secret-1|-secret-2|-renamed)?`)

// exchange is a request of the recording and its response, both decoded.
type exchange struct {
	entry    *har.Entry
	at       int // its place among the exchanges
	method   string
	segments []string       // of the path, decoded
	query    map[string]any // of strings
	kind     bodyKind
	body     any        // JSON, or a form as an object of strings
	repeated []har.Pair // parameters and members of a form whose names are there already
	answered bodyKind
	answer   any             // body of the response, if answered is jsonBody
	typed    map[string]bool // the typed values that it sends, alone or inside a text
	*draft                   // the request with placeholders
}

type bodyKind int

const (
	noBody bodyKind = iota
	jsonBody
	formBody
	textBody // one short line
	htmlBody
	otherBody
)

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// exchanges decodes the requests that matter: no preflights, none without a response.
func exchanges(entries []har.Entry) []*exchange {
	var all []*exchange
	for i := range entries {
		entry := &entries[i]
		if entry.Status < 100 || !slices.Contains(methods, entry.Method) {
			continue
		}
		stripSession(entry.URL)
		one := &exchange{entry: entry, method: entry.Method, typed: map[string]bool{}}
		for segment := range strings.SplitSeq(strings.TrimPrefix(entry.URL.EscapedPath(), "/"), "/") {
			one.segments = append(one.segments, unescape(segment, url.PathUnescape))
		}
		one.query = one.object(parseForm(entry.URL.RawQuery))
		one.decodeBody()
		one.decodeAnswer()
		one.eachValue(func(_ place, value string) {
			for _, found := range typed().FindAllString(value, -1) {
				one.typed[found] = true
			}
		})
		all = append(all, one)
	}
	return once(all)
}

var sessionInPath = pattern(`(?i);[a-z]*session[a-z]*=[^/]*`)

// stripSession takes the ID of a session out of a path, where servers put it for
// browsers without cookies.
func stripSession(u *url.URL) {
	u.Path, u.RawPath = sessionInPath().ReplaceAllString(u.Path, ""), sessionInPath().ReplaceAllString(u.RawPath, "")
}

// once leaves out the doubles of changes: a service worker sends what the page
// sends, and the recording has both. A change that somebody repeats is not a double:
// the page shows the consumer in between.
func once(all []*exchange) (kept []*exchange) {
	var last *exchange
	for _, one := range all {
		switch {
		case !one.reads() && last != nil && one.doubles(last):
			// One of both may lack a body.
			if last.entry.RequestBody.Missing {
				last.entry.RequestBody, last.kind, last.body, last.repeated, last.typed = one.entry.RequestBody, one.kind, one.body, one.repeated, one.typed
			}
			if last.answered == noBody {
				last.entry.ResponseBody, last.answered, last.answer = one.entry.ResponseBody, one.answered, one.answer
			}
			continue
		case !one.reads():
			last = one
		case one.answersName():
			last = nil
		}
		one.at = len(kept)
		kept = append(kept, one)
	}
	return kept
}

func (e *exchange) doubles(other *exchange) bool {
	return e.method == other.method && *e.entry.URL == *other.entry.URL && e.entry.Status == other.entry.Status &&
		(e.entry.RequestBody.Missing || other.entry.RequestBody.Missing || bytes.Equal(e.entry.RequestBody.Content, other.entry.RequestBody.Content)) &&
		(e.answered == noBody || other.answered == noBody || bytes.Equal(e.entry.ResponseBody.Content, other.entry.ResponseBody.Content))
}

// ok reports whether the request succeeded. A redirect counts as a success: a form
// is answered with one.
func (e *exchange) ok() bool { return e.entry.Status >= 200 && e.entry.Status < 400 }

// reads reports whether the method promises to change nothing.
func (e *exchange) reads() bool { return e.method == http.MethodGet }

func (e *exchange) decodeBody() {
	body := e.entry.RequestBody
	content := bytes.TrimSpace(body.Content)
	switch value, err := profile.DecodeJSON(content); {
	case body.Missing || strings.HasPrefix(body.MediaType, "multipart/"):
		e.kind = otherBody
	case len(content) == 0:
	case body.MediaType == "application/x-www-form-urlencoded":
		e.kind, e.body = formBody, e.object(parseForm(string(content)))
	case err == nil:
		e.kind, e.body = jsonBody, value
	default:
		e.kind = otherBody
	}
}

func (e *exchange) decodeAnswer() {
	body := e.entry.ResponseBody
	content := bytes.TrimSpace(body.Content)
	switch value, err := profile.DecodeJSON(content); {
	case len(content) == 0:
	case err == nil:
		e.answered, e.answer = jsonBody, value
	case content[0] == '<' && strings.Contains(body.MediaType, "html"):
		e.answered = htmlBody
	case len(content) <= 200 && utf8.Valid(content) && !bytes.ContainsAny(content, "<\r\n{}[]\""):
		e.answered = textBody
	default:
		e.answered = otherBody
		// JSON that does not end was cut off by the browser.
		e.entry.ResponseBody.Missing = body.Missing || content[0] == '{' || content[0] == '['
	}
}

func (e *exchange) text() string { return strings.TrimSpace(string(e.entry.ResponseBody.Content)) }

// parseForm keeps repeated members, unlike url.ParseQuery.
func parseForm(text string) []har.Pair {
	var pairs []har.Pair
	for part := range strings.SplitSeq(text, "&") {
		if part != "" {
			name, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, har.Pair{Name: utf8Of(unescape(name, url.QueryUnescape)), Value: utf8Of(unescape(value, url.QueryUnescape))})
		}
	}
	return pairs
}

// utf8Of is a text of a form, which pages in ISO 8859-1 encode in their own way.
func utf8Of(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	decoded, _ := charmap.ISO8859_1.NewDecoder().String(text) // It has each byte.
	return decoded
}

// object makes an object of the members of a form or the parameters of a query.
func (e *exchange) object(pairs []har.Pair) map[string]any {
	object := map[string]any{}
	for _, pair := range pairs {
		if _, twice := object[pair.Name]; twice {
			e.repeated = append(e.repeated, pair)
			continue
		}
		object[pair.Name] = pair.Value
	}
	return object
}

// unescape leaves a text as it is if its encoding is not valid.
func unescape(text string, decode func(string) (string, error)) string {
	if decoded, err := decode(text); err == nil {
		return decoded
	}
	return text
}

// place is where a value is in a request.
type place struct {
	part    string // path, query, form, JSON body, header or body
	pointer string // JSON pointer, or the number of the segment
}

// eachValue visits the values of a request: strings and numbers.
func (e *exchange) eachValue(visit func(at place, value string)) {
	for i, segment := range e.segments {
		visit(place{"path", strconv.Itoa(i)}, segment)
	}
	eachText(e.query, func(pointer, text string) { visit(place{"query", pointer}, text) })
	eachText(e.body, func(pointer, text string) { visit(place{e.part(), pointer}, text) })
	for _, pair := range e.repeated {
		visit(place{"query", profile.PointerOf(pair.Name)}, pair.Value)
	}
	if e.kind == otherBody {
		visit(place{part: "body"}, string(e.entry.RequestBody.Content))
	}
}

func (e *exchange) part() string {
	if e.kind == formBody {
		return "form"
	}
	return "JSON body"
}

func (e *exchange) sends(wanted string) bool {
	found := false
	e.eachValue(func(_ place, value string) { found = found || value == wanted })
	return found
}

// answersName reports whether a response contains one of the names.
func (e *exchange) answersName() bool { return typed().Match(e.entry.ResponseBody.Content) }

// sameCall reports whether two requests go to the same place in the same way.
func sameCall(a, b *exchange) bool {
	return a.method == b.method && a.kind == b.kind && a.draft.path == b.draft.path && reflect.DeepEqual(a.draft.query, b.draft.query)
}

// texts are the strings of an object.
func texts(object any) map[string]string {
	members, _ := object.(map[string]any)
	converted := map[string]string{}
	for name, value := range members {
		converted[name], _ = value.(string)
	}
	return converted
}

// lookupText is the string or the number at a place, as text; empty if there is
// none.
func lookupText(document any, pointer string) string {
	value, _ := profile.Lookup(document, pointer)
	text, _ := scalarText(value)
	return text
}

func contains(values []any, wanted any) bool {
	return slices.ContainsFunc(values, func(one any) bool { return reflect.DeepEqual(one, wanted) })
}
