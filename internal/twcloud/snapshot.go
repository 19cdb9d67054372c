package twcloud

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// snapshotAge is how long a list is used. It is longer than a refresh, and
// short enough for a long apply not to rely on outdated data.
const snapshotAge = 2 * time.Minute

// registrationAge is how old a list can be when a registration leaves. A consumer
// that appears after it can be the registered one.
const registrationAge = 5 * time.Second

// snapshot answers all reads of a view from one list, so that a plan of a
// thousand consumers costs one request. It lists when first needed, once for
// all concurrent callers, and includes this process's writes. A failure is kept
// for the same time: a server that hangs is not asked again for each consumer.
type snapshot struct {
	list func(context.Context) ([]profile.Consumer, error)
	now  func() time.Time

	mu      sync.Mutex
	current *listing
}

// listing is one list, in progress or done. Its mutex guards its fields, except call and now.
type listing struct {
	call shared[struct{}]
	now  func() time.Time

	mu sync.Mutex
	// begun is when the list was requested, and takenAt when it was done. That is zero
	// while it is in progress.
	begun, takenAt time.Time

	consumers map[string]profile.Consumer
	names     map[string][]string // the keys of each name
	// written are this process's writes since the list began, because the server
	// may have answered before them. Nil was removed.
	written map[string]*profile.Consumer
}

// get returns a list that is at most so old, or takes one. If all callers gave up
// before it was done, the next caller starts it again.
func (s *snapshot) get(ctx context.Context, age time.Duration) (*listing, error) {
	s.mu.Lock()
	if s.current == nil || !s.current.serves(age) {
		s.current = &listing{now: s.now}
	}
	serving := s.current
	s.mu.Unlock()
	_, err := serving.call.get(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, serving.take(ctx, s.list)
	})
	if err != nil && ctx.Err() != nil {
		err = &Error{Kind: ErrCanceled, Method: "GET", Path: "the list of consumers", Cause: ctx.Err()}
	}
	return serving, err
}

// peek returns a consumer if a current list has it. It never waits.
func (s *snapshot) peek(key string) (profile.Consumer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.current.serves(snapshotAge) {
		return profile.Consumer{}, false
	}
	return s.current.consumer(key)
}

// put notes that this process registered or changed a consumer.
func (s *snapshot) put(consumer profile.Consumer) { s.write(consumer.Key, &consumer) }

// remove notes that this process removed a consumer.
func (s *snapshot) remove(key string) { s.write(key, nil) }

func (s *snapshot) write(key string, consumer *profile.Consumer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.write(key, consumer)
	}
}

// invalidate makes the next read list again, because the outcome of a write is
// unknown.
func (s *snapshot) invalidate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}

// serves reports whether a list is in progress or not older than an age.
func (l *listing) serves(age time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.takenAt.IsZero() || l.now().Sub(l.takenAt) <= age
}

// take reads the list.
func (l *listing) take(ctx context.Context, list func(context.Context) ([]profile.Consumer, error)) error {
	l.mu.Lock()
	l.begun, l.takenAt, l.written = l.now(), time.Time{}, map[string]*profile.Consumer{}
	l.mu.Unlock()
	consumers, err := list(ctx)

	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil || ctx.Err() == nil {
		l.takenAt = l.now()
	}
	if err != nil {
		return revised(err, func(failure *Error) { failure.Listing = true })
	}
	l.consumers = make(map[string]profile.Consumer, len(consumers))
	l.names = make(map[string][]string, len(consumers))
	for _, consumer := range consumers {
		l.apply(consumer.Key, &consumer)
	}
	for key, consumer := range l.written {
		l.apply(key, consumer)
	}
	return nil
}

func (l *listing) write(key string, consumer *profile.Consumer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !l.takenAt.IsZero():
		l.apply(key, consumer)
	case l.written != nil: // Otherwise, the list begins after this write.
		l.written[key] = consumer
	}
}

// apply makes one write. The caller holds the lock.
func (l *listing) apply(key string, consumer *profile.Consumer) {
	if l.consumers == nil { // The list failed.
		return
	}
	if before, found := l.consumers[key]; found {
		name := newConsumer(before).Name
		l.names[name] = slices.DeleteFunc(l.names[name], func(other string) bool { return other == key })
		delete(l.consumers, key)
	}
	if consumer != nil {
		name := newConsumer(*consumer).Name
		l.names[name] = append(l.names[name], key)
		l.consumers[key] = *consumer
	}
}

// consumer returns the consumer with a key. Without a list, there is none.
func (l *listing) consumer(key string) (profile.Consumer, bool) {
	if l == nil {
		return profile.Consumer{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	consumer, found := l.consumers[key]
	return consumer, found
}

// has reports whether the list has a key.
func (l *listing) has(key string) bool {
	_, found := l.consumer(key)
	return found
}

// all returns every consumer, in no particular order.
func (l *listing) all() []profile.Consumer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.consumers))
}

// named returns the consumers of a name, in no particular order.
func (l *listing) named(name string) []Consumer {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var named []Consumer
	for _, key := range l.names[name] {
		named = append(named, newConsumer(l.consumers[key]))
	}
	return named
}

// age is how old what the list has may be at a time: the server may have answered long
// before the last page came.
func (l *listing) age(at time.Time) time.Duration {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return at.Sub(l.begun)
}
