package twcloud

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

const collection = "/oauthconsumers"

// sentTo lists the methods of the requests whose path has a suffix.
func sentTo(server *twcloudtest.Server, suffix string) []string {
	var methods []string
	for _, request := range server.Requests() {
		if strings.HasSuffix(request.Path, suffix) {
			methods = append(methods, request.Method)
		}
	}
	return methods
}

func TestClientReadsAndWrites(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(*twcloudtest.Config){
		"at the root":                  func(*twcloudtest.Config) {},
		"behind a proxy":               func(c *twcloudtest.Config) { c.PathPrefix = "/twc" },
		"behind a proxy that rewrites": func(c *twcloudtest.Config) { c.PathPrefix, c.RewriteCookies = "/twc", true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t, configure)
			client := connect(t, server)
			ctx := t.Context()
			for _, key := range awkwardKeys {
				if strings.Contains(key, "\x00") || !utf8.ValidString(key) {
					continue // JSON holds no such text.
				}
				server.AddConsumer(twcloudtest.Consumer{Key: key, Name: "name of " + key, Secret: "old"})
			}
			listed, err := client.List(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.IsSortedFunc(listed, func(a, b Consumer) int { return strings.Compare(a.Name, b.Name) }) {
				t.Error("the list is not sorted")
			}
			for _, consumer := range listed {
				changed, err := client.Update(ctx, consumer.Key, Changes{Name: pointer("new"), Secret: pointer(testSecret), Approved: pointer(true)})
				want := Consumer{Key: consumer.Key, Name: "new", Approved: true}
				if err != nil || changed != want {
					t.Errorf("update: got %v, %v", changed, err)
				}
				if got, _ := server.Consumer(consumer.Key); got.Secret != testSecret || got.Name != "new" || !got.Approved {
					t.Errorf("the server has %v", got)
				}
				if got, err := client.Get(ctx, consumer.Key); err != nil || got != want {
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

func TestClientTellsOfTheServer(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	client := connect(t, server)
	if version, err := client.Version(t.Context()); version != twcloudtest.DefaultVersion || err != nil {
		t.Errorf("got %q, %v", version, err)
	}
	if user, err := client.CurrentUser(t.Context()); user != twcloudtest.AdminName || err != nil {
		t.Errorf("got %q, %v", user, err)
	}
	server.Inject(twcloudtest.Fault{Kind: twcloudtest.WebPage, PathSuffix: "/version"},
		twcloudtest.Fault{Kind: twcloudtest.Redirect302, PathSuffix: "/currentUser"})
	if version, err := client.Version(t.Context()); !errors.Is(err, ErrWebPage) {
		t.Errorf("got %q, %v", version, err)
	}
	if user, err := client.CurrentUser(t.Context()); !errors.Is(err, ErrWebPage) {
		t.Errorf("got %q, %v", user, err)
	}
}

func TestUpdateSendsOnlyWhatChanges(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	server.AddConsumer(twcloudtest.Consumer{Key: "k", Name: "n", Secret: "s"})
	client := connect(t, server)
	for _, changes := range []Changes{{}, {Name: pointer("m")}, {Secret: pointer(testSecret)}, {Approved: pointer(false)}, {Name: pointer("n"), Approved: pointer(true)}} {
		if _, err := client.Update(t.Context(), "k", changes); err != nil {
			t.Fatal(err)
		}
	}
	var fields []string
	for _, request := range server.Requests() {
		if request.Method == http.MethodPatch {
			fields = append(fields, strings.Join(request.Fields, "+"))
		}
	}
	if want := []string{"name", "secret", "approved", "approved+name"}; !slices.Equal(fields, want) {
		t.Errorf("sent %q, want %q", fields, want)
	}
}

func TestUpdateFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key    string
		fault  twcloudtest.FaultKind
		status int
		kind   error // nil: it succeeds
		name   string
	}{
		"gone":                      {key: "gone", kind: ErrNotFound, name: "n"},
		"conflict":                  {key: "k", fault: twcloudtest.AnswerWith, status: 409, kind: ErrConflict, name: "n"},
		"refused input":             {key: "k", fault: twcloudtest.AnswerWith, status: 422, kind: ErrInvalid, name: "n"},
		"not there, and there":      {key: "k", fault: twcloudtest.AnswerWith, status: 404, kind: ErrUnreadable, name: "n"},
		"failed":                    {key: "k", fault: twcloudtest.InternalError500, kind: ErrServer, name: "n"},
		"failed when done":          {key: "k", fault: twcloudtest.InternalError500After, kind: ErrServer, name: "m"},
		"page when done":            {key: "k", fault: twcloudtest.WebPageAfter, name: "m"},
		"page in place of it":       {key: "k", fault: twcloudtest.WebPage, kind: ErrWebPage, name: "n"},
		"done without words":        {key: "k", fault: twcloudtest.NoBody, name: "m"},
		"204 and not done":          {key: "k", fault: twcloudtest.AnswerWith, status: 204, kind: ErrNotApplied, name: "n"},
		"no such call":              {key: "k", fault: twcloudtest.AnswerWith, status: 405, kind: ErrUnsupported, name: "n"},
		"lost, repeated":            {key: "k", fault: twcloudtest.DropAfter, name: "m"},
		"half an answer, repeated":  {key: "k", fault: twcloudtest.HalfBody, name: "m"},
		"gateway, repeated":         {key: "k", fault: twcloudtest.Status504After, name: "m"},
		"session expired, repeated": {key: "k", fault: twcloudtest.Unauthorized401, name: "m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t)
			server.AddConsumer(twcloudtest.Consumer{Key: "k", Name: "n"})
			client := connect(t, server)
			if _, err := client.List(t.Context()); err != nil {
				t.Fatal(err)
			}
			if test.fault != 0 {
				server.Inject(twcloudtest.Fault{Kind: test.fault, Status: test.status, Method: http.MethodPatch})
			}
			_, err := client.Update(t.Context(), test.key, Changes{Name: pointer("m")})
			if !errors.Is(err, test.kind) {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			// What is read after that is what stands on the server.
			if got, err := client.Get(t.Context(), "k"); err != nil || got.Name != test.name {
				t.Errorf("got %v, %v, want the name %s", got, err, test.name)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	remove := func(kind twcloudtest.FaultKind) twcloudtest.Fault {
		return twcloudtest.Fault{Kind: kind, Status: http.StatusNotFound, Method: http.MethodDelete}
	}
	reads := func(kind twcloudtest.FaultKind, status int, suffix string) twcloudtest.Fault {
		return twcloudtest.Fault{Kind: kind, Status: status, Method: http.MethodGet, PathSuffix: suffix, Times: -1}
	}
	for name, test := range map[string]struct {
		key     string
		path    string
		faults  []twcloudtest.Fault
		kind    error // nil: it succeeds
		removed bool
	}{
		"there":                         {key: "k", removed: true},
		"gone":                          {key: "gone"},
		"no key":                        {key: "", kind: ErrInvalid},
		"wrong path":                    {key: "k", path: "/osmc/admin/elsewhere", kind: ErrNoCollection},
		"lost, repeated":                {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.DropAfter)}, removed: true},
		"gateway, repeated":             {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.Status502After)}, removed: true},
		"a web page":                    {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.WebPage)}, kind: ErrWebPage},
		"a redirect":                    {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.Redirect302)}, kind: ErrWebPage},
		"forbidden":                     {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.Forbidden403)}, kind: ErrForbidden},
		"failed":                        {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.InternalError500)}, kind: ErrServer},
		"404, and in the list":          {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.AnswerWith)}, kind: ErrUnreadable},
		"404, no list, and there":       {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.AnswerWith), reads(twcloudtest.AnswerWith, 403, collection)}, kind: ErrUnreadable},
		"404, no list, and gone":        {key: "gone", faults: []twcloudtest.Fault{reads(twcloudtest.AnswerWith, 403, collection)}},
		"404, and nothing can be read":  {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.AnswerWith), reads(twcloudtest.Status502Before, 0, "")}, kind: ErrUnreadable},
		"404, and a page for a list":    {key: "k", faults: []twcloudtest.Fault{remove(twcloudtest.AnswerWith), reads(twcloudtest.WebPage, 0, "")}, kind: ErrUnreadable},
		"404, the list is cut, retried": {key: "gone", faults: []twcloudtest.Fault{{Kind: twcloudtest.HalfBody, PathSuffix: collection}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := twcloudtest.New(t, func(c *twcloudtest.Config) { c.ValidateContract = test.path == "" })
			server.AddConsumer(twcloudtest.Consumer{Key: "k", Name: "n"})
			client := connect(t, server, func(o *Options) { o.OAuthConsumersPath = test.path })
			if _, err := client.List(t.Context()); err != nil && test.path == "" {
				t.Fatal(err)
			}
			server.Inject(test.faults...)
			if err := client.Remove(t.Context(), test.key); !errors.Is(err, test.kind) || test.kind == nil && err != nil {
				t.Errorf("got %v, want %v", err, test.kind)
			}
			if _, there := server.Consumer("k"); there == test.removed {
				t.Errorf("it is there: %t", there)
			}
		})
	}
}

func TestSeats(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusForbidden} {
		server := twcloudtest.New(t, func(c *twcloudtest.Config) { c.Seats, c.LicenseStatus = 1, status })
		other, client := connect(t, server), connect(t, server)
		if _, err := other.Version(t.Context()); err != nil {
			t.Fatal(err)
		}
		var failure *Error
		if _, err := client.List(t.Context()); !errors.Is(err, ErrNoSeat) || !errors.As(err, &failure) || failure.Status != status {
			t.Errorf("%d: got %v", status, err)
		}
		// A seat becomes free while another client waits for one.
		server.SetOnRequest(func(request twcloudtest.Request) {
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
	server := twcloudtest.New(t)
	client := connect(t, server, func(o *Options) { o.MaxConcurrentRequests = 3 })
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			if _, err := client.View().List(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most := server.MaxInFlight(); most > 3 || server.Connections() > 3 {
		t.Errorf("%d in flight on %d connections", most, server.Connections())
	}
	if server.Logins() != 1 || len(sentTo(server, collection)) != 30 {
		t.Errorf("%d logins, %d lists", server.Logins(), len(sentTo(server, collection)))
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, options := range []Options{{}, {Endpoint: mustParseURL(t, "https://h")}, {Credentials: TokenCredentials{}}} {
		if _, err := New(options); err == nil {
			t.Errorf("%v are taken", options)
		}
	}
}
