package profile

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// check finds mistakes that concern more than one value: contradictions, missing
// parts, and placeholders in the wrong place.
func (p *Profile) check(m *mistakes) {
	c := &checker{p, m}
	c.headers("/headers", p.Headers, CSRFToken)
	for name := range p.Keep {
		c.addIf(name == "" || strings.ContainsAny(name, "{}"), "/keep"+PointerOf(name), "the name cannot stand in a placeholder")
	}
	c.approved()
	c.csrf()
	c.signIn()
	for _, call := range p.Calls.All() {
		c.call(call)
	}
	c.lists()
	if len(m.found) == 0 {
		c.contradictions()
	}
}

type checker struct {
	*Profile
	*mistakes
}

// lists checks that the calls together find all consumers.
func (c *checker) lists() {
	list, read := c.Calls.List, c.Calls.Read
	switch {
	case list == nil && !c.OnlyRegisters():
		_, given := c.offsets["/calls"]
		c.missingIf(given, "/calls", "list", "")
	case list == nil || !list.Response.TellsKey() || list.Response.TellsAll():
	case read == nil || read.Response == nil || read.Response.Name == nil || !read.Response.TellsApproval():
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
			c.missing("", "approved", ", the values that mean yes and no")
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
	needed, other, given := "name", "pointer", map[string]bool{"name": csrf.Name != "", "pointer": csrf.Pointer != ""}
	if csrf.From == "body" {
		needed, other = other, needed
	}
	c.missingIf(!given[needed], "/csrf", needed, "")
	c.addIf(given[other], "/csrf/"+other, "%s and %s exclude each other", needed, other)
	c.missingIf(csrf.From != "cookie" && csrf.Path == "", "/csrf", "path", ", which brings the token")
	if (csrf.From == "cookie" || csrf.From == "header") && csrf.Name != "" && !isToken(csrf.Name) {
		c.add("/csrf/name", "this is not the name of a %s", csrf.From)
	}
	c.path("/csrf/path", csrf.Path)
	c.server("/csrf", csrf.Server)
}

// server checks that there is a server for a part.
func (c *checker) server(place, own string) {
	c.missingIf(c.ServerOf(own) == "" && !c.wrong["/server"], place, "server", ", here or in the profile")
}

func (c *checker) signIn() {
	in := c.SignIn
	if in == nil {
		c.missingIf(c.SignsIn(), "", "sign_in", ", which calls to webapp need, unless they say \"sign_in\": \"none\"")
		return
	}
	switch in.By {
	case ByPage:
		c.missingIf(in.Start == "", "/sign_in", "start", ", the page that leads to the sign-in")
		c.missingIf(in.SignOut == nil, "/sign_in", "sign_out", ", which ends the session")
		c.addIf(in.Scheme != "", "/sign_in/scheme", "a sign-in by page sends no Authorization")
	case ByToken:
		c.missingIf(in.Scheme == "", "/sign_in", "scheme", ", such as Bearer")
		c.addIf(in.Start != "" || in.Steps != nil, "/sign_in", "a sign-in by token has no pages")
	}
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
	switch {
	case step.Form == nil && step.JSON == nil:
		c.missing(place, "form", " or json")
	case step.Form != nil && (step.JSON != nil || step.Method != "" || step.Path != "" || step.Next != ""):
		c.add(place, "the page says where its form goes: no method, path, json or next")
	case step.JSON != nil && step.Method == "":
		c.missing(place, "method", "")
	case step.JSON != nil && step.Path == "":
		c.missing(place, "path", "")
	}
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
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		pointer, canonical := place+PointerOf(name), http.CanonicalHeaderKey(name)
		switch {
		case !isToken(name):
			c.add(pointer, "this is not the name of a header")
		case slices.Contains(forbidden, canonical):
			c.add(pointer, "a profile cannot set this header: the provider does, or it holds a secret or a host")
		case seen[canonical]:
			c.add(pointer, "the header is there twice")
		case strings.ContainsFunc(headers[name], func(r rune) bool { return r < ' ' || r > '~' }):
			c.add(pointer, "a header is one line of ASCII text")
		default:
			c.text(pointer, headers[name], append(placeholders, Origin)...)
		}
		seen[canonical] = true
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
	place := "/calls/" + call.Name
	c.templates(place, call)
	c.method(place, call)
	c.destination(place, call)
	c.approvedAs(place, call)
	c.shape(place, call)
	c.pages(place, call)
}

func (c *checker) templates(place string, call *Call) {
	use := uses[call.Name]
	allowed := slices.Concat(use.must, use.may, []string{CSRFToken})
	if slices.Contains(use.must, Key) {
		allowed = append(allowed, KeyNumber)
	}
	c.addIf(call.Discover != "" && c.Has(call, CSRFToken), place, "a discovered call is sent without a session: there is no {csrf}")
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
	// What is wrong may have been meant to be the placeholder.
	unsure := call.Path == "" && call.Discover == "" || slices.ContainsFunc(c.found, func(one mistake) bool {
		group, inside := strings.CutPrefix(one.pointer, place+"/")
		group, _, _ = strings.Cut(group, "/")
		return inside && slices.Contains([]string{"path", "query", "headers", "form", "json"}, group)
	})
	for _, placeholder := range use.must {
		c.addIf(!unsure && !c.Has(call, placeholder), place, "the call does not send %s", placeholder)
	}
}

func (c *checker) method(place string, call *Call) {
	c.addIf(call.JSON != nil && call.Form != nil, place, "json and form exclude each other")
	switch {
	case call.Reads() && call.Method != http.MethodGet && call.Method != http.MethodPost && call.Method != "":
		c.add(place+"/method", "a call that only reads is a GET or a POST")
	case !call.Reads() && call.Method == http.MethodGet:
		c.add(place+"/method", "a GET changes nothing, and is repeated without harm: this call cannot be one")
	case call.Method == http.MethodGet && (call.JSON != nil || call.Form != nil):
		c.add(place+"/method", "a GET has no body")
	}
}

// destination checks where a call goes, and where its redirect leads.
func (c *checker) destination(place string, call *Call) {
	switch {
	case call.Discover != "" && (call.Server != "" || call.Path != ""):
		c.add(place, "discover stands instead of server and path")
	case call.Discover != "" && call.Name != "register":
		c.add(place+"/discover", "only register can be discovered")
	case call.Discover == "" && call.Path == "":
		c.missing(place, "path", "")
	case call.Discover == "":
		c.server(place, call.Server)
	}
	if call.Redirect == "" {
		return
	}
	c.path(place+"/redirect", call.Redirect, Key)
	response := cmp.Or(call.Response, &Shape{})
	switch {
	case call.Reads():
		c.add(place+"/redirect", "a redirect has no consumers: not for a call that reads")
	case response.inBody():
		c.add(place+"/response", "a redirect has no body: only key_header can be there")
	case http.CanonicalHeaderKey(response.KeyHeader) == "Location" && !strings.HasSuffix(call.Redirect, "/"+Key):
		c.add(place+"/redirect", "the key is in the header Location: the path must end with {key}")
	}
}

// approvedAs checks what {approved} sends. Without a text, it can be in JSON alone.
func (c *checker) approvedAs(place string, call *Call) {
	if !c.Has(call, ApprovedNow) {
		c.addIf(call.Approved != nil, place+"/approved", "the call does not send {approved}")
		return
	}
	sent := c.sentApproval(call)
	for _, at := range c.placeholders(call)[ApprovedNow] {
		if !strings.HasPrefix(at, "/json") && (c.Approved != nil || call.Approved != nil) && (sent[true] == nil || sent[false] == nil) {
			c.add(place+at, "null is not a text: say what the call sends with \"approved\": {\"yes\": ..., \"no\": ...}")
		}
	}
	c.addIf(call.Approved != nil && equal(sent[true], sent[false]), place+"/approved", "yes and no are the same value")
}

func (c *checker) shape(place string, call *Call) {
	place, shape, isList := place+"/response", call.Response, call.Name == "list"
	c.missingIf(isList && !shape.TellsKey(), place, "key", "")
	if shape == nil {
		return
	}
	switch {
	case !isList && (shape.Items != nil || shape.KeyIsMember || shape.Only != nil):
		c.add(place, "items, only and key_is_member are for list")
	case isList && (shape.KeyHeader != "" || shape.Format != ""):
		c.add(place, "a list has its keys in JSON: no key_header, no format")
	case shape.keys() > 1:
		c.add(place, "the key is at one place: key, key_header, key_is_member and text exclude each other")
	case shape.keys() == 0 && shape.KeyIsLastSegment && shape.Format == "":
		c.add(place+"/key_is_last_segment", "the response has no key")
	case shape.Format == "text" && (shape.Name != nil || shape.Approved != nil || call.Expect != nil):
		c.add(place, "a text is the key alone: no name, approved or expect")
	case shape.Items != nil && shape.Items.Yes != nil && shape.Approved != nil:
		c.add(place+"/approved", "the list that a consumer is in says whether it is approved")
	}
}

func (c *checker) pages(place string, call *Call) {
	pages := call.Pages
	switch {
	case pages == nil && call.Name == "list":
		c.missing(place, "pages", "; {\"by\": \"none\"} says that the list is whole")
	case pages != nil && call.Name != "list":
		c.add(place+"/pages", "only a list has pages")
	}
	if pages == nil || pages.By == "" {
		return
	}
	for _, member := range []struct {
		name  string
		given bool
		ways  []string
		must  bool
	}{
		{"pointer", pages.Pointer != nil, []string{"next", "cursor"}, true},
		{"parameter", pages.Parameter != "", []string{"cursor", "number", "offset"}, true},
		{"first", pages.First != 0, []string{"number"}, false},
		{"total", pages.Total != nil, []string{"number", "offset"}, false},
	} {
		fits := slices.Contains(member.ways, pages.By)
		switch {
		case fits && member.must && !member.given:
			c.missing(place+"/pages", member.name, "")
		case !fits && member.given:
			c.add(place+"/pages/"+member.name, "it has no meaning for pages by %s", pages.By)
		}
	}
	if _, fixed := call.Query[pages.Parameter]; fixed {
		c.add("/calls/list/query"+PointerOf(pages.Parameter), "pages.parameter sets this parameter")
	}
}

// path checks a path. It is empty if it is missing.
func (c *checker) path(pointer, path string, placeholders ...string) {
	if path == "" {
		return
	}
	if path[0] != '/' || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, notInPath) {
		c.add(pointer, "%q is not a path, such as /osmc/admin/users: percent-encoded, and without host, query and fragment", path)
		return
	}
	for segment := range strings.SplitSeq(path, "/") {
		decoded, err := url.PathUnescape(segment)
		switch {
		case isPlaceholder(segment):
			c.text(pointer, segment, placeholders...)
		case strings.ContainsAny(segment, "{}"):
			c.add(pointer, "%q: only a placeholder such as {key} can take the place of a segment", segment)
		case err != nil:
			c.add(pointer, "%q: a %% is followed by two hexadecimal digits", segment)
		case decoded == "." || decoded == "..":
			c.add(pointer, `"." and ".." cannot be segments`)
		}
	}
}

func notInPath(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"#<>?\^`+"`", r) }

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
		if _, known := c.Keep[keepName(text)]; !known && !c.wrong["/keep"] {
			c.add(pointer, "the profile has no such member in keep")
		}
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

// contradictions finds responses that cannot be as the profile says: what is written
// as it says must be read as it says.
func (c *checker) contradictions() {
	yes, no, name, other := true, false, "name", "other"
	for _, call := range c.Calls.All() {
		if call.Response == nil {
			continue
		}
		written := []Consumer{{Key: "a", Name: &name, Approved: &yes}, {Key: "b", Name: &other, Approved: &no}}
		if call.Name != "list" {
			written = written[:1]
		}
		r := c.Write(call, written, "")
		if call.Name == "list" {
			call.WritePage(r, "next", len(written))
		}
		read, err := c.Read(call, r)
		succeeds, refusal := c.Succeeds(call, "a", r)
		same := slices.EqualFunc(written, read, func(a, b Consumer) bool {
			shape := call.Response
			return (!shape.TellsKey() || a.Key == b.Key) && (shape.Name == nil || reflect.DeepEqual(a.Name, b.Name)) &&
				(!shape.TellsApproval() || reflect.DeepEqual(a.Approved, b.Approved))
		})
		c.addIf(err != nil || refusal != nil || !succeeds || !same, "/calls/"+call.Name+"/response", "no response can be like this: two of its places contradict each other")
	}
}
