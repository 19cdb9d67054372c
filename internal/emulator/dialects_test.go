package emulator_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// dialectSteps has, for each dialect, the requests that register, approve,
// disapprove, rename, give a new secret, list and remove, written out by hand:
//
//	METHOD PATH BODY -> STATUS LOCATION BODY
//
// KEY is the key, TOKEN the CSRF token, and ROOT the address of the server. A body in braces or brackets is JSON, another one of a request is a form.
var dialectSteps = map[string][7]string{
	"wrapped": {
		`POST /osmc/admin/oauth/consumers {"consumerName":"a","consumerSecret":"s"} -> 200 {"data":{"consumerKey":"KEY","consumerName":"a","state":{"active":false}}}`,
		`PATCH /osmc/admin/oauth/consumers/KEY {"state":{"active":true}} -> 200 {"data":{"consumerKey":"KEY","consumerName":"a","state":{"active":true}}}`,
		`PATCH /osmc/admin/oauth/consumers/KEY {"state":{"active":false}} -> 200 {"data":{"consumerKey":"KEY","consumerName":"a","state":{"active":false}}}`,
		`PATCH /osmc/admin/oauth/consumers/KEY {"consumerName":"b"} -> 200 {"data":{"consumerKey":"KEY","consumerName":"b","state":{"active":false}}}`,
		`PATCH /osmc/admin/oauth/consumers/KEY {"consumerSecret":"t"} -> 200 {"data":{"consumerKey":"KEY","consumerName":"b","state":{"active":false}}}`,
		`GET /osmc/admin/oauth/consumers -> 200 {"data":{"consumers":[{"consumerKey":"KEY","consumerName":"b","state":{"active":false}}]}}`,
		`DELETE /osmc/admin/oauth/consumers/KEY -> 200`,
	},
	"json-ld": {
		`POST /osmc/admin/oauthconsumers {"@type":"oauth:Consumer","dcterms:title":"a","oauth:secret":"s"} -> 201 {"@id":"ROOT/osmc/admin/oauthconsumers/KEY","dcterms:title":"a","twc:approved":"false"}`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"twc:approved":"true"} -> 204`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"twc:approved":"false"} -> 204`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"dcterms:title":"b"} -> 204`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"oauth:secret":"t"} -> 204`,
		`GET /osmc/admin/oauthconsumers -> 200 {"ldp:contains":[{"@id":"/osmc/admin/oauthconsumers/KEY","dcterms:title":"b","twc:approved":"false"}]}`,
		`DELETE /osmc/admin/oauthconsumers/KEY -> 204`,
	},
	"status-words": {
		`POST /osmc/admin/consumers {"type":"oauth1","consumerName":"a","consumerSecret":"s"} -> 201 {"consumerName":"a","id":KEY,"status":"NEW"}`,
		`POST /osmc/admin/consumers/KEY/approve -> 204`,
		`POST /osmc/admin/consumers/KEY/disapprove -> 204`,
		`PATCH /osmc/admin/consumers/KEY {"consumerName":"b"} -> 200 {"consumerName":"b","id":KEY,"status":"NEW"}`,
		`PATCH /osmc/admin/consumers/KEY {"consumerSecret":"t"} -> 200 {"consumerName":"b","id":KEY,"status":"NEW"}`,
		`GET /osmc/admin/consumers?type=oauth1 -> 200 {"items":[{"consumerName":"b","id":KEY,"status":"NEW"}]}`,
		`DELETE /osmc/admin/consumers/KEY -> 204`,
	},
	"put-all": {
		`POST /osmc/admin/oauthconsumers {"name":"a","secret":"s","approved":false} -> 201 {"approved":false,"key":"KEY","name":"a"}`,
		`PUT /osmc/admin/oauthconsumers/KEY {"name":"a","secret":"","approved":true} -> 200 {"approved":true,"key":"KEY","name":"a"}`,
		`PUT /osmc/admin/oauthconsumers/KEY {"name":"a","secret":"","approved":false} -> 200 {"approved":false,"key":"KEY","name":"a"}`,
		`PUT /osmc/admin/oauthconsumers/KEY {"name":"b","secret":"","approved":false} -> 200 {"approved":false,"key":"KEY","name":"b"}`,
		`PUT /osmc/admin/oauthconsumers/KEY {"name":"b","secret":"t","approved":false} -> 200 {"approved":false,"key":"KEY","name":"b"}`,
		`GET /osmc/admin/oauthconsumers?page=0 -> 200 {"content":[{"approved":false,"key":"KEY","name":"b"}],"totalElements":1}`,
		`DELETE /osmc/admin/oauthconsumers/KEY -> 204`,
	},
	"put-secret": {
		`POST /osmc/admin/oauth1/consumers {"label":"a","sharedSecret":"s","repeatedSecret":"s"} -> 201 /osmc/admin/oauth1/consumers/KEY`,
		`PUT /osmc/admin/oauth1/consumers/KEY {"label":"a","sharedSecret":"s","repeatedSecret":"s","approved":"yes"} -> 204`,
		`PUT /osmc/admin/oauth1/consumers/KEY {"label":"a","sharedSecret":"s","repeatedSecret":"s","approved":"no"} -> 204`,
		`PUT /osmc/admin/oauth1/consumers/KEY {"label":"b","sharedSecret":"s","repeatedSecret":"s","approved":"no"} -> 204`,
		`PUT /osmc/admin/oauth1/consumers/KEY {"label":"b","sharedSecret":"t","repeatedSecret":"t","approved":"no"} -> 204`,
		`GET /osmc/admin/oauth1/consumers?start=0 -> 200 {"results":[{"approved":false,"key":"KEY","label":"b"}],"total":1}`,
		`DELETE /osmc/admin/oauth1/consumers/KEY -> 202`,
	},
	"separate-patches": {
		`POST /osmc/admin/oauthconsumers {"name":"a","secret":"s"} -> 201 {"key":"KEY","name":"a","status":"DISABLED"}`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"status":"ENABLED"} -> 200`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"status":"DISABLED"} -> 200`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"name":"b"} -> 200`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"secret":"t"} -> 200`,
		`GET /osmc/admin/oauthconsumers -> 200 {"consumers":[{"key":"KEY","name":"b","status":"DISABLED"}],"paging":{"next":null}}`,
		`DELETE /osmc/admin/oauthconsumers/KEY -> 204`,
	},
	"rpc": {
		`POST /osmc/rpc/oauth/registerConsumer {"consumer":{"name":"a","secret":"s"}} -> 200 {"result":{"key":"KEY"}}`,
		`POST /osmc/rpc/oauth/setApproval {"keys":["KEY"],"approved":true} -> 200`,
		`POST /osmc/rpc/oauth/setApproval {"keys":["KEY"],"approved":false} -> 200`,
		`POST /osmc/rpc/oauth/renameConsumer {"key":"KEY","name":"b"} -> 200`,
		`POST /osmc/rpc/oauth/changeSecret {"key":"KEY","secret":"t"} -> 200`,
		`POST /osmc/rpc/oauth/listConsumers {"version":1,"filter":null} -> 200 {"result":[{"approved":false,"key":"KEY","name":"b"}]}`,
		`POST /osmc/rpc/oauth/removeConsumers ["KEY"] -> 200`,
	},
	"forms": {
		`POST /osmc/admin/oauth-consumers/register consumerName=a&consumerSecret=s&consumerSecretRepeated=s&_csrf=TOKEN -> 302 /osmc/oauth-consumers`,
		`POST /osmc/admin/oauth-consumers/status key=KEY&action=approve&_csrf=TOKEN -> 302 /osmc/oauth-consumers`,
		`POST /osmc/admin/oauth-consumers/status key=KEY&action=disapprove&_csrf=TOKEN -> 302 /osmc/oauth-consumers`,
		`POST /osmc/admin/oauth-consumers/edit key=KEY&consumerName=b&consumerSecret=&consumerSecretRepeated=&_csrf=TOKEN -> 302 /osmc/oauth-consumers`,
		`POST /osmc/admin/oauth-consumers/edit key=KEY&consumerName=b&consumerSecret=t&consumerSecretRepeated=t&_csrf=TOKEN -> 302 /osmc/oauth-consumers`,
		`GET /osmc/admin/oauth-consumers/data -> 200 [{"approved":false,"key":"KEY","name":"b"}]`,
		`POST /osmc/admin/oauth-consumers/remove key=KEY&_csrf=TOKEN -> 302 /osmc/oauth-consumers`,
	},
	"xsrf-cookie": {
		`POST /osmc/admin/oauthconsumers {"name":"a","secret":"s"} -> 201 KEY`,
		`PUT /osmc/admin/oauthconsumers/KEY/approval {"approval":1} -> 204`,
		`DELETE /osmc/admin/oauthconsumers/KEY/approval -> 204`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"name":"b"} -> 204`,
		`PATCH /osmc/admin/oauthconsumers/KEY {"secret":"t"} -> 204`,
		`GET /osmc/admin/oauthconsumers -> 200 {"list":[{"approval":0,"consumer":{"key":"KEY","name":"b"}}]}`,
		`DELETE /osmc/admin/oauthconsumers/KEY -> 204`,
	},
	"token-header": {
		`POST /osmc/admin/oauth1 {"name":"a","secret":"s"} -> 201 {"key":"KEY","name":"a"}`,
		`PUT /osmc/admin/oauth1/KEY/approval -> 204`,
		`DELETE /osmc/admin/oauth1/KEY/approval -> 204`,
		`PATCH /osmc/admin/oauth1/KEY {"name":"b"} -> 200 {"key":"KEY","name":"b"}`,
		`PATCH /osmc/admin/oauth1/KEY {"secret":"t"} -> 200 {"key":"KEY","name":"b"}`,
		`GET /osmc/admin/oauth1?view=full&sort=name -> 200 [{"key":"KEY","name":"b"}]`,
		`DELETE /osmc/admin/oauth1/KEY -> 204`,
	},
	"keys-only": {
		`PUT /osmc/oauth/consumer {"title":"a","secret":"s"} -> 204`,
		`POST /osmc/oauth/consumer?key=KEY {"approved":"Y"} -> 204`,
		`POST /osmc/oauth/consumer?key=KEY {"approved":"N"} -> 204`,
		`POST /osmc/oauth/consumer?key=KEY {"title":"b"} -> 204`,
		`POST /osmc/oauth/consumer?key=KEY {"secret":"t"} -> 204`,
		`GET /osmc/oauth/keys -> 200 {"keys":["KEY"]}`,
		`DELETE /osmc/oauth/consumer?key=KEY -> 204`,
	},
	"key-map": {
		`POST /osmc/admin/oauthconsumers {"displayName":"a","secret":"s","flags":{}} -> 201 {"created":{"displayName":"a","key":"KEY"}}`,
		`POST /osmc/admin/oauthconsumers/KEY?operation=approve -> 200`,
		`POST /osmc/admin/oauthconsumers/KEY?operation=disapprove -> 200`,
		`POST /osmc/admin/oauthconsumers/KEY?operation=rename {"displayName":"b"} -> 200`,
		`POST /osmc/admin/oauthconsumers/KEY?operation=secret {"secret":"t","confirmation":"t"} -> 200`,
		`GET /osmc/admin/oauthconsumers?format=map -> 200 {"consumers":{"KEY":{"displayName":"b","flags":{"approved":false}}}}`,
		`DELETE /osmc/admin/oauthconsumers/KEY -> 200`,
	},
	"oauth-clients": {
		`POST /authentication/api/admin/oauth1a/clients {"clientName":"a","clientSecret":"s"} -> 201 {"clientKey":"KEY"}`,
		`PATCH /authentication/api/admin/oauth1a/clients/KEY {"approved":true} -> 200 {"approved":true,"clientKey":"KEY","clientName":"a"}`,
		`PATCH /authentication/api/admin/oauth1a/clients/KEY {"approved":false} -> 200 {"approved":false,"clientKey":"KEY","clientName":"a"}`,
		`PATCH /authentication/api/admin/oauth1a/clients/KEY {"clientName":"b"} -> 200 {"approved":false,"clientKey":"KEY","clientName":"b"}`,
		`PATCH /authentication/api/admin/oauth1a/clients/KEY {"clientSecret":"t"} -> 200 {"approved":false,"clientKey":"KEY","clientName":"b"}`,
		`GET /authentication/api/admin/oauth1a/clients?p=1 -> 200 {"clients":[{"approved":false,"clientKey":"KEY","clientName":"b"}]}`,
		`DELETE /authentication/api/admin/oauth1a/clients/KEY -> 204`,
	},
	"webapp-forms": {
		`POST /webapp/oauth/consumers name=a&secret=s&secret2=s&token=TOKEN -> 302 /webapp/oauth/consumers/KEY`,
		`POST /webapp/oauth/consumers/KEY name=a&status=true&token=TOKEN -> 200`,
		`POST /webapp/oauth/consumers/KEY name=a&status=false&token=TOKEN -> 200`,
		`POST /webapp/oauth/consumers/KEY name=b&status=false&token=TOKEN -> 200`,
		`POST /webapp/oauth/consumers/KEY name=b&secret=t&status=false&token=TOKEN -> 200`,
		`GET /webapp/oauth/consumers.json -> 200 {"rows":[{"cells":["b","disapproved"],"uri":"/webapp/oauth/consumers/KEY"}]}`,
		`POST /webapp/oauth/consumers/KEY/remove token=TOKEN&sure=yes -> 200`,
	},
	"absent-approval": {
		`POST /osmc/oauth/v1/consumers {"name":"a","secret":"s","callback":""} -> 201`,
		`PUT /osmc/oauth/v1/consumers/KEY/approved {"value":true} -> 200`,
		`DELETE /osmc/oauth/v1/consumers/KEY/approved -> 200`,
		`PUT /osmc/oauth/v1/consumers/KEY/name {"value":"b"} -> 200`,
		`PUT /osmc/oauth/v1/consumers/KEY/secret {"value":"t"} -> 200`,
		`GET /osmc/oauth/v1/consumers -> 200 {"_embedded":{"oauthConsumers":[{"key":"KEY","name":"b"}]}}`,
		`DELETE /osmc/oauth/v1/consumers/KEY -> 204`,
	},
}

// dialectToken says how a session gets its CSRF token.
var dialectToken = map[string]func(*dialectClient) string{
	"forms": func(c *dialectClient) string { return c.cookie("twc-csrf") },
	"xsrf-cookie": func(c *dialectClient) string {
		c.want(204, c.send("GET", "/osmc/admin/session", ""))
		return c.cookie("XSRF-TOKEN")
	},
	"token-header": func(c *dialectClient) string {
		return c.send("GET", "/osmc/admin/oauth1?sort=name&view=full", "").header.Get("X-Csrf-Token")
	},
	"oauth-clients": func(c *dialectClient) string {
		return decode[struct{ Data struct{ Token string } }](c.t, c.send("GET", "/authentication/api/csrf", "")).Data.Token
	},
	"webapp-forms": func(c *dialectClient) string { return c.send("GET", "/webapp/oauth/token", "").header.Get("X-Token") },
}

// dialectClient speaks one dialect.
type dialectClient struct {
	*client
	profile *profile.Profile
	token   string
}

func newDialectClient(t *testing.T, name string) *dialectClient {
	t.Helper()
	spoken, err := emulator.Dialect(name)
	if err != nil {
		t.Fatal(err)
	}
	s := emulator.New(t, func(config *emulator.Config) { config.Profile = spoken })
	c := &dialectClient{profile: spoken}
	if spoken.Server == profile.WebApp {
		c.client = newClient(t, s)
		c.signInOnPlatform()
	} else {
		c.client = signedIn(t, s, emulator.AdminToken)
	}
	if find := dialectToken[name]; find != nil {
		if c.token = find(c); c.token == "" {
			t.Fatal("no CSRF token")
		}
	}
	return c
}

func (c *dialectClient) root() string {
	if c.profile.Server == profile.WebApp {
		return c.server.WebAppURL()
	}
	return c.server.URL()
}

func (c *dialectClient) cookie(name string) string {
	c.t.Helper()
	root, err := url.Parse(c.root() + "/osmc/")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, cookie := range c.http.Jar.Cookies(root) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

// send sends one request with all headers that a dialect can need.
func (c *dialectClient) send(method, path, body string) reply {
	c.t.Helper()
	c.headers = map[string]string{"X-Confirm": "yes"}
	for name, value := range c.profile.Headers {
		c.headers[name] = strings.NewReplacer("{csrf}", c.token, "{origin}", c.root()).Replace(value)
	}
	return c.do(method, c.root()+path, body)
}

// known is a JSON document in order and without what no client knows, or else
// the text.
func known(body string) string {
	var document any
	if json.Unmarshal([]byte(body), &document) != nil {
		return body
	}
	removeUnknown(document)
	ordered, err := json.Marshal(document)
	if err != nil {
		return err.Error()
	}
	return string(ordered)
}

func removeUnknown(document any) {
	switch document := document.(type) {
	case map[string]any:
		delete(document, "createdOn")
		delete(document, "_links")
		for _, member := range document {
			removeUnknown(member)
		}
	case []any:
		for _, element := range document {
			removeUnknown(element)
		}
	}
}

func TestDialects_areAllTested(t *testing.T) {
	t.Parallel()
	if count := len(emulator.Dialects()); count < 14 {
		t.Errorf("%d dialects", count)
	}
	for _, name := range emulator.Dialects() {
		if _, ok := dialectSteps[name]; !ok {
			t.Errorf("%s has no steps", name)
		}
	}
	if _, err := emulator.Dialect("nonsense"); err == nil {
		t.Error("a dialect that does not exist")
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	for name, steps := range dialectSteps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newDialectClient(t, name)
			key := "unknown"
			for i, want := range []*emulator.Consumer{
				{Name: "a", Secret: "s"},
				{Name: "a", Secret: "s", Approved: true},
				{Name: "a", Secret: "s"},
				{Name: "b", Secret: "s"},
				{Name: "b", Secret: "t"},
				{Name: "b", Secret: "t"},
				nil,
			} {
				request, expected, _ := strings.Cut(steps[i], " -> ")
				parts := strings.SplitN(strings.NewReplacer("KEY", key, "TOKEN", c.token).Replace(request), " ", 3)
				r := c.send(parts[0], parts[1], strings.Join(parts[2:], ""))
				if token := r.header.Get("X-Csrf-Token"); token != "" {
					c.token = token
				}
				left := c.server.Consumers()
				switch {
				case want == nil && len(left) > 0, want != nil && len(left) != 1:
					t.Fatalf("%s: %d consumers, %d %s", request, len(left), r.status, r.body)
				case want != nil:
					key = left[0].Key
					if left[0].Key = ""; left[0] != *want {
						t.Errorf("%s: %+v, want %+v, %d %s", request, left[0], *want, r.status, r.body)
					}
				}
				got := strings.Join(strings.Fields(strconv.Itoa(r.status)+" "+r.header.Get("Location")+" "+known(r.body)), " ")
				if got != strings.NewReplacer("KEY", key, "ROOT", c.root()).Replace(expected) {
					t.Errorf("%s answers %s, want %s", request, got, expected)
				}
			}
			if calls := callNames(c.server); calls[0] != "register" || calls[len(calls)-2] != "list" || calls[len(calls)-1] != "remove" {
				t.Errorf("calls %v", calls)
			}
		})
	}
}

// callNames are the calls so far, without those that brought a token.
func callNames(s *emulator.Server) []string {
	var names []string
	for _, request := range s.Requests() {
		if request.Call != "" && (request.Call != "list" || len(names) > 0) {
			names = append(names, request.Call)
		}
	}
	return names
}

// Requests that are nearly right are refused and change nothing.
func TestDialects_refuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect, request string
		status           int
		wrong            string // A header whose value is wrong.
	}{
		{"put-all", `PUT /osmc/admin/oauthconsumers/k {"secret":"","approved":true}`, 400, ""},
		{"put-all", `PUT /osmc/admin/oauthconsumers/k {"name":"b","secret":""}`, 400, ""},
		{"put-all", `PUT /osmc/admin/oauthconsumers/k {"name":"b","approved":true}`, 400, ""},
		{"put-secret", `PUT /osmc/admin/oauth1/consumers/k {"label":"b","approved":"yes"}`, 400, ""},
		{"put-secret", `PUT /osmc/admin/oauth1/consumers/k {"label":"b","sharedSecret":"t","repeatedSecret":"u","approved":"yes"}`, 400, ""},
		{"put-secret", `PUT /osmc/admin/oauth1/consumers/k {"label":"b","sharedSecret":"t","repeatedSecret":"t","approved":true}`, 400, ""},
		{"put-secret", `POST /osmc/admin/oauth1/consumers/k {}`, 405, ""},
		{"separate-patches", `PATCH /osmc/admin/oauthconsumers/k {"status":"UNHEARD-OF"}`, 400, ""},
		{"separate-patches", `PATCH /osmc/admin/oauthconsumers/other {"name":"b"}`, 404, ""},
		{"rpc", `POST /osmc/rpc/oauth/renameConsumer {"name":"b"}`, 400, ""},
		{"rpc", `POST /osmc/rpc/oauth/removeConsumers ["k","l"]`, 400, ""},
		{"rpc", `POST /osmc/rpc/oauth/listConsumers {"filter":null}`, 400, ""},
		{"forms", `POST /osmc/admin/oauth-consumers/remove key=k&_csrf=wrong`, 403, ""},
		{"forms", `POST /osmc/admin/oauth-consumers/remove key=k`, 403, ""},
		{"forms", `POST /osmc/admin/oauth-consumers/remove key=k&key=k&_csrf=TOKEN`, 400, ""},
		{"forms", `POST /osmc/admin/oauth-consumers/edit key=k&consumerName=b&consumerSecret=t&consumerSecretRepeated=u&_csrf=TOKEN`, 400, ""},
		{"forms", `POST /osmc/admin/oauth-consumers/remove {"key":"k"}`, 403, ""},
		{"key-map", `POST /osmc/admin/oauthconsumers/k?operation=other {"displayName":"b"}`, 400, ""},
		{"oauth-clients", `GET /authentication/api/admin/oauth1a/clients?p=x`, 400, ""},
		{"xsrf-cookie", `GET /osmc/admin/oauthconsumers?page_token=x`, 400, ""},
		{"rpc", `POST /osmc/rpc/oauth/registerConsumer {"consumer":{"name":"a","secret":"s"}}`, 403, "X-Requested-With"},
		{"token-header", `POST /osmc/admin/oauth1 {"name":"a","secret":"s"}`, 403, "X-CSRF-Token"},
		{"xsrf-cookie", `POST /osmc/admin/oauthconsumers {"name":"a","secret":"s"}`, 403, "X-XSRF-TOKEN"},
		{"oauth-clients", `POST /authentication/api/admin/oauth1a/clients {"clientName":"a","clientSecret":"s"}`, 403, "X-CSRF-TOKEN"},
	} {
		t.Run(test.dialect+" "+test.request, func(t *testing.T) {
			t.Parallel()
			c := newDialectClient(t, test.dialect)
			before := c.server.AddConsumer(emulator.Consumer{Key: "k", Name: "a", Secret: "s"})
			if test.wrong != "" {
				spoken := *c.profile
				spoken.Headers = maps.Clone(spoken.Headers)
				spoken.Headers[test.wrong] = "wrong"
				c.profile = &spoken
			}
			parts := strings.SplitN(strings.ReplaceAll(test.request, "TOKEN", c.token), " ", 3)
			c.want(test.status, c.send(parts[0], parts[1], strings.Join(parts[2:], "")))
			if left := c.server.Consumers(); len(left) != 1 || left[0] != before {
				t.Errorf("%+v", left)
			}
		})
	}
}

func TestDialects_tokenChanges(t *testing.T) {
	t.Parallel()
	c := newDialectClient(t, "token-header")
	c.want(201, c.send("POST", "/osmc/admin/oauth1", `{"name":"a","secret":"s"}`))
	c.want(403, c.send("POST", "/osmc/admin/oauth1", `{"name":"b","secret":"s"}`))
	old := c.token
	if c.token = dialectToken["token-header"](c); c.token == old {
		t.Error("the token is the same")
	}
	for range 2 {
		c.want(201, c.send("POST", "/osmc/admin/oauth1", `{"name":"b","secret":"s"}`))
	}
}

// Each kind of pages is followed by hand to its end.
func TestDialects_pages(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`<http://[^/]*(/[^>]*)>; rel="next"`)
	next := func(expression string) func(reply) string {
		return func(r reply) string {
			if found := regexp.MustCompile(expression).FindStringSubmatch(r.body); found != nil {
				return strings.ReplaceAll(found[1], `\u0026`, "&")
			}
			return ""
		}
	}
	paths := func(paths ...string) func(reply) string {
		return func(reply) string {
			path := paths[0]
			paths = append(paths[1:], "")
			return path
		}
	}
	for name, test := range map[string]struct {
		first string
		next  func(reply) string
		last  string // in the last answer
	}{
		"put-all":       {"/osmc/admin/oauthconsumers?page=0", paths("/osmc/admin/oauthconsumers?page=1", "/osmc/admin/oauthconsumers?page=2"), `"totalElements":8`},
		"put-secret":    {"/osmc/admin/oauth1/consumers", paths("/osmc/admin/oauth1/consumers?start=3", "/osmc/admin/oauth1/consumers?start=6"), `"total":8`},
		"webapp-forms":  {"/webapp/oauth/consumers.json", paths("/webapp/oauth/consumers.json?offset=3", "/webapp/oauth/consumers.json?offset=6", "/webapp/oauth/consumers.json?offset=8"), `"rows":\[\]`},
		"oauth-clients": {"/authentication/api/admin/oauth1a/clients?p=1", paths("/authentication/api/admin/oauth1a/clients?p=2", "/authentication/api/admin/oauth1a/clients?p=3", "/authentication/api/admin/oauth1a/clients?p=4"), `"clients":\[\]`},
		"separate-patches": {"/osmc/admin/oauthconsumers", func(r reply) string {
			if cursor := next(`"paging":\{"next":"(.*?)"`)(r); cursor != "" {
				return "/osmc/admin/oauthconsumers?after=" + url.QueryEscape(cursor)
			}
			return ""
		}, `"next":null`},
		"xsrf-cookie":     {"/osmc/admin/oauthconsumers", next(`"next":"(.*?)"`), `"list"`},
		"absent-approval": {"/osmc/oauth/v1/consumers", next(`"next":\{"href":"(.*?)"`), `"_embedded"`},
		"token-header": {"/osmc/admin/oauth1?sort=name&view=full", func(r reply) string {
			if found := link.FindStringSubmatch(r.header.Get("Link")); found != nil {
				return found[1]
			}
			return ""
		}, `"key"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newDialectClient(t, name)
			for i := range 8 {
				c.server.AddConsumer(emulator.Consumer{Key: "<" + strconv.Itoa(i) + ">", Name: "a"})
			}
			var seen []string
			var last reply
			for path := test.first; path != ""; path = test.next(last) {
				last = c.want(200, c.send("GET", path, ""))
				for _, found := range regexp.MustCompile(`(?:\\u003c|%3C)(\d)(?:\\u003e|%3E)`).FindAllStringSubmatch(last.body, -1) {
					seen = append(seen, found[1])
				}
			}
			if slices.Sort(seen); strings.Join(seen, "") != "01234567" || !regexp.MustCompile(test.last).MatchString(last.body) {
				t.Errorf("%v, the last answer is %s", seen, last.body)
			}
		})
	}
}
