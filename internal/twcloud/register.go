package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Registration is the result of Register. If the consumer has a key, it exists
// on the server, even with an error.
type Registration struct {
	Consumer Consumer
	// Namesakes are the consumers that had the name before.
	Namesakes []Consumer
	// Adopted is why the outcome was unknown, if the consumer is the one new consumer of
	// that name. Someone else may have registered it in that moment. Nil: not adopted.
	Adopted error
	// Strays are other consumers of this name that appeared while the registration
	// was repeated after a lost response.
	Strays []Consumer
	// Doubt is why there may be a further consumer of this name. It is nil if
	// there is none.
	Doubt error
}

// CanRegister returns ErrUnsupported if the API profile has no call that registers.
func (c *Client) CanRegister() error { return supported("register", c.profile.Calls.Register) }

// Register registers a consumer exactly once. The server does not approve it.
//
// A registration can't simply be repeated: names need not be unique, and a lost
// response does not say what the server did. If the outcome is unknown, Register
// compares a list from before with a new one. One new consumer of this name is the
// registered one, and its secret is set again. If there is none, nor a new one of a
// name that this process did not send, Register sends the registration again, once,
// unless lists have been seen to lag. Otherwise it returns a *RegistrationError with
// what exists. Without a list, nobody can say what happened: nothing is sent again.
//
// Registrations of one name wait for each other, because two callers could claim the
// same consumer. All registrations wait for the first one, because nothing is known
// about the server until its response is understood and the consumer is read back. A
// registration in flight is not canceled with its context.
func (c *Client) Register(ctx context.Context, name, secret string) (Registration, error) {
	return c.RegisterThen(ctx, name, secret, false, func(_ Registration, err error) error { return err })
}

// RegisterThen is Register, and calls a function with the result, which approves the
// consumer or does not. Until one is approved, others that are to be approved wait: if
// the server does not approve a new consumer, one such consumer is enough.
func (c *Client) RegisterThen(ctx context.Context, name, secret string, approves bool, then func(Registration, error) error) (_ Registration, err error) {
	if err := c.CanRegister(); err != nil {
		return Registration{}, err
	}
	c.redact.add(secret)
	call := c.profile.Calls.Register
	unlock, err := c.names.lock(ctx, name)
	if err != nil {
		return Registration{}, newCallError(ErrCanceled, call, "", err)
	}
	defer unlock()
	var target *url.URL
	if call.Discover != "" {
		if target, err = c.prober.registration(ctx, call); err != nil {
			return Registration{}, err
		}
	}
	lists := c.profile.Calls.List != nil
	if lists { // A failure to list concerns all registrations.
		if _, err := c.snapshot.get(ctx, snapshotAge); err != nil {
			return Registration{}, err
		}
	}
	needs := open
	if approves {
		needs = approving
	}
	leave, first, err := c.registrations.enter(ctx, call, "", needs)
	if err != nil {
		return Registration{}, err
	}
	// A panic of the function proves nothing about the server.
	verdict, cause := untried, error(nil)
	defer func() { leave(verdict, cause) }()

	r := &registering{Client: c, call: call, target: target, name: name, secret: secret, first: first}
	if lists {
		if r.before, err = c.snapshot.get(ctx, registrationAge); err != nil {
			return r.Registration, err
		}
	}
	r.Registration.Namesakes = sorted(r.before.named(name))
	err = r.run(ctx)
	result := then(r.Registration, err)
	switch {
	case err != nil:
		verdict, cause = judge(err), err
	case judge(r.Adopted) == shut:
		// The response does not read, although the consumer was found.
		verdict, cause = shut, r.Adopted
	case result == nil:
		verdict = needs
	default:
		verdict, cause = judgeApproval(result), result
	}
	return r.Registration, err
}

// registering is a registration in progress.
type registering struct {
	*Client
	Registration // the result so far
	call         *profile.Call
	target       *url.URL // of a discovered call; otherwise nil
	name, secret string
	// first is true for a registration that goes alone.
	first bool
	// before is the list from before the registration, or from before it was sent again.
	before *listing
}

// run sends the registration, and once more if that is safe.
func (r *registering) run(ctx context.Context) error {
	done := r.evidence.send(r.name)
	defer done()
	first := r.post(ctx)
	settled, err := r.settle(ctx, 0, first)
	if settled {
		return err
	}
	// One at a time is sent again, because it may show that lists lag.
	unlock, lockErr := r.resends.lock(ctx, "")
	if lockErr != nil {
		return &RegistrationError{Name: r.name, Cause: err}
	}
	defer unlock()
	if r.evidence.lags.Load() || r.before.age(r.options.Now()) > registrationAge {
		// The first one may have shown meanwhile.
		if settled, err = r.settle(ctx, 0, first); settled {
			return err
		}
	}
	_, err = r.settle(ctx, 1, r.post(ctx))
	return err
}

// posted is what is known after a registration was sent.
type posted struct {
	// told is what the response has of the consumer, even with an error.
	told profile.Consumer
	// outdated is true if the list from before was too old when the request left.
	outdated bool
	err      error
}

// post sends the registration.
func (r *registering) post(ctx context.Context) posted {
	sent := &exchanges{now: r.options.Now}
	response, err := r.noted(withManner(ctx, once), sent, r.target, r.call, profile.Values{Name: &r.name, Secret: &r.secret, Approved: new(bool)})
	told := response.one()
	if told.Key != "" && (r.evidence.hasRegistered(told.Key) || r.before.has(told.Key)) {
		err = &UncertainError{Err: response.differs("response.key", "the response has the key %q, which is another consumer's", told.Key)}
		told = profile.Consumer{}
	}
	return posted{told, r.before.age(sent.lastLeft()) > registrationAge, noCollection(err)}
}

// settle decides what a response, or its absence, means. If the result is not settled,
// the registration can be sent again: never after the second attempt, nor if lists lag.
func (r *registering) settle(ctx context.Context, attempt int, p posted) (settled bool, err error) {
	// The time for the comparison begins here, because the registration may have used up
	// the first grace period.
	ctx, cancel := r.SeeThrough(ctx)
	defer cancel()
	err = p.err
	switch {
	case p.told.Key != "":
		if err = r.understand(ctx, p.told, err); attempt > 0 {
			r.lookForStrays(ctx)
		}
		return true, err
	case err != nil && !Uncertain(err) && attempt == 0:
		return true, err // The server refused it, or did not get it.
	}
	if r.before == nil {
		return true, &RegistrationError{Name: r.name, NoList: true, Cause: err}
	}
	if attempt > 0 {
		// The first one may show late. If it does, sending more makes more of them.
		r.evidence.lags.Store(true)
	}
	now, appeared, others, lookErr := r.look(ctx, attempt, err == nil)
	failure := &RegistrationError{Name: r.name, Cause: err, Look: lookErr, Keys: keysOf(appeared), Twice: attempt > 0}
	switch {
	case lookErr != nil, len(appeared) > 1, len(appeared) == 1 && p.outdated:
		return true, failure
	case len(appeared) == 1:
		return true, r.adopt(ctx, attempt, appeared[0], err)
	case len(others) > 0:
		failure.Keys, failure.OtherName = keysOf(others), true
		return true, failure
	case err == nil:
		failure.Look = newCallError(ErrIncomplete, r.call, "", errors.New("the server reported success, but returned no key and does not list the consumer"))
		return true, failure
	case attempt > 0, r.options.MaxRetries == 0, r.evidence.lags.Load(), permanent(err):
		return true, failure
	}
	r.before = now
	return false, err
}

// permanent reports whether a response would be the same if the registration was sent
// again.
func permanent(err error) bool {
	return isAny(err, ErrPanic, ErrTooLarge, ErrUnreadable, ErrWebPage, ErrUnsupported, ErrClosed, ErrCanceled)
}

// look compares the list from before with a new one. It returns the new one, the
// consumers of this name that have appeared, and those of names that this process did
// not send. If one was certainly registered, or lists lag, it looks again.
func (r *registering) look(ctx context.Context, attempt int, certain bool) (now *listing, appeared, others []Consumer, err error) {
	for ; ; attempt++ {
		r.rest(ctx, attempt)
		r.snapshot.invalidate()
		if now, err = r.snapshot.get(ctx, registrationAge); err != nil {
			r.snapshot.invalidate()
			return nil, nil, nil, err
		}
		appeared, others = r.appeared(now)
		if len(appeared) > 0 || attempt >= settleAttempts || ctx.Err() != nil || !certain && !r.evidence.lags.Load() {
			return now, appeared, others, nil //nolint:nilerr // A comparison that the caller cut short is one.
		}
	}
}

// appeared returns the consumers of a list that are new and that this process has not
// registered: those of this name, and those of names that it did not send.
func (r *registering) appeared(now *listing) (same, others []Consumer) {
	for _, one := range now.all() {
		consumer := newConsumer(one)
		switch {
		case r.before.has(one.Key) || r.evidence.hasRegistered(one.Key):
		case r.evidence.hasRemoved(one.Key):
			r.evidence.lags.Store(true)
		case consumer.Name == r.name:
			same = append(same, consumer)
		case r.evidence.inFlight(consumer.Name):
		case r.evidence.hasSent(consumer.Name):
			// An earlier registration shows only now.
			r.evidence.lags.Store(true)
		default:
			others = append(others, consumer)
		}
	}
	return sorted(same), sorted(others)
}

// understand completes the response to a registration. The key is known, so the
// consumer can't be lost any more. The first one is read back, since a server may
// change names, and so is one with another name; the others are as they were sent.
func (r *registering) understand(ctx context.Context, told profile.Consumer, err error) error {
	r.evidence.register(told.Key)
	if told.Name == nil {
		told.Name = &r.name
	}
	if told.Approved == nil {
		told.Approved = new(bool)
	}
	r.Consumer = newConsumer(told)
	if err != nil {
		r.snapshot.invalidate()
		return err
	}
	r.snapshot.put(told)
	if (r.first || r.Consumer.Name != r.name) && !r.profile.OnlyRegisters() {
		if err := r.readBack(ctx); err != nil {
			r.snapshot.invalidate()
			return err
		}
	}
	if r.Consumer.Name != r.name {
		return newCallError(ErrOtherName, r.call, "", fmt.Errorf("%q", r.Consumer.Name))
	}
	return nil
}

// readBack reads the registered consumer from the server.
func (r *registering) readBack(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		now, err := r.current(ctx, r.Consumer.Key)
		switch {
		case err == nil:
			r.Consumer = newConsumer(now)
			r.snapshot.put(now)
			return nil
		case errors.Is(err, ErrNotFound), errors.Is(err, ErrIncomplete):
			if r.again(ctx, attempt) {
				continue
			}
			failure := newCallError(ErrKeyGone, r.call, "", errors.New("the server does not know the key that it returned for the new consumer"))
			failure.Part += ".response.key"
			return failure
		default:
			return err
		}
	}
}

// adopt treats the one new consumer as the registered one.
func (r *registering) adopt(ctx context.Context, attempt int, consumer Consumer, err error) error {
	r.evidence.register(consumer.Key)
	r.Consumer = consumer
	switch {
	case err == nil:
		return nil // The response has no key.
	case errors.Is(err, ErrPanic):
		return err
	}
	r.Adopted = err
	if attempt > 0 {
		r.Doubt = r.unproven("%d registrations were lost, and the list has one new consumer", attempt+1)
	}
	// The secret may be incomplete, or someone else's.
	adopted, err := r.Update(ctx, consumer.Key, Changes{Secret: &r.secret, KnownSecret: &r.secret})
	if err == nil {
		r.Consumer = adopted
	}
	return err
}

// lookForStrays looks for what a lost registration left, after it was repeated.
func (r *registering) lookForStrays(ctx context.Context) {
	r.snapshot.invalidate()
	now, err := r.snapshot.get(ctx, registrationAge)
	if err != nil {
		r.snapshot.invalidate()
		r.Doubt = err
		return
	}
	r.Strays, _ = r.appeared(now)
	r.Strays = slices.DeleteFunc(r.Strays, func(one Consumer) bool { return one.Key == r.Consumer.Key })
	switch {
	case len(r.Strays) > 0:
		r.evidence.lags.Store(true)
	case r.evidence.lags.Load():
		r.Doubt = r.unproven("lists of this server lag behind")
	}
}
