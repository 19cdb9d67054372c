package emulator

import (
	"math/rand/v2"
	"net/http"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
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
		found.methods[method] = s.callConsumers
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

// callConsumers does what the call of a request is for, if the user has the
// permission (V).
func (s *Server) callConsumers(x *exchange) *answer {
	if !x.session.user.ConfigureServer {
		return failure(http.StatusForbidden, "This needs the permission "+wire.ConfigureServerPermission+".")
	}
	if refusal := s.checkHeaders(x); refusal != nil {
		return refusal
	}
	var a *answer
	switch x.call.name {
	case "list":
		a = s.listConsumers(x)
	case "register":
		a = s.registerConsumer(x.call)
	default:
		a = s.withConsumer(x.call)
	}
	s.sendCSRFToken(x, a)
	return a
}

// listConsumers answers the consumers. Without pages, their order differs from
// call to call, so that nobody relies on one. The differences are the same in
// every run.
func (s *Server) listConsumers(x *exchange) *answer {
	if _, err := x.call.input(s.profile); err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	st := s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	consumers := st.inOrder()
	if x.call.Pages != nil {
		return s.listPage(x, consumers)
	}
	st.lists++
	rand.New(rand.NewPCG(st.lists, 1)).Shuffle(len(consumers), func(i, j int) {
		consumers[i], consumers[j] = consumers[j], consumers[i]
	})
	return shapedAnswer(x.call, s.listDocument(x.call, consumers))
}

// registerConsumer registers a consumer under a new key.
func (s *Server) registerConsumer(c *call) *answer {
	input, err := c.input(s.profile)
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	return s.change(c, Consumer{Key: s.newKey()}, input)
}

// withConsumer reads, changes or removes the consumer whose key the request has.
func (s *Server) withConsumer(c *call) *answer {
	key, err := c.key()
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	stored, ok := s.state.consumers[key]
	if !ok {
		return failure(http.StatusNotFound, "There is no consumer with this key.")
	}
	input, err := c.input(s.profile)
	if err != nil {
		return failure(http.StatusBadRequest, err.Error())
	}
	switch c.name {
	case "read":
	case "remove":
		delete(s.state.consumers, key)
	default:
		if approve := c.name == "approve"; input.approved == nil && (approve || c.name == "disapprove") {
			input.approved = &approve
		}
		return s.change(c, stored.Consumer, input)
	}
	return s.consumerAnswer(c, stored)
}

// change stores a consumer with the attributes that are specified. The caller
// holds the lock.
func (s *Server) change(c *call, consumer Consumer, input consumerInput) *answer {
	if input.name != nil {
		for _, other := range s.state.consumers {
			if s.config.UniqueNames && other.Name == *input.name && other.Key != consumer.Key {
				return failure(http.StatusConflict, "a consumer of this name exists already")
			}
		}
		consumer.Name = *input.name
	}
	if input.secret != nil {
		consumer.Secret = *input.secret
	}
	if input.approved != nil {
		consumer.Approved = *input.approved
	}
	return s.consumerAnswer(c, s.put(consumer))
}
