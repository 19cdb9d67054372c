package twcloud

import (
	"context"
	"errors"
	"sync"
	"time"
)

// snapshotAge is how long a listing serves. It is longer than a refresh takes,
// and short enough that a long apply does not decide on an old picture.
const snapshotAge = 2 * time.Minute

// snapshot answers all reads of a view from one listing of the collection: a
// plan of a thousand consumers costs one request. It is taken when first needed,
// once for all concurrent callers, and kept up to date by this process's writes. A
// failure serves as long: a server that hangs is not asked again for each of a
// thousand consumers.
type snapshot struct {
	list     func(context.Context) ([]Consumer, error)
	evidence *evidence
	now      func() time.Time

	mu      sync.Mutex
	current *listing
}

// listing is one listing of the collection, under way or done.
type listing struct {
	done   chan struct{}
	cancel context.CancelFunc

	// What follows is guarded by the snapshot's mutex.
	waiters   int
	finished  bool
	takenAt   time.Time
	consumers map[string]Consumer
	err       error
	// written are this process's writes since the listing began: the server may
	// have answered before them. A nil consumer was removed.
	written map[string]*Consumer
}

func newSnapshot(list func(context.Context) ([]Consumer, error), evidence *evidence) *snapshot {
	return &snapshot{list: list, evidence: evidence, now: time.Now}
}

// get returns one consumer, and whether there is one of that key.
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

// peek returns a consumer if a listing serves that has it, and never waits.
func (s *snapshot) peek(key string) (Consumer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || !s.serves(s.current) {
		return Consumer{}, false
	}
	consumer, found := s.current.consumers[key]
	return consumer, found
}

// serves says whether a listing is under way or still fresh.
func (s *snapshot) serves(l *listing) bool {
	return !l.finished || s.now().Sub(l.takenAt) <= snapshotAge
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

// wait returns the listing that serves, and begins one if none does. A listing
// belongs to no caller: it ends early only when nobody waits for it any more.
func (s *snapshot) wait(ctx context.Context) (*listing, error) {
	s.mu.Lock()
	serving := s.current
	if serving == nil || !s.serves(serving) {
		listCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		serving = &listing{done: make(chan struct{}), cancel: cancel, written: map[string]*Consumer{}}
		s.current = serving
		go s.take(listCtx, serving)
	}
	serving.waiters++
	s.mu.Unlock()

	select {
	case <-serving.done:
		return serving, serving.err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		serving.waiters--
		if serving.waiters == 0 && !serving.finished {
			s.forget(serving)
			serving.cancel()
		}
		return nil, &Error{Kind: ErrCanceled, Method: "GET", Path: "the list of consumers", Cause: ctx.Err()}
	}
}

func (s *snapshot) take(ctx context.Context, taken *listing) {
	defer taken.cancel()
	before := s.evidence.keys()
	consumers, err := s.list(ctx)

	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(taken.done)
	taken.finished = true
	taken.takenAt = s.now()
	if err != nil {
		taken.err = err
		var failure *Error
		if errors.As(err, &failure) {
			failure.Listing = true
		}
		if errors.Is(err, ErrCanceled) {
			s.forget(taken)
		}
		return
	}
	taken.consumers = make(map[string]Consumer, len(consumers))
	for _, consumer := range consumers {
		taken.consumers[consumer.Key] = consumer
	}
	s.evidence.compare(taken.consumers, before)
	for key, consumer := range taken.written {
		taken.apply(key, consumer)
	}
}

// put notes that this process has registered or changed a consumer.
func (s *snapshot) put(consumer Consumer) { s.write(consumer.Key, &consumer) }

// remove notes that this process has removed a consumer.
func (s *snapshot) remove(key string) { s.write(key, nil) }

func (s *snapshot) write(key string, consumer *Consumer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.current == nil:
	case s.current.finished:
		s.current.apply(key, consumer)
	default:
		s.current.written[key] = consumer
	}
}

// invalidate makes the next read list again, because a write may or may not have
// been carried out.
func (s *snapshot) invalidate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}

func (s *snapshot) forget(gone *listing) {
	if s.current == gone {
		s.current = nil
	}
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
