package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is what a call sends. Fill makes it and Match reads it.
type Request struct {
	Method string
	Path   string // escaped, below the root of the server; empty for a discovered call
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
	Approved *bool // false in register
	CSRF     *string
	// Keep has the values of Profile.Keep. What is matched in a text is a string.
	Keep   map[string]any
	Origin string // scheme, host and port of the server
	// Page is the query of a page of a list.
	Page url.Values
}

// errMissing is the error of Fill for a placeholder that has no value.
var errMissing = errors.New("the value is not known")

// ErrOtherCall is the error of Match for a request with another method or path.
var ErrOtherCall = errors.New("another call")

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// Fill makes the request of a call. The error is errMissing if a placeholder has no
// value: such a request must not be sent.
func (p *Profile) Fill(call *Call, v Values) (*Request, error) {
	f := &filler{values: p.valuesOf(call, v)}
	r := &Request{Method: call.Method, Path: f.path(call.Path), Query: url.Values{}, Header: http.Header{}}
	for name, template := range call.Query {
		r.Query.Set(name, f.text(template))
	}
	maps.Copy(r.Query, v.Page)
	for name, template := range p.headersOf(call) {
		r.Header.Set(name, f.text(template))
	}
	switch {
	case call.Form != nil:
		form := url.Values{}
		for name, template := range call.Form {
			form.Set(name, f.text(template))
		}
		r.Body = []byte(form.Encode())
		r.Header.Set("Content-Type", formType)
	case call.JSON != nil:
		var err error
		if r.Body, err = encodeJSON(FillJSON(call.JSON, f.value)); err != nil {
			f.fails(err)
		}
		r.Header.Set("Content-Type", jsonType)
	}
	if f.err != nil {
		return nil, f.err
	}
	return r, nil
}

type filler struct {
	values map[string]any
	err    error // the first one
}

func (f *filler) fails(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *filler) path(template string) string {
	segments := strings.Split(template, "/")
	for i, template := range segments {
		if !isPlaceholder(template) {
			continue
		}
		segments[i] = EscapeSegment(f.text(template))
		if segments[i] == "" {
			f.fails(fmt.Errorf("%s is empty, and cannot be in a path: %w", template, errMissing))
		}
	}
	return strings.Join(segments, "/")
}

// text is a template as a text: a segment, or a value of a query, a header, or a
// form.
func (f *filler) text(template string) string {
	value := f.value(template)
	text, ok := textOf(value)
	if !ok {
		f.fails(fmt.Errorf("%s is a JSON %s, and not a text: %w", template, TypeOf(value), errMissing))
	}
	return text
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

// value is what a placeholder stands for, or another text itself.
func (f *filler) value(template string) any {
	value, known := f.values[template]
	switch {
	case !isPlaceholder(template):
		return template
	case !known && template == KeyNumber && f.values[Key] != nil:
		f.fails(fmt.Errorf("the key %q is not a number: %w", f.values[Key], errMissing))
	case !known:
		f.fails(fmt.Errorf("%s: %w", template, errMissing))
	}
	return value
}

// valuesOf are the values that are known, by their placeholders.
func (p *Profile) valuesOf(call *Call, v Values) map[string]any {
	values := map[string]any{}
	for placeholder, text := range map[string]string{Key: v.Key, Origin: v.Origin} {
		if text != "" {
			values[placeholder] = text
		}
	}
	if isInteger(v.Key) {
		values[KeyNumber] = json.Number(v.Key)
	}
	for placeholder, text := range map[string]*string{Name: v.Name, Secret: v.Secret, CSRFToken: v.CSRF} {
		if text != nil {
			values[placeholder] = *text
		}
	}
	for name, value := range v.Keep {
		values[KeepOf(name)] = value
	}
	if v.Approved != nil {
		values[ApprovedNow] = p.sentApproval(call)[*v.Approved]
	}
	return values
}

// isInteger reports whether a text is a number as JSON has it, without a fraction.
func isInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && (digits == "0" || digits[0] != '0')
}

// sentApproval is what {approved} sends in a call for yes and for no.
func (p *Profile) sentApproval(call *Call) map[bool]any {
	switch {
	case call.Approved != nil:
		return map[bool]any{true: call.Approved.Yes, false: call.Approved.No}
	case p.Approved != nil && len(p.Approved.Yes) > 0 && len(p.Approved.No) > 0:
		return map[bool]any{true: p.Approved.Yes[0], false: p.Approved.No[0]}
	}
	return nil
}

// Match reads a request to a call: the inverse of Fill. The error is ErrOtherCall if
// the method or the path is another one, and otherwise says what differs from the
// profile. A request that differs in anything else than placeholders, the header
// Accept, and headers that the profile does not name, does not match.
func (p *Profile) Match(call *Call, r *Request) (Values, error) {
	m := matcher{Profile: p, call: call, seen: map[string]any{}}
	if r.Method != call.Method || !matchPath(call.Path, r.Path, func(placeholder, segment string) bool {
		m.take("the path", placeholder, segment, true)
		return true
	}) {
		return Values{}, ErrOtherCall
	}
	for name, texts := range m.texts("the query", call.Query, r.Query) {
		m.page(name, texts)
	}
	for name, template := range p.headersOf(call) {
		if name != "Accept" {
			m.scalar("the header "+name, template, r.Header.Get(name), true)
		}
	}
	m.body(r)
	return m.v, m.err
}

// matchPath compares a path with a template, segment by segment, so that a key can
// have any character.
func matchPath(template, path string, take func(placeholder, segment string) bool) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
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
			if got[i] == "" || got[i] == "." || got[i] == ".." || !take(want[i], segment) {
				return false
			}
		} else if fixed, err := url.PathUnescape(want[i]); err != nil || fixed != segment {
			return false
		}
	}
	return true
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

// texts compares the values of a query or a form. It returns those that the call does
// not have.
func (m *matcher) texts(where string, templates map[string]string, values url.Values) url.Values {
	others := maps.Clone(values)
	for name, template := range templates {
		switch texts := values[name]; len(texts) {
		case 0:
			m.differs("%s has no %s", where, name)
		case 1:
			m.scalar(name+" of "+where, template, texts[0], true)
		default:
			m.differs("%s has %s more than once", where, name)
		}
		delete(others, name)
	}
	return others
}

// page keeps a value of the query that says which page of a list is wanted.
func (m *matcher) page(name string, texts []string) {
	pages := m.call.Pages
	if pages == nil || pages.By == "none" || pages.Parameter != "" && pages.Parameter != name {
		m.differs("the query has %s, which is not known", name)
		return
	}
	if m.v.Page == nil {
		m.v.Page = url.Values{}
	}
	m.v.Page[name] = texts
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
		for name := range m.texts("the form", m.call.Form, values) {
			m.differs("the form has %s, which is not known", name)
		}
	case m.call.JSON != nil:
		body, err := DecodeJSON(r.Body)
		if err != nil || mediaType != jsonType {
			m.differs("the body must be JSON, and the Content-Type %s", jsonType)
			return
		}
		m.json("the body", m.call.JSON, body)
	case len(r.Body) > 0:
		m.differs("the call has no body")
	}
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
			if value, found := members[name]; found {
				m.json(name, template[name], value)
			} else {
				m.differs("%s is missing", name)
			}
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
	default:
		m.scalar(where, template, body, false)
	}
}

// scalar compares a text, or a scalar in JSON, with its template.
func (m *matcher) scalar(where string, template, value any, isText bool) {
	if placeholder, _ := template.(string); isPlaceholder(placeholder) {
		m.take(where, placeholder, value, isText)
	} else if !equal(template, value) {
		m.differs("%s is not as the call has it", where)
	}
}

// take keeps the value of a placeholder, which must be the same wherever it is.
func (m *matcher) take(where, placeholder string, value any, isText bool) {
	text, isString := value.(string)
	same := value
	if scalar, ok := textOf(value); ok {
		same = scalar
	}
	switch placeholder {
	case KeyNumber:
		if number, ok := value.(json.Number); ok {
			text = number.String()
		} else if !isText {
			text = ""
		}
		if !isInteger(text) {
			m.differs("%s must be a number", where)
		}
		m.v.Key, placeholder = text, Key
	case ApprovedNow:
		approved, ok := m.approval(value, isText)
		if !ok {
			m.differs("%s is not a value of the approval", where)
		}
		m.v.Approved, same = &approved, approved
	case Key, Name, Secret, CSRFToken, Origin:
		if !isString || text == "" && (placeholder == Key || placeholder == Origin) {
			m.differs("%s must be a string that is not empty", where)
		}
		m.keep(placeholder, text)
	default:
		if m.v.Keep == nil {
			m.v.Keep = map[string]any{}
		}
		if _, known := m.v.Keep[keepName(placeholder)]; !known || !isText {
			m.v.Keep[keepName(placeholder)] = value
		}
	}
	if before, again := m.seen[placeholder]; again && !equal(before, same) {
		m.differs("%s is not the same everywhere", placeholder)
	}
	m.seen[placeholder] = same
}

func (m *matcher) keep(placeholder, text string) {
	switch placeholder {
	case Key:
		m.v.Key = text
	case Name:
		m.v.Name = &text
	case Secret:
		m.v.Secret = &text
	case CSRFToken:
		m.v.CSRF = &text
	case Origin:
		m.v.Origin = text
	}
}

func (m *matcher) approval(value any, isText bool) (approved, ok bool) {
	sent := m.sentApproval(m.call)
	for _, approved := range []bool{true, false} {
		text, isScalar := textOf(sent[approved])
		if equal(sent[approved], value) || isText && isScalar && text == value {
			return approved, true
		}
	}
	return false, false
}
