package twcloud

import (
	"context"
	"errors"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// Remove removes a consumer for good. One that is gone already is no error, but
// a path that is wrong is: both answer 404, and the collection tells them apart.
// The first removal of a run, and each that is answered in another way than the
// profile says, is looked at; the others wait for the first.
func (c *Client) Remove(ctx context.Context, key string) error {
	call := c.profile.Calls.Remove
	if err := c.CanRemove(); err != nil {
		return err
	}
	if key == "" {
		// The path would be that of the collection.
		return newCallError(ErrInvalid, call, key, errors.New("the key is empty"))
	}
	leave, first, err := c.removals.enter(ctx)
	if err != nil {
		return newCallError(err, call, key, nil)
	}
	err = c.remove(ctx, call, key, first)
	leave(err)
	return err
}

func (c *Client) remove(ctx context.Context, call *profile.Call, key string, first bool) error {
	expected := true
	var page error
	err := c.call(ctx, call, values{key: key}, func(answer *answer) error {
		expected = answer.expected()
		if looksLikeWebPage(answer.Response) {
			expected, page = false, answer.unreadable("a web page")
		}
		return nil
	})
	switch {
	case err != nil:
		c.snapshot.invalidate()
		if err = c.missing(ctx, key, call, err); !errors.Is(err, ErrNotFound) {
			return err
		}
	case !expected || first:
		// The list is right to lack it.
		c.evidence.registered.Delete(key)
		err := c.removed(ctx, call, key, expected)
		if page != nil && errors.Is(err, ErrNotApplied) {
			return &UncertainError{Err: page}
		}
		if err != nil {
			return err
		}
	}
	c.evidence.registered.Delete(key)
	c.snapshot.remove(key)
	return nil
}

// removed asks whether a consumer is gone, and again if it is not: the server may
// still be at work.
func (c *Client) removed(ctx context.Context, call *profile.Call, key string, expected bool) error {
	for attempt := 0; ; attempt++ {
		var err error
		if expected && c.profile.Calls.Read != nil {
			// The server has said yes, so it is enough that it does not contradict.
			if _, err = c.read(ctx, key); noSuchPath(err) {
				return nil
			}
		} else {
			c.snapshot.invalidate()
			if _, err = c.Get(ctx, key); errors.Is(err, ErrNotFound) {
				return nil
			}
		}
		switch {
		case err != nil:
			return &UncertainError{Err: err}
		case attempt >= settleAttempts || ctx.Err() != nil:
			return &UncertainError{Err: newCallError(ErrNotApplied, call, key, errors.New("the consumer still exists")).in(partOf(call))}
		}
		c.rest(ctx, attempt)
	}
}
