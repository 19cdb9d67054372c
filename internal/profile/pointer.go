package profile

import (
	"net/url"
	"strconv"
	"strings"
)

// Lookup finds the value at a JSON pointer (RFC 6901).
func Lookup(value any, pointer string) (any, bool) {
	for _, token := range Tokens(pointer) {
		switch container := value.(type) {
		case map[string]any:
			member, found := container[token]
			if !found {
				return nil, false
			}
			value = member
		case []any:
			index, ok := indexOf(token)
			if !ok || index >= len(container) {
				return nil, false
			}
			value = container[index]
		default:
			return nil, false
		}
	}
	return value, true
}

// SetAt puts a value at a JSON pointer (RFC 6901) and makes what is on the way. A
// token that is a small number is an index, unless there is an object.
func SetAt(document any, pointer string, value any) any {
	return setAt(document, Tokens(pointer), value)
}

func setAt(document any, tokens []string, value any) any {
	if len(tokens) == 0 {
		return value
	}
	token, rest := tokens[0], tokens[1:]
	members, isObject := document.(map[string]any)
	if index, ok := indexOf(token); ok && index < 100 && !isObject {
		array, _ := document.([]any)
		for len(array) <= index {
			array = append(array, nil)
		}
		array[index] = setAt(array[index], rest, value)
		return array
	}
	if !isObject {
		members = map[string]any{}
	}
	members[token] = setAt(members[token], rest, value)
	return members
}

// indexOf is the token of an element of an array.
func indexOf(token string) (int, bool) {
	index, err := strconv.Atoi(token)
	return index, err == nil && index >= 0 && strconv.Itoa(index) == token
}

// A token of a pointer, escaped and unescaped (RFC 6901).
var tokenEscaper, tokenUnescaper = strings.NewReplacer("~", "~0", "/", "~1"), strings.NewReplacer("~1", "/", "~0", "~")

// PointerOf is the JSON pointer (RFC 6901) that has these tokens.
func PointerOf(tokens ...string) string {
	var pointer strings.Builder
	for _, token := range tokens {
		pointer.WriteString("/" + tokenEscaper.Replace(token))
	}
	return pointer.String()
}

// Tokens are the tokens of a JSON pointer (RFC 6901), unescaped.
func Tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(pointer[1:], "/")
	for i := range tokens {
		tokens[i] = tokenUnescaper.Replace(tokens[i])
	}
	return tokens
}

func isPointer(text string) bool {
	return text == "" || text[0] == '/' && strings.Count(text, "~") == strings.Count(text, "~0")+strings.Count(text, "~1")
}

// LastSegment is the last segment of a path or a URL, unescaped. It is empty if
// there is none.
func LastSegment(text string) string {
	target, err := url.Parse(text)
	if err != nil {
		return ""
	}
	path := strings.TrimRight(target.EscapedPath(), "/")
	segment, _ := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:]) // Parse has checked the escapes.
	return segment
}

// EscapeSegment escapes a text as one segment of a path. Servers and proxies
// resolve "." and "..", so these are escaped as well.
func EscapeSegment(text string) string {
	if strings.Trim(text, ".") == "" {
		return strings.ReplaceAll(text, ".", "%2E")
	}
	return url.PathEscape(text)
}
