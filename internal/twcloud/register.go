package twcloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
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
	registration := Registration{Namesakes: namesakes(before, name)}
	leave, first, err := c.registrations.enter(ctx)
	if err != nil {
		return registration, newCallError(err, call, "", nil)
	}
	for attempt := 0; ; attempt++ {
		settled, err := c.try(ctx, name, secret, before, attempt, &registration)
		if !settled {
			continue
		}
		verdict := err
		for _, do := range then {
			verdict = do(registration, err)
		}
		if err == nil && doubtsKey(verdict, first) {
			if mistaken := c.underOtherKey(ctx, before, &registration); mistaken != nil {
				err, verdict = mistaken, mistaken
				for _, do := range then {
					_ = do(registration, mistaken) // It gets the error, and can only pass it on.
				}
			}
		}
		leave(verdict)
		return registration, err
	}
}

// try sends the registration once, and compares the consumers if the outcome is
// unknown. If the result is not settled, the registration can be sent again.
func (c *Client) try(ctx context.Context, name, secret string, before []Consumer, attempt int, registration *Registration) (settled bool, err error) {
	told, outcome, err := c.post(ctx, name, secret)
	if told.key != "" && c.isKnown(told.key, before) {
		err = c.wrongKey("the answer has the key %q, which is another consumer's", told.key)
		told, outcome = partial{}, unknownForGood
	}
	// The time for the comparison begins here, because the registration may have
	// used up the first grace period.
	through, cancel := c.SeeThrough(ctx)
	defer cancel()
	if told.key != "" {
		err = c.understand(through, told, err, name, registration)
		if err == nil && attempt > 0 {
			registration.Strays, registration.StraysUnknown = c.strays(through, before, registration.Consumer)
		}
		return true, err
	}
	if outcome == notRegistered && attempt == 0 {
		return true, c.conflict(through, name, before, err)
	}
	// After an earlier attempt, the server may refuse this one because it has
	// made the first one late.

	now, lookErr := c.look(through, name, before, attempt, outcome == registered || saidYes(err))
	if lookErr != nil {
		return true, &RegistrationError{Name: name, Cause: err, Look: lookErr}
	}
	appeared := namesakes(newcomers(before, now), name)
	switch {
	case len(appeared) == 1:
		return true, c.adopt(through, appeared[0], secret, outcome, err, registration)
	case len(appeared) > 1:
		return true, &RegistrationError{Name: name, Cause: err, Keys: keysOf(appeared)}
	case outcome == registered:
		return true, &RegistrationError{Name: name, Look: newCallError(ErrIncomplete, c.profile.Calls.Register, "",
			errors.New("the server reported success, but returned no key and does not list the consumer"))}
	case outcome != unknown || attempt >= c.options.MaxRetries || ctx.Err() != nil || c.doubtOfList(len(now)) != "":
		registration.InDoubt = true
		return true, err
	}
	return false, nil
}

// understand completes the answer to a registration. The key is known, so the
// consumer can't be lost any more.
func (c *Client) understand(ctx context.Context, told partial, err error, name string, registration *Registration) error {
	c.evidence.registered.Store(told.key, true)
	registration.Consumer = told.consumer()
	if told.name == nil {
		registration.Consumer.Name = name
	}
	if err == nil && told.complete() {
		c.snapshot.put(registration.Consumer)
		return nil
	}
	c.snapshot.invalidate()
	consumer, lookErr := c.fresh(ctx, told.key)
	if lookErr == nil {
		registration.Consumer = consumer
		c.snapshot.put(consumer)
		return nil
	}
	if err != nil && !errors.Is(lookErr, ErrPanic) {
		return err
	}
	return lookErr
}

// adopt treats the one new consumer as the registered one.
func (c *Client) adopt(ctx context.Context, consumer Consumer, secret string, outcome outcome, err error, registration *Registration) error {
	c.evidence.registered.Store(consumer.Key, true)
	registration.Consumer = consumer
	switch {
	case errors.Is(err, ErrPanic):
		return err
	case outcome == registered:
		c.snapshot.put(consumer)
		return nil
	}
	// Someone else may have registered the name in the same moment, or the secret
	// may be incomplete.
	adopted, err := c.Update(ctx, consumer.Key, Changes{Secret: &secret, KnownSecret: &secret})
	if err == nil {
		registration.Consumer = adopted
	}
	return err
}

// look lists the consumers again. If one was certainly registered, it repeats
// the list, which may lag behind.
func (c *Client) look(ctx context.Context, name string, before []Consumer, attempt int, certain bool) ([]Consumer, error) {
	for ; ; attempt++ {
		c.snapshot.invalidate()
		c.rest(ctx, attempt)
		now, err := c.list(ctx)
		if err != nil || !certain || attempt >= settleAttempts || ctx.Err() != nil || len(namesakes(newcomers(before, now), name)) > 0 {
			return now, err
		}
	}
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
func (c *Client) post(ctx context.Context, name, secret string) (told partial, outcome outcome, err error) {
	notApproved := false
	v := values{name: &name, secret: &secret, approved: &notApproved}
	err = c.call(withManner(ctx, once), c.profile.Calls.Register, v, func(answer *answer) error {
		var err error
		if told, err = answer.one(c.profile.Approved); err != nil {
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

// strays looks for what a lost registration left, after it was repeated.
func (c *Client) strays(ctx context.Context, before []Consumer, own Consumer) ([]Consumer, error) {
	now, err := c.list(ctx)
	if err == nil && !has(now, own.Key) {
		// A list that lacks this consumer may lack the other one as well.
		c.evidence.doubt("the list lacks consumer %q, which was registered before", own.Key)
		err = c.incompleteList(c.doubtOfList(len(now)))
	}
	return slices.DeleteFunc(namesakes(newcomers(before, now), own.Name), func(consumer Consumer) bool {
		return consumer.Key == own.Key
	}), err
}

// rest waits before the comparison: after a gateway timed out, the server may
// still be working.
func (c *Client) rest(ctx context.Context, attempt int) {
	timer := time.NewTimer(newBackoff(c.options).wait(attempt, nil))
	defer timer.Stop()
	select {
	case <-timer.C:
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

func newcomers(before, now []Consumer) []Consumer {
	known := make(map[string]bool, len(before))
	for _, consumer := range before {
		known[consumer.Key] = true
	}
	return slices.DeleteFunc(slices.Clone(now), func(consumer Consumer) bool { return known[consumer.Key] })
}

func keysOf(consumers []Consumer) []string {
	var keys []string
	for _, consumer := range consumers {
		keys = append(keys, consumer.Key)
	}
	return keys
}
