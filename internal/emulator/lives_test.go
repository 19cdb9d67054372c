package emulator_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// exchange sends the request that the profile describes, and returns it with the
// response.
func (c *dialectClient) exchange(call *profile.Call, values profile.Values) (*url.URL, *profile.Response) {
	c.t.Helper()
	values.CSRF, values.Origin = &c.token, c.origin(call.Path)
	filled, err := c.profile.Fill(call, values)
	if err != nil {
		c.t.Fatalf("%s: %v", call.Name, err)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), filled.Method, c.at(filled.Path), bytes.NewReader(filled.Body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.URL.RawQuery = filled.Query.Encode()
	maps.Copy(request.Header, filled.Header)
	if c.authorization != "" {
		request.Header.Set("Authorization", c.authorization)
	}
	response, err := c.http.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if csrf := c.profile.CSRF; csrf != nil && csrf.From == "header" && response.Header.Get(csrf.Name) != "" {
		c.token = response.Header.Get(csrf.Name)
	}
	r := &profile.Response{Status: response.StatusCode, Header: response.Header, Body: body}
	if location, err := response.Location(); err == nil {
		r.Location = location.EscapedPath()
	}
	return request.URL, r
}

// make makes a call that must succeed, and returns the consumers in the response.
func (c *dialectClient) make(call *profile.Call, values profile.Values) (target *url.URL, r *profile.Response, found []profile.Consumer) {
	c.t.Helper()
	target, r = c.exchange(call, values)
	if ok, err := c.profile.Succeeds(call, values.Key, r); !ok {
		c.t.Fatalf("%s: status %d, %v: %s", call.Name, r.Status, err, r.Body)
	}
	found, err := c.profile.Read(call, r)
	if err != nil {
		c.t.Fatalf("%s: %v: %s", call.Name, err, r.Body)
	}
	return target, r, found
}

// list returns all consumers, complete, by key.
func (c *dialectClient) list() map[string]profile.Consumer {
	c.t.Helper()
	all := map[string]profile.Consumer{}
	first := c.profile.Calls.List.FirstPage()
	for page := &first; page != nil; {
		target, r, found := c.make(c.profile.Calls.List, profile.Values{Page: page.Query})
		for _, one := range found {
			if one.OtherKind {
				continue
			}
			if _, twice := all[one.Key]; twice {
				c.t.Errorf("%s is listed twice", one.Key)
			}
			if read := c.profile.Calls.Read; one.Name == nil || one.Approved == nil {
				_, _, single := c.make(read, profile.Values{Key: one.Key})
				one.Name, one.Approved = single[0].Name, single[0].Approved
			}
			all[one.Key] = one
		}
		var err error
		if page, err = c.profile.Calls.List.NextPage(*page, target, r, len(found)); err != nil {
			c.t.Fatal(err)
		}
	}
	return all
}

// Each dialect can be spoken with the profile package alone: what is filled in
// arrives, and what is read is what the server has.
func TestDialects_lives(t *testing.T) {
	t.Parallel()
	for _, name := range append(emulator.Dialects(), "") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newDialectClient(t, name, func(config *emulator.Config) {
				if !config.Profile.NumericKeys() {
					config.NewKey = func() string { return "k/1 %2F+?&=#;" }
				}
			})
			for i := range 5 {
				c.server.AddConsumer(emulator.Consumer{Key: strconv.Itoa(100 + i), Name: "{name}", Secret: "s", Approved: i%2 == 0})
			}
			c.live(`{secret} <a> & "ü" +%20`, "{name}&=+% ü")
		})
	}
}

// live registers a consumer, changes everything of it, and removes it.
func (c *dialectClient) live(text, secret string) {
	t, calls := c.t, c.profile.Calls
	t.Helper()
	others := c.server.Consumers()
	no, yes := false, true
	want := emulator.Consumer{Name: text, Secret: secret}
	_, _, registered := c.make(calls.Register, profile.Values{Name: &want.Name, Secret: &want.Secret, Approved: &no})
	want.Key = c.server.Consumers()[len(others)].Key
	if calls.Register.Response.TellsKey() && registered[0].Key != want.Key {
		t.Errorf("register tells the key %q, want %q", registered[0].Key, want.Key)
	}

	// check compares what the server has with what it tells.
	check := func(call string) profile.Consumer {
		t.Helper()
		if got, _ := c.server.Consumer(want.Key); got != want {
			t.Errorf("%s: %+v, want %+v", call, got, want)
		}
		listed := c.list()
		one := listed[want.Key]
		if len(listed) != len(others)+1 || one.Name == nil || *one.Name != want.Name || *one.Approved != want.Approved {
			t.Fatalf("%s: listed as %+v", call, listed)
		}
		return one
	}
	current := check("register")
	for _, step := range []struct {
		call   *profile.Call
		change func(*emulator.Consumer)
	}{
		{calls.Approve, func(one *emulator.Consumer) { one.Approved = yes }},
		{calls.Rename, func(one *emulator.Consumer) { one.Name += " 2" }},
		{calls.SetSecret, func(one *emulator.Consumer) { one.Secret += " 2" }},
		{calls.Edit, func(one *emulator.Consumer) { one.Name, one.Secret = one.Name+" 3", one.Secret+" 3" }},
		{calls.Disapprove, func(one *emulator.Consumer) { one.Approved = no }},
	} {
		if step.call == nil {
			continue
		}
		before := profile.Values{Key: want.Key, Name: current.Name, Approved: current.Approved, Secret: &want.Secret, Keep: current.Keep}
		step.change(&want)
		values := before
		values.Name, values.Approved = &want.Name, &want.Approved
		_, _, found := c.make(step.call, values)
		for _, one := range found {
			if one.Name != nil && *one.Name != want.Name || one.Approved != nil && *one.Approved != want.Approved {
				t.Errorf("%s answers %+v, want %+v", step.call.Name, one, want)
			}
		}
		current = check(step.call.Name)
		if len(c.profile.Keep) > 0 {
			// What has been carried once is stale.
			if _, r := c.exchange(step.call, values); r.Status != http.StatusConflict {
				t.Errorf("%s of a stale version: status %d", step.call.Name, r.Status)
			}
		}
	}
	c.make(calls.Remove, profile.Values{Key: want.Key, Name: current.Name, Approved: current.Approved, Keep: current.Keep})
	if left := c.server.Consumers(); !reflect.DeepEqual(left, others) {
		t.Errorf("left: %+v", left)
	}
	if _, listed := c.list()[want.Key]; listed {
		t.Error("a removed consumer is listed")
	}
	for _, call := range []*profile.Call{calls.Read, calls.Remove} {
		if call == nil {
			continue
		}
		_, r := c.exchange(call, profile.Values{Key: want.Key, Name: current.Name, Approved: current.Approved, Keep: current.Keep})
		ok, err := c.profile.Succeeds(call, want.Key, r)
		if ok || err != nil && !errors.Is(err, profile.ErrRefused) || err == nil && !slices.Contains([]int{303, 404}, r.Status) {
			t.Errorf("%s of a removed consumer: %t, %v, status %d", call.Name, ok, err, r.Status)
		}
	}
}
