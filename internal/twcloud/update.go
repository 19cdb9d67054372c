package twcloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Changes are the values that Update sets. Nil values stay as they are.
type Changes struct {
	Name     *string
	Secret   *string
	Approved *bool

	// KnownSecret is the current secret, if the caller knows it. Some servers
	// require it with each change.
	KnownSecret *string
	// KnownName is the current name, if the caller knows it. It tells a server that
	// changes names from one that ignores a change.
	KnownName string
}

// None reports whether there is nothing to change.
func (c Changes) None() bool { return c.Name == nil && c.Secret == nil && c.Approved == nil }

// differsFrom describes how a consumer differs from the changes. It is empty if
// it does not. A secret is not visible.
func (c Changes) differsFrom(consumer Consumer) string {
	var parts []string
	if c.Name != nil && *c.Name != consumer.Name {
		parts = append(parts, fmt.Sprintf("the name is %q, not %q", consumer.Name, *c.Name))
	}
	if c.Approved != nil && *c.Approved != consumer.Approved {
		parts = append(parts, fmt.Sprintf("approved is %t, not %t", consumer.Approved, *c.Approved))
	}
	return strings.Join(parts, ", and ")
}

// step is one call of a change, and what it changes.
type step struct {
	call    *profile.Call
	changes Changes
}

// steps returns the calls that make the changes, in the order in which they are sent.
// Name and secret change in one call if the profile has one for both. An approval is a
// call of its own.
func (c *Client) steps(changes Changes) ([]step, error) {
	calls := &c.profile.Calls
	var steps []step
	var missing error
	add := func(name string, changes Changes, call *profile.Call) {
		steps = append(steps, step{call, changes})
		missing = cmp.Or(missing, supported(name, call))
	}
	if changes.Name != nil && changes.Secret != nil && calls.Edit != nil {
		add("edit", Changes{Name: changes.Name, Secret: changes.Secret}, calls.Edit)
	} else {
		if changes.Name != nil {
			add("rename", Changes{Name: changes.Name}, cmp.Or(calls.Rename, calls.Edit))
		}
		if changes.Secret != nil {
			add("set_secret", Changes{Secret: changes.Secret}, cmp.Or(calls.SetSecret, calls.Edit))
		}
	}
	switch {
	case changes.Approved == nil:
	case *changes.Approved:
		add("approve", Changes{Approved: changes.Approved}, calls.Approve)
	default:
		add("disapprove", Changes{Approved: changes.Approved}, calls.Disapprove)
	}
	return steps, missing
}

// Supports returns ErrUnsupported if the API profile has no call for one of the
// changes.
func (c *Client) Supports(changes Changes) error {
	_, err := c.steps(changes)
	return err
}

// NeedsSecret reports whether the API requires the secret (Changes.KnownSecret)
// with changes that don't change it.
func (c *Client) NeedsSecret(changes Changes) bool {
	steps, err := c.steps(changes)
	return err == nil && changes.Secret == nil && c.carriesSecret(steps) != nil
}

// ChangesNeedSecret reports whether the API requires the secret with any change that does
// not change it.
func (c *Client) ChangesNeedSecret() bool {
	return slices.ContainsFunc([]Changes{{Name: new("")}, {Approved: new(true)}, {Approved: new(false)}}, c.NeedsSecret)
}

// carriesSecret returns the first call that carries the secret, or nil.
func (c *Client) carriesSecret(steps []step) *profile.Call {
	for _, step := range steps {
		if c.profile.Has(step.call, profile.Secret) {
			return step.call
		}
	}
	return nil
}

// PartFor returns the part of the profile with the call for the changes, or
// with the first of several calls. It is empty if there is none.
func (c *Client) PartFor(changes Changes) string {
	steps, err := c.steps(changes)
	if err != nil || len(steps) == 0 {
		return ""
	}
	return partOf(steps[0].call)
}

// Update makes the changes, and returns the consumer as the server has it then.
// Without changes, it sends nothing and returns the result of Get. Setting the same
// values twice is harmless, so each call is retried. A *NotAppliedError means that the
// server answered with success but did not make the change.
func (c *Client) Update(ctx context.Context, key string, changes Changes) (Consumer, error) {
	if changes.None() {
		return c.Get(ctx, key)
	}
	if err := c.checkKey(key); err != nil {
		return Consumer{}, err
	}
	for _, secret := range []*string{changes.Secret, changes.KnownSecret} {
		if secret != nil {
			c.redact.add(*secret)
		}
	}
	steps, err := c.steps(changes)
	if err != nil {
		return Consumer{}, err
	}
	secret := cmp.Or(changes.Secret, changes.KnownSecret)
	if needs := c.carriesSecret(steps); needs != nil && secret == nil {
		return Consumer{}, newCallError(ErrSecretNeeded, needs, key, nil)
	}
	var told profile.Consumer
	for i, step := range steps {
		if told, err = c.change(ctx, key, step, secret, told); err != nil {
			// The server may have made the change anyway.
			c.snapshot.invalidate()
			if err = c.missing(ctx, key, err); i > 0 && !Uncertain(err) {
				err = &UncertainError{Err: err}
			}
			return Consumer{}, err
		}
	}
	return c.settled(ctx, key, steps[len(steps)-1].call, changes, told)
}

// change sends one call of an update. What the call carries and does not change is
// taken from the response to the call before, or read right now. It returns the
// consumer in the response.
func (c *Client) change(ctx context.Context, key string, step step, secret *string, before profile.Consumer) (profile.Consumer, error) {
	v := step.changes.valuesFor(key, before)
	if c.profile.Lacks(step.call, profile.Consumer{Name: v.Name, Approved: v.Approved, Keep: v.Keep}) {
		now, err := c.current(ctx, key)
		if err != nil {
			return profile.Consumer{}, err
		}
		v = step.changes.valuesFor(key, now)
	}
	v.Secret = secret
	r, err := c.call(ctx, step.call, v)
	told := r.one()
	told.Key = key
	return told, err
}

// valuesFor are the values of a call: those that change, and otherwise the consumer's.
func (c Changes) valuesFor(key string, consumer profile.Consumer) profile.Values {
	v := valuesOf(key, consumer)
	v.Name = cmp.Or(c.Name, v.Name)
	v.Approved = cmp.Or(c.Approved, v.Approved)
	return v
}

// settled returns the consumer after a change: as the last response has it, or else as
// it is read, again if it differs: the server may still be working.
func (c *Client) settled(ctx context.Context, key string, last *profile.Call, changes Changes, now profile.Consumer) (Consumer, error) {
	for attempt := 0; ; attempt++ {
		if !complete(now) {
			var err error
			now, err = c.current(ctx, key)
			if errors.Is(err, ErrNotFound) {
				// It was changed just now, so nobody has removed it.
				err = newCallError(ErrKeyGone, last, key, errors.New("the server may have given the consumer another key"))
			}
			if err != nil {
				c.snapshot.invalidate()
				return Consumer{}, &UncertainError{Err: err}
			}
		}
		consumer := newConsumer(now)
		c.snapshot.put(now)
		difference := changes.differsFrom(consumer)
		if difference == "" {
			return consumer, nil
		}
		if !c.again(ctx, attempt) {
			kind := ErrNotApplied
			if name := consumer.Name; changes.KnownName != "" && changes.Name != nil && name != *changes.Name && name != changes.KnownName {
				kind = ErrOtherName
			}
			err := newCallError(kind, last, key, errors.New(difference))
			return consumer, &UncertainError{Err: &NotAppliedError{Consumer: consumer, Err: err}}
		}
		now = profile.Consumer{}
	}
}

// settleAttempts is how often the server is asked again.
const settleAttempts = 2

// again waits before the server is asked again. It returns false if it was asked
// often enough.
func (c *Client) again(ctx context.Context, attempt int) bool {
	if attempt >= settleAttempts || ctx.Err() != nil {
		return false
	}
	c.rest(ctx, attempt)
	return true
}

// rest waits before a comparison: after a gateway timed out, the server may still be
// working.
func (c *Client) rest(ctx context.Context, attempt int) {
	select {
	case <-time.After(newBackoff(c.options).wait(attempt, nil)):
	case <-ctx.Done():
	}
}
