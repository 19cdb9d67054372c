package learn

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// eachScalar visits the strings, numbers, booleans and nulls of a JSON value with
// their pointers, in a fixed order.
func eachScalar(value any, visit func(pointer string, value any)) {
	var walk func(pointer string, value any)
	walk = func(pointer string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				walk(pointer+"/"+escapeToken(name), value[name])
			}
		case []any:
			for i, element := range value {
				walk(pointer+"/"+strconv.Itoa(i), element)
			}
		default:
			visit(pointer, value)
		}
	}
	if value != nil {
		walk("", value)
	}
}

// scalarText is a string or a number as text.
func scalarText(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	}
	return "", false
}

// replaceScalars returns a copy of a JSON value with other scalars.
func replaceScalars(value any, replace func(pointer string, value any) any) any {
	var walk func(pointer string, value any) any
	walk = func(pointer string, value any) any {
		switch value := value.(type) {
		case map[string]any:
			copied := make(map[string]any, len(value))
			for name, member := range value {
				copied[name] = walk(pointer+"/"+escapeToken(name), member)
			}
			return copied
		case []any:
			copied := make([]any, len(value))
			for i, element := range value {
				copied[i] = walk(pointer+"/"+strconv.Itoa(i), element)
			}
			return copied
		}
		return replace(pointer, value)
	}
	return walk("", value)
}

func escapeToken(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}

func unescapeToken(token string) string {
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
}

// tokens are the parts of a pointer, decoded.
func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	parts := strings.Split(pointer[1:], "/")
	for i := range parts {
		parts[i] = unescapeToken(parts[i])
	}
	return parts
}

func pointerOf(parts []string) string {
	var pointer strings.Builder
	for _, part := range parts {
		pointer.WriteString("/" + escapeToken(part))
	}
	return pointer.String()
}

// lastToken is the name of the member that a pointer leads to.
func lastToken(pointer string) string {
	if parts := tokens(pointer); len(parts) > 0 {
		return parts[len(parts)-1]
	}
	return ""
}

// lookupText is the string or the number at a place, as text.
func lookupText(document any, pointer string) (string, bool) {
	value, found := profile.Lookup(document, pointer)
	if !found {
		return "", false
	}
	return scalarText(value)
}
