package twcloud

import (
	"context"
	"errors"
	"sync"
)

// gate lets one call of a kind through first, and the others only when it has
// turned out well: with a server that was misunderstood, every registration would
// be lost, and every removal, too.
type gate struct {
	turn chan struct{}

	mu sync.Mutex
	// open lets everybody through, shut nobody.
	open bool
	shut bool
}

func newGate() *gate { return &gate{turn: make(chan struct{}, 1)} }

// enter waits for its turn, and says whether the call is the first. The error is
// ErrCanceled or ErrNotUnderstood. The caller leaves with what came of the call.
func (g *gate) enter(ctx context.Context) (leave func(error), first bool, err error) {
	if open, err := g.state(); open || err != nil {
		return func(error) {}, false, err
	}
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, false, ErrCanceled
	}
	if open, err := g.state(); open || err != nil {
		<-g.turn
		return func(error) {}, false, err
	}
	return func(err error) {
		g.judge(err)
		<-g.turn
	}, true, nil
}

func (g *gate) state() (open bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false, ErrNotUnderstood
	}
	return g.open, nil
}

// judge opens the gate after a call that was understood, and shuts it after one
// that was not. Any other failure says nothing: the next one has its turn.
func (g *gate) judge(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.open = true
	case errors.Is(err, ErrUnreadable), errors.Is(err, ErrWebPage), errors.Is(err, ErrIncomplete),
		errors.Is(err, ErrUnsupported), errors.Is(err, ErrNotApplied), errors.Is(err, ErrKeyGone):
		g.shut = true
	}
}
