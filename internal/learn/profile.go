package learn

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

const schemaURL = "https://raw.githubusercontent.com/twcloud-community/terraform-provider-twcloud/main/internal/profile/schema.json"

// build makes the profile. It returns nil if too little was found for one.
func (l *learner) build() []byte {
	p := &profile.Profile{Schema: schemaURL, Format: 1, Description: "Learned from a recording.", Known: profile.Learned}
	l.buildList(&p.Calls)
	l.buildApproved(p)
	l.buildRegister(&p.Calls)
	l.buildChanges(&p.Calls)
	l.buildRemove(&p.Calls)
	l.buildRead(&p.Calls)
	l.buildServer(p)
	l.missing(p)
	if p.Calls.List == nil || len(p.Approved.Yes) == 0 {
		return nil
	}
	p.CSRF = l.csrfPart(p.Calls.List)
	for _, call := range p.Calls.All() {
		usual := &profile.ApprovedAs{Yes: p.Approved.Yes[0], No: p.Approved.No[0]}
		if call.Has(profile.ApprovedNow) && !reflect.DeepEqual(l.approvedAs, usual) {
			call.ApprovedAs = l.approvedAs
		}
	}
	shareHeaders(p)
	return l.encode(p)
}

// encode writes the profile and checks it. A call that does not pass, or that may
// have something private, is left out and reported.
func (l *learner) encode(p *profile.Profile) []byte {
	for {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(p); err != nil {
			panic(err) // All values come from JSON.
		}
		_, problems := profile.Parse(text.Bytes())
		problems = append(problems, l.leaks(text.Bytes())...)
		if len(problems) == 0 {
			l.reportCalls(p)
			return text.Bytes()
		}
		parts := tokens(problems[0].Pointer)
		if len(parts) < 2 || parts[0] != "calls" || !drop(&p.Calls, parts[1]) {
			l.report.unable("What was found does not make a profile.")
			return nil
		}
		// The message of a problem can repeat what is in the call: it is not written.
		l.report.problem("%s: left out, because a profile cannot describe the call at %s.", parts[1], show(strings.Join(parts[2:], "/")))
	}
}

// recorded matches the parts of a profile that come from a recording, and named
// those of them whose members have names from a recording.
var (
	recorded = pattern(`^/(calls|csrf|approved|headers)/`)
	named    = pattern(`^(/calls/[^/]+)?/(json|form|query|headers)/`)
)

// leaks are the parts of a profile that have something private. Each part of a
// path or a pointer counts alone, too.
func (l *learner) leaks(text []byte) (problems []profile.Problem) {
	document, err := decodeJSON(text)
	if err != nil {
		panic(err) // It was just encoded.
	}
	walk("", document, func(pointer string, value any) {
		text, _ := value.(string)
		parts := append(strings.Split(text, "/"), text)
		if name := lastToken(pointer); named().MatchString(pointer) {
			parts = append(append(parts, strings.Split(name, "/")...), name)
		}
		if recorded().MatchString(pointer) && slices.ContainsFunc(parts, l.private.holds) {
			problems = append(problems, profile.Problem{Pointer: pointer})
		}
	})
	return problems
}

// drop leaves a call out, and reports whether there was one. A profile needs the list.
func drop(calls *profile.Calls, name string) bool {
	call := map[string]**profile.Call{
		"read": &calls.Read, "register": &calls.Register, "update": &calls.Update, "approve": &calls.Approve, "disapprove": &calls.Disapprove,
		"rename": &calls.Rename, "set_secret": &calls.SetSecret, "remove": &calls.Remove,
	}[name]
	if call == nil || *call == nil {
		return false
	}
	*call = nil
	return true
}

// buildList makes the call that lists consumers.
func (l *learner) buildList(calls *profile.Calls) {
	if len(l.lists) == 0 {
		return
	}
	group := l.lists[0]
	first := useOf(group.exchanges[0])
	l.cannot("list", first) // A profile needs the list even if something is missing in it.
	var uses []*use
	for _, one := range group.exchanges {
		uses = append(uses, useOf(one))
	}
	calls.List = l.finish(newCall(first.exchange, first.body), uses...)
	calls.List.Pages = l.pagesOf(group)
	if pages := calls.List.Pages; pages != nil {
		maps.DeleteFunc(calls.List.Query, func(name, _ string) bool { return name == pages.Parameter })
	}
	shape := group.shape
	answer := &profile.Answer{Items: shape.items, KeyIsMember: shape.keyIsMember, KeyIsLastSegment: shape.keyIsLast}
	if shape.hasKey && !shape.keyIsMember {
		answer.Key = &shape.key
	}
	if shape.hasName {
		answer.Name = &shape.name
	}
	if l.approval != nil {
		answer.Approved = &l.approval.pointer
	}
	if group.guessed {
		calls.List.Known = profile.Assumed
		if l.object != nil {
			answer.Approved = &l.object.pointer
		}
		l.report.problem("list: no list shows the new consumer, so its shape is taken from the answer to the registration. Reload the list after you register, and record again.")
	}
	calls.List.Answer = answer
}

// buildRead makes the call that reads one consumer, unless it tells less than the
// list.
func (l *learner) buildRead(calls *profile.Calls) {
	if len(l.reads) == 0 || calls.List == nil {
		return
	}
	list := calls.List.Answer
	read := l.call("read", useOf(l.reads[0]))
	if read.Answer != nil && read.Answer.Approved == nil && list.Approved != nil {
		if _, found := profile.Lookup(l.reads[0].answer, *list.Approved); found {
			read.Answer.Approved = list.Approved
		}
	}
	if read.Answer.TellsAll() || !list.TellsAll() {
		calls.Read = read
	}
}

// buildApproved says which values mean yes and no.
func (l *learner) buildApproved(p *profile.Profile) {
	for _, place := range []*approvalPlace{l.approval, l.object} {
		if place != nil {
			p.Approved.Yes = with(p.Approved.Yes, place.yes...)
			p.Approved.No = with(p.Approved.No, place.no...)
		}
	}
}

// apiRoot finds the prefix of a proxy and the first segment of an API's path.
var apiRoot = pattern(`^(.*?)/(osmc|authentication|webapp|oslc)/`)

// buildServer determines which server the calls are for, and removes the prefix of
// a proxy.
func (l *learner) buildServer(p *profile.Profile) {
	path := l.roles.register.draft.path
	if p.Calls.List != nil {
		path = p.Calls.List.Path
	}
	if match := apiRoot().FindStringSubmatch(path); match != nil {
		prefix, root := match[1], match[2]
		if p.Server = profile.WebApp; root == "osmc" {
			p.Server = profile.REST
		}
		if prefix != "" {
			l.report.reading("What is before /%s in the path is taken as the prefix of a proxy and left out. It belongs to the provider's endpoint or webapp_endpoint.", root)
		}
		for _, call := range p.Calls.All() {
			call.Path = strings.TrimPrefix(call.Path, prefix)
		}
		return
	}
	if l.roles.register.entry.URL.Port() == "8443" {
		p.Server = profile.WebApp
		l.report.reading("The calls go to port 8443, so they are taken to be for the Web Application Platform.")
		return
	}
	p.Server = profile.REST
	l.report.reading("Neither path nor port says which server the calls are for. The REST API (endpoint) is taken. If it is the Web Application Platform, write \"server\": \"webapp\".")
}

// standard are the headers that browsers and servers set on their own.
// The names are those of standards.
var standard = pattern(`(?i)^(:.*|sec-.*|access-control-.*|accept.*|age|allow|alt-svc|authorization|cache-control|connection|content-.*|cookie2?|cross-origin-.*|date|device-memory|dnt|downlink|dpr|etag|ect|expect-ct|expires|forwarded|from|host|http2-settings|if-.*|keep-alive|last-modified|link|location|nel|origin|origin-agent-cluster|permissions-policy|pragma|priority|proxy-.*|purpose|range|referer|referrer-policy|refresh|report-to|reporting-endpoints|retry-after|rtt|save-data|server|server-timing|set-cookie2?|strict-transport-security|te|timing-allow-origin|trailer|transfer-encoding|upgrade.*|user-agent|vary|via|viewport-width|warning|www-authenticate|x-content-type-options|x-dns-prefetch-control|x-firefox-spdy|x-forwarded-.*|x-frame-options|x-permitted-cross-domain-policies|x-powered-by|x-real-ip|x-ua-compatible|x-xss-protection)$`) //nolint:misspell // ECT is a header.

// tracing are headers that tell requests apart in logs.
var tracing = pattern(`(?i)request-?id|correlation|trace|^x-b3-|^b3$|baggage|sentry|newrelic|^x-dtc|^x-dynatrace|instana|elastic-apm|client-?(time|version)|timestamp`)

// plainWord matches a value that names nobody: yes, 2, XMLHttpRequest, no-check.
var plainWord = pattern(`^[A-Za-z0-9.,;=/+*_-]{1,40}$`)

// headersOf are the fixed headers of a request that a profile keeps.
func (l *learner) headersOf(one *exchange) map[string]string {
	kept := map[string]string{}
	for _, header := range one.entry.RequestHeaders {
		name := http.CanonicalHeaderKey(header.Name)
		switch {
		case l.csrf.is("header", name):
			kept[name] = profile.CSRFToken
		case name == "Accept":
			if !strings.HasPrefix(header.Value, "*/*") && !strings.HasPrefix(header.Value, "text/html") && len(header.Value) <= 60 && !l.private.holds(header.Value) {
				kept[name] = header.Value
			}
		case name == "Origin":
			if header.Value == one.origin {
				kept[name] = profile.Origin
			}
		case name == "If-Match":
			l.report.unable("%s sends If-Match, the version of what it changes, which a profile cannot describe. The server may refuse the call.", l.show(one))
		case standard().MatchString(name), tracing().MatchString(name):
		case csrfName().MatchString(name): // The report has it with the token.
		case l.private.holds(header.Value), sensitiveName().MatchString(name), looksRandom(header.Value), !plainWord().MatchString(header.Value):
			l.report.reading("The header %s is left out: its value looks private or not fixed.", show(name))
		default:
			kept[name] = header.Value
		}
	}
	return kept
}

// shareHeaders moves the headers that all calls have to the profile.
func shareHeaders(p *profile.Profile) {
	p.Headers = maps.Clone(p.Calls.List.Headers)
	for _, call := range p.Calls.All() {
		maps.DeleteFunc(p.Headers, func(name, value string) bool { return call.Headers[name] != value })
	}
	for _, call := range p.Calls.All() {
		maps.DeleteFunc(call.Headers, func(name, _ string) bool { return p.Headers[name] != "" })
	}
}
