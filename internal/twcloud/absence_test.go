package twcloud

import (
	"errors"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// Get reports a consumer as gone only if that is proven. If the list fails, Get
// asks for the consumer by key.
func TestGet(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  func(*profile.Profile)
		want    error // nil: it exists
		sent    string
	}{
		"listed":                         {answers: fakeAnswers{"GET list": {{200, consumersJSON("gone")}}}, sent: "GET list"},
		"not listed, and there":          {answers: fakeAnswers{"GET list": {{200, "[]"}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
		"empty list":                     {answers: fakeAnswers{"GET list": {{200, "[]"}}}, want: ErrNotFound, sent: "GET list,GET gone"},
		"others can be read":             {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET a": {{200, one("a")}}}, want: ErrNotFound, sent: "GET list,GET gone,GET a"},
		"410":                            {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "GET a": {{200, one("a")}}, "GET gone": {{410, ""}}}, want: ErrNotFound, sent: "GET list,GET gone,GET a"},
		"nothing can be read":            {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(3)}}}, want: ErrNotFound, sent: "GET list,GET gone,GET k0"},
		"nothing can be read, a page":    {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(10)}}}, want: ErrIncomplete, sent: "GET list,GET gone,GET k0"},
		"reading fails":                  {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(3)}}, "GET gone": {{500, ""}}}, want: ErrServer, sent: "GET list,GET gone"},
		"reading others fails":           {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(3)}}, "GET k0": {{500, ""}}}, want: ErrServer, sent: "GET list,GET gone,GET k0"},
		"read is null":                   {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(3)}}, "GET gone": {{200, "null"}}}, want: ErrUnreadable, sent: "GET list,GET gone"},
		"no read call":                   {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(3)}}}, change: withoutRead, want: ErrNotFound, sent: "GET list"},
		"no read call, a page":           {answers: fakeAnswers{"GET list": {{200, manyConsumersJSON(25)}}}, change: withoutRead, want: ErrIncomplete, sent: "GET list"},
		"no read call, list unreadable":  {answers: fakeAnswers{"GET list": {{200, "{}"}}}, change: withoutRead, want: ErrUnreadable, sent: "GET list"},
		"list forbidden, and gone":       {answers: fakeAnswers{"GET list": {{403, ""}}}, want: ErrNotFound, sent: "GET list,GET gone"},
		"list unreadable, read 404":      {answers: fakeAnswers{"GET list": {{200, "{}"}}}, want: ErrUnreadable, sent: "GET list,GET gone"},
		"list not allowed, and readable": {answers: fakeAnswers{"GET list": {{405, ""}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
		"list forbidden, and forbidden":  {answers: fakeAnswers{"GET list": {{403, ""}}, "GET gone": {{403, ""}}}, want: ErrForbidden, sent: "GET list,GET gone"},
		"list forbidden, and readable":   {answers: fakeAnswers{"GET list": {{403, ""}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
		"list failed, and readable":      {answers: fakeAnswers{"GET list": {{500, ""}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
		"list failed, and unreadable":    {answers: fakeAnswers{"GET list": {{500, ""}}, "GET gone": {{200, ""}}}, want: ErrServer, sent: "GET list,GET gone"},
		"list unreadable, and readable":  {answers: fakeAnswers{"GET list": {{200, "{}"}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
		"list too large, and readable":   {answers: fakeAnswers{"GET list": {{200, strings.Repeat(" ", 1<<21)}}, "GET gone": {{200, one("gone")}}}, sent: "GET list,GET gone"},
		"list is a page":                 {answers: fakeAnswers{"GET list": {{200, "<html>"}}, "GET gone": {{200, one("gone")}}}, want: ErrWebPage, sent: "GET list"},
		"list is redirected":             {answers: fakeAnswers{"GET list": {{302, ""}}, "GET gone": {{200, one("gone")}}}, want: ErrWebPage, sent: "GET list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change)
			got, err := client.Get(t.Context(), "gone")
			if !errors.Is(err, test.want) || err == nil && got.Key != "gone" {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
			if calls := strings.Join(sent(), ","); calls != test.sent {
				t.Errorf("sent %s, want %s", calls, test.sent)
			}
		})
	}
}

// After a list has lacked an existing consumer, lists no longer prove absence.
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
