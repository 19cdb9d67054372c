package twcloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// steps returns the calls that make the changes, in the order in which they are
// sent.
func (c *Client) steps(changes Changes) ([]*profile.Call, error) {
	calls := &c.profile.Calls
	approval, approve := "disapprove", calls.Disapprove
	if changes.Approved != nil && *changes.Approved {
		approval, approve = "approve", calls.Approve
	}
	// covered are the values that need no call, or no further one.
	covered := map[string]bool{
		profile.Name: changes.Name == nil, profile.Secret: changes.Secret == nil, profile.ApprovedNow: changes.Approved == nil,
	}
	var steps []*profile.Call
	for _, change := range []struct {
		placeholder, name string
		call              *profile.Call
	}{
		{profile.Name, "rename", calls.Rename},
		{profile.Secret, "set_secret", calls.SetSecret},
		{profile.ApprovedNow, approval, approve},
	} {
		if covered[change.placeholder] {
			continue
		}
		call := change.call
		if call == nil && calls.Update != nil && calls.Update.Has(change.placeholder) {
			call = calls.Update
		}
		if err := supported(change.name, call); err != nil {
			return nil, err
		}
		refusal, _ := c.evidence.refused.Load(call.Name)
		if err, refused := refusal.(error); refused {
			return nil, err
		}
		for placeholder := range covered {
			covered[placeholder] = covered[placeholder] || call.Has(placeholder)
		}
		steps = append(steps, call)
	}
	return steps, nil
}

// Update makes the changes, in as few calls as the API allows, and returns the
// consumer as the server has it then. Without changes, it sends nothing and
// returns the result of Get. Setting the same values twice is harmless, so each
// call is retried. A *NotAppliedError means that the server answered with
// success but did not make the change.
func (c *Client) Update(ctx context.Context, key string, changes Changes) (Consumer, error) {
	if changes.None() {
		return c.Get(ctx, key)
	}
	if changes.Secret != nil {
		c.redact.add(*changes.Secret)
	}
	steps, err := c.steps(changes)
	if err != nil {
		return Consumer{}, err
	}
	var told partial
	var problem error
	for i, step := range steps {
		v, err := c.valuesOf(ctx, key, step, changes)
		if err == nil {
			told, problem, err = c.change(ctx, step, v)
		}
		if err == nil && v.secret != nil && changes.Secret != nil && problem != nil {
			// The secret is not visible, so its change is uncertain.
			err = &UncertainError{Err: problem}
		}
		if err != nil {
			// The server may have made the change anyway.
			c.snapshot.invalidate()
			if err = c.missing(ctx, key, step, err); i > 0 && !Uncertain(err) {
				err = &UncertainError{Err: err}
			}
			return Consumer{}, err
		}
	}
	c.evidence.confirmed.Store(true)
	if len(steps) == 1 && told.complete() && changes.differsFrom(told.consumer()) == "" {
		c.snapshot.put(told.consumer())
		return told.consumer(), nil
	}
	return c.settled(ctx, key, steps[len(steps)-1], changes, problem)
}

// NeedsSecret reports whether the API requires the secret (Changes.KnownSecret)
// with changes that don't change it.
func (c *Client) NeedsSecret(changes Changes) bool {
	steps, err := c.steps(changes)
	return err == nil && changes.Secret == nil && slices.ContainsFunc(steps, func(call *profile.Call) bool {
		return call.UnchangedSecret == profile.Send && call.Has(profile.Secret)
	})
}

// valuesOf returns the values for one call: the changed ones and, if the API
// requires them, the unchanged ones.
func (c *Client) valuesOf(ctx context.Context, key string, call *profile.Call, changes Changes) (values, error) {
	v := values{key: key, name: changes.Name, secret: changes.Secret, approved: changes.Approved}
	if v.secret == nil && call.Has(profile.Secret) {
		switch call.UnchangedSecret {
		case profile.Empty:
			v.secret = new(string)
		case profile.Send:
			if v.secret = changes.KnownSecret; v.secret == nil {
				return v, newCallError(ErrSecretNeeded, call, key, nil).in(partOf(call))
			}
			c.redact.add(*v.secret)
		}
	}
	if call.Unchanged != profile.Send || v.name != nil && v.approved != nil {
		return v, nil
	}
	current, err := c.Get(ctx, key)
	if err != nil {
		return v, err
	}
	if v.name == nil {
		v.name = &current.Name
	}
	if v.approved == nil {
		v.approved = &current.Approved
	}
	return v, nil
}

// change sends one call of an update. It returns the consumer in the answer, as
// far as it is readable. An unreadable answer does not mean that the change
// failed. It is returned as a problem.
func (c *Client) change(ctx context.Context, call *profile.Call, v values) (told partial, problem, err error) {
	err = c.call(ctx, call, v, func(answer *answer) error {
		silent := len(bytes.TrimSpace(bodyOf(answer.Response))) == 0
		switch {
		case looksLikeSignIn(answer.Response):
			problem = answer.unreadable("a sign-in page")
		case call.Answer == nil && answer.expected(), silent && !answer.expected():
			// Success without words.
		default:
			found, err := answer.one()
			if err == nil && found.key != "" && found.key != v.key {
				err = answer.unreadable("asked about consumer %q, the server returned %q", v.key, found.key)
			}
			if err != nil {
				problem = err
				c.evidence.noteAnswer(err)
				break
			}
			if found.key == "" {
				found.key = v.key
			}
			told = found
		}
		return nil
	})
	return told, problem, err
}

// settled reads the consumer after a change, and again if it differs: the
// server may still be working.
func (c *Client) settled(ctx context.Context, key string, last *profile.Call, changes Changes, problem error) (Consumer, error) {
	for attempt := 0; ; attempt++ {
		consumer, err := c.fresh(ctx, key)
		if errors.Is(err, ErrNotFound) {
			// It was changed just now, so nobody has removed it.
			if problem == nil {
				problem = errors.New("the server may have given the consumer another key")
			}
			err = newCallError(ErrKeyGone, last, key, problem).in(partOf(last))
		}
		if err != nil {
			c.snapshot.invalidate()
			return Consumer{}, &UncertainError{Err: err}
		}
		difference := changes.differsFrom(consumer)
		c.snapshot.put(consumer)
		if difference == "" {
			return consumer, nil
		}
		if c.again(ctx, attempt) {
			continue
		}
		if problem == nil {
			problem = newCallError(ErrNotApplied, last, key, errors.New(difference)).in(partOf(last))
		}
		return consumer, &UncertainError{Err: &NotAppliedError{Consumer: consumer, Err: problem}}
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

// missing decides what a 404 about one consumer means: the consumer is gone
// (ErrNotFound), the path is wrong (ErrNoCollection), the server does not have
// the call (ErrUnsupported), or something else (ErrUnreadable), for example a
// proxy or a server that is starting. It returns other errors unchanged.
func (c *Client) missing(ctx context.Context, key string, call *profile.Call, err error) error {
	var failure *Error
	if !errors.As(err, &failure) {
		return err
	}
	if failure.Kind == ErrUnsupported {
		c.evidence.refused.LoadOrStore(call.Name, error(failure))
		return err
	}
	if failure.Kind != ErrNotFound {
		return err
	}
	switch _, getErr := c.Get(ctx, key); {
	case errors.Is(getErr, ErrNotFound) && c.evidence.hasRegistered(key) && !c.evidence.confirmed.Load():
		failure.Kind = ErrKeyGone
		failure.Cause = errors.New("the server does not know the key that it returned for the new consumer")
	case errors.Is(getErr, ErrNotFound):
	case errors.Is(getErr, ErrNoCollection):
		return getErr
	case getErr == nil:
		failure.Kind = ErrUnreadable
		failure.Cause = errors.New("but the consumer exists")
	default:
		failure.Kind = ErrUnreadable
		failure.Cause = fmt.Errorf("cannot find out whether the consumer exists: %w", getErr)
	}
	return err
}
