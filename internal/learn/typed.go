package learn

import (
	"regexp"
	"strings"
)

// What the steps tell the administrator to type.
const (
	firstName    = "twcloud-learn"
	firstSecret  = "twcloud-learn-secret-1"
	secondName   = "twcloud-learn-renamed"
	secondSecret = "twcloud-learn-secret-2"
)

func isName(value string) bool   { return value == firstName || value == secondName }
func isSecret(value string) bool { return value == firstSecret || value == secondSecret }

// typed finds a typed value inside a larger text.
var typed = regexp.MustCompile(`twcloud-learn(-secret-1|-secret-2|-renamed)?`)

// embeds says whether a text holds a typed value and more.
func embeds(value string) bool {
	found := typed.FindString(value)
	return found != "" && found != value
}

// mentions says whether a request has a typed value anywhere.
func (e *exchange) mentions() bool {
	found := false
	e.eachValue(func(_ place, value string) { found = found || strings.Contains(value, firstName) })
	return found
}

// tells says whether an answer holds one of the names.
func (e *exchange) tells() bool {
	return strings.Contains(string(e.entry.ResponseBody.Content), firstName)
}
