package twcloudtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
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

	// form says that the values of the body are text.
	form bool

	// wrong names the fixed values that the request lacks.
	wrong []string

	// err says why the body cannot be read.
	err error

	// How well the request fits: fixed segments of the path; placeholders and
	// fixed values that were found and not found; members that the call lacks.
	literals, found, missing, unknown int
}

// matchCall finds the call that a request is for, and the methods of all calls
// at its path.
func (s *Server) matchCall(x *exchange) (best *call, methods []string) {
	var fitting []*call
	for name, described := range s.profile.Calls.All() {
		c := &call{Call: described, name: name, given: map[string][]any{}}
		if !c.matchPath(x.path) {
			continue
		}
		methods = append(methods, c.Method)
		if c.Method == x.request.Method {
			c.readQuery(x.request.URL.Query())
			c.readBody(x)
			fitting = append(fitting, c)
		}
	}
	if len(fitting) == 0 {
		return nil, methods
	}
	return slices.MinFunc(fitting, func(a, b *call) int {
		return cmp.Or(
			cmp.Compare(b.literals, a.literals),
			cmp.Compare(len(a.wrong), len(b.wrong)),
			cmp.Compare(a.unknown, b.unknown),
			cmp.Compare(a.missing, b.missing),
			cmp.Compare(b.found, a.found),
		)
	}), methods
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
			continue
		}
		if fixed, err := url.PathUnescape(want[i]); err != nil || fixed != segment {
			return false
		}
		c.literals++
	}
	return true
}

func (c *call) give(placeholder string, value any) {
	c.given[placeholder] = append(c.given[placeholder], value)
	c.found++
}

// readText compares one text with its template.
func (c *call) readText(name, template string, values []string) {
	switch {
	case len(values) == 0:
		c.lacks(name, template)
	case len(values) > 1:
		c.err = errors.New(name + " occurs twice")
	case isPlaceholder(template):
		c.give(template, values[0])
	case values[0] != template:
		c.wrong = append(c.wrong, name)
	default:
		c.found++
	}
}

// lacks notes what a part of the template needs and the request does not have.
func (c *call) lacks(name string, template any) {
	c.missing++
	if text, ok := template.(string); !ok || !isPlaceholder(text) {
		if !hasPlaceholder(template) {
			c.wrong = append(c.wrong, name)
		}
	}
}

func (c *call) readQuery(query url.Values) {
	for name, template := range c.Query {
		c.readText(name, template, query[name])
	}
}

func (c *call) readBody(x *exchange) {
	mediaType, _, _ := strings.Cut(x.request.Header.Get("Content-Type"), ";")
	mediaType = strings.TrimSpace(mediaType)
	switch {
	case c.Form != nil:
		c.form = true
		if !strings.EqualFold(mediaType, formType) {
			c.err = errors.New("the Content-Type must be " + formType)
			return
		}
		values, err := url.ParseQuery(string(x.body))
		if err != nil {
			c.err = errors.New("the body must be a form")
			return
		}
		for name, template := range c.Form {
			c.readText(name, template, values[name])
		}
		for name := range values {
			if _, known := c.Form[name]; !known {
				c.unknown++
			}
		}
	case c.JSON != nil:
		if !strings.EqualFold(mediaType, "application/json") {
			c.err = errors.New("the Content-Type must be application/json")
			return
		}
		var body any
		decoder := json.NewDecoder(bytes.NewReader(x.body))
		decoder.UseNumber()
		err := decoder.Decode(&body)
		if _, end := decoder.Token(); err != nil || !errors.Is(end, io.EOF) {
			body = nil
		}
		c.readJSON("the body", c.JSON, body)
	}
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
	case string:
		if isPlaceholder(template) {
			c.give(template, body)
			return
		}
		c.readFixed(name, template, body)
	default:
		c.readFixed(name, template, body)
	}
}

func (c *call) readFixed(name string, template, body any) {
	if !reflect.DeepEqual(template, body) {
		c.wrong = append(c.wrong, name)
		return
	}
	c.found++
}

func isPlaceholder(text string) bool {
	switch text {
	case profile.Key, profile.Name, profile.Secret, profile.ApprovedNow, profile.CSRFToken:
		return true
	default:
		return false
	}
}

func hasPlaceholder(template any) bool {
	switch template := template.(type) {
	case string:
		return isPlaceholder(template)
	case []any:
		return slices.ContainsFunc(template, hasPlaceholder)
	case map[string]any:
		for _, member := range template {
			if hasPlaceholder(member) {
				return true
			}
		}
	}
	return false
}
