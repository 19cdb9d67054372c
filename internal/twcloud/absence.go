package twcloud

import (
	"cmp"
	"context"
	"errors"
)

// confirmAbsence decides what it means that a list lacks a consumer. That is a
// suspicion: the list may be one page of several, or an old one. The consumer is
// asked for by key. ErrNotFound means that it is gone for certain; ErrIncomplete,
// that nobody can tell.
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
	// The path may be one that this server does not have. A consumer that is
	// listed tells the two apart.
	if _, err := c.read(ctx, sorted(listed)[0].Key); err == nil {
		return Consumer{}, c.notFound(key)
	} else if !noSuchPath(err) {
		return Consumer{}, err
	}
	return Consumer{}, c.believeList(key, len(listed))
}

// noSuchPath says whether an answer means that there is nothing at a path: no
// consumer, or no such call.
func noSuchPath(err error) bool {
	return errors.Is(err, ErrNotFound) || errors.Is(err, ErrUnsupported)
}

// believeList is for a server that does not tell of one consumer.
func (c *Client) believeList(key string, listed int) error {
	if doubt := c.doubtOfList(listed); doubt != "" {
		return c.incompleteList(doubt)
	}
	return c.notFound(key)
}

// doubtOfList is why a list of so many consumers may lack one; empty if it is
// whole.
func (c *Client) doubtOfList(n int) string {
	return c.evidence.whole(n, c.profile.Calls.List.Pages != nil)
}

func (c *Client) incompleteList(doubt string) error {
	return newCallError(ErrIncomplete, c.profile.Calls.List, "", errors.New(doubt))
}

func (c *Client) notFound(key string) error {
	return newCallError(ErrNotFound, cmp.Or(c.profile.Calls.Read, c.profile.Calls.List), key, nil)
}

// read asks for one consumer by key.
func (c *Client) read(ctx context.Context, key string) (Consumer, error) {
	call := c.profile.Calls.Read
	var found partial
	err := c.call(ctx, call, values{key: key}, func(answer *answer) error {
		if !answer.expected() {
			return answer.failure()
		}
		var err error
		if found, err = answer.one(c.profile.Approved); err != nil {
			return err
		}
		if found.key == "" {
			found.key = key // The answer does not tell it.
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
