package learn

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// standard are the headers that browsers and servers set on their own.
// The names are those of standards.
var standard = regexp.MustCompile(`(?i)^(:.*|sec-.*|access-control-.*|accept.*|age|allow|alt-svc|authorization|cache-control|connection|content-.*|cookie2?|cross-origin-.*|date|device-memory|dnt|downlink|dpr|etag|ect|expect-ct|expires|forwarded|from|host|http2-settings|if-.*|keep-alive|last-modified|link|location|nel|origin|origin-agent-cluster|permissions-policy|pragma|priority|proxy-.*|purpose|range|referer|referrer-policy|refresh|report-to|reporting-endpoints|retry-after|rtt|save-data|server|server-timing|set-cookie2?|strict-transport-security|te|timing-allow-origin|trailer|transfer-encoding|upgrade.*|user-agent|vary|via|viewport-width|warning|www-authenticate|x-content-type-options|x-dns-prefetch-control|x-firefox-spdy|x-forwarded-.*|x-frame-options|x-permitted-cross-domain-policies|x-powered-by|x-real-ip|x-ua-compatible|x-xss-protection)$`) //nolint:misspell // ECT is a header.

func standardHeader(name string) bool { return standard.MatchString(name) }

// tracing are headers that tell requests apart in logs.
var tracing = regexp.MustCompile(`(?i)request-?id|correlation|trace|^x-b3-|^b3$|baggage|sentry|newrelic|^x-dtc|^x-dynatrace|instana|elastic-apm|client-?(time|version)|timestamp`)

var fixedValue = regexp.MustCompile(`^[[:print:]]{1,60}$`)

// headersOf are the fixed headers of a request that a profile keeps.
func (l *learner) headersOf(one *exchange) map[string]string {
	kept := map[string]string{}
	for _, header := range one.entry.RequestHeaders {
		name := http.CanonicalHeaderKey(header.Name)
		switch {
		case l.csrf.is("header", name):
			kept[name] = profile.CSRFToken
		case name == "Accept":
			if !strings.HasPrefix(header.Value, "*/*") && !strings.HasPrefix(header.Value, "text/html") && fixedValue.MatchString(header.Value) && !l.private.holds(header.Value) {
				kept[name] = header.Value
			}
		case name == "Origin":
			if header.Value == one.origin {
				kept[name] = profile.Origin
			}
		case name == "If-Match":
			l.report.unable("%s sends If-Match, the version of what it changes, which a profile cannot describe. The server may refuse the call.", l.show(one))
		case standardHeader(name) || tracing.MatchString(name):
		case csrfName.MatchString(name):
			// Reported with the token.
		case l.private.holds(header.Value) || sensitiveName.MatchString(name) || looksRandom(header.Value) || !fixedValue.MatchString(header.Value):
			l.report.reading("The header %s is left out: its value looks private or not fixed.", show(name))
		case strings.EqualFold(name, "X-Requested-With"), plainWord.MatchString(header.Value):
			kept[name] = header.Value
		default:
			l.report.reading("The header %s is left out: its value may be a name.", show(name))
		}
	}
	return kept
}

// plainWord is a value that names nobody: yes, 2, XMLHttpRequest, no-check, DELETE.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9.,;=/+*_-]{1,40}$`)

// shareHeaders moves the headers that all calls have to the profile.
func shareHeaders(p *profile.Profile) {
	var shared map[string]string
	for _, call := range p.Calls.All() {
		if shared == nil {
			shared = map[string]string{}
			for name, value := range call.Headers {
				shared[name] = value
			}
		}
		for name, value := range shared {
			if call.Headers[name] != value {
				delete(shared, name)
			}
		}
	}
	for _, call := range p.Calls.All() {
		for name := range shared {
			delete(call.Headers, name)
		}
		if len(call.Headers) == 0 {
			call.Headers = nil
		}
	}
	if len(shared) > 0 {
		p.Headers = shared
	}
}
