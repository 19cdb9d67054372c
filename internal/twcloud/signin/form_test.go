package signin

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// pageAt returns a page, as the exchange leaves it: in UTF-8, with its charset.
func pageAt(t *testing.T, address, contentType, body string) page {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return parsePage(&http.Response{
		StatusCode: http.StatusOK, Request: request, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)),
	})
}

func TestFormsAreSubmittedAsByABrowser(t *testing.T) {
	t.Parallel()
	fields := map[string]string{"u": "jörg", "p": "a b&+%="}
	const inputs = `<input name=u><input name=p type=password>`
	const post = "application/x-www-form-urlencoded"
	for name, test := range map[string]struct {
		page, charset string
		fields        map[string]string
		method, url   string
		body          string
	}{
		"POST": {
			page: `<form method=post action="in?x=1#f">` + inputs + `</form>`, method: "POST",
			url: "https://h/a/in?x=1", body: "u=j%C3%B6rg&p=a+b%26%2B%25%3D",
		},
		"GET":             {page: `<form action="in?x=1">` + inputs + `</form>`, method: "GET", url: "https://h/a/in?u=j%C3%B6rg&p=a+b%26%2B%25%3D"},
		"no address":      {page: `<form method=POST>` + inputs + `</form>`, method: "POST", url: "https://h/a/page?q=1", body: "u=j%C3%B6rg&p=a+b%26%2B%25%3D"},
		"base":            {page: `<base href="/b/"><base href="/c/"><form method=post action=in>` + inputs + `</form>`, method: "POST", url: "https://h/b/in", body: "u=j%C3%B6rg&p=a+b%26%2B%25%3D"},
		"entities":        {page: `<form method=post action="in?a=1&amp;b=2">` + inputs + `</form>`, method: "POST", url: "https://h/a/in?a=1&b=2", body: "u=j%C3%B6rg&p=a+b%26%2B%25%3D"},
		"another server":  {page: `<form method=post action="https://other.example.com/in">` + inputs + `</form>`, method: "POST", url: "https://other.example.com/in", body: "u=j%C3%B6rg&p=a+b%26%2B%25%3D"},
		"the page's own":  {page: `<form method=post action=in>` + inputs + `</form>`, charset: "iso-8859-1", method: "POST", url: "https://h/a/in", body: "u=j%F6rg&p=a+b%26%2B%25%3D"},
		"the form's own":  {page: `<form method=post action=in accept-charset="iso-8859-1">` + inputs + `</form>`, method: "POST", url: "https://h/a/in", body: "u=j%F6rg&p=a+b%26%2B%25%3D"},
		"not in charset":  {page: `<form method=post action=in>` + inputs + `</form>`, charset: "iso-8859-1", fields: map[string]string{"u": "日", "p": ""}, method: "POST", url: "https://h/a/in", body: "u=%26%2326085%3B&p="},
		"outside, by its": {page: `<input name=u form=f><form id=f method=post action=in><input name=p></form><form id=g><input name=x></form>`, method: "POST", url: "https://h/a/in", body: "u=j%C3%B6rg&p=a+b%26%2B%25%3D"},
		"all controls": {
			page: `<form method=post action=in><input type=hidden name=t value="1 2"><input name=u value=old><input name=p>
				<input type=checkbox name=c1 checked><input type=checkbox name=c2 value=x checked><input type=checkbox name=c3>
				<input type=radio name=r value=1><input type=radio name=r value=2 checked>
				<select name=s1><option>first one<option selected value=2>second</select><select name=s2><option> a  b <option>c</select>
				<select name=s3 multiple><option>x</select><select name=s4 multiple><option selected>x<option selected>y</select>
				<textarea name=a>
text</textarea><input name=off disabled><fieldset disabled><input name=off2></fieldset><input value=nameless>
				<input type=file name=f><input type=reset name=z><button type=button name=b1 value=1></button></form>`,
			method: "POST", url: "https://h/a/in",
			body: "t=1+2&u=j%C3%B6rg&p=a+b%26%2B%25%3D&c1=on&c2=x&r=2&s1=2&s2=a+b&s4=x&s4=y&a=text",
		},
		"the clicked button": {
			page:   `<form method=post action=in>` + inputs + `<button name=go value=in>In</button><input type=submit name=go value=saml><button name=other value=1></button></form>`,
			fields: map[string]string{"u": "a", "p": "b", "go": "in"}, method: "POST", url: "https://h/a/in", body: "u=a&p=b&go=in",
		},
		"a box that a person checks": {
			page:   `<form method=post action=in>` + inputs + `<input type=checkbox name=remember></form>`,
			fields: map[string]string{"u": "a", "p": "b", "remember": "on"}, method: "POST", url: "https://h/a/in", body: "u=a&p=b&remember=on",
		},
		"the form that fits": {
			page:   `<form action=search><input name=u></form><form action=saml><button name=p>SAML</button></form><form method=post action=in>` + inputs + `</form>`,
			method: "POST", url: "https://h/a/in", body: "u=j%C3%B6rg&p=a+b%26%2B%25%3D",
		},
	} {
		contentType := "text/html"
		if test.charset != "" {
			contentType += "; charset=" + test.charset
		}
		filled := fields
		if test.fields != nil {
			filled = test.fields
		}
		page := pageAt(t, "https://h/a/page?q=1", contentType, test.page)
		form := page.formWith(filled)
		if form == nil {
			t.Errorf("%s: no form fits", name)
			continue
		}
		request, err := form.request(t.Context(), filled)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, _ := io.ReadAll(request.Body)
		if request.Method != test.method || request.URL.String() != test.url || string(body) != test.body {
			t.Errorf("%s: got %s %s\n%s\nwant %s %s\n%s", name, request.Method, request.URL, body, test.method, test.url, test.body)
		}
		if isPost := test.method == "POST"; isPost != (request.Header.Get("Content-Type") == post) || isPost != (request.Header.Get("Origin") == "https://h") {
			t.Errorf("%s: the header is %v", name, request.Header)
		}
	}
}

// Only a page that has nothing for people, and whose script submits it, is submitted
// without a person: not one that asks for consent, or that signs out.
func TestFormsThatSubmitThemselves(t *testing.T) {
	t.Parallel()
	const script = `<script>document.forms[0].submit()</script>`
	for body, want := range map[string]bool{
		`<form><input type=hidden name=a></form>` + script:                                        true,
		`<form><input type=hidden name=a><button>Continue</button></form>` + script:               true,
		`<body onload="document.forms[0].submit()"><form><input type=hidden name=a></form>`:       true,
		`<form><input type=hidden name=a><button>Sign out</button></form>`:                        false,
		`<form><input type=hidden name=a><input name=otp></form>` + script:                        false,
		`<form><input type=hidden name=a></form><form><input type=hidden name=b></form>` + script: false,
		`<form></form>` + script: false,
		script:                   false,
	} {
		page := pageAt(t, "https://h/", "text/html", body)
		if got := page.automatic() != nil; got != want {
			t.Errorf("%s: got %t", body, got)
		}
	}
}

func FuzzParsePage(f *testing.F) {
	f.Add(`<form action="x"><input name=u type=password><select name=s><option>1</select></form>`)
	f.Add(`<base href=":"><form id=a action="%zz"><input form=a name=u disabled checked></form><script>submit()`)
	f.Fuzz(func(t *testing.T, body string) {
		page := pageAt(t, "https://h/", "text/html", body)
		for _, form := range page.forms {
			if request, err := form.request(t.Context(), map[string]string{"u": "canary"}); err == nil && request.URL.Fragment != "" {
				t.Errorf("%s has a fragment", request.URL)
			}
		}
	})
}
