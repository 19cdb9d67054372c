package twcloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// Changes are what Update sets; what is nil stays as it is.
type Changes struct {
	Name     *string
	Secret   *string
	Approved *bool

	// KnownSecret is the secret that the server has, if the caller knows it: some
	// servers want it with each change.
	KnownSecret *string
}

// None says that there is nothing to change.
func (c Changes) None() bool { return c.Name == nil && c.Secret == nil && c.Approved == nil }

// differsFrom says in words what a consumer has that the changes do not ask for;
// empty if it is as asked. A secret cannot be seen.
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

// NotAppliedError is a change that the server has answered with success and not
// made, or not made yet.
type NotAppliedError struct {
	// Consumer is what the server has now.
	Consumer Consumer
	// Err tells the call.
	Err error
}

// Error says what is not as asked.
func (e *NotAppliedError) Error() string { return e.Err.Error() }

// Unwrap gives errors.Is and errors.As the error of the call.
func (e *NotAppliedError) Unwrap() error { return e.Err }

// steps are the calls that make the changes, in the order in which they are sent.
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

// Update sets what has changed, in as few calls as the API allows, and returns
// the consumer as the server has it then. Nothing to change sends nothing, and
// returns what Get does. Setting the same values twice is harmless, so each call
// is retried. A *NotAppliedError means that the server said yes and did not do it.
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
	var last outcomeOfChange
	for i, step := range steps {
		v, err := c.valuesOf(ctx, key, step, changes)
		if err == nil {
			last, err = c.change(ctx, step, v)
		}
		if err == nil && v.secret != nil && changes.Secret != nil && last.problem != nil {
			// Nobody can see whether the secret was set.
			err = &UncertainError{Err: last.problem}
		}
		if err != nil {
			// It may have been carried out all the same.
			c.snapshot.invalidate()
			if err = c.missing(ctx, key, step, err); i > 0 && !Uncertain(err) {
				err = &UncertainError{Err: err}
			}
			return Consumer{}, err
		}
	}
	c.evidence.confirmed.Store(true)
	if told := last.told; len(steps) == 1 && told.complete() && changes.differsFrom(told.consumer()) == "" {
		c.snapshot.put(told.consumer())
		return told.consumer(), nil
	}
	return c.settled(ctx, key, steps[len(steps)-1], changes, last.problem)
}

// NeedsSecret says whether the API wants the secret along with changes that leave
// it as it is: Changes.KnownSecret.
func (c *Client) NeedsSecret(changes Changes) bool {
	steps, err := c.steps(changes)
	return err == nil && changes.Secret == nil && slices.ContainsFunc(steps, func(call *profile.Call) bool {
		return call.UnchangedSecret == profile.Send && call.Has(profile.Secret)
	})
}

// valuesOf are the values of one call: those that change, and, where the API
// wants them, those that do not.
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

// outcomeOfChange is what the answer to a change tells.
type outcomeOfChange struct {
	// told is the consumer as the answer has it, as far as it can be read.
	told partial
	// problem is why an answer that means success cannot be read.
	problem error
}

// change sends one call of an update. An answer that cannot be read does not fail
// what has been done: it is a problem to be looked at.
func (c *Client) change(ctx context.Context, call *profile.Call, v values) (result outcomeOfChange, err error) {
	err = c.call(ctx, call, v, func(answer *answer) error {
		silent := len(bytes.TrimSpace(bodyOf(answer.Response))) == 0
		switch {
		case looksLikeSignIn(answer.Response):
			result.problem = answer.unreadable("a sign-in page")
		case call.Answer == nil && answer.expected(), silent && !answer.expected():
			// Success without words.
		default:
			found, err := answer.one(c.profile.Approved)
			if err == nil && found.key != "" && found.key != v.key {
				err = answer.unreadable("asked about consumer %q, the server returned %q", v.key, found.key)
			}
			if err != nil {
				result.problem = err
				c.evidence.noteAnswer(err)
				break
			}
			if found.key == "" {
				found.key = v.key
			}
			result.told = found
		}
		return nil
	})
	return result, err
}

// settled asks what the server has after a change, and again if it is not as
// asked: the server may still be at work.
func (c *Client) settled(ctx context.Context, key string, last *profile.Call, changes Changes, problem error) (Consumer, error) {
	for attempt := 0; ; attempt++ {
		consumer, err := c.fresh(ctx, key)
		if errors.Is(err, ErrNotFound) {
			// Nobody has removed it: it was changed just now.
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
		if attempt < settleAttempts && ctx.Err() == nil {
			c.rest(ctx, attempt)
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

// missing settles what a 404 about one consumer means: that it is gone
// (ErrNotFound), that there is no collection at the path (ErrNoCollection), that
// the server does not have the call (ErrUnsupported), or something else
// (ErrUnreadable): a proxy or a server that is starting up says so of a consumer
// that exists. Other errors are returned as they are.
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
