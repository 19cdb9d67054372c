package twcloud

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// evidence is what this process has found out about the server, and what it has
// done. All views of a server share it.
type evidence struct {
	// registered has the keys that this process has registered and not removed.
	registered sync.Map
	// refused has the errors of calls that the server does not have, by name.
	refused sync.Map
	// readable is true after the server returned a consumer by key.
	readable atomic.Bool
	// confirmed is true after the server recognized the key that it returned for a
	// new consumer.
	confirmed atomic.Bool
	// unlisted is why the list failed when a consumer was read by key instead.
	unlisted atomic.Pointer[error]

	mu sync.Mutex
	// listDoubt is why a consumer that the list lacks may exist. Empty: no known
	// reason.
	listDoubt string
	// deviations are answers that differ from the API profile.
	deviations []Deviation
}

// doubt notes a reason why the list may lack consumers.
func (e *evidence) doubt(format string, arguments ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.listDoubt == "" {
		e.listDoubt = fmt.Sprintf(format, arguments...)
	}
}

// whole returns why a consumer that is missing from a list of n may exist. It
// is empty if the list proves that it does not.
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

// pageSize reports whether a list of n consumers may be one page. Servers often
// have pages of 10, 20, or 25.
func pageSize(n int) bool { return n >= 10 && (n%10 == 0 || n%25 == 0) }

// compare compares a list with the keys that were registered before it was
// requested.
func (e *evidence) compare(listed []Consumer, before []string) {
	found := make(map[string]bool, len(listed))
	for _, consumer := range listed {
		found[consumer.Key] = true
	}
	for _, key := range before {
		if !found[key] && e.hasRegistered(key) {
			e.doubt("the list lacks consumer %q, which was registered before", key)
		}
	}
}

// keys returns the keys that this process has registered and not removed.
func (e *evidence) keys() []string {
	var keys []string
	for key := range e.registered.Range {
		keys = append(keys, fmt.Sprint(key))
	}
	return keys
}

// hasRegistered reports whether this process has registered a key and not removed it.
func (e *evidence) hasRegistered(key string) bool {
	_, registered := e.registered.Load(key)
	return registered
}
