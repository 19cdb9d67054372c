package learn

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
)

// pattern compiles a regular expression when it is first needed: each process that
// Terraform starts contains this package, and learns nothing.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// learner has what has been found in a recording so far. Each step uses what the
// steps before it have found.
type learner struct {
	entries   []har.Entry
	all       []*exchange // once the registration is found, only those with its host
	private   *private
	roles     roles
	own       map[string]string // other values that the server gave to the consumer, with their pointers
	signIn    *signIn           // on pages; nil if the recording has none
	out       *exchange         // the sign-out
	csrf      *csrf
	sightings []sighting        // the consumer in responses, in their order
	keep      map[string]string // members of the consumer that requests send back: pointers by name
	lists     []*listing
	reads     []*exchange
	approval  *approvalPlace // in the list
	object    *approvalPlace // in responses about one consumer
	prefixes  []string       // of proxies, in front of paths
	report    report
}

// Result is what has been learned.
type Result struct {
	// Profile is the API profile as a document. It is nil if too little was found.
	Profile []byte
	// Complete reports whether the profile has all that a recording can tell.
	Complete bool
	// Findings are for the administrator, in lines.
	Findings string
}

// Learn derives an API profile from a recording of the steps that Steps asks for.
// Neither the profile nor the findings have a secret, a host or the name of
// another consumer, nor anything of the sign-in but its addresses and the names of its
// fields.
func Learn(entries []har.Entry, user Credentials) *Result {
	l := &learner{entries: entries, all: exchanges(entries), keep: map[string]string{}}
	l.private = collect(entries, l.all)
	l.roles.register = findRegistration(l.all)
	l.signIn = l.findSignIn(user)
	var document []byte
	if l.roles.register == nil {
		l.nothing()
	} else {
		// Requests to other hosts do not matter from here on. The authentication server may
		// be at one of its own.
		host := l.roles.register.entry.URL.Hostname()
		l.all = slices.DeleteFunc(slices.Clone(l.all), func(one *exchange) bool {
			return one.entry.URL.Hostname() != host && !strings.Contains(one.entry.URL.Path, authentication)
		})
		for i, one := range l.all {
			one.at = i
		}
		l.own = l.roles.register.otherValues(l.all)
		l.findEdits()
		l.findSightings()
		l.csrf = l.findCSRF()
		for _, one := range l.all {
			one.draft = l.draftOf(one)
		}
		l.assign()
		l.lists = l.findLists()
		l.addOthers()
		l.findReads()
		l.findApprovalPlaces()
		document = l.build()
	}
	return &Result{
		Profile:  document,
		Complete: document != nil && len(l.report.problems) == 0,
		Findings: l.findings(document != nil),
	}
}
