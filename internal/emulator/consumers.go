package emulator

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// What the consumer API looks like is the profile's: this file does what its
// calls ask for. Everything about the API is assumed (A).

// callConsumers does what the call of a request is for, if the user has the
// permission (V). A call without a session is for everyone.
func (s *Server) callConsumers(x *exchange) *answer {
	if x.session != nil && !x.session.user.ConfigureServer {
		return failure(http.StatusForbidden, "This needs the permission "+wire.ConfigureServerPermission+".")
	}
	if refusal := s.checkToken(x); refusal != nil {
		return refusal
	}
	a := s.performQuirky(x)
	s.sendCSRFToken(x, a)
	return a
}

// perform does what a call asks for.
func (s *Server) perform(x *exchange, c *call) *answer {
	switch values := c.values; {
	case values.Name != nil && strings.TrimSpace(*values.Name) == "":
		return s.refuse(c, http.StatusBadRequest, "name must not be blank")
	case values.Secret != nil && *values.Secret == "":
		return s.refuse(c, http.StatusBadRequest, "secret must not be empty")
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	switch c.Name {
	case "list":
		return s.listConsumers(x, c, s.state.inOrder())
	case "register":
		return s.change(c, Consumer{Key: s.newKey()})
	}
	stored, ok := s.state.consumers[c.values.Key]
	if !ok {
		return s.refuse(c, http.StatusNotFound, "There is no consumer with this key.")
	}
	for name, value := range kept(c.profile, stored) {
		if sent, carried := c.values.Keep[name]; carried && !sameValue(sent, value) {
			return s.refuse(c, http.StatusConflict, "The consumer has changed: "+name+" is not what it was.")
		}
	}
	switch c.Name {
	case "read":
	case "remove":
		delete(s.state.consumers, stored.Key)
	default:
		return s.change(c, stored.Consumer)
	}
	return s.describe(c, stored)
}

// change stores a consumer with the values that a call has, and with what the call
// is for. Whatever a registration says, the consumer is not approved yet (V). The
// caller holds the lock.
func (s *Server) change(c *call, consumer Consumer) *answer {
	consumer.Approved = consumer.Approved && c.Name != "disapprove" || c.Name == "approve"
	if approved := c.values.Approved; approved != nil && c.Name != "register" {
		consumer.Approved = *approved
	}
	if secret := c.values.Secret; secret != nil {
		consumer.Secret = *secret
	}
	if name := c.values.Name; name != nil {
		for _, other := range s.state.consumers {
			if s.config.UniqueNames && other.Name == *name && other.Key != consumer.Key {
				return s.refuse(c, http.StatusConflict, "a consumer of this name exists already")
			}
		}
		consumer.Name = *name
	}
	return s.describe(c, s.put(consumer))
}

// describe answers a call with a consumer.
func (s *Server) describe(c *call, stored *storedConsumer) *answer {
	return profileAnswer(c.profile.Write(c.Call, []profile.Consumer{shown(c.profile, stored)}, s.prefixOf(c)))
}

// shown is a consumer as a response has it, with members that no client knows.
func shown(p *profile.Profile, stored *storedConsumer) profile.Consumer {
	name, approved := stored.Name, stored.Approved
	return profile.Consumer{
		Key: stored.Key, Name: &name, Approved: &approved, Keep: kept(p, stored),
		Others: map[string]any{"createdOn": stored.created.UTC().Format(time.RFC3339), "_links": map[string]any{"self": "oauth-consumer"}},
	}
}

// kept are the members that calls must send back: each is the version of the
// consumer.
func kept(p *profile.Profile, stored *storedConsumer) map[string]any {
	members := map[string]any{}
	for name := range p.Keep {
		members[name] = json.Number(strconv.Itoa(stored.version))
	}
	return members
}

// sameValue compares what a call has sent with a number. A query or a form has it
// as a text.
func sameValue(sent, number any) bool {
	if text, isText := sent.(string); isText {
		sent = json.Number(text)
	}
	return reflect.DeepEqual(sent, number)
}

// listed is an item of a list.
type listed struct {
	profile.Consumer
	number int // in order of registration
}

// otherKind is what a list has besides OAuth 1.0a consumers, if it can have more: an
// OAuth 2.0 client.
func otherKind() listed {
	name, approved := "Reports", true
	return listed{Consumer: profile.Consumer{Key: "0a0b0c0d", Name: &name, Approved: &approved, OtherKind: true}}
}

// listConsumers answers consumers. Without pages, their order differs from
// call to call, so that nobody relies on one. The differences are the same in
// every run. The caller holds the lock.
func (s *Server) listConsumers(x *exchange, c *call, consumers []*storedConsumer) *answer {
	var items []listed
	if len(c.Response.Only) > 0 {
		items = append(items, otherKind())
	}
	for _, stored := range consumers {
		items = append(items, listed{shown(c.profile, stored), stored.number})
	}
	if c.Pages.By != "none" {
		return s.listPage(x, c, items)
	}
	s.state.lists++
	rand.New(rand.NewPCG(s.state.lists, 1)).Shuffle(len(items), func(i, j int) {
		items[i], items[j] = items[j], items[i]
	})
	return s.writeList(c, items)
}

func (s *Server) writeList(c *call, items []listed) *answer {
	consumers := make([]profile.Consumer, 0, len(items))
	for _, item := range items {
		consumers = append(consumers, item.Consumer)
	}
	return profileAnswer(c.profile.Write(c.Call, consumers, s.prefixOf(c)))
}
