package twcloud

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
	name, secret := Changes{Name: new("m")}, Changes{Secret: new(testSecret)}
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
		"page after the change":             {changes: name, faults: patch(emulator.WebPageAfter), kind: ErrWebPage, uncertain: true, name: "m"},
		"nothing after the change":          {changes: name, faults: patch(emulator.NoBody), kind: ErrUnreadable, uncertain: true, name: "m"},
		"204 without the change":            {changes: name, faults: answer(204, ""), kind: ErrUnreadable, uncertain: true, name: "n"},
		"200 without the change":            {changes: name, faults: answer(200, `{"key":"k","name":"n","approved":false}`), kind: ErrNotApplied, uncertain: true, name: "n"},
		"200 with another document":         {changes: name, faults: answer(200, `{"ok":true}`), kind: ErrUnreadable, uncertain: true, name: "n"},
		"lost, repeated":                    {changes: name, faults: patch(emulator.DropAfter), name: "m"},
		"half an answer, repeated":          {changes: name, faults: patch(emulator.HalfBody), name: "m"},
		"gateway, repeated":                 {changes: name, faults: patch(emulator.Status504After), name: "m"},
		"session expired, repeated":         {changes: name, faults: patch(emulator.Unauthorized401), name: "m"},
		"session expired, no new one": {
			changes: name, kind: ErrServer,
			faults: append(patch(emulator.Unauthorized401), emulator.Fault{Kind: emulator.InternalError500, PathSuffix: "/login"}),
		},

		// The server never returns a secret. Only a response that reads as the profile
		// says proves that it was set.
		"secret":                   {changes: secret, name: "n"},
		"secret, a sign-in page":   {changes: secret, faults: answer(200, "<html><input type=password></html>"), kind: ErrWebPage, uncertain: true, name: "n"},
		"secret, another consumer": {changes: secret, faults: answer(200, one("other")), kind: ErrUnreadable, uncertain: true, name: "n"},
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
	client, sent := fakeAnswers{"GET list": {{200, "[]"}}, "GET k": {{500, ""}}}.client(t, func(p *profile.Profile) {
		p.Calls.Approve.JSON = map[string]any{"name": profile.Name}
	})
	_, err := client.Update(t.Context(), "k", Changes{Approved: new(true)})
	if !errors.Is(err, ErrServer) || Uncertain(err) {
		t.Errorf("got %v, sent %q", err, sent())
	}
}

// Each change is one call, or a call for the details and one for the approval.
func TestUpdate_calls(t *testing.T) {
	t.Parallel()
	without := func(names ...string) func(*profile.Profile) {
		return func(p *profile.Profile) {
			for _, name := range names {
				p.Calls.Drop(name)
			}
		}
	}
	name, secret, yes, no := new("m"), new(testSecret), new(true), new(false)
	for what, test := range map[string]struct {
		profile func(*profile.Profile)
		changes Changes
		calls   string // empty: it is not supported
		lacks   string
	}{
		"nothing":                      {without(), Changes{}, "", ""},
		"name":                         {without(), Changes{Name: name}, "rename", ""},
		"secret":                       {without(), Changes{Secret: secret}, "set_secret", ""},
		"name and secret":              {without(), Changes{Name: name, Secret: secret}, "edit", ""},
		"all":                          {without(), Changes{Name: name, Secret: secret, Approved: yes}, "edit,approve", ""},
		"name and no":                  {without(), Changes{Name: name, Approved: no}, "rename,disapprove", ""},
		"no edit":                      {without("edit"), Changes{Name: name, Secret: secret}, "rename,set_secret", ""},
		"no rename":                    {without("rename"), Changes{Name: name, KnownSecret: secret}, "edit", ""},
		"no set_secret":                {without("set_secret"), Changes{Secret: secret}, "edit", ""},
		"no edit, no rename":           {without("edit", "rename"), Changes{Name: name, Secret: secret}, "", "rename"},
		"no edit, no set_secret":       {without("edit", "set_secret"), Changes{Name: name, Secret: secret}, "", "set_secret"},
		"no approve":                   {without("approve"), Changes{Name: name, Approved: yes}, "", "approve"},
		"no disapprove":                {without("disapprove"), Changes{Approved: no}, "", "disapprove"},
		"no disapprove is no approval": {without("disapprove"), Changes{Approved: yes}, "approve", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			own := ownProfile()
			test.profile(own)
			server := emulator.New(t, func(c *emulator.Config) { c.Profile = own })
			server.AddConsumer(emulator.Consumer{Key: "k", Name: "n", Secret: "s", Approved: true})
			client := connect(t, server, func(o *Options) { o.Profile = own })
			if err := client.Supports(test.changes); errors.Is(err, ErrUnsupported) != (test.lacks != "") {
				t.Errorf("supports: %v", err)
			}
			_, err := client.Update(t.Context(), "k", test.changes)
			if errors.Is(err, ErrUnsupported) != (test.lacks != "") || err != nil && !strings.Contains(err.Error(), "calls "+test.lacks+":") {
				t.Errorf("got %v", err)
			}
			var calls []string
			for _, request := range server.Requests() {
				if request.Method == http.MethodPatch {
					calls = append(calls, request.Call)
				}
			}
			if got := strings.Join(calls, ","); got != test.calls {
				t.Errorf("sent %s, want %s", got, test.calls)
			}
			if part, want := client.PartFor(test.changes), strings.Split("calls."+test.calls, ",")[0]; test.calls != "" && part != want {
				t.Errorf("the part is %s, want %s", part, want)
			}
		})
	}
}

// What a call carries and does not change is read right before it, and not taken from
// the cached list: here, a colleague changes the consumer after it was listed, and
// again after the first of two calls.
func TestUpdate_carries(t *testing.T) {
	t.Parallel()
	whole := func(name, approved, version any) map[string]any {
		return map[string]any{"name": name, "approved": approved, "version": version}
	}
	own := ownProfile()
	own.Keep = map[string]string{"version": "/version"}
	version := profile.KeepOf("version")
	own.Calls.Drop("edit")
	own.Calls.Rename.JSON = whole(profile.Name, profile.ApprovedNow, version)
	own.Calls.SetSecret.JSON = map[string]any{"name": profile.Name, "secret": profile.Secret, "version": version}
	own.Calls.Approve.JSON = whole(profile.Name, true, version)
	for name, inResponse := range map[string]bool{"read": false, "in the response": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			name, approved, version, reads, changes := "n", true, 1, 0, 0
			server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
				now := func() string {
					return fmt.Sprintf(`{"key":"k","name":%q,"approved":%t,"version":%d}`, name, approved, version)
				}
				switch {
				case strings.HasSuffix(request.URL.Path, collection):
					return reply(http.StatusOK, "["+now()+"]"), nil
				case request.Method == http.MethodGet:
					reads++
					return reply(http.StatusOK, now()), nil
				}
				body := struct {
					Name     string
					Approved *bool
					Version  int
				}{}
				if err := json.NewDecoder(request.Body).Decode(&body); err != nil || body.Version != version {
					return reply(http.StatusConflict, fmt.Sprint("the version is ", version, err)), nil
				}
				changes++
				name, approved, version = body.Name, *cmp.Or(body.Approved, &approved), version+1
				response := now()
				if !inResponse { // The colleague is quick, and the response lacks the version.
					response = named("k", name)
					approved, version = !approved, version+1
				}
				return reply(http.StatusOK, response), nil
			}}
			client := fakeClient(t, server, func(o *Options) { o.Profile = own })
			if _, err := client.List(t.Context()); err != nil {
				t.Fatal(err)
			}
			approved, version = false, 7
			_, err := client.Update(t.Context(), "k", Changes{Name: new("m"), Secret: new(testSecret)})
			if wantReads := map[bool]int{false: 2, true: 1}[inResponse]; err != nil || changes != 2 || reads != wantReads || name != "m" || approved {
				t.Errorf("got %v after %d changes and %d reads, the server has %s, %t", err, changes, reads, name, approved)
			}
		})
	}
}

// A server that changes a new name has made the change, unlike one that ignores it.
func TestUpdate_otherName(t *testing.T) {
	t.Parallel()
	const wanted, decomposed = "App \u00fc", "App u\u0308"
	for stored, want := range map[string]error{wanted: nil, decomposed: nil, "app \u00fc": ErrOtherName, "was": ErrNotApplied} {
		client, _ := fakeAnswers{"GET k": {{200, named("k", stored)}}, "PATCH k": {{200, named("k", stored)}}}.client(t)
		name := wanted
		got, err := client.Update(t.Context(), "k", Changes{Name: &name, KnownName: "was"})
		if !errors.Is(err, want) || want == nil && got.Name != wanted {
			t.Errorf("%q: got %+v, %v, want %v", stored, got, err, want)
		}
	}
}

// If the server reports success without the change, the error has its state.
func TestNotApplied(t *testing.T) {
	t.Parallel()
	no, name := false, "wanted"
	client, _ := fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "GET k": {{200, one("k")}}, "PATCH k": {{200, one("k")}}}.client(t)
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
	silent := func(p *profile.Profile) { p.Calls.Rename.Response, p.Calls.Approve.Response = nil, nil }
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  func(*profile.Profile)
		kind    error
	}{
		"changed late": {
			fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "PATCH k": {{204, ""}}, "GET k": {{200, one("k")}, {200, `{"key":"k","name":"m","approved":true}`}}}, silent, nil,
		},
		"key is gone": {fakeAnswers{"GET list": {{200, "[]"}}, "PATCH k": {{204, ""}}}, silent, ErrKeyGone},
		"second call fails": {
			fakeAnswers{"GET list": {{200, consumersJSON("k")}}, "PUT k": {{204, ""}}, "PATCH k": {{403, ""}}},
			func(p *profile.Profile) { p.Calls.Rename.Method, p.Calls.Rename.Response = http.MethodPut, nil },
			ErrForbidden,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change)
			_, err := client.Update(t.Context(), "k", Changes{Name: new("m"), Approved: new(true)})
			if !errors.Is(err, test.kind) || Uncertain(err) != (err != nil) {
				t.Errorf("got %v after %q, want %v", err, sent(), test.kind)
			}
		})
	}
}

// If a call carries the secret, nothing is sent without it. A new secret is carried by
// each call.
func TestSecretIsNeeded(t *testing.T) {
	t.Parallel()
	client, sent := fakeAnswers{"GET k": {{200, one("k")}}, "PATCH k": {{200, one("k")}}}.client(t, func(p *profile.Profile) {
		p.Calls.Drop("edit")
		p.Calls.Rename.JSON = map[string]any{"name": profile.Name, "approved": profile.ApprovedNow}
		p.Calls.Approve.JSON = map[string]any{"secret": profile.Secret, "approved": true}
	})
	known := new("known")
	for _, test := range []struct {
		changes Changes
		needs   bool
		sent    int
	}{
		{Changes{Name: new("n"), Approved: new(true)}, true, 0},
		{Changes{Name: new("n"), Approved: new(true), KnownSecret: known}, true, 3},
		{Changes{Approved: new(true), Secret: known}, false, 2},
		{Changes{Name: new("n")}, false, 2},
	} {
		before := len(sent())
		_, err := client.Update(t.Context(), "k", test.changes)
		if client.NeedsSecret(test.changes) != test.needs || errors.Is(err, ErrSecretNeeded) != (test.sent == 0) || Uncertain(err) || len(sent())-before != test.sent {
			t.Errorf("%+v: got %v after %q", test.changes, err, sent()[before:])
		}
	}
}
