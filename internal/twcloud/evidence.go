package twcloud

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// evidence is what this process has found out about the server's list, and what
// it has done itself. All views of a server share it.
type evidence struct {
	// registered has the keys that this process has registered and not removed.
	registered sync.Map
	// refused has the errors of calls that the server does not have, by name.
	refused sync.Map
	// readable says that the server has returned a consumer by key.
	readable atomic.Bool
	// confirmed says that the server has a new consumer under the key that it
	// returned.
	confirmed atomic.Bool

	mu sync.Mutex
	// listDoubt is why the list is not believed about absence; empty while it is.
	listDoubt string
	// deviations are answers that are not as the API profile says.
	deviations []Deviation
}

// doubt makes the list not believed about absence from now on.
func (e *evidence) doubt(format string, arguments ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.listDoubt == "" {
		e.listDoubt = fmt.Sprintf(format, arguments...)
	}
}

// whole returns why a list of so many consumers, without a consumer that it
// might have, is not proof that the consumer does not exist; empty if it is.
func (e *evidence) whole(n int, paged bool) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.listDoubt != "":
		return e.listDoubt
	case !paged && pageSize(n):
		return fmt.Sprintf("the list has exactly %d consumers, which may be the first page of more", n)
	}
	return ""
}

// pageSize says whether a list of so many may be a page: servers page by tens,
// by 25 and the like.
func pageSize(n int) bool { return n >= 10 && (n%10 == 0 || n%25 == 0) }

// compare holds a list against the keys that were registered before it was asked
// for.
func (e *evidence) compare(listed map[string]Consumer, before []string) {
	for _, key := range before {
		if _, found := listed[key]; !found && e.hasRegistered(key) {
			e.doubt("the list lacks consumer %q, which was registered before", key)
		}
	}
}

// keys are those that this process has registered and not removed.
func (e *evidence) keys() []string {
	var keys []string
	for key := range e.registered.Range {
		keys = append(keys, fmt.Sprint(key))
	}
	return keys
}

// hasRegistered says whether this process has registered a key and not removed it.
func (e *evidence) hasRegistered(key string) bool {
	_, registered := e.registered.Load(key)
	return registered
}
