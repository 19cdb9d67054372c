package twcloud

import (
	"net/http"
	"sync"
)

// limit lets so many requests through at a time; the others wait until a slot
// is free or their context ends.
type limit struct {
	next  http.RoundTripper
	slots chan struct{}

	// After drain no registration goes out any more; after close nothing does but
	// a logout, or requests that have waited for a slot would go before it.
	draining, closing     chan struct{}
	drainOnce, closesOnce sync.Once
}

func newLimit(next http.RoundTripper, slots int) *limit {
	return &limit{
		next:     next,
		slots:    make(chan struct{}, slots),
		draining: make(chan struct{}),
		closing:  make(chan struct{}),
	}
}

func (l *limit) drain() { l.drainOnce.Do(func() { close(l.draining) }) }

func (l *limit) close() {
	l.drain()
	l.closesOnce.Do(func() { close(l.closing) })
}

// refusing is closed when requests of a manner are to go out no more; nil if
// they always may.
func (l *limit) refusing(m manner) <-chan struct{} {
	switch m {
	case logout:
		return nil
	case once:
		return l.draining
	}
	return l.closing
}

func (l *limit) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	refusing := l.refusing(mannerOf(ctx))
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-refusing:
		return nil, ErrClosed
	}
	defer func() { <-l.slots }()
	// Several may have been ready.
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-refusing:
		return nil, ErrClosed
	default:
	}
	return l.next.RoundTrip(request)
}
