package learn

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// csrf is a token that the server hands out and wants back.
type csrf struct {
	value  string
	places []place // in the requests that change something
	source profile.CSRF
	brings func(answer []har.Pair) bool // reports whether headers have a token of this name; nil: the body has it
	lost   bool                         // the recording does not show where the token comes from
}

var csrfName = pattern(`(?i)csrf|xsrf|^_?token$|[-_]token$|^x-?token$|nonce|authenticity|requestverification`)

// is reports whether a token is sent at a place of requests.
func (c *csrf) is(part, name string) bool {
	return c != nil && !c.lost && slices.ContainsFunc(c.places, func(at place) bool {
		return at.part == part && strings.EqualFold(at.pointer, name)
	})
}

// findCSRF finds values of requests that are those of a cookie or of an earlier
// answer.
func (l *learner) findCSRF() *csrf {
	var unexplained *csrf
	for i, one := range l.all {
		if one.reads() || !one.ok() || i < l.roles.register.at {
			continue
		}
		for _, found := range tokensOf(one) {
			if l.findSource(found, i) {
				return found
			}
			if unexplained == nil && csrfName().MatchString(found.places[0].pointer) {
				unexplained = found
			}
		}
	}
	if unexplained != nil {
		unexplained.lost = true
	}
	return unexplained
}

// tokensOf are the values of a request that may be tokens.
func tokensOf(one *exchange) []*csrf {
	var found []*csrf
	add := func(at place, value string) {
		same := slices.IndexFunc(found, func(token *csrf) bool { return token.value == value })
		if same < 0 {
			same, found = len(found), append(found, &csrf{value: value})
		}
		found[same].places = append(found[same].places, at)
	}
	for _, header := range one.entry.RequestHeaders {
		if !standard().MatchString(header.Name) && !tracing().MatchString(header.Name) && len(header.Value) >= 6 {
			add(place{"header", header.Name}, header.Value)
		}
	}
	one.eachValue(func(at place, value string) {
		if csrfName().MatchString(at.member()) && len(value) >= 6 && !typed().MatchString(value) {
			add(place{at.part, at.member()}, value)
		}
	})
	return found
}

// findSource finds where a token comes from: a cookie, or an earlier answer.
func (l *learner) findSource(token *csrf, at int) bool {
	for _, cookie := range cookiesOf(l.all[at].entry.RequestHeaders, "Cookie") {
		if cookie.Value == token.value || unescape(cookie.Value, url.QueryUnescape) == token.value {
			token.source = profile.CSRF{From: "cookie", Name: cookie.Name}
			token.brings = func(answer []har.Pair) bool {
				return slices.ContainsFunc(cookiesOf(answer, "Set-Cookie"), func(set har.Pair) bool { return set.Name == cookie.Name })
			}
			return true
		}
	}
	for _, earlier := range slices.Backward(l.all[:at]) {
		for _, header := range earlier.entry.ResponseHeaders {
			if header.Value == token.value && !strings.EqualFold(header.Name, "Set-Cookie") {
				token.source = profile.CSRF{From: "header", Name: http.CanonicalHeaderKey(header.Name)}
				token.brings = func(answer []har.Pair) bool { return har.Header(answer, header.Name) != "" }
				return true
			}
		}
		eachScalar(earlier.answer, func(pointer string, value any) {
			if value == token.value && token.source.From == "" && earlier.reads() && l.plain(pointer) {
				token.source = profile.CSRF{From: "body", Pointer: pointer, Path: earlier.entry.URL.EscapedPath()}
			}
		})
		if token.source.From != "" {
			return true
		}
	}
	return false
}

// cookiesOf are the cookies that headers send or set.
func cookiesOf(headers []har.Pair, name string) []har.Pair {
	var cookies []har.Pair
	for _, header := range headers {
		if strings.EqualFold(header.Name, name) {
			for _, part := range strings.FieldsFunc(header.Value, func(r rune) bool { return r == ';' || r == '\n' }) {
				name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
				cookies = append(cookies, har.Pair{Name: name, Value: value})
			}
		}
	}
	return cookies
}

// stripped reports whether the browser has left the cookies out of the recording.
func (l *learner) stripped() bool {
	return !slices.ContainsFunc(l.entries, func(entry har.Entry) bool {
		return har.Header(entry.RequestHeaders, "Cookie") != "" || har.Header(entry.ResponseHeaders, "Set-Cookie") != ""
	})
}

// csrfPart is the token's source as the profile has it, with a path if neither
// sign-in nor the list brings the token.
func (l *learner) csrfPart(list *profile.Call) *profile.CSRF {
	if l.csrf == nil || l.csrf.lost {
		return nil
	}
	source := l.csrf.source
	for _, one := range l.all {
		switch {
		case l.csrf.brings == nil || !l.csrf.brings(one.entry.ResponseHeaders):
		case signsIn(one) || one.draft.path == list.Path:
			return &l.csrf.source
		case one.reads() && len(one.query) == 0 && len(one.draft.problems) == 0 && one.answered != htmlBody:
			source.Path = one.draft.path
		}
	}
	return &source
}

func signsIn(one *exchange) bool {
	return har.Header(one.entry.RequestHeaders, "Authorization") != "" ||
		strings.HasSuffix(strings.TrimSuffix(strings.ToLower(one.entry.URL.Path), "/"), "login")
}
