package twcloud

import (
	"slices"
	"sync"
	"sync/atomic"
)

// evidence is what this process has done, and what it has found out about the server.
// All views of a server share it.
type evidence struct {
	// lags is true after a list lacked, or may have lacked, a consumer that it should
	// have, or had one that was removed.
	lags atomic.Bool

	mu sync.Mutex
	// read has keys by which the server returned a consumer: two prove everything.
	read []string
	// registered has the keys that this process has registered. False: removed.
	registered map[string]bool
	// names has the names that it has sent, and how many registrations of each are in
	// flight.
	names map[string]int
}

// reads notes that the server returned a consumer by key.
func (e *evidence) reads(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.read) < 2 && !slices.Contains(e.read, key) {
		e.read = append(e.read, key)
	}
}

// readsOthers reports whether the server returned another consumer by key.
func (e *evidence) readsOthers(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.ContainsFunc(e.read, func(other string) bool { return other != key })
}

// register notes that this process has registered a consumer.
func (e *evidence) register(key string) { e.setRegistered(key, true) }

// remove notes that this process has removed a consumer.
func (e *evidence) remove(key string) { e.setRegistered(key, false) }

func (e *evidence) setRegistered(key string, registered bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.registered == nil {
		e.registered = map[string]bool{}
	}
	e.registered[key] = registered
}

// hasRemoved reports whether this process has removed a consumer.
func (e *evidence) hasRemoved(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	registered, known := e.registered[key]
	return known && !registered
}

// hasRegistered reports whether this process has registered a key and not removed it.
func (e *evidence) hasRegistered(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.registered[key]
}

// registeredKeys returns the keys that this process has registered and not removed.
func (e *evidence) registeredKeys() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	keys := make([]string, 0, len(e.registered))
	for key, registered := range e.registered {
		if registered {
			keys = append(keys, key)
		}
	}
	return keys
}

// send notes that this process registers a name, until done is called.
func (e *evidence) send(name string) (done func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.names == nil {
		e.names = map[string]int{}
	}
	e.names[name]++
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.names[name]--
	}
}

// hasSent reports whether this process has sent a name.
func (e *evidence) hasSent(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, sent := e.names[name]
	return sent
}

// inFlight reports whether a registration of a name has no result yet.
func (e *evidence) inFlight(name string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.names[name] > 0
}

// compare notes if a list lacks a consumer that was registered before the list was
// requested.
func (e *evidence) compare(listed map[string]bool, before []string) {
	for _, key := range before {
		if !listed[key] && e.hasRegistered(key) {
			e.lags.Store(true)
		}
	}
}
