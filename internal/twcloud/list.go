package twcloud

import (
	"context"
	"errors"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// maxPages limits a list, in case a server's pages never end.
const maxPages = 10_000

// list reads all consumers from the server, page by page.
func (c *Client) list(ctx context.Context) ([]profile.Consumer, error) {
	call := c.profile.Calls.List
	if err := supported("list", call); err != nil {
		return nil, err
	}
	before := c.evidence.registeredKeys()
	var found []profile.Consumer
	seen := map[string]bool{}
	page := call.FirstPage()
	for number := 1; ; number++ {
		r, err := c.call(ctx, call, profile.Values{Page: page.Query})
		if err != nil {
			return nil, noCollection(err)
		}
		known := len(seen)
		for _, one := range r.consumers {
			switch {
			case one.OtherKind:
				known = -1 // The page is not a repetition.
			case !seen[one.Key]:
				seen[one.Key] = true
				found = append(found, one)
			case number == 1:
				return nil, r.differs("response.key", "two consumers have the key %q", one.Key)
			}
		}
		if len(r.consumers) > 0 && known == len(seen) {
			return nil, r.differs("pages", "page %d repeats what was on the pages before", number)
		}
		next, err := call.NextPage(page, r.Request.URL, c.readable(r.Response), len(r.consumers))
		switch {
		case err != nil:
			return nil, r.unreadable(err)
		case next == nil:
			c.evidence.compare(seen, before)
			return c.details(ctx, found)
		case number >= maxPages:
			return nil, r.differs("pages", "more than %d pages", maxPages)
		}
		page = *next
	}
}

// details reads each consumer by key if the list does not have all of its values.
func (c *Client) details(ctx context.Context, found []profile.Consumer) ([]profile.Consumer, error) {
	if c.profile.Calls.List.Response.TellsAll() {
		return found, nil
	}
	consumers := make([]profile.Consumer, 0, len(found))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu      sync.Mutex
		working sync.WaitGroup
		failure error
		missing []string
	)
	for _, one := range found {
		working.Go(func() {
			read, err := c.read(ctx, one.Key)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				consumers = append(consumers, read)
			case errors.Is(err, ErrNotFound):
				missing = append(missing, one.Key)
			case failure == nil:
				failure = err
				cancel()
			}
		})
	}
	working.Wait()
	for _, key := range missing {
		err := c.unproven("the list has consumer %q, and the server does not return it by key", key)
		if failure == nil && !c.evidence.readsOthers(key) {
			failure = err // The server may have nothing at this path.
		}
		// The consumer may be new, or have been removed just now.
		consumers = append(consumers, profile.Consumer{Key: key, Err: err})
	}
	return consumers, failure
}

// noCollection marks a 404 as one of the collection.
func noCollection(err error) error {
	return revised(err, func(failure *Error) {
		if failure.Kind == ErrNotFound {
			failure.Kind = ErrNoCollection
		}
	})
}
