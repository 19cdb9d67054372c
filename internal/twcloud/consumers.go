package twcloud

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// Consumer is an OAuth consumer as the server tells it. The server never tells
// the secret.
type Consumer struct {
	Key      string
	Name     string
	Approved bool
}

// Changes are what Update sets; what is nil stays as it is.
type Changes struct {
	Name     *string
	Secret   *string
	Approved *bool
}

// None says that there is nothing to change.
func (c Changes) None() bool { return c == Changes{} }

// List returns all consumers, by name and then by key. One listing serves every
// caller of this view of the server for a while, and knows what this process has
// changed since.
func (c *Client) List(ctx context.Context) ([]Consumer, error) {
	consumers, err := c.snapshot.all(ctx)
	return sorted(consumers), err
}

// Get returns one consumer, or an error that is ErrNotFound. It is answered from
// the listing, which tells a consumer that is gone from a path that is wrong.
// Where the collection cannot be listed, the consumer is asked for by itself.
func (c *Client) Get(ctx context.Context, key string) (Consumer, error) {
	consumer, found, err := c.snapshot.get(ctx, key)
	switch {
	case err == nil && found:
		return consumer, nil
	case err == nil:
		return Consumer{}, &Error{Kind: ErrNotFound, Method: http.MethodGet, Path: c.consumerPath(key)}
	case !cannotList(err):
		return Consumer{}, err
	}
	var single wireConsumer
	singleErr := c.call(ctx, http.MethodGet, c.consumerPath(key), nil, http.StatusOK, &single)
	if singleErr == nil {
		return single.as(key, http.MethodGet, c.consumerPath(key))
	}
	if errors.Is(singleErr, ErrPanic) || errors.Is(singleErr, ErrNotFound) && !errors.Is(err, ErrNoCollection) {
		return Consumer{}, singleErr
	}
	return Consumer{}, err
}

// Peek returns a consumer if it is known already from a listing, and never
// calls the server. That it is not found says nothing.
func (c *Client) Peek(key string) (Consumer, bool) { return c.snapshot.peek(key) }

// Update sets what has changed, in one PATCH, and returns the consumer as it
// stands then. Nothing to change sends nothing, and returns what Get does.
// Setting the same values twice is harmless, so the PATCH is retried.
func (c *Client) Update(ctx context.Context, key string, changes Changes) (Consumer, error) {
	if changes.None() {
		return c.Get(ctx, key)
	}
	if changes.Secret != nil {
		c.redact.add(*changes.Secret)
	}
	path := c.consumerPath(key)
	var answer wireConsumer
	err := c.call(ctx, http.MethodPatch, path, wire.UpdateOAuthConsumer(changes), http.StatusOK, &answer)
	if err != nil {
		// It may have been carried out all the same.
		c.snapshot.invalidate()
		return Consumer{}, c.missing(ctx, key, err)
	}
	consumer, err := answer.as(key, http.MethodPatch, path)
	if err != nil {
		c.snapshot.invalidate()
		return Consumer{}, &UncertainError{Err: err}
	}
	c.snapshot.put(consumer)
	return consumer, nil
}

// Remove removes a consumer for good. One that is gone already is no error, but
// a path that is wrong is: both answer 404, and the collection tells them apart.
func (c *Client) Remove(ctx context.Context, key string) error {
	if key == "" {
		// The path would be that of the collection.
		return &Error{Kind: ErrInvalid, Method: http.MethodDelete, Path: c.consumerPath(key), Cause: errors.New("the key is empty")}
	}
	err := c.call(ctx, http.MethodDelete, c.consumerPath(key), nil, http.StatusNoContent, nil)
	if err != nil {
		c.snapshot.invalidate()
		err = c.missing(ctx, key, err)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	c.snapshot.remove(key)
	return nil
}

// missing settles what a 404 about one consumer means: that it is gone
// (ErrNotFound), that there is no collection at the path (ErrNoCollection), or
// something else (ErrUnreadable): a proxy or a server that is starting up says
// so of a consumer that is still there. Other errors are returned as they are.
func (c *Client) missing(ctx context.Context, key string, err error) error {
	var failure *Error
	if !errors.As(err, &failure) || failure.Kind != ErrNotFound {
		return err
	}
	switch _, getErr := c.Get(ctx, key); {
	case errors.Is(getErr, ErrNotFound):
	case errors.Is(getErr, ErrNoCollection):
		return getErr
	case getErr == nil:
		failure.Kind = ErrUnreadable
		failure.Cause = errors.New("the consumer is in the list all the same")
	default:
		failure.Kind = ErrUnreadable
		failure.Cause = fmt.Errorf("whether the consumer is there could not be found out: %w", getErr)
	}
	return err
}

func (c *Client) list(ctx context.Context) ([]Consumer, error) {
	path := c.options.OAuthConsumersPath
	var answer []wireConsumer
	if err := c.call(ctx, http.MethodGet, path, nil, http.StatusOK, &answer); err != nil {
		return nil, noCollection(err)
	}
	if answer == nil {
		// Read as no consumers at all, every one would be registered anew.
		return nil, &Error{Kind: ErrUnreadable, Method: http.MethodGet, Path: path, Cause: errors.New("null in place of a list")}
	}
	consumers := make([]Consumer, 0, len(answer))
	for _, one := range answer {
		consumer, err := one.as("", http.MethodGet, path)
		if err != nil {
			return nil, err
		}
		consumers = append(consumers, consumer)
	}
	return consumers, nil
}

func (c *connection) consumerPath(key string) string {
	return c.options.OAuthConsumersPath + "/" + escapeKey(key)
}

func sorted(consumers []Consumer) []Consumer {
	slices.SortFunc(consumers, func(a, b Consumer) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
	})
	return consumers
}

// noCollection says of a 404 that it is about the collection.
func noCollection(err error) error {
	var failure *Error
	if errors.As(err, &failure) && failure.Kind == ErrNotFound {
		failure.Kind = ErrNoCollection
	}
	return err
}

// cannotList says whether an error means that this server does not list the
// collection, though it may well tell of one consumer.
func cannotList(err error) bool {
	for _, kind := range []error{ErrForbidden, ErrNoCollection, ErrServer, ErrUnreadable, ErrTooLarge} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// wireConsumer reads wire.OAuthConsumer and notices what is missing: an absent
// "approved" read as false would make the provider disapprove.
type wireConsumer struct {
	key, name *string
	approved  *bool
}

func (w *wireConsumer) UnmarshalJSON(document []byte) error {
	var fields struct {
		Key      *string `json:"key"`
		Name     *string `json:"name"`
		Approved *bool   `json:"approved"`
	}
	err := json.Unmarshal(document, &fields)
	w.key, w.name, w.approved = fields.Key, fields.Name, fields.Approved
	return err
}

// as returns the consumer, or ErrUnreadable if it is not one, or not the one
// that was asked for (an empty key asks for any).
func (w wireConsumer) as(key, method, path string) (Consumer, error) {
	unreadable := func(format string, arguments ...any) (Consumer, error) {
		return Consumer{}, &Error{
			Kind: ErrUnreadable, Method: method, Path: path,
			Cause: fmt.Errorf(format, arguments...),
		}
	}
	switch {
	case w.key == nil || *w.key == "":
		return unreadable("a consumer without a key")
	case w.name == nil:
		return unreadable("consumer %q has no name", *w.key)
	case w.approved == nil:
		return unreadable("consumer %q does not say whether it is approved", *w.key)
	case key != "" && *w.key != key:
		return unreadable("asked about consumer %q, the server told of %q", key, *w.key)
	}
	return Consumer{Key: *w.key, Name: *w.name, Approved: *w.approved}, nil
}
