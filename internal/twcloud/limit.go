package twcloud

import (
	"context"
	"net/http"
)

// limit limits the number of requests at the same time. The others wait for a
// slot or for the end of their context. A sign-out never waits: Terraform leaves
// little time for it, and requests that hang can hold every slot.
type limit struct {
	next  http.RoundTripper
	slots chan struct{}

	// After drain, no registration is sent. After close, only sign-outs are sent.
	// Otherwise, requests that wait for a slot would be sent first. After stop, those in
	// flight are canceled as well.
	draining, closing, stopping context.Context
	drain, close, stop          context.CancelFunc
}

func newLimit(next http.RoundTripper, slots int) *limit {
	l := &limit{next: next, slots: make(chan struct{}, slots)}
	l.stopping, l.stop = context.WithCancel(context.Background())
	l.closing, l.close = context.WithCancel(l.stopping)
	l.draining, l.drain = context.WithCancel(l.closing)
	return l
}

// refusing returns a channel that is closed when requests of this manner must
// no longer be sent.
func (l *limit) refusing(m manner) <-chan struct{} {
	if m == once {
		return l.draining.Done()
	}
	return l.closing.Done()
}

func (l *limit) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if mannerOf(ctx) == logout {
		return l.next.RoundTrip(request)
	}
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
