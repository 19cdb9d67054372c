package twcloud

import (
	"context"
	"errors"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Remove removes a consumer. It is no error if the consumer is gone, but it is
// one if the path is wrong. Both answer 404, and the list shows which it is.
// The first removal of a run, and each one with an unexpected answer, is
// verified. The others wait for the first one.
func (c *Client) Remove(ctx context.Context, key string) error {
	call := c.profile.Calls.Remove
	if err := c.CanRemove(); err != nil {
		return err
	}
	if key == "" {
		// The path would be that of the list.
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
		// The list should lack it now.
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

// removed checks whether a consumer is gone, and checks again if not: the
// server may still be working.
func (c *Client) removed(ctx context.Context, call *profile.Call, key string, expected bool) error {
	for attempt := 0; ; attempt++ {
		var err error
		if expected && c.profile.Calls.Read != nil {
			// The server answered with success, so a 404 is enough.
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
		case !c.again(ctx, attempt):
			return &UncertainError{Err: newCallError(ErrNotApplied, call, key, errors.New("the consumer still exists")).in(partOf(call))}
		}
	}
}
