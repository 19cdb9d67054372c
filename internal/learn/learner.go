package learn

import (
	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
)

// learner holds what has been found in a recording so far. Each step uses what
// the steps before it have found.
type learner struct {
	entries  []har.Entry
	all      []*exchange
	private  *private
	origin   string
	proxy    string // path prefix that is left out of the profile
	roles    roles
	own      map[string]string // other values that the server gave to the consumer, with their pointers
	csrf     *csrf
	drafts   map[*exchange]*draft
	lists    []*listing
	reads    []*exchange
	approval *approvalPlace // in the list
	object   *approvalPlace // in answers about one consumer
	report   report
}

// Result is what has been learned.
type Result struct {
	// Profile is the API profile as a document. It is nil if too little was found.
	Profile []byte
	// Complete says whether the profile has all that a recording can tell.
	Complete bool
	// Findings are for the administrator, in lines.
	Findings string
}

// Learn derives an API profile from a recording of the steps that Steps tells.
// Neither the profile nor the findings hold a secret, a host or the name of
// another consumer.
func Learn(entries []har.Entry) *Result {
	l := &learner{entries: entries, all: exchanges(entries), drafts: map[*exchange]*draft{}}
	l.report.requests = len(entries)
	l.private = collect(entries, l.all)
	register := findRegistration(l.all)
	if register == nil {
		register = findKey(l.all, -1)
	}
	l.origin = originFrom(l.all, register.at)
	if l.origin == "" || register.exchange == nil && register.key == "" {
		l.nothing()
		return l.result(nil)
	}
	if candidates := withoutKey(l.all, register); candidates > 1 {
		l.report.reading("%d requests send the first name and the first secret. The one whose consumer the later requests are about is taken as the registration.", candidates)
	}
	l.roles.register = register
	l.own = ownValues(l.all, register)
	l.csrf = l.findCSRF()
	l.assign()
	l.lists = l.findLists()
	l.addOthers(l.lists)
	l.findReads()
	l.findApprovalPlaces()
	return l.result(l.build())
}

// withoutKey counts the requests that look like the registration, and are not
// about a consumer that exists.
func withoutKey(all []*exchange, register *registration) int {
	count := 0
	for _, one := range all {
		if register.exchange != nil && registrationTier(one) == registrationTier(register.exchange) && (register.key == "" || !one.sends(register.key)) {
			count++
		}
	}
	return count
}

// ownValues are the values, other than key and name, that the server gave to the
// consumer at its registration and that are of no other use.
func ownValues(all []*exchange, register *registration) map[string]string {
	own := map[string]string{}
	if register.exchange == nil || register.exchange.answered != jsonBody {
		return own
	}
	eachScalar(register.exchange.answer, func(pointer string, value any) {
		text, isText := scalarText(value)
		if !isText || text == register.key || isName(text) || isSecret(text) || !distinctive(text) {
			return
		}
		for _, earlier := range all[:register.at+1] {
			if earlier.sends(text) {
				return
			}
		}
		own[text] = pointer
	})
	return own
}

// distinctive says whether a text is hardly used for anything else.
func distinctive(text string) bool {
	return looksRandom(text) || len(digits.FindAllString(text, -1)) >= 3
}

// sightings are the consumer in the lists, and in answers about it alone.
func (l *learner) sightings() (listed, alone []sighting) {
	if len(l.lists) > 0 {
		for _, one := range l.all {
			if shown, found := l.lists[0].shown[one]; found {
				listed = append(listed, sighting{shown.value, l.momentAt(one)})
			}
		}
	}
	for _, one := range append(l.changes(), l.reads...) {
		if root, found := l.objectIn(one); found {
			alone = append(alone, sighting{root, l.momentAt(one)})
		}
	}
	return listed, alone
}

// changes are the requests with a role that may answer with the consumer.
func (l *learner) changes() []*exchange {
	r := &l.roles
	var found []*exchange
	for _, one := range []*exchange{r.register.exchange, r.approve, r.disapprove, r.again, r.rename, r.setSecret} {
		if one != nil {
			found = append(found, one)
		}
	}
	return found
}

// findApprovalPlaces finds where lists and answers tell of the approval.
func (l *learner) findApprovalPlaces() {
	listed, alone := l.sightings()
	l.approval, l.object = findApproval(listed), findApproval(alone)
	// A place that answers about one consumer have as well is the likelier one.
	if l.approval != nil && l.object != nil && lastToken(l.approval.pointer) != lastToken(l.object.pointer) {
		for _, pointer := range l.object.others {
			if lastToken(pointer) == lastToken(l.approval.pointer) {
				if place, _ := weighApproval(pointer, alone); place != nil {
					place.others = l.object.others
					l.object = place
					break
				}
			}
		}
	}
}
