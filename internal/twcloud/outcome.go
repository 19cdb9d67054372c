package twcloud

import (
	"context"
	"sync/atomic"
	"time"
)

// exchanges is what the exchanges for one call say about its outcome.
type exchanges struct {
	// now tells when a request leaves; nil if that is of no interest.
	now func() time.Time
	// unknown counts the exchanges after which the server may have made the call.
	unknown atomic.Int32
	// left is when the last request left.
	left atomic.Pointer[time.Time]
}

type exchangesKey struct{}

// withExchanges returns a context in which each exchange is noted.
func withExchanges(ctx context.Context, sent *exchanges) context.Context {
	return context.WithValue(ctx, exchangesKey{}, sent)
}

// exchangesOf returns the notes for a request. Nobody reads those of sign-ins and
// sign-outs, which prove nothing about the call that needs them.
func exchangesOf(ctx context.Context) *exchanges {
	sent, ok := ctx.Value(exchangesKey{}).(*exchanges)
	if m := mannerOf(ctx); !ok || m == login || m == logout {
		return &exchanges{}
	}
	return sent
}

// leaves notes that a request leaves.
func (e *exchanges) leaves() {
	if e.now != nil {
		left := e.now()
		e.left.Store(&left)
	}
}

// ended notes how an exchange ended.
func (e *exchanges) ended(maybeDone bool) {
	if maybeDone {
		e.unknown.Add(1)
	}
}

// refused notes that the last response, although its status does not say so, is a
// refusal: the server did not make the call.
func (e *exchanges) refused() { e.unknown.Add(-1) }

func (e *exchanges) maybeDone() bool { return e.unknown.Load() > 0 }

// lastLeft is when the last request left, or now if none did.
func (e *exchanges) lastLeft() time.Time {
	if left := e.left.Load(); left != nil {
		return *left
	}
	return e.now()
}
