package twcloud

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
)

func TestClientReadsAndWrites(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(*emulator.Config){
		"at the root":    func(*emulator.Config) {},
		"behind a proxy": func(c *emulator.Config) { c.RESTPathPrefix, c.WebAppPathPrefix = "/twc", "/twc" },
		"behind a proxy that rewrites": func(c *emulator.Config) {
			c.RESTPathPrefix, c.WebAppPathPrefix, c.RewriteCookies = "/twc", "/twc", true
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := emulator.New(t, configure)
			client := connect(t, server)
			ctx := t.Context()
			for _, key := range awkwardKeys {
				if strings.Contains(key, "\x00") || !utf8.ValidString(key) {
					continue // JSON holds no such text.
				}
				server.AddConsumer(emulator.Consumer{Key: key, Name: "name of " + key, Secret: "old"})
			}
			listed, err := client.List(ctx)
			if err != nil || !slices.IsSortedFunc(listed, func(a, b Consumer) int { return strings.Compare(a.Name, b.Name) }) {
				t.Fatalf("got %v, %v, want a sorted list", listed, err)
			}
			for _, consumer := range listed {
				changed, err := client.Update(ctx, consumer.Key, Changes{Name: new("new"), Secret: new(testSecret), Approved: new(true)})
				got, _ := server.Consumer(consumer.Key)
				if want := (Consumer{Key: consumer.Key, Name: "new", Approved: true}); err != nil || changed != want || got.Secret != testSecret {
					t.Errorf("update: got %v, %v, the server has %v", changed, err, got)
				}
				if got, err := client.Get(ctx, consumer.Key); err != nil || got != changed {
					t.Errorf("get: got %v, %v", got, err)
				}
				if err := client.Remove(ctx, consumer.Key); err != nil {
					t.Errorf("remove: %v", err)
				}
				if _, err := client.Get(ctx, consumer.Key); !errors.Is(err, ErrNotFound) {
					t.Errorf("get after remove: %v", err)
				}
			}
			if left := server.Consumers(); len(left) != 0 {
				t.Errorf("%v are left", left)
			}
			if lists := sentTo(server, collection); len(lists) != 1 || server.Logins() != 1 {
				t.Errorf("%d lists, %d logins", len(lists), server.Logins())
			}
		})
	}
}

func TestServerInfo(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server)
	if version, err := client.Version(t.Context()); version != emulator.DefaultVersion || err != nil {
		t.Errorf("got %q, %v", version, err)
	}
	if user, err := client.CurrentUser(t.Context()); user != emulator.AdminName || err != nil {
		t.Errorf("got %q, %v", user, err)
	}
	server.Inject(emulator.Fault{Kind: emulator.WebPage, PathSuffix: "/version"},
		emulator.Fault{Kind: emulator.Redirect302, PathSuffix: "/currentUser"})
	if version, err := client.Version(t.Context()); !errors.Is(err, ErrWebPage) {
		t.Errorf("got %q, %v", version, err)
	}
	if user, err := client.CurrentUser(t.Context()); !errors.Is(err, ErrWebPage) {
		t.Errorf("got %q, %v", user, err)
	}
}

func TestSeats(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusForbidden} {
		server := emulator.New(t, func(c *emulator.Config) { c.Seats, c.LicenseStatus = 1, status })
		other, client := connect(t, server), connect(t, server)
		if _, err := other.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
		var failure *Error
		if _, err := client.List(t.Context()); !errors.Is(err, ErrNoSeat) || !errors.As(err, &failure) || failure.Status != status {
			t.Errorf("%d: got %v", status, err)
		}
		// A seat becomes free while another client waits for one.
		server.SetOnRequest(func(request emulator.Request) {
			if request.AuthorizationScheme != "" && request.Index%2 == 0 {
				server.ExpireSessions()
			}
		})
		if _, err := client.View().List(t.Context()); err != nil {
			t.Errorf("%d: got %v", status, err)
		}
		if server.OpenSessions() != 1 {
			t.Errorf("%d: %d sessions", status, server.OpenSessions())
		}
	}
}

func TestClientHoldsItsLimit(t *testing.T) {
	t.Parallel()
	server := emulator.New(t)
	client := connect(t, server, func(o *Options) { o.MaxConcurrentRequests = 3 })
	// The first three lists wait for each other.
	var lists atomic.Int32
	three := make(chan struct{})
	server.SetOnRequest(func(request emulator.Request) {
		if request.Call != "list" {
			return
		}
		if lists.Add(1) == 3 {
			close(three)
		}
		<-three
	})
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			if _, err := client.View().List(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most := server.MaxInFlight(); most != 3 || server.Connections() > 3 {
		t.Errorf("%d in flight on %d connections", most, server.Connections())
	}
	if server.Logins() != 1 || len(sentTo(server, collection)) != 30 {
		t.Errorf("%d logins, %d lists", server.Logins(), len(sentTo(server, collection)))
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, options := range []Options{{}, {Endpoint: mustParseURL(t, "https://h")}, {Credentials: Credentials{}}} {
		if _, err := New(options); err == nil {
			t.Errorf("%v are taken", options)
		}
	}
}

func TestWrongPath(t *testing.T) {
	t.Parallel()
	server := emulator.New(t, func(c *emulator.Config) { c.ValidateContract = false })
	server.AddConsumer(emulator.Consumer{Key: "k"})
	elsewhere := ownProfile()
	for _, call := range elsewhere.Calls.All() {
		call.Path = strings.Replace(call.Path, "/osmc/admin/oauthconsumers", "/osmc/admin/elsewhere", 1)
	}
	client := connect(t, server, func(o *Options) { o.Profile = elsewhere })
	for _, key := range []string{"k", "gone"} {
		if _, err := client.Get(t.Context(), key); !errors.Is(err, ErrNoCollection) || errors.Is(err, ErrNotFound) {
			t.Errorf("got %v", err)
		}
		if _, err := client.Update(t.Context(), key, Changes{Name: new("n")}); !errors.Is(err, ErrNoCollection) {
			t.Errorf("got %v", err)
		}
	}
	if err := client.Remove(t.Context(), "k"); !errors.Is(err, ErrNoCollection) {
		t.Errorf("got %v", err)
	}
	if _, err := client.Register(t.Context(), "n", testSecret); !errors.Is(err, ErrNoCollection) {
		t.Errorf("got %v", err)
	}
}

func TestParseProfile(t *testing.T) {
	t.Parallel()
	if parsed, problems := ParseProfile([]byte(`{"profile":2}`)); parsed != nil || len(problems) == 0 || !strings.Contains(problems[0], "line 1") {
		t.Errorf("got %v", problems)
	}
}
