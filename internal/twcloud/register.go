package twcloud

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// Registration is what came of Register. With an error, too, a consumer that
// has a key stands on the server.
type Registration struct {
	Consumer Consumer
	// Namesakes bore the name before, so none of them is what was registered.
	Namesakes []Consumer
	// Strays are further consumers of that name that came to be during a
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
// is the one, and gets its secret set again; if there is none, it is registered
// again; if there are several, a *RegistrationError lists their keys.
// Registrations of one name wait for each other, or two callers could claim each
// other's consumer. Once the request is in flight, the registration outlives the
// cancellation of the context.
func (c *Client) Register(ctx context.Context, name, secret string) (Registration, error) {
	c.redact.add(secret)
	unlock, err := c.names.lock(ctx, nameKey(name))
	if err != nil {
		return Registration{}, &Error{Kind: ErrCanceled, Method: http.MethodPost, Path: c.options.OAuthConsumersPath, Cause: err}
	}
	defer unlock()

	before, err := c.snapshot.all(ctx)
	if err != nil {
		return Registration{}, err
	}
	registration := Registration{Namesakes: namesakes(before, name)}

	for attempt := 0; ; attempt++ {
		settled, err := c.try(ctx, name, secret, before, attempt, &registration)
		if settled {
			return registration, err
		}
	}
}

// try posts once, and looks if the outcome is unknown. What is not settled then
// can be tried again.
func (c *Client) try(ctx context.Context, name, secret string, before []Consumer, attempt int, registration *Registration) (settled bool, err error) {
	consumer, outcome, err := c.post(ctx, name, secret)
	// The time for looking begins here: the registration, seen through, may have
	// taken as much.
	through, cancel := c.SeeThrough(ctx)
	defer cancel()
	switch {
	case outcome == registered:
		c.snapshot.put(consumer)
		registration.Consumer = consumer
		if attempt > 0 {
			registration.Strays, registration.StraysUnknown = c.strays(through, before, consumer)
		}
		return true, nil
	case outcome == notRegistered && attempt == 0:
		return true, err
	}
	// After an earlier attempt, a refusal may be due to that one, carried out late.

	c.snapshot.invalidate()
	c.rest(through, attempt)
	now, lookErr := c.list(through)
	if lookErr != nil {
		return true, &RegistrationError{Name: name, Cause: err, Look: lookErr}
	}
	appeared := namesakes(newcomers(before, now), name)
	switch {
	case len(appeared) == 1:
		registration.Consumer = appeared[0]
		if errors.Is(err, ErrPanic) {
			return true, err
		}
		// The name may have been registered by somebody else in the same moment,
		// or the secret cut on the way.
		adopted, err := c.Update(through, appeared[0].Key, Changes{Secret: &secret})
		if err == nil {
			registration.Consumer = adopted
		}
		return true, err
	case len(appeared) > 1:
		failure := &RegistrationError{Name: name, Cause: err}
		for _, consumer := range appeared {
			failure.Keys = append(failure.Keys, consumer.Key)
		}
		return true, failure
	case outcome != unknown || attempt >= c.options.MaxRetries || ctx.Err() != nil:
		registration.InDoubt = true
		return true, err
	}
	return false, nil
}

// Namesakes returns the consumers that bear a name now.
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

func (c *Client) post(ctx context.Context, name, secret string) (Consumer, outcome, error) {
	path := c.options.OAuthConsumersPath
	var answer wireConsumer
	err := c.call(withManner(ctx, once), http.MethodPost, path,
		wire.RegisterOAuthConsumer{Name: name, Secret: secret}, http.StatusCreated, &answer)
	if err != nil {
		return Consumer{}, outcomeOf(err), noCollection(err)
	}
	consumer, err := answer.as("", http.MethodPost, path)
	if err != nil {
		return Consumer{}, unknownForGood, err
	}
	return consumer, registered, nil
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
