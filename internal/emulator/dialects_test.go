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
// KEY is the key, and TOKEN the CSRF token. A body in braces or brackets is JSON, another one of a request is a form.
var dialectSteps = map[string][7]string{
	"wrapped": {
		`POST /admin/api/oauth/consumers {"consumerName":"a","consumerSecret":"s"} -> 201 {"data":{"consumerKey":"KEY","consumerName":"a","state":{"active":false}}}`,
		`PATCH /admin/api/oauth/consumers/KEY {"state":{"active":true}} -> 200 {"data":{"consumerKey":"KEY","consumerName":"a","state":{"active":true}}}`,
		`PATCH /admin/api/oauth/consumers/KEY {"state":{"active":false}} -> 200 {"data":{"consumerKey":"KEY","consumerName":"a","state":{"active":false}}}`,
		`PATCH /admin/api/oauth/consumers/KEY {"consumerName":"b"} -> 200 {"data":{"consumerKey":"KEY","consumerName":"b","state":{"active":false}}}`,
		`PATCH /admin/api/oauth/consumers/KEY {"consumerSecret":"t"} -> 200 {"data":{"consumerKey":"KEY","consumerName":"b","state":{"active":false}}}`,
		`GET /admin/api/oauth/consumers -> 200 {"data":{"consumers":[{"consumerKey":"KEY","consumerName":"b","state":{"active":false}}]}}`,
		`DELETE /admin/api/oauth/consumers/KEY -> 204`,
	},
	"json-ld": {
		`POST /admin/api/oauthconsumers {"@type":"oauth:Consumer","dcterms:title":"a","oauth:secret":"s"} -> 201 {"@id":"/admin/api/oauthconsumers/KEY","dcterms:title":"a","twc:approved":"false"}`,
		`PATCH /admin/api/oauthconsumers/KEY {"twc:approved":"true"} -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"twc:approved":"false"} -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"dcterms:title":"b"} -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"oauth:secret":"t"} -> 204`,
		`GET /admin/api/oauthconsumers -> 200 {"ldp:contains":[{"@id":"/admin/api/oauthconsumers/KEY","dcterms:title":"b","twc:approved":"false"}]}`,
		`DELETE /admin/api/oauthconsumers/KEY -> 204`,
	},
	"status-words": {
		`POST /admin/api/consumers {"type":"oauth1","consumerName":"a","consumerSecret":"s"} -> 201 {"consumerName":"a","id":KEY,"status":"NEW"}`,
		`POST /admin/api/consumers/KEY/approve -> 204`,
		`POST /admin/api/consumers/KEY/disapprove -> 204`,
		`PATCH /admin/api/consumers/KEY {"consumerName":"b"} -> 200 {"consumerName":"b","id":KEY,"status":"NEW"}`,
		`PATCH /admin/api/consumers/KEY {"consumerSecret":"t"} -> 200 {"consumerName":"b","id":KEY,"status":"NEW"}`,
		`GET /admin/api/consumers?type=oauth1 -> 200 {"items":[{"consumerName":"b","id":KEY,"status":"NEW"}]}`,
		`DELETE /admin/api/consumers/KEY -> 204`,
	},
	"put-all": {
		`POST /webapp/api/oauthconsumers {"name":"a","secret":"s","approved":false} -> 201 {"approved":false,"key":"KEY","name":"a"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"a","secret":"","approved":true} -> 200 {"approved":true,"key":"KEY","name":"a"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"a","secret":"","approved":false} -> 200 {"approved":false,"key":"KEY","name":"a"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"b","secret":"","approved":false} -> 200 {"approved":false,"key":"KEY","name":"b"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"b","secret":"t","approved":false} -> 200 {"approved":false,"key":"KEY","name":"b"}`,
		`GET /webapp/api/oauthconsumers?page=0 -> 200 {"content":[{"approved":false,"key":"KEY","name":"b"}],"totalElements":1}`,
		`DELETE /webapp/api/oauthconsumers/KEY -> 204`,
	},
	"put-secret": {
		`POST /admin/api/oauth1/consumers {"label":"a","sharedSecret":"s","repeatedSecret":"s"} -> 204 /admin/api/oauth1/consumers/KEY`,
		`PUT /admin/api/oauth1/consumers/KEY {"label":"a","sharedSecret":"s","repeatedSecret":"s","approved":"yes"} -> 204`,
		`PUT /admin/api/oauth1/consumers/KEY {"label":"a","sharedSecret":"s","repeatedSecret":"s","approved":"no"} -> 204`,
		`PUT /admin/api/oauth1/consumers/KEY {"label":"b","sharedSecret":"s","repeatedSecret":"s","approved":"no"} -> 204`,
		`PUT /admin/api/oauth1/consumers/KEY {"label":"b","sharedSecret":"t","repeatedSecret":"t","approved":"no"} -> 204`,
		`GET /admin/api/oauth1/consumers?start=0 -> 200 {"results":[{"approved":false,"key":"KEY","label":"b"}],"total":1}`,
		`DELETE /admin/api/oauth1/consumers/KEY -> 204`,
	},
	"separate-patches": {
		`POST /admin/api/oauthconsumers {"name":"a","secret":"s"} -> 201 {"key":"KEY","name":"a","status":"DISABLED"}`,
		`PATCH /admin/api/oauthconsumers/KEY {"status":"ENABLED"} -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"status":"DISABLED"} -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"name":"b"} -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"secret":"t"} -> 204`,
		`GET /admin/api/oauthconsumers -> 200 {"consumers":[{"key":"KEY","name":"b","status":"DISABLED"}],"paging":{"next":null}}`,
		`DELETE /admin/api/oauthconsumers/KEY -> 204`,
	},
	"rpc": {
		`POST /admin/api/rpc/oauth/registerConsumer {"consumer":{"name":"a","secret":"s"}} -> 201 {"result":{"key":"KEY"}}`,
		`POST /admin/api/rpc/oauth/setApproval {"keys":["KEY"],"approved":true} -> 204`,
		`POST /admin/api/rpc/oauth/setApproval {"keys":["KEY"],"approved":false} -> 204`,
		`POST /admin/api/rpc/oauth/renameConsumer {"key":"KEY","name":"b"} -> 204`,
		`POST /admin/api/rpc/oauth/changeSecret {"key":"KEY","secret":"t"} -> 204`,
		`POST /admin/api/rpc/oauth/listConsumers {"version":1,"filter":null} -> 200 {"result":[{"approved":false,"key":"KEY","name":"b"}]}`,
		`POST /admin/api/rpc/oauth/removeConsumers ["KEY"] -> 204`,
	},
	"forms": {
		`POST /webapp/api/oauth-consumers/register consumerName=a&consumerSecret=s&consumerSecretRepeated=s&_csrf=TOKEN -> 303 /webapp/settings`,
		`POST /webapp/api/oauth-consumers/status key=KEY&action=approve&_csrf=TOKEN -> 303 /webapp/settings`,
		`POST /webapp/api/oauth-consumers/status key=KEY&action=disapprove&_csrf=TOKEN -> 303 /webapp/settings`,
		`POST /webapp/api/oauth-consumers/edit key=KEY&consumerName=b&consumerSecret=&consumerSecretRepeated=&_csrf=TOKEN -> 303 /webapp/settings`,
		`POST /webapp/api/oauth-consumers/edit key=KEY&consumerName=b&consumerSecret=t&consumerSecretRepeated=t&_csrf=TOKEN -> 303 /webapp/settings`,
		`GET /webapp/api/oauth-consumers/data -> 200 [{"approved":false,"key":"KEY","name":"b"}]`,
		`POST /webapp/api/oauth-consumers/remove key=KEY&_csrf=TOKEN -> 303 /webapp/settings`,
	},
	"xsrf-cookie": {
		`POST /admin/api/oauthconsumers {"name":"a","secret":"s"} -> 201 KEY`,
		`PUT /admin/api/oauthconsumers/KEY/approval {"approval":1} -> 204`,
		`DELETE /admin/api/oauthconsumers/KEY/approval -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"name":"b"} -> 204`,
		`PATCH /admin/api/oauthconsumers/KEY {"secret":"t"} -> 204`,
		`GET /admin/api/oauthconsumers -> 200 {"list":[{"approval":0,"consumer":{"key":"KEY","name":"b"}}]}`,
		`DELETE /admin/api/oauthconsumers/KEY -> 204`,
	},
	"token-header": {
		`POST /authentication/api/oauth1 {"name":"a","secret":"s"} -> 201 {"key":"KEY","name":"a"}`,
		`PUT /authentication/api/oauth1/KEY/approval -> 204`,
		`DELETE /authentication/api/oauth1/KEY/approval -> 204`,
		`PATCH /authentication/api/oauth1/KEY {"name":"b"} -> 200 {"key":"KEY","name":"b"}`,
		`PATCH /authentication/api/oauth1/KEY {"secret":"t"} -> 200 {"key":"KEY","name":"b"}`,
		`GET /authentication/api/oauth1?view=full&sort=name -> 200 [{"key":"KEY","name":"b"}]`,
		`DELETE /authentication/api/oauth1/KEY -> 204`,
	},
	"keys-only": {
		`PUT /admin/api/oauth/consumer {"title":"a","secret":"s"} -> 204`,
		`POST /admin/api/oauth/consumer?key=KEY {"approved":"Y"} -> 204`,
		`POST /admin/api/oauth/consumer?key=KEY {"approved":"N"} -> 204`,
		`POST /admin/api/oauth/consumer?key=KEY {"title":"b"} -> 204`,
		`POST /admin/api/oauth/consumer?key=KEY {"secret":"t"} -> 204`,
		`GET /admin/api/oauth/keys -> 200 {"keys":["KEY"]}`,
		`DELETE /admin/api/oauth/consumer?key=KEY -> 204`,
	},
	"key-map": {
		`POST /webapp/api/oauthconsumers {"displayName":"a","secret":"s","flags":{}} -> 201 {"created":{"displayName":"a","key":"KEY"}}`,
		`POST /webapp/api/oauthconsumers/KEY?operation=approve -> 204`,
		`POST /webapp/api/oauthconsumers/KEY?operation=disapprove -> 204`,
		`POST /webapp/api/oauthconsumers/KEY?operation=rename {"displayName":"b"} -> 204`,
		`POST /webapp/api/oauthconsumers/KEY?operation=secret {"secret":"t","confirmation":"t"} -> 204`,
		`GET /webapp/api/oauthconsumers?format=map -> 200 {"consumers":{"KEY":{"displayName":"b","flags":{"approved":false}}}}`,
		`DELETE /webapp/api/oauthconsumers/KEY -> 204`,
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
		`POST /webapp/api/oauth/consumers name=a&secret=s&secret2=s&token=TOKEN -> 303 /webapp/api/oauth/consumers/KEY`,
		`POST /webapp/api/oauth/consumers/KEY name=a&status=true&token=TOKEN -> 204`,
		`POST /webapp/api/oauth/consumers/KEY name=a&status=false&token=TOKEN -> 204`,
		`POST /webapp/api/oauth/consumers/KEY name=b&status=false&token=TOKEN -> 204`,
		`POST /webapp/api/oauth/consumers/KEY name=b&secret=t&status=false&token=TOKEN -> 204`,
		`GET /webapp/api/oauth/consumers.json -> 200 {"rows":[{"cells":["b","disapproved"],"uri":"/webapp/api/oauth/consumers/KEY"}]}`,
		`POST /webapp/api/oauth/consumers/KEY/remove token=TOKEN&sure=yes -> 204`,
	},
	"absent-approval": {
		`POST /admin/api/oauth/v1/consumers {"name":"a","secret":"s","callback":""} -> 204`,
		`PUT /admin/api/oauth/v1/consumers/KEY/approved {"value":true} -> 204`,
		`DELETE /admin/api/oauth/v1/consumers/KEY/approved -> 204`,
		`PUT /admin/api/oauth/v1/consumers/KEY/name {"value":"b"} -> 204`,
		`PUT /admin/api/oauth/v1/consumers/KEY/secret {"value":"t"} -> 204`,
		`GET /admin/api/oauth/v1/consumers -> 200 {"_embedded":{"oauthConsumers":[{"key":"KEY","name":"b"}]}}`,
		`DELETE /admin/api/oauth/v1/consumers/KEY -> 204`,
	},
	"put-version": {
		`POST /webapp/api/oauthconsumers {"name":"a","secret":"s"} -> 201 {"approved":false,"key":"KEY","meta":{"version":1},"name":"a"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"a","approved":true,"meta":{"version":1}} -> 200 {"approved":true,"key":"KEY","meta":{"version":2},"name":"a"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"a","approved":false,"meta":{"version":2}} -> 200 {"approved":false,"key":"KEY","meta":{"version":3},"name":"a"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"b","approved":false,"meta":{"version":3}} -> 200 {"approved":false,"key":"KEY","meta":{"version":4},"name":"b"}`,
		`PUT /webapp/api/oauthconsumers/KEY {"name":"b","secret":"t","approved":false,"meta":{"version":4}} -> 200 {"approved":false,"key":"KEY","meta":{"version":5},"name":"b"}`,
		`GET /webapp/api/oauthconsumers -> 200 {"consumers":[{"approved":false,"key":"KEY","meta":{"version":5},"name":"b"}]}`,
		`DELETE /webapp/api/oauthconsumers/KEY -> 204`,
	},
	"client-kinds": {
		`POST /authentication/api/clients {"kind":"OAUTH1","displayName":"a","clientSecret":"s"} -> 201 {"clientId":"KEY","displayName":"a","state":{"approved":false}}`,
		`PUT /authentication/api/clients/KEY/state {"approved":true} -> 204`,
		`PUT /authentication/api/clients/KEY/state {"approved":false} -> 204`,
		`PATCH /authentication/api/clients/KEY {"displayName":"b"} -> 204`,
		`PATCH /authentication/api/clients/KEY {"clientSecret":"t"} -> 204`,
		`GET /authentication/api/clients?offset=0 -> 200 {"clients":[{"clientId":"0a0b0c0d","displayName":"Reports","kind":"not-OAUTH1","state":{"approved":true}},{"clientId":"KEY","displayName":"b","kind":"OAUTH1","state":{"approved":false}}],"count":2}`,
		`DELETE /authentication/api/clients/KEY -> 204`,
	},
	"two-lists": {
		`POST /osmc/oauth/requestKey {"name":"a","secret":"s"} -> 201 {"key":"KEY"}`,
		`POST /osmc/oauth/consumers/KEY provisional=false -> 204`,
		`POST /osmc/oauth/consumers/KEY provisional=true -> 204`,
		`POST /osmc/oauth/consumers/KEY name=b -> 204`,
		`POST /osmc/oauth/consumers/KEY secret=t -> 204`,
		`GET /osmc/oauth/consumers -> 200 {"approved":[],"provisional":[{"key":"KEY","name":"b"}]}`,
		`DELETE /osmc/oauth/consumers/KEY -> 204`,
	},
	"result-codes": {
		`POST /admin/api/oauth/register {"label":"a","secret":"s"} -> 201 {"code":0,"data":{"id":KEY}}`,
		`POST /admin/api/oauth/activate {"ids":[KEY],"active":true} -> 200 {"code":0}`,
		`POST /admin/api/oauth/activate {"ids":[KEY],"active":false} -> 200 {"code":0}`,
		`POST /admin/api/oauth/edit {"id":KEY,"label":"b"} -> 200 {"code":0}`,
		`POST /admin/api/oauth/edit {"id":KEY,"secret":"t"} -> 200 {"code":0}`,
		`GET /admin/api/oauth/consumers -> 200 {"code":0,"data":[{"active":"off","id":KEY,"label":"b"}]}`,
		`POST /admin/api/oauth/remove {"ids":[KEY]} -> 200 {"code":0}`,
	},
	"redirects": {
		`POST /webapp/oauth/register name=a&secret=s&_csrf=TOKEN -> 303 /webapp/oauth/consumers/KEY`,
		`POST /webapp/oauth/consumers/KEY/approve _csrf=TOKEN -> 303 /webapp/oauth/consumers/KEY`,
		`POST /webapp/oauth/consumers/KEY/disapprove _csrf=TOKEN -> 303 /webapp/oauth/consumers/KEY`,
		`POST /webapp/oauth/consumers/KEY name=b&secret=s&approved=off&_csrf=TOKEN -> 303 /webapp/oauth/consumers`,
		`POST /webapp/oauth/consumers/KEY name=b&secret=t&approved=off&_csrf=TOKEN -> 303 /webapp/oauth/consumers`,
		`GET /webapp/oauth/consumers -> 200 [{"approved":"waiting","key":"KEY","name":"b"}]`,
		`POST /webapp/oauth/consumers/KEY/remove _csrf=TOKEN -> 303 /webapp/oauth/consumers`,
	},
	"key-in-query": {
		`POST /authentication/api/admin/oauthconsumer {"name":"a","secret":"s"} -> 201 {"approved":false,"consumerKey":"KEY","name":"a"}`,
		`POST /authentication/api/admin/oauthconsumer?consumerKey=KEY&action=approve -> 204`,
		`POST /authentication/api/admin/oauthconsumer?consumerKey=KEY&action=disapprove -> 204`,
		`PATCH /authentication/api/admin/oauthconsumer?consumerKey=KEY {"name":"b"} -> 200 {"approved":false,"consumerKey":"KEY","name":"b"}`,
		`PATCH /authentication/api/admin/oauthconsumer?consumerKey=KEY {"secret":"t"} -> 200 {"approved":false,"consumerKey":"KEY","name":"b"}`,
		`GET /authentication/api/admin/oauthconsumer -> 200 [{"approved":false,"consumerKey":"KEY","name":"b"}]`,
		`DELETE /authentication/api/admin/oauthconsumer?consumerKey=KEY -> 204`,
	},
	"webhooks": {
		`POST /osmc/admin/oauth/consumers {"name":"a","secret":"s"} -> 201 "KEY"`,
		`PUT /osmc/admin/oauth/consumers/KEY/status {"enabled":true} -> 204`,
		`PUT /osmc/admin/oauth/consumers/KEY/status {"enabled":false} -> 204`,
		`PUT /osmc/admin/oauth/consumers/KEY {"name":"b","secret":"s"} -> 204`,
		`PATCH /osmc/admin/oauth/consumers/KEY {"secret":"t"} -> 204`,
		`GET /osmc/admin/oauth/consumers -> 200 [{"enabled":false,"id":"KEY","name":"b"}]`,
		`DELETE /osmc/admin/oauth/consumers/KEY -> 204`,
	},
}

// dialectToken says how a session gets its CSRF token.
var dialectToken = map[string]func(*dialectClient) string{
	"forms": func(c *dialectClient) string { return c.cookie("twc-csrf") },
	"xsrf-cookie": func(c *dialectClient) string {
		c.want(204, c.send("GET", "/admin/api/session", ""))
		return strings.ReplaceAll(c.cookie("XSRF-TOKEN"), "%3D", "=")
	},
	"two-lists": func(c *dialectClient) string { return c.cookie("twc-rest-session-id") },
	"redirects": func(c *dialectClient) string {
		page := c.want(200, c.send("GET", "/webapp/oauth/register", ""))
		return strings.Join(regexp.MustCompile(`<meta name="_csrf" content="(.*?)">`).FindStringSubmatch(page.body)[1:], "")
	},
	"token-header": func(c *dialectClient) string {
		return c.send("GET", "/authentication/api/oauth1?sort=name&view=full", "").header.Get("X-Csrf-Token")
	},
	"oauth-clients": func(c *dialectClient) string {
		return decode[struct{ Data struct{ Token string } }](c.t, c.send("GET", "/authentication/api/csrf", "")).Data.Token
	},
	"webapp-forms": func(c *dialectClient) string {
		return c.send("GET", "/webapp/api/oauth/token", "").header.Get("X-Token")
	},
}

// dialectClient speaks one dialect.
type dialectClient struct {
	*client
	profile *profile.Profile
	token   string
	wrong   map[string]string // headers with other values
}

func newDialectClient(t *testing.T, name string, options ...func(*emulator.Config)) *dialectClient {
	t.Helper()
	c := &dialectClient{profile: profile.BuiltIn()}
	if name != "" {
		var err error
		if c.profile, err = emulator.Dialect(name); err != nil {
			t.Fatal(err)
		}
	}
	s := emulator.New(t, append([]func(*emulator.Config){speak(t, name)}, options...)...)
	if c.profile.Server == profile.WebApp {
		c.client = newClient(t, s)
		c.in = c.profile.SignIn
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

// speak has a server speak a dialect, or the assumed API if the name is empty.
func speak(t *testing.T, name string) func(*emulator.Config) {
	return func(config *emulator.Config) {
		if name == "" {
			config.Profile = profile.BuiltIn()
		} else if err := config.SetDialect(name); err != nil {
			t.Fatal(err)
		}
	}
}

// at is the address of a path of the consumer API.
func (c *dialectClient) at(path string) string {
	if c.profile.Server == profile.WebApp {
		return c.client.at(path)
	}
	return c.server.URL() + path
}

// origin is that of a path of the consumer API.
func (c *dialectClient) origin(path string) string { return strings.TrimSuffix(c.at(path), path) }

func (c *dialectClient) cookie(name string) string {
	c.t.Helper()
	root, err := url.Parse(c.at("/osmc/"))
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
	c.headers = map[string]string{"X-Confirm": "yes", "X-Requested-With": "XMLHttpRequest", "Origin": c.origin(path), "If-Match": "5"}
	for _, name := range []string{"X-CSRF-Token", "X-XSRF-TOKEN", "X-CSRF-Prevent"} {
		c.headers[name] = c.token
	}
	maps.Copy(c.headers, c.wrong)
	return c.do(method, c.at(path), body)
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
	if count := len(emulator.Dialects()); count < 22 {
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
				if got != strings.ReplaceAll(expected, "KEY", key) {
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
		{"put-all", `PUT /webapp/api/oauthconsumers/k {"name":"b","secret":"","approved":true,"more":1}`, 400, ""},
		{"put-secret", `PUT /admin/api/oauth1/consumers/k {"label":"b","sharedSecret":"t","repeatedSecret":"u","approved":"yes"}`, 400, ""},
		{"put-secret", `PUT /admin/api/oauth1/consumers/k {"label":"b","sharedSecret":"","repeatedSecret":"","approved":"yes"}`, 400, ""},
		{"put-secret", `POST /admin/api/oauth1/consumers/k {}`, 405, ""},
		{"separate-patches", `PATCH /admin/api/oauthconsumers/k {"name":"b","secret":"t"}`, 400, ""},
		{"separate-patches", `PATCH /admin/api/oauthconsumers/other {"name":"b"}`, 404, ""},
		{"rpc", `POST /admin/api/rpc/oauth/removeConsumers ["k","l"]`, 400, ""},
		{"rpc", `POST /admin/api/rpc/oauth/registerConsumer {"consumer":{"name":"a","secret":"s"}}`, 400, "X-Requested-With"},
		{"forms", `POST /webapp/api/oauth-consumers/remove key=k&_csrf=wrong`, 403, ""},
		{"forms", `POST /webapp/api/oauth-consumers/remove key=k&key=k&_csrf=TOKEN`, 400, ""},
		{"key-map", `POST /webapp/api/oauthconsumers/k?operation=other {"displayName":"b"}`, 400, ""},
		{"key-map", `GET /webapp/api/oauthconsumers?format=map&page=1`, 400, ""},
		{"oauth-clients", `GET /authentication/api/admin/oauth1a/clients?p=x`, 400, ""},
		{"oauth-clients", `POST /authentication/api/admin/oauth1a/clients {"clientName":"a","clientSecret":"s"}`, 403, "X-CSRF-Token"},
		{"token-header", `POST /authentication/api/oauth1 {"name":"a","secret":"s"}`, 403, "X-CSRF-Token"},
		{"token-header", `POST /authentication/api/oauth1 {"name":"a","secret":"s"}`, 403, "Origin"},
		{"xsrf-cookie", `POST /admin/api/oauthconsumers {"name":"a","secret":"s"}`, 403, "X-XSRF-TOKEN"},
		{"xsrf-cookie", `GET /admin/api/oauthconsumers?page_token=x`, 400, ""},
		{"two-lists", `DELETE /osmc/oauth/consumers/k`, 403, "X-CSRF-Prevent"},
		{"put-version", `PUT /webapp/api/oauthconsumers/k {"name":"b","approved":true,"meta":{"version":0}}`, 409, ""},
		{"put-version", `DELETE /webapp/api/oauthconsumers/k`, 409, "If-Match"},
		{"client-kinds", `PATCH /authentication/api/clients/0a0b0c0d {"displayName":"b"}`, 404, ""},
		{"result-codes", `POST /admin/api/oauth/edit {"id":99,"label":"b"}`, 200, ""},
		{"result-codes", `POST /admin/api/oauth/register {"label":" ","secret":"s"}`, 200, ""},
		{"result-codes", `GET /admin/api/oauth/consumers/99`, 404, ""},
		{"redirects", `POST /webapp/oauth/register name=%20&secret=s&_csrf=TOKEN`, 303, ""},
		{"redirects", `POST /webapp/oauth/consumers/other/remove _csrf=TOKEN`, 303, ""},
		{"redirects", `POST /webapp/oauth/consumers/k/remove _csrf=wrong`, 403, ""},
		{"key-in-query", `GET /authentication/api/admin/oauthconsumer?consumerKey=other`, 404, ""},
		{"key-in-query", `DELETE /authentication/api/admin/oauthconsumer?consumerKey=k&consumerKey=k`, 400, ""},
	} {
		t.Run(test.dialect+" "+test.request, func(t *testing.T) {
			t.Parallel()
			c := newDialectClient(t, test.dialect)
			before := c.server.AddConsumer(emulator.Consumer{Key: "k", Name: "a", Secret: "s"})
			c.wrong = map[string]string{test.wrong: "wrong"}
			delete(c.wrong, "")
			parts := strings.SplitN(strings.ReplaceAll(test.request, "TOKEN", c.token), " ", 3)
			r := c.want(test.status, c.send(parts[0], parts[1], strings.Join(parts[2:], "")))
			switch location := r.header.Get("Location"); {
			case test.status == 200 && !strings.HasPrefix(r.body, `{"code":1,"message":`):
				t.Errorf("not a refusal: %s", r.body)
			case test.status == 303 && location != "/webapp/settings/refused":
				t.Errorf("redirected to %s", location)
			}
			if left := c.server.Consumers(); len(left) != 1 || left[0] != before {
				t.Errorf("%+v", left)
			}
		})
	}
}

func TestDialects_tokenChanges(t *testing.T) {
	t.Parallel()
	c := newDialectClient(t, "token-header")
	c.want(201, c.send("POST", "/authentication/api/oauth1", `{"name":"a","secret":"s"}`))
	c.want(403, c.send("POST", "/authentication/api/oauth1", `{"name":"b","secret":"s"}`))
	old := c.token
	if c.token = dialectToken["token-header"](c); c.token == old {
		t.Error("the token is the same")
	}
	for range 2 {
		c.want(201, c.send("POST", "/authentication/api/oauth1", `{"name":"b","secret":"s"}`))
	}
}

// Each kind of pages is followed by hand to its end.
func TestDialects_pages(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`<http://[^/]*(/[^>]*)>; rel="next"`)
	next := func(expression string) func(reply) string {
		return func(r reply) string {
			if found := regexp.MustCompile(expression).FindStringSubmatch(r.body); found != nil {
				return found[1]
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
		last  string // in the last response
	}{
		"put-all":       {"/webapp/api/oauthconsumers?page=0", paths("/webapp/api/oauthconsumers?page=1", "/webapp/api/oauthconsumers?page=2"), `"totalElements":8`},
		"put-secret":    {"/admin/api/oauth1/consumers", paths("/admin/api/oauth1/consumers?start=3", "/admin/api/oauth1/consumers?start=6"), `"total":8`},
		"webapp-forms":  {"/webapp/api/oauth/consumers.json", paths("/webapp/api/oauth/consumers.json?offset=3", "/webapp/api/oauth/consumers.json?offset=6", "/webapp/api/oauth/consumers.json?offset=8"), `"rows":\[\]`},
		"oauth-clients": {"/authentication/api/admin/oauth1a/clients?p=1", paths("/authentication/api/admin/oauth1a/clients?p=2", "/authentication/api/admin/oauth1a/clients?p=3", "/authentication/api/admin/oauth1a/clients?p=4"), `"clients":\[\]`},
		"separate-patches": {"/admin/api/oauthconsumers", func(r reply) string {
			if cursor := next(`"paging":\{"next":"(.*?)"`)(r); cursor != "" {
				return "/admin/api/oauthconsumers?after=" + url.QueryEscape(cursor)
			}
			return ""
		}, `"next":null`},
		"xsrf-cookie":     {"/admin/api/oauthconsumers", next(`"next":"(.*?)"`), `"list"`},
		"absent-approval": {"/admin/api/oauth/v1/consumers", next(`"next":\{"href":"(.*?)"`), `"_embedded"`},
		"token-header": {"/authentication/api/oauth1?sort=name&view=full", func(r reply) string {
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
				for _, found := range regexp.MustCompile(`(?:<|%3C)(\d)(?:>|%3E)`).FindAllStringSubmatch(last.body, -1) {
					seen = append(seen, found[1])
				}
			}
			if slices.Sort(seen); strings.Join(seen, "") != "01234567" || !regexp.MustCompile(test.last).MatchString(last.body) {
				t.Errorf("%v, the last answer is %s", seen, last.body)
			}
		})
	}
}
