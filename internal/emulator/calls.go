package emulator

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// call is a request that matches a call of a profile.
type call struct {
	*profile.Call
	profile *profile.Profile
	values  profile.Values
}

// callsOf returns the calls that go to one of the servers, each with its path.
func (s *Server) callsOf(part string) []*profile.Call {
	var calls []*profile.Call
	for _, described := range s.profile.Calls.All() {
		if described.Discover != "" {
			// The root services document names this path.
			discovered := *described
			discovered.Server, discovered.Path = WebApp, wire.RequestConsumerKeyPath
			if !s.config.RegistrationSession {
				discovered.SignIn = "none"
			}
			described = &discovered
		}
		if s.profile.ServerOf(described.Server) == part {
			calls = append(calls, described)
		}
	}
	return calls
}

// consumerEndpoint is the endpoint of the consumer API at the path of a request.
// Of several calls that match, the one with more literals is meant.
func (s *Server) consumerEndpoint(x *exchange) (endpoint, bool) {
	found := endpoint{methods: map[string]handler{}}
	var differences []string
	literal := -1
	for _, described := range s.callsOf(x.part) {
		values, err := s.match(described, x)
		if errors.Is(err, profile.ErrOtherCall) {
			continue
		}
		found.methods[described.Method] = s.callConsumers
		need := sessionNeeded
		if described.SignIn == "none" {
			need = sessionIgnored
		}
		switch {
		case described.Method != x.request.Method:
		case err != nil:
			differences = append(differences, described.Name+": "+err.Error())
			if x.call == nil {
				found.session = need
			}
		case literals(described) > literal:
			x.call, found.session, literal = &call{described, s.profile, values}, need, literals(described)
		}
	}
	if x.call == nil && len(differences) > 0 {
		found.methods[x.request.Method] = func(*exchange) *answer {
			return failure(http.StatusBadRequest, strings.Join(differences, "; "))
		}
	}
	if s.builtIn && len(found.methods) > 0 {
		x.operation = wire.DefaultOAuthConsumersPath
		if x.path != s.profile.Calls.List.Path {
			x.operation += "/{key}"
			x.parameters = map[string]string{"key": profile.LastSegment(x.path)}
		}
	}
	return found, len(found.methods) > 0
}

// match matches a request with a call, whatever its method is. The query of a list
// has the parameters of its pages only.
func (s *Server) match(described *profile.Call, x *exchange) (profile.Values, error) {
	values, err := s.profile.Match(described, &profile.Request{
		Method: described.Method, Path: x.path, Query: x.request.URL.Query(), Header: x.request.Header, Body: x.body,
	})
	for parameter := range values.Page {
		if err == nil && parameter != pageParameter(described.Pages) {
			err = errors.New("the query has " + parameter + ", which is not known")
		}
	}
	return values, err
}

// literals counts the values of a call that are fixed.
func literals(c *profile.Call) int {
	n := 0
	for segment := range strings.SplitSeq(c.Path, "/") {
		n += literalsIn(segment)
	}
	for _, group := range []map[string]string{c.Query, c.Headers, c.Form} {
		for _, text := range group {
			n += literalsIn(text)
		}
	}
	if c.JSON != nil {
		n += literalsIn(c.JSON)
	}
	return n
}

func literalsIn(template any) int {
	n := 0
	switch template := template.(type) {
	case []any:
		for _, element := range template {
			n += literalsIn(element)
		}
	case map[string]any:
		for _, member := range template {
			n += literalsIn(member)
		}
	case string:
		if !strings.HasPrefix(template, "{") {
			n = 1
		}
	default:
		n = 1
	}
	return n
}

// refuse answers a call that matches and cannot be made: as the call expects it, or
// with a redirect to another place than that of success, or else with a status.
func (s *Server) refuse(c *call, status int, message string) *answer {
	if refusal := c.profile.Refuse(c.Call, message); refusal != nil {
		return profileAnswer(refusal)
	}
	if c.Redirect != "" {
		a := newAnswer(http.StatusSeeOther, "", nil)
		a.header.Set("Location", s.prefixOf(c)+s.refusedPath())
		return a
	}
	return failure(status, message)
}

// prefixOf is in front of every path of the server that a call goes to.
func (s *Server) prefixOf(c *call) string { return s.config.prefix(c.profile.ServerOf(c.Server)) }

// profileAnswer is a response as a profile writes it.
func profileAnswer(r *profile.Response) *answer {
	return &answer{status: r.Status, header: r.Header, body: r.Body}
}

// consumerServer is the server that the consumer API is on: that of its first call.
func (s *Server) consumerServer() string {
	i := slices.IndexFunc([]string{REST, WebApp}, func(part string) bool { return len(s.callsOf(part)) > 0 })
	return []string{REST, WebApp}[max(i, 0)]
}
