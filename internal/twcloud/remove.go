package twcloud

import (
	"context"
	"errors"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// CanRemove returns ErrUnsupported if the API profile has no call that removes.
func (c *Client) CanRemove() error { return supported("remove", c.profile.Calls.Remove) }

// Remove removes a consumer. It is no error if the consumer is gone, but it is one if
// that is not proven: a wrong path answers 404 as well. The first removal of a run is
// verified, and the others wait for it.
func (c *Client) Remove(ctx context.Context, key string) error {
	call := c.profile.Calls.Remove
	if err := c.CanRemove(); err != nil {
		return err
	}
	if err := c.checkKey(key); err != nil {
		return err
	}
	leave, first, err := c.removals.enter(ctx, call, key, open)
	if err != nil {
		return err
	}
	// A panic, or a consumer that was gone before, proves nothing about the call.
	verdict := untried
	defer func() { leave(verdict, err) }()
	err = c.remove(ctx, call, key, first)
	if !errors.Is(err, ErrNotFound) {
		if verdict = judge(err); err != nil {
			return err
		}
	}
	c.evidence.remove(key)
	c.snapshot.remove(key)
	return nil
}

func (c *Client) remove(ctx context.Context, call *profile.Call, key string, first bool) error {
	v := profile.Values{Key: key}
	if c.profile.Lacks(call, profile.Consumer{}) {
		current, err := c.current(ctx, key)
		if err != nil {
			return c.missing(ctx, key, err)
		}
		v = valuesOf(key, current)
	}
	r, err := c.call(ctx, call, v)
	if err != nil {
		c.snapshot.invalidate()
		return c.missing(ctx, key, err)
	}
	if first || signin.IsPage(r.Response) { // It may be a proxy's.
		return c.verifyRemoval(ctx, call, key)
	}
	return nil
}

// verifyRemoval checks whether a consumer is gone after the server said so, and checks
// again if not: the server may still be working.
func (c *Client) verifyRemoval(ctx context.Context, call *profile.Call, key string) error {
	c.evidence.remove(key)
	for attempt := 0; ; attempt++ {
		switch err := c.stillThere(ctx, key); {
		case errors.Is(err, ErrNotFound):
			return nil
		case err != nil:
			return &UncertainError{Err: err}
		case !c.again(ctx, attempt):
			return &UncertainError{Err: newCallError(ErrNotApplied, call, key, errors.New("the consumer still exists"))}
		}
	}
}

// stillThere looks for a consumer whose removal the server has reported. Without a read call,
// its absence from the list is enough.
func (c *Client) stillThere(ctx context.Context, key string) error {
	if c.profile.Calls.Read != nil {
		_, err := c.read(ctx, key)
		return err
	}
	c.snapshot.invalidate()
	listing, err := c.snapshot.get(ctx, snapshotAge)
	if err == nil && !listing.has(key) {
		return c.notFound(key)
	}
	return err
}
