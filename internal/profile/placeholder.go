package profile

import (
	"maps"
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

	numberSuffix = ":number}"
	keyNumber    = "{key" + numberSuffix
	keepPrefix   = "{keep."
)

// Placeholders of a sign-in.
const (
	Username = "{username}"
	Password = "{password}"
)

// KeepOf is the placeholder of a member that calls send back.
func KeepOf(name string) string { return keepPrefix + name + "}" }

// isPlaceholder reports whether a text is replaced by a value.
func isPlaceholder(text string) bool {
	switch text {
	case Key, keyNumber, Name, Secret, ApprovedNow, CSRFToken, Origin:
		return true
	}
	return strings.HasPrefix(text, keepPrefix) && strings.HasSuffix(text, "}")
}

// placeholders visits the placeholders of a call with their places: /path, /query,
// /headers, /form, /json, or /profile/headers.
func (p *Profile) placeholders(call *Call, visit func(place, placeholder string)) {
	call.texts(func(place, text string) {
		if isPlaceholder(text) {
			visit(place, text)
		}
	})
	for name, text := range p.Headers {
		if isPlaceholder(text) {
			visit("/profile/headers/"+escapeToken(name), text)
		}
	}
}

// texts visits each segment of the path, and each string of query, headers and
// body, with its place in the call.
func (c *Call) texts(visit func(place, text string)) {
	for segment := range strings.SplitSeq(strings.TrimPrefix(c.Path, "/"), "/") {
		visit("/path", segment)
	}
	for _, group := range []struct {
		name   string
		values map[string]string
	}{{"query", c.Query}, {"headers", c.Headers}, {"form", c.Form}} {
		for _, name := range slices.Sorted(maps.Keys(group.values)) {
			visit("/"+group.name+"/"+escapeToken(name), group.values[name])
		}
	}
	walk("/json", c.JSON, visit)
}

func walk(pointer string, value any, visit func(pointer, text string)) {
	switch value := value.(type) {
	case string:
		visit(pointer, value)
	case []any:
		for i, element := range value {
			walk(pointer+"/"+strconv.Itoa(i), element, visit)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			walk(pointer+"/"+escapeToken(name), value[name], visit)
		}
	}
}
