package provider

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// checkReport writes each finding at once. The responses of a server or proxy can
// contain anything, so pass any part of them, or of a setting, through clean
// before you write it.
type checkReport struct {
	out io.Writer
	// unwritten is why the report is not complete.
	unwritten error
	// redact removes the client's secrets from a text. It is nil until there is a
	// client.
	redact func(string) string

	// failedSubjects are the subjects of failed findings.
	failedSubjects []string
	// advised is the advice in the report, which has each only once.
	advised []string
	// differs is true if a failure is about the API profile.
	differs bool
	// canceled is true if the check was interrupted.
	canceled bool
	// missing are the calls that the provider needs and that the profile lacks.
	missing []string
	// ownProfile is true if the profile comes from a file.
	ownProfile bool
	signedIn   bool
	// registers is true if the root services document names where to register a consumer
	// without a session, and onlyRegisters if the API profile does nothing else.
	registers, onlyRegisters bool

	// hosts are the host names in the settings, in lower case.
	hosts []string
	// server tells which server an error is about.
	server serverFacts
	// hidden are other private texts.
	hidden []string
	// others are the names and keys of the consumers on the server.
	others map[string]bool
}

// runLearn is the advice if the server differs.
const runLearn = "run terraform-provider-twcloud learn, as the guide \"When your server differs\" shows."

// end writes what to do next, and returns the result of the check.
func (r *checkReport) end(write bool) error {
	var err error
	var next string
	switch {
	case r.canceled:
		err, next = ErrCheckFailed, "The check was interrupted: run it again."
	case len(r.failedSubjects) > 0 && r.differs && r.ownProfile:
		err, next = ErrCheckFailed, "The server differs from the API profile: correct the profile, or "+runLearn
	case len(r.failedSubjects) > 0 && r.differs && r.registers && !r.onlyRegisters && r.failed("list"):
		err, next = ErrCheckFailed, "Administration calls: not at the assumed place. Self-registration: available (documented).\n"+
			"To register consumers that a person approves, set TWCLOUD_API_PROFILE=self-registration. For everything else, "+runLearn
	case len(r.failedSubjects) > 0 && r.differs:
		err, next = ErrCheckFailed, "The server differs from what the provider assumes: "+runLearn
	case len(r.failedSubjects) > 0:
		err, next = ErrCheckFailed, "The provider does not work with this server yet: fix what failed above, and run the check again."
	case len(r.missing) > 0:
		err, next = ErrCheckIncomplete, fmt.Sprintf("The API profile does not have the calls %s: %s", strings.Join(r.missing, ", "), runLearn)
	case write && r.onlyRegisters:
		next = "The provider registers consumers on this server. Remove the one of this check in TWCloud Admin."
	case r.onlyRegisters:
		next = "The provider finds where to register consumers: to find out whether that works, run terraform-provider-twcloud check -write. It leaves one consumer on the server."
	case write:
		next = "The provider works with this server."
	default:
		next = "The provider can read this server: to find out whether it can change consumers, run terraform-provider-twcloud check -write."
	}
	r.line("\n%s", next)
	if r.unwritten != nil {
		return fmt.Errorf("write the report: %w", r.unwritten)
	}
	return err
}

// lacks reports whether the profile does not have a call.
func (r *checkReport) lacks(call string) bool { return slices.Contains(r.missing, call) }

// failed reports whether a finding about a subject is a failure.
func (r *checkReport) failed(subject string) bool { return slices.Contains(r.failedSubjects, subject) }

// guard reports a panic, so that the check can continue.
func (r *checkReport) guard(subject string, do func()) {
	defer func() {
		if reason := recover(); reason != nil {
			// Other panic values can contain anything. The stack has no values.
			text := ""
			if failure, ok := reason.(runtime.Error); ok {
				text = r.clean(failure.Error()) + "\n"
			}
			r.bad(subject, "the provider panicked. "+reportBug, text+string(debug.Stack()))
		}
	}()
	do()
}

func (r *checkReport) ok(subject, finding string) { r.finding("ok", subject, finding, "") }

func (r *checkReport) note(subject, finding, meaning string) {
	r.finding("note", subject, finding, meaning)
}

func (r *checkReport) bad(subject, finding, meaning string) {
	r.failedSubjects = append(r.failedSubjects, subject)
	r.finding("FAIL", subject, finding, meaning)
}

// failure reports a failed call and the part of the API profile that it is
// about.
func (r *checkReport) failure(subject string, err error) {
	r.canceled = r.canceled || errors.Is(err, twcloud.ErrCanceled)
	finding := describeFailure(err)
	if part, found := r.partOf(err); part != "" {
		r.differs = r.differs || aboutProfile(err)
		finding = part + ": " + finding + found
	}
	meaning := r.adviceInCheck(err)
	if errors.Is(err, twcloud.ErrNoCollection) && !r.ownProfile {
		meaning = asExpected
	}
	r.bad(subject, finding, meaning)
}

// asExpected is what it means that a server has nothing at the path of the built-in API
// profile.
const asExpected = "As expected on 2022x Refresh2 and later: the calls are probably on the platform: record and learn."

// deviates reports that the server answered with success and did something
// else.
func (r *checkReport) deviates(subject, part, difference string) {
	r.differs = true
	r.bad(subject, part+": the server said yes, but "+difference, "")
}

func (r *checkReport) finding(mark, subject, finding, meaning string) {
	r.line("%s", strings.TrimRight(fmt.Sprintf("%-5s %-14s %s", mark, subject, finding), " "))
	for paragraph := range strings.SplitSeq(meaning, "\n\n") {
		if paragraph != "" && !slices.Contains(r.advised, paragraph) {
			r.advised = append(r.advised, paragraph)
			r.line("%-20s %s", "", paragraph)
		}
	}
}

// line writes a text, and escapes control characters. After a failed write, the
// check goes on: it must still remove what it registered.
func (r *checkReport) line(format string, arguments ...any) {
	lines := strings.Split(fmt.Sprintf(format, arguments...), "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	if _, err := r.out.Write([]byte(strings.Join(lines, "\n") + "\n")); r.unwritten == nil {
		r.unwritten = err
	}
}

// hide makes clean remove a text. If it is a URL, clean also removes its host.
func (r *checkReport) hide(text string) {
	if text == "" {
		return
	}
	r.hidden = append(r.hidden, text)
	if parsed, err := url.Parse(text); err == nil && parsed.Host != "" {
		r.hosts = append(r.hosts, strings.ToLower(parsed.Hostname()))
		r.hidden = append(r.hidden, parsed.Host, parsed.Hostname(), parsed.Path)
	}
}

// clean removes secrets, hosts, users, and file paths from a text that is not the
// provider's own. In its own texts, a missing word would reveal a secret.
func (r *checkReport) clean(text string) string {
	if r.redact != nil {
		text = r.redact(text)
	}
	var forms []string
	for _, hidden := range r.hidden {
		for _, form := range []string{hidden, url.PathEscape(hidden), unquote(shorten(hidden))} {
			if strings.Trim(form, "/") != "" {
				forms = append(forms, regexp.QuoteMeta(form))
			}
		}
	}
	if len(forms) == 0 {
		return text
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return regexp.MustCompile("(?i)"+strings.Join(forms, "|")).ReplaceAllString(text, "(hidden)")
}

func unquote(text string) string { return strings.Trim(text, `"`) }

// place is a URL without its host name and the path prefix of a proxy.
func (r *checkReport) place(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return "(no URL)"
	}
	host := "HOST"
	if !slices.Contains(r.hosts, strings.ToLower(parsed.Hostname())) {
		host = "ANOTHER-HOST"
	}
	if port := parsed.Port(); port != "" {
		host += ":" + port
	}
	return parsed.Scheme + "://" + host + r.clean(parsed.EscapedPath())
}
