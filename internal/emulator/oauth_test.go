package emulator_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// independent is a client of OAuth 1.0a that this project has not written.
func independent(s *emulator.Server, c *client, key, secret, callback string) *oauth1.Config {
	return &oauth1.Config{
		ConsumerKey: key, ConsumerSecret: secret, CallbackURL: callback, HTTPClient: c.http,
		Endpoint: oauth1.Endpoint{RequestTokenURL: s.WebAppURL() + wire.RequestTokenPath},
	}
}

func TestOAuth_independentClient(t *testing.T) {
	t.Parallel()
	awkward := emulator.Consumer{Key: "k/e y+%ü&=\"", Name: "a", Secret: "s e/c+r%e&t=ü\"", Approved: true}
	for name, option := range map[string]func(*emulator.Config){
		"http":   func(*emulator.Config) {},
		"https":  func(config *emulator.Config) { config.TLS = true },
		"prefix": func(config *emulator.Config) { config.RESTPathPrefix, config.WebAppPathPrefix = "/a%20b", "/a%20b" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emulator.New(t, option)
			s.AddConsumer(awkward)
			s.AddConsumer(emulator.Consumer{Key: "asleep", Secret: "s"})
			c := newClient(t, s)
			for _, test := range []struct{ key, secret, callback, refusal string }{
				{awkward.Key, awkward.Secret, "oob", ""},
				{awkward.Key, awkward.Secret, "https://example.com/back?x=1", ""},
				{awkward.Key, awkward.Secret, "relative", "400"},
				{awkward.Key, awkward.Secret + "x", "oob", "401"},
				{"asleep", "s", "oob", "401"},
				{"unknown", "s", "oob", "401"},
			} {
				token, secret, err := independent(s, c, test.key, test.secret, test.callback).RequestToken()
				if test.refusal == "" && (err != nil || token == "" || secret == "") {
					t.Errorf("%+v: %v", test, err)
				}
				if test.refusal != "" && (err == nil || !strings.Contains(err.Error(), test.refusal)) {
					t.Errorf("%+v: %v", test, err)
				}
			}
		})
	}
}

func TestSelfRegistration_session(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]*profile.Profile{"the default": nil, "discovered": profile.Named(profile.SelfRegistration)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emulator.New(t, func(config *emulator.Config) { config.Profile, config.RegistrationSession = own, true })
			c := newClient(t, s)
			r := c.do(http.MethodPost, s.WebAppURL()+wire.RequestConsumerKeyPath, `{"name":"a","secret":"s"}`)
			if c.want(401, r); len(s.Consumers()) > 0 {
				t.Errorf("registered without a session: %v", s.Consumers())
			}
		})
	}
}

// A consumer that registers itself gets a token once it is approved.
func TestSelfRegistration_approved(t *testing.T) {
	t.Parallel()
	s := emulator.New(t)
	c := newClient(t, s)
	registration := c.do(http.MethodPost, s.WebAppURL()+wire.RequestConsumerKeyPath, `{"name":"a","secret":"s"}`)
	key := decode[wire.RequestedOAuthConsumer](t, c.want(200, registration)).Key
	if got, _ := s.Consumer(key); got != (emulator.Consumer{Key: key, Name: "a", Secret: "s"}) || s.OpenSessions() != 0 {
		t.Fatalf("%+v, %d sessions", got, s.OpenSessions())
	}
	for _, approved := range []bool{false, true} {
		s.UpdateConsumer(key, func(c *emulator.Consumer) { c.Approved = approved })
		if _, _, err := independent(s, c, key, "s", "oob").RequestToken(); (err == nil) != approved {
			t.Errorf("approved %t: %v", approved, err)
		}
	}
}

// header signs a request-token call, with its parameters changed before or
// after the signature is made.
func header(t *testing.T, s *emulator.Server, change map[string]string) string {
	t.Helper()
	parameters := map[string]string{
		"oauth_consumer_key": "k", "oauth_signature_method": "HMAC-SHA1", "oauth_nonce": "n", "oauth_callback": "oob",
		"oauth_timestamp": strconv.FormatInt(start.Unix(), 10), "oauth_version": "1.0",
	}
	for name, value := range change {
		parameters[name] = value
		if value == "" {
			delete(parameters, name)
		}
	}
	values := url.Values{}
	for name, value := range parameters {
		values.Set(name, value)
	}
	// Encode sorts; none of the values here has a blank.
	base := "POST&" + oauth1.PercentEncode(s.WebAppURL()+wire.RequestTokenPath) + "&" + oauth1.PercentEncode(values.Encode())
	signature, err := (&oauth1.HMACSigner{ConsumerSecret: "s"}).Sign("", base)
	if err != nil {
		t.Fatal(err)
	}
	if _, given := change["oauth_signature"]; !given {
		parameters["oauth_signature"] = signature
	}
	var items []string
	for name, value := range parameters {
		items = append(items, name+`="`+oauth1.PercentEncode(value)+`"`)
	}
	return "OAuth " + strings.Join(items, ", ")
}

func TestOAuth_refusedRequests(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return strconv.FormatInt(start.Add(d).Unix(), 10) }
	for name, test := range map[string]struct {
		change map[string]string
		status int
	}{
		"correct":                {nil, 200},
		"early":                  {map[string]string{"oauth_timestamp": at(-5 * time.Minute)}, 200},
		"late":                   {map[string]string{"oauth_timestamp": at(5 * time.Minute)}, 200},
		"without version":        {map[string]string{"oauth_version": ""}, 200},
		"too early":              {map[string]string{"oauth_timestamp": at(-5*time.Minute - time.Second)}, 401},
		"too late":               {map[string]string{"oauth_timestamp": at(5*time.Minute + time.Second)}, 401},
		"wrong signature":        {map[string]string{"oauth_signature": "x"}, 401},
		"unknown key":            {map[string]string{"oauth_consumer_key": "x"}, 401},
		"no key":                 {map[string]string{"oauth_consumer_key": ""}, 400},
		"no nonce":               {map[string]string{"oauth_nonce": ""}, 400},
		"no signature":           {map[string]string{"oauth_signature": ""}, 400},
		"no timestamp":           {map[string]string{"oauth_timestamp": ""}, 400},
		"odd timestamp":          {map[string]string{"oauth_timestamp": "noon"}, 400},
		"no callback":            {map[string]string{"oauth_callback": ""}, 400},
		"other version":          {map[string]string{"oauth_version": "2.0"}, 400},
		"other signature method": {map[string]string{"oauth_signature_method": "PLAINTEXT"}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emulator.New(t, func(config *emulator.Config) { config.Now = func() time.Time { return start } })
			s.AddConsumer(emulator.Consumer{Key: "k", Secret: "s", Approved: true})
			c := newClient(t, s)
			c.authorization = header(t, s, test.change)
			r := c.want(test.status, c.do(http.MethodPost, s.WebAppURL()+wire.RequestTokenPath, ""))
			if challenge := r.header.Get("WWW-Authenticate"); (challenge == `OAuth realm="TWC"`) != (test.status == 401) {
				t.Errorf("challenge %q", challenge)
			}
			if test.status == 200 { // The same nonce again.
				c.want(401, c.do(http.MethodPost, s.WebAppURL()+wire.RequestTokenPath, ""))
			}
		})
	}
}

func TestRootServices(t *testing.T) {
	t.Parallel()
	const header = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	const description = `<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:jfs="http://jazz.net/xmlns/prod/jazz/jfs/1.0/">
  <jfs:oauthRequestConsumerKeyUrl rdf:resource="ROOT/authentication/api/oauth/register"/>
  <jfs:oauthRequestTokenUrl rdf:resource="ROOT/authentication/api/oauth/request_token"/>
  <jfs:oauthUserAuthorizationUrl rdf:resource="ROOT/authentication/oauth/authorize"/>
  <jfs:oauthAccessTokenUrl rdf:resource="ROOT/authentication/api/oauth/access_token"/>
  <jfs:oauthRealmName>TWC</jfs:oauthRealmName>
  <jfs:oauthDomain>ROOT</jfs:oauthDomain>
</rdf:Description>
`
	for name, test := range map[string]struct {
		legacy      bool
		want        string
		old, webApp int // statuses of both places
	}{
		"web app": {false, header + description, 301, 200},
		"legacy":  {true, header + `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` + "\n" + description + "</rdf:RDF>\n", 200, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emulator.New(t, func(config *emulator.Config) {
				config.LegacyRootServices, config.RESTPathPrefix, config.WebAppPathPrefix = test.legacy, "/rest", "/p&q"
			})
			c := newClient(t, s)
			r := c.want(test.old, c.get(wire.LegacyRootServicesPath))
			webApp := c.want(test.webApp, c.get(s.WebAppURL()+wire.RootServicesPath))
			if !test.legacy {
				if location := r.header.Get("Location"); location != s.WebAppURL()+wire.RootServicesPath {
					t.Errorf("Location %s", location)
				}
				r = webApp
			}
			if got := strings.ReplaceAll(r.body, strings.ReplaceAll(s.WebAppURL(), "&", "&amp;"), "ROOT"); got != test.want || r.header.Get("Content-Type") != "application/rdf+xml" {
				t.Errorf("%v\ngot  %s\nwant %s", r.header, got, test.want)
			}
		})
	}
}
