package twcloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// fakeAnswers answers each call of the built-in profile: "METHOD list" for the
// collection and "METHOD key" for a consumer. An answer is a status and a body;
// several are given in turn, and the last one stays.
type fakeAnswers map[string][]fakeAnswer

type fakeAnswer struct {
	status int
	body   string
}

func (f fakeAnswers) client(t *testing.T, change ...func(*profile.Profile)) (*Client, func() []string) {
	t.Helper()
	var sent []string
	server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
		name := "list"
		if rest, below := strings.CutPrefix(request.URL.Path, "/osmc/admin/oauthconsumers/"); below {
			name = rest
		}
		call := request.Method + " " + name
		sent = append(sent, call)
		answers := f[call]
		if len(answers) == 0 {
			return reply(http.StatusNotFound, `{"message":"nothing there"}`), nil
		}
		if len(answers) > 1 {
			f[call] = answers[1:]
		}
		return reply(answers[0].status, answers[0].body), nil
	}}
	client := fakeClient(t, server)
	client.profile = ownProfile()
	for _, one := range change {
		one(client.profile)
	}
	return client, func() []string { return sent }
}

// ownProfile is a copy of the built-in profile that a test can change.
func ownProfile() *profile.Profile {
	content, err := json.Marshal(profile.BuiltIn())
	own, problems := profile.Parse(content)
	if err != nil || len(problems) > 0 {
		panic(fmt.Sprint(err, problems))
	}
	return own
}

func one(key string) string { return fmt.Sprintf(`{"key":%q,"name":"n","approved":true}`, key) }

func withoutRead(p *profile.Profile) { p.Calls.Read = nil }

// A consumer is gone only when that is proven.
func TestConfirmAbsence(t *testing.T) {
	t.Parallel()
	many := func(n int) string {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprint("k", i)
		}
		return consumersJSON(keys...)
	}
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  []func(*profile.Profile)
		want    error // nil: it is there
		sent    string
	}{
		"listed":                         {answers: fakeAnswers{"GET list": {{200, consumersJSON("gone")}}}, sent: "GET list"},
		"not listed, and there":          {answers: fakeAnswers{"GET list": {{200, "[]"}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
		"empty list":                     {answers: fakeAnswers{"GET list": {{200, "[]"}}}, want: ErrNotFound, sent: "GET list,GET gone"},
		"others can be read":             {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET a": {{200, one("a")}}}, want: ErrNotFound, sent: "GET list,GET gone,GET a"},
		"410":                            {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET a": {{200, one("a")}}, "GET gone": {{410, ""}}}, want: ErrNotFound, sent: "GET list,GET gone,GET a"},
		"nothing can be read":            {answers: fakeAnswers{"GET list": {{200, many(3)}}}, want: ErrNotFound, sent: "GET list,GET gone,GET k0"},
		"another status than expected":   {answers: fakeAnswers{"GET list": {{200, "[]"}}, "GET gone": {{202, one("gone")}}}, want: ErrUnreadable, sent: "GET list,GET gone"},
		"nothing can be read, a page":    {answers: fakeAnswers{"GET list": {{200, many(10)}}}, want: ErrIncomplete, sent: "GET list,GET gone,GET k0"},
		"reading fails":                  {answers: fakeAnswers{"GET list": {{200, many(3)}}, "GET gone": {{500, ""}}}, want: ErrServer, sent: "GET list,GET gone"},
		"reading others fails":           {answers: fakeAnswers{"GET list": {{200, many(3)}}, "GET k0": {{500, ""}}}, want: ErrServer, sent: "GET list,GET gone,GET k0"},
		"read is null":                   {answers: fakeAnswers{"GET list": {{200, many(3)}}, "GET gone": {{200, "null"}}}, want: ErrUnreadable, sent: "GET list,GET gone"},
		"no read call":                   {answers: fakeAnswers{"GET list": {{200, many(3)}}}, change: []func(*profile.Profile){withoutRead}, want: ErrNotFound, sent: "GET list"},
		"no read call, a page":           {answers: fakeAnswers{"GET list": {{200, many(25)}}}, change: []func(*profile.Profile){withoutRead}, want: ErrIncomplete, sent: "GET list"},
		"no read call, list unreadable":  {answers: fakeAnswers{"GET list": {{200, "{}"}}}, change: []func(*profile.Profile){withoutRead}, want: ErrUnreadable, sent: "GET list"},
		"list forbidden, and gone":       {answers: fakeAnswers{"GET list": {{403, ""}}}, want: ErrNotFound, sent: "GET list,GET gone"},
		"list unreadable, read 404":      {answers: fakeAnswers{"GET list": {{200, "{}"}}}, want: ErrUnreadable, sent: "GET list,GET gone"},
		"list not allowed, and readable": {answers: fakeAnswers{"GET list": {{405, ""}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change...)
			got, err := client.Get(t.Context(), "gone")
			if !errors.Is(err, test.want) || test.want == nil && (err != nil || got.Key != "gone") {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
			if calls := strings.Join(sent(), ","); calls != test.sent {
				t.Errorf("sent %s, want %s", calls, test.sent)
			}
		})
	}
}

// A list that has been found to lack a consumer is not believed any more.
func TestListIsNotBelieved(t *testing.T) {
	t.Parallel()
	client, _ := fakeAnswers{"GET list": {{200, consumersJSON("a", "b")}}, "GET hidden": {{200, one("hidden")}}}.client(t)
	if _, err := client.Get(t.Context(), "hidden"); err != nil {
		t.Fatal(err)
	}
	if doubt := client.doubtOfList(2); !strings.Contains(doubt, `lacks consumer "hidden"`) {
		t.Errorf("the list is believed: %q", doubt)
	}
	client.profile.Calls.Read = nil
	if _, err := client.Get(t.Context(), "other"); !errors.Is(err, ErrIncomplete) {
		t.Errorf("got %v", err)
	}
}

// What the profile has no call for, and what the server has refused, is known
// before anything is sent.
func TestSupports(t *testing.T) {
	t.Parallel()
	yes, name, secret := true, "n", "s"
	client, sent := fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "PATCH k": {{405, ""}}}.client(t)
	for _, changes := range []Changes{{Approved: &yes}, {Name: &name}, {Secret: &secret}} {
		if err := client.Supports(changes); err != nil || client.NeedsSecret(changes) {
			t.Errorf("%+v: %v", changes, err)
		}
	}
	if _, err := client.Update(t.Context(), "k", Changes{Approved: &yes}); !errors.Is(err, ErrUnsupported) || Uncertain(err) {
		t.Errorf("got %v", err)
	}
	if err := client.Supports(Changes{Name: &name}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a call that was refused is supported: %v", err)
	}
	before := len(sent())
	client.profile.Calls.Update, client.profile.Calls.Remove, client.profile.Calls.Register, client.profile.Calls.Read = nil, nil, nil, nil
	_, asking := client.Ask(t.Context(), "k")
	if part := client.PartFor(Changes{Name: &name}); part != "" {
		t.Errorf("got the part %q", part)
	}
	_, registering := client.Register(t.Context(), "n", "s")
	for what, err := range map[string]error{
		"approve": client.Supports(Changes{Approved: &yes}), "rename": client.Supports(Changes{Name: &name}), "secret": client.Supports(Changes{Secret: &secret}),
		"remove": client.Remove(t.Context(), "k"), "register": registering, "can register": client.CanRegister(), "can remove": client.CanRemove(), "ask": asking,
	} {
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(sent()) != before {
		t.Errorf("sent %v", sent()[before:])
	}
}

// A server that wants the secret with each change gets it, or nothing is sent.
func TestSecretIsNeeded(t *testing.T) {
	t.Parallel()
	yes, known := true, "known"
	client, sent := fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "PATCH k": {{200, one("k")}}}.client(t, func(p *profile.Profile) {
		p.Calls.Update.UnchangedSecret, p.Calls.Update.Unchanged = profile.Send, profile.Send
	})
	if !client.NeedsSecret(Changes{Approved: &yes}) {
		t.Error("no secret is needed")
	}
	if _, err := client.Update(t.Context(), "k", Changes{Approved: &yes}); !errors.Is(err, ErrSecretNeeded) || len(sent()) > 0 {
		t.Errorf("got %v after %v", err, sent())
	}
	if _, err := client.Update(t.Context(), "k", Changes{Approved: &yes, KnownSecret: &known}); err != nil {
		t.Error(err)
	}
}

// What the server says and does not do is an error that tells what it has.
func TestNotApplied(t *testing.T) {
	t.Parallel()
	no, name := false, "wanted"
	client, _ := fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "GET k": {{200, one("k")}}, "PATCH k": {{204, ""}}}.client(t)
	got, err := client.Update(t.Context(), "k", Changes{Approved: &no, Name: &name})
	var unapplied *NotAppliedError
	if !errors.As(err, &unapplied) || !errors.Is(err, ErrNotApplied) || !Uncertain(err) || got.Name != "n" || unapplied.Consumer != got ||
		!strings.Contains(err.Error(), "approved") || !strings.Contains(err.Error(), "wanted") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A secret cannot be seen: only an answer that is understood, or none where none
// is expected, says that it was set.
func TestSecretIsUncertain(t *testing.T) {
	t.Parallel()
	secret := "s3cret-canary"
	for name, test := range map[string]struct {
		answer  fakeAnswer
		certain bool
	}{
		"understood":   {fakeAnswer{200, one("k")}, true},
		"204":          {fakeAnswer{204, ""}, true},
		"a page":       {fakeAnswer{200, "<html><input type=password></html>"}, false},
		"another":      {fakeAnswer{200, one("other")}, false},
		"nothing":      {fakeAnswer{200, ""}, false},
		"an error":     {fakeAnswer{200, `{"error":"no"}`}, false},
		"words in 202": {fakeAnswer{202, "later"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "GET k": {{200, one("k")}}, "PATCH k": {test.answer}}.client(t)
			_, err := client.Update(t.Context(), "k", Changes{Secret: &secret})
			if (err == nil) != test.certain || err != nil && !Uncertain(err) {
				t.Errorf("got %v, want certain %t", err, test.certain)
			}
		})
	}
}

// The first registration is understood before others are sent.
func TestFirstRegistration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers fakeAnswers
		kind    error
		key     string
		posts   int // of two registrations
	}{
		"understood":           {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, one("k")}}}, nil, "k", 2},
		"key alone, then read": {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, `{"key":"k"}`}}, "GET k": {{200, one("k")}}}, nil, "k", 2},
		"key alone, no more":   {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, `{"key":"k"}`}}, "GET k": {{200, `{"key":"k"}`}}}, ErrUnreadable, "k", 1},
		"not understood":       {fakeAnswers{"GET list": {{200, "[]"}, {200, `[{"id":"k"}]`}}, "POST list": {{201, `{"id":"k"}`}}}, ErrUnreadable, "", 1},
		"refused":              {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{409, ""}}}, ErrConflict, "", 2},
		"nothing of it":        {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{200, `{"error":"no"}`}}}, ErrUnreadable, "", 1},
		"said, not listed":     {fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, ""}}}, ErrUnreadable, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t)
			registration, err := client.Register(t.Context(), "n", "s")
			if !errors.Is(err, test.kind) || test.kind == nil && err != nil || registration.Consumer.Key != test.key {
				t.Errorf("got %+v, %v", registration.Consumer, err)
			}
			_, second := client.Register(t.Context(), "m", "s")
			if refused := errors.Is(second, ErrNotUnderstood); refused != (test.posts == 1) && !errors.Is(second, test.kind) {
				t.Errorf("second: %v", second)
			}
			posts := 0
			for _, call := range sent() {
				if call == "POST list" {
					posts++
				}
			}
			if posts != test.posts {
				t.Errorf("%d registrations were sent, want %d", posts, test.posts)
			}
		})
	}
}

// A server that does not tell the key, by the profile's own word, is looked at.
func TestRegister_keyIsNotTold(t *testing.T) {
	t.Parallel()
	silent := func(p *profile.Profile) { p.Calls.Register.Answer = nil }
	client, _ := fakeAnswers{"GET list": {{200, "[]"}, {200, "[]"}, {200, consumersJSON("k")}}, "POST list": {{201, ""}}}.client(t, silent)
	registration, err := client.Register(t.Context(), "n", "s")
	if err != nil || registration.Consumer.Key != "k" {
		t.Errorf("got %+v, %v", registration.Consumer, err)
	}
	client, _ = fakeAnswers{"GET list": {{200, "[]"}}, "POST list": {{201, ""}}}.client(t, silent)
	var uncertain *RegistrationError
	if _, err := client.Register(t.Context(), "n", "s"); !errors.As(err, &uncertain) || !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), `"n"`) {
		t.Errorf("got %v", err)
	}
}

// Confirm asks once in a process, and finds a key that the server does not know.
func TestConfirm(t *testing.T) {
	t.Parallel()
	client, sent := fakeAnswers{"GET k": {{200, one("k")}}}.client(t)
	for range 2 {
		if err := client.Confirm(t.Context(), Consumer{Key: "k"}); err != nil {
			t.Error(err)
		}
	}
	if calls := sent(); len(calls) != 1 {
		t.Errorf("sent %v", calls)
	}
	client, _ = fakeAnswers{"GET list": {{200, consumersJSON("real")}}, "GET real": {{200, one("real")}}, "POST list": {{201, one("told")}}}.client(t)
	if _, err := client.Register(t.Context(), "n", "s"); err != nil {
		t.Fatal(err)
	}
	if err := client.Confirm(t.Context(), Consumer{Key: "told"}); !errors.Is(err, ErrKeyGone) || !strings.Contains(err.Error(), "does not know the key") {
		t.Errorf("got %v", err)
	}
}

// The first removal is looked at before others are sent.
func TestFirstRemoval(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  []func(*profile.Profile)
		kind    error
		removes int // of two
	}{
		"gone":               {fakeAnswers{"GET list": {{200, "[]"}}, "DELETE a": {{204, ""}}, "DELETE b": {{204, ""}}}, nil, nil, 2},
		"still there":        {fakeAnswers{"GET list": {{200, "[]"}}, "DELETE a": {{204, ""}}, "GET a": {{200, one("a")}}}, nil, ErrNotApplied, 1},
		"gone at second":     {fakeAnswers{"DELETE a": {{204, ""}}, "DELETE b": {{204, ""}}, "GET a": {{200, one("a")}, {404, ""}}}, nil, nil, 2},
		"202, gone":          {fakeAnswers{"GET list": {{200, "[]"}}, "DELETE a": {{202, ""}}, "DELETE b": {{204, ""}}}, nil, nil, 2},
		"202, still there":   {fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "DELETE a": {{202, ""}}}, nil, ErrNotApplied, 1},
		"no read call":       {fakeAnswers{"GET list": {{200, "[]"}}, "DELETE a": {{204, ""}}, "DELETE b": {{204, ""}}}, []func(*profile.Profile){withoutRead}, nil, 2},
		"looking fails":      {fakeAnswers{"GET a": {{500, ""}}, "DELETE a": {{204, ""}}, "DELETE b": {{204, ""}}, "GET b": {{404, ""}}}, nil, ErrServer, 2},
		"the server has not": {fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "DELETE a": {{405, ""}}}, nil, ErrUnsupported, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change...)
			if err := client.Remove(t.Context(), "a"); !errors.Is(err, test.kind) || test.kind == nil && err != nil {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			if err := client.Remove(t.Context(), "b"); (test.removes == 1) != errors.Is(err, ErrNotUnderstood) {
				t.Errorf("second: %v", err)
			}
			removes := 0
			for _, call := range sent() {
				if strings.HasPrefix(call, "DELETE") {
					removes++
				}
			}
			if removes != test.removes {
				t.Errorf("%d removals were sent, want %d", removes, test.removes)
			}
		})
	}
}

// A key that the server returned, or refused to return, is never lost or taken for
// another consumer's.
func TestRegister_wrongKey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers fakeAnswers
		says    string
		key     string // of the registration
	}{
		"another consumer's": {
			fakeAnswers{"GET list": {{200, consumersJSON("old")}}, "POST list": {{201, one("old")}}}, `the key "old", which is another consumer's`, "",
		},
		"under another key": {
			fakeAnswers{"GET list": {{200, "[]"}, {200, consumersJSON("real")}}, "POST list": {{201, one("told")}}},
			`returned the key "told", and has the consumer under the key "real"`, "real",
		},
		"refused, and done": {
			fakeAnswers{"GET list": {{200, "[]"}, {200, consumersJSON("k")}}, "POST list": {{409, ""}}}, `the server refused it`, "",
		},
		"no key, and nobody can look": {
			fakeAnswers{"GET list": {{200, "[]"}, {500, ""}}, "POST list": {{201, "{}"}}}, `does not tell the key of "n"`, "",
		},
		"no key, and a list without keys": {
			fakeAnswers{"GET list": {{200, "[]"}, {200, "[{}]"}}, "POST list": {{201, "{}"}}}, `and neither does the list`, "",
		},
		"refused, and nobody can look": {
			fakeAnswers{"GET list": {{200, "[]"}, {500, ""}}, "POST list": {{409, ""}}}, "could not be asked whether", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := test.answers.client(t)
			registration, err := client.Register(t.Context(), "n", "s", func(registration Registration, err error) error {
				if err != nil {
					return err
				}
				return client.Confirm(t.Context(), registration.Consumer)
			})
			if err == nil || !strings.Contains(err.Error(), test.says) || registration.Consumer.Key != test.key {
				t.Errorf("got %+v, %v, want the key %q and %q", registration.Consumer, err, test.key, test.says)
			}
		})
	}
}

// Whoever waits for the first one can give up.
func TestGate_canceled(t *testing.T) {
	t.Parallel()
	g := newGate()
	leave, first, err := g.enter(t.Context())
	if err != nil || !first {
		t.Fatal(first, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := g.enter(ctx); !errors.Is(err, ErrCanceled) {
		t.Errorf("got %v", err)
	}
	leave(nil)
	if _, first, err := g.enter(t.Context()); first || err != nil {
		t.Errorf("got %t, %v", first, err)
	}
}

func TestParseProfile(t *testing.T) {
	t.Parallel()
	if parsed, problems := ParseProfile([]byte(`{"profile":2}`)); parsed != nil || len(problems) < 2 || !strings.Contains(problems[0], "line 1") {
		t.Errorf("got %v", problems)
	}
}
