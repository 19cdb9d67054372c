package twcloud

import (
	"errors"
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
		location    string
		kind        error
		says        string
	}{
		"message":              {400, "application/json", `{"message":"Name is taken.","code":7}`, "", ErrInvalid, ": 400 Bad Request: Name is taken."},
		"unprocessable":        {422, text, "No.", "", ErrInvalid, ": 422 Unprocessable Entity: No."},
		"no session":           {401, text, "", "", ErrSession, ": 401 Unauthorized"},
		"forbidden":            {403, text, "", "", ErrForbidden, ": 403 Forbidden"},
		"not found":            {404, text, "", "", ErrNotFound, ": 404 Not Found"},
		"no such method":       {405, text, "", "", ErrUnsupported, ": 405 Method Not Allowed"},
		"time-out":             {408, text, "", "", ErrTimeout, ": 408 Request Timeout"},
		"conflict":             {409, text, "", "", ErrConflict, ": 409 Conflict"},
		"gone":                 {410, text, "", "", ErrNotFound, ": 410 Gone"},
		"slow down":            {429, text, "", "", ErrTooManyRequests, ": 429 Too Many Requests"},
		"failed":               {500, text, "", "", ErrServer, ": 500 Internal Server Error"},
		"not implemented":      {501, text, "", "", ErrUnsupported, ": 501 Not Implemented"},
		"gateway":              {502, html, "<html><title>502 Bad\n Gateway</title>", "", ErrServer, `: a web page titled "502 Bad Gateway"`},
		"teapot":               {418, text, "", "", ErrUnreadable, ": 418 I'm a teapot"},
		"page":                 {200, html, "<p>", "", ErrWebPage, ": 200 OK"},
		"page without type":    {200, "", " \n<!DOCTYPE HTML><title>Sign in</title>", "", ErrWebPage, `: a web page titled "Sign in"`},
		"page called text":     {200, text, "<HTML><head><title class='a'>Sign in</title >", "", ErrWebPage, `: a web page titled "Sign in"`},
		"XHTML":                {200, "application/xhtml+xml", "<?xml?>", "", ErrWebPage, ": 200 OK"},
		"other JSON":           {400, "application/json", `{"error": "x"}`, "", ErrInvalid, `: {"error": "x"}`},
		"message is no text":   {400, "application/json", `{"message": 1}`, "", ErrInvalid, `: {"message": 1}`},
		"no message":           {400, "application/json", `{"message": ""}`, "", ErrInvalid, `: {"message": ""}`},
		"created":              {201, text, "words", "/x", ErrUnreadable, ": 201 Created: words"},
		"redirect":             {302, text, "words", "https://u:canary@sso.example.com/in?token=canary#canary", ErrWebPage, ": redirect to https://sso.example.com/in"},
		"relative redirect":    {302, text, "words", "/in?token=canary", ErrWebPage, ": redirect to /in"},
		"redirect to nowhere":  {302, text, "words", "", ErrWebPage, ": 302 Found: words"},
		"redirect to a script": {302, text, "words", "javascript:alert(document.name)", ErrWebPage, ": redirect to javascript:alert(document.name)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := reply(test.status, test.body, "Content-Type", test.contentType)
			if test.location != "" {
				response.Header.Set("Location", test.location)
			}
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h/a%2Fb?canary#canary", http.NoBody)
			err := newStatusError(request, response, &redactor{})
			if !errors.Is(err, test.kind) || err.Status != test.status {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			if want := "POST /a%2Fb: " + test.kind.Error(); !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), test.says) {
				t.Errorf("got %q, want %q and %q", err, want, test.says)
			}
		})
	}
}

// The error of an unreadable answer names the part of the profile that does not
// match, and what the response has instead, as the profile tells it.
func TestUnreadableConsumers(t *testing.T) {
	t.Parallel()
	const list, read, register = "GET list", "GET k", "POST list"
	for name, test := range map[string]struct {
		call  string
		body  string
		says  string
		part  string
		found string
	}{
		"no key":             {read, `{"name":"n","approved":true}`, `no key at "/key"`, "calls.read.response.key", "its members are approved, name"},
		"approval in words":  {read, `{"key":"k","name":"n","approved":"yes"}`, "which the API profile lists neither as a yes nor as a no", "approved", "it is a JSON string"},
		"another":            {read, `{"key":"l","name":"n","approved":true}`, `asked about consumer "k", the server returned "l"`, "calls.read.response.key", ""},
		"not JSON":           {list, "x", "not JSON", "calls.list.response", ""},
		"no list":            {list, `{"items":[]}`, "its members are items", "calls.list.response.items", "its members are items"},
		"listed, odd value":  {list, `[{"key":"a","name":"n","approved":7}]`, "the value at \"/approved\" is 7", "approved", "it is a JSON number"},
		"registered, no key": {register, `{"id":"a"}`, `no key at "/key"`, "calls.register.response.key", "its members are id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := fakeAnswers{"GET list": {{200, "[]"}}}
			answers[test.call] = []fakeAnswer{{200, test.body}}
			client, _ := answers.client(t)
			var err error
			switch test.call {
			case list:
				_, err = client.List(t.Context())
			case read:
				_, err = client.Ask(t.Context(), "k")
			case register:
				_, err = client.Register(t.Context(), "n", testSecret)
			}
			var failure *Error
			if !errors.As(err, &failure) || !strings.Contains(err.Error(), test.says) || failure.Part != test.part || failure.Found != test.found {
				t.Errorf("got %+v: %v, want %q, %q, and %q", failure, err, test.says, test.part, test.found)
			}
		})
	}
}

// FuzzAnswers lets the server answer anything to a list and to a single GET.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `[null]`, `{}`, `[{}]`, `[{"key":"k","name":"n","approved":true}]`, `[{"key":"k","name":"n"}]`,
		`{"key":"k","name":"n","approved":true}`, `[{"key":"k","name":"n","approved":true},{"key":"k","name":"m","approved":false}]`,
		`{"message":"no"}`, `<html><title>İ</title>`, `<TITLE>`, "\xff<title>\xff</title>", `[[[[`, "\xff\xfe", `{"key":"\ud800","name":"n","approved":true}`,
		strings.Repeat("x", 1000),
	} {
		for _, status := range []int{200, 201, 204, 302, 400, 404, 500} {
			f.Add(body, status, "", "")
			f.Add(body, status, "text/html", "/elsewhere?x")
			f.Add(body, status, "text/html; charset", "https://%zz")
			f.Add(body, status, ";", "\n")
		}
	}
	f.Fuzz(func(t *testing.T, body string, status int, contentType, location string) {
		if status < 200 || status > 599 || status == 429 || status >= 502 {
			t.Skip()
		}
		server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
			return reply(status, body, "Content-Type", contentType, "Location", location), nil
		}}
		client := fakeClient(t, server)
		consumers, err := client.List(t.Context())
		if err == nil {
			if !success(status) || !strings.HasPrefix(strings.TrimSpace(body), "[") {
				t.Errorf("%d %q is read as %v", status, body, consumers)
			}
		} else if known := new(*Error); !errors.As(err, known) || (*known).Kind == nil || !isOneLine(err.Error()) ||
			utf8.RuneCountInString((*known).Message) > 2*maxMessageLength {
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

func isOneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
