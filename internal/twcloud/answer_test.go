package twcloud

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestStatusErrors(t *testing.T) {
	t.Parallel()
	const html, text = "text/html; charset=utf-8", "text/plain"
	for name, test := range map[string]struct {
		status      int
		contentType string
		body        string
		kind        error
		says        string
	}{
		"message":                    {400, "application/json", `{"message":"Name is taken.","code":7}`, ErrInvalid, ": 400 Bad Request: Name is taken."},
		"unprocessable":              {422, text, "No.", ErrInvalid, ": 422 Unprocessable Entity: No."},
		"no session":                 {401, text, "", ErrSession, ": 401 Unauthorized"},
		"forbidden":                  {403, text, "", ErrForbidden, ": 403 Forbidden"},
		"not found":                  {404, text, "", ErrNotFound, ": 404 Not Found"},
		"gateway timeout of a proxy": {408, text, "", ErrTimeout, ": 408 Request Timeout"},
		"conflict":                   {409, text, "", ErrConflict, ": 409 Conflict"},
		"slow down":                  {429, text, "", ErrTooManyRequests, ": 429 Too Many Requests"},
		"failed":                     {500, text, "", ErrServer, ": 500 Internal Server Error"},
		"gateway":                    {502, html, "<html><title>502 Bad\n Gateway</title>", ErrServer, `: a web page titled "502 Bad Gateway"`},
		"teapot":                     {418, text, "", ErrUnreadable, ": 418 I'm a teapot"},
		"page":                       {200, html, "<p>", ErrWebPage, ": 200 OK"},
		"page without type":          {200, "", " \n<!DOCTYPE HTML><title>Sign in</title>", ErrWebPage, `: a web page titled "Sign in"`},
		"page called text":           {200, text, "<HTML><head><title class='a'>Sign in</title >", ErrWebPage, `: a web page titled "Sign in"`},
		"XHTML":                      {200, "application/xhtml+xml", "<?xml?>", ErrWebPage, ": 200 OK"},
		"other JSON":                 {400, "application/json", `{"error": "x"}`, ErrInvalid, `: {"error": "x"}`},
		"message is no text":         {400, "application/json", `{"message": 1}`, ErrInvalid, `: {"message": 1}`},
		"no message":                 {400, "application/json", `{"message": ""}`, ErrInvalid, `: {"message": ""}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h/a%2Fb?canary#canary", http.NoBody)
			err := newStatusError(request, reply(test.status, test.body, "Content-Type", test.contentType), &redactor{})
			if !errors.Is(err, test.kind) || err.Status != test.status {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			if want := "POST /a%2Fb: " + test.kind.Error(); !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), test.says) {
				t.Errorf("got %q, want %q and %q", err, want, test.says)
			}
		})
	}
}

func TestRedirectsAreTold(t *testing.T) {
	t.Parallel()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://h/osmc/x", http.NoBody)
	for location, want := range map[string]string{
		"https://u:canary@sso.example.com/in?token=canary#canary": "redirect to https://sso.example.com/in",
		"/in?token=canary":                "redirect to /in",
		"":                                "words",
		"javascript:alert(document.name)": "redirect to javascript:alert(document.name)",
	} {
		response := reply(http.StatusFound, "words", "Location", location)
		if location == "" {
			response.Header.Del("Location")
		}
		if err := newStatusError(request, response, &redactor{}); err.Message != want || !errors.Is(err, ErrWebPage) {
			t.Errorf("%s: got %v", location, err)
		}
	}
	// Where something was created is no redirect.
	if err := newStatusError(request, reply(http.StatusCreated, "words", "Location", "/x"), &redactor{}); err.Message != "words" {
		t.Errorf("got %v", err)
	}
}

func TestTransportErrorsKeepTheirCause(t *testing.T) {
	t.Parallel()
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://h/osmc/x", http.NoBody)
	cause := &net.DNSError{Name: "h", Err: "no such host"}
	err := newTransportError(request, &exchangeError{cause: &net.OpError{Op: "dial", Err: cause}}, &redactor{})
	var dns *net.DNSError
	if !errors.Is(err, ErrUnreachable) || !errors.As(err, &dns) || maybeSent(err) {
		t.Errorf("got %v", err)
	}
	for cause, kind := range map[error]error{
		ErrClosed: ErrClosed, context.Canceled: ErrCanceled, context.DeadlineExceeded: ErrCanceled,
	} {
		if err := newTransportError(request, cause, &redactor{}); !errors.Is(err, kind) || !errors.Is(err, cause) {
			t.Errorf("%v: got %v", cause, err)
		}
	}
	known := &Error{Kind: ErrNoSeat}
	if err := newTransportError(request, known, &redactor{}); !errors.Is(err, known) {
		t.Errorf("got %v", err)
	}
}

func TestConsumersOnTheWire(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		document string
		asked    string
		says     string // empty: it can be read
	}{
		"whole":             {`{"key":"k","name":"n","approved":true}`, "k", ""},
		"of any key":        {`{"key":"k","name":"n","approved":true}`, "", ""},
		"an empty name":     {`{"key":"k","name":"","approved":true,"more":{}}`, "k", ""},
		"no key":            {`{"name":"n","approved":true}`, "", "without a key"},
		"an empty key":      {`{"key":"","name":"n","approved":true}`, "", "without a key"},
		"no name":           {`{"key":"k","approved":true}`, "k", `"k" has no name`},
		"no approval":       {`{"key":"k","name":"n"}`, "k", "does not say whether it is approved"},
		"approval is null":  {`{"key":"k","name":"n","approved":null}`, "k", "does not say whether it is approved"},
		"another":           {`{"key":"l","name":"n","approved":true}`, "k", `asked about consumer "k", the server returned "l"`},
		"null":              {`null`, "k", "without a key"},
		"an array":          {`[]`, "k", "without a key"},
		"a number as key":   {`{"key":12345678901234567890,"name":"n","approved":true}`, "12345678901234567890", ""},
		"a number as name":  {`{"key":"k","name":1,"approved":true}`, "k", "has no name"},
		"approval in words": {`{"key":"k","name":"n","approved":"yes"}`, "k", `is "yes", which the API profile lists neither as a yes nor as a no`},
		"more text":         {`{"key":"k","name":"n","approved":true} {}`, "k", "more text after the end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &fakeServer{serve: func(*http.Request) (*http.Response, error) { return reply(http.StatusOK, test.document), nil }}
			_, err := fakeClient(t, server).read(t.Context(), cmp.Or(test.asked, "k"))
			if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

// FuzzAnswers lets the server answer anything to a list and to a single GET.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `[null]`, `{}`, `[{}]`, `[{"key":"k","name":"n","approved":true}]`, `[{"key":"k","name":"n"}]`,
		`{"key":"k","name":"n","approved":true}`, `[{"key":"k","name":"n","approved":true},{"key":"k","name":"m","approved":false}]`,
		`{"message":"no"}`, `<html><title>x</title>`, `[[[[`, "\xff\xfe", `{"key":"\ud800","name":"n","approved":true}`,
	} {
		for _, status := range []int{200, 201, 204, 302, 400, 404, 500} {
			f.Add(body, status)
		}
	}
	f.Fuzz(func(t *testing.T, body string, status int) {
		if status < 200 || status > 599 || status == 429 || status >= 502 {
			t.Skip()
		}
		server := &fakeServer{serve: func(*http.Request) (*http.Response, error) { return reply(status, body), nil }}
		client := fakeClient(t, server)
		consumers, err := client.List(t.Context())
		if err == nil {
			if status != http.StatusOK || !strings.HasPrefix(strings.TrimSpace(body), "[") {
				t.Errorf("%d %q is read as %v", status, body, consumers)
			}
		} else if known := new(*Error); !errors.As(err, known) || (*known).Kind == nil || !isOneLine(err.Error()) {
			t.Errorf("got %v", err)
		}
		for _, consumer := range consumers {
			if consumer.Key == "" {
				t.Errorf("%q has a consumer without a key", body)
			}
		}
		if consumer, err := client.View().Get(t.Context(), "k"); err == nil && consumer.Key != "k" {
			t.Errorf("asked about k, got %v", consumer)
		}
	})
}

func FuzzWordsOf(f *testing.F) {
	for _, body := range []string{"", "words", `{"message":"words"}`, "<html><title>İ</title>", "<TITLE>", "<title></title>", "\xff<title>\xff</title>", "<!doctype html>", strings.Repeat("x", 1000)} {
		for _, contentType := range []string{"", "text/html", "application/json", "text/html; charset", ";"} {
			f.Add(body, contentType, "/elsewhere?x")
		}
	}
	f.Fuzz(func(t *testing.T, body, contentType, location string) {
		for _, status := range []int{200, 302, 500} {
			response := reply(status, body, "Content-Type", contentType, "Location", location)
			words := wordsOf(response, &redactor{})
			if !isOneLine(words) || utf8.RuneCountInString(words) > 2*maxMessageLength {
				t.Errorf("got %q", words)
			}
			if string(bodyOf(response)) != body {
				t.Error("the body cannot be read again")
			}
		}
	})
}

func isOneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
