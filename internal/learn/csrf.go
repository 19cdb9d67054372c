package learn

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// csrf is a token that the server hands out and wants back.
type csrf struct {
	places  []place // in the requests that change something
	value   string  // in the first of them
	source  profile.CSRF
	sources []*exchange // that brought the token
	guessed bool
	lost    bool // the recording does not show where the token comes from
}

var csrfName = regexp.MustCompile(`(?i)csrf|xsrf|^_?token$|[-_]token$|^x-?token$|nonce|authenticity|requestverification`)

// is says whether a token is sent at a place of requests.
func (c *csrf) is(part, name string) bool {
	return c != nil && !c.lost && slices.ContainsFunc(c.places, func(at place) bool {
		return at.part == part && (at.pointer == name || part == "header" && strings.EqualFold(at.pointer, name))
	})
}

// findCSRF finds values of requests that are those of a cookie or of an earlier
// answer.
func (l *learner) findCSRF() *csrf {
	var unexplained *csrf
	for i, one := range l.all {
		if one.reads() || !one.ok() || one.origin != l.origin || i < l.roles.register.at {
			continue
		}
		for _, candidate := range tokensOf(one) {
			found := &csrf{value: candidate.value}
			for _, again := range tokensOf(one) {
				if again.value == candidate.value {
					found.places = append(found.places, again.at)
				}
			}
			if l.findSource(found, i) {
				return found
			}
			if csrfName.MatchString(candidate.at.pointer) && unexplained == nil {
				unexplained = found
			}
		}
	}
	if unexplained != nil {
		unexplained.lost = true
		if unexplained.places[0].part == "header" && l.stripped() && strings.EqualFold(unexplained.places[0].pointer, "X-XSRF-TOKEN") {
			unexplained.lost, unexplained.guessed = false, true
			unexplained.source = profile.CSRF{Known: profile.Assumed, From: "cookie", Name: "XSRF-TOKEN"}
		}
	}
	return unexplained
}

type tokenAt struct {
	at    place
	value string
}

// tokensOf are the values of a request that may be tokens.
func tokensOf(one *exchange) []tokenAt {
	var found []tokenAt
	for _, header := range one.entry.RequestHeaders {
		if !standardHeader(header.Name) && !tracing.MatchString(header.Name) && len(header.Value) >= 6 {
			found = append(found, tokenAt{place{"header", header.Name}, header.Value})
		}
	}
	one.eachValue(func(at place, value string) {
		if at.part == "path" || at.part == "body" || len(value) < 6 || strings.Contains(value, firstName) {
			return
		}
		if at.part == "json" {
			at.pointer = lastToken(at.pointer)
		}
		if csrfName.MatchString(at.pointer) {
			found = append(found, tokenAt{at, value})
		}
	})
	return found
}

// findSource finds where a token comes from: a cookie, or an earlier answer.
func (l *learner) findSource(token *csrf, at int) bool {
	one := l.all[at]
	for _, cookie := range cookiesOf(one) {
		if decoded, err := url.QueryUnescape(cookie.Value); cookie.Value == token.value || err == nil && decoded == token.value {
			token.source = profile.CSRF{From: "cookie", Name: cookie.Name}
			token.sources = l.setters(cookie.Name, at)
			return true
		}
	}
	for _, earlier := range slices.Backward(l.all[:at]) {
		if earlier.origin != l.origin {
			continue
		}
		for _, header := range earlier.entry.ResponseHeaders {
			if header.Value == token.value && !strings.EqualFold(header.Name, "Set-Cookie") {
				token.source = profile.CSRF{From: "header", Name: http.CanonicalHeaderKey(header.Name)}
				token.sources = l.bringers(header.Name, at)
				return true
			}
		}
		if earlier.answered != jsonBody {
			continue
		}
		pointer, found := "", false
		eachScalar(earlier.answer, func(where string, value any) {
			if !found && value == token.value {
				pointer, found = where, true
			}
		})
		if found && l.plain(pointer) && earlier.reads() {
			token.source = profile.CSRF{From: "body", Pointer: pointer, Path: earlier.entry.URL.EscapedPath()}
			return true
		}
	}
	return false
}

func cookiesOf(one *exchange) []har.Pair {
	cookies := slices.Clone(one.entry.RequestCookies)
	for part := range strings.SplitSeq(har.Header(one.entry.RequestHeaders, "Cookie"), ";") {
		if name, value, found := strings.Cut(strings.TrimSpace(part), "="); found {
			cookies = append(cookies, har.Pair{Name: name, Value: value})
		}
	}
	return cookies
}

// setters are the requests whose answers set a cookie, before another one.
func (l *learner) setters(name string, before int) []*exchange {
	var found []*exchange
	for _, one := range l.all[:before] {
		sets := slices.ContainsFunc(one.entry.ResponseCookies, func(cookie har.Pair) bool { return cookie.Name == name })
		for _, header := range one.entry.ResponseHeaders {
			if strings.EqualFold(header.Name, "Set-Cookie") {
				for line := range strings.SplitSeq(header.Value, "\n") {
					sets = sets || strings.HasPrefix(line, name+"=")
				}
			}
		}
		if sets {
			found = append(found, one)
		}
	}
	return found
}

// bringers are the requests whose answers have a header, before another one.
func (l *learner) bringers(name string, before int) []*exchange {
	var found []*exchange
	for _, one := range l.all[:before] {
		if har.Header(one.entry.ResponseHeaders, name) != "" {
			found = append(found, one)
		}
	}
	return found
}

// stripped says whether the browser has left the cookies out of the recording.
func (l *learner) stripped() bool {
	for i := range l.entries {
		entry := &l.entries[i]
		if len(entry.RequestCookies)+len(entry.ResponseCookies) > 0 || har.Header(entry.RequestHeaders, "Cookie") != "" || har.Header(entry.ResponseHeaders, "Set-Cookie") != "" {
			return false
		}
	}
	return true
}

// csrfPart is the token's source as the profile has it.
func (l *learner) csrfPart(list *profile.Call) *profile.CSRF {
	if l.csrf == nil || l.csrf.lost {
		return nil
	}
	source := l.csrf.source
	if source.From == "body" || len(l.csrf.sources) == 0 {
		return &source
	}
	// Sign-in and the list bring the token anyway.
	for _, one := range l.csrf.sources {
		if signsIn(one) || l.draft(one).path == list.Path {
			return &source
		}
	}
	for _, one := range slices.Backward(l.csrf.sources) {
		if one.reads() && len(one.query) == 0 && len(l.draft(one).problems) == 0 && one.answered != htmlBody {
			source.Path = l.draft(one).path
			return &source
		}
	}
	return &source
}

func signsIn(one *exchange) bool {
	return har.Header(one.entry.RequestHeaders, "Authorization") != "" ||
		strings.HasSuffix(strings.TrimSuffix(strings.ToLower(one.entry.URL.Path), "/"), "login")
}
