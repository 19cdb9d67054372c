package learn

import (
	"fmt"
	"slices"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

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
	lacks("set_secret", c.SetSecret == nil, l.roles.setSecret, "Change the secret to the second one (step 4)")
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
