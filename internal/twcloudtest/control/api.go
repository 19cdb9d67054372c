package control

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

var errNoConsumer = errors.New("no consumer has this key or name")

// Change says what a consumer becomes. Nil leaves things as they are. Key is for
// a new consumer; without it, the key is generated.
type Change struct {
	Key      string  `json:"key,omitempty"`
	Name     *string `json:"name,omitempty"`
	Secret   *string `json:"secret,omitempty"`
	Approved *bool   `json:"approved,omitempty"`
}

// Status is what the emulator does. Zero seats mean any number.
type Status struct {
	REST      string                `json:"rest"`
	WebApp    string                `json:"webApp"`
	AdminPage string                `json:"adminPage"`
	Seats     int                   `json:"seats"`
	Sessions  []twcloudtest.Session `json:"sessions"`
	Logins    int                   `json:"logins"`
	Logouts   int                   `json:"logouts"`
}

// Faults are all kinds of faults, and how many faults are pending.
type Faults struct {
	Kinds   []twcloudtest.FaultKind `json:"kinds"`
	Pending int                     `json:"pending"`
}

type api struct {
	server *twcloudtest.Server
}

// find returns the consumer with a key or, if only one has it, a name.
func (a api) find(r *http.Request) (twcloudtest.Consumer, error) {
	text := r.PathValue("consumer")
	if found, ok := a.server.Consumer(text); ok {
		return found, nil
	}
	var named []twcloudtest.Consumer
	var keys []string
	for _, consumer := range a.server.Consumers() {
		if consumer.Name == text {
			named, keys = append(named, consumer), append(keys, consumer.Key)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		return twcloudtest.Consumer{}, fmt.Errorf("%w: %q", errNoConsumer, text)
	default:
		return twcloudtest.Consumer{}, fmt.Errorf("%d consumers have the name %q; use one of their keys: %s", len(named), text, strings.Join(keys, ", "))
	}
}

func withoutSecret(c twcloudtest.Consumer) twcloudtest.Consumer {
	c.Secret = ""
	return c
}

func (a api) listConsumers(r *http.Request) (any, error) {
	consumers := a.server.Consumers()
	if r.URL.Query().Get("secrets") != "true" {
		for i := range consumers {
			consumers[i] = withoutSecret(consumers[i])
		}
	}
	return consumers, nil
}

func parseChange(r *http.Request) (Change, error) {
	var change Change
	err := parse(r, &change)
	switch {
	case err != nil:
	case change.Name != nil && strings.TrimSpace(*change.Name) == "":
		err = errors.New("the name must not be blank")
	case change.Secret != nil && *change.Secret == "":
		err = errors.New("the secret must not be empty")
	}
	return change, err
}

func (c Change) apply(to *twcloudtest.Consumer) {
	if c.Name != nil {
		to.Name = *c.Name
	}
	if c.Secret != nil {
		to.Secret = *c.Secret
	}
	if c.Approved != nil {
		to.Approved = *c.Approved
	}
}

func (a api) addConsumer(r *http.Request) (any, error) {
	change, err := parseChange(r)
	if err != nil {
		return nil, err
	}
	if change.Name == nil || change.Secret == nil {
		return nil, errors.New("name and secret are required")
	}
	if _, taken := a.server.Consumer(change.Key); taken {
		return nil, errors.New("a consumer with this key already exists")
	}
	added := twcloudtest.Consumer{Key: change.Key}
	change.apply(&added)
	return withoutSecret(a.server.AddConsumer(added)), nil
}

func (a api) changeConsumer(r *http.Request) (any, error) {
	change, err := parseChange(r)
	if err != nil {
		return nil, err
	}
	found, err := a.find(r)
	if err != nil {
		return nil, err
	}
	if !a.server.UpdateConsumer(found.Key, func(c *twcloudtest.Consumer) {
		change.apply(c)
		found = *c
	}) {
		return nil, errNoConsumer
	}
	return withoutSecret(found), nil
}

func (a api) removeConsumer(r *http.Request) (any, error) {
	found, err := a.find(r)
	if err != nil {
		return nil, err
	}
	if !a.server.RemoveConsumer(found.Key) {
		return nil, errNoConsumer
	}
	return withoutSecret(found), nil
}

func (a api) status() Status {
	return Status{
		REST: a.server.URL(), WebApp: a.server.WebAppURL(), AdminPage: a.server.AdminPageURL(),
		Seats: a.server.Seats(), Sessions: a.server.Sessions(), Logins: a.server.Logins(), Logouts: a.server.Logouts(),
	}
}

func (a api) faults() Faults {
	return Faults{Kinds: append(twcloudtest.AllFaultKinds(), twcloudtest.AnswerWith), Pending: a.server.PendingFaults()}
}

func (a api) inject(r *http.Request) (any, error) {
	var fault twcloudtest.Fault
	if err := parse(r, &fault); err != nil {
		return nil, err
	}
	switch {
	case fault.Kind == 0:
		return nil, errors.New("the kind of the fault is missing")
	case fault.Kind == twcloudtest.AnswerWith && (fault.Status < 200 || fault.Status > 599):
		return nil, errors.New("answer-with needs a status from 200 to 599")
	case fault.Server != "" && fault.Server != twcloudtest.REST && fault.Server != twcloudtest.WebApp:
		return nil, errors.New("the server must be rest or webapp")
	}
	fault.Method = strings.ToUpper(fault.Method)
	a.server.Inject(fault)
	return nil, nil //nolint:nilnil // There is nothing to answer.
}
