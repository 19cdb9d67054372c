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
	// answer replaces the response with the token. Nil: the token.
	answer *fakeAnswer
	// refuses is the status of a change with the right token. Zero: it is made.
	refuses int
	// once is true if the token comes only with the first response.
	once bool
	// set are cookies that the list sets.
	set  []string
	sent []string
	// tokens are those of the changes.
	tokens []string
}

func (s *csrfServer) serve(request *http.Request) (*http.Response, error) {
	s.sent = append(s.sent, request.Method+" "+request.URL.Path)
	if request.Method == http.MethodPatch {
		s.tokens = append(s.tokens, request.Header.Get("X-Token"))
	}
	switch {
	case request.Method == http.MethodPatch && request.Header.Get("X-Token") != s.token:
		return reply(http.StatusForbidden, ""), nil
	case request.Method == http.MethodPatch && s.refuses != 0:
		return reply(s.refuses, ""), nil
	case request.Method == http.MethodPatch:
		return reply(http.StatusOK, one("k")), nil
	case request.URL.Path != s.from.Path || s.once && len(s.sent) > 1:
		response := reply(http.StatusOK, consumersJSON("k"))
		response.Header["Set-Cookie"] = s.set
		return response, nil
	case s.answer != nil:
		return reply(s.answer.status, s.answer.body), nil
	}
	r := &profile.Response{Status: http.StatusOK, Header: http.Header{}}
	s.from.Put(r, s.token, "/elsewhere")
	response := reply(r.Status, string(r.Body))
	response.Header = r.Header
	return response, nil
}

func (s *csrfServer) client(t *testing.T) *Client {
	t.Helper()
	changed := ownProfile()
	changed.CSRF = &s.from
	changed.Calls.Approve.Headers = map[string]string{"X-Token": profile.CSRFToken, "Origin": profile.Origin}
	return fakeClient(t, &fakeServer{serve: s.serve}, func(o *Options) { o.Profile = changed })
}

func approve(t *testing.T, client *Client) error {
	t.Helper()
	_, err := client.Update(t.Context(), "k", Changes{Approved: new(true)})
	return err
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
		says   string
	}{
		"body":            {from: body},
		"page":            {from: profile.CSRF{From: "page", Path: "/csrf", Name: "_csrf"}},
		"cookie":          {from: profile.CSRF{From: "cookie", Path: "/csrf", Name: "XSRF"}},
		"encoded cookie":  {from: profile.CSRF{From: "cookie", Path: "/csrf", Name: "XSRF", Decode: true}},
		"header":          {from: profile.CSRF{From: "header", Path: "/csrf", Name: "X-Next"}},
		"not there":       {from: body, answer: &fakeAnswer{404, ""}, kind: ErrUnreadable},
		"a page for JSON": {from: body, answer: &fakeAnswer{200, "<html></html>"}, kind: ErrWebPage},
		"no JSON":         {from: body, answer: &fakeAnswer{200, "token"}, kind: ErrUnreadable},
		"no member":       {from: body, answer: &fakeAnswer{200, `{"other":"x"}`}, kind: ErrUnreadable, says: `GET /csrf: the response cannot be read: 200 OK: no CSRF token at "/csrf"`},
		"no field": {
			from: profile.CSRF{From: "page", Path: "/csrf", Name: "_csrf"}, answer: &fakeAnswer{200, "<html></html>"},
			kind: ErrUnreadable, says: `no CSRF token in a meta tag or hidden field "_csrf"`,
		},
		"no path": {from: profile.CSRF{From: "cookie", Name: "XSRF"}, kind: ErrUnreadable, says: `PATCH /osmc/admin/oauthconsumers/k: the response cannot be read: no CSRF token in cookie "XSRF"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &csrfServer{from: test.from, answer: test.answer}
			client := server.client(t)
			for _, token := range []string{"first-csrf-token-0123+/==", "second-csrf-token-0123+/=="} {
				server.token = token
				if err := approve(t, client); !errors.Is(err, test.kind) || Uncertain(err) || err != nil && !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v after %v, want %v", err, server.sent, test.kind)
				}
			}
			if test.kind != nil {
				if slices.ContainsFunc(server.sent, func(call string) bool { return strings.HasPrefix(call, http.MethodPatch) }) {
					t.Errorf("sent %v", server.sent)
				}
				return
			}
			if text := client.Redact("x second-csrf-token-0123+/=="); strings.Contains(text, "second") {
				t.Errorf("the token is in %q", text)
			}
			server.token, server.refuses = "third-csrf-token-0123+/==", http.StatusConflict
			if err := approve(t, client); !errors.Is(err, ErrConflict) || Uncertain(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// After a 403, the call is sent once more, with a new token or with the one that the
// server has set once and for all. A second 403 names the token.
func TestCSRF_refused(t *testing.T) {
	t.Parallel()
	for name, once := range map[string]bool{"new token": false, "the token stays": true} {
		server := &csrfServer{
			from:  profile.CSRF{From: "cookie", Path: "/csrf", Name: "XSRF"},
			token: "csrf-token-0123", refuses: http.StatusForbidden, once: once,
		}
		err := approve(t, server.client(t))
		var failure *Error
		if !errors.Is(err, ErrForbidden) || !errors.Is(err, ErrToken) || Uncertain(err) || !errors.As(err, &failure) || failure.Part != "csrf" {
			t.Errorf("%s: got %v", name, err)
		}
		patch := "PATCH /osmc/admin/oauthconsumers/k"
		if want := []string{"GET /csrf", patch, "GET /csrf", patch}; !slices.Equal(server.sent, want) {
			t.Errorf("%s: sent %q, want %q", name, server.sent, want)
		}
	}
	client, _ := fakeAnswers{"PATCH k": {{403, ""}}}.client(t)
	if err := approve(t, client); !errors.Is(err, ErrForbidden) || errors.Is(err, ErrToken) {
		t.Errorf("without a token: got %v", err)
	}
}

// The token is the cookie that a script on a page of the application reads.
func TestCSRF_cookies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		set  []string // before the change
		want string
	}{
		"none":                           {nil, "new==&"},
		"encoded":                        {[]string{"XSRF=ab%2Bcd+%3D; Path=/"}, "ab+cd+="},
		"another application's":          {[]string{"XSRF=ours; Path=/osmc", "XSRF=theirs; Path=/authentication"}, "ours"},
		"another application's, and all": {[]string{"XSRF=ours; Path=/osmc/admin", "XSRF=theirs; Path=/"}, "ours"},
		"of the page":                    {[]string{"XSRF=page; Path=/osmc/admin/page"}, "page"},
		"withdrawn":                      {[]string{"XSRF=old; Path=/osmc", "XSRF=old; Path=/osmc; Max-Age=0"}, "new==&"},
		"expired":                        {[]string{"XSRF=old; Path=/osmc", "XSRF=deleted; Path=/osmc; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "new==&"},
		"ours withdrawn":                 {[]string{"XSRF=old; Path=/osmc", "XSRF=all; Path=/", "XSRF=; Path=/osmc; Max-Age=0"}, "all"},
	} {
		server := &csrfServer{from: profile.CSRF{From: "cookie", Path: "/osmc/page", Name: "XSRF", Decode: true}, token: "new==&"}
		client := server.client(t)
		server.set = test.set
		if _, err := client.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = approve(t, client)
		if server.tokens[0] != test.want {
			t.Errorf("%s: sent %q, want %q", name, server.tokens, test.want)
		}
	}
}
