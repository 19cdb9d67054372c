package twcloud

import (
	"context"
	"sync"
	"time"
)

// snapshotAge is how long a list is used. It is longer than a refresh, and
// short enough for a long apply not to rely on outdated data.
const snapshotAge = 2 * time.Minute

// snapshot answers all reads of a view from one list, so that a plan of a
// thousand consumers costs one request. It lists when first needed, once for
// all concurrent callers, and includes this process's writes. A failure is kept
// for the same time: a server that hangs is not asked again for each consumer.
type snapshot struct {
	list func(context.Context) ([]Consumer, error)

	mu      sync.Mutex
	current *listing
}

// listing is one list, in progress or done. The mutex of snapshot guards its
// fields, except call.
type listing struct {
	call shared[struct{}]
	// takenAt is when the list was done. It is zero while it is in progress.
	takenAt   time.Time
	consumers map[string]Consumer
	// written are this process's writes since the list began, because the server
	// may have answered before them. A nil consumer was removed.
	written map[string]*Consumer
}

// get returns one consumer, and whether the list has it.
func (s *snapshot) get(ctx context.Context, key string) (Consumer, bool, error) {
	listing, err := s.wait(ctx)
	if err != nil {
		return Consumer{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	consumer, found := listing.consumers[key]
	return consumer, found, nil
}

// peek returns a consumer if a current list has it. It never waits.
func (s *snapshot) peek(key string) (Consumer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.current.serves() {
		return Consumer{}, false
	}
	consumer, found := s.current.consumers[key]
	return consumer, found
}

// serves reports whether a list is in progress or still current.
func (l *listing) serves() bool {
	return l.takenAt.IsZero() || time.Since(l.takenAt) <= snapshotAge
}

// all returns every consumer, in no particular order.
func (s *snapshot) all(ctx context.Context) ([]Consumer, error) {
	listing, err := s.wait(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	consumers := make([]Consumer, 0, len(listing.consumers))
	for _, consumer := range listing.consumers {
		consumers = append(consumers, consumer)
	}
	return consumers, nil
}

// wait returns the current list, or starts one. If all callers gave up before it
// was done, the next caller starts it again.
func (s *snapshot) wait(ctx context.Context) (*listing, error) {
	s.mu.Lock()
	if s.current == nil || !s.current.serves() {
		s.current = &listing{}
	}
	serving := s.current
	s.mu.Unlock()
	_, err := serving.call.get(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.take(ctx, serving)
	})
	if err != nil && ctx.Err() != nil {
		err = &Error{Kind: ErrCanceled, Method: "GET", Path: "the list of consumers", Cause: ctx.Err()}
	}
	return serving, err
}

// take reads the list.
func (s *snapshot) take(ctx context.Context, taken *listing) error {
	s.mu.Lock()
	taken.takenAt, taken.written = time.Time{}, map[string]*Consumer{}
	s.mu.Unlock()
	consumers, err := s.list(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || ctx.Err() == nil {
		taken.takenAt = time.Now()
	}
	if err != nil {
		return revised(err, func(failure *Error) { failure.Listing = true })
	}
	taken.consumers = make(map[string]Consumer, len(consumers))
	for _, consumer := range consumers {
		taken.consumers[consumer.Key] = consumer
	}
	for key, consumer := range taken.written {
		taken.apply(key, consumer)
	}
	return nil
}

// put notes that this process registered or changed a consumer.
func (s *snapshot) put(consumer Consumer) { s.write(consumer.Key, &consumer) }

// remove notes that this process removed a consumer.
func (s *snapshot) remove(key string) { s.write(key, nil) }

func (s *snapshot) write(key string, consumer *Consumer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.current == nil:
	case !s.current.takenAt.IsZero():
		s.current.apply(key, consumer)
	case s.current.written != nil: // Otherwise, the list begins after this write.
		s.current.written[key] = consumer
	}
}

// invalidate makes the next read list again, because the outcome of a write is
// unknown.
func (s *snapshot) invalidate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}

func (l *listing) apply(key string, consumer *Consumer) {
	switch {
	case l.consumers == nil: // the listing failed
	case consumer == nil:
		delete(l.consumers, key)
	default:
		l.consumers[key] = *consumer
	}
}
