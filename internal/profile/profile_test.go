package profile

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// documents are the built-in profiles, all dialects of the emulator, and the valid ones
// of the tests, by name.
func documents(t testing.TB) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../emulator/dialects/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialects: %v", err)
	}
	found := maps.Clone(valid)
	for _, file := range append(files, "builtin/rest-api.json", "builtin/self-registration.json") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(file), ".json")] = string(content)
	}
	return found
}

func parse(t testing.TB, content string) *Profile {
	t.Helper()
	parsed, problems := Parse([]byte(content))
	for _, problem := range problems {
		t.Error(problem)
	}
	if len(problems) > 0 {
		t.FailNow()
	}
	return parsed
}

func TestProfile_knownAndServer(t *testing.T) {
	t.Parallel()
	p := &Profile{}
	if p.KnownOf() != Assumed || p.KnownOf("", Seen, Learned) != Seen {
		t.Error("what is not said is assumed, and the innermost counts")
	}
	p.Known = Documented
	own := make([]Known, 1, 2)
	if p.KnownOf(own...) != Documented || p.KnownOf(Learned) != Learned || own[:2][1] != "" {
		t.Error("a part is known as what it is in")
	}
	p.Server = WebApp
	if p.ServerOf("") != WebApp || p.ServerOf(REST) != REST {
		t.Error("a part has its own server")
	}
}

func TestProfile_uses(t *testing.T) {
	t.Parallel()
	call := func(server, discover string) Calls {
		return Calls{List: &Call{Name: "list", Server: server, Discover: discover, Path: "/x"}}
	}
	for name, test := range map[string]struct {
		profile       Profile
		rest, signsIn bool
	}{
		"built-in":                 {*BuiltIn(), true, false},
		"the platform alone":       {Profile{Server: WebApp, Calls: call("", "")}, false, true},
		"one call":                 {Profile{Server: WebApp, Calls: call(REST, "")}, true, false},
		"all calls of their own":   {Profile{Server: REST, Calls: call(WebApp, "")}, false, true},
		"discovered":               {Profile{Server: REST, Calls: call("", "oauthRequestConsumerKeyUrl")}, false, false},
		"the CSRF token":           {Profile{Server: WebApp, Calls: call("", ""), CSRF: &CSRF{Server: REST, Path: "/x"}}, true, true},
		"only the CSRF token":      {Profile{Server: REST, Calls: call("", ""), CSRF: &CSRF{Server: WebApp, Path: "/x"}}, true, true},
		"no sign-in":               {Profile{Server: WebApp, Calls: Calls{List: &Call{Name: "list", SignIn: "none"}}}, false, false},
		"the CSRF token of a call": {Profile{Server: WebApp, Calls: call("", ""), CSRF: &CSRF{From: "cookie"}}, false, true},
		"the sign-out":             {Profile{Server: WebApp, Calls: call("", ""), SignIn: &SignIn{SignOut: &SignOut{Server: REST}}}, true, true},
	} {
		if rest, signsIn := test.profile.UsesREST(), test.profile.SignsIn(); rest != test.rest || signsIn != test.signsIn {
			t.Errorf("%s: got %t, %t", name, rest, signsIn)
		}
	}
}

func TestProfile_Lacks(t *testing.T) {
	t.Parallel()
	p := parse(t, `{"profile": 2, "server": "rest", "headers": {"X": "{csrf}"}, "csrf": {"from": "cookie", "name": "c"}, "approved": {"yes": [1], "no": [0]}, "keep": {"v": "/v"}, "calls": {
		"list": {"method": "GET", "path": "/", "pages": {"by": "none"}, "response": {"key": "/k", "name": "/n", "approved": "/a"}},
		"register": {"method": "POST", "path": "/", "json": ["{name}", "{secret}", "{approved}"]},
		"edit": {"method": "PUT", "path": "/{key}", "json": ["{name}", "{secret}"]},
		"rename": {"method": "PUT", "path": "/{key:number}", "json": ["{name}", "{secret}"]},
		"set_secret": {"method": "PUT", "path": "/{key}", "json": ["{name}", "{secret}"]},
		"approve": {"method": "PUT", "path": "/{key}", "json": ["{approved}"]},
		"disapprove": {"method": "PUT", "path": "/{key}", "json": [{"v": "{keep.v}"}]},
		"remove": {"method": "DELETE", "path": "/{key}", "query": {"approved": "{approved}"}}}}`)
	lacks := map[string]string{"register": "name approved", "edit": "name", "rename": "name", "set_secret": "name", "approve": "approved", "disapprove": "keep", "remove": "approved"}
	whole := Consumer{Name: new(string), Approved: new(bool), Keep: map[string]any{"v": nil}}
	for name, call := range p.Calls.All() {
		for part, known := range map[string]Consumer{
			"name": {Approved: whole.Approved, Keep: whole.Keep}, "approved": {Name: whole.Name, Keep: whole.Keep}, "keep": {Name: whole.Name, Approved: whole.Approved},
		} {
			if want := strings.Contains(lacks[name], part); call.Name != name || p.Lacks(call, known) != want || p.Lacks(call, whole) {
				t.Errorf("%s without %s: want %t", name, part, want)
			}
		}
		if !p.Has(call, CSRFToken) || p.Has(call, Key) == (name == "list" || name == "register") {
			t.Errorf("%s: has {csrf} %v, {key} %v", name, p.Has(call, CSRFToken), p.Has(call, Key))
		}
	}
	if p.OnlyRegisters() || !p.NumericKeys() || p.Calls.Drop("read") || !p.Calls.Drop("rename") || p.Calls.Rename != nil || p.NumericKeys() {
		t.Error("a call is not left out")
	}
	if !parse(t, valid["register alone"]).OnlyRegisters() {
		t.Error("a profile that registers alone")
	}
}

// A profile that is written is the one that was read.
func TestProfile_marshal(t *testing.T) {
	t.Parallel()
	for name, content := range documents(t) {
		p := parse(t, content)
		encoded, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if again := parse(t, string(encoded)); !reflect.DeepEqual(p, again) {
			t.Errorf("%s: %s", name, encoded)
		}
	}
}

func TestLastSegment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/a/b": "b", "/a/b/": "b", "https://h/a/b%2Fc?q=/d#/e": "b/c", "b": "b", "/%2E%2E": "..", "/": "", "": "", "https://h": "", "urn:a:b": "", "/a%2": "",
	} {
		if got := LastSegment(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestPointer(t *testing.T) {
	t.Parallel()
	document, err := DecodeJSON([]byte(`{"a~/b": [{"": 1}], "0": {"x": 2}}`))
	if err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]any{"/a~0~1b/0/": json.Number("1"), "/0/x": json.Number("2"), "/a~0~1b/1": nil, "/a~0~1b/-1": nil, "/a~0~1b/00/": nil, "/0/x/y": nil} {
		if got, found := Lookup(document, pointer); got != want || found != (want != nil) {
			t.Errorf("%s: %v, %v", pointer, got, found)
		}
	}
	made := SetAt(SetAt(SetAt(nil, "/l/1/x~1y", 1), "/l/0", 2), "/m/100", 3)
	if encoded, err := encodeJSON(made); err != nil || string(encoded) != `{"l":[2,{"x/y":1}],"m":{"100":3}}` {
		t.Errorf("%s, %v", encoded, err)
	}
	for pointer, valid := range map[string]bool{"": true, "/": true, "/~0~1": true, "/~": false, "/~2": false, "/~00~": false, "a": false} {
		if isPointer(pointer) != valid {
			t.Errorf("%q", pointer)
		}
	}
}
