package twcloud

import (
	"context"
	"errors"
	"sync"
)

// gate lets one call of a kind through first, and the others only after it
// succeeded. If the server is misunderstood, every registration and every removal
// would fail. The channel has the state, except while a first call is in progress.
type gate chan gateState

type gateState int

const (
	untried gateState = iota
	open
	shut
)

func newGate() gate {
	g := make(gate, 1)
	g <- untried
	return g
}

// enter waits for a turn, and reports whether the call is the first one. The
// error is ErrCanceled or ErrNotUnderstood. The caller must call leave with the
// result.
func (g gate) enter(ctx context.Context) (leave func(error), first bool, err error) {
	select {
	case state := <-g:
		if state == untried {
			return func(err error) { g <- judge(err) }, true, nil
		}
		g <- state
		if state == shut {
			return nil, false, ErrNotUnderstood
		}
		return func(error) {}, false, nil
	case <-ctx.Done():
		return nil, false, ErrCanceled
	}
}

// judge opens the gate after a call that was understood, and shuts it after one
// that was not. Any other failure proves nothing: the next call is the first again.
func judge(err error) gateState {
	switch {
	case err == nil:
		return open
	case errors.Is(err, ErrUnreadable), errors.Is(err, ErrWebPage), errors.Is(err, ErrIncomplete),
		errors.Is(err, ErrUnsupported), errors.Is(err, ErrNotApplied), errors.Is(err, ErrKeyGone):
		return shut
	}
	return untried
}

// nameLocks let one caller at a time work under a name.
type nameLocks struct {
	mu    sync.Mutex
	locks map[string]chan struct{}
}

// lock waits until the name is free, or the context ends.
func (n *nameLocks) lock(ctx context.Context, name string) (unlock func(), err error) {
	n.mu.Lock()
	held := n.locks[name]
	if held == nil {
		held = make(chan struct{}, 1)
		if n.locks == nil {
			n.locks = map[string]chan struct{}{}
		}
		n.locks[name] = held
	}
	n.mu.Unlock()
	select {
	case held <- struct{}{}:
		return func() { <-held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
