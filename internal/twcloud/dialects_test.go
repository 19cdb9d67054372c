package twcloud

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// eachDialect runs a test with a client and a server for the built-in profile and
// for each dialect.
func eachDialect(t *testing.T, test func(*testing.T, *emulator.Server, *Client)) {
	t.Helper()
	for _, name := range append(emulator.Dialects(), "built-in") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, speak := newDialect(t, name)
			test(t, server, connect(t, server, speak))
			if platform := speaks(t, name).Server == profile.WebApp; platform && server.SessionsOpened() > 0 {
				t.Error("a session of the REST API was opened")
			}
		})
	}
}

// speaks is the profile of a dialect, or the built-in one.
func speaks(t *testing.T, name string) *profile.Profile {
	t.Helper()
	if name == "built-in" {
		return profile.BuiltIn()
	}
	dialect, err := emulator.Dialect(name)
	if err != nil {
		t.Fatal(err)
	}
	return dialect
}

// newDialect starts a server that speaks a dialect. The option makes a client for it,
// which has what the sign-in of the dialect needs and nothing else.
func newDialect(t *testing.T, name string, options ...func(*emulator.Config)) (*emulator.Server, func(*Options)) {
	t.Helper()
	dialect := speaks(t, name)
	server := emulator.New(t, append([]func(*emulator.Config){func(c *emulator.Config) {
		if name == "built-in" {
			return
		}
		if err := c.SetDialect(name); err != nil {
			t.Fatal(err)
		}
	}}, options...)...)
	return server, func(o *Options) {
		o.Profile = dialect
		if !dialect.UsesREST() {
			o.Endpoint = nil
		}
		o.WebAppEndpoint, o.AuthenticationEndpoint = mustParseURL(t, server.WebAppURL()), mustParseURL(t, server.AuthenticationURL())
		if in := dialect.SignIn; in != nil && in.By == profile.ByPage {
			o.Credentials = Credentials{Username: emulator.AdminName, Password: emulator.AdminPassword}
		}
	}
}

// The profile is all that the client needs to work with a dialect.
func TestDialects(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, server *emulator.Server, client *Client) {
		ctx := t.Context()
		const odd = "doors & \"next\"/\n100%"
		first := testSecret + "&=\"/"
		keys := map[string]string{}
		for _, name := range []string{odd, "b", "c", "d", "e"} {
			registration, err := client.Register(ctx, name, first)
			if c := registration.Consumer; err != nil || c.Name != name || c.Approved || c.Key == "" {
				t.Fatalf("registered %q, got %+v, %v", name, c, err)
			}
			keys[name] = registration.Consumer.Key
		}
		key := keys[odd]
		second := first + "-2"
		for _, step := range []struct {
			changes Changes
			want    emulator.Consumer
		}{
			{Changes{Approved: new(true), KnownSecret: &first}, emulator.Consumer{Key: key, Name: odd, Secret: first, Approved: true}},
			{Changes{Name: new("two"), KnownSecret: &first}, emulator.Consumer{Key: key, Name: "two", Secret: first, Approved: true}},
			{Changes{Secret: &second}, emulator.Consumer{Key: key, Name: "two", Secret: second, Approved: true}},
			{Changes{Approved: new(false), Name: new(odd), Secret: &first}, emulator.Consumer{Key: key, Name: odd, Secret: first}},
			{Changes{Approved: new(true), KnownSecret: &first}, emulator.Consumer{Key: key, Name: odd, Secret: first, Approved: true}},
		} {
			got, err := client.Update(ctx, key, step.changes)
			now, _ := server.Consumer(key)
			if err != nil || now != step.want || got != (Consumer{Key: key, Name: now.Name, Approved: now.Approved}) {
				t.Fatalf("got %+v, %v, the server has %+v, want %+v", got, err, now, step.want)
			}
		}
		if err := client.Remove(ctx, keys["c"]); err != nil {
			t.Fatalf("remove: %v", err)
		}
		view := client.View()
		if listed, err := view.List(ctx); err != nil || len(listed) != 4 {
			t.Errorf("got %v, %v", listed, err)
		}
		if got, err := view.Get(ctx, key); err != nil || got.Name != odd || !got.Approved {
			t.Errorf("got %+v, %v", got, err)
		}
		gone := ErrNotFound
		list := client.profile.Calls.List
		if client.profile.Calls.Read == nil && client.profile.KnownOf(list.Pages.Known, list.Known) == profile.Assumed {
			gone = ErrIncomplete
		}
		if _, err := view.Get(ctx, keys["c"]); !errors.Is(err, gone) || strings.Contains(err.Error(), "{") {
			t.Errorf("a consumer that is gone: %v", err)
		}
		if len(server.Consumers()) != 4 {
			t.Errorf("the server has %d consumers", len(server.Consumers()))
		}
		survey, err := client.SurveyConsumers(ctx)
		if err != nil || survey.Status != http.StatusOK || survey.Shape == "" || survey.Method != client.profile.Calls.List.Method {
			t.Errorf("got the survey %+v, %v", survey, err)
		}
		requests := server.Requests()
		if last := requests[len(requests)-1]; last.Call != "list" {
			t.Errorf("a survey sends %s %s, which is the call %q", last.Method, last.Path, last.Call)
		}
	})
}
