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
}

type bodyKind int

const (
	noBody bodyKind = iota
	jsonBody
	formBody
	textBody // one short line
	htmlBody
	otherBody
	lostBody // not in the recording, or not readable
)

// exchanges decodes what is of use: no preflights, no requests without an answer.
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
			decoded, err := url.PathUnescape(segment)
			if err != nil {
				decoded = segment
			}
			one.segments = append(one.segments, decoded)
		}
		one.query = parseForm(entry.URL.RawQuery)
		one.decodeBody()
		one.decodeAnswer()
		all = append(all, one)
	}
	return all
}

// ok says whether the request succeeded. A redirect counts as a success: a form
// is answered with one.
func (e *exchange) ok() bool { return e.entry.Status >= 200 && e.entry.Status < 400 }

// reads says whether the method promises to change nothing.
func (e *exchange) reads() bool { return e.method == http.MethodGet }

func (e *exchange) decodeBody() {
	body := e.entry.RequestBody
	content := bytes.TrimSpace(body.Content)
	switch {
	case body.Problem != "":
		e.kind = lostBody
	case len(content) == 0 && len(body.Params) == 0:
		e.kind = noBody
	case strings.HasPrefix(body.MediaType, "multipart/"):
		e.kind = otherBody
	case len(content) == 0:
		e.kind, e.form = formBody, unescaped(body.Params)
	case body.MediaType == "application/x-www-form-urlencoded":
		e.kind, e.form = formBody, parseForm(string(content))
	default:
		if value, err := decodeJSON(content); err == nil {
			e.kind, e.json = jsonBody, value
		} else {
			e.kind = otherBody
		}
	}
}

func (e *exchange) decodeAnswer() {
	body := e.entry.ResponseBody
	content := bytes.TrimSpace(body.Content)
	switch {
	case body.Problem != "":
		e.answered = lostBody
	case len(content) == 0:
		e.answered = noBody
	case content[0] == '<':
		e.answered = otherBody
		if strings.Contains(body.MediaType, "html") {
			e.answered = htmlBody
		}
	default:
		if value, err := decodeJSON(content); err == nil {
			e.answered, e.answer = jsonBody, value
			// A bare word is a text, whatever it is called.
			if text, isString := value.(string); isString && text == string(content) {
				e.answered = textBody
			}
		} else if len(content) <= 200 && utf8.Valid(content) && !bytes.ContainsAny(content, "\r\n{}[]\"") {
			e.answered = textBody
		} else {
			e.answered = otherBody
		}
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

// parseForm keeps the order and what is there twice, unlike url.ParseQuery.
func parseForm(text string) []har.Pair {
	var pairs []har.Pair
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, har.Pair{Name: unescape(name), Value: unescape(value)})
	}
	return pairs
}

// unescaped are the members of a form. Chromium writes them encoded, Firefox
// does not.
func unescaped(params []har.Pair) []har.Pair {
	pairs := make([]har.Pair, 0, len(params))
	for _, param := range params {
		if strings.Contains(param.Name+param.Value, "%") {
			param.Name, param.Value = unescape(param.Name), unescape(param.Value)
		}
		pairs = append(pairs, param)
	}
	return pairs
}

func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// place is where a value is in a request.
type place struct {
	part    string // path, query, form, json or body
	pointer string // JSON pointer, name of the member or the parameter, or number of the segment
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
		for _, param := range e.entry.RequestBody.Params {
			visit(place{part: "body"}, param.Value)
		}
	}
}

// sends says whether a value of the request is this one.
func (e *exchange) sends(wanted string) bool {
	found := false
	e.eachValue(func(_ place, value string) { found = found || value == wanted })
	return found
}
