package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// Request is what a call sends. Fill makes it and Match reads it.
type Request struct {
	Method string
	Path   string // escaped, below the root of the server
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Values are what the placeholders of a call stand for. Nil is a value that is not
// known.
type Values struct {
	Key      string
	Name     *string
	Secret   *string
	Approved *bool
	CSRF     *string
	Keep     map[string]any
	Origin   string
	// Page is the query of a page of a list.
	Page url.Values
}

// ErrMissing is the error of Fill for a placeholder that has no value.
var ErrMissing = errors.New("the value is not known")

// ErrOtherCall is the error of Match for a request with another method or path.
var ErrOtherCall = errors.New("another call")

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// Fill makes the request of a call. The error is ErrMissing if a placeholder has no
// value: such a request must not be sent.
func (p *Profile) Fill(call *Call, v Values) (*Request, error) {
	f := filler{Profile: p, call: call, v: v}
	r := &Request{Method: call.Method, Query: url.Values{}, Header: http.Header{}}
	segments := strings.Split(call.Path, "/")
	for i, segment := range segments {
		if isPlaceholder(segment) {
			text, err := f.text(segment)
			if err != nil {
				return nil, err
			}
			segments[i] = EscapeSegment(text)
		}
	}
	r.Path = strings.Join(segments, "/")
	maps.Copy(r.Query, v.Page)
	for name, template := range call.Query {
		text, err := f.text(template)
		if err != nil {
			return nil, err
		}
		if !r.Query.Has(name) {
			r.Query.Set(name, text)
		}
	}
	for _, headers := range []map[string]string{p.Headers, call.Headers} {
		for name, template := range headers {
			text, err := f.text(template)
			if err != nil {
				return nil, err
			}
			r.Header.Set(name, text)
		}
	}
	return r, f.body(r)
}

// filler fills the templates of one call.
type filler struct {
	*Profile
	call *Call
	v    Values
}

func (f filler) body(r *Request) error {
	switch {
	case f.call.Form != nil:
		form := url.Values{}
		for name, template := range f.call.Form {
			text, err := f.text(template)
			if err != nil {
				return err
			}
			form.Set(name, text)
		}
		r.Body = []byte(form.Encode())
		r.Header.Set("Content-Type", formType)
	case f.call.JSON != nil:
		filled, err := f.json(f.call.JSON)
		if err != nil {
			return err
		}
		if r.Body, err = encodeJSON(filled); err != nil {
			return err
		}
		r.Header.Set("Content-Type", jsonType)
	}
	return nil
}

func (f filler) json(template any) (any, error) {
	switch template := template.(type) {
	case string:
		if isPlaceholder(template) {
			return f.value(template)
		}
	case []any:
		filled := make([]any, len(template))
		for i, element := range template {
			var err error
			if filled[i], err = f.json(element); err != nil {
				return nil, err
			}
		}
		return filled, nil
	case map[string]any:
		filled := make(map[string]any, len(template))
		for name, member := range template {
			value, err := f.json(member)
			if err != nil {
				return nil, err
			}
			filled[name] = value
		}
		return filled, nil
	}
	return template, nil
}

// text is a template as a text: a segment, or a value of a query, a header, or a
// form.
func (f filler) text(template string) (string, error) {
	if !isPlaceholder(template) {
		return template, nil
	}
	value, err := f.value(template)
	if err != nil {
		return "", err
	}
	text, ok := textOf(value)
	if !ok {
		return "", fmt.Errorf("%s is not a text: %w", template, ErrMissing)
	}
	return text, nil
}

// textOf is a scalar as a form has it.
func textOf(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number, bool:
		return fmt.Sprint(value), true
	}
	return "", false
}

// value is what a placeholder stands for.
func (f filler) value(placeholder string) (any, error) {
	missing := func() (any, error) { return nil, fmt.Errorf("%s: %w", placeholder, ErrMissing) }
	text := func(text *string) (any, error) {
		if text == nil {
			return missing()
		}
		return *text, nil
	}
	switch placeholder {
	case Key:
		if f.v.Key == "" {
			return missing()
		}
		return f.v.Key, nil
	case keyNumber:
		if !isInteger(f.v.Key) {
			return nil, fmt.Errorf("the key %q is not a number: %w", f.v.Key, ErrMissing)
		}
		return json.Number(f.v.Key), nil
	case Name:
		return text(f.v.Name)
	case Secret:
		return text(f.v.Secret)
	case CSRFToken:
		return text(f.v.CSRF)
	case Origin:
		return f.v.Origin, nil
	case ApprovedNow:
		if f.v.Approved == nil {
			return missing()
		}
		yes, no := f.sentApproval(f.call)
		if *f.v.Approved {
			return yes, nil
		}
		return no, nil
	}
	value, known := f.v.Keep[keepName(placeholder)]
	if !known {
		return missing()
	}
	return value, nil
}

func keepName(placeholder string) string {
	return strings.TrimSuffix(strings.TrimPrefix(placeholder, keepPrefix), "}")
}

// isInteger reports whether a text is a number as JSON has it, without a fraction.
func isInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && (digits == "0" || digits[0] != '0')
}

// sentApproval returns what {approved} sends in a call.
func (p *Profile) sentApproval(call *Call) (yes, no any) {
	switch {
	case call.Approved != nil:
		return call.Approved.Yes, call.Approved.No
	case p.Approved != nil && len(p.Approved.Yes) > 0 && len(p.Approved.No) > 0:
		return p.Approved.Yes[0], p.Approved.No[0]
	}
	return nil, nil
}

// Match reads a request to a call: the inverse of Fill. The error is ErrOtherCall if
// the method or the path is another one, and otherwise says what differs from the
// profile. A request that differs in anything else than placeholders, the header
// Accept, and headers that the profile does not name, does not match.
func (p *Profile) Match(call *Call, r *Request) (Values, error) {
	m := matcher{Profile: p, call: call, seen: map[string]any{}}
	if r.Method != call.Method || !m.path(r.Path) {
		return Values{}, ErrOtherCall
	}
	m.texts("the query", call.Query, r.Query, call.Name == "list")
	for _, headers := range []map[string]string{p.Headers, call.Headers} {
		for name, template := range headers {
			if http.CanonicalHeaderKey(name) != "Accept" {
				m.text("the header "+name, template, r.Header.Get(name))
			}
		}
	}
	m.body(r)
	return m.v, m.err
}

// matcher takes the values out of one request.
type matcher struct {
	*Profile
	call *Call
	v    Values
	seen map[string]any // the value of each placeholder as it was sent first
	err  error          // the first difference
}

func (m *matcher) differs(format string, arguments ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, arguments...)
	}
}

// path compares segment by segment, so that a key can have any character.
func (m *matcher) path(path string) bool {
	want, got := strings.Split(m.call.Path, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		segment, err := url.PathUnescape(got[i])
		if err != nil {
			return false
		}
		if isPlaceholder(want[i]) {
			// Dot segments never get through a proxy.
			if got[i] == "" || got[i] == "." || got[i] == ".." {
				return false
			}
			m.text("the path", want[i], segment)
			continue
		}
		if fixed, err := url.PathUnescape(want[i]); err != nil || fixed != segment {
			return false
		}
	}
	return true
}

// texts compares the values of a query or a form. Values that the call does not have
// are those of a page, if there can be pages.
func (m *matcher) texts(where string, templates map[string]string, values url.Values, pages bool) {
	for name, template := range templates {
		switch texts := values[name]; {
		case len(texts) == 0:
			m.differs("%s has no %s", where, name)
		case len(texts) > 1:
			m.differs("%s has %s more than once", where, name)
		default:
			m.text(name+" of "+where, template, texts[0])
		}
	}
	for name, texts := range values {
		if _, known := templates[name]; known {
			continue
		}
		if !pages {
			m.differs("%s has %s, which is not known", where, name)
			continue
		}
		if m.v.Page == nil {
			m.v.Page = url.Values{}
		}
		m.v.Page[name] = texts
	}
}

func (m *matcher) body(r *Request) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case m.call.Form != nil:
		values, err := url.ParseQuery(string(r.Body))
		if err != nil || mediaType != formType {
			m.differs("the body must be a form, and the Content-Type %s", formType)
			return
		}
		m.texts("the form", m.call.Form, values, false)
	case m.call.JSON != nil:
		body, err := decodeJSON(r.Body)
		if err != nil || mediaType != jsonType {
			m.differs("the body must be JSON, and the Content-Type %s", jsonType)
			return
		}
		m.json("the body", m.call.JSON, body)
	case len(r.Body) > 0:
		m.differs("the call has no body")
	}
}

// encodeJSON writes a JSON value as a browser does, without the escapes that HTML
// needs.
func encodeJSON(value any) ([]byte, error) {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(encoded.Bytes(), []byte("\n")), err
}

// decodeJSON reads one JSON value. Numbers keep their notation.
func decodeJSON(content []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more text after the end of the JSON")
	}
	return value, nil
}

func (m *matcher) json(where string, template, body any) {
	switch template := template.(type) {
	case map[string]any:
		members, ok := body.(map[string]any)
		if !ok {
			m.differs("%s must be a JSON object", where)
			return
		}
		for _, name := range slices.Sorted(maps.Keys(template)) {
			value, found := members[name]
			if !found {
				m.differs("%s is missing", name)
				continue
			}
			m.json(name, template[name], value)
		}
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if _, known := template[name]; !known {
				m.differs("%s is not known", name)
			}
		}
	case []any:
		elements, ok := body.([]any)
		if !ok || len(elements) != len(template) {
			m.differs("%s must be a JSON array of %d", where, len(template))
			return
		}
		for i := range template {
			m.json(where, template[i], elements[i])
		}
	case string:
		if isPlaceholder(template) {
			m.take(where, template, body, false)
			return
		}
		m.literal(where, template, body)
	default:
		m.literal(where, template, body)
	}
}

func (m *matcher) literal(where string, want, got any) {
	if !reflect.DeepEqual(want, got) {
		m.differs("%s is not as the call has it", where)
	}
}

func (m *matcher) text(where, template, text string) {
	if isPlaceholder(template) {
		m.take(where, template, text, true)
		return
	}
	m.literal(where, template, text)
}

// take keeps the value of a placeholder, which must be the same wherever it is.
func (m *matcher) take(where, placeholder string, value any, isText bool) {
	text, isString := value.(string)
	if placeholder == keyNumber && !isText {
		number, ok := value.(json.Number)
		text, isString = number.String(), ok
	}
	needsText := placeholder != ApprovedNow && !strings.HasPrefix(placeholder, keepPrefix)
	if needsText && !isString {
		m.differs("%s must be a %s", where, map[bool]string{true: "number", false: "string"}[placeholder == keyNumber])
		return
	}
	same := value
	if needsText {
		same = text
	}
	switch placeholder {
	case Key, keyNumber:
		m.v.Key, placeholder = text, Key
	case Name:
		m.v.Name = &text
	case Secret:
		m.v.Secret = &text
	case CSRFToken:
		m.v.CSRF = &text
	case Origin:
		m.v.Origin = text
	case ApprovedNow:
		approved, ok := m.approval(value, isText)
		if !ok {
			m.differs("%s is not a value of the approval", where)
			return
		}
		m.v.Approved, same = &approved, approved
	default:
		if m.v.Keep == nil {
			m.v.Keep = map[string]any{}
		}
		m.v.Keep[keepName(placeholder)] = value
	}
	if before, again := m.seen[placeholder]; again && !reflect.DeepEqual(before, same) {
		m.differs("%s is not the same everywhere", placeholder)
	}
	m.seen[placeholder] = same
}

func (m *matcher) approval(value any, isText bool) (approved, ok bool) {
	yes, no := m.sentApproval(m.call)
	for i, option := range []any{yes, no} {
		text, isScalar := textOf(option)
		if reflect.DeepEqual(option, value) || isText && isScalar && text == value {
			return i == 0, true
		}
	}
	return false, false
}
