package learn

import (
	"encoding/json"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// eachScalar visits the strings, numbers, booleans and nulls of a JSON value.
func eachScalar(value any, visit func(pointer string, value any)) {
	if value == nil {
		return
	}
	profile.Walk("", value, func(pointer string, value any) {
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

// lastToken is the last part of a pointer, decoded.
func lastToken(pointer string) string {
	if parts := profile.Tokens(pointer); len(parts) > 0 {
		return parts[len(parts)-1]
	}
	return ""
}
