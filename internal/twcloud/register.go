package twcloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Registration is what came of Register. With an error, too, a consumer that
// has a key exists on the server.
type Registration struct {
	Consumer Consumer
	// Namesakes had the name before, so none of them is what was registered.
	Namesakes []Consumer
	// Strays are further consumers of that name that appeared during a
	// registration whose answer was lost and which was therefore repeated.
	Strays []Consumer
	// StraysUnknown is why nobody could look for strays, if one should have.
	StraysUnknown error
	// InDoubt says that nothing is known to have been registered, because there
	// was no such consumer whenever an answer was lost.
	InDoubt bool
}

// Register registers a consumer, exactly once. The server does not approve it.
//
// A registration cannot be repeated blindly: names need not be unique, and a
// lost answer says nothing about what the server did. So when the outcome is
// unknown, Register looks: a consumer of that name which was not listed before
// is the one, and gets its secret set again; if there is none, and the list is
// whole, it is registered again; if there are several, a *RegistrationError lists
// their keys. Registrations of one name wait for each other, or two callers could
// claim each other's consumer. All of a process wait for the first one: until its
// answer has been understood, nothing is known of the server. Once the request is
// in flight, the registration outlives the cancellation of the context.
//
// What is given as then is done with the registration, whatever came of it,
// before others have their turn: of a server that does not approve what it has
// registered, one such consumer is enough. If it turns out that the server has the
// consumer under another key than it returned, it is done again, with that key and
// an error.
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

// try posts once, and looks if the outcome is unknown. What is not settled then
// can be tried again.
func (c *Client) try(ctx context.Context, name, secret string, before []Consumer, attempt int, registration *Registration) (settled bool, err error) {
	told, outcome, err := c.post(ctx, name, secret)
	if told.key != "" && c.isKnown(told.key, before) {
		err = c.wrongKey("the answer has the key %q, which is another consumer's", told.key)
		told, outcome = partial{}, unknownForGood
	}
	// The time for looking begins here: the registration, seen through, may have
	// taken as much.
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
	// After an earlier attempt, a refusal may be due to that one, carried out late.

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

// understand completes what the answer to a registration tells: the key is known,
// so nothing can be lost any more.
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

// adopt takes the one consumer that has appeared for what was registered.
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
	// The name may have been registered by somebody else in the same moment, or
	// the secret cut on the way.
	adopted, err := c.Update(ctx, consumer.Key, Changes{Secret: &secret, KnownSecret: &secret})
	if err == nil {
		registration.Consumer = adopted
	}
	return err
}

// look lists the consumers once more. Where one has been registered for certain,
// it asks again: the list may lag behind.
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

// Confirm makes sure, once in a process, that the server knows what was registered
// by the key that it told.
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

// outcome is what the answer to a POST says about the registration.
type outcome int

const (
	registered outcome = iota
	// notRegistered: the server refused it, or was never asked.
	notRegistered
	// unknown: no answer, or a gateway's; worth another try if it was not.
	unknown
	// unknownForGood: an answer that another try would only bring again.
	unknownForGood
)

// post sends the registration. What the answer tells is there with an error, too.
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

// outcomeOf says what an error means for a registration. Only what is certain
// counts as not registered: the request was never sent, or a 4xx came.
func outcomeOf(err error) outcome {
	var failure *Error
	if !errors.As(err, &failure) {
		return notRegistered
	}
	switch status := failure.Status; {
	case failure.Login:
		return notRegistered
	case errors.Is(err, ErrPanic):
		return unknownForGood
	case status == 0 && !maybeSent(err):
		return notRegistered
	case status == 0 && errors.Is(err, ErrTooLarge):
		return unknownForGood
	case status == 0:
		return unknown
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return unknown
	case status == http.StatusRequestTimeout:
		// It may be a proxy's, which had no answer in time.
		return unknown
	case status >= 400 && status <= 499:
		return notRegistered
	}
	return unknownForGood
}

// strays looks, after a registration that was repeated, for what the lost one
// may have left behind after all.
func (c *Client) strays(ctx context.Context, before []Consumer, own Consumer) ([]Consumer, error) {
	now, err := c.list(ctx)
	if err == nil && !has(now, own.Key) {
		// A list that lacks this one may lack the other one, too.
		c.evidence.doubt("the list lacks consumer %q, which was registered before", own.Key)
		err = c.incompleteList(c.doubtOfList(len(now)))
	}
	return slices.DeleteFunc(namesakes(newcomers(before, now), own.Name), func(consumer Consumer) bool {
		return consumer.Key == own.Key
	}), err
}

// rest waits before looking: a gateway that gave up may have left the server
// still at work.
func (c *Client) rest(ctx context.Context, attempt int) {
	timer := time.NewTimer(newBackoff(c.options).wait(attempt, nil))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// nameKey is what two names have in common that a server might take for one: it
// may trim a name, or ignore case.
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
