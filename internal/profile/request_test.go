package profile

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func ptr[T any](value T) *T { return &value }

func TestFill(t *testing.T) {
	t.Parallel()
	full := Values{
		Key: "a/b ä", Name: ptr("n {secret} <&>"), Secret: ptr("{key}"), Approved: ptr(true), CSRF: ptr("c+d=="),
		Keep: map[string]any{"version": "3", "tags": []any{"x", nil}, "none": nil}, Origin: "https://host.example",
	}
	number := full
	number.Key = "12345678901234567890"
	for name, test := range map[string]struct {
		call   string
		values Values
		want   string // method, path, query, and body
		err    string
	}{
		"JSON":                   {`"path": "/c/{key}", "json": {"n": "{name}", "s": ["{secret}", {"a": "{approved}"}], "x": 1.50}`, full, `PUT /c/a%2Fb%20%C3%A4  {"n":"n {secret} <&>","s":["{key}",{"a":true}],"x":1.50}`, ""},
		"form":                   {`"path": "/c", "form": {"k": "{key}", "n": "{name}", "a": "{approved}", "x": ""}`, full, `PUT /c  a=true&k=a%2Fb+%C3%A4&n=n+%7Bsecret%7D+%3C%26%3E&x=`, ""},
		"query":                  {`"path": "/c", "query": {"k": "{key}", "t": "{csrf}"}, "form": {"n": "{name}"}`, full, `PUT /c k=a%2Fb+%C3%A4&t=c%2Bd%3D%3D n=n+%7Bsecret%7D+%3C%26%3E`, ""},
		"approved of its own":    {`"path": "/c/{key}", "json": ["{name}", "{approved}"], "approved": {"yes": null, "no": "off"}`, full, `PUT /c/a%2Fb%20%C3%A4  ["n {secret} <&>",null]`, ""},
		"key as a number":        {`"path": "/c/{key:number}", "json": ["{name}", "{key:number}", "{key}"]`, number, `PUT /c/12345678901234567890  ["n {secret} <&>",12345678901234567890,"12345678901234567890"]`, ""},
		"key that is no number":  {`"path": "/c", "json": ["{name}", "{key:number}"]`, full, "", `the key "a/b ä" is not a number`},
		"key of dots":            {`"path": "/c/{key}/x", "json": ["{name}"]`, Values{Key: "..", Name: ptr("n")}, `PUT /c/%2E%2E/x  ["n"]`, ""},
		"keep":                   {`"path": "/c/{key}/{keep.version}", "json": ["{name}", "{keep.tags}", "{keep.none}"]`, full, `PUT /c/a%2Fb%20%C3%A4/3  ["n {secret} <&>",["x",null],null]`, ""},
		"keep that is not there": {`"path": "/c/{key}", "json": ["{name}", "{keep.none}"]`, Values{Key: "k", Name: ptr("n")}, "", "{keep.none}"},
		"keep null in a form":    {`"path": "/c/{key}", "form": {"n": "{name}", "v": "{keep.none}"}`, full, "", "{keep.none} is a JSON null, and not a text"},
		"keep nothing in a path": {`"path": "/c/{key}/{keep.version}", "json": ["{name}"]`, Values{Key: "k", Name: ptr("n"), Keep: map[string]any{"version": ""}}, "", "{keep.version} is empty"},
		"no name":                {`"path": "/c/{key}", "json": ["{name}"]`, Values{Key: "k"}, "", "{name}"},
		"empty values":           {`"path": "/c/{key}", "json": ["{name}", "{secret}"]`, Values{Key: "k", Name: ptr(""), Secret: ptr("")}, `PUT /c/k  ["",""]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := renames(t, test.call)
			r, err := p.Fill(p.Calls.Rename, test.values)
			if test.err != "" {
				if !errors.Is(err, errMissing) || !strings.Contains(err.Error(), test.err) || r != nil {
					t.Errorf("error %v, want one with %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join([]string{r.Method, r.Path, r.Query.Encode(), string(r.Body)}, " "); got != test.want {
				t.Errorf("filled %s\nwant   %s", got, test.want)
			}
		})
	}
}

// renames is a profile with a rename call as the test has it.
func renames(t *testing.T, call string) *Profile {
	t.Helper()
	return parse(t, `{"profile": 2, "server": "rest", "headers": {"accept": "application/json", "X-All": "all"}, "csrf": {"from": "cookie", "name": "c"},
		"approved": {"yes": [true], "no": [false]}, "keep": {"version": "/version", "tags": "/tags", "none": "/none"}, "calls": {
		"list": {"method": "GET", "path": "/c", "pages": {"by": "link"}, "query": {"all": "1"}, "response": {`+plainResponse+`}},
		"rename": {"method": "PUT", `+call+`}
	}}`)
}

func TestFill_headers(t *testing.T) {
	t.Parallel()
	p := renames(t, `"path": "/c/{key}", "headers": {"x-all": "own", "X-Csrf": "{csrf}"}, "json": "{name}"`)
	r, err := p.Fill(p.Calls.Rename, Values{Key: "k", Name: ptr("n"), CSRF: ptr("t")})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Accept": {"application/json"}, "X-All": {"own"}, "X-Csrf": {"t"}, "Content-Type": {"application/json"}}
	if difference := cmp.Diff(want, r.Header); difference != "" {
		t.Error(difference)
	}
	r, err = p.Fill(p.Calls.List, Values{Page: url.Values{"all": {"0"}, "p": {"2"}}})
	if err != nil || r.Query.Encode() != "all=0&p=2" {
		t.Errorf("query %v, %v", r.Query, err)
	}
}

// The emulator accepts nothing but what the profile says.
func TestMatch_differences(t *testing.T) {
	t.Parallel()
	const call = `"path": "/c/{key}", "query": {"q": "1"}, "headers": {"X-Csrf": "{csrf}"},
		"json": {"name": "{name}", "again": "{name}", "key": "{key:number}", "approved": "{approved}", "list": [1, {"a": null}], "keep": "{keep.version}"}`
	const body = `{"name":"n","again":"n","key":17,"approved":true,"list":[1.0,{"a":null}],"keep":{}}`
	for name, test := range map[string]struct {
		change func(r *Request)
		body   string
		says   string
	}{
		"nothing":                     {nil, body, ""},
		"another method":              {func(r *Request) { r.Method = "POST" }, body, ErrOtherCall.Error()},
		"another path":                {func(r *Request) { r.Path = "/d/17" }, body, ErrOtherCall.Error()},
		"a path below":                {func(r *Request) { r.Path = "/c/17/" }, body, ErrOtherCall.Error()},
		"no key":                      {func(r *Request) { r.Path = "/c/" }, body, ErrOtherCall.Error()},
		"dots as key":                 {func(r *Request) { r.Path = "/c/.." }, body, ErrOtherCall.Error()},
		"half an escape":              {func(r *Request) { r.Path = "/c/17%2" }, body, ErrOtherCall.Error()},
		"an escaped path":             {func(r *Request) { r.Path = "/%63/1%37" }, body, ""},
		"no query":                    {func(r *Request) { r.Query = nil }, body, "the query has no q"},
		"another query":               {func(r *Request) { r.Query = url.Values{"q": {"2"}} }, body, "q of the query is not as the call has it"},
		"a query twice":               {func(r *Request) { r.Query = url.Values{"q": {"1", "1"}} }, body, "the query has q more than once"},
		"more of a query":             {func(r *Request) { r.Query.Set("page", "2") }, body, "the query has page, which is not known"},
		"another header of all calls": {func(r *Request) { r.Header.Set("X-All", "own") }, body, "the header X-All is not as the call has it"},
		"another Accept":              {func(r *Request) { r.Header.Set("Accept", "*/*") }, body, ""},
		"more headers":                {func(r *Request) { r.Header.Set("X-More", "1") }, body, ""},
		"another content type":        {func(r *Request) { r.Header.Set("Content-Type", "text/plain") }, body, "the body must be JSON"},
		"a charset":                   {func(r *Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, body, ""},
		"no JSON":                     {nil, `name=n`, "the body must be JSON"},
		"no object":                   {nil, `[]`, "the body must be a JSON object"},
		"a member less":               {nil, strings.Replace(body, `"name":"n",`, ``, 1), "name is missing"},
		"a member more":               {nil, strings.Replace(body, `{"name"`, `{"secret":"s","name"`, 1), "secret is not known"},
		"a number as name":            {nil, strings.Replace(body, `"name":"n"`, `"name":1`, 1), "name must be a string"},
		"two names":                   {nil, strings.Replace(body, `"name":"n"`, `"name":"m"`, 1), "{name} is not the same everywhere"},
		"two keys":                    {nil, strings.Replace(body, `17`, `18`, 1), "{key} is not the same everywhere"},
		"a string as number":          {nil, strings.Replace(body, `17`, `"17"`, 1), "key must be a number"},
		"half a number":               {nil, strings.Replace(body, `17`, `17.0`, 1), "key must be a number"},
		"another approval":            {nil, strings.Replace(body, `true`, `"true"`, 1), "approved is not a value of the approval"},
		"another literal":             {nil, strings.Replace(body, `1.0`, `2`, 1), "list is not as the call has it"},
		"another length":              {nil, strings.Replace(body, `1.0,`, ``, 1), "list must be a JSON array of 2"},
		"another null":                {nil, strings.Replace(body, `"a":null`, `"a":{}`, 1), "a is not as the call has it"},
		"a key that is no number":     {func(r *Request) { r.Path = "/c/x" }, strings.Replace(body, `17`, `"x"`, 1), "key must be a number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := renames(t, call)
			r := &Request{Method: "PUT", Path: "/c/17", Query: url.Values{"q": {"1"}}, Header: http.Header{}, Body: []byte(test.body)}
			r.Header.Set("X-All", "all")
			r.Header.Set("X-Csrf", "t")
			r.Header.Set("Content-Type", "application/json")
			if test.change != nil {
				test.change(r)
			}
			v, err := p.Match(p.Calls.Rename, r)
			if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want %s", err, test.says)
			}
			if err == nil && (v.Key != "17" || *v.Name != "n" || !*v.Approved || *v.CSRF != "t") {
				t.Errorf("values %+v", v)
			}
		})
	}
}

func TestMatch_form(t *testing.T) {
	t.Parallel()
	p := renames(t, `"path": "/c", "form": {"k": "{key}", "n": "{name}", "a": "{approved}", "x": "1"}, "approved": {"yes": "on", "no": 0}`)
	for body, says := range map[string]string{
		"k=k&n=a+b&a=0&x=1":     "",
		"x=1&a=0&n=a%20b&k=k":   "",
		"k=k&n=a+b&a=off&x=1":   "a of the form is not a value of the approval",
		"k=k&n=a+b&a=0&x=1&y=2": "the form has y, which is not known",
		"k=k&n=a+b&a=0":         "the form has no x",
		"k=&n=a+b&a=0&x=1":      "k of the form must be a string that is not empty",
		"k=%zz":                 "the body must be a form",
	} {
		r := &Request{Method: "PUT", Path: "/c", Header: http.Header{}, Body: []byte(body)}
		r.Header.Set("X-All", "all")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		v, err := p.Match(p.Calls.Rename, r)
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want %s", body, err, says)
		}
		if err == nil && (*v.Name != "a b" || *v.Approved) {
			t.Errorf("%s: %+v", body, v)
		}
	}
	list := &Request{Method: "GET", Path: "/c", Query: url.Values{"all": {"1"}, "after": {"x"}}, Header: http.Header{}, Body: []byte("{}")}
	list.Header.Set("X-All", "all")
	if _, err := p.Match(p.Calls.List, list); err == nil || err.Error() != "the call has no body" {
		t.Errorf("a body that is not known: %v", err)
	}
	list.Body = nil
	if v, err := p.Match(p.Calls.List, list); err != nil || v.Page.Encode() != "after=x" {
		t.Errorf("page %v, %v", v.Page, err)
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	texts := []string{`null`, `true`, `false`, `"1"`, `1`, `1.5`, `-1`, `12345678901234567890`, `1e99999`, `[]`, `[1]`, `[1,2]`, `{}`, `{"a":1}`, `{"b":1}`, `{"a":null}`, `""`}
	same := map[string]string{`1`: `10e-1`, `1.5`: `0.15E+1`, `-1`: `-1.0`}
	decode := func(text string) any {
		value, err := DecodeJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	for _, a := range texts {
		for _, b := range texts {
			if equal(decode(a), decode(b)) != (a == b) {
				t.Errorf("%s and %s", a, b)
			}
		}
		if other, found := same[a]; found && !equal(decode(a), decode(other)) {
			t.Errorf("%s and %s differ", a, other)
		}
	}
}
