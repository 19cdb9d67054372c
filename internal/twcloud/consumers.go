package twcloud

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Consumer is an OAuth consumer. The server never returns its secret.
type Consumer struct {
	Key      string
	Name     string
	Approved bool
}

// newConsumer is a consumer as a response has it, with its name in the normal form that
// Terraform gives to all texts (NFC): names that differ in their form alone look alike.
// What the response lacks stays empty.
func newConsumer(read profile.Consumer) Consumer {
	consumer := Consumer{Key: read.Key}
	if read.Name != nil {
		consumer.Name = norm.NFC.String(*read.Name)
	}
	if read.Approved != nil {
		consumer.Approved = *read.Approved
	}
	return consumer
}

// unclear returns an error if name or approval of a consumer are not known, although its
// key is.
func (c *Client) unclear(read profile.Consumer) error {
	difference, ok := errors.AsType[*profile.ReadError](read.Err)
	if !ok {
		return read.Err
	}
	failure := newCallError(ErrUnreadable, c.profile.Calls.List, "", read.Err)
	failure.Part, failure.Found = difference.Part, difference.Found
	return failure
}

// complete reports whether a response has key, name, and approval.
func complete(read profile.Consumer) bool {
	return read.Key != "" && read.Name != nil && read.Approved != nil
}

// List returns all consumers, sorted by name and then by key. All callers of this view
// share one list for a while. It includes this process's changes.
func (c *Client) List(ctx context.Context) ([]Consumer, error) {
	listing, err := c.snapshot.get(ctx, snapshotAge)
	if err != nil {
		return nil, err
	}
	var consumers []Consumer
	for _, one := range listing.all() {
		if err := c.unclear(one); err != nil {
			return nil, err
		}
		consumers = append(consumers, newConsumer(one))
	}
	return sorted(consumers), nil
}

// Get returns one consumer, or ErrNotFound if it is proven that the server does not
// have it. The consumer comes from the list.
func (c *Client) Get(ctx context.Context, key string) (Consumer, error) {
	found, err := c.find(ctx, key)
	return newConsumer(found), err
}

func (c *Client) find(ctx context.Context, key string) (profile.Consumer, error) {
	if err := c.checkKey(key); err != nil {
		return profile.Consumer{}, err
	}
	listing, err := c.snapshot.get(ctx, snapshotAge)
	if err != nil {
		return profile.Consumer{}, err
	}
	if found, ok := listing.consumer(key); ok {
		return found, c.unclear(found)
	}
	return profile.Consumer{}, c.gone(ctx, key, listing)
}

// checkKey refuses an empty key: the path of a call would be that of the list.
func (c *Client) checkKey(key string) error {
	if key == "" {
		return &Error{Kind: ErrInvalid, Method: "calls", Path: "read", Cause: errors.New("the key is empty")}
	}
	return nil
}

// Ask reads one consumer by key, without the list.
func (c *Client) Ask(ctx context.Context, key string) (Consumer, error) {
	if err := supported("read", c.profile.Calls.Read); err != nil {
		return Consumer{}, err
	}
	if err := c.checkKey(key); err != nil {
		return Consumer{}, err
	}
	read, err := c.read(ctx, key)
	return newConsumer(read), err
}

// Peek returns a consumer from the current list. It never calls the server. If
// it finds nothing, that proves nothing.
func (c *Client) Peek(key string) (Consumer, bool) {
	found, ok := c.snapshot.peek(key)
	return newConsumer(found), ok && found.Err == nil
}

// Namesakes returns the consumers that have a name now, sorted by key.
func (c *Client) Namesakes(ctx context.Context, name string) ([]Consumer, error) {
	listing, err := c.snapshot.get(ctx, snapshotAge)
	if err != nil {
		return nil, err
	}
	return sorted(listing.named(name)), nil
}

// read reads one consumer by key, with the values that calls carry.
func (c *Client) read(ctx context.Context, key string) (profile.Consumer, error) {
	r, err := c.call(ctx, c.profile.Calls.Read, profile.Values{Key: key})
	if err != nil {
		return profile.Consumer{}, err
	}
	read := r.one()
	read.Key = key
	if !complete(read) {
		return read, r.differs("response", "the response lacks the name or the approval")
	}
	c.evidence.reads(key)
	return read, nil
}

// current reads a consumer from the server, never from a cached list.
func (c *Client) current(ctx context.Context, key string) (profile.Consumer, error) {
	if c.profile.Calls.Read != nil {
		return c.read(ctx, key)
	}
	c.snapshot.invalidate()
	return c.find(ctx, key)
}

func sorted(consumers []Consumer) []Consumer {
	slices.SortFunc(consumers, func(a, b Consumer) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
	})
	return consumers
}

func keysOf(consumers []Consumer) []string {
	var keys []string
	for _, consumer := range consumers {
		keys = append(keys, consumer.Key)
	}
	return keys
}
