package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Registration is the result of Register. If the consumer has a key, it exists
// on the server, even with an error.
type Registration struct {
	Consumer Consumer
	// Namesakes are the consumers that had the name before.
	Namesakes []Consumer
	// Strays are other consumers with this name that appeared while a
	// registration was repeated after a lost answer.
	Strays []Consumer
	// StraysUnknown is why the client could not look for strays.
	StraysUnknown error
	// InDoubt is true if an answer was lost, although no new consumer was found.
	InDoubt bool
}

// Register registers a consumer exactly once. The server does not approve it.
//
// A registration can't simply be repeated: names need not be unique, and a lost
// answer does not say what the server did. If the outcome is unknown, Register
// compares the consumers before and after. One new consumer with this name is
// the registered one, and its secret is set again. If there is none and the
// list is complete, Register sends the registration again. If there are
// several, it returns a *RegistrationError with their keys.
//
// Registrations of one name wait for each other, because two callers could
// claim the same consumer. All registrations wait for the first one, because
// nothing is known about the server until its answer is understood. A
// registration in flight is not canceled with its context.
//
// Register calls the functions in then with the result before other
// registrations continue: if the server does not approve a new consumer, one
// such consumer is enough. If it turns out that the server has the consumer
// under another key, it calls them again with that key and an error.
func (c *Client) Register(ctx context.Context, name, secret string, then ...func(Registration, error) error) (Registration, error) {
	if err := c.CanRegister(); err != nil {
		return Registration{}, err
	}
	c.redact.add(secret)
	call := c.profile.Calls.Register
	unlock, err := c.names.lock(ctx, nameKey(name))
	if err != nil {
		return Registration{}, newCallError(ErrCanceled, call, "", err)
	}
	defer unlock()

	before, err := c.snapshot.all(ctx)
	if err != nil {
		return Registration{}, err
	}
	r := &registering{Client: c, name: name, secret: secret, before: before, Registration: Registration{Namesakes: namesakes(before, name)}}
	leave, first, err := c.registrations.enter(ctx)
	if err != nil {
		return r.Registration, newCallError(err, call, "", nil)
	}
	for attempt := 0; ; attempt++ {
		settled, err := r.try(ctx, attempt)
		if !settled {
			continue
		}
		verdict := err
		for _, do := range then {
			verdict = do(r.Registration, err)
		}
		if err == nil && doubtsKey(verdict, first) {
			if mistaken := r.underOtherKey(ctx); mistaken != nil {
				err, verdict = mistaken, mistaken
				for _, do := range then {
					_ = do(r.Registration, mistaken) // It gets the error, and can only pass it on.
				}
			}
		}
		leave(verdict)
		return r.Registration, err
	}
}

// registering is a registration in progress.
type registering struct {
	*Client
	Registration // the result so far
	name, secret string
	// before are the consumers before the registration.
	before []Consumer
}

// try sends the registration once, and compares the consumers if the outcome is
// unknown. If the result is not settled, the registration can be sent again.
func (r *registering) try(ctx context.Context, attempt int) (settled bool, err error) {
	told, outcome, err := r.post(ctx)
	if told.key != "" && (r.evidence.hasRegistered(told.key) || has(r.before, told.key)) {
		err = r.wrongKey("the answer has the key %q, which is another consumer's", told.key)
		told, outcome = partial{}, unknownForGood
	}
	// The time for the comparison begins here, because the registration may have
	// used up the first grace period.
	through, cancel := r.SeeThrough(ctx)
	defer cancel()
	if told.key != "" {
		err = r.understand(through, told, err)
		if err == nil && attempt > 0 {
			r.Strays, r.StraysUnknown = r.strays(through)
		}
		return true, err
	}
	if outcome == notRegistered && attempt == 0 {
		return true, r.conflict(through, err)
	}
	// After an earlier attempt, the server may refuse this one because it has
	// made the first one late.

	now, appeared, lookErr := r.look(through, attempt, outcome == registered || saidYes(err))
	switch {
	case lookErr != nil:
		return true, &RegistrationError{Name: r.name, Cause: err, Look: lookErr}
	case len(appeared) == 1:
		lost := attempt
		if outcome == unknown || outcome == unknownForGood {
			lost++
		}
		if lost > 1 && outcome != registered {
			// The list may lag behind, and show the others later.
			r.StraysUnknown = r.incompleteList(fmt.Sprintf("the answers to %d registrations were lost, and the list has one new consumer", lost))
		}
		return true, r.adopt(through, appeared[0], outcome, err)
	case len(appeared) > 1:
		return true, &RegistrationError{Name: r.name, Cause: err, Keys: keysOf(appeared)}
	case outcome == registered:
		return true, &RegistrationError{Name: r.name, Look: newCallError(ErrIncomplete, r.profile.Calls.Register, "",
			errors.New("the server reported success, but returned no key and does not list the consumer"))}
	case outcome != unknown || attempt >= r.options.MaxRetries || ctx.Err() != nil || r.doubtOfList(len(now)) != "":
		r.InDoubt = true
		return true, err
	}
	return false, nil
}

// understand completes the answer to a registration. The key is known, so the
// consumer can't be lost any more.
func (r *registering) understand(ctx context.Context, told partial, err error) error {
	r.evidence.registered.Store(told.key, true)
	r.Consumer = told.consumer()
	if told.name == nil {
		r.Consumer.Name = r.name
	}
	if err == nil && told.complete() {
		r.snapshot.put(r.Consumer)
		return nil
	}
	r.snapshot.invalidate()
	consumer, lookErr := r.fresh(ctx, told.key)
	if lookErr == nil {
		r.Consumer = consumer
		r.snapshot.put(consumer)
		return nil
	}
	if err != nil && !errors.Is(lookErr, ErrPanic) {
		return err
	}
	return lookErr
}

// adopt treats the one new consumer as the registered one.
func (r *registering) adopt(ctx context.Context, consumer Consumer, outcome outcome, err error) error {
	r.evidence.registered.Store(consumer.Key, true)
	r.Consumer = consumer
	switch {
	case errors.Is(err, ErrPanic):
		return err
	case outcome == registered:
		r.snapshot.put(consumer)
		return nil
	}
	// Someone else may have registered the name in the same moment, or the secret
	// may be incomplete.
	adopted, err := r.Update(ctx, consumer.Key, Changes{Secret: &r.secret, KnownSecret: &r.secret})
	if err == nil {
		r.Consumer = adopted
	}
	return err
}

// Confirm checks, once per process, that the server recognizes the key that it
// returned.
func (c *Client) Confirm(ctx context.Context, consumer Consumer) error {
	if c.evidence.confirmed.Load() {
		return nil
	}
	_, err := c.fresh(ctx, consumer.Key)
	if err == nil {
		c.evidence.confirmed.Store(true)
		return nil
	}
	return c.missing(ctx, consumer.Key, c.profile.Calls.Register, err)
}

// Namesakes returns the consumers that have a name now.
func (c *Client) Namesakes(ctx context.Context, name string) ([]Consumer, error) {
	consumers, err := c.snapshot.all(ctx)
	return namesakes(consumers, name), err
}

// outcome is what the answer to a POST means for the registration.
type outcome int

const (
	registered outcome = iota
	// notRegistered: the server refused it, or did not get it.
	notRegistered
	// unknown: no answer, or that of a gateway. It can be sent again if it was
	// not made.
	unknown
	// unknownForGood: an answer that would not change if it was sent again.
	unknownForGood
)

// post sends the registration. It returns what the answer has even with an
// error.
func (r *registering) post(ctx context.Context) (told partial, outcome outcome, err error) {
	notApproved := false
	v := values{name: &r.name, secret: &r.secret, approved: &notApproved}
	err = r.call(withManner(ctx, once), r.profile.Calls.Register, v, func(answer *answer) error {
		var err error
		if told, err = answer.one(); err != nil {
			return err
		}
		if told.key == "" && !answer.expected() {
			return answer.failure()
		}
		return nil
	})
	if err != nil {
		return told, outcomeOf(err), noCollection(err)
	}
	return told, registered, nil
}

// outcomeOf returns what the error of a call means for a registration. It is not
// registered only if that is certain: the request was never sent, or the answer
// is 4xx.
func outcomeOf(err error) outcome {
	var failure *Error
	switch {
	case !Uncertain(err) || !errors.As(err, &failure):
		return notRegistered
	case errors.Is(err, ErrPanic), errors.Is(err, ErrTooLarge):
		return unknownForGood
	}
	switch failure.Status {
	case 0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return unknown // A proxy may have timed out.
	}
	return unknownForGood
}

// rest waits before the comparison: after a gateway timed out, the server may
// still be working.
func (c *Client) rest(ctx context.Context, attempt int) {
	select {
	case <-time.After(newBackoff(c.options).wait(attempt, nil)):
	case <-ctx.Done():
	}
}

// nameKey is equal for names that a server may treat as equal: it may trim
// names or ignore case.
func nameKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func namesakes(consumers []Consumer, name string) []Consumer {
	var same []Consumer
	for _, consumer := range consumers {
		if nameKey(consumer.Name) == nameKey(name) {
			same = append(same, consumer)
		}
	}
	return sorted(same)
}

func keysOf(consumers []Consumer) []string {
	var keys []string
	for _, consumer := range consumers {
		keys = append(keys, consumer.Key)
	}
	return keys
}
