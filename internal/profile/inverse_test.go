package profile

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Match(Fill(v)) = v.
func TestMatch_inverse(t *testing.T) {
	t.Parallel()
	profiles(t, func(t *testing.T, g generator, p *Profile) {
		for name, call := range p.Calls.All() {
			v := g.values(p, call)
			r, err := p.Fill(call, v)
			if err != nil {
				t.Errorf("%s: fill %+v: %v", name, v, err)
				continue
			}
			got, err := p.Match(call, r)
			if err != nil || !reflect.DeepEqual(v, got) {
				t.Errorf("%s: %s %s %v %s: %v\n%s", name, r.Method, r.Path, r.Query, r.Body, err, cmp.Diff(v, got))
			}
			for _, without := range []func(*Values){
				func(v *Values) { v.Key = "" }, func(v *Values) { v.Name = nil }, func(v *Values) { v.Secret = nil },
				func(v *Values) { v.Approved = nil }, func(v *Values) { v.CSRF = nil }, func(v *Values) { v.Keep = nil }, func(v *Values) { v.Origin = "" },
			} {
				less := v
				without(&less)
				_, err := p.Fill(call, less)
				if changed := !reflect.DeepEqual(v, less); changed != errors.Is(err, errMissing) {
					t.Errorf("%s: fill %+v: %v", name, less, err)
				}
			}
		}
	})
}

// Read(Write(c)) = c, as far as the response tells it.
func TestRead_inverse(t *testing.T) {
	t.Parallel()
	profiles(t, func(t *testing.T, g generator, p *Profile) {
		for name, call := range p.Calls.All() {
			if call.Response == nil {
				continue
			}
			var written []Consumer
			for n := range 1 + g.IntN(5) {
				written = append(written, g.consumer(p, call, n))
			}
			if name != "list" {
				written = written[:1]
			}
			for i := range written {
				written[i].OtherKind = call.Response.Only != nil && g.chance()
			}
			r := p.Write(call, written, "/proxy")
			if succeeds, err := p.Succeeds(call, written[0].Key, r); !succeeds || err != nil {
				t.Errorf("%s: succeeds %v: %v", name, succeeds, err)
			}
			read, err := p.Read(call, r)
			if want := told(call.Response, written); err != nil || !same(want, read) {
				t.Errorf("%s: %v %s: %v\n%s", name, r.Header, r.Body, err, cmp.Diff(want, read))
			}
			if refusal := p.Refuse(call, "no"); refusal == nil {
				if len(call.Expect) > 0 {
					t.Errorf("%s: no refusal", name)
				}
			} else if succeeds, err := p.Succeeds(call, "", refusal); succeeds || !errors.Is(err, ErrRefused) {
				t.Errorf("%s: a refusal: %v, %v", name, succeeds, err)
			}
		}
	})
}

// told is what a response tells of consumers.
func told(shape *Shape, consumers []Consumer) []Consumer {
	var told []Consumer
	for _, one := range consumers {
		if one.OtherKind {
			told = append(told, Consumer{OtherKind: true})
			continue
		}
		one.Others = nil
		if !shape.TellsKey() {
			one.Key = ""
		}
		if shape.Name == nil {
			one.Name = nil
		}
		if !shape.TellsApproval() {
			one.Approved = nil
		}
		if !shape.inBody() && !shape.KeyIsMember || shape.Format == "text" || shape.Key != nil && *shape.Key == "" {
			one.Keep = nil
		}
		told = append(told, one)
	}
	return told
}

// same compares in any order: two lists, or an object, have another one than one list.
func same(a, b []Consumer) bool {
	for _, consumers := range [][]Consumer{a, b} {
		slices.SortStableFunc(consumers, func(a, b Consumer) int { return strings.Compare(a.Key, b.Key) })
	}
	return cmp.Equal(a, b)
}

// callOf is a call of one of the documents, as a fuzzer chooses it.
func callOf(t testing.TB, all []*Profile, choice uint16) (*Profile, *Call) {
	t.Helper()
	p := all[int(choice)%len(all)]
	var calls []*Call
	for _, call := range p.Calls.All() {
		calls = append(calls, call)
	}
	return p, calls[int(choice)/len(all)%len(calls)]
}

func parsed(t testing.TB) []*Profile {
	t.Helper()
	var all []*Profile
	for _, content := range documents(t) {
		all = append(all, parse(t, content))
	}
	return all
}

// What matches can be filled again, and is the same then.
func FuzzMatch(f *testing.F) {
	all := parsed(f)
	for i := range uint16(300) {
		p, call := callOf(f, all, i)
		text, approved := "a b", true
		r, err := p.Fill(call, Values{
			Key: "17", Name: &text, Secret: &text, Approved: &approved, CSRF: &text, Keep: map[string]any{"version": "3"}, Origin: "https://host.example",
		})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, r.Path, r.Query.Encode(), r.Header.Get("Content-Type"), r.Body)
	}
	f.Fuzz(func(t *testing.T, choice uint16, path, query, contentType string, body []byte) {
		p, call := callOf(t, all, choice)
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		r := &Request{Method: call.Method, Path: path, Query: values, Header: http.Header{"Content-Type": {contentType}}, Body: body}
		for name, text := range p.headersOf(call) {
			r.Header.Set(name, strings.Trim(text, "{}"))
		}
		v, err := p.Match(call, r)
		if err != nil {
			return
		}
		again, err := p.Fill(call, v)
		if err != nil {
			t.Fatalf("%s: fill %+v: %v", call.Name, v, err)
		}
		got, err := p.Match(call, again)
		if difference := cmp.Diff(v, got); err != nil || difference != "" {
			t.Errorf("%s: %v\n%s", call.Name, err, difference)
		}
	})
}

// What is read can be written again, and is the same then.
func FuzzRead(f *testing.F) {
	all := parsed(f)
	for i := range uint16(300) {
		p, call := callOf(f, all, i)
		name, yes := "a b", true
		r := p.Write(call, []Consumer{{Key: "17", Name: &name, Approved: &yes}}, "")
		f.Add(i, r.Header.Get("Location"), r.Body)
	}
	f.Fuzz(func(t *testing.T, choice uint16, header string, body []byte) {
		p, call := callOf(t, all, choice)
		r := &Response{Status: http.StatusOK, Header: http.Header{}, Body: body, Location: header}
		if call.Response != nil && call.Response.KeyHeader != "" {
			r.Header.Set(call.Response.KeyHeader, header)
		}
		if call.Redirect != "" {
			r.Status = http.StatusFound
		}
		succeeds, _ := p.Succeeds(call, "", r)
		read, err := p.Read(call, r)
		keys := map[string]bool{}
		for _, one := range read {
			if keys[one.Key] || one.Err != nil {
				return
			}
			keys[one.Key] = one.Key != ""
		}
		if err != nil || !succeeds || call.Response == nil {
			return
		}
		again := p.Write(call, read, "")
		got, err := p.Read(call, again)
		if err != nil || !same(read, got) {
			t.Errorf("%s: %s: %v\n%s", call.Name, again.Body, err, cmp.Diff(read, got))
		}
	})
}
