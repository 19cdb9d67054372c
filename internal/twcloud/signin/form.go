package signin

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/charset"
)

// page is what a sign-in reads of a web page.
type page struct {
	forms           []*form
	asksForPassword bool
	// submits is true if a script of the page submits a form.
	submits bool
}

// form is one form of a page.
type form struct {
	node     *html.Node
	from     *url.URL // the address that its own is relative to
	page     *url.URL
	charset  string
	controls []control
}

// control is what a form sends.
type control struct {
	name, value string
	// hidden controls are not for people. Buttons, and boxes that are not checked, send
	// their value only if they are clicked.
	hidden, button, unchecked bool
}

// parsePage reads a web page. Another response has nothing of one.
func parsePage(response *http.Response) page {
	var found page
	if !IsPage(response) {
		return found
	}
	root, err := html.Parse(bytes.NewReader(Body(response)))
	if err != nil {
		return found
	}
	from := response.Request.URL
	_, parameters, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		for _, one := range node.Attr {
			found.submits = found.submits || strings.HasPrefix(one.Key, "on") && strings.Contains(one.Val, "submit(")
		}
		switch node.DataAtom {
		case atom.Base:
			if base, err := response.Request.URL.Parse(attribute(node, "href")); err == nil && from == response.Request.URL {
				from = base
			}
		case atom.Form:
			found.forms = append(found.forms, &form{node: node, page: response.Request.URL, charset: parameters["charset"]})
		case atom.Script:
			found.submits = found.submits || strings.Contains(textOf(node), "submit(")
		case atom.Input:
			found.asksForPassword = found.asksForPassword || strings.EqualFold(attribute(node, "type"), "password")
		}
	}
	for _, f := range found.forms {
		f.from = from
		f.readControls(root)
	}
	return found
}

// formWith returns the form that has all of the fields, or nil.
func (p *page) formWith(fields map[string]string) *form {
	for _, f := range p.forms {
		all := len(fields) > 0
		for name := range fields {
			all = all && slices.ContainsFunc(f.controls, func(c control) bool { return c.name == name })
		}
		if all {
			return f
		}
	}
	return nil
}

// automatic returns the form of a page that has nothing for people in it and that a
// script submits, or nil.
func (p *page) automatic() *form {
	if !p.submits || len(p.forms) != 1 || len(p.forms[0].controls) == 0 {
		return nil
	}
	visible := func(c control) bool { return !c.hidden && !c.button }
	if slices.ContainsFunc(p.forms[0].controls, visible) {
		return nil
	}
	return p.forms[0]
}

// field returns the value of a field of the page.
func (p page) field(name string) string {
	for _, f := range p.forms {
		for _, c := range f.controls {
			if c.name == name && !c.button && !c.unchecked {
				return c.value
			}
		}
	}
	return ""
}

// readControls finds the controls of the form, in the order of the page. They can stand
// outside of it, and name it.
func (f *form) readControls(root *html.Node) {
	id := attribute(f.node, "id")
	for node := range root.Descendants() {
		if node.Type != html.ElementNode || disabled(node) {
			continue
		}
		if owner := attribute(node, "form"); owner != "" {
			if owner != id {
				continue
			}
		} else if !inside(node, f.node) {
			continue
		}
		f.controls = append(f.controls, controlsOf(node)...)
	}
}

// controlsOf returns what an element sends: one value, none, or several.
func controlsOf(node *html.Node) []control {
	name, value := attribute(node, "name"), attribute(node, "value")
	switch kind := strings.ToLower(attribute(node, "type")); node.DataAtom {
	case atom.Input:
		switch kind {
		case "checkbox", "radio":
			if !has(node, "value") {
				value = "on"
			}
			return []control{{name: name, value: value, unchecked: !has(node, "checked")}}
		case "reset", "button", "file":
			return nil
		case "submit", "image":
			return []control{{name: name, value: value, button: true}}
		}
		return []control{{name: name, value: value, hidden: kind == "hidden"}}
	case atom.Button:
		if kind == "reset" || kind == "button" {
			return nil
		}
		return []control{{name: name, value: value, button: true}}
	case atom.Textarea:
		return []control{{name: name, value: strings.TrimPrefix(textOf(node), "\n")}}
	case atom.Select:
		return optionsOf(node, name)
	}
	return nil
}

// optionsOf returns the selected options of a list. Without one, the first counts, if
// the list is not one of several.
func optionsOf(list *html.Node, name string) []control {
	var all, selected []control
	for node := range list.Descendants() {
		if node.DataAtom != atom.Option || has(node, "disabled") {
			continue
		}
		value := attribute(node, "value")
		if !has(node, "value") {
			value = strings.Join(strings.Fields(textOf(node)), " ")
		}
		all = append(all, control{name: name, value: value})
		if has(node, "selected") {
			selected = append(selected, all[len(all)-1])
		}
	}
	switch {
	case has(list, "multiple"):
		return selected
	case len(selected) > 0:
		return selected[len(selected)-1:]
	}
	return all[:min(1, len(all))]
}

// request is what a browser sends when a person fills in the fields and clicks the
// button among them.
func (f *form) request(ctx context.Context, fields map[string]string) (*http.Request, error) {
	target, err := f.from.Parse(strings.TrimSpace(attribute(f.node, "action")))
	if err != nil {
		return nil, errors.New("the address of the form is malformed")
	}
	if attribute(f.node, "action") == "" {
		address := *f.page
		target = &address
	}
	named := cmp.Or(strings.Fields(attribute(f.node, "accept-charset") + " " + f.charset)...)
	ofForm, err := charset.Get(cmp.Or(named, "utf-8"))
	if err != nil {
		return nil, errors.New("the charset of the form is not known")
	}
	encoder := encoding.HTMLEscapeUnsupported(ofForm.NewEncoder())
	var pairs []string
	for _, c := range f.controls {
		value, filled := fields[c.name]
		clicked := filled && value == c.value
		switch {
		case c.name == "", (c.button || c.unchecked) && !clicked:
			continue
		case !filled:
			value = c.value
		}
		name, nameErr := encoder.String(c.name)
		encoded, err := encoder.String(value)
		if err := errors.Join(nameErr, err); err != nil {
			return nil, errors.New("a value has no form in the charset of the page")
		}
		pairs = append(pairs, url.QueryEscape(name)+"="+url.QueryEscape(encoded))
	}
	target.Fragment = ""
	if !strings.EqualFold(attribute(f.node, "method"), http.MethodPost) {
		target.RawQuery = strings.Join(pairs, "&")
		return http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(strings.Join(pairs, "&")))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", f.page.Scheme+"://"+f.page.Host)
	return request, nil
}

func attribute(node *html.Node, name string) string {
	for _, one := range node.Attr {
		if one.Key == name && one.Namespace == "" {
			return one.Val
		}
	}
	return ""
}

func has(node *html.Node, name string) bool {
	return slices.ContainsFunc(node.Attr, func(one html.Attribute) bool { return one.Key == name })
}

// disabled reports whether an element, or a group that it is in, is disabled.
func disabled(node *html.Node) bool {
	if has(node, "disabled") {
		return true
	}
	for above := range node.Ancestors() {
		if above.DataAtom == atom.Fieldset && has(above, "disabled") {
			return true
		}
	}
	return false
}

func inside(node, outer *html.Node) bool {
	for above := range node.Ancestors() {
		if above == outer {
			return true
		}
	}
	return false
}

func textOf(node *html.Node) string {
	var text strings.Builder
	for inner := range node.Descendants() {
		if inner.Type == html.TextNode {
			text.WriteString(inner.Data)
		}
	}
	return text.String()
}
