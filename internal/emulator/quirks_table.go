package emulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// quirks are what no profile can express: a server that is late, that does not do
// what it says, or that does more.
var quirks = map[string]quirk{
	// Lists that are late, or lack consumers.
	"list-one-call-late":   on("list", func(q *quirkyCall) *answer { return q.list(q.pastList(1, 0)) }),
	"list-one-second-late": func(q *quirkyCall) *answer { return q.lateList(time.Second) },
	"list-empty":           on("list", func(q *quirkyCall) *answer { return q.list(nil) }),
	"list-approved-only": on("list", func(q *quirkyCall) *answer {
		return q.list(slices.DeleteFunc(q.consumers(), func(one *storedConsumer) bool { return !one.Approved }))
	}),
	"list-duplicates": on("list", func(q *quirkyCall) *answer { return q.list(slices.Repeat(q.consumers(), 2)) }),
	"list-403-read-404": func(q *quirkyCall) *answer {
		switch {
		case q.is("list"):
			return failure(http.StatusForbidden, "You may not do this.")
		case q.is("read"):
			return failure(http.StatusNotFound, "There is nothing at this path.")
		}
		return q.regular()
	},
	"read-404": on("read", refusing(http.StatusNotFound, "There is nothing at this path.")),
	"read-first-always": on("read", func(q *quirkyCall) *answer {
		if all := q.Consumers(); len(all) > 0 {
			return q.tell(all[0])
		}
		return q.regular()
	}),

	// Registrations.
	"register-late":             on("register", func(q *quirkyCall) *answer { return q.registerLater(2, http.StatusAccepted) }),
	"register-very-late":        on("register", func(q *quirkyCall) *answer { return q.registerLater(20, http.StatusAccepted) }),
	"register-504-late":         on("register", func(q *quirkyCall) *answer { return q.registerLater(3, http.StatusGatewayTimeout) }),
	"register-lies":             on("register", func(q *quirkyCall) *answer { return q.tell(Consumer{Key: "lie", Name: *q.values.Name}) }),
	"register-500-but-done":     on("register", func(q *quirkyCall) *answer { return q.but(http.StatusInternalServerError, "NullPointerException") }),
	"register-409-but-done":     on("register", func(q *quirkyCall) *answer { return q.but(http.StatusConflict, "The name is taken.") }),
	"register-ignores-secret":   on("register", func(q *quirkyCall) *answer { return q.change(func(c *Consumer) { c.Secret = randomHex() }) }),
	"register-same-key-always":  on("register", func(q *quirkyCall) *answer { return q.withKey(func(string) string { return "consumer" }) }),
	"register-another-key":      on("register", func(q *quirkyCall) *answer { return q.withKey(func(key string) string { return "request-" + key }) }),
	"register-twice":            on("register", func(q *quirkyCall) *answer { q.regular(); return q.regular() }),
	"register-approves":         on("register", func(q *quirkyCall) *answer { return q.change(func(c *Consumer) { c.Approved = true }) }),
	"register-approves-quietly": on("register", func(q *quirkyCall) *answer { return q.quietly(func(c *Consumer) { c.Approved = true }) }),

	// Changes.
	"name-lower-case":       renaming(strings.ToLower),
	"name-without-blanks":   renaming(func(name string) string { return strings.ReplaceAll(name, " ", "") }),
	"name-cut":              renaming(func(name string) string { return name[:min(len(name), 7)] }),
	"change-late":           when((*quirkyCall).changes, func(q *quirkyCall) *answer { return q.changeLater(2) }),
	"change-very-late":      when((*quirkyCall).changes, func(q *quirkyCall) *answer { return q.changeLater(7) }),
	"change-lies":           when((*quirkyCall).changes, (*quirkyCall).nothing),
	"change-500-but-done":   when((*quirkyCall).changes, func(q *quirkyCall) *answer { return q.but(http.StatusInternalServerError, "NullPointerException") }),
	"change-ignores-name":   when((*quirkyCall).changes, func(q *quirkyCall) *answer { q.values.Name = nil; return q.regular() }),
	"change-ignores-secret": when((*quirkyCall).changes, func(q *quirkyCall) *answer { q.values.Secret = nil; return q.regular() }),
	"change-disapproves": when(func(q *quirkyCall) bool { return q.is("edit", "rename", "set_secret") }, func(q *quirkyCall) *answer {
		return q.change(func(c *Consumer) { c.Approved = false })
	}),
	"change-changes-key": when((*quirkyCall).changes, (*quirkyCall).changeKey),
	"approve-ignored":    on("approve", (*quirkyCall).nothing),
	"approve-refused":    on("approve", refusing(http.StatusBadRequest, "This consumer cannot be approved.")),

	// Removals.
	"remove-lies":          on("remove", (*quirkyCall).nothing),
	"remove-404-but-done":  on("remove", func(q *quirkyCall) *answer { return q.but(http.StatusNotFound, "There is no such consumer.") }),
	"remove-500-but-done":  on("remove", func(q *quirkyCall) *answer { return q.but(http.StatusInternalServerError, "NullPointerException") }),
	"remove-on-second-try": when(func(q *quirkyCall) bool { return q.is("remove") && q.nth == 1 }, (*quirkyCall).nothing),
	"remove-stays-readable": func(q *quirkyCall) *answer {
		one, exists := q.stored()
		if left, removed := q.removedBefore(one, exists); q.is("read") && removed {
			return q.tell(left)
		}
		return q.regular()
	},
}

// pastList is a list as it was at a time.
type pastList struct {
	at        time.Time
	consumers []*storedConsumer
}

// pastList is the list as it was so many lists ago, and at least so long ago. It notes
// what the list is now.
func (q *quirkyCall) pastList(lists int, age time.Duration) []*storedConsumer {
	now := q.config.Now()
	m := &q.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lists = append(m.lists, pastList{now, q.consumers()})
	i := max(len(m.lists)-1-lists, 0)
	for i > 0 && now.Sub(m.lists[i].at) < age {
		i--
	}
	return m.lists[i].consumers
}

// lateList shows changes in lists after a time.
func (q *quirkyCall) lateList(age time.Duration) *answer {
	past := q.pastList(0, age)
	if q.is("list") {
		return q.list(past)
	}
	return q.regular()
}

// registerLater registers the consumer when so many further calls have arrived.
func (q *quirkyCall) registerLater(calls, status int) *answer {
	c := Consumer{Name: *q.values.Name, Secret: *q.values.Secret}
	q.later(calls, func() { q.AddConsumer(c) })
	return empty(status)
}

// changeLater makes a change when so many further calls have arrived.
func (q *quirkyCall) changeLater(calls int) *answer {
	before, exists := q.stored()
	if exists {
		q.later(calls, func() { q.regular() })
		return q.tell(before)
	}
	return q.regular()
}

// nothing answers with success, and does nothing.
func (q *quirkyCall) nothing() *answer {
	if one, exists := q.stored(); exists {
		return q.tell(one)
	}
	return q.regular()
}

// withKey registers a consumer, and answers another key.
func (q *quirkyCall) withKey(change func(string) string) *answer {
	one, a := q.registered()
	if one.Key == "" {
		return a
	}
	one.Key = change(one.Key)
	return q.tell(one)
}

// quietly registers a consumer and changes it, and does not say so.
func (q *quirkyCall) quietly(change func(*Consumer)) *answer {
	one, a := q.registered()
	q.UpdateConsumer(one.Key, change)
	return a
}

// changeKey makes a change, and gives the consumer another key.
func (q *quirkyCall) changeKey() *answer {
	a := q.regular()
	one, exists := q.stored()
	if !exists || !q.done(a) {
		return a
	}
	q.RemoveConsumer(one.Key)
	one.Key += "-2"
	return q.tell(q.AddConsumer(one))
}

// removedBefore notes a consumer that is to be removed, and returns one that was.
func (q *quirkyCall) removedBefore(one Consumer, exists bool) (Consumer, bool) {
	m := &q.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if exists && q.is("remove") {
		m.removed[one.Key] = one
	}
	left, removed := m.removed[q.values.Key]
	return left, removed && !exists
}
