package twcloud

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Consumer is an OAuth consumer. The server never returns its secret.
type Consumer struct {
	Key      string
	Name     string
	Approved bool
}

// List returns all consumers, sorted by name and then by key. All callers of
// this view share one list for a while. It includes this process's changes.
func (c *Client) List(ctx context.Context) ([]Consumer, error) {
	consumers, err := c.snapshot.all(ctx)
	return sorted(consumers), err
}

// Get returns one consumer, or ErrNotFound. The answer comes from the list,
// which distinguishes a missing consumer from a wrong path. An absence is
// confirmed. If the server can't list, Get reads the consumer by key.
func (c *Client) Get(ctx context.Context, key string) (Consumer, error) {
	consumer, found, err := c.snapshot.get(ctx, key)
	switch {
	case err == nil && found:
		return consumer, nil
	case err == nil:
		listed, err := c.snapshot.all(ctx)
		if err != nil {
			return Consumer{}, err
		}
		return c.confirmAbsence(ctx, key, listed)
	case !cannotList(err) || c.profile.Calls.Read == nil:
		return Consumer{}, err
	}
	single, singleErr := c.read(ctx, key)
	if singleErr == nil {
		c.evidence.unlisted.Store(&err)
		return single, nil
	}
	// A 404 proves nothing on a server that has never returned a consumer by key: it
	// may not have the call. One that forbids the list has the administration.
	proves := c.evidence.readable.Load() || errors.Is(err, ErrForbidden)
	if errors.Is(singleErr, ErrPanic) || errors.Is(singleErr, ErrNotFound) && proves {
		return Consumer{}, singleErr
	}
	return Consumer{}, err
}

// Unlisted returns why the list failed, if Get has returned a consumer without it.
// Each consumer then costs a request.
func (c *Client) Unlisted() error {
	if err := c.evidence.unlisted.Load(); err != nil {
		return *err
	}
	return nil
}

// Ask reads one consumer by key, without the list.
func (c *Client) Ask(ctx context.Context, key string) (Consumer, error) {
	if err := supported("read", c.profile.Calls.Read); err != nil {
		return Consumer{}, err
	}
	return c.read(ctx, key)
}

// Peek returns a consumer from the current list. It never calls the server. If
// it finds nothing, that proves nothing.
func (c *Client) Peek(key string) (Consumer, bool) { return c.snapshot.peek(key) }

// fresh reads a consumer again.
func (c *Client) fresh(ctx context.Context, key string) (Consumer, error) {
	if c.profile.Calls.Read != nil {
		consumer, err := c.read(ctx, key)
		if err == nil || !noSuchPath(err) {
			return consumer, err
		}
	}
	c.snapshot.invalidate()
	return c.Get(ctx, key)
}

// pathOf is the path of a call for one consumer.
func pathOf(call *profile.Call, key string) string {
	segments := strings.Split(call.Path, "/")
	for i, segment := range segments {
		if segment == profile.Key {
			segments[i] = escapeKey(key)
		}
	}
	return strings.Join(segments, "/")
}

func sorted(consumers []Consumer) []Consumer {
	slices.SortFunc(consumers, func(a, b Consumer) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
	})
	return consumers
}

// has reports whether one of the consumers has the key.
func has(consumers []Consumer, key string) bool {
	return slices.ContainsFunc(consumers, func(one Consumer) bool { return one.Key == key })
}

// noCollection marks a 404 as one of the collection.
func noCollection(err error) error {
	return revised(err, func(failure *Error) {
		if failure.Kind == ErrNotFound {
			failure.Kind = ErrNoCollection
		}
	})
}

// cannotList reports whether an error means that the server does not list
// consumers, although it may return single ones.
func cannotList(err error) bool {
	for _, kind := range []error{ErrForbidden, ErrNoCollection, ErrServer, ErrUnreadable, ErrIncomplete, ErrTooLarge, ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
