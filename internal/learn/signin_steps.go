package learn

import (
	"bytes"
	"maps"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

func (s *signIn) add(one *exchange) {
	if slices.Contains(s.posts, one) {
		return
	}
	step := profile.Step{}
	if one.kind == formBody {
		if step.Form = s.form(one, texts(one.body)); len(step.Form) == 0 {
			return
		}
	} else {
		step = profile.Step{Method: one.method, Path: one.entry.URL.EscapedPath(), JSON: s.json(one), Next: s.next(one)}
		if len(one.query) > 0 {
			s.problem("%s is sent with a query, which a profile cannot describe.", s.show(one))
		}
	}
	s.posts, s.steps = append(s.posts, one), append(s.steps, step)
}

// addFurther adds the forms after the password, such as of a consent. A form that a
// script submits is none: it is the page's own.
func (s *signIn) addFurther(after []*exchange) {
	for _, one := range after {
		mode := har.Header(one.entry.RequestHeaders, "Sec-Fetch-Mode")
		if !one.submits() || one.kind != formBody || !one.ok() || mode != "" && mode != "navigate" || one.location() == nil && !one.isPage() {
			continue
		}
		s.add(one)
	}
}

// form has the fields that a person fills in. Hidden ones are the page's own. Without
// the page, so are those that do not look like words.
func (s *signIn) form(one *exchange, values map[string]string) map[string]string {
	controls, automatic := controlsOf(s.pageOf(one))
	form := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		text := values[name]
		known, onPage := controls[name]
		switch {
		case onPage && known.kind != "button" && known.value == text, automatic:
		case controls != nil && !onPage:
			s.problem("%s sends %s, which a script adds. A profile cannot describe that.", s.show(one), s.shown(name))
		case s.private.holds(name) || looksRandom(name):
			if controls != nil {
				s.problem("%s sends a field whose name is not fixed. A profile cannot describe that.", s.show(one))
			}
		case s.credential(one, name, text) != "":
			form[name] = s.credential(one, name, text)
		case known.kind == "hidden":
			if form[name] = s.source(one, text); form[name] == "" {
				delete(form, name)
				s.unknown(one, name)
			}
		case s.fixed(text):
			form[name] = text
		case controls != nil:
			s.unknown(one, name)
		}
	}
	return form
}

// json is a body with placeholders for what is not fixed.
func (s *signIn) json(one *exchange) any {
	body := one.body
	profile.Walk("", one.body, func(pointer string, value any) {
		name := lastToken(pointer)
		text, isText := scalarText(value)
		if !isText || text == "" {
			return
		}
		placeholder := s.credential(one, name, text)
		if placeholder == "" && (looksRandom(text) || digits().MatchString(text)) {
			placeholder = s.source(one, text)
		}
		switch _, isString := value.(string); {
		case placeholder != "":
			body = profile.SetAt(body, pointer, placeholder)
		case isString && !s.fixed(text), looksRandom(text):
			s.unknown(one, name)
			body = profile.SetAt(body, pointer, "")
		}
	})
	return body
}

// unknown reports a value whose source is not in the recording.
func (s *signIn) unknown(one *exchange, name string) {
	s.problem("%s sends %s, and the recording does not show where its value comes from.", s.show(one), s.shown(name))
}

// shown is a name that findings can have.
func (s *signIn) shown(name string) string {
	if s.private.holds(name) {
		return "..."
	}
	return show(name)
}

// credential is the placeholder of the user's name or password; empty for other values.
func (s *signIn) credential(one *exchange, name, text string) string {
	switch text {
	case s.password:
		if hashed().MatchString(text) {
			s.problem("%s sends %s, which looks as if a script had hashed or encrypted the password. A profile cannot describe that.", s.show(one), s.shown(name))
		}
		return profile.Password
	case s.username:
		return profile.Username
	}
	return ""
}

// fixed reports whether a value is one or a few words that are the same each time.
func (s *signIn) fixed(text string) bool {
	return text == "" || wordOrWords().MatchString(text) && !looksRandom(text) && !s.private.holds(text)
}

// source is the placeholder of what the browser has got before. It is empty if the
// recording does not show it.
func (s *signIn) source(one *exchange, text string) (placeholder string) {
	named := func(from, name, value string) {
		if placeholder == "" && value == text && name != "" && !strings.ContainsAny(name, "{}") && !s.private.holds(name) && !looksRandom(name) {
			placeholder = profile.SourceOf(from, name)
		}
	}
	if page := s.pageOf(one); page != nil {
		eachText(page.query, func(pointer, value string) { named(profile.FromQuery, lastToken(pointer), value) })
		controls, _ := controlsOf(page)
		for _, name := range slices.Sorted(maps.Keys(controls)) {
			named(profile.FromField, name, controls[name].value)
		}
	}
	for _, cookie := range cookiesOf(one.entry.RequestHeaders, "Cookie") {
		named(profile.FromCookie, cookie.Name, cookie.Value)
	}
	if placeholder != "" || one.kind != jsonBody {
		return placeholder
	}
	for _, earlier := range slices.Backward(s.all[:one.at]) {
		if !earlier.submits() || earlier.kind != jsonBody {
			continue
		}
		eachText(earlier.answer, func(pointer, value string) {
			if placeholder == "" && value == text && !strings.ContainsAny(pointer, "{}") && !slices.ContainsFunc(profile.Tokens(pointer), looksRandom) {
				placeholder = profile.SourceOf(profile.FromResponse, pointer)
			}
		})
		if placeholder != "" {
			s.add(earlier)
		}
		break // A profile names the step before.
	}
	return placeholder
}

// next is where the response to a script has the address that the browser goes on with.
// Without one, the sign-in goes on from its start.
func (s *signIn) next(one *exchange) (next string) {
	base := one.entry.URL
	if page := s.pageOf(one); page != nil {
		base = page.entry.URL
	}
	eachText(one.answer, func(pointer, text string) {
		target, err := base.Parse(text)
		if err != nil || next != "" || !strings.ContainsAny(text, "/?") {
			return
		}
		if slices.ContainsFunc(s.all[one.at:], func(later *exchange) bool { return later.reads() && later.address() == addressOf(target) }) {
			next = pointer
		}
	})
	return next
}

// isPage reports whether a response is a page that a person sees.
func (e *exchange) isPage() bool {
	return strings.Contains(e.entry.ResponseBody.MediaType, "html") && (e.entry.Status < 300 || e.entry.Status >= 400) &&
		har.Header(e.entry.RequestHeaders, "Sec-Fetch-Dest") != "empty"
}

// navigates reports whether a browser has opened a page with a request.
func (e *exchange) navigates() bool {
	headers := e.entry.RequestHeaders
	return e.reads() && (har.Header(headers, "Upgrade-Insecure-Requests") != "" || strings.Contains(har.Header(headers, "Accept"), "text/html"))
}

// address is the URL of a request without fragment.
func (e *exchange) address() string { return addressOf(e.entry.URL) }

func addressOf(u *url.URL) string {
	bare := *u
	bare.Fragment, bare.RawFragment = "", ""
	return bare.String()
}

// location is where a redirect leads to. Nil: it is none.
func (e *exchange) location() *url.URL {
	location := har.Header(e.entry.ResponseHeaders, "Location")
	target, err := e.entry.URL.Parse(location)
	if err != nil || location == "" || e.entry.Status < 300 || e.entry.Status > 399 {
		return nil
	}
	stripSession(target)
	return target
}

// pageOf is the page that a request was sent from. Nil: the recording has none.
func (l *learner) pageOf(one *exchange) (latest *exchange) {
	referer := har.Header(one.entry.RequestHeaders, "Referer")
	for _, earlier := range slices.Backward(l.all[:one.at]) {
		switch {
		case !earlier.isPage():
		case earlier.address() == referer:
			return earlier
		case latest == nil:
			latest = earlier
		}
	}
	return latest
}

// control is what a form of a page sends: its kind is hidden, password, text, choice,
// or button.
type control struct{ kind, value string }

// controlsOf are the controls of a page by name, as it was loaded, and whether a script
// submits it without a person. Nil: the recording does not have the page.
func controlsOf(page *exchange) (controls map[string]control, automatic bool) {
	if page == nil || len(page.entry.ResponseBody.Content) == 0 {
		return nil, false
	}
	root, err := html.Parse(bytes.NewReader(page.entry.ResponseBody.Content))
	if err != nil {
		return nil, false
	}
	controls = map[string]control{}
	visible, submits := false, false
	for node := range root.Descendants() {
		attributes := attributesOf(node.Attr)
		for name, script := range attributes {
			submits = submits || strings.HasPrefix(name, "on") && strings.Contains(script, "submit(")
		}
		_, checked := attributes["checked"]
		_, selected := attributes["selected"]
		one := control{"text", attributes["value"]}
		switch kind := strings.ToLower(attributes["type"]); {
		case node.Type == html.TextNode && node.Parent.DataAtom == atom.Script:
			submits = submits || strings.Contains(node.Data, "submit(")
			continue
		case node.DataAtom == atom.Option:
			if _, own := attributes["value"]; !own && node.FirstChild != nil {
				one.value = strings.TrimSpace(node.FirstChild.Data)
			}
			for above := range node.Ancestors() {
				name := attributesOf(above.Attr)["name"]
				if chosen, known := controls[name]; above.DataAtom == atom.Select && (selected || known && chosen.kind == "") {
					controls[name] = control{"choice", one.value}
				}
			}
			continue
		case node.DataAtom == atom.Select:
			one = control{} // Its options follow.
		case node.DataAtom == atom.Button, kind == "submit", kind == "image":
			one.kind = "button"
		case kind == "checkbox", kind == "radio":
			if one.kind = "choice"; !checked {
				one.value = ""
			}
		case kind == "hidden", kind == "password":
			one.kind = kind
		case node.DataAtom != atom.Input && node.DataAtom != atom.Textarea:
			continue
		}
		visible = visible || one.kind != "hidden" && one.kind != "button"
		name := attributes["name"]
		if known, twice := controls[name]; !twice || known.value == "" {
			controls[name] = one
		}
	}
	return controls, submits && !visible
}

func attributesOf(list []html.Attribute) map[string]string {
	attributes := map[string]string{}
	for _, one := range list {
		attributes[one.Key] = one.Val
	}
	return attributes
}
