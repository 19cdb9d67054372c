package twcloud

import (
	"context"
	"errors"
	"sync/atomic"
)

// UncertainError is the error of a call that may have been carried out all the
// same, in its last attempt or in one before: the last one may have been refused
// after the answer to the first was lost.
type UncertainError struct {
	// Err is what went wrong at last.
	Err error
}

// Error is what Err says.
func (e *UncertainError) Error() string { return e.Err.Error() }

// Unwrap gives errors.Is and errors.As what went wrong.
func (e *UncertainError) Unwrap() error { return e.Err }

// Uncertain says whether an error is, or wraps, an *UncertainError.
func Uncertain(err error) bool {
	var uncertain *UncertainError
	return errors.As(err, &uncertain)
}

type doubtKey struct{}

// withDoubt returns a context in which every exchange of a call notes whether it
// may have been carried out, and what they have noted.
func withDoubt(ctx context.Context) (context.Context, func() bool) {
	doubt := new(atomic.Bool)
	return context.WithValue(ctx, doubtKey{}, doubt), doubt.Load
}

// note is called with every exchange. What signing in and out has come to says
// nothing of the call on whose behalf it is done.
func note(ctx context.Context, maybeDone bool) {
	doubt, ok := ctx.Value(doubtKey{}).(*atomic.Bool)
	if m := mannerOf(ctx); !ok || !maybeDone || m == login || m == logout {
		return
	}
	doubt.Store(true)
}
