package twcloud

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// A 404 counts as success only if the consumer is gone. If the first removal is not
// understood, no other is sent.
func TestRemove(t *testing.T) {
	t.Parallel()
	const page = "<html></html>"
	for name, test := range map[string]struct {
		answers fakeAnswers
		change  func(*profile.Profile)
		kind    error // nil: it succeeds
		last    bool  // no other is sent
	}{
		"removed":                     {answers: fakeAnswers{"DELETE a": {{204, ""}}}},
		"removed late":                {answers: fakeAnswers{"DELETE a": {{204, ""}}, "GET a": {{200, one("a")}, {404, ""}}}},
		"not removed":                 {answers: fakeAnswers{"DELETE a": {{202, ""}}, "GET a": {{200, one("a")}}}, kind: ErrNotApplied, last: true},
		"no read call":                {answers: fakeAnswers{"GET list": {{200, "[]"}}, "DELETE a": {{204, ""}}}, change: withoutRead},
		"no read call, not removed":   {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}, "DELETE a": {{204, ""}}}, change: withoutRead, kind: ErrNotApplied, last: true},
		"read fails":                  {answers: fakeAnswers{"GET a": {{500, ""}}, "DELETE a": {{204, ""}}}, kind: ErrServer},
		"no such call":                {answers: fakeAnswers{"DELETE a": {{405, ""}}}, kind: ErrUnsupported, last: true},
		"forbidden":                   {answers: fakeAnswers{"DELETE a": {{403, ""}}}, kind: ErrForbidden, last: true},
		"refused":                     {answers: fakeAnswers{"DELETE a": {{409, ""}}}, kind: ErrConflict},
		"failed":                      {answers: fakeAnswers{"DELETE a": {{500, ""}}}, kind: ErrServer},
		"redirect":                    {answers: fakeAnswers{"DELETE a": {{302, ""}}}, kind: ErrWebPage, last: true},
		"lost, repeated":              {answers: fakeAnswers{"GET list": {{200, "[]"}}, "DELETE a": {{0, ""}, {404, ""}}}},
		"gateway, repeated":           {answers: fakeAnswers{"GET list": {{200, "[]"}}, "DELETE a": {{502, ""}, {404, ""}}}},
		"404, gone":                   {answers: fakeAnswers{"GET list": {{200, "[]"}}}},
		"404, gone from a second try": {answers: fakeAnswers{"GET list": {{0, ""}, {200, "[]"}}}},
		"404, and listed":             {answers: fakeAnswers{"GET list": {{200, consumersJSON("a")}}}, kind: ErrUnreadable, last: true},
		"404, list forbidden":         {answers: fakeAnswers{"GET list": {{403, ""}}}, kind: ErrUnreadable, last: true},
		"404, nothing can be read":    {answers: fakeAnswers{"GET list": {{502, ""}}}, kind: ErrUnreadable, last: true},
		"404, list is a page":         {answers: fakeAnswers{"GET list": {{200, page}}}, kind: ErrUnreadable, last: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, sent := test.answers.client(t, test.change)
			if err := client.Remove(t.Context(), "a"); !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			err := client.Remove(t.Context(), "b")
			if errors.Is(err, ErrNotUnderstood) != test.last || slices.Contains(sent(), "DELETE b") == test.last {
				t.Errorf("got %v for the second one, sent %q", err, sent())
			}
		})
	}

	// After a failure, nothing that was read before is reused.
	client, _ := fakeAnswers{"GET list": {{200, consumersJSON("a")}, {200, "[]"}}, "DELETE a": {{500, ""}}}.client(t)
	_, before := client.Get(t.Context(), "a")
	failure := client.Remove(t.Context(), "a")
	if _, err := client.Get(t.Context(), "a"); before != nil || !errors.Is(failure, ErrServer) || !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, then %v, then %v", before, failure, err)
	}
}

// The first removal is read back, and so is the next one if the first consumer was
// gone before. Later ones are believed.
func TestRemove_readBack(t *testing.T) {
	t.Parallel()
	answers := fakeAnswers{"GET list": {{200, "[]"}}}
	for _, key := range []string{"b", "c", "d"} {
		answers["DELETE "+key] = []fakeAnswer{{204, ""}}
	}
	client, sent := answers.client(t)
	for _, key := range []string{"a", "b", "c", "d"} {
		if err := client.Remove(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	if got, want := strings.Join(sent(), ","), "DELETE a,GET list,GET a,DELETE b,GET b,DELETE c,DELETE d"; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// A page in place of the response to any removal proves nothing: it is read back.
func TestRemove_page(t *testing.T) {
	t.Parallel()
	for want, read := range map[error]fakeAnswer{nil: {404, ""}, ErrNotApplied: {200, one("b")}, ErrWebPage: {200, "<html>"}} {
		client, sent := fakeAnswers{"DELETE a": {{204, ""}}, "DELETE b": {{200, "<html><form method=post action=https://sso.example.com>"}}, "GET b": {read}}.client(t)
		first := client.Remove(t.Context(), "a")
		if err := client.Remove(t.Context(), "b"); first != nil || !errors.Is(err, want) || want != nil && !Uncertain(err) {
			t.Errorf("got %v, %v, want %v, sent %q", first, err, want, sent())
		}
	}
}

// A removal carries what the consumer has now.
func TestRemove_carries(t *testing.T) {
	t.Parallel()
	version := func(n int) string { return fmt.Sprintf(`{"key":"a","name":"n","approved":true,"version":%d}`, n) }
	client, sent := fakeAnswers{
		"GET list":           {{200, "[" + version(1) + "]"}},
		"GET a":              {{200, version(2)}, {404, ""}},
		"DELETE a?version=2": {{204, ""}},
	}.client(t, func(p *profile.Profile) {
		p.Keep = map[string]string{"version": "/version"}
		p.Calls.Remove.Query = map[string]string{"version": profile.KeepOf("version")}
	})
	_, listing := client.List(t.Context())
	if err := errors.Join(listing, client.Remove(t.Context(), "a")); err != nil {
		t.Errorf("got %v, sent %q", err, sent())
	}
}
