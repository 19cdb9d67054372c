package twcloud

import (
	"context"
	"errors"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// gate lets one call of a kind through first, and the others only after it
// succeeded. If the server is misunderstood, every registration and every removal
// would fail. The channel has the state, except while a first call is in progress.
type gate chan passage

// passage is how the last first call ended.
type passage struct {
	state gateState
	// cause is why the gate is shut.
	cause error
}

type gateState int

const (
	untried gateState = iota // the next call goes alone
	open
	approving // what is registered can be approved, too
	shut      // no further call is sent
)

func newGate() gate {
	g := make(gate, 1)
	g <- passage{}
	return g
}

// enter waits for a turn, and reports whether the call is the first one. A call that
// needs more than is known goes alone. The error is ErrCanceled, or ErrNotUnderstood
// with text and origin of the first failure. The caller must call leave with the result.
func (g gate) enter(ctx context.Context, call *profile.Call, key string, needs gateState) (leave func(gateState, error), first bool, err error) {
	select {
	case last := <-g:
		if last.state < needs {
			return func(state gateState, cause error) { g <- passage{max(last.state, state), cause} }, last.state == untried, nil
		}
		g <- last
		if last.state == shut {
			refused := newCallError(ErrNotUnderstood, call, key, errors.New(last.cause.Error()))
			if first, ok := errors.AsType[*Error](last.cause); ok {
				refused.Origin = first.Origin
			}
			return nil, false, refused
		}
		return func(gateState, error) {}, false, nil
	case <-ctx.Done():
		return nil, false, newCallError(ErrCanceled, call, key, nil)
	}
}

// judge opens the gate after a call that was understood, and shuts it after one
// that was not, or that the user may not make. Any other failure proves nothing.
func judge(err error) gateState {
	registration, isRegistration := errors.AsType[*RegistrationError](err)
	switch {
	case err == nil:
		return open
	case isRegistration && registration.Cause == nil && len(registration.Keys) > 0:
		return shut
	case isAny(err, ErrForbidden, ErrSessionWanted, ErrNotFound, ErrNoCollection, ErrUnsupported, ErrUnreadable, ErrWebPage,
		ErrIncomplete, ErrNotApplied, ErrKeyGone, ErrOtherName):
		return shut
	}
	return untried
}

// judgeApproval is judge for an approval that failed: it shuts the gate, whatever the
// server answered, and also if it never does.
func judgeApproval(err error) gateState {
	if isAny(err, ErrCanceled, ErrClosed) {
		return untried
	}
	return shut
}

func isAny(err error, kinds ...error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// nameLocks let one caller at a time work under a name.
type nameLocks struct {
	mu    sync.Mutex
	locks map[string]chan struct{}
}

// lock waits until the name is free, or the context ends.
func (n *nameLocks) lock(ctx context.Context, name string) (unlock func(), err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
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
