package twcloud

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// The error of an update reports whether the change may have been made. The next read
// returns what the server has.
func TestUpdate(t *testing.T) {
	t.Parallel()
	patch := func(kinds ...emulator.FaultKind) []emulator.Fault {
		var faults []emulator.Fault
		for _, kind := range kinds {
			faults = append(faults, emulator.Fault{Kind: kind, Method: http.MethodPatch})
		}
		return faults
	}
	answer := func(status int, body string) []emulator.Fault {
		return []emulator.Fault{{Kind: emulator.AnswerWith, Status: status, Body: body, Method: http.MethodPatch}}
	}
	name, secret := Changes{Name: pointer("m")}, Changes{Secret: pointer(testSecret)}
	for what, test := range map[string]struct {
		changes   Changes
		faults    []emulator.Fault
		kind      error // nil: it succeeds
		uncertain bool
		name      string // afterwards; empty: nothing can be read
	}{
		"conflict":                          {changes: name, faults: answer(409, ""), kind: ErrConflict, name: "n"},
		"refused input":                     {changes: name, faults: answer(422, ""), kind: ErrInvalid, name: "n"},
		"404 for a consumer that exists":    {changes: name, faults: answer(404, ""), kind: ErrUnreadable, name: "n"},
		"no such call":                      {changes: name, faults: answer(405, ""), kind: ErrUnsupported, name: "n"},
		"forbidden":                         {changes: name, faults: patch(emulator.Forbidden403), kind: ErrForbidden, name: "n"},
		"forbidden after a lost answer":     {changes: name, faults: patch(emulator.DropAfter, emulator.Forbidden403), kind: ErrForbidden, uncertain: true, name: "m"},
		"forbidden after a gateway's error": {changes: name, faults: patch(emulator.Status502After, emulator.Forbidden403), kind: ErrForbidden, uncertain: true, name: "m"},
		"forbidden after too many requests": {changes: name, faults: patch(emulator.TooManyRequests, emulator.Forbidden403), kind: ErrForbidden, name: "n"},
		"failed":                            {changes: name, faults: patch(emulator.InternalError500), kind: ErrServer, uncertain: true, name: "n"},
		"failed after the change":           {changes: name, faults: patch(emulator.InternalError500After), kind: ErrServer, uncertain: true, name: "m"},
		"page in place of the change":       {changes: name, faults: patch(emulator.WebPage), kind: ErrWebPage, uncertain: true, name: "n"},
		"page after the change":             {changes: name, faults: patch(emulator.WebPageAfter), name: "m"},
		"no words after the change":         {changes: name, faults: patch(emulator.NoBody), name: "m"},
		"204 without the change":            {changes: name, faults: answer(204, ""), kind: ErrNotApplied, uncertain: true, name: "n"},
		"200 with another document":         {changes: name, faults: answer(200, `{"ok":true}`), kind: ErrUnreadable, uncertain: true, name: "n"},
		"lost, repeated":                    {changes: name, faults: patch(emulator.DropAfter), name: "m"},
		"half an answer, repeated":          {changes: name, faults: patch(emulator.HalfBody), name: "m"},
		"gateway, repeated":                 {changes: name, faults: patch(emulator.Status504After), name: "m"},
		"session expired, repeated":         {changes: name, faults: patch(emulator.Unauthorized401), name: "m"},
		"session expired, no new one": {
			changes: name, kind: ErrServer,
			faults: append(patch(emulator.Unauthorized401), emulator.Fault{Kind: emulator.InternalError500, PathSuffix: "/login"}),
		},

		// The server never returns a secret. Only an answer that is understood, or an
		// expected status without a body, proves that it was set.
		"secret":                      {changes: secret, name: "n"},
		"secret, 204":                 {changes: secret, faults: answer(204, ""), name: "n"},
		"secret, a sign-in page":      {changes: secret, faults: answer(200, "<html><input type=password></html>"), kind: ErrWebPage, uncertain: true, name: "n"},
		"secret, another consumer":    {changes: secret, faults: answer(200, one("other")), kind: ErrUnreadable, uncertain: true, name: "n"},
		"secret, 200 and nothing":     {changes: secret, faults: patch(emulator.NoBody), kind: ErrUnreadable, uncertain: true, name: "n"},
		"secret, 200 and an error":    {changes: secret, faults: answer(200, `{"error":"no"}`), kind: ErrUnreadable, uncertain: true, name: "n"},
		"secret, 202 and other words": {changes: secret, faults: answer(202, "later"), kind: ErrUnreadable, uncertain: true, name: "n"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := emulator.New(t)
			server.AddConsumer(emulator.Consumer{Key: "k", Name: "n"})
			client := connect(t, server)
			if _, err := client.List(t.Context()); err != nil {
				t.Fatal(err)
			}
			server.Inject(test.faults...)
			if _, err := client.Update(t.Context(), "k", test.changes); !errors.Is(err, test.kind) || Uncertain(err) != test.uncertain {
				t.Errorf("got %v, uncertain %t, want %v, %t", err, Uncertain(err), test.kind, test.uncertain)
			}
			if got, err := client.Get(t.Context(), "k"); got.Name != test.name {
				t.Errorf("got %v, %v, want the name %q", got, err, test.name)
			}
		})
	}
}

// A read changes nothing, so its error is never uncertain.
func TestUpdate_failedRead(t *testing.T) {
	t.Parallel()
	client, server := fakeAnswers{"GET list": {{200, "[]"}}, "GET k": {{500, ""}}}.client(t)
	changed := *client.profile
	update := *changed.Calls.Update
	update.Unchanged = profile.Send
	changed.Calls.Update = &update
	client.profile = &changed
	_, err := client.Update(t.Context(), "k", Changes{Approved: pointer(true)})
	if !errors.Is(err, ErrServer) || Uncertain(err) {
		t.Errorf("got %v, sent %q", err, server())
	}
}

func TestUpdateSendsOnlyWhatChanges(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	server.AddConsumer(emulator.Consumer{Key: "k", Name: "n", Secret: "s"})
	client := connect(t, server)
	for _, changes := range []Changes{{}, {Name: pointer("m")}, {Secret: pointer(testSecret)}, {Approved: pointer(false)}, {Name: pointer("n"), Approved: pointer(true)}} {
		if _, err := client.Update(t.Context(), "k", changes); err != nil {
			t.Fatal(err)
		}
	}
	var fields []string
	for _, request := range server.Requests() {
		if request.Method == http.MethodPatch {
			fields = append(fields, strings.Join(request.Fields, "+"))
		}
	}
	if want := []string{"name", "secret", "approved", "approved+name"}; !slices.Equal(fields, want) {
		t.Errorf("sent %q, want %q", fields, want)
	}
}

// If the server reports success without the change, the error has its state.
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

// After the change, the client reads the consumer until it has the change. One that
// is gone may have another key. If the second of two calls fails, the first one may
// have made its change.
func TestUpdate_settles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  func(*profile.Profile)
		kind    error
	}{
		"changed late": {
			fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "PATCH k": {{204, ""}}, "GET k": {{200, one("k")}, {200, `{"key":"k","name":"m","approved":true}`}}}, nil, nil,
		},
		"key is gone": {fakeAnswers{"GET list": {{200, "[]"}}, "PATCH k": {{204, ""}}}, nil, ErrKeyGone},
		"second call fails": {
			fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "PUT k": {{204, ""}}, "PATCH k": {{403, ""}}},
			func(p *profile.Profile) {
				rename := *p.Calls.Update
				rename.Method, rename.JSON = http.MethodPut, map[string]any{"name": profile.Name}
				p.Calls.Rename = &rename
			},
			ErrForbidden,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change)
			_, err := client.Update(t.Context(), "k", Changes{Name: pointer("m"), Approved: pointer(true)})
			if !errors.Is(err, test.kind) || Uncertain(err) != (err != nil) {
				t.Errorf("got %v after %q, want %v", err, sent(), test.kind)
			}
		})
	}
}

// If the API requires the secret with each change, nothing is sent without it.
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

// The client sends no call that the profile lacks or that the server has refused
// before.
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
	client.profile.Calls.Update, client.profile.Calls.Remove, client.profile.Calls.Register = nil, nil, nil
	_, registering := client.Register(t.Context(), "n", "s")
	for what, err := range map[string]error{
		"approve": client.Supports(Changes{Approved: &yes}), "rename": client.Supports(Changes{Name: &name}), "secret": client.Supports(Changes{Secret: &secret}),
		"remove": client.Remove(t.Context(), "k"), "register": registering, "can register": client.CanRegister(), "can remove": client.CanRemove(),
	} {
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(sent()) != before {
		t.Errorf("sent %v", sent()[before:])
	}
}
