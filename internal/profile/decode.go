package profile

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// decode puts a document into a profile. It notes members that do not exist, values
// of the wrong type, and values that break the rules of the "is" tags, which the
// JSON Schema has as well.
func (m *mistakes) decode(into *Profile) { m.value(m.root, reflect.ValueOf(into).Elem(), nil) }

// value puts a node into a value of Go. A value of the wrong type stays out.
func (m *mistakes) value(n *node, into reflect.Value, rules []string) {
	if items, ok := into.Addr().Interface().(*Items); ok {
		m.items(n, items)
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		pointed := reflect.New(into.Type().Elem())
		m.value(n, pointed.Elem(), rules)
		into.Set(pointed)
	case reflect.Struct:
		if m.isKind(n, object, "an object") {
			m.structure(n, into)
		}
	case reflect.Map:
		if m.isKind(n, object, "an object") {
			m.entries(n, into, rules)
		}
	case reflect.Slice:
		if m.isKind(n, array, "an array") {
			m.elements(n, into, rules)
		}
	case reflect.Interface:
		plain := n.plain()
		m.rules(n, plain, rules)
		if plain != nil {
			into.Set(reflect.ValueOf(plain))
		}
	default:
		m.scalar(n, into, rules)
	}
}

func (m *mistakes) isKind(n *node, want kind, name string) bool {
	if n.kind != want {
		m.at(n, "it must be %s", name)
	}
	return n.kind == want
}

func (m *mistakes) scalar(n *node, into reflect.Value, rules []string) {
	value := n.scalar
	if n.kind != scalar {
		value = []any{} // Of no scalar type.
	}
	switch into.Kind() {
	case reflect.String:
		if text, ok := value.(string); !ok {
			m.at(n, "it must be a string")
		} else {
			m.rules(n, text, rules)
			into.SetString(text)
		}
	case reflect.Bool:
		if flag, ok := value.(bool); !ok {
			m.at(n, "it must be true or false")
		} else {
			into.SetBool(flag)
		}
	default:
		number, ok := value.(json.Number)
		integer, err := number.Int64()
		if !ok || err != nil || integer < 0 || integer > 1e9 {
			m.at(n, "it must be a whole number, not negative")
			return
		}
		into.SetInt(integer)
	}
}

func (m *mistakes) structure(n *node, into reflect.Value) {
	fields := map[string]int{}
	for i := range into.NumField() {
		field := into.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		fields[name] = i
		if slices.Contains(rulesOf(field), "required") && n.get(name) == nil {
			m.missing(n.pointer(), name, "")
		}
	}
	for _, one := range n.children {
		i, known := fields[one.token]
		if !known {
			m.at(one, "no such member in a profile of format %d: check its spelling", Format)
			continue
		}
		m.value(one, into.Field(i), rulesOf(into.Type().Field(i)))
	}
}

func rulesOf(field reflect.StructField) []string { return strings.Fields(field.Tag.Get("is")) }

func (m *mistakes) entries(n *node, into reflect.Value, rules []string) {
	into.Set(reflect.MakeMap(into.Type()))
	for _, one := range n.children {
		value, rules := reflect.New(into.Type().Elem()).Elem(), rules
		if slices.Contains(rules, "literals") {
			m.pointer(one, one.token)
			rules = []string{"literal"}
		}
		m.value(one, value, rules)
		into.SetMapIndex(reflect.ValueOf(one.token), value)
	}
}

func (m *mistakes) elements(n *node, into reflect.Value, rules []string) {
	if slices.Contains(rules, "literals") {
		rules = []string{"literal"}
		if len(n.children) == 0 {
			m.at(n, "it must not be empty")
		}
	}
	slice := reflect.MakeSlice(into.Type(), len(n.children), len(n.children))
	for i, one := range n.children {
		m.value(one, slice.Index(i), rules)
	}
	into.Set(slice)
}

// items reads a pointer, or an object with two.
func (m *mistakes) items(n *node, into *Items) {
	if n.kind != object {
		m.value(n, reflect.ValueOf(&into.At).Elem(), []string{"pointer"})
		return
	}
	var two struct {
		Yes *string `json:"yes" is:"required pointer"`
		No  *string `json:"no" is:"required pointer"`
	}
	m.structure(n, reflect.ValueOf(&two).Elem())
	into.Yes, into.No = two.Yes, two.No
}

// MarshalJSON writes a pointer, or an object with two.
func (i Items) MarshalJSON() ([]byte, error) {
	if i.Yes == nil {
		return json.Marshal(i.At)
	}
	return json.Marshal(map[string]*string{"yes": i.Yes, "no": i.No})
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

// rules checks a value against the rules of its field.
func (m *mistakes) rules(n *node, value any, rules []string) {
	text, _ := value.(string)
	for _, rule := range rules {
		switch rule {
		case "required":
		case "body":
			if value == nil {
				m.at(n, "a body cannot be null")
			}
		case "token":
			if !isToken(text) {
				m.at(n, "this is not the name of a header")
			}
		case "full":
			if text == "" {
				m.at(n, "it must not be empty")
			}
		case "pointer":
			m.pointer(n, text)
		case "literal":
			if n.kind != scalar {
				m.at(n, "it must be a string, a number, true, false or null")
			}
		default:
			if words := enumerations[rule]; !slices.Contains(words, text) {
				m.at(n, "it must be %s", oneOf(words))
			}
		}
	}
}

func (m *mistakes) pointer(n *node, text string) {
	if !isPointer(text) {
		m.at(n, "%q is not a JSON pointer (RFC 6901), such as /data/key", text)
	}
}

// oneOf is a list of words as a sentence has it.
func oneOf(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
