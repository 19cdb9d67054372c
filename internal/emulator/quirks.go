package emulator

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// ConsumerQuirks returns the names of the ways in which a server can deviate from every
// profile, in order.
func ConsumerQuirks() []string { return slices.Sorted(maps.Keys(quirks)) }

// quirk answers a call about consumers in the place of the emulator, which it can
// ask.
type quirk func(*quirkyCall) *answer

// quirkyCall is one call about consumers of a server with a quirk.
type quirkyCall struct {
	*Server
	*call
	exchange *exchange
	// nth counts the calls of this name and key, from 1.
	nth int
}

// quirkMemory is what a server with a quirk remembers of the calls so far.
type quirkMemory struct {
	mu        sync.Mutex
	calls     int
	same      map[[2]string]int // calls, by name and key
	postponed []postponed
	lists     []pastList
	removed   map[string]Consumer
}

// postponed is what the server does before it handles a later call.
type postponed struct {
	call int
	do   func()
}

// findQuirk returns the quirk with a name, or nil for none.
func findQuirk(name string) (quirk, error) {
	found, known := quirks[name]
	if name != "" && !known {
		return nil, fmt.Errorf("there is no quirk %q; the quirks are %v", name, ConsumerQuirks())
	}
	return found, nil
}

// performQuirky performs a call as the quirk has it.
func (s *Server) performQuirky(x *exchange) *answer {
	if s.quirk == nil {
		return s.perform(x, x.call)
	}
	q := &quirkyCall{Server: s, call: x.call, exchange: x}
	m := &s.memory
	m.mu.Lock()
	m.calls++
	same := [2]string{q.Name, q.values.Key}
	if m.same == nil {
		m.same, m.removed = map[[2]string]int{}, map[string]Consumer{}
	}
	m.same[same]++
	q.nth = m.same[same]
	m.postponed = slices.DeleteFunc(m.postponed, func(p postponed) bool {
		due := p.call <= m.calls
		if due {
			p.do()
		}
		return due
	})
	m.mu.Unlock()
	return s.quirk(q)
}

// later does something before the nth call after this one.
func (q *quirkyCall) later(n int, do func()) {
	m := &q.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.postponed = append(m.postponed, postponed{m.calls + n, do})
}

// regular does and answers what a server without a quirk would.
func (q *quirkyCall) regular() *answer { return q.perform(q.exchange, q.call) }

func (q *quirkyCall) is(names ...string) bool { return slices.Contains(names, q.Name) }

// changes reports whether the call changes a consumer that exists.
func (q *quirkyCall) changes() bool { return !q.is("list", "read", "register", "remove") }

// tell answers the call with a consumer.
func (q *quirkyCall) tell(c Consumer) *answer {
	q.state.mu.Lock()
	defer q.state.mu.Unlock()
	told := storedConsumer{created: q.config.Now()}
	if stored, exists := q.state.consumers[c.Key]; exists {
		told = *stored
	}
	told.Consumer = c
	return q.describe(q.call, &told)
}

// stored is the consumer that the call is about.
func (q *quirkyCall) stored() (Consumer, bool) { return q.Consumer(q.values.Key) }

// list answers a list with some of the consumers.
func (q *quirkyCall) list(consumers []*storedConsumer) *answer {
	q.state.mu.Lock()
	defer q.state.mu.Unlock()
	return q.listConsumers(q.exchange, q.call, consumers)
}

// consumers are copies of the consumers, in order of registration.
func (q *quirkyCall) consumers() []*storedConsumer {
	q.state.mu.Lock()
	defer q.state.mu.Unlock()
	var copies []*storedConsumer
	for _, stored := range q.state.inOrder() {
		one := *stored
		copies = append(copies, &one)
	}
	return copies
}

// done reports whether an answer means that the call was made.
func (q *quirkyCall) done(a *answer) bool {
	succeeds, err := q.call.profile.Succeeds(q.call.Call, "", &profile.Response{
		Status: a.status, Header: a.header, Body: a.body, Location: a.header.Get("Location"),
	})
	return succeeds && err == nil
}

// registered does a registration, and returns the new consumer too.
func (q *quirkyCall) registered() (Consumer, *answer) {
	before := map[string]bool{}
	for _, one := range q.Consumers() {
		before[one.Key] = true
	}
	a := q.regular()
	for _, one := range q.Consumers() {
		if !before[one.Key] && q.done(a) {
			return one, a
		}
	}
	return Consumer{}, a
}

// change does a registration or a change, and changes the consumer once more.
func (q *quirkyCall) change(change func(*Consumer)) *answer {
	key, a := q.values.Key, (*answer)(nil)
	if q.is("register") {
		var one Consumer
		one, a = q.registered()
		key = one.Key
	} else {
		a = q.regular()
	}
	if !q.done(a) || !q.UpdateConsumer(key, change) {
		return a
	}
	one, _ := q.Consumer(key)
	return q.tell(one)
}

// but does the call, and answers something else if that was a success.
func (q *quirkyCall) but(status int, message string) *answer {
	a := q.regular()
	if q.done(a) {
		return failure(status, message)
	}
	return a
}

// empty is an answer with nothing but a status.
func empty(status int) *answer { return newAnswer(status, "", nil) }

// when answers calls that meet a condition.
func when(condition func(*quirkyCall) bool, do quirk) quirk {
	return func(q *quirkyCall) *answer {
		if condition(q) {
			return do(q)
		}
		return q.regular()
	}
}

// on answers calls of some names.
func on(name string, do quirk) quirk {
	return when(func(q *quirkyCall) bool { return q.is(name) }, do)
}

// renaming changes the names that calls send.
func renaming(change func(string) string) quirk {
	return func(q *quirkyCall) *answer {
		if q.values.Name != nil {
			changed := change(*q.values.Name)
			q.values.Name = &changed
		}
		return q.regular()
	}
}

// refusing refuses the call.
func refusing(status int, message string) quirk {
	return func(*quirkyCall) *answer { return failure(status, message) }
}
