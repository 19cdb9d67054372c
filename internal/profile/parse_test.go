package profile

import (
	"fmt"
	"strings"
	"testing"
)

// What is wrong with a document as a whole, and where its syntax ends.
func TestParse_syntax(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, problem string }{
		"nothing":             {" \n", "the file is empty"},
		"UTF-16":              {"\xff\xfe{\x00}\x00", "not UTF-8 text"},
		"YAML":                {"profile: 2", "line 1, column 1: not JSON: invalid character 'p' looking for beginning of value"},
		"a list":              {"[]", "line 1, column 1: it must be an object"},
		"a comma too many":    {"{\n  \"profile\": 2,\n}", "line 3, column 1: not JSON: invalid character '}' looking for beginning of object key string"},
		"a comma too few":     {"{\"ä\": 1\n  \"b\": 2}", "line 2, column 3: not JSON: invalid character '\"' after object key:value pair"},
		"an end too early":    {"{\"profile\": 2,\n \"calls\": {\n", "line 2, column 12: not JSON: unexpected end of JSON input"},
		"a second document":   {"{\"profile\": 2}\n{}", "line 2, column 1: not JSON: invalid character '{' after top-level value"},
		"too deep":            {strings.Repeat("[", 20000), "line 1, column 10001: not JSON: invalid character '[' exceeded max depth"},
		"a recording":         {" {\n\"log\": {\"version\": \"1.2\", \"entries\": []}}", "a recording of a browser (HAR): derive a profile from it with terraform-provider-twcloud learn"},
		"format 1":            {`{"profile": 1, "server": "osmc", "server": 7, "calls": {"update": {"success": [200]}}}`, "line 1, column 2 (/profile): this is a profile of format 1: learn it again with terraform-provider-twcloud learn"},
		"a name that escapes": {`{"profile": 2, "calls": {"register": {"method": "POST", "server": "rest", "path": "/", "json": ["{name}", "{secret}"]}}, "a~/b": 1}`, "line 1, column 122 (/a~0~1b): no such member in a profile of format 2: check its spelling"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parsed, problems := Parse([]byte(test.content))
			if parsed != nil || len(problems) != 1 || problems[0].String() != test.problem {
				t.Errorf("%v, want %s", problems, test.problem)
			}
		})
	}
}

// A mistake that stands in seven calls is one, and different mistakes are told at once,
// in the order of the document.
func TestParse_places(t *testing.T) {
	t.Parallel()
	content := documents(t)["rest-api"]
	content = strings.ReplaceAll(content, `"response": {"key": "/key", "name"`, `"response": {"key": "key", "name"`)
	content = strings.NewReplacer(`"yes": [true]`, `"yes": [[]]`, `"by": "none"`, `"by": "page"`).Replace(content)
	_, problems := Parse([]byte(content))
	if len(problems) != 3 {
		t.Fatalf("%d problems: %v", len(problems), problems)
	}
	if problems[0].Places[0] != (Place{11, 13, "/approved/yes/0"}) || problems[1].Places[0].Line != 19 {
		t.Errorf("problems: %v", problems)
	}
	var places []string
	for _, place := range problems[2].Places {
		places = append(places, fmt.Sprint(place.Line))
	}
	if got := strings.Join(places, " "); got != "24 30 36 42 48 54 60" || len(problems[2].Places) != 7 {
		t.Errorf("the mistake in seven calls is at lines %s: %v", got, problems[2])
	}
	if got, want := (Problem{"m", []Place{{1, 2, ""}, {3, 4, "/a"}}}).String(), "line 1, column 2; line 3, column 4 (/a): m"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, content := range documents(f) {
		f.Add([]byte(content))
	}
	for _, kind := range []map[string]mistakeIn{mistakesIn, beyondSchema} {
		for _, one := range kind {
			f.Add([]byte(strings.Replace(valid[one.document], one.old, one.new, 1)))
		}
	}
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, content []byte) {
		parsed, problems := Parse(content)
		if (parsed == nil) != (len(problems) > 0) {
			t.Fatalf("a profile and %v", problems)
		}
		for _, problem := range problems {
			if problem.Message == "" || len(problem.Places) == 0 && len(problems) > 1 {
				t.Errorf("a problem without a text or a place: %+v", problem)
			}
		}
		if parsed == nil {
			return
		}
		// Editors do not warn of what works.
		if err := validate(t, schema, string(content)); err != nil {
			t.Errorf("the schema refuses %s: %v", content, err)
		}
	})
}
