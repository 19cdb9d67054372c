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

// check finds mistakes that a schema can't find: contradictions, missing parts,
// and placeholders in the wrong place.
func (p *Profile) check() []Problem {
	c := &checker{profile: p}
	c.headers("/headers", p.Headers)
	c.approved()
	c.csrf()
	for _, call := range p.Calls.All() {
		c.call(call)
	}
	if list := p.Calls.List; list != nil && !list.Answer.TellsAll() && (p.Calls.Read == nil || !p.Calls.Read.Answer.TellsAll()) {
		c.add("/calls/list/answer", "the list does not tell key, name and approval of each consumer, and there is no read call that does")
	}
	return c.problems
}

type checker struct {
	profile  *Profile
	problems []Problem
}

func (c *checker) add(pointer, format string, arguments ...any) {
	c.problems = append(c.problems, Problem{Pointer: pointer, Message: fmt.Sprintf(format, arguments...)})
}

// approved finds values that mean both.
func (c *checker) approved() {
	for i, value := range c.profile.Approved.No {
		if slices.ContainsFunc(c.profile.Approved.Yes, func(yes any) bool { return reflect.DeepEqual(yes, value) }) {
			c.add(fmt.Sprintf("/approved/no/%d", i), "the same value means yes")
		}
	}
}

func (c *checker) csrf() {
	csrf := c.profile.CSRF
	if csrf == nil {
		return
	}
	if csrf.From == "body" && csrf.Path == "" {
		c.add("/csrf", "missing: path, which brings the body with the token")
	}
	if csrf.From != "body" && csrf.Name == "" {
		c.add("/csrf", "missing: name, of the %s with the token", csrf.From)
	}
	if csrf.Path != "" {
		c.path("/csrf/path", csrf.Path, false)
	}
}

// forbidden are headers that the provider sets itself, or that have a secret or a
// host.
var forbidden = []string{
	"Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Host", "Proxy-Authorization", "Transfer-Encoding", "User-Agent",
}

func (c *checker) headers(place string, headers map[string]string) {
	for name, text := range headers {
		pointer := place + "/" + escapeToken(name)
		if slices.Contains(forbidden, http.CanonicalHeaderKey(name)) {
			c.add(pointer, "a profile cannot set this header: the provider does, or it holds a secret or a host")
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			c.add(pointer, "a header is one line of ASCII text")
		}
		c.placeholder(pointer, text, CSRFToken, Origin)
		c.noHost(pointer, text)
	}
}

// uses are the placeholders that a call must have and may have, besides {csrf}.
var uses = map[string]struct{ must, may []string }{
	"list":       {},
	"read":       {must: []string{Key}},
	"register":   {must: []string{Name, Secret}, may: []string{ApprovedNow}},
	"update":     {must: []string{Key}, may: []string{Name, Secret, ApprovedNow}},
	"approve":    {must: []string{Key}, may: []string{Name, Secret, ApprovedNow}},
	"disapprove": {must: []string{Key}, may: []string{Name, Secret, ApprovedNow}},
	"rename":     {must: []string{Key, Name}, may: []string{Secret, ApprovedNow}},
	"set_secret": {must: []string{Key, Secret}, may: []string{Name, ApprovedNow}},
	"remove":     {must: []string{Key}},
}

func (c *checker) call(call *Call) {
	place, use := "/calls/"+call.Name, uses[call.Name]
	withKey := slices.Contains(use.must, Key)
	c.path(place+"/path", call.Path, withKey)
	c.headers(place+"/headers", call.Headers)
	for _, placeholder := range use.must {
		if !call.Has(placeholder) {
			c.add(place, "the call needs %s in its path, query or body", placeholder)
		}
	}
	if call.Name == "update" && !call.Has(Name) && !call.Has(Secret) && !call.Has(ApprovedNow) {
		c.add(place, "the call changes nothing: its body has none of %s, %s and %s", Name, Secret, ApprovedNow)
	}
	allowed := slices.Concat(use.must, use.may, []string{CSRFToken})
	call.strings(func(pointer, text string) {
		switch {
		case strings.HasPrefix(pointer, "/headers"): // checked above
		case strings.HasPrefix(pointer, "/query") && withKey && text == Key:
		case strings.HasPrefix(pointer, "/query"):
			// A query is written to logs.
			c.placeholder(place+pointer, text)
		default:
			c.placeholder(place+pointer, text, allowed...)
		}
		c.noHost(place+pointer, text)
	})
	if call.Method == http.MethodGet && (call.JSON != nil || call.Form != nil) {
		c.add(place+"/method", "a GET has no body")
	}
	if call.Reads() && call.Method != http.MethodGet && call.Method != http.MethodPost {
		c.add(place+"/method", "a call that only reads is a GET or a POST")
	}
	if !call.Reads() && call.Method == http.MethodGet {
		c.add(place+"/method", "a GET changes nothing, and is repeated without harm: this call cannot be one")
	}
	if call.Name == "list" && !call.Answer.TellsKey() {
		c.add(place+"/answer", "missing: key")
	}
	if call.Answer != nil {
		c.answer(place+"/answer", call.Name == "list", call.Answer)
	}
	if call.Pages != nil {
		c.pages(place+"/pages", call.Name == "list", call.Pages)
	}
}

func (c *checker) answer(place string, list bool, answer *Answer) {
	if !list && (answer.Items != "" || answer.KeyIsMember) {
		c.add(place, "items and key_is_member are for list")
	}
	if answer.Format == "text" && (answer.Key != nil || answer.Name != nil || answer.Approved != nil || list) {
		c.add(place, "a text is the key alone: no pointers, and not for list")
	}
}

func (c *checker) pages(place string, list bool, pages *Pages) {
	if !list {
		c.add(place, "only a list has pages")
	}
	if pages.Pointer == "" && slices.Contains([]string{"next", "cursor"}, pages.By) {
		c.add(place, "missing: pointer")
	}
	if pages.Parameter == "" && slices.Contains([]string{"cursor", "number", "offset"}, pages.By) {
		c.add(place, "missing: parameter")
	}
}

func (c *checker) path(pointer, path string, withKey bool) {
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if segment == Key && withKey {
			continue
		}
		decoded, err := url.PathUnescape(segment)
		switch {
		case strings.ContainsAny(segment, "{}"):
			c.add(pointer, "%q: only {key} can take the place of a segment, and only where the call is about one consumer", segment)
		case err != nil:
			c.add(pointer, "%q: a %% is followed by two hexadecimal digits", segment)
		case decoded == "." || decoded == "..":
			c.add(pointer, `"." and ".." cannot be segments`)
		}
	}
}

// placeholderLike is a text that was meant to be a placeholder.
var placeholderLike = regexp.MustCompile(`\{(key|name|secret|approved|csrf|origin)\}|^\{\w*\}$`)

func (c *checker) placeholder(pointer, text string, allowed ...string) {
	if slices.Contains(allowed, text) || !placeholderLike.MatchString(text) {
		return
	}
	if found := placeholderLike.FindString(text); found != text {
		c.add(pointer, "%s must be the whole value: a profile has no expressions", found)
		return
	}
	c.add(pointer, "%s cannot be used here", text)
}

func (c *checker) noHost(pointer, text string) {
	if strings.Contains(text, "://") {
		c.add(pointer, "a profile holds no URL: {origin} stands for the server's in a header")
	}
}
