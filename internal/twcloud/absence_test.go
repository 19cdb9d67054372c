package twcloud

import (
	"errors"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// A consumer is gone only if a whole list lacks it, the server finds nothing by its
// key, and it is known to find another one so, or has none.
func TestGet(t *testing.T) {
	t.Parallel()
	known := func(p *profile.Profile) { p.Calls.Read, p.Calls.List.Known = nil, profile.Seen }
	keysOnly := func(p *profile.Profile) { p.Calls.List.Response = &profile.Shape{Key: new("/key")} }
	paged := func(p *profile.Profile) {
		p.Calls.List.Response.Items = &profile.Items{At: "/items"}
		p.Calls.List.Pages = &profile.Pages{By: "cursor", Parameter: "after", Pointer: new("/next"), Known: profile.Seen}
	}
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  func(*profile.Profile)
		want    error // nil: it exists
		sent    string
	}{
		"listed":                       {answers: fakeAnswers{"GET list": {{200, consumersJSON("gone")}}}, sent: "GET list"},
		"not listed, and there":        {answers: fakeAnswers{"GET list": {{200, "[]"}}, "GET gone": {{200, one("gone")}}}, want: ErrIncomplete, sent: "GET list,GET gone"},
		"empty list":                   {answers: fakeAnswers{"GET list": {{200, "[]"}}}, want: ErrNotFound, sent: "GET list,GET gone"},
		"others can be read":           {answers: fakeAnswers{"GET list": {{200, consumersJSON("b", "a")}}, "GET a": {{200, one("a")}}}, want: ErrNotFound, sent: "GET list,GET gone,GET a"},
		"410":                          {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET a": {{200, one("a")}}, "GET gone": {{410, ""}}}, want: ErrNotFound, sent: "GET list,GET gone,GET a"},
		"nothing can be read":          {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}}, want: ErrIncomplete, sent: "GET list,GET gone,GET a"},
		"reading is forbidden":         {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET gone": {{403, ""}}}, want: ErrForbidden, sent: "GET list,GET gone"},
		"reading others fails":         {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET a": {{500, ""}}}, want: ErrServer, sent: "GET list,GET gone,GET a"},
		"read is null":                 {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET gone": {{200, "null"}}}, want: ErrUnreadable, sent: "GET list,GET gone"},
		"list forbidden, read 404":     {answers: fakeAnswers{"GET list": {{403, ""}}}, want: ErrForbidden, sent: "GET list"},
		"list forbidden, and readable": {answers: fakeAnswers{"GET list": {{403, ""}}, "GET gone": {{200, one("gone")}}}, want: ErrForbidden, sent: "GET list"},
		"list unreadable":              {answers: fakeAnswers{"GET list": {{200, "{}"}}}, want: ErrUnreadable, sent: "GET list"},
		"list not there":               {answers: fakeAnswers{}, want: ErrNoCollection, sent: "GET list"},
		"list failed":                  {answers: fakeAnswers{"GET list": {{500, ""}}}, want: ErrServer, sent: "GET list"},
		"list is a page":               {answers: fakeAnswers{"GET list": {{200, "<html>"}}}, want: ErrWebPage, sent: "GET list"},
		"list is redirected":           {answers: fakeAnswers{"GET list": {{302, ""}}}, want: ErrWebPage, sent: "GET list"},
		"no read call, list assumed":   {answers: fakeAnswers{"GET list": {{200, "[]"}}}, change: withoutRead, want: ErrIncomplete, sent: "GET list"},
		"no read call, list known":     {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}}, change: known, want: ErrNotFound, sent: "GET list"},
		"no read call, pages": {
			answers: fakeAnswers{"GET list": {{200, `{"items":` + consumersJSON("a") + `}`}}},
			change:  func(p *profile.Profile) { known(p); paged(p) }, want: ErrIncomplete, sent: "GET list",
		},
		"second page": {
			answers: fakeAnswers{"GET list": {{200, `{"items":` + consumersJSON("a") + `,"next":"2"}`}}, "GET list?after=2": {{200, `{"items":` + consumersJSON("gone") + `}`}}},
			change:  paged, sent: "GET list,GET list?after=2",
		},
		"second page fails": {
			answers: fakeAnswers{"GET list": {{200, `{"items":` + consumersJSON("a") + `,"next":"2"}`}}, "GET list?after=2": {{500, ""}}},
			change:  paged, want: ErrServer, sent: "GET list,GET list?after=2",
		},
		"second page is the first": {
			answers: fakeAnswers{"GET list": {{200, `{"items":` + consumersJSON("a") + `,"next":"2"}`}}, "GET list?after=2": {{200, `{"items":` + consumersJSON("a") + `,"next":"3"}`}}},
			change:  paged, want: ErrIncomplete, sent: "GET list,GET list?after=2",
		},
		"listed twice":                   {answers: fakeAnswers{"GET list": {{200, consumersJSON("a", "a")}}}, want: ErrUnreadable, sent: "GET list"},
		"keys alone":                     {answers: fakeAnswers{"GET list": {{200, consumersJSON("gone")}}, "GET gone": {{200, one("gone")}}}, change: keysOnly, sent: "GET list,GET gone"},
		"keys alone, none can be read":   {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}}, change: keysOnly, want: ErrIncomplete, sent: "GET list,GET a"},
		"keys alone, and listed":         {answers: fakeAnswers{"GET list": {{200, consumersJSON("a", "gone")}}, "GET a": {{200, one("a")}}}, change: keysOnly, want: ErrIncomplete},
		"keys alone, one cannot be read": {answers: fakeAnswers{"GET list": {{200, consumersJSON("gone")}}, "GET gone": {{403, ""}}}, change: keysOnly, want: ErrForbidden, sent: "GET list,GET gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change)
			got, err := client.Get(t.Context(), "gone")
			if !errors.Is(err, test.want) || err == nil && got.Key != "gone" {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
			if calls := strings.Join(sent(), ","); calls != test.sent && test.sent != "" {
				t.Errorf("sent %s, want %s", calls, test.sent)
			}
		})
	}
}

// Reading is proven by another consumer, and once.
func TestReadingIsProven(t *testing.T) {
	t.Parallel()
	client, sent := fakeAnswers{
		"GET list": {{200, consumersJSON("a", "b")}},
		"GET a":    {{200, one("a")}, {404, ""}},
		"GET gone": {{200, one("gone")}, {404, ""}},
	}.client(t)
	if _, err := client.Ask(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := client.Get(t.Context(), "gone"); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
	if got, want := strings.Join(sent(), ","), "GET gone,GET list,GET gone,GET a,GET gone"; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// Without a key, the path of a call is that of the list.
func TestEmptyKey(t *testing.T) {
	t.Parallel()
	client, sent := fakeAnswers{}.client(t)
	_, get := client.Get(t.Context(), "")
	_, ask := client.Ask(t.Context(), "")
	_, update := client.Update(t.Context(), "", Changes{Name: new("n")})
	for _, err := range []error{get, ask, update, client.Remove(t.Context(), "")} {
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "the key is empty") {
			t.Errorf("got %v", err)
		}
	}
	if calls := sent(); len(calls) > 0 {
		t.Errorf("sent %q", calls)
	}
}
