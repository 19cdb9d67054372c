package twcloud

import (
	"net/http"
	"sync"
)

// limit limits the number of requests at the same time. The others wait for a
// slot or for the end of their context.
type limit struct {
	next  http.RoundTripper
	slots chan struct{}

	// After drain, no registration is sent. After close, only sign-outs are sent.
	// Otherwise, requests that wait for a slot would be sent first.
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

// refusing returns a channel that is closed when requests of this manner must
// no longer be sent. It is nil if they always can.
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
	// Several cases may have been ready.
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-refusing:
		return nil, ErrClosed
	default:
	}
	return l.next.RoundTrip(request)
}
