package twcloud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// answer is the answer to a call.
type answer struct {
	*http.Response
	call     *profile.Call
	approved profile.Approved
	redact   *redactor
}

// expected reports whether the status means success in the profile. Another 2xx
// may be a success, too: check what exists on the server.
func (a *answer) expected() bool { return slices.Contains(a.call.Success, a.StatusCode) }

// failure returns an *Error for the answer.
func (a *answer) failure() *Error {
	failure := newStatusError(a.Request, a.Response, a.redact)
	failure.Part = partOf(a.call)
	return failure
}

// unreadable returns an *Error for an answer that lacks what it should have.
func (a *answer) unreadable(format string, arguments ...any) *Error {
	failure := a.failure()
	failure.Kind, failure.Message = ErrUnreadable, ""
	failure.Cause = fmt.Errorf(format, arguments...)
	if looksLikeWebPage(a.Response) {
		failure.Kind, failure.Cause, failure.Message = ErrWebPage, nil, wordsOf(a.Response, a.redact)
	}
	return failure
}

// partial is the part of a consumer that an answer has. Nil is a missing value:
// if a missing approval were read as false, the provider would disapprove.
type partial struct {
	key      string
	name     *string
	approved *bool
}

// complete reports whether the answer has everything.
func (p partial) complete() bool { return p.key != "" && p.name != nil && p.approved != nil }

func (p partial) consumer() Consumer {
	consumer := Consumer{Key: p.key}
	if p.name != nil {
		consumer.Name = *p.name
	}
	if p.approved != nil {
		consumer.Approved = *p.approved
	}
	return consumer
}

// document reads the body as JSON. Numbers keep their notation.
func (a *answer) document() (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(bodyOf(a.Response)))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, a.unreadable("not JSON: %w", err).at("answer", "")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, a.unreadable("more text after the end of the JSON").at("answer", "")
	}
	return document, nil
}

// one reads the consumer in the answer. With an error, it still returns what is
// readable.
func (a *answer) one() (partial, error) {
	places := a.call.Answer
	var found partial
	switch {
	case places == nil:
		return found, nil
	case places.Format == "text":
		text := strings.TrimSpace(string(bodyOf(a.Response)))
		if text == "" || strings.ContainsAny(text, "\r\n<{") || looksLikeWebPage(a.Response) {
			return found, a.unreadable("the body is not a key").at("answer.format", "")
		}
		return partial{key: text}, nil
	case places.KeyHeader != "":
		found.key = a.Header.Get(places.KeyHeader)
		if places.KeyIsLastSegment {
			found.key = profile.LastSegment(found.key)
		}
		if found.key == "" {
			return found, a.unreadable("the answer has no key in the header %s", places.KeyHeader).at("answer.key_header", "")
		}
	}
	if places.Key == nil && places.Name == nil && places.Approved == nil {
		return found, nil
	}
	document, err := a.document()
	if err != nil {
		return found, err
	}
	read, err := a.consumerIn(document)
	if read.key == "" {
		read.key = found.key
	}
	return read, err
}

// maxKey limits a key, in bytes: it has to fit into a path.
const maxKey = 4096

// consumerIn reads one consumer from a JSON value.
func (a *answer) consumerIn(value any) (partial, error) {
	var found partial
	places := a.call.Answer
	if places.Key != nil {
		at, _ := profile.Lookup(value, *places.Key)
		switch at := at.(type) {
		case string:
			found.key = at
		case json.Number:
			found.key = at.String()
		}
		if places.KeyIsLastSegment {
			found.key = profile.LastSegment(found.key)
		}
		if len(found.key) > maxKey {
			return partial{}, a.unreadable("the key of a consumer has %d bytes", len(found.key)).at("answer.key", "")
		}
		if found.key == "" {
			return found, a.unreadable("a consumer without a key at %q: %s", *places.Key, describe(value)).at("answer.key", describe(value))
		}
	}
	var problem error
	if places.Name != nil {
		at, _ := profile.Lookup(value, *places.Name)
		if name, ok := at.(string); ok {
			found.name = &name
		} else {
			problem = a.unreadable("consumer %q has no name at %q: %s", found.key, *places.Name, describe(value)).at("answer.name", describe(value))
		}
	}
	if places.Approved != nil {
		at, _ := profile.Lookup(value, *places.Approved)
		switch yes, no := contains(a.approved.Yes, at), contains(a.approved.No, at); {
		case yes, no:
			found.approved = &yes
		case at == nil:
			problem = a.unreadable("consumer %q does not say whether it is approved at %q: %s", found.key, *places.Approved, describe(value)).
				at("answer.approved", describe(value))
		default:
			failure := a.unreadable("consumer %q: the value at %q is %s, which the API profile lists neither as a yes nor as a no",
				found.key, *places.Approved, quoteJSON(at))
			failure.Part, failure.Found = "approved", "the value is another "+typeOf(at)
			problem = failure
		}
	}
	return found, problem
}

func contains(values []any, value any) bool {
	return slices.ContainsFunc(values, func(one any) bool { return reflect.DeepEqual(one, value) })
}

func quoteJSON(value any) string {
	encoded, _ := json.Marshal(value) // It came from JSON.
	return shorten(string(encoded))
}

// describe names the members of a JSON object, or the type of another value,
// but no values.
func describe(value any) string {
	object, ok := value.(map[string]any)
	if !ok {
		return "it is a JSON " + typeOf(value)
	}
	if len(object) == 0 {
		return "it has no members"
	}
	names, others := fieldNames(object)
	if others > 0 {
		names = append(names, fmt.Sprintf("and %d others", others))
	}
	if len(names) > 20 {
		names = append(names[:20], "...")
	}
	return shorten(fmt.Sprintf("its members are %s", strings.Join(names, ", ")))
}
