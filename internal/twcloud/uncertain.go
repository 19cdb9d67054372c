package twcloud

import (
	"context"
	"errors"
	"sync/atomic"
)

// UncertainError is the error of a call that may have changed something on the
// server, in its last attempt or in an earlier one: the server may refuse the
// last attempt after the answer to the first was lost. Reads have no such error.
type UncertainError struct {
	// Err is the last error.
	Err error
}

// Error returns the text of Err.
func (e *UncertainError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UncertainError) Unwrap() error { return e.Err }

// Uncertain reports whether an error is, or wraps, an *UncertainError.
func Uncertain(err error) bool {
	var uncertain *UncertainError
	return errors.As(err, &uncertain)
}

type doubtKey struct{}

// withDoubt returns a context in which every exchange notes whether the server
// may have made the call, and a function that returns the result.
func withDoubt(ctx context.Context) (context.Context, func() bool) {
	doubt := new(atomic.Bool)
	return context.WithValue(ctx, doubtKey{}, doubt), doubt.Load
}

// note is called for every exchange. Sign-ins and sign-outs prove nothing about
// the call that needs them.
func note(ctx context.Context, maybeDone bool) {
	doubt, ok := ctx.Value(doubtKey{}).(*atomic.Bool)
	if m := mannerOf(ctx); !ok || !maybeDone || m == login || m == logout {
		return
	}
	doubt.Store(true)
}
