package emulator_test

import (
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// speaks starts a server with a profile.
func speaks(t *testing.T, document string) *emulator.Server {
	t.Helper()
	parsed, problems := profile.Parse([]byte(document))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return emulator.New(t, func(config *emulator.Config) { config.Profile = parsed })
}

// A registration that the root services document names needs no session.
func TestCalls_discovered(t *testing.T) {
	t.Parallel()
	s := speaks(t, `{"profile": 2, "calls": {"register": {
		"discover": "oauthRequestConsumerKeyUrl", "method": "POST", "json": {"title": "{name}", "secret": "{secret}"}, "response": {"key": "/key"}}}}`)
	c := newClient(t, s)
	c.want(400, c.do("POST", s.WebAppURL()+wire.RequestConsumerKeyPath, `{"name":"a","secret":"s"}`))
	created := decode[consumerJSON](t, c.want(201, c.do("POST", s.WebAppURL()+wire.RequestConsumerKeyPath, `{"title":"a","secret":"s"}`)))
	if got := s.Consumers(); len(got) != 1 || got[0] != (emulator.Consumer{Key: created.Key, Name: "a", Secret: "s"}) {
		t.Errorf("%+v", got)
	}
	if requests := s.Requests(); requests[1].Call != "register" || s.OpenSessions() != 0 {
		t.Errorf("%+v, %d sessions", requests, s.OpenSessions())
	}
	c.signInOnPlatform()
}

// A call can be on the other server, and without a sign-in.
func TestCalls_ofBothServers(t *testing.T) {
	t.Parallel()
	s := speaks(t, `{"profile": 2, "server": "rest", "approved": {"yes": [true], "no": [false]}, "calls": {
		"list": {"method": "GET", "path": "/osmc/keys", "response": {"key": "/key", "name": "/name", "approved": "/approved"}, "pages": {"by": "none"}},
		"register": {"server": "webapp", "sign_in": "none", "method": "POST", "path": "/open/keys", "json": ["{name}", "{secret}"]},
		"remove": {"method": "DELETE", "path": "/osmc/keys/{key}"}}}`)
	c := newClient(t, s)
	c.want(404, c.do("POST", "/open/keys", `["a","s"]`))
	c.want(204, c.do("POST", s.WebAppURL()+"/open/keys", `["a","s"]`))
	c.want(401, c.get("/osmc/keys"))
	path := "/osmc/keys/" + s.Consumers()[0].Key
	c.want(401, c.do("DELETE", path, ""))
	c = signedIn(t, s, emulator.AdminToken)
	c.want(204, c.do("DELETE", path, ""))
	if left := s.Consumers(); len(left) > 0 {
		t.Errorf("%+v", left)
	}
}

// What a request says counts, whatever the calls are called that it matches.
func TestCalls_alike(t *testing.T) {
	t.Parallel()
	s := speaks(t, `{"profile": 2, "server": "rest", "approved": {"yes": [1], "no": [0]}, "calls": {
		"list": {"method": "GET", "path": "/osmc/keys", "response": {"key": "/key", "name": "/name", "approved": "/approved"}, "pages": {"by": "none"}},
		"rename": {"method": "PUT", "path": "/osmc/keys/{key}", "json": {"name": "{name}", "approved": "{approved}"}},
		"approve": {"method": "PUT", "path": "/osmc/keys/{key}", "json": {"name": "{name}", "approved": "{approved}"}},
		"disapprove": {"method": "PUT", "path": "/osmc/keys/{key}", "json": {"name": "{name}", "approved": "{approved}"}},
		"remove": {"method": "PUT", "path": "/osmc/keys/{key}", "json": {"name": "deleted", "approved": 0}}}}`)
	c := signedIn(t, s, emulator.AdminToken)
	one := s.AddConsumer(emulator.Consumer{Key: "k", Name: "a", Secret: "s"})
	for body, want := range map[string]emulator.Consumer{
		`{"name":"b","approved":1}`: {Key: "k", Name: "b", Secret: "s", Approved: true},
		`{"name":"a","approved":0}`: one,
	} {
		c.want(204, c.do("PUT", "/osmc/keys/k", body))
		if got, _ := s.Consumer("k"); got != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
	c.want(204, c.do("PUT", "/osmc/keys/k", `{"name":"deleted","approved":0}`))
	if left := s.Consumers(); len(left) > 0 {
		t.Errorf("%+v", left)
	}
}

// Whatever a registration says, the consumer is not approved.
func TestCalls_registrationDoesNotApprove(t *testing.T) {
	t.Parallel()
	c := newDialectClient(t, "put-all")
	c.want(201, c.send("POST", c.profile.Calls.Register.Path, `{"name":"a","secret":"s","approved":true}`))
	if got := c.server.Consumers(); len(got) != 1 || got[0].Approved {
		t.Errorf("%+v", got)
	}
}

// A consumer can be the first element of an array.
func TestCalls_consumerInArray(t *testing.T) {
	t.Parallel()
	c := newDialectClient(t, "keys-only")
	c.server.AddConsumer(emulator.Consumer{Key: "k", Name: "a"})
	if r := c.want(200, c.send("GET", "/admin/api/oauth/consumer?key=k", "")); r.body != `[{"approved":"N","key":"k","title":"a"}]` {
		t.Error(r.body)
	}
}
