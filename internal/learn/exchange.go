package learn

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
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

// exchange is a request of the recording and its answer, both decoded.
type exchange struct {
	entry    *har.Entry
	method   string
	origin   string   // scheme, host and port
	segments []string // of the path, decoded
	query    []har.Pair
	kind     bodyKind
	json     any        // body, if kind is jsonBody
	form     []har.Pair // body, if kind is formBody
	answer   any        // body of the answer, if answered is jsonBody
	answered bodyKind
	draft    *draft          // the request with placeholders
	typed    map[string]bool // the typed values that it sends, alone or inside a text
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

// exchanges decodes the requests that matter: no preflights, none without an answer.
func exchanges(entries []har.Entry) []*exchange {
	var all []*exchange
	for i := range entries {
		entry := &entries[i]
		switch entry.Method {
		case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		default:
			continue
		}
		if entry.Status < 100 {
			continue
		}
		one := &exchange{entry: entry, method: entry.Method, origin: entry.URL.Scheme + "://" + entry.URL.Host}
		for segment := range strings.SplitSeq(strings.TrimPrefix(entry.URL.EscapedPath(), "/"), "/") {
			one.segments = append(one.segments, unescape(segment, url.PathUnescape))
		}
		one.query = parseForm(entry.URL.RawQuery)
		one.decodeBody()
		one.decodeAnswer()
		one.typed = map[string]bool{}
		one.eachValue(func(_ place, value string) {
			for _, found := range typed().FindAllString(value, -1) {
				one.typed[found] = true
			}
		})
		all = append(all, one)
	}
	return all
}

// ok reports whether the request succeeded. A redirect counts as a success: a form
// is answered with one.
func (e *exchange) ok() bool { return e.entry.Status >= 200 && e.entry.Status < 400 }

// reads reports whether the method promises to change nothing.
func (e *exchange) reads() bool { return e.method == http.MethodGet }

func (e *exchange) decodeBody() {
	body := e.entry.RequestBody
	content := bytes.TrimSpace(body.Content)
	switch value, err := decodeJSON(content); {
	case body.Missing || strings.HasPrefix(body.MediaType, "multipart/"):
		e.kind = otherBody
	case len(content) == 0:
	case body.MediaType == "application/x-www-form-urlencoded":
		e.kind, e.form = formBody, parseForm(string(content))
	case err == nil:
		e.kind, e.json = jsonBody, value
	default:
		e.kind = otherBody
	}
}

func (e *exchange) decodeAnswer() {
	body := e.entry.ResponseBody
	content := bytes.TrimSpace(body.Content)
	switch value, err := decodeJSON(content); {
	case len(content) == 0:
	case err == nil:
		e.answered, e.answer = jsonBody, value
	case content[0] == '<' && strings.Contains(body.MediaType, "html"):
		e.answered = htmlBody
	case len(content) <= 200 && utf8.Valid(content) && !bytes.ContainsAny(content, "<\r\n{}[]\""):
		e.answered = textBody
	default:
		e.answered = otherBody
	}
}

// text is the body of a textBody.
func (e *exchange) text() string { return strings.TrimSpace(string(e.entry.ResponseBody.Content)) }

func decodeJSON(content []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more text after the end")
	}
	return value, nil
}

// parseForm keeps repeated members and their order, unlike url.ParseQuery.
func parseForm(text string) []har.Pair {
	var pairs []har.Pair
	for part := range strings.SplitSeq(text, "&") {
		if part != "" {
			name, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, har.Pair{Name: unescape(name, url.QueryUnescape), Value: unescape(value, url.QueryUnescape)})
		}
	}
	return pairs
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
	part    string // path, query, form, json, header or body
	pointer string // JSON pointer, name of the member or the parameter, or number of the segment
}

// member is the name of the innermost member or parameter.
func (p place) member() string {
	if p.part == "json" {
		return lastToken(p.pointer)
	}
	return p.pointer
}

// eachValue visits the values of a request: strings and numbers.
func (e *exchange) eachValue(visit func(at place, value string)) {
	for i, segment := range e.segments {
		visit(place{"path", strconv.Itoa(i)}, segment)
	}
	for _, parameter := range e.query {
		visit(place{"query", parameter.Name}, parameter.Value)
	}
	for _, member := range e.form {
		visit(place{"form", member.Name}, member.Value)
	}
	eachScalar(e.json, func(pointer string, value any) {
		if text, isText := scalarText(value); isText {
			visit(place{"json", pointer}, text)
		}
	})
	if e.kind == otherBody {
		visit(place{part: "body"}, string(e.entry.RequestBody.Content))
	}
}

// sends reports whether a value of the request is this one.
func (e *exchange) sends(wanted string) bool {
	found := false
	e.eachValue(func(_ place, value string) { found = found || value == wanted })
	return found
}

// answersName reports whether an answer contains one of the names.
func (e *exchange) answersName() bool { return typed().Match(e.entry.ResponseBody.Content) }
