package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// This file reads the requests to the consumer API as the profile describes
// them. It shares nothing with the client that builds them, so that errors of
// the two cannot cancel each other out.

// call is a request that was matched with a call of the profile.
type call struct {
	*profile.Call
	name string

	// given has the values that the request has in place of placeholders.
	given map[string][]any

	// wrong names the fixed values that the request lacks.
	wrong []string

	// err says why the request cannot be read.
	err error

	// How badly the request fits: placeholders in the path, values that are
	// missing, and values that the call does not have.
	open, missing, unknown int
}

func (c *call) misfit() []int { return []int{c.open, len(c.wrong), c.unknown, c.missing} }

// matchCall finds the call that a request is for, and the methods of all calls
// at its path.
func (s *Server) matchCall(x *exchange) (best *call, methods []string) {
	for name, described := range s.profile.Calls.All() {
		c := &call{Call: described, name: name, given: map[string][]any{}}
		if !c.matchPath(x.path) {
			continue
		}
		methods = append(methods, c.Method)
		if c.Method == x.request.Method {
			c.readTexts(c.Query, x.request.URL.Query())
			c.readBody(x)
			if best == nil || slices.Compare(c.misfit(), best.misfit()) < 0 {
				best = c
			}
		}
	}
	return best, methods
}

// matchPath compares segment by segment, so that a key can have any character.
func (c *call) matchPath(path string) bool {
	want, got := strings.Split(c.Path, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		segment, err := url.PathUnescape(got[i])
		if err != nil {
			return false
		}
		if want[i] == profile.Key {
			// Dot segments never get through a proxy.
			if got[i] == "" || got[i] == "." || got[i] == ".." {
				return false
			}
			c.give(profile.Key, segment)
			c.open++
			continue
		}
		if fixed, err := url.PathUnescape(want[i]); err != nil || fixed != segment {
			return false
		}
	}
	return true
}

func (c *call) give(placeholder string, value any) {
	c.given[placeholder] = append(c.given[placeholder], value)
}

// lacks notes what the call has and the request does not.
func (c *call) lacks(name string, template any) {
	c.missing++
	if !hasPlaceholder(template) {
		c.wrong = append(c.wrong, name)
	}
}

// readTexts compares the values of a query or a form with their templates.
func (c *call) readTexts(templates map[string]string, values url.Values) {
	for name, template := range templates {
		switch texts := values[name]; {
		case len(texts) == 0:
			c.lacks(name, template)
		case len(texts) > 1:
			c.err = errors.New(name + " occurs twice")
		default:
			c.readJSON(name, template, texts[0])
		}
	}
	for name := range values {
		if _, known := templates[name]; !known {
			c.unknown++
		}
	}
}

func (c *call) readBody(x *exchange) {
	switch {
	case c.Form != nil:
		values, err := url.ParseQuery(string(x.body))
		if err != nil || mediaType(x.request) != formType {
			c.err = errors.New("the body must be a form, and the Content-Type " + formType)
			return
		}
		c.readTexts(c.Form, values)
	case c.JSON != nil:
		var body any
		decoder := json.NewDecoder(bytes.NewReader(x.body))
		decoder.UseNumber()
		err := decoder.Decode(&body)
		if _, end := decoder.Token(); err != nil || !errors.Is(end, io.EOF) || mediaType(x.request) != "application/json" {
			c.err = errors.New("the body must be JSON, and the Content-Type application/json")
			return
		}
		c.readJSON("the body", c.JSON, body)
	case len(x.body) > 0:
		c.unknown++
	}
}

// mediaType is the Content-Type of a request without parameters.
func mediaType(r *http.Request) string {
	found, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(found))
}

// readJSON takes the values out of a body by walking its template.
func (c *call) readJSON(name string, template, body any) {
	switch template := template.(type) {
	case map[string]any:
		object, ok := body.(map[string]any)
		if !ok {
			c.err = errors.New(name + " must be a JSON object")
			return
		}
		for member, inner := range template {
			if value, found := object[member]; found {
				c.readJSON(member, inner, value)
			} else {
				c.lacks(member, inner)
			}
		}
		for member := range object {
			if _, known := template[member]; !known {
				c.unknown++
			}
		}
	case []any:
		array, ok := body.([]any)
		if !ok || len(array) != len(template) {
			c.err = fmt.Errorf("%s must be a JSON array of %d", name, len(template))
			return
		}
		for i := range template {
			c.readJSON(name, template[i], array[i])
		}
	default:
		if text, ok := template.(string); ok && isPlaceholder(text) {
			c.give(text, body)
		} else if !reflect.DeepEqual(template, body) {
			c.wrong = append(c.wrong, name)
		}
	}
}

func isPlaceholder(text string) bool {
	return slices.Contains([]string{profile.Key, profile.Name, profile.Secret, profile.ApprovedNow, profile.CSRFToken}, text)
}

func hasPlaceholder(template any) bool {
	switch template := template.(type) {
	case string:
		return isPlaceholder(template)
	case []any:
		return slices.ContainsFunc(template, hasPlaceholder)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(template)), hasPlaceholder)
	}
	return false
}
