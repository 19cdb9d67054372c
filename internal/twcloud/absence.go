package twcloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// gone decides what the absence of a consumer from a list means. ErrNotFound means
// that the consumer is gone: a read by key finds nothing as well, and the server is
// known to find other consumers so, or has none. A server that reads none by key is
// believed if its API profile knows that the list is whole. Any other error means that
// the consumer may exist.
func (c *Client) gone(ctx context.Context, key string, listing *listing) error {
	if c.profile.Calls.Read == nil {
		return c.unlisted(key)
	}
	switch _, err := c.read(ctx, key); {
	case err == nil:
		c.evidence.lags.Store(true)
		return c.unproven("the list lacks the consumer, which the server returns by key")
	case !errors.Is(err, ErrNotFound):
		return err
	}
	// The server may have nothing at this path. Reading a listed consumer shows
	// whether it does.
	if c.evidence.readsOthers(key) {
		return c.notFound(key)
	}
	others := listing.all()
	if len(others) == 0 {
		return c.notFound(key)
	}
	other := others[0].Key
	for _, one := range others {
		other = min(other, one.Key)
	}
	switch _, err := c.read(ctx, other); {
	case err == nil:
		return c.notFound(key)
	case errors.Is(err, ErrNotFound):
		return c.unproven("the list lacks the consumer, and the server returns no consumer by key")
	default:
		return err
	}
}

// unlisted is gone for a server that reads no consumer by key. Pages can shift while
// they are read, and hide a consumer.
func (c *Client) unlisted(key string) error {
	list := c.profile.Calls.List
	switch {
	case c.profile.KnownOf(list.Pages.Known, list.Known) == profile.Assumed:
		return c.unproven("the list lacks the consumer, and the API profile does not know whether the list is whole")
	case list.Pages.By != "none":
		return c.unproven("the list lacks the consumer, and a list with pages can miss one")
	}
	return c.notFound(key)
}

func (c *Client) unproven(format string, arguments ...any) error {
	return newCallError(ErrIncomplete, c.profile.Calls.List, "", fmt.Errorf(format, arguments...))
}

func (c *Client) notFound(key string) error {
	return newCallError(ErrNotFound, cmp.Or(c.profile.Calls.Read, c.profile.Calls.List), key, nil)
}

// missing decides what a 404 or 410 about one consumer means. It returns other errors
// unchanged.
func (c *Client) missing(ctx context.Context, key string, err error) error {
	if failure, ok := errors.AsType[*Error](err); !ok || failure.Kind != ErrNotFound {
		return err
	}
	c.snapshot.invalidate()
	_, getErr := c.find(ctx, key)
	return revised(err, func(failure *Error) {
		switch {
		case errors.Is(getErr, ErrNotFound):
		case getErr == nil:
			failure.Kind, failure.Cause = ErrUnreadable, errors.New("but the consumer exists")
		default:
			failure.Kind, failure.Cause = ErrUnreadable, fmt.Errorf("cannot find out whether the consumer exists: %w", getErr)
		}
	})
}
