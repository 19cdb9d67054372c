package profile

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// oneCall is a profile with a list, a read call, and a change as the test has them.
func oneCall(t *testing.T, list, read, change string) *Profile {
	t.Helper()
	return parse(t, `{"profile": 2, "server": "rest", "approved": {"yes": [true, 1, "on"], "no": [false, null]}, "keep": {"version": "/version"}, "calls": {
		"list": {"method": "GET", "path": "/c", "pages": {"by": "none"}, "response": {`+list+`}},
		"read": {"method": "GET", "path": "/c/{key}", "response": {`+read+`}},
		"approve": {"method": "POST", "path": "/c/{key}/approve"`+change+`}
	}}`)
}

const plainResponse = `"key": "/key", "name": "/name", "approved": "/approved"`

// short is a consumer as a line.
func short(one Consumer) string {
	text := one.Key
	if one.OtherKind {
		return "other"
	}
	if one.Name != nil {
		text += " " + *one.Name
	}
	if one.Approved != nil {
		text += map[bool]string{true: " yes", false: " no"}[*one.Approved]
	}
	if version, found := one.Keep["version"]; found {
		text += " " + quoted(version)
	}
	if one.Err != nil {
		text += " (" + one.Err.Error() + ")"
	}
	return text
}

func quoted(value any) string {
	encoded, err := encodeJSON(value)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

func TestRead_list(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shape, body string
		want        []string
		part, says  string
	}{
		"an array":                 {plainResponse, `[{"key":"k","name":"n","approved":true,"version":3,"owner":{}},{"key":"l","name":"","approved":false}]`, []string{"k n yes 3", "l  no"}, "", ""},
		"no consumers":             {plainResponse, `[]`, nil, "", ""},
		"a number as key":          {plainResponse, `[{"key":12345678901234567890,"name":"n","approved":1.0}]`, []string{"12345678901234567890 n yes"}, "", ""},
		"null is no":               {plainResponse, `[{"key":"k","name":"n","approved":null},{"key":"l","name":"n"}]`, []string{"k n no", "l n no"}, "", ""},
		"another value":            {plainResponse, `[{"key":"k","name":"n","approved":"true"},{"key":"l","name":"n","approved":1e0}]`, []string{`k n (consumer "k": the value at "/approved" is "true", which the API profile lists neither as a yes nor as a no)`, "l n yes"}, "", ""},
		"a number of many digits":  {plainResponse, `[{"key":"k","name":"n","approved":1e999999999}]`, []string{`k n (consumer "k": the value at "/approved" is 1e999999999, which the API profile lists neither as a yes nor as a no)`}, "", ""},
		"no key":                   {plainResponse, `[{"id":"k","name":"n","approved":true}]`, nil, "calls.list.response.key", `no key at "/key": its members are approved, id, name`},
		"an empty key":             {plainResponse, `[{"key":"","name":"n","approved":true}]`, nil, "calls.list.response.key", "no key"},
		"a key that is too long":   {plainResponse, `[{"key":"` + strings.Repeat("x", maxKey+1) + `","name":"n","approved":true}]`, nil, "calls.list.response.key", "no key"},
		"an object as key":         {plainResponse, `[{"key":{},"name":"n","approved":true}]`, nil, "calls.list.response.key", "no key"},
		"no name":                  {plainResponse, `[{"key":"k","approved":true}]`, nil, "calls.list.response.name", `no name of consumer "k" at "/name"`},
		"a number as name":         {plainResponse, `[{"key":"k","name":17,"approved":true}]`, nil, "calls.list.response.name", "no name"},
		"an item that is a string": {plainResponse, `["k"]`, nil, "calls.list.response.key", "it is a JSON string"},
		"control characters":       {plainResponse, `{"a\u001b[31mb":[]}`, nil, "calls.list.response.items", `no list at "": its members are "a\x1b[31mb"`},
		"an object":                {plainResponse, `{"consumers":[]}`, nil, "calls.list.response.items", `no list at "": its members are consumers`},
		"null":                     {plainResponse, `null`, nil, "calls.list.response.items", "it is a JSON null"},
		"HTML":                     {plainResponse, `<html>`, nil, "calls.list.response", "not JSON"},
		"nothing":                  {plainResponse, ``, nil, "calls.list.response", "the body is not JSON: it is empty"},
		"two documents":            {plainResponse, `[][]`, nil, "calls.list.response", "not JSON"},
		"deep":                     {plainResponse, strings.Repeat("[", 20000), nil, "calls.list.response", "not JSON"},
		"keys alone":               {`"key": ""`, `["k","l"]`, []string{"k", "l"}, "", ""},
		"at a pointer":             {`"items": "/a/0/b", ` + plainResponse, `{"a":[{"b":[{"key":"k","name":"n","approved":"on"}]}]}`, []string{"k n yes"}, "", ""},
		"not at the pointer":       {`"items": "/a/0/b", ` + plainResponse, `{"a":[]}`, nil, "calls.list.response.items", `no list at "/a/0/b": its members are a`},
		"key is member":            {`"items": "/c", "key_is_member": true, "name": "/name", "approved": "/approved"`, `{"c":{"l":{"name":"m","approved":false},"k":{"name":"n","approved":true}}}`, []string{"k n yes", "l m no"}, "", ""},
		"key is member of a list":  {`"items": "/c", "key_is_member": true, "name": "/name", "approved": "/approved"`, `{"c":[]}`, nil, "calls.list.response.items", "it is a JSON array"},
		"key is an empty member":   {`"items": "/c", "key_is_member": true, "name": "/name", "approved": "/approved"`, `{"c":{"":{"name":"n","approved":true}}}`, nil, "calls.list.response.key_is_member", "no key"},
		"last segment":             {`"key_is_last_segment": true, ` + plainResponse, `[{"key":"https://h:1/a/k%2Fl/?x#y","name":"n","approved":true}]`, []string{"k/l n yes"}, "", ""},
		"no last segment":          {`"key_is_last_segment": true, ` + plainResponse, `[{"key":"https://h:1/","name":"n","approved":true}]`, nil, "calls.list.response.key", "no key"},
		"two lists":                {`"items": {"yes": "/a", "no": "/p"}, "key": "/key", "name": "/name"`, `{"p":[{"key":"k","name":"n"}],"a":[{"key":"l","name":"m"}]}`, []string{"l m yes", "k n no"}, "", ""},
		"one of two lists":         {`"items": {"yes": "/a", "no": "/p"}, "key": "/key", "name": "/name"`, `{"a":[]}`, nil, "calls.list.response.items", `no list at "/p"`},
		"other kinds":              {`"only": {"/kind": "1.0a", "/v": 1}, ` + plainResponse, `[{"kind":"2.0","v":1},{"kind":"1.0a","v":1.0,"key":"k","name":"n","approved":true},{"kind":"1.0a","v":2}]`, []string{"other", "k n yes", "other"}, "", ""},
		"no kind":                  {`"only": {"/kind": "1.0a"}, ` + plainResponse, `[{"kind":"2.0"},{"key":"k","name":"n","approved":true}]`, nil, "calls.list.response.only", `an item without a kind at "/kind": its members are approved, key, name`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := oneCall(t, test.shape, plainResponse, "")
			read, err := p.Read(p.Calls.List, answered(nil, test.body))
			checkRead(t, read, err, test.want, test.part, test.says)
		})
	}
}

// Null has a meaning only if the profile gives it one: otherwise the response does not
// read.
func TestRead_noApproval(t *testing.T) {
	t.Parallel()
	p := parse(t, documents(t)["rest-api"])
	for _, item := range []string{`{"key":"k","name":"n"}`, `{"key":"k","name":"n","approved":null}`} {
		read, err := p.Read(p.Calls.List, answered(nil, "["+item+"]"))
		checkRead(t, read, err, nil, "calls.list.response.approved", `consumer "k" does not say whether it is approved at "/approved": its members are`)
		read, err = p.Read(p.Calls.Read, answered(nil, item))
		checkRead(t, read, err, []string{"k n"}, "calls.read.response.approved", `consumer "k" does not say`)
	}
}

func checkRead(t *testing.T, read []Consumer, err error, want []string, part, says string) {
	t.Helper()
	var got []string
	for _, one := range read {
		got = append(got, short(one))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("read %q, want %q", got, want)
	}
	var failure *ReadError
	if errors.As(err, &failure) != (part != "") || failure != nil && (failure.Part != part || !strings.Contains(err.Error(), says)) {
		t.Errorf("error %+v, want %s: %s", err, part, says)
	}
}

func TestRead_one(t *testing.T) {
	t.Parallel()
	location := http.Header{"Location": {"/proxy/c/k%20l"}}
	for name, test := range map[string]struct {
		shape      string
		header     http.Header
		body       string
		want       []string
		part, says string
	}{
		"all":                    {plainResponse, nil, `{"key":"k","name":"n","approved":true,"version":null}`, []string{"k n yes null"}, "", ""},
		"within":                 {`"key": "/0/key", "name": "/0/name", "approved": "/0/approved"`, nil, `[{"key":"k","name":"n","approved":false}]`, []string{"k n no"}, "", ""},
		"another approval":       {plainResponse, nil, `{"key":"k","name":"n","approved":"secret"}`, []string{`k n (consumer "k": the value at "/approved" is "secret", which the API profile lists neither as a yes nor as a no)`}, "approved", `"secret"`},
		"key without the rest":   {plainResponse, nil, `{"key":"k"}`, []string{"k"}, "calls.approve.response.name", "no name"},
		"key in a header":        {`"key_header": "Location", "key_is_last_segment": true`, location, `ignored`, []string{"k l"}, "", ""},
		"no key in the header":   {`"key_header": "Location", "key_is_last_segment": true`, nil, ``, []string{""}, "calls.approve.response.key_header", "no key in the header Location"},
		"header and body":        {`"key_header": "location", "key_is_last_segment": true, "name": "/name"`, location, `{"name":"n"}`, []string{"k l n"}, "", ""},
		"header without a body":  {`"key_header": "Location", "key_is_last_segment": true, "name": "/name"`, location, ``, []string{"k l"}, "calls.approve.response", "it is empty"},
		"text":                   {`"format": "text"`, nil, " k l\r\n", []string{"k l"}, "", ""},
		"text with a path":       {`"format": "text", "key_is_last_segment": true`, nil, "/c/k%20l", []string{"k l"}, "", ""},
		"text that is a page":    {`"format": "text"`, nil, "<html>", []string{""}, "calls.approve.response.format", "not a key"},
		"text that is JSON":      {`"format": "text"`, nil, `{"key":"k"}`, []string{""}, "calls.approve.response.format", "not a key"},
		"text that is empty":     {`"format": "text"`, nil, "\n", []string{""}, "calls.approve.response.format", "not a key"},
		"text of several lines":  {`"format": "text"`, nil, "k\nl", []string{""}, "calls.approve.response.format", "not a key"},
		"nothing that is wanted": {``, nil, "<html>", []string{""}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := oneCall(t, plainResponse, plainResponse, `, "response": {`+test.shape+`}`)
			read, err := p.Read(p.Calls.Approve, answered(test.header, test.body))
			checkRead(t, read, err, test.want, test.part, test.says)
			var failure *ReadError
			if errors.As(err, &failure) && strings.Contains(failure.Found, "secret") {
				t.Errorf("a value is in %q", failure.Found)
			}
		})
	}
	p := oneCall(t, plainResponse, plainResponse, "")
	if read, err := p.Read(p.Calls.Approve, answered(nil, "<html>")); read != nil || err != nil {
		t.Errorf("a response that is not read: %v, %v", read, err)
	}
}

func TestSucceeds(t *testing.T) {
	t.Parallel()
	const expect = `, "expect": {"/ok": true, "/error": null, "/code": 0}`
	for name, test := range map[string]struct {
		call     string
		status   int
		location string
		body     string
		succeeds bool
		refused  bool
		says     string
	}{
		"200":                      {"", 200, "", "", true, false, ""},
		"299":                      {"", 299, "", "", true, false, ""},
		"302":                      {"", 302, "/c", "", false, false, ""},
		"400":                      {"", 400, "", "", false, false, ""},
		"500":                      {"", 500, "", "", false, false, ""},
		"199":                      {"", 199, "", "", false, false, ""},
		"200 beside a redirect":    {`, "redirect": "/c/{key}"`, 200, "", "", true, false, ""},
		"the redirect":             {`, "redirect": "/c/{key}"`, 303, "/c/k%2Fl", "", true, false, ""},
		"escaped in another way":   {`, "redirect": "/c%2D/{key}"`, 303, "/c-/%6B%2fl", "", true, false, ""},
		"a redirect of another":    {`, "redirect": "/c/{key}"`, 303, "/c/m", "", false, false, ""},
		"a redirect to the list":   {`, "redirect": "/c/{key}"`, 303, "/c", "", false, false, ""},
		"a redirect to a sign-in":  {`, "redirect": "/c"`, 302, "/login", "", false, false, ""},
		"a redirect elsewhere":     {`, "redirect": "/c"`, 302, "", "", false, false, ""},
		"as expected":              {expect, 200, "", `{"ok":true,"error":null,"code":0.0}`, true, false, ""},
		"a refusal":                {expect, 200, "", `{"ok":false,"error":null,"code":0}`, false, true, `the value at "/ok" means a refusal`},
		"a refusal of a text":      {expect, 200, "", `{"ok":"true","error":null,"code":0}`, false, true, "refusal"},
		"a refusal beside":         {expect, 200, "", `{"ok":true,"error":{},"code":0}`, false, true, "refusal"},
		"a pointer is not there":   {expect, 200, "", `{"ok":true,"code":0}`, false, false, `nothing at "/error": its members are code, ok`},
		"a page instead":           {expect, 200, "", `<html>`, false, false, "not JSON"},
		"400 with what it expects": {expect, 400, "", `{"ok":true,"error":null,"code":0}`, false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := oneCall(t, plainResponse, plainResponse, test.call)
			r := &Response{Status: test.status, Header: http.Header{}, Body: []byte(test.body), Location: test.location}
			succeeds, err := p.Succeeds(p.Calls.Approve, "k/l", r)
			if succeeds != test.succeeds || errors.Is(err, ErrRefused) != test.refused || (err != nil) != (test.says != "") ||
				err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("succeeds %v: %v", succeeds, err)
			}
			if unknown, _ := p.Succeeds(p.Calls.Approve, "", r); name == "a redirect of another" && !unknown {
				t.Error("an unknown key is not any key")
			}
		})
	}
}

func TestWrite_statusAndHeaders(t *testing.T) {
	t.Parallel()
	contents := documents(t)
	name, no := "n", false
	one := Consumer{Key: "k l", Name: &name, Approved: &no, Others: map[string]any{"owner": "o"}}
	for _, test := range []struct {
		document, call string
		status         int
		contentType    string
		location, body string
	}{
		{"rest-api", "list", 200, "application/json", "", `[{"approved":false,"key":"k l","name":"n","owner":"o"}]`},
		{"rest-api", "register", 201, "application/json", "", `{"approved":false,"key":"k l","name":"n","owner":"o"}`},
		{"rest-api", "remove", 204, "", "", ""},
		{"json-ld", "read", 200, "application/ld+json", "", `{"@id":"/p/admin/api/oauthconsumers/k%20l","dcterms:title":"n","owner":"o","twc:approved":"false"}`},
		{"webapp-forms", "register", 303, "", "/p/webapp/api/oauth/consumers/k%20l", ""},
		{"forms", "approve", 303, "", "/p/webapp/settings", ""},
		{"xsrf-cookie", "register", 201, "text/plain; charset=utf-8", "", "k l"},
		{"absent-approval", "register", 204, "", "", ""},
		{"absent-approval", "read", 200, "application/json", "", `{"key":"k l","name":"n","owner":"o"}`},
		{"key-map", "list", 200, "application/json", "", `{"consumers":{"k l":{"displayName":"n","flags":{"approved":false},"owner":"o"}}}`},
		{"keys-only", "list", 200, "application/json", "", `{"keys":["k l"]}`},
	} {
		p := parse(t, contents[test.document])
		r := p.Write(maps.Collect(p.Calls.All())[test.call], []Consumer{one}, "/p")
		if r.Status != test.status || r.Header.Get("Content-Type") != test.contentType || r.Header.Get("Location") != test.location || string(r.Body) != test.body {
			t.Errorf("%s, %s: %d %v %s", test.document, test.call, r.Status, r.Header, r.Body)
		}
	}
}
