package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// doubtsKey reports whether a failure after a registration may mean that the
// server has no consumer with the returned key. After the first registration,
// this is any failure that does not show the consumer.
func doubtsKey(err error, first bool) bool {
	if first {
		return err != nil && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrNotApplied)
	}
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrKeyGone)
}

// underOtherKey looks for the registered consumer if the list lacks the
// returned key. If one consumer with that name has appeared under another key,
// that is the one. It becomes the result, and the error explains it.
func (c *Client) underOtherKey(ctx context.Context, before []Consumer, registration *Registration) error {
	through, cancel := c.SeeThrough(ctx)
	defer cancel()
	returned := registration.Consumer
	c.snapshot.invalidate()
	now, err := c.list(through)
	if errors.Is(err, ErrPanic) {
		return err
	}
	if err != nil || has(now, returned.Key) {
		return nil
	}
	appeared := namesakes(newcomers(before, now), returned.Name)
	if len(appeared) != 1 {
		return nil
	}
	c.evidence.registered.Delete(returned.Key)
	c.evidence.registered.Store(appeared[0].Key, true)
	registration.Consumer = appeared[0]
	return c.wrongKey("the server returned the key %q, and has the consumer under the key %q", returned.Key, appeared[0].Key)
}

// wrongKey is the error of a registration whose answer has a key that cannot be that
// of the new consumer.
func (c *Client) wrongKey(format string, keys ...any) *Error {
	return newCallError(ErrUnreadable, c.profile.Calls.Register, "", fmt.Errorf(format, keys...)).in("calls.register.answer.key")
}

// isKnown reports whether a key belongs to a consumer that existed before.
func (c *Client) isKnown(key string, before []Consumer) bool {
	return c.evidence.hasRegistered(key) || has(before, key)
}

// saidYes reports whether an unreadable answer was a success.
func saidYes(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Status >= 200 && failure.Status <= 299
}

// conflict looks, after a 409, for a consumer that was registered nevertheless.
// It may be someone else's, so it is named but not used.
func (c *Client) conflict(ctx context.Context, name string, before []Consumer, err error) error {
	var failure *Error
	if !errors.As(err, &failure) || failure.Status != http.StatusConflict {
		return err
	}
	c.snapshot.invalidate()
	now, lookErr := c.list(ctx)
	if lookErr != nil {
		return &RegistrationError{Name: name, Cause: err, Look: lookErr}
	}
	appeared := namesakes(newcomers(before, now), name)
	if len(appeared) == 0 {
		return err
	}
	look := newCallError(ErrUnreadable, c.profile.Calls.Register, "", errors.New("the server refused the registration, and lists a new consumer"))
	return &RegistrationError{Name: name, Cause: err, Look: look.in("calls.register"), Keys: keysOf(appeared)}
}
