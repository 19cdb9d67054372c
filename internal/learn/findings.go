package learn

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

type report struct {
	calls    []string // what was found
	readings []string // how it was read where other readings are possible
	problems []string // what is missing or cannot be described, and what to do
	issue    bool     // a further recording does not help
}

func (r *report) reading(format string, arguments ...any) { add(&r.readings, format, arguments...) }
func (r *report) problem(format string, arguments ...any) { add(&r.problems, format, arguments...) }

// unable is a problem that no other recording solves.
func (r *report) unable(format string, arguments ...any) {
	r.issue = true
	r.problem(format, arguments...)
}

func add(lines *[]string, format string, arguments ...any) {
	if line := fmt.Sprintf(format, arguments...); !slices.Contains(*lines, line) {
		*lines = append(*lines, line)
	}
}

// findings are for the administrator. A line that has something private is withheld.
func (l *learner) findings(written bool) string {
	var text strings.Builder
	fmt.Fprintf(&text, "The recording has %d requests.\n", len(l.entries))
	for _, section := range []struct {
		title string
		lines []string
	}{
		{"Found", l.report.calls},
		{"How it was read", l.report.readings},
		{"Missing or not certain", l.report.problems},
		{"Not accounted for", l.unaccounted()},
	} {
		if len(section.lines) > 0 {
			fmt.Fprintf(&text, "\n%s:\n", section.title)
		}
		for _, line := range section.lines {
			if l.private.holds(line) {
				line = "(withheld: this line would repeat something private)"
			}
			fmt.Fprintf(&text, "  %s\n", line)
		}
	}
	switch {
	case !written:
		text.WriteString("\nNo profile was written: it needs at least the list, with the key, the name and the approval of each consumer.\n")
	case len(l.report.problems) > 0:
		text.WriteString("\nThe profile is partial. The provider refuses, when it plans, what the profile lacks.\n")
	default:
		text.WriteString("\nThe profile is complete. To use it, set api_profile_file in the provider block to its path.\n")
	}
	if l.report.issue {
		text.WriteString("What a profile cannot describe needs a change of the provider: open an issue with these findings.\n")
	}
	text.WriteString("The recording holds your session, passwords, and the names of consumers. Delete it.\n")
	return text.String()
}

func (l *learner) reportCalls(p *profile.Profile) {
	l.reportSignIn(p)
	for name, call := range p.Calls.All() {
		likely := ""
		switch {
		case name == "register" && l.roles.register.uses == 0:
			likely = "  (likely: no later request sends a key)"
		case name == "remove" && call.Method != http.MethodDelete:
			likely = "  (likely: it is the last request about the consumer)"
		case strings.HasSuffix(name, "approve") && l.roles.again == nil:
			likely = "  (likely: there is no second approval)"
		}
		add(&l.report.calls, "%-10s  %-6s %s%s", name, call.Method, call.Path, likely)
	}
	if c := p.CSRF; c != nil {
		from := map[string]string{"cookie": "a cookie", "header": "a header of a response", "body": "a body of a response", "page": "a field of a page"}[c.From]
		add(&l.report.calls, "%-10s  from %s", "csrf token", from)
	}
}

// missing says which steps were not found, and what is not known.
func (l *learner) missing(p *profile.Profile) {
	c, r := &p.Calls, &l.roles
	switch {
	case l.unexplained():
		l.report.problem("A token is sent in %s, and the recording does not show where it comes from. It may be a cookie (export with sensitive data), or in a page that was loaded before the recording began.", show(lastToken(l.csrf.places[0].pointer)))
	case l.csrf == nil && l.stripped():
		l.report.reading("The recording has no cookies: the browser leaves them out. Whether a request repeats one cannot be seen.")
	}
	switch byName := slices.IndexFunc(l.all, func(one *exchange) bool {
		return one.ok() && !one.reads() && r.approve == nil && r.remove == nil && slices.ContainsFunc(one.segments, isName)
	}); {
	case c.List == nil && slices.ContainsFunc(l.all, func(one *exchange) bool { return one.answered == htmlBody && one.answersName() }):
		l.report.unable("The page is made on the server: the consumers are in HTML, and no JSON has them. This cannot be learned.")
		return
	case r.register.uses == 0 && namesBefore(l.all, firstName):
		l.report.problem("A consumer named %s exists, probably from an earlier try, and no request is about a new one. Remove it first, and record again.", firstName)
		return
	case byName >= 0:
		l.report.unable("The calls find a consumer by its name, such as %s. A profile needs a key that stays the same.", l.show(l.all[byName]))
		return
	case c.List == nil || p.Approved == nil || l.unexplained() || r.register.entry.ResponseBody.Missing || slices.ContainsFunc(l.changes(), func(one *exchange) bool { return one.entry.RequestBody.Missing }):
		l.bodiless()
	}
	switch {
	case c.List == nil:
		l.report.problem("list: no response has the new consumer in a list of JSON objects. Reload the page after each step, and record again.")
	case p.Approved == nil:
		l.report.problem("approval: no response shows a difference between approved and not approved. Reload the list after each approval and disapproval, and record again.")
	case !c.TellAll():
		l.report.problem("list: neither the list nor a read of one consumer shows name and approval. Reload the list after each approval and disapproval, open the consumer if the page can, and record again.")
	}
	for _, step := range []struct {
		role string
		one  *exchange
		sent string
		do   string
	}{
		{"approve", r.approve, "", "Approve the consumer (step 3)"},
		{"disapprove", r.disapprove, "", "Approve the consumer, disapprove it, and approve it again (steps 3 and 4)"},
		{"rename", cmp.Or(r.rename, r.edit), secondName, "Change the name to " + secondName + " (step 4)"},
		{"set_secret", cmp.Or(r.setSecret, r.edit), secondSecret, "Change the secret to the second one (step 4)"},
		{"remove", r.remove, "", "Remove the consumer (step 5)"},
	} {
		refused := step.one == nil && step.sent != "" && slices.ContainsFunc(l.all, func(one *exchange) bool { return !one.ok() && one.typed[step.sent] })
		switch {
		case refused && step.sent == secondName && namesBefore(l.all, secondName):
			l.report.problem("rename: the server has refused the new name, which another consumer has from an earlier try. Remove that consumer, and record again.")
		case refused:
			l.report.problem("%s: the server has refused it. Find out why, and record again.", step.role)
		case step.one == nil:
			l.report.problem("%s: not found. %s, and record again.", step.role, step.do)
		}
	}
}

// namesBefore reports whether a list has a name before it was typed.
func namesBefore(all []*exchange, name string) bool {
	for _, one := range all {
		if one.typed[name] {
			break
		}
		if content := string(one.entry.ResponseBody.Content); strings.Contains(content, name+`"`) || strings.Contains(content, name+`<`) {
			return true
		}
	}
	return false
}

// bodiless names the bodies that are not in the recording, of requests that may matter.
func (l *learner) bodiless() {
	var lines []string
	for _, one := range l.all {
		request, response := one.entry.RequestBody, one.entry.ResponseBody
		if request.Missing {
			add(&lines, "the request %s", l.show(one))
		}
		data := response.MediaType == "" || strings.Contains(response.MediaType, "json") || strings.Contains(response.MediaType, "text/plain") || l.unexplained() && strings.Contains(response.MediaType, "html")
		if response.Missing && data && one.ok() {
			add(&lines, "the response to %s", l.show(one))
		}
	}
	if len(lines) == 0 {
		return
	}
	if more := len(lines) - 5; more > 0 {
		lines = append(lines[:5], fmt.Sprintf("%d more", more))
	}
	l.report.problem("The recording lacks bodies, or has them cut off: %s. Keep the developer tools open from step 0 to 6, and save everything as one file (Chromium: \"Export HAR\"; Firefox: \"Save All As HAR\", with devtools.netmonitor.responseBodyLimit set to 0 in about:config; other tools: with bodies inside the file). Then record again.", strings.Join(lines, ", "))
}

// nothing says why no registration was found.
func (l *learner) nothing() {
	found := func(condition func(*exchange) bool) bool { return slices.ContainsFunc(l.all, condition) }
	refused := func(one *exchange) bool { return !one.ok() && len(one.typed) > 0 }
	switch {
	case found(refused) && (namesBefore(l.all, firstName) || found(func(one *exchange) bool { return refused(one) && one.entry.Status == http.StatusConflict })):
		l.report.problem("The server has refused the registration, and a consumer named %s exists, probably from an earlier try. Remove it first, and record again.", firstName)
	case found(refused):
		l.report.problem("The server has refused the registration of %s. Sign in as a user who can register consumers, make sure that no consumer has this name, and record again.", firstName)
	case found(func(one *exchange) bool { return one.reads() && len(one.typed) > 0 }):
		l.report.unable("The page makes its changes with GET. A profile cannot use GET for a change.")
	case found(func(one *exchange) bool { return one.answered == htmlBody && one.answersName() }):
		l.report.unable("The page is made on the server: %s is in HTML alone. This cannot be learned.", firstName)
	default:
		l.report.problem("register: no request sends the name %s. Start the recording before you open the page, keep the log when the page changes (Preserve log, Persist logs), type the values as the steps tell, and record again.", firstName)
		l.bodiless()
	}
}

// unaccounted are the requests that change something on the server, or are about
// the consumer, and have no role.
func (l *learner) unaccounted() (lines []string) {
	for _, one := range l.all {
		if l.roles.register == nil || one.reads() || one.at < l.roles.register.at && len(one.typed) == 0 || l.hasRole(one) {
			continue
		}
		refused := ""
		if !one.ok() {
			refused = fmt.Sprintf(", which the server refused (%d)", one.entry.Status)
		}
		add(&lines, "%s%s", l.show(one), refused)
	}
	return lines
}

func (l *learner) hasRole(one *exchange) bool {
	return slices.Contains(l.roles.all(), one) || slices.Contains(l.reads, one) || l.signsIn(one) || one == l.out ||
		slices.ContainsFunc(l.lists, func(group *listing) bool { return slices.Contains(group.exchanges, one) })
}

// show writes a request by method and path alone, without what may be private.
func (l *learner) show(one *exchange) string {
	segments := slices.Clone(one.segments)
	for i, segment := range segments {
		switch {
		case l.roles.register != nil && segment != "" && segment == l.roles.register.key:
			segments[i] = profile.Key
		case l.private.holds(segment), l.roles.register != nil && l.hasKey(segment), looksRandom(segment), typed().MatchString(segment), len(segment) > 40:
			segments[i] = "{...}"
		}
	}
	return one.method + " /" + strings.Join(segments, "/")
}
