package twcloud

import (
	"fmt"
	"sync"
)

// evidence is what this process has found out about the server's list, and what
// it has done itself. All views of a server share it.
type evidence struct {
	mu sync.Mutex
	// registered are the keys that this process has registered and not removed.
	registered map[string]bool
	// listDoubt is why the list is not believed about absence; empty while it is.
	listDoubt string
	// readable says that the server has told of a consumer that was asked for by key.
	readable bool
	// confirmed says that the server knows the key of a registration under the key
	// that it told.
	confirmed bool
	// refused are the calls that the server does not have, by name.
	refused map[string]error
	// deviations are answers that are not as the API profile says.
	deviations []Deviation
}

func newEvidence() *evidence {
	return &evidence{registered: map[string]bool{}, refused: map[string]error{}}
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

// compare holds a list against what this process had registered before it was
// asked for.
func (e *evidence) compare(listed map[string]Consumer, before []string) {
	for _, key := range before {
		e.mu.Lock()
		still := e.registered[key]
		e.mu.Unlock()
		if _, found := listed[key]; !found && still {
			e.doubt("the list lacks consumer %q, which was registered before", key)
		}
	}
}

// keys are those that this process has registered and not removed.
func (e *evidence) keys() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	keys := make([]string, 0, len(e.registered))
	for key := range e.registered {
		keys = append(keys, key)
	}
	return keys
}

func (e *evidence) noteRegistered(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.registered[key] = true
}

func (e *evidence) noteRemoved(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.registered, key)
}

func (e *evidence) noteReadable() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readable = true
}

func (e *evidence) isReadable() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.readable
}

// hasRegistered says whether this process has registered a key and not removed it.
func (e *evidence) hasRegistered(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.registered[key]
}

func (e *evidence) noteConfirmed() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.confirmed = true
}

func (e *evidence) isConfirmed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.confirmed
}

func (e *evidence) noteRefused(name string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refused[name] == nil {
		e.refused[name] = err
	}
}

func (e *evidence) refusal(name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.refused[name]
}
