package simulation

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// label names one request of a schedule, in a way that does not depend on the
// order in which resources that are changed in parallel come to send it.
type label struct {
	// step is the name of a step of the scenario, and attempt counts from 1 how
	// often the step has been run.
	step    string
	attempt int
	// process is "plan" or "apply".
	process string
	method  string
	// target is "login", "logout", "list" or the name of a consumer.
	target string
	// occurrence counts from 1 the requests for which all else is equal.
	occurrence int
}

func (l label) String() string {
	return fmt.Sprintf("%s.%d:%s:%s:%s:%d", l.step, l.attempt, l.process, l.method, l.target, l.occurrence)
}

func parseLabel(text string) (label, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 5 {
		return label{}, fmt.Errorf("%q does not name a request", text)
	}
	step, attempt, _ := strings.Cut(parts[0], ".")
	l := label{step: step, process: parts[1], method: parts[2], target: parts[3]}
	var err error
	if l.attempt, err = strconv.Atoi(attempt); err != nil {
		return label{}, fmt.Errorf("%q does not name a request: %w", text, err)
	}
	l.occurrence, err = strconv.Atoi(parts[4])
	return l, err
}

// fault is what befalls one request.
type fault struct {
	label
	kind kind
}

func (f fault) String() string { return f.label.String() + "=" + string(f.kind) }

// kind is the name of a twcloudtest.FaultKind, or one of those below.
type kind string

const (
	// refused has the connection refused: the request is not sent.
	refused kind = "connection-refused"
	// sessionsLost has the server forget every session before the request arrives.
	sessionsLost kind = "sessions-lost"
	// notFound and unauthorized answer 404 and 401 without handling the request, as
	// a proxy may; the session stays open.
	notFound     kind = "not-found-404"
	unauthorized kind = "unauthorized-by-proxy"
	// echoed refuses the request with 400, and repeats all its secrets in the words
	// for it.
	echoed kind = "echoed-400"
	// tooLate handles the request and answers 408, as a proxy does that had no answer
	// in time.
	tooLate kind = "too-late-408"
	// late answers 504 to a registration, which is carried out when the next one of
	// that name arrives.
	late kind = "late-504"
	// interrupted has Terraform stop the provider, as on Ctrl-C, when the request
	// is about to be sent; interruptedAfter when it has been answered.
	interrupted      kind = "interrupted-before"
	interruptedAfter kind = "interrupted-after"
	// panicBefore and panicAfter have a panic in the place of the answer.
	panicBefore kind = "panic-before"
	panicAfter  kind = "panic-after"
	// killedBefore and killedAfter end the process: nothing that it knows arrives
	// at Terraform, and it does not log out.
	killedBefore kind = "killed-before"
	killedAfter  kind = "killed-after"
)

var localKinds = []kind{refused, sessionsLost, notFound, unauthorized, echoed, tooLate, interrupted, interruptedAfter, panicBefore, panicAfter, killedBefore, killedAfter}

// kindsFor are the kinds that can befall a request.
func kindsFor(l label) []kind {
	var kinds []kind
	for _, k := range twcloudtest.AllFaultKinds() {
		kinds = append(kinds, kind(k.String()))
	}
	if l.target == "logout" {
		// By then Terraform is done, and nothing is left to be stopped.
		return append(kinds, refused, sessionsLost, notFound, echoed, tooLate)
	}
	if l.method == http.MethodPost {
		kinds = append(kinds, late)
	}
	return append(kinds, localKinds...)
}

// slow says whether a kind makes the client wait for its time-out.
func (k kind) slow() bool {
	return k == kind(twcloudtest.Hang.String()) || k == kind(twcloudtest.HangAfter.String())
}

// ends says whether a fault keeps what a request has done from being known to
// anybody.
func (f fault) ends() bool {
	return f.kind == killedBefore || f.kind == killedAfter
}

// interrupts says whether a fault is a Ctrl-C.
func (f fault) interrupts() bool { return f.kind == interrupted || f.kind == interruptedAfter }

// reads says whether a fault befalls a request that changes nothing.
func (f fault) reads() bool { return f.method == http.MethodGet }

// looks says whether a fault befalls the request that looks at the first removal
// of a run. Which one that is, depends on the order of the removals.
func (f fault) looks() bool {
	return f.process == "apply" && f.method == http.MethodGet && !slices.Contains([]string{"login", "logout", "list"}, f.target)
}

// schedule says what befalls which requests, and how the user goes on.
type schedule struct {
	// seats is how many license seats the server has; zero is any number.
	seats int
	// untaint has the user untaint what is tainted after the last fault.
	untaint bool
	// onward has the user go on with the next step after the last fault, instead
	// of applying the same step again.
	onward bool
	faults []fault
}

func (s schedule) String() string {
	words := make([]string, 0, len(s.faults)+2)
	if s.seats > 0 {
		words = append(words, "seats="+strconv.Itoa(s.seats))
	}
	if s.untaint {
		words = append(words, "untaint")
	}
	if s.onward {
		words = append(words, "onward")
	}
	for _, f := range s.faults {
		words = append(words, f.String())
	}
	return strings.Join(words, ",")
}

func parseSchedule(text string) (schedule, error) {
	var s schedule
	for word := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "":
		case "untaint":
			s.untaint = true
		case "onward":
			s.onward = true
		case "seats":
			seats, err := strconv.Atoi(value)
			if err != nil {
				return s, err
			}
			s.seats = seats
		default:
			l, err := parseLabel(name)
			if err != nil {
				return s, err
			}
			if !slices.Contains(append(kindsFor(label{}), late), kind(value)) {
				return s, fmt.Errorf("no fault is called %q", value)
			}
			s.faults = append(s.faults, fault{label: l, kind: kind(value)})
		}
	}
	return s, nil
}

// with returns the schedule with one more fault.
func (s schedule) with(f fault) schedule {
	s.faults = append(slices.Clone(s.faults), f)
	return s
}

// without returns the schedule without one of its faults.
func (s schedule) without(i int) schedule {
	s.faults = slices.Delete(slices.Clone(s.faults), i, i+1)
	return s
}

// on returns what befalls a request, or nothing.
func (s schedule) on(l label) kind {
	for _, f := range s.faults {
		if f.label == l {
			return f.kind
		}
	}
	return ""
}

// has says whether one of the faults meets a condition.
func (s schedule) has(condition func(fault) bool) bool {
	return slices.ContainsFunc(s.faults, condition)
}

// attempts is how often a step is run with faults.
func (s schedule) attempts(step string) int {
	most := 0
	for _, f := range s.faults {
		if f.step == step {
			most = max(most, f.attempt)
		}
	}
	return most
}
