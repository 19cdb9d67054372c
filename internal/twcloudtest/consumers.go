package twcloudtest

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// Everything about the admin API for consumers is assumed (A).

// consumerAnswer is a consumer on the wire, with fields that no client knows.
type consumerAnswer struct {
	wire.OAuthConsumer
	CreatedOn string `json:"createdOn"`
	Links     struct {
		Self string `json:"self"`
	} `json:"_links"`
}

func toWire(c *storedConsumer) consumerAnswer {
	a := consumerAnswer{
		OAuthConsumer: wire.OAuthConsumer{Key: c.Key, Name: c.Name, Approved: c.Approved},
		CreatedOn:     c.created.UTC().Format(time.RFC3339),
	}
	a.Links.Self = "oauth-consumer"
	return a
}

// administrators lets only users with the Configure Server permission through
// (V).
func (s *Server) administrators(next handler) handler {
	return func(x *exchange) *answer {
		if !x.session.user.ConfigureServer {
			return s.failure(http.StatusForbidden, "This needs the permission "+wire.ConfigureServerPermission+".")
		}
		return next(x)
	}
}

// listConsumers answers every consumer, in an order that differs from call to
// call, so that nobody comes to rely on one. The differences are the same in
// every run.
func (s *Server) listConsumers(*exchange) *answer {
	st := s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	consumers := make([]consumerAnswer, 0, len(st.order))
	for _, key := range st.order {
		consumers = append(consumers, toWire(st.consumers[key]))
	}
	st.lists++
	// The order must be the same in every run.
	rand.New(rand.NewPCG(st.lists, 1)).Shuffle(len(consumers), func(i, j int) {
		consumers[i], consumers[j] = consumers[j], consumers[i]
	})
	return jsonAnswer(http.StatusOK, consumers)
}

// registerConsumer never approves what it registers.
func (s *Server) registerConsumer(x *exchange) *answer {
	change, err := parseConsumer(x)
	if err == nil && (change.name == nil || change.secret == nil) {
		err = errors.New("name and secret are required")
	}
	if err != nil {
		return s.failure(s.config.RefusalStatus, err.Error())
	}
	stored, err := s.register(*change.name, *change.secret)
	switch {
	case errors.Is(err, errNameTaken):
		return s.failure(http.StatusConflict, err.Error())
	case err != nil:
		return s.failure(http.StatusInternalServerError, err.Error())
	}
	return jsonAnswer(http.StatusCreated, toWire(&stored))
}

func (s *Server) readConsumer(x *exchange) *answer {
	return s.withConsumer(x, func(stored *storedConsumer) *answer {
		return jsonAnswer(http.StatusOK, toWire(stored))
	})
}

// updateConsumer changes only the attributes that are specified.
func (s *Server) updateConsumer(x *exchange) *answer {
	return s.withConsumer(x, func(stored *storedConsumer) *answer {
		change, err := parseConsumer(x)
		if err != nil {
			return s.failure(s.config.RefusalStatus, err.Error())
		}
		if change.name != nil {
			if s.config.UniqueNames && s.state.nameTaken(*change.name, stored.Key) {
				return s.failure(http.StatusConflict, errNameTaken.Error())
			}
			stored.Name = *change.name
		}
		if change.secret != nil {
			stored.Secret = *change.secret
		}
		if change.approved != nil {
			stored.Approved = *change.approved
		}
		return jsonAnswer(http.StatusOK, toWire(stored))
	})
}

func (s *Server) deleteConsumer(x *exchange) *answer {
	return s.withConsumer(x, func(stored *storedConsumer) *answer {
		s.state.remove(stored.Key)
		return newAnswer(http.StatusNoContent, "", nil)
	})
}

// withConsumer calls do, under the lock, with the consumer whose key is in the
// path.
func (s *Server) withConsumer(x *exchange, do func(*storedConsumer) *answer) *answer {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	stored, ok := s.state.consumers[x.parameters["key"]]
	if !ok {
		return s.failure(http.StatusNotFound, "There is no consumer with this key.")
	}
	return do(stored)
}

// consumerInput is the body of a POST or PATCH. Nil is not specified.
type consumerInput struct {
	name, secret *string
	approved     *bool
}

// parseConsumer refuses a body that is not a JSON object, a blank name, an empty
// secret and attributes of the wrong type. Attributes that it does not know are
// ignored.
func parseConsumer(x *exchange) (consumerInput, error) {
	var input consumerInput
	mediaType, _, _ := strings.Cut(x.request.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), "application/json") {
		return input, errors.New("the Content-Type must be application/json")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(x.body, &fields); err != nil || fields == nil {
		return input, errors.New("the body must be a JSON object")
	}
	for _, field := range []struct {
		name   string
		target any
		want   string
	}{
		{"name", &input.name, "a string"},
		{"secret", &input.secret, "a string"},
		{"approved", &input.approved, "true or false"},
	} {
		value, ok := fields[field.name]
		if !ok {
			continue
		}
		if json.Unmarshal(value, field.target) != nil || string(value) == "null" {
			return input, errors.New(field.name + " must be " + field.want)
		}
	}
	if input.name != nil && strings.TrimSpace(*input.name) == "" {
		return input, errors.New("name must not be blank")
	}
	if input.secret != nil && *input.secret == "" {
		return input, errors.New("secret must not be empty")
	}
	return input, nil
}
