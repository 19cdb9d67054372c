package signin

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

func mustParseURL(t testing.TB, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// sentTo is the Cookie header of a request after the server has set cookies.
func sentTo(t *testing.T, root, from, to string, header http.Header) string {
	t.Helper()
	var cookies Cookies
	cookies.Keep(mustParseURL(t, root), mustParseURL(t, from), header)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	Send(request, cookies.For(request.URL))
	return request.Header.Get("Cookie")
}

func TestCookiesGoBackByteForByte(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{
		"a=b":                             "a=b",
		"user=Max Muster; Path=/":         "user=Max Muster",
		`user="Max Muster"; Path=/`:       `user="Max Muster"`,
		"user=a,b\\c":                     `user=a,b\c`,
		"user=M\xfcller":                  "user=M\xfcller",
		"user=Müller%20==":                "user=Müller%20==",
		"odd[name]=1; HttpOnly; Secure":   "odd[name]=1",
		" spaced = out ;Path=/":           "spaced=out",
		"empty=; SameSite=None":           "empty=",
		"a=b; Domain=.example.com":        "a=b",
		"a=b; Max-Age=1":                  "a=b",
		"a=b; Max-Age=soon":               "a=b",
		"a=b; Max-Age=9; Expires=" + past: "a=b",
		"a=b; Expires=whenever":           "a=b",
		"a=b; Max-Age=0":                  "",
		"a=b; Max-Age=-1":                 "",
		"=nameless":                       "",
		"nameless":                        "",
		"":                                "",
	} {
		got := sentTo(t, "https://h:8443", "https://h:8443/admin", "https://h:8443/admin", http.Header{"Set-Cookie": {set}})
		if got != want {
			t.Errorf("%q: got %q, want %q", set, got, want)
		}
	}
}

const past = "Thu, 01 Jan 1970 00:00:00 GMT"

// The clock of this machine may be years ahead of the server's, or behind it.
func TestCookiesExpireByTheServersClock(t *testing.T) {
	t.Parallel()
	for _, server := range []time.Time{time.Now().AddDate(-3, 0, 0), time.Now().AddDate(3, 0, 0)} {
		for after, want := range map[time.Duration]string{15 * time.Minute: "a=b", 0: "", -time.Minute: ""} {
			for _, form := range []string{http.TimeFormat, "Mon, 02-Jan-2006 15:04:05 GMT", "Mon, 02-Jan-06 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
				header := http.Header{
					"Date":       {server.UTC().Format(http.TimeFormat)},
					"Set-Cookie": {"a=b; Path=/; Expires=" + server.Add(after).UTC().Format(form)},
				}
				if got := sentTo(t, "https://h", "https://h/", "https://h/", header); got != want {
					t.Errorf("%s after the date %s: got %q, want %q", after, header, got, want)
				}
			}
		}
	}
}

// A proxy may drop the date of the server, whose clock may be behind.
func TestCookiesExpireWithoutADate(t *testing.T) {
	t.Parallel()
	for expires, want := range map[string]string{time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): "a=b", past: ""} {
		header := http.Header{"Set-Cookie": {"a=b; Path=/; Expires=" + expires}}
		if got := sentTo(t, "https://h", "https://h/", "https://h/", header); got != want {
			t.Errorf("%s: got %q, want %q", expires, got, want)
		}
	}
}

func TestCookiesGoToTheirServerAndPath(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ root, from, set, to, want string }{
		"the path itself":         {"https://h", "https://h/admin/api", "a=b; Path=/admin", "https://h/admin", "a=b"},
		"below the path":          {"https://h", "https://h/admin/api", "a=b; Path=/admin", "https://h/admin/x", "a=b"},
		"beside the path":         {"https://h", "https://h/admin/api", "a=b; Path=/admin", "https://h/administration", ""},
		"another path":            {"https://h", "https://h/admin/api", "a=b; Path=/webapp", "https://h/admin", ""},
		"no path":                 {"https://h", "https://h/admin/api/x", "a=b", "https://h/admin/api", "a=b"},
		"no path, above":          {"https://h", "https://h/admin/api/x", "a=b", "https://h/admin", ""},
		"no path, at the root":    {"https://h", "https://h/x", "a=b", "https://h", "a=b"},
		"another port":            {"https://h:8443", "https://h:8443/x", "a=b; Path=/", "https://h:8111/x", ""},
		"another host":            {"https://h", "https://h/x", "a=b; Domain=example.com; Path=/", "https://example.com/x", ""},
		"another scheme":          {"https://h", "https://h/x", "a=b; Path=/", "http://h/x", ""},
		"case of the host":        {"https://h", "https://H/x", "a=b; Path=/", "https://h/x", "a=b"},
		"prefix that is missing":  {"https://h/twc/", "https://h/twc/admin/api", "a=b; Path=/admin", "https://h/twc/admin/x", "a=b"},
		"prefix that is there":    {"https://h/twc", "https://h/twc/admin/api", "a=b; Path=/twc/admin", "https://h/twc/admin/x", "a=b"},
		"prefix with escapes":     {"https://h/a%20b", "https://h/a%20b/admin/api", "a=b; Path=/a%20b/admin", "https://h/a%20b/admin/x", "a=b"},
		"escapes in lower case":   {"https://h/%C3%BC", "https://h/%C3%BC/admin/api", "a=b; Path=/%c3%bc", "https://h/%C3%BC/admin/x", "a=b"},
		"a path as it is":         {"https://h/a%20b", "https://h/a%20b/admin/api", "a=b; Path=/a b/admin", "https://h/a%20b/admin/x", "a=b"},
		"not an escape":           {"https://h", "https://h/10%25/x", "a=b; Path=/10%", "https://h/10%25/x", "a=b"},
		"prefix, and a slash":     {"https://h/a/b/", "https://h/a/b/osmc/login", "a=b; Path=/osmc/", "https://h/a/b/osmc/x", "a=b"},
		"prefix that is the path": {"https://h/osmc", "https://h/osmc/osmc/login", "a=b; Path=/osmc", "https://h/osmc/osmc/x", "a=b"},
		"prefix alone":            {"https://h/twc", "https://h/twc/osmc/login", "a=b; Path=/twc", "https://h/twc/osmc/x", "a=b"},
		"prefix, and all paths":   {"https://h/twc", "https://h/twc/osmc/login", "a=b; Path=/", "https://h/twc/osmc/x", "a=b"},
		"prefix that is alike":    {"https://h/ad", "https://h/ad/admin/api", "a=b; Path=/admin", "https://h/ad/admin/x", "a=b"},
	} {
		if got := sentTo(t, test.root, test.from, test.to, http.Header{"Set-Cookie": {test.set}}); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestCookiesAreReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	var cookies Cookies
	at := mustParseURL(t, "https://h/admin/x")
	keep := func(lines ...string) []Cookie {
		return cookies.Keep(mustParseURL(t, "https://h"), at, http.Header{"Set-Cookie": lines})
	}
	keep("a=1; Path=/", "b=2; Path=/admin", "a=3; Path=/admin/x", "c=4; Path=/webapp")
	set := keep("a=5; Path=/", "b=; Path=/admin; Max-Age=0", "unknown=; Path=/; Max-Age=0")
	if len(set) != 3 || set[0].Deleted || !set[1].Deleted {
		t.Errorf("set %v", set)
	}
	request := &http.Request{Header: http.Header{}}
	if Send(request, cookies.For(at)); request.Header.Get("Cookie") != "a=3; a=5" {
		t.Errorf("sent %q", request.Header.Get("Cookie"))
	}
	if Send(request, cookies.All(at)); request.Header.Get("Cookie") != "a=3; c=4; a=5" {
		t.Errorf("all: %q", request.Header.Get("Cookie"))
	}
	request = &http.Request{Header: http.Header{}}
	if Send(request, nil); len(request.Header) != 0 {
		t.Errorf("sent %v", request.Header)
	}
}
