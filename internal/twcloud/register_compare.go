package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// compare lists the consumers again. It also returns those with a name that have
// appeared since the registration began.
func (r *registering) compare(ctx context.Context, name string) (now, appeared []Consumer, err error) {
	r.snapshot.invalidate()
	now, err = r.list(ctx)
	appeared = slices.DeleteFunc(namesakes(now, name), func(one Consumer) bool { return has(r.before, one.Key) })
	return now, appeared, err
}

// look compares the consumers. If one was certainly registered, it repeats that,
// because the list may lag behind.
func (r *registering) look(ctx context.Context, attempt int, certain bool) (now, appeared []Consumer, err error) {
	for ; ; attempt++ {
		r.rest(ctx, attempt)
		now, appeared, err = r.compare(ctx, r.name)
		if err != nil || !certain || attempt >= settleAttempts || ctx.Err() != nil || len(appeared) > 0 {
			return now, appeared, err
		}
	}
}

// conflict looks, after a 409, for a consumer that was registered anyway.
// It may be someone else's, so it is named but not used.
func (r *registering) conflict(ctx context.Context, err error) error {
	var failure *Error
	if !errors.As(err, &failure) || failure.Status != http.StatusConflict {
		return err
	}
	_, appeared, lookErr := r.compare(ctx, r.name)
	if lookErr != nil {
		return &RegistrationError{Name: r.name, Cause: err, Look: lookErr}
	}
	if len(appeared) == 0 {
		return err
	}
	look := newCallError(ErrUnreadable, r.profile.Calls.Register, "", errors.New("the server refused the registration, and lists a new consumer"))
	return &RegistrationError{Name: r.name, Cause: err, Look: look.in("calls.register"), Keys: keysOf(appeared)}
}

// strays looks for what a lost registration left, after it was repeated.
func (r *registering) strays(ctx context.Context) ([]Consumer, error) {
	own := r.Consumer
	now, appeared, err := r.compare(ctx, own.Name)
	if doubt := r.doubtOfList(len(now)); err == nil && doubt != "" {
		err = r.incompleteList(doubt)
	}
	return slices.DeleteFunc(appeared, func(one Consumer) bool { return one.Key == own.Key }), err
}

// underOtherKey looks for the registered consumer if the list lacks the
// returned key. If one consumer with that name has appeared under another key,
// that is the one. It becomes the result, and the error explains it.
func (r *registering) underOtherKey(ctx context.Context) error {
	through, cancel := r.SeeThrough(ctx)
	defer cancel()
	returned := r.Consumer
	// A list without a wrong key is not incomplete.
	r.evidence.registered.Delete(returned.Key)
	now, appeared, err := r.compare(through, returned.Name)
	if err != nil || has(now, returned.Key) || len(appeared) != 1 {
		r.evidence.registered.Store(returned.Key, true)
		if errors.Is(err, ErrPanic) {
			return err
		}
		return nil
	}
	r.evidence.registered.Store(appeared[0].Key, true)
	r.Consumer = appeared[0]
	return r.wrongKey("the server returned the key %q, and has the consumer under the key %q", returned.Key, appeared[0].Key)
}

// doubtsKey reports whether a failure after a registration may mean that the
// server has no consumer with the returned key. After the first registration,
// this is any failure that does not show the consumer.
func doubtsKey(err error, first bool) bool {
	if first {
		return err != nil && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrNotApplied)
	}
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrKeyGone)
}

// wrongKey is the error of a registration whose answer has a key that can't be that
// of the new consumer.
func (c *Client) wrongKey(format string, keys ...any) *Error {
	return newCallError(ErrUnreadable, c.profile.Calls.Register, "", fmt.Errorf(format, keys...)).in("calls.register.answer.key")
}

// saidYes reports whether an unreadable answer was a success.
func saidYes(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && success(failure.Status)
}
