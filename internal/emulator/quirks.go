package emulator

import (
	"maps"
	"slices"
	"sync"
	"time"

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
}

// quirkMemory is what a server with a quirk remembers of the calls so far. It handles
// one call at a time.
type quirkMemory struct {
	mu      sync.Mutex
	calls   int
	due     []dueCall
	lists   []pastList
	removed map[string]Consumer // what was to be removed, by key
}

// dueCall is what the server does before it handles a call.
type dueCall struct {
	call int
	do   func()
}

// pastList is a list as it was at a time.
type pastList struct {
	at        time.Time
	consumers []*storedConsumer
}

// performQuirky performs a call as the quirk has it.
func (s *Server) performQuirky(x *exchange) *answer {
	if s.quirk == nil {
		return s.perform(x, x.call)
	}
	m := &s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	m.due = slices.DeleteFunc(m.due, func(due dueCall) bool {
		if due.call <= m.calls {
			due.do()
		}
		return due.call <= m.calls
	})
	return s.quirk(&quirkyCall{s, x.call, x})
}

// later does something before the nth call after this one.
func (q *quirkyCall) later(n int, do func()) {
	q.memory.due = append(q.memory.due, dueCall{q.memory.calls + n, do})
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

// nothing answers with success, and does nothing.
func (q *quirkyCall) nothing() *answer {
	if c, exists := q.Consumer(q.values.Key); exists {
		return q.tell(c)
	}
	return q.regular()
}

// made does the call, and returns the consumer that was registered or changed. It is
// false if the call was refused.
func (q *quirkyCall) made() (c Consumer, a *answer, done bool) {
	a = q.regular()
	done, err := q.call.profile.Succeeds(q.call.Call, "", &profile.Response{
		Status: a.status, Header: a.header, Body: a.body, Location: a.header.Get("Location"),
	})
	if all := q.Consumers(); q.is("register") && len(all) > 0 {
		c = all[len(all)-1]
	} else {
		c, _ = q.Consumer(q.values.Key)
	}
	return c, a, done && err == nil
}

// but does the call, and answers something else if that was a success.
func (q *quirkyCall) but(status int, message string) *answer {
	_, a, done := q.made()
	if done {
		return failure(status, message)
	}
	return a
}

// told does the call, and answers another consumer.
func (q *quirkyCall) told(change func(*Consumer)) *answer {
	c, a, done := q.made()
	if !done {
		return a
	}
	change(&c)
	return q.tell(c)
}

// also does the call, and changes the consumer once more.
func (q *quirkyCall) also(change func(*Consumer)) *answer {
	return q.told(func(c *Consumer) {
		q.UpdateConsumer(c.Key, change)
		*c, _ = q.Consumer(c.Key)
	})
}

// list answers a list with some of the consumers.
func (q *quirkyCall) list(consumers []*storedConsumer) *answer {
	q.state.mu.Lock()
	defer q.state.mu.Unlock()
	return q.listConsumers(q.exchange, q.call, consumers)
}

// stored are copies of the consumers, in order of registration.
func (q *quirkyCall) stored() (copies []*storedConsumer) {
	q.state.mu.Lock()
	defer q.state.mu.Unlock()
	for _, stored := range q.state.inOrder() {
		one := *stored
		copies = append(copies, &one)
	}
	return copies
}

// past are the consumers as they were so many lists ago, and at least so long ago.
func (q *quirkyCall) past(lists int, age time.Duration) []*storedConsumer {
	now, m := q.config.Now(), &q.memory
	m.lists = append(m.lists, pastList{now, q.stored()})
	i := max(len(m.lists)-1-lists, 0)
	for i > 0 && now.Sub(m.lists[i].at) < age {
		i--
	}
	return m.lists[i].consumers
}
