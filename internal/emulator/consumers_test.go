package emulator_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const consumers = wire.DefaultOAuthConsumersPath

func TestConsumers_life(t *testing.T) {
	t.Parallel()
	s := emulator.New(t)
	c := signedIn(t, s, "admin-token")

	// ask sends a request. Its response must have no secret.
	ask := func(status int, method, path, body string) reply {
		t.Helper()
		r := c.want(status, c.do(method, path, body))
		if strings.Contains(r.body, "secret") || strings.Contains(r.body, "canary") {
			t.Errorf("a secret in %s", r.body)
		}
		return r
	}
	r := ask(201, "POST", consumers, `{"name":"Jama","secret":"canary"}`)
	created := decode[consumerJSON](t, r)
	if created.Key == "" || created.Name != "Jama" || created.Approved || !strings.Contains(r.body, "createdOn") {
		t.Fatalf("registered: %s", r.body)
	}
	path := consumers + "/" + created.Key
	ask(200, "PATCH", path, `{"approved":true}`)
	if got, _ := s.Consumer(created.Key); got != (emulator.Consumer{Key: created.Key, Name: "Jama", Secret: "canary", Approved: true}) {
		t.Errorf("after the approval: %+v", got)
	}
	ask(200, "PATCH", path, `{"name":"Jama 2","secret":"canary-2"}`)
	want := consumerJSON{Key: created.Key, Name: "Jama 2", Approved: true}
	if got := decode[consumerJSON](t, ask(200, "GET", path, "")); got != want {
		t.Errorf("after the change: %+v", got)
	}
	if list := decode[[]consumerJSON](t, ask(200, "GET", consumers, "")); len(list) != 1 || list[0] != want {
		t.Errorf("list: %v", list)
	}
	if stored, _ := s.Consumer(created.Key); stored.Secret != "canary-2" {
		t.Errorf("secret %q", stored.Secret)
	}
	ask(204, "DELETE", path, "")
	ask(404, "DELETE", path, "")
	ask(404, "GET", path, "")
	ask(404, "PATCH", path, `{"approved":false}`)
	if list := decode[[]consumerJSON](t, ask(200, "GET", consumers, "")); list == nil || len(list) != 0 {
		t.Errorf("list: %v", list)
	}
}

func TestConsumers_refusals(t *testing.T) {
	t.Parallel()
	s := emulator.New(t, lenient)
	known := s.AddConsumer(emulator.Consumer{Key: "known", Name: "known", Secret: "s"})
	stranger, viewer, admin := newClient(t, s), signedIn(t, s, "viewer-token"), signedIn(t, s, "admin-token")
	const one = consumers + "/known"
	malformed := []string{
		``, `null`, `[]`, `"x"`, `{`, `{"name":"  ","secret":"s"}`, `{"name":"a","secret":""}`,
		`{"name":1,"secret":"s"}`, `{"name":"a","secret":null}`, `{"name":"a","secret":"s"} x`,
	}
	for _, test := range []struct {
		client       *client
		status       int
		method, path string
		bodies       []string
	}{
		{admin, 400, "POST", consumers, malformed},
		{admin, 400, "PATCH", one, malformed},
		{admin, 400, "POST", consumers, []string{`{"name":"a"}`, `{"secret":"s"}`, `{}`, `{"name":"a","secret":"` + strings.Repeat("x", 2<<20) + `"}`}},
		{admin, 400, "PATCH", one, []string{`{}`, `{"name":"a","approved":true}`, `{"approved":"true"}`, `{"approved":null}`, `{"approved":1}`}},
		{admin, 404, "GET", consumers + "/", []string{``}},
		{admin, 404, "GET", consumers + "/a/b", []string{``}},
		{admin, 404, "GET", consumers + "/..", []string{``}},
		{admin, 404, "GET", "/osmc/admin", []string{``}},
		{admin, 404, "GET", "/", []string{``}},
		{admin, 405, "PUT", consumers, []string{``}},
		{admin, 405, "DELETE", consumers, []string{``}},
		{admin, 405, "POST", one, []string{``}},
		{stranger, 401, "GET", consumers, []string{``}},
		{stranger, 401, "POST", consumers, []string{`{"name":"a","secret":"s"}`}},
		{stranger, 401, "GET", one, []string{``}},
		{stranger, 401, "PATCH", one, []string{`{"approved":true}`}},
		{stranger, 401, "DELETE", one, []string{``}},
		{viewer, 403, "GET", consumers, []string{``}},
		{viewer, 403, "POST", consumers, []string{`{"name":"a","secret":"s"}`}},
		{viewer, 403, "GET", one, []string{``}},
		{viewer, 403, "PATCH", one, []string{`{"approved":true}`}},
		{viewer, 403, "DELETE", one, []string{``}},
	} {
		for _, body := range test.bodies {
			r := test.client.want(test.status, test.client.do(test.method, test.path, body))
			if test.status >= 400 && decode[wire.Error](t, r).Message == "" {
				t.Errorf("%s %s: no message", test.method, test.path)
			}
			if (r.header.Get("Allow") == "") == (test.status == 405) {
				t.Errorf("%s %s: Allow %q", test.method, test.path, r.header.Get("Allow"))
			}
		}
	}
	if got := s.Consumers(); len(got) != 1 || got[0] != known {
		t.Errorf("%+v", got)
	}
	admin.want(400, admin.do("POST", consumers, `{"name":"a","secret":"s","approved":true}`))
}

// awkwardKeys need care in a path.
var awkwardKeys = []string{
	"a/b", "a b", "ü", "%", "%2F", "%252F", "a+b", "a?b", "a#b", "a;b", "a,b", "a&b=c", ".", "..", "../users/admin",
	"~", "'", "\"", "\\", "{key}", "[x]", "a:b", "@", "*", "日本", "\n", "|", "<>",
}

func TestConsumers_awkwardKeys(t *testing.T) {
	t.Parallel()
	next := 0
	s := emulator.New(t, func(config *emulator.Config) {
		config.NewKey = func() string { next++; return awkwardKeys[next-1] }
	})
	c := signedIn(t, s, "admin-token")
	for _, key := range awkwardKeys {
		created := decode[consumerJSON](t, c.want(201, c.do("POST", consumers, `{"name":"n","secret":"s"}`)))
		if created.Key != key {
			t.Fatalf("key %q, want %q", created.Key, key)
		}
		path := consumers + "/" + escape(key)
		if got := decode[consumerJSON](t, c.want(200, c.do("PATCH", path, `{"approved":true}`))); got.Key != key {
			t.Errorf("key %q, want %q", got.Key, key)
		}
		c.want(200, c.get(path))
		requests := s.Requests()
		if got := requests[len(requests)-1].Path; got != path {
			t.Errorf("the log has %s, want %s", got, path)
		}
		c.want(204, c.do("DELETE", path, ""))
	}
}

// escape escapes dots, too: segments of nothing but dots never get through.
func escape(key string) string {
	return strings.ReplaceAll(url.PathEscape(key), ".", "%2E")
}

func TestConsumers_anyOrder(t *testing.T) {
	t.Parallel()
	var orders [2][]string
	for run := range orders {
		s := emulator.New(t)
		for _, key := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
			s.AddConsumer(emulator.Consumer{Key: key, Name: key, Secret: "s"})
		}
		c := signedIn(t, s, "admin-token")
		for range 3 {
			var order string
			for _, consumer := range decode[[]consumerJSON](t, c.want(200, c.get(consumers))) {
				order += consumer.Key
			}
			orders[run] = append(orders[run], order)
		}
	}
	if orders[0][0] == orders[0][1] || orders[0][1] == orders[0][2] {
		t.Errorf("the order stays the same: %v", orders[0])
	}
	if strings.Join(orders[0], " ") != strings.Join(orders[1], " ") {
		t.Errorf("the order is not reproducible: %v and %v", orders[0], orders[1])
	}
}

func TestConsumers_uniqueNames(t *testing.T) {
	t.Parallel()
	s := emulator.New(t, func(config *emulator.Config) { config.UniqueNames = true })
	c := signedIn(t, s, "admin-token")
	c.want(201, c.do("POST", consumers, `{"name":"a","secret":"s"}`))
	c.want(409, c.do("POST", consumers, `{"name":"a","secret":"s"}`))
	b := decode[consumerJSON](t, c.want(201, c.do("POST", consumers, `{"name":"b","secret":"s"}`)))
	c.want(409, c.do("PATCH", consumers+"/"+b.Key, `{"name":"a"}`))
	c.want(200, c.do("PATCH", consumers+"/"+b.Key, `{"name":"b"}`))
}

func TestConsumers_behindTerraformsBack(t *testing.T) {
	t.Parallel()
	s := emulator.New(t)
	first := s.AddConsumer(emulator.Consumer{Name: "a"})
	second := s.AddConsumer(emulator.Consumer{Key: "b", Name: "b", Approved: true})
	if first.Key == "" {
		t.Fatal("no key")
	}
	if !s.UpdateConsumer(first.Key, func(c *emulator.Consumer) { c.Name, c.Key = "A", "other" }) ||
		s.UpdateConsumer("nothing", func(*emulator.Consumer) {}) {
		t.Error("UpdateConsumer reports the opposite")
	}
	first.Name = "A"
	if got := s.Consumers(); len(got) != 2 || got[0] != first || got[1] != second {
		t.Errorf("%+v", got)
	}
	if !s.RemoveConsumer("b") || s.RemoveConsumer("b") {
		t.Error("RemoveConsumer reports the opposite")
	}
	if _, ok := s.Consumer("b"); ok {
		t.Error("still there")
	}
}

// consumerJSON is a consumer as the assumed API has it.
type consumerJSON struct {
	Key      string `json:"key"`
	Name     string `json:"name"`
	Approved bool   `json:"approved"`
}
