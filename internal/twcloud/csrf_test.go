package twcloud

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// csrfServer returns CSRF tokens and requires the latest one with each change.
type csrfServer struct {
	from  profile.CSRF
	token string
	// answer replaces the answer with the token. Nil: the token.
	answer *fakeAnswer
	// refuses is true if it refuses a change with the right token.
	refuses bool
	sent    []string
}

func (s *csrfServer) serve(request *http.Request) (*http.Response, error) {
	s.sent = append(s.sent, request.Method+" "+request.URL.Path)
	switch {
	case request.Method == http.MethodPatch && request.Header.Get("X-Token") != s.token:
		return reply(http.StatusForbidden, ""), nil
	case request.Method == http.MethodPatch && s.refuses:
		return reply(http.StatusConflict, ""), nil
	case request.Method == http.MethodPatch:
		return reply(http.StatusOK, one("k")), nil
	case request.URL.Path == s.from.Path && s.answer != nil:
		return reply(s.answer.status, s.answer.body), nil
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
	changed := *profile.BuiltIn()
	changed.CSRF = &s.from
	changed.Headers = map[string]string{"Accept": "application/json", "X-Token": profile.CSRFToken, "Origin": profile.Origin}
	return fakeClient(t, &fakeServer{serve: s.serve}, func(o *Options) { o.Profile = &changed })
}

// The client reads the token where the profile says, and reads it again when the
// server refuses the old one. Without a token, it sends no change. The request for
// the token does not make the outcome of a change uncertain.
func TestCSRF(t *testing.T) {
	t.Parallel()
	body := profile.CSRF{From: "body", Path: "/csrf", Pointer: "/csrf"}
	for name, test := range map[string]struct {
		from   profile.CSRF
		answer *fakeAnswer // nil: the token
		kind   error       // nil: the change succeeds
	}{
		"body":              {from: body},
		"cookie":            {from: profile.CSRF{From: "cookie", Path: "/csrf", Name: "XSRF"}},
		"header of a path":  {from: profile.CSRF{From: "header", Path: "/csrf", Name: "X-Next"}},
		"header of a list":  {from: profile.CSRF{From: "header", Name: "X-Next"}},
		"header of no case": {from: profile.CSRF{From: "header", Name: "x-next"}},
		"not there":         {from: body, answer: &fakeAnswer{404, ""}, kind: ErrUnreadable},
		"a page":            {from: body, answer: &fakeAnswer{200, "<html></html>"}, kind: ErrWebPage},
		"no JSON":           {from: body, answer: &fakeAnswer{200, "token"}, kind: ErrUnreadable},
		"no member":         {from: body, answer: &fakeAnswer{200, `{"other":"x"}`}, kind: ErrUnreadable},
		"no header":         {from: profile.CSRF{From: "header", Path: "/csrf", Name: "X-Next"}, answer: &fakeAnswer{200, ""}, kind: ErrUnreadable},
		"a number":          {from: body, answer: &fakeAnswer{200, `{"csrf":1}`}, kind: ErrUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &csrfServer{from: test.from, answer: test.answer}
			client := server.client(t)
			for _, token := range []string{"first-csrf-token-0123", "second-csrf-token-0123"} {
				server.token = token
				if _, err := client.Update(t.Context(), "k", Changes{Approved: pointer(true)}); !errors.Is(err, test.kind) || Uncertain(err) {
					t.Errorf("got %v after %v, want %v", err, server.sent, test.kind)
				}
			}
			if test.kind != nil {
				if slices.ContainsFunc(server.sent, func(call string) bool { return strings.HasPrefix(call, http.MethodPatch) }) {
					t.Errorf("sent %v", server.sent)
				}
				return
			}
			if text := client.Redact("x second-csrf-token-0123"); strings.Contains(text, "second") {
				t.Errorf("the token is in %q", text)
			}
			server.token, server.refuses = "third-csrf-token-0123", true
			if _, err := client.Update(t.Context(), "k", Changes{Approved: pointer(true)}); !errors.Is(err, ErrConflict) || Uncertain(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}
