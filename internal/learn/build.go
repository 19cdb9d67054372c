package learn

import (
	"bytes"
	"encoding/json"
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
