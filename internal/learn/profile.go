package learn

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

const schemaURL = "https://raw.githubusercontent.com/twcloud-community/terraform-provider-twcloud/main/internal/profile/schema.json"

// build makes the profile. It returns nil if too little was found for one.
func (l *learner) build() []byte {
	p := &profile.Profile{Schema: schemaURL, Format: profile.Format, Description: "Learned from a recording.", Known: profile.Learned}
	l.buildApproved(p)
	l.buildList(p)
	l.buildChanges(p)
	l.buildRead(&p.Calls)
	if len(l.lists) > 0 {
		p.CSRF = l.csrfPart(l.lists[0].exchanges[0])
	}
	l.missing(p)
	if p.Approved == nil || !p.Calls.TellAll() {
		return nil
	}
	l.buildServers(p)
	shareHeaders(p)
	l.buildSignIn(p)
	return l.encode(p)
}

// encode writes the profile and checks it. A call that does not pass, or that may
// have something private, is left out and reported.
func (l *learner) encode(p *profile.Profile) []byte {
	for {
		l.buildKeep(p)
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
		for _, place := range problems[0].Places {
			parts := profile.Tokens(place.Pointer)
			if len(parts) > 1 && parts[0] == "sign_in" && p.SignIn.Known != profile.Assumed {
				l.report.unable("sign_in: left out, because a profile cannot describe it at %s. The profile takes a token (assumed).", show(strings.Join(parts[1:], "/")))
				p.SignIn = &profile.SignIn{Known: profile.Assumed, By: profile.ByToken, Scheme: "Token"}
				continue
			}
			if len(parts) < 2 || parts[0] != "calls" || parts[1] == "list" {
				l.report.unable("What was found does not make a profile.")
				return nil
			}
			// The message of a problem can repeat what is in the call: it is not written.
			if p.Calls.Drop(parts[1]) {
				l.report.problem("%s: left out, because a profile cannot describe the call at %s.", parts[1], show(strings.Join(parts[2:], "/")))
			}
		}
	}
}

// recorded matches the parts of a profile that come from a recording, and named
// those of them whose members have names from a recording.
var (
	recorded = pattern(`^/(sign_in|calls|csrf|approved|headers|keep)/`)
	named    = pattern(`^(/calls/[^/]+|/sign_in/steps/[^/]+)?/(json|form|query|headers|keep|expect|response/only)/`)
)

// leaks are the parts of a profile that have something private. Each part of a
// path or a pointer counts alone, too.
func (l *learner) leaks(text []byte) (problems []profile.Problem) {
	document, err := profile.DecodeJSON(text)
	if err != nil {
		panic(err) // It was just encoded.
	}
	profile.Walk("", document, func(pointer string, value any) {
		text, _ := value.(string)
		parts := append(strings.Split(text, "/"), text)
		if name := lastToken(pointer); named().MatchString(pointer) {
			parts = append(append(parts, strings.Split(name, "/")...), name)
		}
		generated := strings.HasPrefix(pointer, "/sign_in/") && slices.ContainsFunc(parts, looksGenerated)
		if recorded().MatchString(pointer) && slices.ContainsFunc(parts, l.private.holds) || generated {
			problems = append(problems, profile.Problem{Places: []profile.Place{{Pointer: pointer}}})
		}
	})
	return problems
}

// call makes a call of a request. Nil: the request was not found, or a profile cannot
// describe it.
func (l *learner) call(name string, one *exchange) *profile.Call {
	if one == nil || l.cannot(name, one) {
		return nil
	}
	call := l.verbatim(one)
	call.Response = l.shapeOf(one)
	return call
}

// cannot reports whether a profile cannot describe a request, and reports why.
func (l *learner) cannot(name string, one *exchange) bool {
	if one.entry.RequestBody.Missing {
		l.report.problem("%s: found as %s, but the recording does not have its body.", name, l.show(one))
		return true
	}
	for _, problem := range one.problems {
		l.report.unable("%s: found as %s, but %s.", name, l.show(one), problem)
	}
	return len(one.problems) > 0
}

func (l *learner) verbatim(one *exchange) *profile.Call {
	call := &profile.Call{Method: one.method, Path: one.path, Query: maps.Clone(one.draft.query), Headers: l.headersOf(one)}
	switch one.kind {
	case formBody:
		call.Form = texts(one.draft.body)
	case jsonBody:
		call.JSON = one.draft.body
	}
	return call
}

func (l *learner) buildList(p *profile.Profile) {
	if len(l.lists) == 0 {
		return
	}
	group := l.lists[0]
	l.cannot("list", group.exchanges[0]) // A profile needs the list even if something is missing in it.
	list := l.verbatim(group.exchanges[0])
	list.Expect = l.expected(group.exchanges...)
	list.Pages = l.pagesOf(group)
	delete(list.Query, list.Pages.Parameter)
	places := l.places(group)
	list.Response = &group.shape.Shape
	list.Response.Items, list.Response.Only = &places, l.onlyKind(group)
	switch {
	case places.Yes != nil:
		if p.Approved == nil {
			p.Approved = &profile.Approved{Yes: []any{true}, No: []any{false}}
		}
	case l.approval != nil:
		list.Response.Approved = &l.approval.pointer
	}
	for pointer := range list.Response.Only {
		l.report.reading("The list has items of several kinds. Those that have at %s what the new consumer has there are taken as OAuth 1.0a consumers.", show(pointer))
	}
	p.Calls.List = list
}

// buildApproved says which values mean yes and no.
func (l *learner) buildApproved(p *profile.Profile) {
	for _, place := range []*approvalPlace{l.approval, l.object} {
		if place != nil {
			if p.Approved == nil {
				p.Approved = &profile.Approved{}
			}
			p.Approved.Yes = with(p.Approved.Yes, place.yes...)
			p.Approved.No = with(p.Approved.No, place.no...)
		}
	}
}

func (l *learner) buildChanges(p *profile.Profile) {
	r, c := &l.roles, &p.Calls
	if !r.register.whole {
		l.report.unable("register: %s sends the name, but not the secret of step 2. If you typed another one, record again. Otherwise, the page may hash or encrypt it, or a second request may send it: a profile cannot describe that.", l.show(r.register.exchange))
	} else if c.Register = l.call("register", r.register.exchange); c.Register != nil && !c.Register.Response.TellsKey() {
		l.report.reading("The response to the registration does not tell the key. The list does.")
	}
	own := map[*exchange]*profile.ApprovedAs{}
	for _, one := range []*exchange{r.edit, r.rename, r.setSecret, r.remove} {
		if one != nil {
			own[one] = l.sentApproval(one, p.Approved)
		}
	}
	c.Edit, c.Rename, c.SetSecret, c.Remove = l.call("edit", r.edit), l.call("rename", r.rename), l.call("set_secret", r.setSecret), l.call("remove", r.remove)
	if c.Edit != nil {
		l.report.reading("Name and secret were changed together, so a change of one sends the other as well. If the page can save them one by one, record it so.")
	}
	if c.Remove != nil {
		c.Remove.Response = nil
	}
	switch {
	case r.disapprove != nil && r.disapprove.signature() == r.approve.signature() && !r.approve.entry.RequestBody.Missing:
		l.report.unable("approve and disapprove are one and the same request, %s, which turns the approval over. A profile cannot describe that.", l.show(r.approve))
	case r.again != nil && r.again.signature() != r.approve.signature():
		l.report.unable("approve: the second time, %s sends something else than the first time, which neither the list nor a read tells. A profile cannot describe that.", l.show(r.approve))
	default:
		c.Approve, c.Disapprove = l.call("approve", r.approve), l.call("disapprove", r.disapprove)
	}
	for call, one := range map[*profile.Call]*exchange{
		c.Register: r.register.exchange, c.Edit: r.edit, c.Rename: r.rename, c.SetSecret: r.setSecret,
		c.Approve: r.approve, c.Disapprove: r.disapprove, c.Remove: r.remove,
	} {
		if call == nil {
			continue
		}
		call.Approved = own[one]
		call.Expect = l.expected()
		call.Redirect = one.redirect
	}
}

// buildRead makes the call that reads one consumer, unless it tells less than the
// list: what calls send back is then read from there.
func (l *learner) buildRead(calls *profile.Calls) {
	if len(l.reads) == 0 || calls.List == nil {
		return
	}
	read := l.call("read", l.reads[0])
	tellsAll := read.Response.TellsAll()
	for _, pointer := range l.keep {
		_, found := profile.Lookup(l.reads[0].answer, pointer)
		tellsAll = tellsAll && found
	}
	if tellsAll || !calls.List.Response.TellsAll() {
		calls.Read = read
	}
}

// buildKeep names the members of the consumer that calls send back.
func (l *learner) buildKeep(p *profile.Profile) {
	p.Keep = nil
	for name, pointer := range l.keep {
		used := false
		for _, call := range p.Calls.All() {
			used = used || p.Has(call, profile.KeepOf(name))
		}
		if !used {
			continue
		}
		if p.Keep == nil {
			p.Keep = map[string]string{}
		}
		p.Keep[name] = pointer
	}
}

// Applications whose paths show where the prefix of a proxy ends, and others of the
// Web Application Platform, which have no prefix in front of them.
var (
	apiRoot  = pattern(`^(.*?)/(osmc|authentication|webapp|oslc)/`)
	platform = pattern(`^/(admin|resources|collaborator|reports|resource-usage-map|simulation|document-exporter|sysmlv2-api)/`)
)

// buildServers says which server each call is for, and removes the prefixes of
// proxies.
func (l *learner) buildServers(p *profile.Profile) {
	all := append([]*exchange{l.lists[0].exchanges[0]}, l.roles.all()...)
	if l.signIn != nil && !l.signIn.elsewhere {
		all = append(all, l.signIn.posts...)
	}
	for _, one := range all {
		if match := apiRoot().FindStringSubmatch(one.entry.URL.EscapedPath()); len(match) > 0 && match[1] != "" && !platform().MatchString(one.entry.URL.EscapedPath()) && !slices.Contains(l.prefixes, match[1]) {
			l.prefixes = append(l.prefixes, match[1])
			l.report.reading("What is before /%s in the path is taken as the prefix of a proxy and left out. It belongs to the provider's endpoint or webapp_endpoint.", match[2])
		}
	}
	p.Server = l.serverOf(l.lists[0].exchanges[0])
	own := func(path *string) string {
		if server := l.place(path); server != p.Server {
			return server
		}
		return ""
	}
	for _, call := range p.Calls.All() {
		call.Server = own(&call.Path)
		l.place(&call.Redirect)
	}
	if p.CSRF != nil && p.CSRF.Path != "" {
		p.CSRF.Server = own(&p.CSRF.Path)
	}
}

// place removes the prefix of a proxy from a path, and returns the server: the REST
// API is below /osmc, and each other path belongs to the Web Application Platform.
func (l *learner) place(path *string) (server string) {
	for _, prefix := range l.prefixes {
		if rest, found := strings.CutPrefix(*path, prefix+"/"); found {
			*path = "/" + rest
			break
		}
	}
	if strings.HasPrefix(*path, "/osmc/") {
		return profile.REST
	}
	return profile.WebApp
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
