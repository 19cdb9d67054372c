package profile

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A profile that uses every part of the format.
const everything = `{
  "$schema": "schema.json",
  "profile": 1,
  "description": "A server unlike the assumed one.",
  "known": "learned",
  "server": "webapp",
  "headers": {"Accept": "application/json", "X-CSRF-Token": "{csrf}", "Origin": "{origin}"},
  "csrf": {"from": "body", "pointer": "/token", "path": "/csrf", "known": "seen"},
  "approved": {"yes": ["ACTIVE"], "no": ["NEW", null]},
  "calls": {
    "list": {
      "method": "GET", "path": "/clients", "query": {"type": "oauth1"}, "success": [200],
      "answer": {"items": "/data", "key": "/id", "key_is_last_segment": true, "name": "/n", "approved": "/state"},
      "pages": {"by": "number", "parameter": "page", "first": 1, "total": "/total"}
    },
    "read": {"method": "GET", "path": "/clients/{key}", "success": [200], "answer": {"key": "/id", "name": "/n", "approved": "/state"}},
    "register": {
      "method": "POST", "path": "/clients", "form": {"n": "{name}", "s": "{secret}", "s2": "{secret}", "_csrf": "{csrf}"},
      "success": [200, 302], "answer": {"key_header": "Location", "key_is_last_segment": true}
    },
    "update": {
      "method": "PUT", "path": "/clients/{key}", "json": {"n": "{name}", "s": "{secret}", "state": "{approved}"},
      "approved_as": {"yes": true, "no": false}, "unchanged": "send", "unchanged_secret": "empty", "success": [204]
    },
    "approve": {"method": "POST", "path": "/clients/{key}/approve", "success": [204]},
    "disapprove": {"method": "POST", "path": "/clients/{key}/disapprove", "success": [204]},
    "rename": {"method": "POST", "path": "/rename", "json": {"ids": ["{key}"], "n": "{name}"}, "success": [204]},
    "set_secret": {"method": "POST", "path": "/secret", "query": {"id": "{key}"}, "form": {"s": "{secret}"}, "success": [204]},
    "remove": {"method": "POST", "path": "/remove", "json": ["{key}"], "success": [200], "headers": {"X-Confirm": "yes"}}
  }
}`

func TestBuiltIn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("builtin/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no built-in profiles: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := Parse(content); len(problems) > 0 {
			t.Errorf("%s: %v", file, problems)
		}
	}
	builtIn := BuiltIn()
	if remove := builtIn.Calls.Remove; !remove.Has(Key) || remove.Has(Name) || !builtIn.Calls.Register.Has(Name) {
		t.Errorf("the built-in profile has the calls %+v", builtIn.Calls)
	}

	moved := builtIn.WithCollection("/elsewhere")
	if moved.Calls.List.Path != "/elsewhere" || moved.Calls.Remove.Path != "/elsewhere/{key}" {
		t.Errorf("got %q and %q", moved.Calls.List.Path, moved.Calls.Remove.Path)
	}
	if BuiltIn().Calls.List.Path != "/osmc/admin/oauthconsumers" {
		t.Error("the built-in profile has changed")
	}
}

// Every mistake is found, all at once, and named with its place.
func TestParse_mistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old, new string
		want     []string
	}{
		"none":                {"", "", nil},
		"member unknown":      {`"server": "webapp"`, `"server": "webapp", "secrets": 1`, []string{"line 6, /secrets: no such member"}},
		"server unknown":      {`"webapp"`, `"both"`, []string{"line 6, /server: value must be one of 'rest', 'webapp'"}},
		"path with a host":    {`"/clients/{key}/approve"`, `"https://host/x/{key}"`, []string{`line 25, /calls/approve/path: "https://host/x/{key}" is not a path`}},
		"path with a query":   {`"/clients/{key}/approve"`, `"/x/{key}?a=b"`, []string{"/calls/approve/path"}},
		"dots":                {`"/clients/{key}/approve"`, `"/x/../{key}"`, []string{"cannot be segments"}},
		"half a segment":      {`"/clients/{key}/approve"`, `"/x-{key}"`, []string{"only {key} can take the place of a segment", "the call needs {key}"}},
		"name in a path":      {`"/clients/{key}/approve"`, `"/{name}/{key}"`, []string{`"{name}": only {key}`}},
		"percent":             {`"/clients/{key}/approve"`, `"/%zz/{key}"`, []string{"hexadecimal"}},
		"secret in a query":   {`"query": {"id": "{key}"}`, `"query": {"id": "{key}", "s": "{secret}"}`, []string{"/calls/set_secret/query/s: {secret} cannot be used here"}},
		"expression":          {`"n": "{name}", "s": "{secret}", "s2"`, `"n": "{name}!", "s": "{secret}", "s2"`, []string{"/calls/register: the call needs {name}", "/calls/register/form/n: {name} must be the whole value"}},
		"unknown placeholder": {`"X-Confirm": "yes"`, `"X-Confirm": "{token}"`, []string{"/calls/remove/headers/X-Confirm: {token} cannot be used here"}},
		"credentials":         {`"X-Confirm": "yes"`, `"Cookie": "yes"`, []string{"a profile cannot set this header"}},
		"header injection":    {`"X-Confirm": "yes"`, `"X-Confirm": "yes\r\nX: y"`, []string{"one line of ASCII"}},
		"URL":                 {`"X-Confirm": "yes"`, `"Referer": "https://host/"`, []string{"a profile holds no URL"}},
		"json and form":       {`"form": {"s": "{secret}"}`, `"form": {"s": "{secret}"}, "json": 1`, []string{"json and form exclude each other"}},
		"yes is no":           {`["NEW", null]`, `["NEW", "ACTIVE"]`, []string{"/approved/no/1: the same value means yes"}},
		"GET that writes":     {`"remove": {"method": "POST"`, `"remove": {"method": "GET"`, []string{"a GET changes nothing", "a GET has no body"}},
		"status":              {`"success": [200, 302]`, `"success": [200, 404]`, []string{"/calls/register/success/1"}},
		"pointer":             {`"key": "/id", "key_is_last`, `"key": "id", "key_is_last`, []string{`"id" is not a JSON pointer`}},
		"list without a key":  {`"key": "/id", "key_is_last_segment": true, "name": "/n"`, `"name": "/n"`, []string{"/calls/list/answer: missing: key"}},
		"list without answer": {
			`"answer": {"items": "/data", "key": "/id", "key_is_last_segment": true, "name": "/n", "approved": "/state"},`, ``,
			[]string{"line 11, /calls/list/answer: missing: key"},
		},
		"number":              {`"success": [200, 302]`, `"success": [2e2, 302]`, []string{"calls.register.success"}},
		"pages":               {`"parameter": "page", `, ``, []string{"/calls/list/pages: missing: parameter"}},
		"twice":               {`"known": "learned",`, `"known": "learned", "known": "seen",`, []string{"line 5, /known: the object has this member twice"}},
		"list missing":        {`"list": {`, `"lists": {`, []string{"/calls: missing: list", "/calls/lists: no such member"}},
		"csrf without a path": {`"path": "/csrf", `, ``, []string{"/csrf: missing: path"}},
		"csrf without a name": {`"from": "body", "pointer": "/token"`, `"from": "header"`, []string{"/csrf: missing: name, of the header"}},
		"list tells too little": {
			`, "approved": "/state"}`, `}`, []string{"/calls/list/answer: the list does not tell key, name and approval"},
		},
		"update changes nothing": {`, "json": {"n": "{name}", "s": "{secret}", "state": "{approved}"}`, ``, []string{"/calls/update: the call changes nothing"}},
		"PUT that reads":         {"\"list\": {\n      \"method\": \"GET\"", "\"list\": {\n      \"method\": \"PUT\"", []string{"a call that only reads is a GET or a POST"}},
		"items of one":           {`"success": [200], "answer": {"key"`, `"success": [200], "answer": {"items": "/x", "key"`, []string{"/calls/read/answer: items and key_is_member are for list"}},
		"text with pointers":     {`{"key_header": "Location", "key_is_last_segment": true}`, `{"format": "text", "key": "/k"}`, []string{"/calls/register/answer: a text is the key alone"}},
		"cursor from nowhere":    {`"by": "number", "parameter": "page", "first": 1, "total": "/total"`, `"by": "cursor", "parameter": "c"`, []string{"/calls/list/pages: missing: pointer"}},
		"pages of one":           {`"success": [200], "answer": {"key"`, `"success": [200], "pages": {"by": "number", "parameter": "p"}, "answer": {"key"`, []string{"/calls/read/pages: only a list has pages"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(everything, test.old) {
				t.Fatalf("%q is not in the profile", test.old)
			}
			content := everything
			if test.old != "" {
				content = strings.ReplaceAll(content, test.old, test.new)
			}
			_, problems := Parse([]byte(content))
			var messages []string
			for _, problem := range problems {
				messages = append(messages, problem.String())
			}
			for _, want := range test.want {
				if !slices.ContainsFunc(messages, func(message string) bool { return strings.Contains(message, want) }) {
					t.Errorf("want %q, got:\n%s", want, strings.Join(messages, "\n"))
				}
			}
			if len(messages) > len(test.want)+1 || test.want == nil && len(messages) > 0 {
				t.Errorf("one mistake makes too many messages:\n%s", strings.Join(messages, "\n"))
			}
		})
	}
}

func TestParse_unreadable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, want string }{
		"empty":         {" \n", "empty"},
		"a recording":   {`{"log":{"entries":[]}}`, "terraform-provider-twcloud learn"},
		"not JSON":      {"{\n  \"profile\": 1,\n}", "line 3: not JSON"},
		"cut off":       {everything[:200], "ends too early"},
		"more":          {everything + "\n{}", "more text after the end"},
		"not UTF-8":     {"\"\xff\"", "not UTF-8"},
		"another value": {"[]", "got array, want object"},
		"too large":     {strings.Repeat(" ", MaxSize+1), "larger than"},
	} {
		_, problems := Parse([]byte(test.content))
		if len(problems) == 0 || !strings.Contains(problems[0].String(), test.want) {
			t.Errorf("%s: want %q, got %v", name, test.want, problems)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	var document any
	if err := json.Unmarshal([]byte(`{"a/b": {"m~n": [10, {"": "empty"}]}}`), &document); err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]any{
		"/a~1b/m~0n/0": 10.0, "/a~1b/m~0n/1/": "empty", "/a~1b/m~0n/2": nil, "/a~1b/m~0n/x": nil, "/none": nil, "/a~1b/m~0n/0/deeper": nil,
	} {
		if got, _ := Lookup(document, pointer); got != want {
			t.Errorf("%s: want %v, got %v", pointer, want, got)
		}
	}
}

func TestLastSegment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://host:8111/osmc/consumers/a%2Fb/": "a/b", "/x/key": "key", "key": "key", "": "", "%zz": "", "/x/key?a=b#c": "key",
	} {
		if got := LastSegment(text); got != want {
			t.Errorf("%q: want %q, got %q", text, want, got)
		}
	}
}

// No document makes the parser panic, and what it accepts can be written and
// read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte(`{"profile": 1, "calls": {"list": null}}`))
	f.Add([]byte(`{"a": [{}, {"a": 1, "a": 2}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		parsed, problems := Parse(content)
		if (parsed == nil) == (len(problems) == 0) {
			t.Fatal("neither a profile nor a problem, or both")
		}
		if parsed == nil {
			return
		}
		encoded, err := json.Marshal(parsed)
		if err != nil {
			t.Fatal(err)
		}
		again, problems := Parse(encoded)
		if second, err := json.Marshal(again); len(problems) > 0 || err != nil || !bytes.Equal(second, encoded) {
			t.Fatalf("written and read again: %v, %v\n%s\n%s", problems, err, second, encoded)
		}
	})
}
