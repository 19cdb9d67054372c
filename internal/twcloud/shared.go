package twcloud

import (
	"context"
	"sync"
)

// shared is the result of a call that all callers share. The call starts when
// the first one needs it, and belongs to none of them: it is canceled only when
// nobody waits for it. The result stays, also a failure, except that of a
// canceled call.
type shared[T any] struct {
	mu      sync.Mutex
	current *flight[T]
}

// flight is one call, in progress or done.
type flight[T any] struct {
	cancel  context.CancelFunc
	waiters int

	// The other fields are set before done is closed.
	done   chan struct{}
	result T
	err    error
	// brokenOff is true if the call failed after it was canceled.
	brokenOff bool
}

// failed returns a flight that is done.
func failed[T any](err error) *flight[T] {
	done := make(chan struct{})
	close(done)
	return &flight[T]{cancel: func() {}, done: done, err: err}
}

// get returns the result, or the error of the context. It starts the call if
// there is no result and no call in progress.
func (s *shared[T]) get(ctx context.Context, call func(context.Context) (T, error)) (result T, err error) {
	for ctx.Err() == nil {
		joined := s.join(ctx, call)
		select {
		case <-joined.done:
			// A call that was broken off failed because others canceled.
			if !joined.brokenOff {
				return joined.result, joined.err
			}
		case <-ctx.Done():
			s.leave(joined)
		}
	}
	return result, ctx.Err()
}

func (s *shared[T]) join(ctx context.Context, call func(context.Context) (T, error)) *flight[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		started := &flight[T]{cancel: cancel, done: make(chan struct{})}
		s.current = started
		go func() {
			defer cancel()
			s.run(ctx, started, call)
		}()
	}
	s.current.waiters++
	return s.current
}

func (s *shared[T]) leave(left *flight[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if left.waiters--; left.waiters == 0 {
		left.cancel()
	}
}

func (s *shared[T]) run(ctx context.Context, running *flight[T], call func(context.Context) (T, error)) {
	result, err := call(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	running.result, running.err = result, err
	running.brokenOff = err != nil && ctx.Err() != nil
	if running.brokenOff && s.current == running {
		s.current = nil
	}
	close(running.done)
}

// replace puts another flight, or none, in the place of the current one if that
// meets the condition. It returns the replaced flight, or nil.
func (s *shared[T]) replace(with *flight[T], condition func(*flight[T]) bool) *flight[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	replaced := s.current
	if replaced != nil && !condition(replaced) {
		return nil
	}
	s.current = with
	return replaced
}
