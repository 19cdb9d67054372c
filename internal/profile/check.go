package profile

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"
)

// check finds mistakes that concern more than one value: contradictions, missing
// parts, and placeholders in the wrong place.
func (p *Profile) check(m *mistakes) {
	c := &checker{p, m}
	c.headers("/headers", p.Headers, CSRFToken)
	c.approved()
	c.csrf()
	c.signIn()
	for _, call := range p.Calls.All() {
		c.call(call)
	}
	c.lists()
}

type checker struct {
	*Profile
	*mistakes
}

// lists checks that the calls together find all consumers.
func (c *checker) lists() {
	switch list := c.Calls.List; {
	case list == nil:
		if c.has("", "calls") && !c.OnlyRegisters() {
			c.needs("/calls", "list", "")
		}
	case list.Response.TellsKey() && !c.Calls.TellAll():
		c.add("/calls/list/response", "the list does not tell key, name and approval of each consumer, and there is no read call that does")
	}
}

// approved finds values that mean both, and missing ones that are needed.
func (c *checker) approved() {
	if c.Approved != nil {
		for i, value := range c.Approved.No {
			c.addIf(contains(c.Approved.Yes, value), fmt.Sprintf("/approved/no/%d", i), "the same value means yes")
		}
		return
	}
	for _, call := range c.Calls.All() {
		if call.Response != nil && call.Response.Approved != nil || c.Has(call, ApprovedNow) && call.Approved == nil {
			c.needs("", "approved", ", the values that mean yes and no")
		}
	}
}

// terms are what a part must have, and what else it may have.
type terms struct{ must, may []string }

// Members of some parts depend on a word: how, from where, or for which call.
var (
	signInMembers = map[string]terms{
		ByPage:  {[]string{"start", "sign_out"}, []string{"steps"}},
		ByToken: {[]string{"scheme"}, []string{"sign_out"}},
	}
	stepMembers = map[string]terms{
		"form": {may: []string{"form"}},
		"json": {[]string{"json", "method", "path"}, []string{"next"}},
	}
	csrfMembers = map[string]terms{
		"cookie": {[]string{"name"}, []string{"path"}},
		"header": {must: []string{"name", "path"}},
		"body":   {must: []string{"pointer", "path"}},
		"page":   {must: []string{"name", "path"}},
	}
	pagesMembers = map[string]terms{
		"none":   {},
		"link":   {},
		"next":   {must: []string{"pointer"}},
		"cursor": {must: []string{"pointer", "parameter"}},
		"number": {[]string{"parameter"}, []string{"first", "total"}},
		"offset": {[]string{"parameter"}, []string{"total"}},
	}
	changeMembers = terms{may: []string{"approved", "redirect", "response/key_header", "response/format"}}
	callMembers   = map[string]terms{
		"list":     {[]string{"pages"}, []string{"response/items", "response/only", "response/key_is_member"}},
		"read":     {may: []string{"response/key_header", "response/format"}},
		"register": {may: append([]string{"discover"}, changeMembers.may...)},
		"edit":     changeMembers, "rename": changeMembers, "set_secret": changeMembers,
		"approve": changeMembers, "disapprove": changeMembers, "remove": changeMembers,
	}
)

// members checks those members of a part that depend on a word.
func (c *checker) members(place, word string, all map[string]terms) {
	own, known := all[word]
	if !known {
		return
	}
	for _, name := range own.must {
		c.needs(place, name, fmt.Sprintf(", which %q needs", word))
	}
	for _, other := range all {
		for _, name := range slices.Concat(other.must, other.may) {
			fits := slices.Contains(own.must, name) || slices.Contains(own.may, name)
			c.addIf(!fits && c.has(place, name), place+"/"+name, "%s does not go with %q", name[strings.LastIndexByte(name, '/')+1:], word)
		}
	}
}

func (c *checker) csrf() {
	csrf := c.CSRF
	if csrf == nil {
		for _, call := range c.Calls.All() {
			c.addIf(c.Has(call, CSRFToken), "/calls/"+call.Name, "the call sends {csrf}, and the profile has no csrf")
		}
		return
	}
	c.members("/csrf", csrf.From, csrfMembers)
	c.path("/csrf/path", csrf.Path)
	c.server("/csrf", csrf.Server)
}

// server checks that there is a server for a part.
func (c *checker) server(place, own string) {
	if c.ServerOf(own) == "" {
		c.needs(place, "server", ", here or in the profile")
	}
}

func (c *checker) signIn() {
	in := c.SignIn
	if in == nil {
		if c.SignsIn() {
			c.needs("", "sign_in", ", which calls to webapp need, unless they say \"sign_in\": \"none\"")
		}
		return
	}
	c.members("/sign_in", in.By, signInMembers)
	c.path("/sign_in/start", in.Start)
	if out := in.SignOut; out != nil {
		c.path("/sign_in/sign_out/path", out.Path)
		c.server("/sign_in/sign_out", out.Server)
	}
	for i, step := range in.Steps {
		c.step(fmt.Sprintf("/sign_in/steps/%d", i), step)
	}
}

func (c *checker) step(place string, step Step) {
	word := "form"
	if c.has(place, "json") {
		word = "json"
	}
	c.members(place, word, stepMembers)
	c.addIf(step.Form == nil && step.JSON == nil, place, "missing: form or json")
	c.path(place+"/path", step.Path)
	for name, text := range step.Form {
		c.stepText(place+"/form"+PointerOf(name), text, Username, Password)
	}
	walk(place+"/json", step.JSON, func(pointer, text string) { c.stepText(pointer, text, Username, Password, CSRFToken) })
}

// stepText checks a text of a step, which can also name the source of a value.
func (c *checker) stepText(pointer, text string, placeholders ...string) {
	if !source().MatchString(text) || strings.Contains(text, "://") {
		c.text(pointer, text, placeholders...)
	}
}

// source matches a value that the browser has got before: a parameter of the page's
// address, a field of the page, a cookie, or a member of the response to the step before.
var source = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\{((` + FromQuery + `|` + FromField + `|` + FromCookie + `)\.[^{}]+|` + FromResponse + `\.(/[^{}]*)?)\}$`)
})

// forbidden are headers that the provider sets itself, or that hold a secret or a
// host.
var forbidden = []string{
	"Accept-Encoding", "Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Host",
	"Proxy-Authorization", "Transfer-Encoding", "User-Agent", "X-Auth-Secret",
}

// headers checks headers, in whose values placeholders may stand.
func (c *checker) headers(place string, headers map[string]string, placeholders ...string) {
	for name, text := range headers {
		pointer := place + PointerOf(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			c.add(pointer, "it must be the name of a header")
		case slices.Contains(forbidden, http.CanonicalHeaderKey(name)):
			c.add(pointer, "a profile cannot set this header: the provider does, or it holds a secret or a host")
		case !httpguts.ValidHeaderFieldValue(text):
			c.add(pointer, "it must be the value of a header")
		default:
			c.text(pointer, text, append(placeholders, Origin)...)
		}
	}
}

// uses are the placeholders that a call must have and may have, besides {csrf}.
var (
	changing = []string{Name, Secret, ApprovedNow, keepPrefix}
	uses     = map[string]terms{
		"list":       {},
		"read":       {must: []string{Key}},
		"register":   {[]string{Name, Secret}, []string{ApprovedNow}},
		"edit":       {[]string{Key, Name, Secret}, changing},
		"rename":     {[]string{Key, Name}, changing},
		"set_secret": {[]string{Key, Secret}, changing},
		"approve":    {[]string{Key}, changing},
		"disapprove": {[]string{Key}, changing},
		"remove":     {[]string{Key}, []string{Name, ApprovedNow, keepPrefix}},
	}
)

func (c *checker) call(call *Call) {
	place, before := "/calls/"+call.Name, len(c.found)
	c.members(place, call.Name, callMembers)
	c.templates(place, call)
	c.addIf(call.JSON != nil && call.Form != nil, place, "json and form exclude each other")
	reading := []string{http.MethodGet, http.MethodPost, ""}
	c.addIf(call.Reads() && !slices.Contains(reading, call.Method), place+"/method", "a call that only reads is a GET or a POST")
	c.addIf(!call.Reads() && call.Method == http.MethodGet, place+"/method", "a GET changes nothing, and is repeated without harm: this call cannot be one")
	c.destination(place, call)
	c.approvedAs(place, call)
	c.shape(place, call)
	if pages := call.Pages; pages != nil {
		c.members(place+"/pages", pages.By, pagesMembers)
		_, fixed := call.Query[pages.Parameter]
		c.addIf(fixed, place+"/query"+PointerOf(pages.Parameter), "pages.parameter sets this parameter")
	}
	// What is wrong may have been meant to be the placeholder.
	if len(c.found) == before {
		for _, placeholder := range uses[call.Name].must {
			c.addIf(!c.Has(call, placeholder), place, "the call does not send %s", placeholder)
		}
	}
}

func (c *checker) templates(place string, call *Call) {
	use := uses[call.Name]
	allowed := slices.Concat(use.must, use.may, []string{CSRFToken})
	if slices.Contains(use.must, Key) {
		allowed = append(allowed, KeyNumber)
	}
	// A path, a query and a header are never a place for a name or a secret.
	visible := slices.DeleteFunc(slices.Clone(allowed), func(one string) bool { return one == Name || one == Secret })
	c.path(place+"/path", call.Path, visible...)
	c.headers(place+"/headers", call.Headers, visible...)
	call.texts(func(pointer, text string) {
		switch group, _, _ := strings.Cut(pointer[1:], "/"); group {
		case "query":
			c.text(place+pointer, text, visible...)
		case "form", "json":
			c.text(place+pointer, text, allowed...)
		}
	})
}

// destination checks where a call goes, and where its redirect leads.
func (c *checker) destination(place string, call *Call) {
	if call.Discover != "" {
		c.addIf(call.Server != "" || call.Path != "", place, "discover stands instead of server and path")
		c.addIf(c.Has(call, CSRFToken), place, "a discovered call is sent without a session: there is no {csrf}")
	} else {
		c.needs(place, "path", "")
		c.server(place, call.Server)
	}
	if call.Redirect == "" {
		return
	}
	c.path(place+"/redirect", call.Redirect, Key)
	response := cmp.Or(call.Response, &Shape{})
	c.addIf(response.inBody(), place+"/response", "a redirect has no body: only key_header can be there")
	c.addIf(http.CanonicalHeaderKey(response.KeyHeader) == "Location" && !strings.HasSuffix(call.Redirect, "/"+Key),
		place+"/redirect", "the key is in the header Location: the path must end with {key}")
}

// approvedAs checks what {approved} sends. Without a text, it can be in JSON alone.
func (c *checker) approvedAs(place string, call *Call) {
	sent := c.sentApproval(call)
	for _, at := range c.placeholders(call)[ApprovedNow] {
		c.addIf(!strings.HasPrefix(at, "/json") && sent != nil && (sent[true] == nil || sent[false] == nil), place+at,
			"null is not a text: say what the call sends with \"approved\": {\"yes\": ..., \"no\": ...}")
	}
	if call.Approved != nil {
		c.addIf(!c.Has(call, ApprovedNow), place+"/approved", "the call does not send {approved}")
		c.addIf(equal(sent[true], sent[false]), place+"/approved", "yes and no are the same value")
	}
}

func (c *checker) shape(place string, call *Call) {
	shape := call.Response
	if call.Name == "list" && !shape.TellsKey() {
		c.needs(place+"/response", "key", "")
	}
	if shape == nil {
		return
	}
	c.addIf(shape.keys() > 1, place+"/response", "the key is at one place: key, key_header, key_is_member and text exclude each other")
	c.addIf(shape.Format == "text" && (shape.Name != nil || shape.Approved != nil || call.Expect != nil),
		place+"/response", "a text is the key alone: no name, approved or expect")
}

// path checks a path. It is empty if it is missing.
func (c *checker) path(pointer, path string, placeholders ...string) {
	if path == "" {
		return
	}
	c.addIf(path[0] != '/' || strings.HasPrefix(path, "//"), pointer, "%q is not a path, such as /osmc/admin/users", path)
	for segment := range strings.SplitSeq(path, "/") {
		if isPlaceholder(segment) {
			c.text(pointer, segment, placeholders...)
			continue
		}
		_, err := url.PathUnescape(segment)
		c.addIf(err != nil || strings.ContainsFunc(segment, notInPath), pointer,
			"%q cannot stand in a path, which is percent-encoded, without a query, and has placeholders as whole segments", segment)
	}
}

func notInPath(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"#<>?\^{}`+"`", r) }

// placeholderLike matches what was meant to be a placeholder.
var placeholderLike = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{(key|key:number|name|secret|approved|csrf|origin|username|password|keep\.[^{}]*)\}|^\{[\w.:]+\}$`)
})

// text checks a value that a call sends: it holds no host, and a placeholder only if
// it is one.
func (c *checker) text(pointer, text string, placeholders ...string) {
	c.addIf(strings.Contains(text, "://"), pointer, "a profile holds no URL")
	if !strings.Contains(text, "{") || slices.Contains(placeholders, text) {
		return
	}
	if isPlaceholder(text) && strings.HasPrefix(text, keepPrefix) && slices.Contains(placeholders, keepPrefix) {
		_, known := c.Keep[keepName(text)]
		c.addIf(!known, pointer, "the profile has no such member in keep")
		return
	}
	switch found := placeholderLike().FindString(text); found {
	case "":
	case text:
		c.add(pointer, "%s cannot be used here", text)
	default:
		c.add(pointer, "%s must be the whole value: a profile has no expressions", found)
	}
}
