package learn

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// walk visits a JSON value and all values in it, in a fixed order, with their
// pointers.
func walk(pointer string, value any, visit func(pointer string, value any)) {
	visit(pointer, value)
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			walk(pointer+pointerOf(name), value[name], visit)
		}
	case []any:
		for i, element := range value {
			walk(pointer+pointerOf(strconv.Itoa(i)), element, visit)
		}
	}
}

// eachScalar visits the strings, numbers, booleans and nulls of a JSON value.
func eachScalar(value any, visit func(pointer string, value any)) {
	if value == nil {
		return
	}
	walk("", value, func(pointer string, value any) {
		switch value.(type) {
		case map[string]any, []any:
		default:
			visit(pointer, value)
		}
	})
}

// eachText visits the strings and the numbers of a JSON value.
func eachText(value any, visit func(pointer, text string)) {
	eachScalar(value, func(pointer string, value any) {
		if text, isText := scalarText(value); isText {
			visit(pointer, text)
		}
	})
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

var escaper, unescaper = strings.NewReplacer("~", "~0", "/", "~1"), strings.NewReplacer("~1", "/", "~0", "~")

// tokens are the parts of a pointer, decoded.
func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	parts := strings.Split(pointer[1:], "/")
	for i := range parts {
		parts[i] = unescaper.Replace(parts[i])
	}
	return parts
}

func pointerOf(parts ...string) string {
	var pointer strings.Builder
	for _, part := range parts {
		pointer.WriteString("/" + escaper.Replace(part))
	}
	return pointer.String()
}

// lastToken is the last part of a pointer, decoded.
func lastToken(pointer string) string {
	if parts := tokens(pointer); len(parts) > 0 {
		return parts[len(parts)-1]
	}
	return ""
}
