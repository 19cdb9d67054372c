package profile

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiled is the JSON Schema, which is itself held against the schema of schemas.
func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t testing.TB, schema *jsonschema.Schema, content string) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(content))
	if err != nil {
		t.Fatalf("%s: %v", content, err)
	}
	return schema.Validate(document)
}

// Each member that an editor offers says what it is for.
func TestSchema_descriptions(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(content, &schema); err != nil {
		t.Fatal(err)
	}
	definitions := schema["$defs"].(map[string]any)
	var visit func(place string, value any)
	visit = func(place string, value any) {
		if elements, ok := value.([]any); ok {
			for _, element := range elements {
				visit(place, element)
			}
		}
		members, _ := value.(map[string]any)
		properties, _ := members["properties"].(map[string]any)
		if members["additionalProperties"] == false {
			for name, property := range properties {
				one, _ := property.(map[string]any)
				reference, _ := one["$ref"].(string)
				definition, _ := definitions[strings.TrimPrefix(reference, "#/$defs/")].(map[string]any)
				if one["description"] == nil && definition["description"] == nil {
					t.Errorf("%s/%s has no description", place, name)
				}
			}
		}
		for name, member := range members {
			visit(place+"/"+name, member)
		}
	}
	visit("", schema)
}

// The valid documents that the mistakes are made in, one with everything and one with
// as little as possible.
var valid = map[string]string{
	"full": `{
		"profile": 2, "$schema": "schema.json", "description": "full", "known": "seen", "server": "webapp",
		"sign_in": {"known": "learned", "by": "page", "start": "/webapp/settings",
			"steps": [{"form": {"j_username": "{username}", "j_password": "{password}", "b": "go"}},
				{"method": "POST", "path": "/authentication/api/login", "json": {"u": "{username}", "p": ["{password}", "{csrf}", "{query.flow}", "{field._t}", "{cookie.x}", "{response./a/b}", "{response.}"]}, "next": "/url"}],
			"sign_out": {"server": "rest", "method": "GET", "path": "/webapp/logout"}},
		"headers": {"Accept": "application/json", "Origin": "{origin}"},
		"csrf": {"from": "page", "name": "_csrf", "server": "webapp", "path": "/webapp/settings", "decode": true},
		"approved": {"yes": [true, "on"], "no": [false, null]},
		"keep": {"version": "/version"},
		"calls": {
			"list": {"method": "POST", "path": "/webapp/api/{csrf}/consumers", "query": {"view": "all"}, "json": {"page": {"size": null}},
				"expect": {"/ok": true},
				"response": {"items": {"yes": "/yes", "no": "/no"}, "only": {"/kind": "1.0a"}, "key": "/id", "name": "/name"},
				"pages": {"known": "documented", "by": "number", "parameter": "page", "first": 1, "total": "/total"}},
			"read": {"known": "assumed", "method": "GET", "path": "/webapp/api/consumer", "query": {"key": "{key:number}"},
				"response": {"key": "/id", "name": "/name", "approved": "/approved"}},
			"register": {"method": "POST", "discover": "oauthRequestConsumerKeyUrl", "sign_in": "none",
				"json": {"name": "{name}", "secret": "{secret}", "approved": "{approved}"}, "response": {"format": "text", "key_is_last_segment": true}},
			"edit": {"server": "rest", "method": "PUT", "path": "/osmc/consumers/{key}", "headers": {"X-Csrf": "{csrf}", "If-Match": "{keep.version}"},
				"form": {"name": "{name}", "secret": "{secret}", "approved": "{approved}"}, "approved": {"yes": 1, "no": 0},
				"redirect": "/webapp/consumers/{key}", "response": {"key_header": "Location", "key_is_last_segment": true}},
			"remove": {"method": "DELETE", "path": "/webapp/api/consumers/{key}/{keep.version}", "expect": {"": "gone"}}
		}
	}`,
	"small": `{
		"profile": 2,
		"server": "rest",
		"approved": {"yes": [true], "no": [false]},
		"calls": {
			"list": {"method": "GET", "path": "/c", "response": {"key": "/key", "name": "/name", "approved": "/approved"}, "pages": {"by": "none"}},
			"register": {"method": "POST", "path": "/c", "json": {"name": "{name}", "secret": "{secret}"}, "response": {"key": "/key"}},
			"rename": {"method": "PUT", "path": "/c/{key}", "json": {"name": "{name}"}}
		}
	}`,
	"register alone":   `{"profile": 2, "calls": {"register": {"discover": "oauthRequestConsumerKeyUrl", "method": "POST", "json": {"name": "{name}", "secret": "{secret}"}, "response": {"key": "/key"}}}}`,
	"sign-in by token": `{"profile": 2, "server": "webapp", "sign_in": {"by": "token", "scheme": "Bearer", "sign_out": {"method": "GET", "path": "/o"}}, "calls": {"register": {"method": "POST", "path": "/r", "form": {"n": "{name}", "s": "{secret}"}}}}`,
	"no sign-in":       `{"profile": 2, "server": "webapp", "csrf": {"from": "cookie", "name": "c"}, "calls": {"register": {"sign_in": "none", "method": "POST", "path": "/r", "headers": {"X": "{csrf}"}, "form": {"n": "{name}", "s": "{secret}"}}}}`,
	"two lists alone":  `{"profile": 2, "server": "rest", "calls": {"list": {"method": "GET", "path": "/", "response": {"items": {"yes": "/a", "no": "/b"}, "key_is_member": true, "name": "/n"}, "pages": {"by": "none"}}}}`,
}

// mistakeIn is a mistake that is made in a valid document by replacing a text that is
// there once, and what Parse says: line, column, place and message.
type mistakeIn struct{ document, old, new, problems string }

// What the schema says, Parse says as well. The rest is Parse alone.
func TestSchema_mistakes(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for _, kind := range []map[string]mistakeIn{mistakesIn, beyondSchema} {
		for name, test := range kind {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if strings.Count(valid[test.document], test.old) != 1 {
					t.Fatalf("%q is not there once", test.old)
				}
				content := strings.Replace(valid[test.document], test.old, test.new, 1)
				_, beyond := beyondSchema[name]
				if err := validate(t, schema, content); (err == nil) != beyond {
					t.Errorf("the schema says %v", err)
				}
				parsed, problems := Parse([]byte(content))
				var texts []string
				for _, problem := range problems {
					texts = append(texts, problem.String())
				}
				if got := strings.Join(texts, "\n"); parsed != nil || got != test.problems {
					t.Errorf("problems:\n%s\nwant:\n%s", got, test.problems)
				}
			})
		}
	}
}
