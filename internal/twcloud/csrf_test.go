package twcloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// csrfServer hands out tokens and wants the latest one with each change.
type csrfServer struct {
	from  profile.CSRF
	token string
	// answer is what the path of the token answers, if not the token.
	answer func() *http.Response
	sent   []string
}

func (s *csrfServer) serve(request *http.Request) (*http.Response, error) {
	s.sent = append(s.sent, request.Method+" "+request.URL.Path)
	switch {
	case request.Method == http.MethodPatch && request.Header.Get("X-Token") != s.token:
		return reply(http.StatusForbidden, ""), nil
	case request.Method == http.MethodPatch:
		return reply(http.StatusOK, one("k")), nil
	case request.URL.Path == s.from.Path && s.answer != nil:
		return s.answer(), nil
	case request.URL.Path == s.from.Path && s.from.From == "body":
		return reply(http.StatusOK, `{"csrf":"`+s.token+`"}`), nil
	case request.URL.Path == s.from.Path && s.from.From == "cookie":
		return reply(http.StatusNoContent, "", "Set-Cookie", s.from.Name+"="+s.token+"; Path=/elsewhere"), nil
	case s.from.From == "header":
		return reply(http.StatusOK, consumersJSON("k"), s.from.Name, s.token), nil
	}
	return reply(http.StatusOK, consumersJSON("k")), nil
}

func (s *csrfServer) client(t *testing.T) *Client {
	t.Helper()
	client := fakeClient(t, &fakeServer{serve: s.serve})
	changed := *profile.BuiltIn()
	changed.CSRF = &s.from
	changed.Headers = map[string]string{"Accept": "application/json", "X-Token": profile.CSRFToken, "Origin": profile.Origin}
	client.profile = &changed
	client.chain.session.observe = func(session *openSession, response *http.Response) {
		client.csrf.observe(&s.from, session, response, client.redact)
	}
	return client
}

// A token comes from wherever the profile says, is sent with changes alone, and is
// fetched again when the server refuses the old one.
func TestCSRF(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]profile.CSRF{
		"body":              {From: "body", Path: "/csrf", Pointer: "/csrf"},
		"cookie":            {From: "cookie", Path: "/csrf", Name: "XSRF"},
		"header of a path":  {From: "header", Path: "/csrf", Name: "X-Next"},
		"header of a list":  {From: "header", Name: "X-Next"},
		"header of no case": {From: "header", Name: "x-next"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &csrfServer{from: from, token: "first-csrf-token-0123"}
			client := server.client(t)
			yes := true
			for _, token := range []string{"first-csrf-token-0123", "second-csrf-token-0123"} {
				server.token = token
				if _, err := client.Update(t.Context(), "k", Changes{Approved: &yes}); err != nil {
					t.Fatalf("%v after %v", err, server.sent)
				}
			}
			if text := client.Redact("x second-csrf-token-0123"); strings.Contains(text, "second") {
				t.Errorf("the token is in %q", text)
			}
		})
	}
}

// Without a token nothing is changed.
func TestCSRF_missing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		kind   error
	}{
		"not there": {http.StatusNotFound, "", ErrNotFound},
		"a page":    {http.StatusOK, "<html></html>", ErrWebPage},
		"no JSON":   {http.StatusOK, "token", ErrUnreadable},
		"no member": {http.StatusOK, `{"other":"x"}`, ErrUnreadable},
		"a number":  {http.StatusOK, `{"csrf":1}`, ErrUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &csrfServer{
				from:   profile.CSRF{From: "body", Path: "/csrf", Pointer: "/csrf"},
				token:  "token",
				answer: func() *http.Response { return reply(test.status, test.body) },
			}
			yes := true
			_, err := server.client(t).Update(t.Context(), "k", Changes{Approved: &yes})
			if !errors.Is(err, test.kind) && !errors.Is(err, ErrUnreadable) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			for _, call := range server.sent {
				if strings.HasPrefix(call, "PATCH") {
					t.Errorf("sent %v", server.sent)
				}
			}
		})
	}
}
