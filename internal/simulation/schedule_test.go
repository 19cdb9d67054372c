package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

// label names one request of a schedule. It does not depend on the order of the
// requests for different resources.
type label struct {
	// step is the name of a step of the scenario, and attempt counts from 1 how
	// often the step has been run.
	step    string
	attempt int
	// process is "plan" or "apply".
	process string
	// call is the name of a call of the profile, "login", "logout", or "other".
	call string
	// target is the name of the consumer that it is about.
	target string
	// occurrence counts from 1 the requests for which everything else is equal.
	occurrence int
}

func (l label) String() string {
	return fmt.Sprintf("%s.%d:%s:%s:%s:%d", l.step, l.attempt, l.process, l.call, l.target, l.occurrence)
}

func parseLabel(text string) (label, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 5 {
		return label{}, fmt.Errorf("%q does not name a request", text)
	}
	step, attempt, _ := strings.Cut(parts[0], ".")
	l := label{step: step, process: parts[1], call: parts[2], target: parts[3]}
	var err error
	if l.attempt, err = strconv.Atoi(attempt); err != nil {
		return label{}, fmt.Errorf("%q does not name a request: %w", text, err)
	}
	l.occurrence, err = strconv.Atoi(parts[4])
	return l, err
}

// fault is what goes wrong with one request.
type fault struct {
	label
	kind kind
}

func (f fault) String() string { return f.label.String() + "=" + string(f.kind) }

// kind is the name of a emulator.FaultKind, or one of those below.
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
	// echoed refuses the request with 400, and repeats all its secrets in the message.
	echoed kind = "echoed-400"
	// tooLate handles the request and answers 408, as a proxy does after a time-out.
	tooLate kind = "too-late-408"
	// late answers 504 to a registration, which is carried out when the next one of
	// that name arrives.
	late kind = "late-504"
	// interrupted has Terraform stop the provider, as on Ctrl-C, before the request is
	// sent; interruptedAfter after it is answered.
	interrupted      kind = "interrupted-before"
	interruptedAfter kind = "interrupted-after"
	// panicBefore and panicAfter panic instead of answering.
	panicBefore kind = "panic-before"
	panicAfter  kind = "panic-after"
	// killedBefore and killedAfter end the process: it tells Terraform nothing, and
	// does not sign out.
	killedBefore kind = "killed-before"
	killedAfter  kind = "killed-after"
)

var localKinds = []kind{refused, sessionsLost, notFound, unauthorized, echoed, tooLate, interrupted, interruptedAfter, panicBefore, panicAfter, killedBefore, killedAfter}

// kindsFor are the kinds of faults that a request can have.
func kindsFor(l label) []kind {
	var kinds []kind
	for _, k := range emulator.AllFaultKinds() {
		kinds = append(kinds, kind(k.String()))
	}
	if l.call == "logout" {
		// By then Terraform is done, and there is nothing to stop.
		return append(kinds, refused, sessionsLost, notFound, echoed, tooLate)
	}
	if l.call == "register" {
		kinds = append(kinds, late)
	}
	return slices.Concat(kinds, localKinds, othersKinds(l))
}

// draw draws a fault for one of the requests.
func draw(random *rand.Rand, requests []label) fault {
	l := requests[random.IntN(len(requests))]
	kinds := kindsFor(l)
	return fault{l, kinds[random.IntN(len(kinds))]}
}

// slow says whether a kind makes the client wait for its time-out.
func (k kind) slow() bool {
	return k == kind(emulator.Hang.String()) || k == kind(emulator.HangAfter.String())
}

// ends says whether a fault kills the process, so that nobody knows what the request
// has done.
func (f fault) ends() bool { return f.kind == killedBefore || f.kind == killedAfter }

// interrupts says whether a fault is a Ctrl-C.
func (f fault) interrupts() bool { return f.kind == interrupted || f.kind == interruptedAfter }

// reads says whether the request of a fault changes nothing.
func (f fault) reads() bool {
	return slices.Contains([]string{"login", "logout", "list", "read", "other"}, f.call) && !f.kind.byOthers()
}

// looks says whether a request of an apply reads a consumer: the first that the run
// has registered or removed. Which one that is depends on their order.
func (l label) looks() bool { return l.process == "apply" && l.call == "read" }

// schedule says which requests get which faults, and how the user goes on.
type schedule struct {
	// oneSeat says that the server has one license seat, instead of any number.
	oneSeat bool
	// oneSlot says that the provider sends one request at a time.
	oneSlot bool
	// unknown says that names, secrets, and approvals are not known at plan.
	unknown bool
	// prefixREST and prefixWebApp say that one of the servers is behind a reverse proxy.
	prefixREST, prefixWebApp bool
	// untaint has the user untaint what is tainted after the last fault.
	untaint bool
	// onward has the user go on with the next step after the last fault, instead
	// of applying the same step again.
	onward bool
	faults []fault
}

// flags are the parts of a schedule besides its faults, by the word for each.
func (s *schedule) flags() map[string]*bool {
	return map[string]*bool{
		"one-seat": &s.oneSeat, "one-slot": &s.oneSlot, "unknown": &s.unknown, "prefix-rest": &s.prefixREST, "prefix-webapp": &s.prefixWebApp,
		"untaint": &s.untaint, "onward": &s.onward,
	}
}

func (s schedule) String() string {
	var words []string
	for word, set := range s.flags() {
		if *set {
			words = append(words, word)
		}
	}
	for _, f := range s.faults {
		words = append(words, f.String())
	}
	return strings.Join(words, ",")
}

func parseSchedule(text string) (s schedule, err error) {
	for word := range strings.SplitSeq(text, ",") {
		if flag, found := s.flags()[word]; found {
			*flag = true
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		l, err := parseLabel(name)
		if err != nil {
			return s, err
		}
		if !slices.Contains(slices.Concat(kindsFor(label{call: "register"}), othersKinds(label{call: "list"})), kind(value)) {
			return s, fmt.Errorf("no fault is called %q", value)
		}
		s.faults = append(s.faults, fault{label: l, kind: kind(value)})
	}
	return s, nil
}

// with returns the schedule with one more fault.
func (s schedule) with(f fault) schedule {
	s.faults = append(slices.Clone(s.faults), f)
	return s
}

// on returns the kind of fault for a request; empty is none.
func (s schedule) on(l label) kind {
	if i := slices.IndexFunc(s.faults, func(f fault) bool { return f.label == l }); i >= 0 {
		return s.faults[i].kind
	}
	return ""
}

// has says whether one of the faults meets a condition.
func (s schedule) has(condition func(fault) bool) bool {
	return slices.ContainsFunc(s.faults, condition)
}

// attempts is how often a step is run with faults.
func (s schedule) attempts(step string) (most int) {
	for _, f := range s.faults {
		if f.step == step {
			most = max(most, f.attempt)
		}
	}
	return most
}
