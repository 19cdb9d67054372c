package twcloud

import (
	"errors"
	"net/url"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// eachDialect runs a test with a client and a server for each dialect.
func eachDialect(t *testing.T, test func(*testing.T, *twcloudtest.Server, *Client)) {
	t.Helper()
	for _, name := range twcloudtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialect, err := twcloudtest.Dialect(name)
			if err != nil {
				t.Fatal(err)
			}
			server := twcloudtest.New(t, func(c *twcloudtest.Config) { c.Profile = dialect })
			client := connect(t, server, func(o *Options) {
				o.Profile = dialect
				if o.WebAppEndpoint, err = url.Parse(server.WebAppURL()); err != nil {
					t.Fatal(err)
				}
			})
			test(t, server, client)
		})
	}
}

// The client does everything in every dialect, with nothing but the profile.
func TestDialects(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, server *twcloudtest.Server, client *Client) {
		ctx := t.Context()
		const odd = "doors & \"next\"/\n100%"
		first := testSecret + "&=\"/"
		keys := map[string]string{}
		for _, name := range []string{odd, "b", "c", "d", "e"} {
			registration, err := client.Register(ctx, name, first)
			if err != nil {
				t.Fatalf("register: %v", err)
			}
			if c := registration.Consumer; c.Name != name || c.Approved || c.Key == "" {
				t.Fatalf("registered %q, got %+v", name, c)
			}
			keys[name] = registration.Consumer.Key
		}
		key := keys[odd]
		second := first + "-2"
		for _, changes := range []Changes{
			{Approved: pointer(true)},
			{Name: pointer(odd + " two"), KnownSecret: &first},
			{Secret: &second},
			{Approved: pointer(false), Name: pointer(odd), Secret: &first},
			{Approved: pointer(true), KnownSecret: &first},
		} {
			if changes.KnownSecret == nil && changes.Secret == nil {
				changes.KnownSecret = &first
			}
			before, _ := server.Consumer(key)
			got, err := client.Update(ctx, key, changes)
			if err != nil {
				t.Fatalf("update %+v: %v", changes, err)
			}
			now, _ := server.Consumer(key)
			want := before
			if changes.Name != nil {
				want.Name = *changes.Name
			}
			if changes.Secret != nil {
				want.Secret = *changes.Secret
			}
			if changes.Approved != nil {
				want.Approved = *changes.Approved
			}
			if now != want || got != (Consumer{Key: key, Name: want.Name, Approved: want.Approved}) {
				t.Fatalf("want %+v, got %+v, on the server %+v", want, got, now)
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
		if _, err := view.Get(ctx, keys["c"]); !errors.Is(err, ErrNotFound) {
			t.Errorf("a consumer that is gone: %v", err)
		}
		if len(server.Consumers()) != 4 {
			t.Errorf("the server has %d consumers", len(server.Consumers()))
		}
	})
}

// Whatever befalls a registration in whatever dialect, the server has it once, or
// the caller is told.
func TestDialects_exactlyOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range twcloudtest.AllFaultKinds() {
		if kind == twcloudtest.Hang || kind == twcloudtest.HangAfter || kind == twcloudtest.EndlessBody {
			continue // The simulation has them.
		}
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			eachDialect(t, func(t *testing.T, server *twcloudtest.Server, client *Client) {
				server.AddConsumer(twcloudtest.Consumer{Name: "other", Secret: testSecret})
				server.Inject(twcloudtest.Fault{Kind: kind, Match: func(r twcloudtest.Request) bool { return r.Call == "register" }})
				registration, err := client.Register(t.Context(), "doors", testSecret)
				count := 0
				for _, consumer := range server.Consumers() {
					if consumer.Name == "doors" {
						count++
						if registration.Consumer.Key != consumer.Key || consumer.Secret != testSecret {
							t.Errorf("the server has %+v, the caller was told of %q, %v", consumer, registration.Consumer.Key, err)
						}
					}
				}
				if count > 1 || count == 0 && err == nil {
					t.Errorf("registered %d times: %v", count, err)
				}
			})
		})
	}
}
