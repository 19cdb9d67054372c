package learn

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// csrf is a token that the server hands out and wants back.
type csrf struct {
	value  string
	places []place // in the requests that change something
	source *profile.CSRF
	from   *exchange // the response that brought it; nil for a cookie
}

var csrfName = pattern(`(?i)csrf|xsrf|^_?token$|[-_]token$|^x-?token$|nonce|authenticity|requestverification`)

// is reports whether a token of a known source is sent at a place of requests.
func (c *csrf) is(part, pointer string) bool {
	return c != nil && c.source != nil && slices.ContainsFunc(c.places, func(at place) bool {
		return at.part == part && strings.EqualFold(at.pointer, pointer)
	})
}

// has reports whether a text is the token.
func (c *csrf) has(text string) bool { return c != nil && c.value == text }

// unexplained reports whether a token is sent, and no response brings it.
func (l *learner) unexplained() bool { return l.csrf != nil && l.csrf.source == nil }

// findCSRF finds values of changes that are those of a cookie or of an earlier
// response.
func (l *learner) findCSRF() *csrf {
	var unexplained *csrf
	for _, one := range l.all[l.roles.register.at:] {
		if one.reads() || !one.ok() {
			continue
		}
		for _, found := range tokensOf(one) {
			if l.findSource(found, one); found.source != nil {
				return found
			}
			if unexplained == nil && csrfName().MatchString(lastToken(found.places[0].pointer)) {
				unexplained = found
			}
		}
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
			add(place{"header", profile.PointerOf(header.Name)}, header.Value)
		}
	}
	one.eachValue(func(at place, value string) {
		if at.part != "path" && csrfName().MatchString(lastToken(at.pointer)) && len(value) >= 6 && !typed().MatchString(value) {
			add(at, value)
		}
	})
	return found
}

// findSource finds where a token comes from: a cookie, or an earlier response.
func (l *learner) findSource(token *csrf, sentBy *exchange) {
	for _, cookie := range cookiesOf(sentBy.entry.RequestHeaders, "Cookie") {
		decoded := unescape(cookie.Value, url.PathUnescape)
		if token.value == cookie.Value || token.value == decoded {
			token.source = &profile.CSRF{From: "cookie", Name: cookie.Name, Decode: token.value != cookie.Value}
			return
		}
	}
	for _, earlier := range slices.Backward(l.all[:sentBy.at]) {
		if token.source = l.brings(earlier, token.value); token.source != nil {
			token.from = earlier
			return
		}
	}
}

// brings says where a response has a token. Nil: nowhere.
func (l *learner) brings(one *exchange, token string) (source *profile.CSRF) {
	for _, header := range one.entry.ResponseHeaders {
		if header.Value == token && !strings.EqualFold(header.Name, "Set-Cookie") {
			return &profile.CSRF{From: "header", Name: http.CanonicalHeaderKey(header.Name)}
		}
	}
	if !one.reads() {
		return nil
	}
	eachScalar(one.answer, func(pointer string, value any) {
		if value == token && source == nil && l.plain(pointer) {
			source = &profile.CSRF{From: "body", Pointer: pointer}
		}
	})
	if name := fieldOf(one, token); name != "" && l.plain(profile.PointerOf(name)) {
		return &profile.CSRF{From: "page", Name: name}
	}
	return source
}

// fieldOf is the name of the meta tag or the hidden field of a page that has a value.
func fieldOf(page *exchange, value string) string {
	if page.answered != htmlBody {
		return ""
	}
	for tags := html.NewTokenizer(bytes.NewReader(page.entry.ResponseBody.Content)); tags.Next() != html.ErrorToken; {
		tag := tags.Token()
		attributes := attributesOf(tag.Attr)
		if tag.Data == "meta" && attributes["content"] == value || tag.Data == "input" && attributes["value"] == value {
			return attributes["name"]
		}
	}
	return ""
}

// stripped reports whether the browser has left the cookies out of the recording.
func (l *learner) stripped() bool {
	return !slices.ContainsFunc(l.entries, func(entry har.Entry) bool {
		return har.Header(entry.RequestHeaders, "Cookie") != "" || har.Header(entry.ResponseHeaders, "Set-Cookie") != ""
	})
}

// csrfPart is the source of the token as the profile has it, with the path that brings
// it: best the list, and best without a query.
func (l *learner) csrfPart(list *exchange) *profile.CSRF {
	if l.csrf == nil || l.unexplained() {
		return nil
	}
	source, best := l.csrf.source, 100
	for _, one := range l.all {
		brings := one == l.csrf.from
		switch source.From {
		case "cookie":
			brings = slices.ContainsFunc(cookiesOf(one.entry.ResponseHeaders, "Set-Cookie"), func(set har.Pair) bool { return set.Name == source.Name })
		case "header":
			brings = har.Header(one.entry.ResponseHeaders, source.Name) != ""
		}
		rank := min(len(one.query), 1) * 2
		if one.path != list.path {
			rank++
		}
		if brings && one.reads() && one.ok() && !l.signsIn(one) && !one.signsOut() && len(one.problems) == 0 && !l.aboutConsumer(one) && rank < best {
			source.Path, best = one.path, rank
		}
	}
	if best > 1 && best < 100 {
		l.report.reading("The token comes from %s, which was requested with a query. The profile requests it without one.", source.Path)
	}
	if source.Path == "" && source.From != "cookie" {
		l.csrf.source = nil
	}
	return l.csrf.source
}

// signsIn reports whether a request is part of a sign-in: on a page, or on the REST API,
// with a password.
func (l *learner) signsIn(one *exchange) bool {
	return strings.HasPrefix(har.Header(one.entry.RequestHeaders, "Authorization"), "Basic ") || l.signIn != nil && slices.Contains(l.signIn.posts, one) ||
		strings.HasSuffix(strings.TrimSuffix(strings.ToLower(one.entry.URL.Path), "/"), "login")
}
