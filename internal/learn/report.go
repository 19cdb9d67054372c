package learn

import (
	"fmt"
	"slices"
	"strings"
)

// report gathers the findings.
type report struct {
	requests  int
	calls     []string // what was found
	readings  []string // how it was read where other readings are possible
	issue     bool     // a further recording does not help
	problems  []string // what is missing or cannot be described, and what to do
	strangers []string // requests that are not accounted for
}

func (r *report) found(format string, arguments ...any) {
	r.calls = append(r.calls, fmt.Sprintf(format, arguments...))
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

const deleteIt = "The recording holds your session, passwords, and the names of consumers. Delete it."

// write writes the findings. Each line that holds something private is withheld.
func (r *report) write(written bool, p *private) string {
	var text strings.Builder
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(&text, "\n%s:\n", title)
		for _, line := range lines {
			if p.holds(line) {
				line = "(withheld: this line would repeat something private)"
			}
			fmt.Fprintf(&text, "  %s\n", line)
		}
	}
	fmt.Fprintf(&text, "The recording has %d requests.\n", r.requests)
	section("Found", r.calls)
	section("How it was read", r.readings)
	section("Missing or not certain", r.problems)
	section("Not accounted for", r.strangers)
	switch {
	case !written:
		text.WriteString("\nNo profile was written: it needs at least the list, with the key, the name and the approval of each consumer.\n")
	case len(r.problems) > 0:
		text.WriteString("\nThe profile is partial. The provider refuses, when it plans, what the profile lacks.\n")
	default:
		text.WriteString("\nThe profile is complete. To use it, set api_profile_file in the provider block to its path.\n")
	}
	if r.issue {
		text.WriteString("What a profile cannot describe needs a change of the provider: open an issue with these findings.\n")
	}
	text.WriteString(deleteIt + "\n")
	return text.String()
}

// result ends the learning.
func (l *learner) result(document []byte) *Result {
	return &Result{
		Profile:  document,
		Complete: document != nil && len(l.report.problems) == 0,
		Findings: l.report.write(document != nil, l.private),
	}
}

// nothing says why nothing was found.
func (l *learner) nothing() {
	var html, embedded, failed bool
	for _, one := range l.all {
		html = html || one.answered == htmlBody && one.tells()
		embedded = embedded || one.reads() && one.mentions()
		failed = failed || !one.ok() && one.mentions()
	}
	switch {
	case failed:
		l.report.problem("The server has refused the registration of %s. Sign in as a user who can register consumers, and record again.", firstName)
	case embedded:
		l.report.unable("The name was sent, but with GET, which a profile cannot use for a change.")
	case html:
		l.report.unable("The page is made on the server: %s is in HTML alone. This cannot be learned.", firstName)
	default:
		l.report.problem("No request sends the name %s. Start the recording before you open the page, keep the log when the page changes (Preserve log, Persist logs), type the values as the steps tell, and record again.", firstName)
	}
}

// show writes a request by method and path alone, without what may be private.
func (l *learner) show(one *exchange) string {
	segments := slices.Clone(one.segments)
	for i, segment := range segments {
		if l.roles.register != nil && segment == l.roles.register.key && segment != "" {
			segments[i] = "{key}"
		} else if l.private.holds(segment) || looksRandom(segment) || typed.MatchString(segment) || l.embedsKey(segment) || len(segment) > 40 {
			segments[i] = "{...}"
		}
	}
	return one.method + " /" + strings.Join(segments, "/")
}
