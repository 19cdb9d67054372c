package twcloud

import (
	"context"
	"errors"
	"sync"
)

// gate lets one registration through first, and the others only when its answer
// has been understood: of a server that was misunderstood, every registration
// would be lost.
type gate struct {
	turn chan struct{}

	mu sync.Mutex
	// open lets everybody through, shut nobody.
	open bool
	shut bool
}

func newGate() *gate { return &gate{turn: make(chan struct{}, 1)} }

// enter waits for its turn. The error is ErrCanceled or ErrNotUnderstood. The caller
// leaves with what came of the registration.
func (g *gate) enter(ctx context.Context) (leave func(error), err error) {
	if open, err := g.state(); open || err != nil {
		return func(error) {}, err
	}
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ErrCanceled
	}
	if open, err := g.state(); open || err != nil {
		<-g.turn
		return func(error) {}, err
	}
	return func(err error) {
		g.judge(err)
		<-g.turn
	}, nil
}

func (g *gate) state() (open bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false, ErrNotUnderstood
	}
	return g.open, nil
}

// judge opens the gate after an answer that was understood, and shuts it after
// one that was not. Any other failure says nothing: the next one has its turn.
func (g *gate) judge(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err == nil:
		g.open = true
	case errors.Is(err, ErrUnreadable), errors.Is(err, ErrWebPage), errors.Is(err, ErrIncomplete),
		errors.Is(err, ErrUnsupported), errors.Is(err, ErrNotApplied):
		g.shut = true
	}
}
