package twcloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// page is what a server answers to one request for a list.
type page struct {
	body   string
	header []string
	status int
}

// The client follows pages where the next one is unambiguous, and rejects an
// incomplete list otherwise.
func TestPages(t *testing.T) {
	t.Parallel()
	first, second := consumersJSON("a", "b"), consumersJSON("c")
	wrapped := func(list, more string) string { return `{"items":` + list + `,` + more + `}` }
	for name, test := range map[string]struct {
		items string // where the list is
		pages string // of the profile, JSON
		// answers are by query.
		answers map[string]page
		want    int // consumers; 0: refused
		says    string
	}{
		"whole":                     {answers: map[string]page{"": {body: first}}, want: 2},
		"empty":                     {answers: map[string]page{"": {body: "[]"}}, want: -1},
		"link":                      {answers: map[string]page{"": {body: first, header: []string{"Link", `</osmc/admin/oauthconsumers?page=2>; rel="next"`}}, "page=2": {body: second}}, want: 3},
		"link with another host":    {answers: map[string]page{"": {body: first, header: []string{"Link", `<http://inner:1/osmc/admin/oauthconsumers?page=2>; rel=next, </x>; rel="last"`}}, "page=2": {body: second}}, want: 3},
		"link elsewhere":            {answers: map[string]page{"": {body: first, header: []string{"Link", `</osmc/other?page=2>; rel="next"`}}}, says: "not one of the same list"},
		"link to itself":            {answers: map[string]page{"": {body: first, header: []string{"Link", `</osmc/admin/oauthconsumers>; rel="next"`}}}, says: "the same page"},
		"link in a circle":          {answers: map[string]page{"": {body: first, header: []string{"Link", `<?p=2>; rel="next"`}}, "p=2": {body: first, header: []string{"Link", `<?p=3>; rel="next"`}}}, says: "page 2 repeats"},
		"last page":                 {answers: map[string]page{"": {body: first, header: []string{"Link", `<?page=1>; rel="prev first"`}}}, want: 2},
		"total header":              {answers: map[string]page{"": {body: first, header: []string{"X-Total-Count", "3"}}}, says: "3 consumers, and the list has 2"},
		"total header, whole":       {answers: map[string]page{"": {body: first, header: []string{"X-Total-Count", "2"}}}, want: 2},
		"content range":             {answers: map[string]page{"": {body: first, header: []string{"Content-Range", "items 0-1/9"}}}, says: "9 consumers"},
		"partial content":           {answers: map[string]page{"": {body: first, status: http.StatusPartialContent}}, says: "206"},
		"next URL":                  {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"next":"http://inner/osmc/admin/oauthconsumers?after=b"`)}, "after=b": {body: wrapped(second, `"next":null`)}}, want: 3},
		"next link object":          {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"_links":{"next":{"href":"/osmc/admin/oauthconsumers?p=2"}}`)}, "p=2": {body: wrapped(second, `"_links":{}`)}}, want: 3},
		"next number":               {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"next":2`)}}, says: `"next" says`},
		"next token":                {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"nextPageToken":"xyz"`)}}, says: `"nextPageToken" says`},
		"next is true":              {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"next":true`)}}, says: `"next" says`},
		"has more":                  {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"hasMore":true`)}}, says: `"hasMore" says`},
		"not the last":              {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"last":false`)}}, says: `"last" says`},
		"total":                     {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"page":{"totalElements":5}`)}}, says: `"totalElements" says`},
		"total, whole":              {items: "/items", answers: map[string]page{"": {body: wrapped(first, `"total":2`)}}, want: 2},
		"by number to the empty":    {pages: `{"by":"number","parameter":"p","first":1}`, answers: map[string]page{"p=1": {body: first}, "p=2": {body: second}, "p=3": {body: "[]"}}, want: 3},
		"by number, ignored":        {pages: `{"by":"number","parameter":"p"}`, answers: map[string]page{"p=0": {body: first}, "p=1": {body: first}}, says: "page 2 repeats"},
		"by offset and total":       {items: "/items", pages: `{"by":"offset","parameter":"o","total":"/n"}`, answers: map[string]page{"o=0": {body: wrapped(first, `"n":3`)}, "o=2": {body: wrapped(second, `"n":3`)}}, want: 3},
		"by offset, total too high": {items: "/items", pages: `{"by":"offset","parameter":"o","total":"/n"}`, answers: map[string]page{"o=0": {body: wrapped(first, `"n":3`)}, "o=2": {body: wrapped("[]", `"n":3`)}}, says: "has 3 consumers and lists 2"},
		"by offset, no total":       {items: "/items", pages: `{"by":"offset","parameter":"o","total":"/n"}`, answers: map[string]page{"o=0": {body: wrapped(first, `"n":"3"`)}}, says: "no number of all consumers"},
		"by cursor":                 {items: "/items", pages: `{"by":"cursor","parameter":"c","pointer":"/at"}`, answers: map[string]page{"": {body: wrapped(first, `"at":7`)}, "c=7": {body: wrapped(second, `"at":""`)}}, want: 3},
		"by next":                   {items: "/items", pages: `{"by":"next","pointer":"/more"}`, answers: map[string]page{"": {body: wrapped(first, `"more":"?c=1"`)}, "c=1": {body: wrapped(second, `"x":1`)}}, want: 3},
		"by next, true":             {items: "/items", pages: `{"by":"next","pointer":"/more"}`, answers: map[string]page{"": {body: wrapped(first, `"more":true`)}}, says: "the next page is true"},
		"by next, unreadable":       {items: "/items", pages: `{"by":"next","pointer":"/more"}`, answers: map[string]page{"": {body: wrapped(first, `"more":[1]`)}}, says: "is a JSON array"},
		"one key twice":             {answers: map[string]page{"": {body: `[{"key":"a","name":"n","approved":true},{"key":"a","name":"m","approved":true}]`}}, says: `two consumers have the key "a"`},
		"an object":                 {answers: map[string]page{"": {body: `{"data":[]}`}}, says: "its members are data"},
		"null":                      {answers: map[string]page{"": {body: `null`}}, says: "no list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
				answer, found := test.answers[request.URL.RawQuery]
				if !found {
					t.Errorf("asked for %q", request.URL.RawQuery)
				}
				return reply(max(answer.status, http.StatusOK), answer.body, answer.header...), nil
			}}
			client := fakeClient(t, server)
			client.profile = ownProfile()
			call := client.profile.Calls.List
			call.Answer.Items = test.items
			if test.pages != "" {
				if err := json.Unmarshal([]byte(test.pages), &call.Pages); err != nil {
					t.Fatal(err)
				}
			}
			consumers, err := client.list(t.Context())
			switch {
			case test.want == 0 && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("got %v, %v, want %q", consumers, err, test.says)
			case test.want != 0 && (err != nil || len(consumers) != max(test.want, 0)):
				t.Errorf("got %v, %v, want %d consumers", consumers, err, test.want)
			}
			var failure *Error
			if err != nil && !errors.As(err, &failure) {
				t.Errorf("%v is no *Error", err)
			}
		})
	}
}

func TestPagesWithoutEnd(t *testing.T) {
	t.Parallel()
	pages := 0
	server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
		pages++
		return reply(http.StatusOK, consumersJSON(fmt.Sprint("k", pages))), nil
	}}
	client := fakeClient(t, server)
	client.profile = ownProfile()
	client.profile.Calls.List.Pages = &profile.Pages{By: "number", Parameter: "p"}
	if _, err := client.list(t.Context()); !errors.Is(err, ErrIncomplete) || pages != maxPages {
		t.Errorf("got %v after %d pages", err, pages)
	}
}

// Of a list that has keys alone, the client reads each consumer. It leaves out those
// that have been removed since.
func TestListOfKeys(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{http.StatusNotFound: nil, http.StatusInternalServerError: ErrServer} {
		client, _ := fakeAnswers{
			"GET list": {{200, consumersJSON("a", "b")}}, "GET a": {{200, one("a")}}, "GET b": {{status, ""}},
		}.client(t, func(p *profile.Profile) { p.Calls.List.Answer.Name, p.Calls.List.Answer.Approved = nil, nil })
		consumers, err := client.List(t.Context())
		if !errors.Is(err, want) || err == nil && !slices.Equal(consumers, []Consumer{{Key: "a", Name: "n", Approved: true}}) {
			t.Errorf("%d: got %v, %v, want %v", status, consumers, err, want)
		}
	}
}
