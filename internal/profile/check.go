package profile

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// check finds mistakes that concern more than one value: contradictions, missing
// parts, and placeholders in the wrong place.
func (p *Profile) check(m *mistakes) {
	c := &checker{Profile: p, mistakes: m}
	if p.Format != Format && !m.within("/profile") {
		c.add("/profile", "this provider reads profiles of format %d", Format)
	}
	if len(p.Description) > 500 {
		c.add("/description", "it must have at most 500 bytes")
	}
	c.headers("/headers", p.Headers)
	for name, text := range p.Headers {
		c.placeholder("/headers/"+escapeToken(name), text, CSRFToken, Origin)
		c.noHost("/headers/"+escapeToken(name), text)
	}
	c.approved()
	c.csrf()
	c.signIn()
	for _, call := range p.Calls.All() {
		c.call(call)
	}
	c.whole()
}

type checker struct {
	*Profile
	*mistakes
}

// add notes a mistake, unless the place has one that explains it.
func (c *checker) add(pointer, format string, arguments ...any) {
	if !c.within(pointer) {
		c.mistakes.add(pointer, format, arguments...)
	}
}

// whole checks what the calls must have together.
func (c *checker) whole() {
	if _, there := c.offsets["/calls"]; !there {
		return
	}
	calls := &c.Calls
	switch list := calls.List; {
	case list == nil && !c.OnlyRegisters():
		c.add("/calls", "missing: list")
	case list != nil && !list.Response.TellsAll() && (calls.Read == nil || !calls.Read.Response.TellsAll() && !c.together(list.Response, calls.Read.Response)):
		c.add("/calls/list/response", "the list does not tell key, name and approval of each consumer, and there is no read call that does")
	}
	if c.Approved == nil && !c.OnlyRegisters() {
		c.add("", "missing: approved")
	}
}

// together reports whether a read by key tells what the list lacks. The key is known
// then.
func (c *checker) together(list, read *Shape) bool {
	return list.TellsKey() && read != nil && read.Name != nil && read.TellsApproval()
}

// approved finds values that mean both.
func (c *checker) approved() {
	if c.Approved == nil {
		return
	}
	for i, value := range c.Approved.No {
		if contains(c.Approved.Yes, value) {
			c.add(fmt.Sprintf("/approved/no/%d", i), "the same value means yes")
		}
	}
}

func (c *checker) csrf() {
	csrf := c.CSRF
	if csrf == nil {
		for _, call := range c.Calls.All() {
			if c.Has(call, CSRFToken) {
				c.add("/calls/"+call.Name, "the call sends {csrf}, and the profile has no csrf")
			}
		}
		return
	}
	if csrf.From != "cookie" && csrf.Path == "" {
		c.add("/csrf", "missing: path, which brings the token")
	}
	if csrf.From == "body" && csrf.Pointer == "" {
		c.add("/csrf", "missing: pointer, to the token")
	}
	if csrf.From != "body" && csrf.Name == "" {
		c.add("/csrf", "missing: name, of what holds the token")
	}
	c.path("/csrf/path", csrf.Path)
	c.goesSomewhere("/csrf", csrf.Server, csrf.Path)
}

// signIn checks what the ways to sign in need.
func (c *checker) signIn() {
	in := c.SignIn
	if in == nil {
		return
	}
	switch in.By {
	case ByPage:
		if in.Start == "" {
			c.add("/sign_in", "missing: start, the page that leads to the sign-in")
		}
		if in.SignOut == nil {
			c.add("/sign_in", "missing: sign_out, which ends the session")
		}
		if in.Scheme != "" {
			c.add("/sign_in/scheme", "a sign-in by page sends no Authorization")
		}
	case ByToken:
		if in.Scheme == "" {
			c.add("/sign_in", "missing: scheme, such as Bearer")
		}
		if in.Start != "" || len(in.Steps) > 0 || in.SignOut != nil {
			c.add("/sign_in", "a sign-in by token has no pages")
		}
	}
	for i, step := range in.Steps {
		place := fmt.Sprintf("/sign_in/steps/%d", i)
		switch {
		case step.Form == nil && step.JSON == nil:
			c.add(place, "missing: form or json")
		case step.Form != nil && (step.JSON != nil || step.Method != "" || step.Path != "" || step.Next != ""):
			c.add(place, "the page says where its form goes: no method, path, json or next")
		case step.JSON != nil && (step.Method == "" || step.Path == ""):
			c.add(place, "missing: method and path")
		}
		for name, text := range step.Form {
			c.placeholder(place+"/form/"+escapeToken(name), text, Username, Password)
		}
		walk(place+"/json", step.JSON, func(pointer, text string) { c.placeholder(pointer, text, Username, Password, CSRFToken) })
	}
}

// forbidden are headers that the provider sets itself, or that hold a secret or a
// host.
var forbidden = []string{
	"Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Host", "Proxy-Authorization", "Transfer-Encoding", "User-Agent",
}

func (c *checker) headers(place string, headers map[string]string) {
	for name, text := range headers {
		pointer := place + "/" + escapeToken(name)
		switch {
		case !isToken(name):
			c.add(pointer, "this is not the name of a header")
		case slices.Contains(forbidden, http.CanonicalHeaderKey(name)):
			c.add(pointer, "a profile cannot set this header: the provider does, or it holds a secret or a host")
		case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
			c.add(pointer, "a header is one line of ASCII text")
		}
	}
}

func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// uses are the placeholders that a call must have and may have, besides {csrf}.
var uses = map[string]struct{ must, may []string }{
	"list":       {},
	"read":       {must: []string{Key}},
	"register":   {must: []string{Name, Secret}, may: []string{ApprovedNow}},
	"edit":       {must: []string{Key, Name, Secret}, may: []string{ApprovedNow, keepPrefix}},
	"rename":     {must: []string{Key, Name}, may: []string{Secret, ApprovedNow, keepPrefix}},
	"set_secret": {must: []string{Key, Secret}, may: []string{Name, ApprovedNow, keepPrefix}},
	"approve":    {must: []string{Key}, may: []string{Name, Secret, ApprovedNow, keepPrefix}},
	"disapprove": {must: []string{Key}, may: []string{Name, Secret, ApprovedNow, keepPrefix}},
	"remove":     {must: []string{Key}, may: []string{Name, ApprovedNow, keepPrefix}},
}

func (c *checker) call(call *Call) {
	place, use := "/calls/"+call.Name, uses[call.Name]
	c.path(place+"/path", call.Path)
	c.path(place+"/redirect", call.Redirect)
	for segment := range strings.SplitSeq(call.Redirect, "/") {
		c.placeholder(place+"/redirect", segment, Key)
	}
	c.headers(place+"/headers", call.Headers)
	for _, placeholder := range use.must {
		if !c.Has(call, placeholder) {
			c.add(place, "the call needs %s in its path, query or body", placeholder)
		}
	}
	allowed := slices.Concat(use.must, use.may, []string{CSRFToken})
	if slices.Contains(use.must, Key) {
		allowed = append(allowed, keyNumber)
	}
	// A path, a query and a header are never a place for a name or a secret.
	visible := slices.DeleteFunc(slices.Clone(allowed), func(one string) bool { return one == Name || one == Secret })
	call.texts(func(pointer, text string) {
		switch group, _, _ := strings.Cut(pointer[1:], "/"); group {
		case "path", "query":
			c.placeholder(place+pointer, text, visible...)
		case "headers":
			c.placeholder(place+pointer, text, append(visible, Origin)...)
		default:
			c.placeholder(place+pointer, text, allowed...)
		}
		c.noHost(place+pointer, text)
	})
	c.methodOf(place, call)
	c.destination(place, call)
	c.approvedAs(place, call)
	for pointer, value := range call.Expect {
		if !isScalar(value) {
			c.add(place+"/expect/"+escapeToken(pointer), "it must be a string, a number, true, false or null")
		}
	}
	c.shape(place+"/response", call)
	c.pages(place, call)
}

func (c *checker) methodOf(place string, call *Call) {
	switch {
	case call.JSON != nil && call.Form != nil:
		c.add(place, "json and form exclude each other")
	case call.Method == http.MethodGet && (call.JSON != nil || call.Form != nil):
		c.add(place+"/method", "a GET has no body")
	}
	switch {
	case call.Reads() && call.Method != http.MethodGet && call.Method != http.MethodPost && call.Method != "":
		c.add(place+"/method", "a call that only reads is a GET or a POST")
	case !call.Reads() && call.Method == http.MethodGet:
		c.add(place+"/method", "a GET changes nothing, and is repeated without harm: this call cannot be one")
	}
}

// destination checks where a call goes.
func (c *checker) destination(place string, call *Call) {
	switch {
	case call.Discover != "" && (call.Server != "" || call.Path != ""):
		c.add(place, "discover stands instead of server and path")
	case call.Discover != "" && call.Name != "register":
		c.add(place+"/discover", "only register can be discovered")
	case call.Discover == "" && call.Path == "":
		c.add(place, "missing: path")
	case call.Discover == "":
		c.goesSomewhere(place, call.Server, call.Path)
	}
}

func (c *checker) goesSomewhere(place, server, path string) {
	if path != "" && c.ServerOf(server) == "" {
		c.add(place, "missing: server, here or in the profile")
	}
}

// approvedAs checks what {approved} sends. Without a text, a form cannot send it.
func (c *checker) approvedAs(place string, call *Call) {
	if call.Approved != nil && !c.Has(call, ApprovedNow) {
		c.add(place+"/approved", "the call does not send {approved}")
	}
	if !c.Has(call, ApprovedNow) {
		return
	}
	yes, no := c.sentApproval(call)
	c.placeholders(call, func(at, placeholder string) {
		if placeholder == ApprovedNow && !strings.HasPrefix(at, "/json") && (yes == nil || no == nil) {
			c.add(place+at, "null is not a text: say what the call sends with \"approved\": {\"yes\": ..., \"no\": ...}")
		}
	})
	if reflect.DeepEqual(yes, no) && yes != nil {
		c.add(place+"/approved", "yes and no are the same value")
	}
}

func (c *checker) shape(place string, call *Call) {
	shape := call.Response
	list := call.Name == "list"
	if list && !shape.TellsKey() {
		c.add(place, "missing: key")
	}
	if shape == nil {
		return
	}
	if !list && (shape.Items != nil || shape.KeyIsMember || shape.Only != nil) {
		c.add(place, "items, only and key_is_member are for list")
	}
	if list && shape.KeyHeader != "" {
		c.add(place+"/key_header", "a list has its keys in the body")
	}
	if shape.Format == "text" && (shape.Key != nil || shape.Name != nil || shape.Approved != nil || list) {
		c.add(place, "a text is the key alone: no pointers, and not for list")
	}
	if shape.KeyIsMember && shape.Key != nil {
		c.add(place, "key and key_is_member exclude each other")
	}
	if shape.Items != nil && shape.Items.Yes != nil && shape.Approved != nil {
		c.add(place+"/approved", "the list that a consumer is in says whether it is approved")
	}
}

func (c *checker) pages(place string, call *Call) {
	pages := call.Pages
	switch {
	case pages == nil && call.Name == "list":
		c.add(place, "missing: pages; {\"by\": \"none\"} says that the list is whole")
		return
	case pages == nil:
		return
	case call.Name != "list":
		c.add(place+"/pages", "only a list has pages")
		return
	}
	place += "/pages"
	for _, part := range []struct {
		name  string
		given bool
		for_  []string
		must  bool
	}{
		{"pointer", pages.Pointer != nil, []string{"next", "cursor"}, true},
		{"parameter", pages.Parameter != "", []string{"cursor", "number", "offset"}, true},
		{"first", pages.First != 0, []string{"number"}, false},
		{"total", pages.Total != nil, []string{"number", "offset"}, false},
	} {
		fits := slices.Contains(part.for_, pages.By)
		switch {
		case fits && part.must && !part.given:
			c.add(place, "missing: %s", part.name)
		case !fits && part.given && slices.Contains(enumerations["pages"], pages.By):
			c.add(place+"/"+part.name, "it has no meaning for pages by %s", pages.By)
		}
	}
	if _, fixed := call.Query[pages.Parameter]; fixed && pages.Parameter != "" {
		c.add("/calls/list/query/"+escapeToken(pages.Parameter), "pages.parameter sets this parameter")
	}
}

// path checks the segments. What takes the place of one is checked with the other
// texts of the call.
func (c *checker) path(pointer, path string) {
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		decoded, err := url.PathUnescape(segment)
		switch {
		case isPlaceholder(segment):
		case strings.ContainsAny(segment, "{}"):
			c.add(pointer, "%q: only a placeholder such as {key} can take the place of a segment", segment)
		case err != nil:
			c.add(pointer, "%q: a %% is followed by two hexadecimal digits", segment)
		case decoded == "." || decoded == "..":
			c.add(pointer, `"." and ".." cannot be segments`)
		}
	}
}

// placeholder checks a text that is, or was meant to be, a placeholder.
func (c *checker) placeholder(pointer, text string, allowed ...string) {
	if !strings.Contains(text, "{") || slices.Contains(allowed, text) {
		return
	}
	if name, ok := strings.CutPrefix(strings.TrimSuffix(text, "}"), keepPrefix); ok && isPlaceholder(text) && slices.Contains(allowed, keepPrefix) {
		if _, known := c.Keep[name]; !known {
			c.add(pointer, "the profile has no such member in keep")
		}
		return
	}
	found := placeholderLike().FindString(text)
	switch {
	case found == "":
	case found != text:
		c.add(pointer, "%s must be the whole value: a profile has no expressions", found)
	default:
		c.add(pointer, "%s cannot be used here", text)
	}
}

// placeholderLike matches what was meant to be a placeholder.
func placeholderLike() *regexp.Regexp {
	return regexp.MustCompile(`\{(key|key:number|name|secret|approved|csrf|origin|username|password|keep\.[^{}]*)\}|^\{[\w.:]*\}$`)
}

func (c *checker) noHost(pointer, text string) {
	if strings.Contains(text, "://") {
		c.add(pointer, "a profile holds no URL")
	}
}

func contains(values []any, value any) bool {
	return slices.ContainsFunc(values, func(one any) bool { return reflect.DeepEqual(one, value) })
}

func isScalar(value any) bool {
	switch value.(type) {
	case map[string]any, []any:
		return false
	}
	return true
}
