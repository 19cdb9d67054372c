package learn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

const schemaURL = "https://raw.githubusercontent.com/twcloud-community/terraform-provider-twcloud/main/internal/twcloud/profile/schema.json"

// build makes the profile. It returns nil if too little was found for one.
func (l *learner) build() []byte {
	p := &profile.Profile{Schema: schemaURL, Format: 1, Description: "Learned from a recording.", Known: profile.Learned}
	l.buildList(&p.Calls)
	l.buildApproved(p)
	replays := l.buildRegister(&p.Calls)
	replays = append(replays, l.buildChanges(&p.Calls)...)
	replays = append(replays, l.buildRemove(&p.Calls)...)
	l.completeRead(&p.Calls)
	l.buildServer(p)
	if p.Calls.List != nil {
		p.CSRF = l.csrfPart(p.Calls.List)
	}
	l.reportCSRF()
	l.missing(p)
	if p.Calls.List == nil || len(p.Approved.Yes) == 0 {
		l.strangers()
		return nil
	}
	for _, call := range p.Calls.All() {
		if call.ApprovedAs != nil && equalJSON(call.ApprovedAs.Yes, p.Approved.Yes[0]) && equalJSON(call.ApprovedAs.No, p.Approved.No[0]) {
			call.ApprovedAs = nil
		}
	}
	shareHeaders(p)
	parsed, document := l.encode(p)
	if parsed == nil {
		l.strangers()
		return nil
	}
	for _, one := range replays {
		if difference := l.replay(parsed, one); difference != "" {
			l.report.problem("%s: the profile does not reproduce %s: %s.", one.call, l.show(one.use.exchange), difference)
		}
	}
	l.reportCalls(parsed)
	l.strangers()
	return document
}

// encode writes the profile and reads it again. What does not pass, and what may
// hold something private, is left out and reported.
func (l *learner) encode(p *profile.Profile) (*profile.Profile, []byte) {
	for range 20 {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(p); err != nil {
			l.report.unable("The profile cannot be written.")
			return nil, nil
		}
		parsed, problems := profile.Parse(text.Bytes())
		for name, call := range p.Calls.All() {
			if l.leaks(call) {
				problems = append(problems, profile.Problem{Pointer: "/calls/" + name, Message: "it would hold something private"})
			}
		}
		if p.CSRF != nil && l.leaks(p.CSRF) {
			problems = append(problems, profile.Problem{Pointer: "/csrf", Message: "it would hold something private"})
		}
		if l.leaks(p.Approved) || l.leaks(p.Headers) {
			problems = append(problems, profile.Problem{Pointer: "/approved"})
		}
		if len(problems) == 0 {
			return parsed, text.Bytes()
		}
		parts := tokens(problems[0].Pointer)
		if len(parts) < 2 || parts[0] != "calls" || !drop(&p.Calls, parts[1]) {
			l.report.unable("What was found does not make a profile.")
			return nil, nil
		}
		// The message of a problem can repeat what is in the call: it is not written.
		l.report.problem("%s: left out, because a profile cannot describe the call at %s.", parts[1], show(strings.Join(parts[2:], "/")))
	}
	return nil, nil
}

// leaks says whether a part of the profile holds something private.
func (l *learner) leaks(part any) bool {
	content, err := json.Marshal(part)
	if err != nil {
		return true
	}
	document, err := decodeJSON(content)
	if err != nil {
		return true
	}
	found := false
	eachScalar(document, func(_ string, value any) {
		if text, isString := value.(string); isString && l.leaksText(text) {
			found = true
		}
	})
	for _, pointer := range memberNames(document) {
		found = found || l.leaksText(lastToken(pointer))
	}
	return found
}

// leaksText judges each part of a path or pointer alone, too.
func (l *learner) leaksText(text string) bool {
	return l.private.holds(text) || slices.ContainsFunc(strings.Split(text, "/"), l.private.holds)
}

// drop leaves a call out; a profile needs the list.
func drop(calls *profile.Calls, name string) bool {
	for _, one := range []struct {
		name string
		call **profile.Call
	}{
		{"read", &calls.Read},
		{"register", &calls.Register},
		{"update", &calls.Update},
		{"approve", &calls.Approve},
		{"disapprove", &calls.Disapprove},
		{"rename", &calls.Rename},
		{"set_secret", &calls.SetSecret},
		{"remove", &calls.Remove},
	} {
		if one.name == name && *one.call != nil {
			*one.call = nil
			return true
		}
	}
	return false
}

// buildList makes the calls that read.
func (l *learner) buildList(calls *profile.Calls) {
	if len(l.lists) > 0 {
		group := l.lists[0]
		first := group.exchanges[0]
		call := newCall(l.draft(first), l.use(first).body)
		for _, one := range group.exchanges {
			if one.entry.Status != 304 && !slices.Contains(call.Success, one.entry.Status) {
				call.Success = append(call.Success, one.entry.Status)
			}
		}
		slices.Sort(call.Success)
		call.Headers = l.headersOf(first)
		call.Pages = l.pagesOf(group)
		if call.Pages != nil {
			delete(call.Query, call.Pages.Parameter)
		}
		if len(call.Query) == 0 {
			call.Query = nil
		}
		shape := group.shape
		call.Answer = &profile.Answer{Items: shape.items, KeyIsMember: shape.keyIsMember, KeyIsLastSegment: shape.keyIsLast}
		if shape.hasKey && !shape.keyIsMember {
			call.Answer.Key = &shape.key
		}
		if !shape.noName {
			call.Answer.Name = &shape.name
		}
		if l.approval != nil {
			call.Answer.Approved = &l.approval.pointer
		}
		if group.guessed {
			call.Known = profile.Assumed
			if l.object != nil && call.Answer.Approved == nil {
				call.Answer.Approved = &l.object.pointer
			}
			l.report.problem("list: no list shows the new consumer, so its shape is taken from the answer to the registration. Reload the list after you register, and record again.")
		}
		calls.List = call
		if len(l.lists) > 1 && l.lists[1].score >= 150 {
			l.report.reading("Several requests list consumers. %s is taken.", l.show(first))
		}
	}
	if len(l.reads) > 0 {
		read := single(l.use(l.reads[0]))
		if read != nil {
			l.finish(read, l.reads...)
			calls.Read = read
		}
	}
}

// completeRead takes the place of the approval from the list, if the answer to a
// read has it there, too. A read that does not tell all is of no use.
func (l *learner) completeRead(calls *profile.Calls) {
	read, list := calls.Read, calls.List
	if read == nil || read.Answer == nil || list == nil {
		return
	}
	if at := list.Answer.Approved; read.Answer.Approved == nil && at != nil {
		if _, found := profile.Lookup(l.reads[0].answer, *at); found {
			read.Answer.Approved = at
		}
	}
	if !read.Answer.TellsAll() && list.Answer.TellsAll() {
		calls.Read = nil
	}
}

// buildApproved says which values mean yes and no.
func (l *learner) buildApproved(p *profile.Profile) {
	for _, place := range []*approvalPlace{l.approval, l.object} {
		if place == nil {
			continue
		}
		for _, value := range place.yes {
			if !contains(p.Approved.Yes, value) {
				p.Approved.Yes = append(p.Approved.Yes, value)
			}
		}
		for _, value := range place.no {
			if !contains(p.Approved.No, value) {
				p.Approved.No = append(p.Approved.No, value)
			}
		}
		if place.assumed && (l.approval == nil || l.approval.assumed) {
			p.Approved.Known = profile.Assumed
			l.report.reading("Only one value of the approval was seen. The opposite is taken for the other.")
		}
		if place.byItself {
			l.report.reading("The server approves a consumer when it is registered.")
		}
		if len(place.others) > 0 {
			l.report.reading("The approval is taken from %s. This changes with it, too: %s.", show(place.pointer), show(strings.Join(place.others, ", ")))
		}
	}
}

// buildServer says which server the calls are for, and takes a proxy's prefix off.
func (l *learner) buildServer(p *profile.Profile) {
	path := ""
	switch {
	case p.Calls.List != nil:
		path = p.Calls.List.Path
	case p.Calls.Register != nil:
		path = p.Calls.Register.Path
	}
	port := ""
	if len(l.all) > 0 {
		_, port, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(l.origin, "https://"), "http://"), ":")
	}
	prefix, marker := "", ""
	for _, root := range []struct{ segment, server string }{{"osmc", profile.REST}, {"authentication", profile.WebApp}, {"webapp", profile.WebApp}, {"oslc", profile.WebApp}} {
		before, _, found := strings.Cut(path, "/"+root.segment+"/")
		if found {
			prefix, marker, p.Server = before, root.segment, root.server
			break
		}
	}
	switch {
	case marker != "":
	case port == "8443":
		p.Server = profile.WebApp
		l.report.reading("The calls go to port 8443, so they are taken to be for the Web Application Platform.")
	default:
		p.Server = profile.REST
		l.report.reading("Neither path nor port says which server the calls are for. The REST API (endpoint) is taken. If it is the Web Application Platform, write \"server\": \"webapp\".")
	}
	if prefix == "" {
		return
	}
	l.report.reading("What is before /%s in the path is taken as the prefix of a proxy and left out. It belongs to the provider's endpoint or webapp_endpoint.", marker)
	for _, call := range p.Calls.All() {
		call.Path = cutPrefix(call.Path, prefix)
	}
	l.proxy = prefix
}

// reportCSRF says what is not known of the token.
func (l *learner) reportCSRF() {
	switch {
	case l.csrf == nil && l.stripped():
		l.report.reading("The recording has no cookies: the browser leaves them out. Whether a request repeats one cannot be seen.")
	case l.csrf == nil:
	case l.csrf.guessed:
		l.report.problem("X-XSRF-TOKEN is taken to repeat the cookie XSRF-TOKEN; the recording has no cookies to see it. Export it with sensitive data, and learn again.")
	case l.csrf.lost:
		l.report.problem("A token is sent in %s, and the recording does not show where it comes from. It may be a cookie (export with sensitive data) or in HTML.", show(l.csrf.places[0].pointer))
	}
}

// obstacle reports what stops a whole API from being described.
func (l *learner) obstacle(calls *profile.Calls) bool {
	if calls.List == nil && slices.ContainsFunc(l.all, func(one *exchange) bool { return one.answered == htmlBody && one.tells() }) {
		l.report.unable("The page is made on the server: the consumers are in HTML, and no JSON has them. This cannot be learned.")
		return true
	}
	for _, one := range l.all {
		if one.origin != l.origin || !one.ok() {
			continue
		}
		if one.reads() && l.roles.register.exchange == nil && one.mentions() {
			l.report.unable("The page makes its changes with GET, such as %s. A profile cannot use GET for a change.", l.show(one))
			return true
		}
		if !one.reads() && l.roles.approve == nil && l.roles.remove == nil && slices.ContainsFunc(one.segments, isName) {
			l.report.unable("The calls find a consumer by its name, such as %s. A profile needs a key that stays the same.", l.show(one))
			return true
		}
	}
	return false
}

// missing says which steps were not found.
func (l *learner) missing(p *profile.Profile) {
	c := &p.Calls
	if l.obstacle(c) {
		return
	}
	if c.List == nil {
		l.report.problem("list: no answer has the new consumer in a list of JSON objects. Reload the page after each step, and record again.")
	} else if len(p.Approved.Yes) == 0 {
		l.report.problem("approval: no answer shows a difference between approved and not approved. Reload the list after each approval and disapproval, and record again.")
	}
	lacks := func(role string, lacking bool, found *exchange, step string) {
		if lacking && found == nil {
			l.report.problem("%s: not found. %s, and record again.", role, step)
		}
	}
	lacks("approve", c.Approve == nil, l.roles.approve, "Approve the consumer (step 3)")
	lacks("disapprove", c.Disapprove == nil, l.roles.disapprove, "Approve, disapprove and approve the consumer (step 3)")
	lacks("rename", c.Rename == nil, l.roles.rename, fmt.Sprintf("Change the name to %s (step 4)", secondName))
	lacks("set_secret", c.SetSecret == nil, l.roles.setSecret, fmt.Sprintf("Change the secret to %s (step 4)", secondSecret))
	lacks("remove", c.Remove == nil, l.roles.remove, "Remove the consumer (step 5)")
	if l.roles.swapped {
		l.report.reading("The first approval reads like a disapproval, so the requests are taken the other way around.")
	}
}

// strangers lists what changes something on the server, or is about the consumer,
// and has no role.
func (l *learner) strangers() {
	count := map[string]int{}
	var order []string
	for i, one := range l.all {
		if one.origin != l.origin || one.reads() || i < l.roles.register.at && !one.mentions() || l.hasRole(one) {
			continue
		}
		line := l.show(one)
		if one.entry.Status >= 400 {
			line += fmt.Sprintf(", which the server refused (%d)", one.entry.Status)
		}
		if count[line]++; count[line] == 1 {
			order = append(order, line)
		}
	}
	for _, line := range order {
		if count[line] > 1 {
			l.report.strangers = append(l.report.strangers, fmt.Sprintf("%s (%d times)", line, count[line]))
		} else {
			l.report.strangers = append(l.report.strangers, line)
		}
	}
}

func (l *learner) hasRole(one *exchange) bool {
	if slices.Contains(l.changes(), one) || one == l.roles.remove || slices.Contains(l.reads, one) || signsIn(one) {
		return true
	}
	return slices.ContainsFunc(l.lists, func(group *listing) bool { return slices.Contains(group.exchanges, one) })
}

// reportCalls says what was found, and how sure it is.
func (l *learner) reportCalls(p *profile.Profile) {
	for name, call := range p.Calls.All() {
		sure, why := "sure", ""
		switch name {
		case "list":
			why = "the consumer is in " + l.lists[0].seenTimes()
			if l.lists[0].guessed {
				sure, why = "a guess", "no list has the new consumer"
			}
		case "read":
			why = "the answer has the name"
		case "register":
			why = fmt.Sprintf("it sends name and secret, and %d later requests send the key", l.roles.register.uses)
			if l.roles.register.uses == 0 {
				sure, why = "likely", "it sends name and secret, and no later request sends a key"
			}
		case "approve", "disapprove":
			why = "the approval changes with it"
			if l.roles.again == nil {
				sure = "likely"
			}
		case "update", "rename", "set_secret":
			why = "it sends what was typed"
		case "remove":
			why = "it is a DELETE"
			if call.Method != "DELETE" {
				sure, why = "likely", "it is the last request about the consumer"
			}
		}
		l.report.found("%-10s  %-6s %s  (%s: %s)", name, call.Method, call.Path, sure, why)
	}
	if c := p.CSRF; c != nil {
		l.report.found("%-10s  from a %s", "csrf token", map[string]string{"cookie": "cookie", "header": "header of an answer", "body": "body of an answer"}[c.From])
	}
}
