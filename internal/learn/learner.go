package learn

import (
	"regexp"
	"slices"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// pattern compiles a regular expression when it is first needed: each process that
// Terraform starts contains this package, and learns nothing.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// learner has what has been found in a recording so far. Each step uses what the
// steps before it have found.
type learner struct {
	entries  []har.Entry
	all      []*exchange // once the registration is found, only those with its server
	private  *private
	roles    roles
	own      map[string]string // other values that the server gave to the consumer, with their pointers
	csrf     *csrf
	lists    []*listing
	reads    []*exchange
	approval *approvalPlace // in the list
	object   *approvalPlace // in answers about one consumer
	report   report

	approvedAs *profile.ApprovedAs // what requests send as the approval; nil: nothing
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
// another consumer.
func Learn(entries []har.Entry) *Result {
	l := &learner{entries: entries, all: exchanges(entries)}
	l.private = collect(entries, l.all)
	l.roles.register = findRegistration(l.all)
	var document []byte
	if l.roles.register == nil {
		l.nothing()
	} else {
		// Requests to other servers, such as for sign-in, do not matter from here on.
		l.all = slices.DeleteFunc(l.all, func(one *exchange) bool { return one.origin != l.roles.register.origin })
		l.roles.register.at = l.index(l.roles.register.exchange)
		l.own = l.roles.register.otherValues(l.all)
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
