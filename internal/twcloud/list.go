package twcloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// maxPages limits a list, in case a server's pages never end.
const maxPages = 10_000

// list reads all consumers from the server, page by page. If it lacks one that
// this process has registered before, it may lack others as well.
func (c *Client) list(ctx context.Context) ([]Consumer, error) {
	before := c.evidence.keys()
	consumers, err := c.pages(ctx)
	if err == nil {
		c.evidence.compare(consumers, before)
	}
	return consumers, err
}

func (c *Client) pages(ctx context.Context) ([]Consumer, error) {
	call := c.profile.Calls.List
	l := lister{call: call, seen: map[string]partial{}}
	query := l.first()
	for number := 1; ; number++ {
		var next url.Values
		err := c.call(ctx, call, values{page: query}, func(answer *answer) (err error) {
			if !answer.expected() {
				return answer.failure()
			}
			next, err = l.read(answer, number)
			return err
		})
		if err != nil {
			return nil, noCollection(err)
		}
		if next == nil {
			return c.details(ctx, l.found)
		}
		query = next
	}
}

// details reads each consumer by key if the list does not have all of its
// fields.
func (c *Client) details(ctx context.Context, found []partial) ([]Consumer, error) {
	consumers := make([]Consumer, 0, len(found))
	if c.profile.Calls.List.Answer.TellsAll() {
		for _, one := range found {
			consumers = append(consumers, one.consumer())
		}
		return consumers, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu      sync.Mutex
		working sync.WaitGroup
		failure error
	)
	for _, one := range found {
		working.Go(func() {
			consumer, err := c.read(ctx, one.key)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				consumers = append(consumers, consumer)
			case errors.Is(err, ErrNotFound): // It was removed after the list was read.
			case failure == nil:
				failure = err
				cancel()
			}
		})
	}
	working.Wait()
	return consumers, failure
}

// lister reads the pages of one list.
type lister struct {
	call  *profile.Call
	found []partial
	seen  map[string]partial
}

// first is the query of the first page.
func (l *lister) first() url.Values {
	switch pages := l.call.Pages; {
	case pages != nil && pages.By == "number":
		return url.Values{pages.Parameter: {fmt.Sprint(pages.First)}}
	case pages != nil && pages.By == "offset":
		return url.Values{pages.Parameter: {"0"}}
	}
	return nil
}

// read reads one page and returns the query of the next one. It is nil after
// the last page.
func (l *lister) read(answer *answer, number int) (url.Values, error) {
	document, err := answer.document()
	if err != nil {
		return nil, err
	}
	items, err := l.items(answer, document)
	if err != nil {
		return nil, err
	}
	added := 0
	for _, one := range items {
		known, again := l.seen[one.key]
		switch {
		case !again:
			l.seen[one.key] = one
			l.found = append(l.found, one)
			added++
		case known.consumer() != one.consumer():
			return nil, answer.unreadable("two consumers have the key %q", one.key)
		}
	}
	switch {
	case number >= maxPages:
		return nil, answer.incomplete("more than %d pages", maxPages)
	case len(items) > 0 && added == 0:
		return nil, answer.incomplete("page %d repeats what was on the pages before", number)
	}
	if l.call.Pages != nil {
		return l.next(answer, document, number, len(items))
	}
	return l.unannounced(answer, document)
}

// items reads the consumers of one page.
func (l *lister) items(answer *answer, document any) ([]partial, error) {
	places := l.call.Answer
	value, found := profile.Lookup(document, places.Items)
	var items []partial
	read := func(value any, key string) error {
		one, err := answer.consumerIn(value)
		if key != "" {
			one.key = key
		}
		items = append(items, one)
		return err
	}
	switch value := value.(type) {
	case []any:
		if places.KeyIsMember {
			return nil, answer.unreadable("an array at %q in place of an object of consumers", places.Items)
		}
		for _, element := range value {
			if err := read(element, ""); err != nil {
				return nil, err
			}
		}
		return items, nil
	case map[string]any:
		if !places.KeyIsMember {
			break
		}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if err := read(value[key], key); err != nil {
				return nil, err
			}
		}
		return items, nil
	}
	// If this counted as an empty list, each consumer would be registered again.
	if !found {
		value = document
	}
	return nil, answer.unreadable("no list at %q: %s", places.Items, describe(value)).at("answer.items", describe(value))
}
