package twcloud

import (
	"cmp"
	"context"
	"errors"
)

// confirmAbsence decides what a consumer's absence from a list means. The list
// may be outdated or one page of several, so the consumer is read by key.
// ErrNotFound means that it is gone. ErrIncomplete means that this can't be
// decided.
func (c *Client) confirmAbsence(ctx context.Context, key string, listed []Consumer) (Consumer, error) {
	if c.profile.Calls.Read == nil {
		return Consumer{}, c.believeList(key, len(listed))
	}
	consumer, err := c.read(ctx, key)
	switch {
	case err == nil:
		c.evidence.doubt("the list lacks consumer %q, which the server returns by key", key)
		return consumer, nil
	case !noSuchPath(err):
		return Consumer{}, err
	case c.evidence.readable.Load() || len(listed) == 0:
		return Consumer{}, c.notFound(key)
	}
	// The server may not have this path. Reading a consumer that is in the list
	// shows whether it does.
	if _, err := c.read(ctx, sorted(listed)[0].Key); err == nil {
		return Consumer{}, c.notFound(key)
	} else if !noSuchPath(err) {
		return Consumer{}, err
	}
	return Consumer{}, c.believeList(key, len(listed))
}

// noSuchPath reports whether an error means that there is nothing at a path: no
// consumer or no such call.
func noSuchPath(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrUnsupported)
}

// believeList is for a server that can't return one consumer.
func (c *Client) believeList(key string, listed int) error {
	if doubt := c.doubtOfList(listed); doubt != "" {
		return c.incompleteList(doubt)
	}
	return c.notFound(key)
}

// doubtOfList is why a list of n consumers may lack one. It is empty if the
// list is complete.
func (c *Client) doubtOfList(n int) string {
	return c.evidence.whole(n, c.profile.Calls.List.Pages != nil)
}

func (c *Client) incompleteList(doubt string) error {
	return newCallError(ErrIncomplete, c.profile.Calls.List, "", errors.New(doubt))
}

func (c *Client) notFound(key string) error {
	return newCallError(ErrNotFound, cmp.Or(c.profile.Calls.Read, c.profile.Calls.List), key, nil)
}

// read reads one consumer by key.
func (c *Client) read(ctx context.Context, key string) (Consumer, error) {
	call := c.profile.Calls.Read
	var found partial
	err := c.call(ctx, call, values{key: key}, func(answer *answer) error {
		if !answer.expected() {
			return answer.failure()
		}
		var err error
		if found, err = answer.one(); err != nil {
			return err
		}
		if found.key == "" {
			found.key = key // The answer does not have it.
		}
		switch {
		case found.key != key:
			return answer.unreadable("asked about consumer %q, the server returned %q", key, found.key)
		case !found.complete():
			return answer.unreadable("the answer lacks the name or the approval")
		}
		return nil
	})
	if err != nil {
		return Consumer{}, err
	}
	c.evidence.readable.Store(true)
	return found.consumer(), nil
}
