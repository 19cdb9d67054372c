package twcloud

import (
	"context"
	"sync"
	"time"
)

// exchanges is what the exchanges for one call say about its outcome.
type exchanges struct {
	// now tells when a request leaves; nil if that is of no interest.
	now func() time.Time

	mu sync.Mutex
	// unknown counts the exchanges after which the server may have made the call.
	unknown int
	// left is when the last request left.
	left time.Time
}

type exchangesKey struct{}

// withExchanges returns a context in which each exchange is noted.
func withExchanges(ctx context.Context, sent *exchanges) context.Context {
	return context.WithValue(ctx, exchangesKey{}, sent)
}

// exchangesOf returns the notes for a request, or nil. Sign-ins and sign-outs prove
// nothing about the call that needs them.
func exchangesOf(ctx context.Context) *exchanges {
	sent, _ := ctx.Value(exchangesKey{}).(*exchanges)
	if m := mannerOf(ctx); m == login || m == logout {
		return nil
	}
	return sent
}

// leave notes that a request leaves.
func leave(ctx context.Context) {
	if sent := exchangesOf(ctx); sent != nil && sent.now != nil {
		sent.mu.Lock()
		defer sent.mu.Unlock()
		sent.left = sent.now()
	}
}

// note notes how an exchange ended.
func note(ctx context.Context, maybeDone bool) {
	if sent := exchangesOf(ctx); sent != nil && maybeDone {
		sent.mu.Lock()
		defer sent.mu.Unlock()
		sent.unknown++
	}
}

// refused notes that the last response, although its status does not say so, is a
// refusal: the server did not make the call.
func refused(ctx context.Context) {
	if sent := exchangesOf(ctx); sent != nil {
		sent.mu.Lock()
		defer sent.mu.Unlock()
		sent.unknown--
	}
}

func (e *exchanges) maybeDone() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.unknown > 0
}

// lastLeft is when the last request left, or now if none did.
func (e *exchanges) lastLeft() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.left.IsZero() {
		return e.now()
	}
	return e.left
}
