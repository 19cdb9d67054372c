package profile

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// decode puts the value at a pointer into a value of Go. It notes members that do not
// exist, values of the wrong type, which stay out, and values that break the rules of
// the "is" tags, which the JSON Schema has as well.
func (m *mistakes) decode(at string, value any, into reflect.Value, rules []string) {
	if items, ok := into.Addr().Interface().(*Items); ok {
		if text, isText := value.(string); isText {
			m.rules(at, text, []string{"pointer"})
			items.At = text
			return
		}
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		m.decode(at, value, into.Elem(), rules)
	case reflect.Struct:
		if members, ok := value.(map[string]any); m.must(at, ok, "be an object") {
			m.structure(at, members, into)
		}
	case reflect.Map:
		if members, ok := value.(map[string]any); m.must(at, ok, "be an object") {
			m.entries(at, members, into, rules)
		}
	case reflect.Slice:
		if elements, ok := value.([]any); m.must(at, ok, "be an array") {
			m.elements(at, elements, into, rules)
		}
	case reflect.String:
		if text, ok := value.(string); m.must(at, ok, "be a string") {
			m.rules(at, text, rules)
			into.SetString(text)
		}
	case reflect.Bool:
		if flag, ok := value.(bool); m.must(at, ok, "be true or false") {
			into.SetBool(flag)
		}
	case reflect.Int:
		number, _ := value.(json.Number)
		integer, err := number.Int64()
		if m.must(at, err == nil && integer >= 0 && integer <= 1e9, "be a whole number, not negative") {
			into.SetInt(integer)
		}
	case reflect.Interface:
		m.rules(at, value, rules)
		if value != nil {
			into.Set(reflect.ValueOf(value))
		}
	}
}

// must notes what a value must be.
func (m *mistakes) must(at string, holds bool, what string) bool {
	if !holds {
		m.reject(at, "it must %s", what)
	}
	return holds
}

func (m *mistakes) structure(at string, members map[string]any, into reflect.Value) {
	fields := map[string]int{}
	for i := range into.NumField() {
		field := into.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		fields[name] = i
		if slices.Contains(rulesOf(field), "required") {
			m.needs(at, name, "")
		}
	}
	for name, value := range members {
		if i, known := fields[name]; known {
			m.decode(at+PointerOf(name), value, into.Field(i), rulesOf(into.Type().Field(i)))
		} else {
			m.reject(at+PointerOf(name), "no such member in a profile of format %d: check its spelling", Format)
		}
	}
}

func rulesOf(field reflect.StructField) []string { return strings.Fields(field.Tag.Get("is")) }

func (m *mistakes) entries(at string, members map[string]any, into reflect.Value, rules []string) {
	into.Set(reflect.MakeMap(into.Type()))
	if slices.Contains(rules, "literals") {
		rules = []string{"literal"}
		for name := range members {
			m.must(at+PointerOf(name), isPointer(name), aPointer)
		}
	}
	for name, value := range members {
		entry := reflect.New(into.Type().Elem()).Elem()
		m.decode(at+PointerOf(name), value, entry, rules)
		into.SetMapIndex(reflect.ValueOf(name), entry)
	}
}

func (m *mistakes) elements(at string, elements []any, into reflect.Value, rules []string) {
	if slices.Contains(rules, "literals") {
		rules = []string{"literal"}
		m.must(at, len(elements) > 0, "not be empty")
	}
	into.Set(reflect.MakeSlice(into.Type(), len(elements), len(elements)))
	for i, value := range elements {
		m.decode(at+PointerOf(strconv.Itoa(i)), value, into.Index(i), rules)
	}
}

// MarshalJSON writes a pointer, or an object with two.
func (i Items) MarshalJSON() ([]byte, error) {
	if i.Yes == nil {
		return json.Marshal(i.At)
	}
	type two Items
	return json.Marshal(two(i))
}

// enumerations are the rules that allow some words only.
var enumerations = map[string][]string{
	"known":    {string(Documented), string(Seen), string(Learned), string(Assumed)},
	"server":   {REST, WebApp},
	"sign_in":  {ByPage, ByToken},
	"none":     {"none"},
	"csrf":     {"cookie", "header", "body", "page"},
	"method":   {"GET", "POST", "PUT", "PATCH", "DELETE"},
	"format":   {"text"},
	"pages":    {"none", "link", "next", "cursor", "number", "offset"},
	"discover": {"oauthRequestConsumerKeyUrl"},
}

func (m *mistakes) rules(at string, value any, rules []string) {
	text, _ := value.(string)
	for _, rule := range rules {
		switch rule {
		case "required":
		case "body":
			m.must(at, value != nil, "not be null")
		case "token":
			m.must(at, httpguts.ValidHeaderFieldName(text), "be the name of a header")
		case "full":
			m.must(at, text != "", "not be empty")
		case "pointer":
			m.must(at, isPointer(text), aPointer)
		case "literal":
			kind := TypeOf(value)
			m.must(at, kind != "object" && kind != "array", "be a string, a number, true, false or null")
		default:
			words := enumerations[rule]
			m.must(at, slices.Contains(words, text), "be "+oneOf(words))
		}
	}
}

const aPointer = "be a JSON pointer (RFC 6901), such as /data/key"

// oneOf is a list of words as a sentence has it.
func oneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
