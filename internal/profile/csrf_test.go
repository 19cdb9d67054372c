package profile

import (
	"net/http"
	"strings"
	"testing"
	"testing/quick"
)

func answered(header http.Header, body string) *Response {
	if header == nil {
		header = http.Header{}
	}
	return &Response{Status: http.StatusOK, Header: header, Body: []byte(body)}
}

func TestCSRF_Token(t *testing.T) {
	t.Parallel()
	cookie := &CSRF{From: "cookie", Name: "XSRF-TOKEN"}
	decoded := &CSRF{From: "cookie", Name: "XSRF-TOKEN", Decode: true}
	header := &CSRF{From: "header", Name: "X-Token"}
	body := &CSRF{From: "body", Pointer: "/data/token"}
	page := &CSRF{From: "page", Name: "_csrf"}
	cookies := func(lines ...string) *Response { return answered(http.Header{"Set-Cookie": lines}, "") }
	for name, test := range map[string]struct {
		csrf  *CSRF
		r     *Response
		token string
		err   string
	}{
		"cookie":               {cookie, cookies("JSESSIONID=x; Path=/", "XSRF-TOKEN=ab%2Bcd%3D%3D; Path=/; Secure"), "ab%2Bcd%3D%3D", ""},
		"cookie, decoded":      {decoded, cookies("XSRF-TOKEN=ab%2Bcd%3D%3D"), "ab+cd==", ""},
		"cookie, plus stays":   {decoded, cookies("XSRF-TOKEN=a+b"), "a+b", ""},
		"cookie, bad escape":   {decoded, cookies("XSRF-TOKEN=secret%zz"), "", "not percent-encoded"},
		"cookie, quotes stay":  {cookie, cookies(`XSRF-TOKEN="a b=="`), `"a b=="`, ""},
		"cookie, last one":     {cookie, cookies("XSRF-TOKEN=; Max-Age=0", "XSRF-TOKEN=new"), "new", ""},
		"cookie, another name": {cookie, cookies("xsrf-token=x", "Y=XSRF-TOKEN=1"), "", ""},
		"header":               {header, answered(http.Header{"X-Token": {"abc=="}}, ""), "abc==", ""},
		"header, missing":      {header, answered(nil, ""), "", ""},
		"body":                 {body, answered(nil, `{"data":{"token":"t"}}`), "t", ""},
		"body, missing":        {body, answered(nil, `{"data":{}}`), "", ""},
		"body, empty":          {body, answered(nil, `{"data":{"token":""}}`), "", ""},
		"body, number":         {body, answered(nil, `{"data":{"token":17}}`), "", ""},
		"body, not JSON":       {body, answered(nil, `<html>`), "", "not JSON"},
		"page, meta":           {page, answered(nil, `<META NAME="_csrf" CONTENT='a&amp;b'>`), "a&b", ""},
		"page, field":          {page, answered(nil, `<form><input value=abc type=HIDDEN name=_csrf></form>`), "abc", ""},
		"page, visible field":  {page, answered(nil, `<input type=text name=_csrf value=abc>`), "", ""},
		"page, empty meta":     {page, answered(nil, `<meta name=_csrf content=""><input type=hidden name=_csrf value=x>`), "x", ""},
		"page, in a comment":   {page, answered(nil, `<!-- <meta name=_csrf content=old> --><script>"<meta name=_csrf content=old>"</script>`), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := test.csrf.Token(test.r)
			if token != test.token {
				t.Errorf("token %q, want %q", token, test.token)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want one with %q", err, test.err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error has the token: %v", err)
			}
		})
	}
}

// Token reads what Put writes.
func TestCSRF_Put(t *testing.T) {
	t.Parallel()
	for _, csrf := range []*CSRF{
		{From: "cookie", Name: "XSRF-TOKEN"}, {From: "header", Name: "X-Token"}, {From: "body", Pointer: "/a~1b/0/token"}, {From: "page", Name: `a"<b`},
	} {
		for _, csrf.Decode = range []bool{false, true} {
			inverse := func(random []byte) bool {
				token := "t"
				for _, b := range random {
					// Without an escape, a cookie cannot have everything.
					if r := rune(' ' + b%95); csrf.Decode || r != ';' && r != ' ' {
						token += string(r)
					}
				}
				r := &Response{Status: http.StatusNoContent, Header: http.Header{}}
				csrf.Put(r, token, "/webapp")
				got, err := csrf.Token(r)
				if got != token || err != nil {
					t.Logf("%+v: put %q, got %q, %v", csrf, token, got, err)
				}
				return got == token && err == nil && (r.Status == http.StatusOK) == (len(r.Body) > 0)
			}
			if err := quick.Check(inverse, nil); err != nil {
				t.Error(err)
			}
		}
	}
	r := answered(nil, `{"key":"k"}`)
	(&CSRF{From: "body", Pointer: "/token"}).Put(r, "t", "/")
	if string(r.Body) != `{"key":"k","token":"t"}` {
		t.Errorf("the response is %s", r.Body)
	}
	(&CSRF{From: "cookie", Name: "c"}).Put(r, "t", "/webapp")
	if r.Header.Get("Set-Cookie") != "c=t; Path=/webapp" {
		t.Errorf("the cookie is %s", r.Header.Get("Set-Cookie"))
	}
}
