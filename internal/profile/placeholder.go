package profile

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Placeholders are the strings of a profile that values replace. Each is a whole
// value, or a whole segment of a path.
const (
	Key         = "{key}"
	Name        = "{name}"
	Secret      = "{secret}"
	ApprovedNow = "{approved}"
	CSRFToken   = "{csrf}"
	Origin      = "{origin}" // in a header: scheme, host and port of the server
	KeyNumber   = "{key:number}"

	keepPrefix = "{keep."
)

// Placeholders of a sign-in.
const (
	Username = "{username}"
	Password = "{password}"
)

// What a sign-in has got before, and sends back. SourceOf has the placeholders.
const (
	FromQuery    = "query"    // a parameter of the page's address
	FromField    = "field"    // a field of the page
	FromCookie   = "cookie"   // a cookie
	FromResponse = "response" // the response to the step before, at a pointer
)

// SourceOf is the placeholder of a value that a sign-in has got before.
func SourceOf(source, name string) string { return "{" + source + "." + name + "}" }

// KeepOf is the placeholder of a member that calls send back.
func KeepOf(name string) string { return keepPrefix + name + "}" }

func isPlaceholder(text string) bool {
	switch text {
	case Key, KeyNumber, Name, Secret, ApprovedNow, CSRFToken, Origin:
		return true
	}
	name, isKeep := strings.CutPrefix(text, keepPrefix)
	return isKeep && len(name) > 1 && strings.IndexAny(name, "{}") == len(name)-1 && name[len(name)-1] == '}'
}

func keepName(placeholder string) string {
	return strings.TrimSuffix(strings.TrimPrefix(placeholder, keepPrefix), "}")
}

// placeholders are those of a call with their places in it, the headers of the profile
// included.
func (p *Profile) placeholders(call *Call) map[string][]string {
	whole, places := *call, map[string][]string{}
	whole.Headers = p.headersOf(call)
	whole.texts(func(place, text string) {
		if isPlaceholder(text) {
			places[text] = append(places[text], place)
		}
	})
	return places
}

// headersOf are the headers of the profile and of a call, whose own ones count.
func (p *Profile) headersOf(call *Call) map[string]string {
	headers := make(map[string]string, len(p.Headers)+len(call.Headers))
	for _, some := range []map[string]string{p.Headers, call.Headers} {
		for name, text := range some {
			headers[http.CanonicalHeaderKey(name)] = text
		}
	}
	return headers
}

// texts visits each segment of the path, and each string of query, headers and
// body, with its place in the call.
func (c *Call) texts(visit func(place, text string)) {
	for segment := range strings.SplitSeq(c.Path, "/") {
		visit("/path", segment)
	}
	for _, group := range []struct {
		name   string
		values map[string]string
	}{{"query", c.Query}, {"headers", c.Headers}, {"form", c.Form}} {
		for name, text := range group.values {
			visit(PointerOf(group.name, name), text)
		}
	}
	walk("/json", c.JSON, visit)
}

// walk visits the strings of a JSON value.
func walk(pointer string, value any, visit func(pointer, text string)) {
	Walk(pointer, value, func(pointer string, value any) {
		if text, isText := value.(string); isText {
			visit(pointer, text)
		}
	})
}

// Walk visits a JSON value and all values in it, in a fixed order, with their pointers.
// The one of the value itself is given.
func Walk(pointer string, value any, visit func(pointer string, value any)) {
	visit(pointer, value)
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			Walk(pointer+PointerOf(strconv.Itoa(i)), element, visit)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			Walk(pointer+PointerOf(name), value[name], visit)
		}
	}
}

// FillJSON returns a copy of a JSON template, in which each string is what value
// returns for it.
func FillJSON(template any, value func(text string) any) any {
	switch template := template.(type) {
	case string:
		return value(template)
	case []any:
		filled := make([]any, len(template))
		for i, element := range template {
			filled[i] = FillJSON(element, value)
		}
		return filled
	case map[string]any:
		filled := make(map[string]any, len(template))
		for name, member := range template {
			filled[name] = FillJSON(member, value)
		}
		return filled
	}
	return template
}
