package twcloudtest

import (
	"errors"
	"math/rand/v2"
	"net/http"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// What the consumer API looks like is the profile's: this file does what its
// calls ask for. Everything about the API is assumed (A).

// consumerEndpoint is the endpoint of the consumer API at the path of a request.
func (s *Server) consumerEndpoint(x *exchange) (endpoint, bool) {
	if x.part != s.profile.Server {
		return endpoint{}, false
	}
	var methods []string
	x.call, methods = s.matchCall(x)
	found := endpoint{session: sessionNeeded, methods: map[string]handler{}}
	for _, method := range methods {
		found.methods[method] = s.administrators(s.callConsumers)
	}
	if s.builtIn && len(methods) > 0 {
		x.operation = wire.DefaultOAuthConsumersPath
		if x.path != s.profile.Calls.List.Path {
			x.operation += "/{key}"
			x.parameters = map[string]string{"key": profile.LastSegment(x.path)}
		}
	}
	return found, len(methods) > 0
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

// callConsumers does what the call of a request is for.
func (s *Server) callConsumers(x *exchange) *answer {
	if refusal := s.checkHeaders(x); refusal != nil {
		return refusal
	}
	var a *answer
	switch x.call.name {
	case "list":
		a = s.listConsumers(x)
	case "register":
		a = s.registerConsumer(x)
	default:
		a = s.withConsumer(x)
	}
	s.sendCSRFToken(x, a)
	return a
}

// listConsumers answers the consumers. Without pages, their order differs from
// call to call, so that nobody relies on one. The differences are the same in
// every run.
func (s *Server) listConsumers(x *exchange) *answer {
	if _, err := x.call.input(s.profile); err != nil {
		return s.failure(s.config.RefusalStatus, err.Error())
	}
	st := s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	consumers := make([]*storedConsumer, 0, len(st.order))
	for _, key := range st.order {
		consumers = append(consumers, st.consumers[key])
	}
	if x.call.Pages != nil {
		return s.listPage(x, consumers)
	}
	st.lists++
	rand.New(rand.NewPCG(st.lists, 1)).Shuffle(len(consumers), func(i, j int) {
		consumers[i], consumers[j] = consumers[j], consumers[i]
	})
	return s.listAnswer(x.call, consumers, nil)
}

// registerConsumer approves what it registers only if the call says so.
func (s *Server) registerConsumer(x *exchange) *answer {
	stored, refusal := s.registerInput(x.call)
	if refusal != nil {
		return refusal
	}
	return s.consumerAnswer(x.call, stored)
}

func (s *Server) registerInput(c *call) (*storedConsumer, *answer) {
	input, err := c.input(s.profile)
	if err != nil {
		return nil, s.failure(s.config.RefusalStatus, err.Error())
	}
	stored, err := s.register(input)
	switch {
	case errors.Is(err, errNameTaken):
		return nil, s.failure(http.StatusConflict, err.Error())
	case err != nil:
		return nil, s.failure(http.StatusInternalServerError, err.Error())
	}
	return &stored, nil
}

// withConsumer reads, changes or removes the consumer whose key the request has.
func (s *Server) withConsumer(x *exchange) *answer {
	key, err := x.call.key()
	if err != nil {
		return s.failure(s.config.RefusalStatus, err.Error())
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	stored, ok := s.state.consumers[key]
	if !ok {
		return s.failure(http.StatusNotFound, "There is no consumer with this key.")
	}
	input, err := x.call.input(s.profile)
	if err != nil {
		return s.failure(s.config.RefusalStatus, err.Error())
	}
	switch x.call.name {
	case "read":
	case "remove":
		s.state.remove(key)
	default:
		if refusal := s.update(x.call, stored, input); refusal != nil {
			return refusal
		}
	}
	return s.consumerAnswer(x.call, stored)
}

// update changes only the attributes that are specified. Approve and disapprove
// do so by name, too.
func (s *Server) update(c *call, stored *storedConsumer, input consumerInput) *answer {
	if c.name == "approve" || c.name == "disapprove" {
		if approved := c.name == "approve"; input.approved == nil {
			input.approved = &approved
		}
	}
	if input.name != nil {
		if s.config.UniqueNames && s.state.nameTaken(*input.name, stored.Key) {
			return s.failure(http.StatusConflict, errNameTaken.Error())
		}
		stored.Name = *input.name
	}
	if input.secret != nil {
		stored.Secret = *input.secret
	}
	if input.approved != nil {
		stored.Approved = *input.approved
	}
	return nil
}
