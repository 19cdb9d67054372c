package twcloudtest_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dghubble/oauth1"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// independent is a client of OAuth 1.0a that this project has not written.
func independent(s *twcloudtest.Server, c *client, key, secret string) *oauth1.Config {
	return &oauth1.Config{
		ConsumerKey: key, ConsumerSecret: secret, CallbackURL: "oob", Realm: "TWC", HTTPClient: c.http,
		Endpoint: oauth1.Endpoint{
			RequestTokenURL: s.WebAppURL() + wire.RequestTokenPath,
			AuthorizeURL:    s.WebAppURL() + wire.UserAuthorizationPath,
			AccessTokenURL:  s.WebAppURL() + wire.AccessTokenPath,
		},
	}
}

var awkward = twcloudtest.Consumer{Key: "k/e y+%ü&=\"", Name: "a", Secret: "s e/c+r%e&t=ü\"", Approved: true}

// timeOffset is a clock that runs beside the system's: the independent client
// has no other than that.
type timeOffset struct{ *twcloudtest.ManualClock }

func TestOAuth_threeLegs(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(*twcloudtest.Config){
		"http":   func(*twcloudtest.Config) {},
		"https":  func(config *twcloudtest.Config) { config.TLS = true },
		"prefix": func(config *twcloudtest.Config) { config.PathPrefix = "/a%20b" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := timeOffset{twcloudtest.NewManualClock(time.Now())}
			s := twcloudtest.New(t, option, func(config *twcloudtest.Config) { config.Clock = clock })
			s.AddConsumer(awkward)
			c := newClient(t, s)
			config := independent(s, c, awkward.Key, awkward.Secret)

			id, secret, err := config.RequestToken()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := config.AccessToken(id, secret, "guess"); err == nil {
				t.Error("an access token without authorization")
			}
			page, err := config.AuthorizationURL(id)
			if err != nil {
				t.Fatal(err)
			}
			r, err := c.try(http.MethodGet, page.String(), "")
			verifier, ok := s.Authorize(id)
			if err != nil || r.status != 200 || !ok || !strings.Contains(r.body, "<code>"+verifier+"</code>") {
				t.Fatalf("%+v, %v", r, err)
			}
			if _, _, err := config.AccessToken(id, "wrong", verifier); err == nil {
				t.Error("an access token with a wrong secret")
			}
			if _, _, err := config.AccessToken(id, secret, "wrong"); err == nil {
				t.Error("an access token with a wrong verifier")
			}
			access, _, err := config.AccessToken(id, secret, verifier)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := config.AccessToken(id, secret, verifier); err == nil {
				t.Error("a second access token")
			}

			clock.Advance(7200*time.Second - 1)
			if !s.AccessTokenLives(access) {
				t.Error("the token has expired too early")
			}
			clock.Advance(1)
			if s.AccessTokenLives(access) {
				t.Error("the token has not expired")
			}
		})
	}
}

func TestOAuth_callback(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	s.AddConsumer(awkward)
	c := newClient(t, s)
	config := independent(s, c, awkward.Key, awkward.Secret)
	config.CallbackURL = "https://example.com/back?x=1"
	id, _, err := config.RequestToken()
	if err != nil {
		t.Fatal(err)
	}
	page, err := config.AuthorizationURL(id)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.try(http.MethodGet, page.String(), "")
	if err != nil {
		t.Fatal(err)
	}
	location, err := url.Parse(c.want(302, r).header.Get("Location"))
	verifier, _ := s.Authorize(id)
	if err != nil || location.Host != "example.com" || location.Query().Get("x") != "1" ||
		location.Query().Get("oauth_token") != id || location.Query().Get("oauth_verifier") != verifier {
		t.Errorf("%v, %v", location, err)
	}
	r, err = c.try(http.MethodGet, s.WebAppURL()+wire.UserAuthorizationPath+"?oauth_token=unknown", "")
	if err != nil {
		t.Fatal(err)
	}
	c.want(400, r)
	config.CallbackURL = "relative"
	if _, _, err := config.RequestToken(); err == nil {
		t.Error("a relative callback is taken")
	}
}

func TestOAuth_refusedConsumers(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	s.AddConsumer(awkward)
	s.AddConsumer(twcloudtest.Consumer{Key: "asleep", Secret: "s"})
	c := newClient(t, s)
	for key, secret := range map[string]string{awkward.Key: awkward.Secret + "x", "asleep": "s", "unknown": "s"} {
		if _, _, err := independent(s, c, key, secret).RequestToken(); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("%s: %v", key, err)
		}
	}
	s.UpdateConsumer("asleep", func(c *twcloudtest.Consumer) { c.Approved = true })
	if _, _, err := independent(s, c, "asleep", "s").RequestToken(); err != nil {
		t.Error(err)
	}
}

// header signs a request-token call, with its parameters changed before or
// after the signature is made.
func header(t *testing.T, s *twcloudtest.Server, change map[string]string) string {
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
	signature, err := (&oauth1.HMACSigner{ConsumerSecret: "s"}).Sign("", base(s.WebAppURL()+wire.RequestTokenPath, parameters))
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

func base(uri string, parameters map[string]string) string {
	values := url.Values{}
	for name, value := range parameters {
		values.Set(name, value)
	}
	// Encode sorts; none of the values here has a blank.
	return "POST&" + oauth1.PercentEncode(uri) + "&" + oauth1.PercentEncode(values.Encode())
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
			s := twcloudtest.New(t, func(config *twcloudtest.Config) { config.Clock = twcloudtest.NewManualClock(start) })
			s.AddConsumer(twcloudtest.Consumer{Key: "k", Secret: "s", Approved: true})
			c := newClient(t, s)
			c.authorization = header(t, s, test.change)
			r, err := c.try(http.MethodPost, s.WebAppURL()+wire.RequestTokenPath, "")
			if err != nil {
				t.Fatal(err)
			}
			c.want(test.status, r)
			if challenge := r.header.Get("WWW-Authenticate"); (challenge == `OAuth realm="TWC"`) != (test.status == 401) {
				t.Errorf("challenge %q", challenge)
			}
			if test.status == 200 { // The same nonce again.
				r, err = c.try(http.MethodPost, s.WebAppURL()+wire.RequestTokenPath, "")
				if err != nil {
					t.Fatal(err)
				}
				c.want(401, r)
			}
		})
	}
}

func TestOAuth_requestConsumerKey(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	c := newClient(t, s)
	r, err := c.try(http.MethodPost, s.WebAppURL()+wire.RequestConsumerKeyPath, `{"name":"a","secret":"s"}`)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]string
	if err := json.Unmarshal([]byte(c.want(200, r).body), &fields); err != nil || len(fields) != 1 {
		t.Fatalf("%s: %v", r.body, err)
	}
	if got, _ := s.Consumer(fields["key"]); got != (twcloudtest.Consumer{Key: fields["key"], Name: "a", Secret: "s"}) {
		t.Errorf("%+v", got)
	}
	if s.OpenSessions() != 0 {
		t.Error("a session has been opened")
	}
}

func TestRootServices(t *testing.T) {
	t.Parallel()
	for name, legacy := range map[string]bool{"web app": false, "legacy": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twcloudtest.New(t, func(config *twcloudtest.Config) { config.LegacyRootServices, config.PathPrefix = legacy, "/p&q" })
			c := newClient(t, s)
			old := c.get(wire.LegacyRootServicesPath)
			r, err := c.try(http.MethodGet, s.WebAppURL()+wire.RootServicesPath, "")
			if err != nil {
				t.Fatal(err)
			}
			if legacy {
				c.want(404, r)
				r = old
			} else if location := c.want(301, old).header.Get("Location"); location != s.WebAppURL()+wire.RootServicesPath {
				t.Errorf("Location %s", location)
			}
			c.want(200, r)
			if r.header.Get("Content-Type") != "application/rdf+xml" {
				t.Errorf("%v", r.header)
			}
			type resource struct {
				Resource string `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
			}
			type description struct {
				Register  resource `xml:"http://jazz.net/xmlns/prod/jazz/jfs/1.0/ oauthRequestConsumerKeyUrl"`
				Request   resource `xml:"http://jazz.net/xmlns/prod/jazz/jfs/1.0/ oauthRequestTokenUrl"`
				Authorize resource `xml:"http://jazz.net/xmlns/prod/jazz/jfs/1.0/ oauthUserAuthorizationUrl"`
				Access    resource `xml:"http://jazz.net/xmlns/prod/jazz/jfs/1.0/ oauthAccessTokenUrl"`
				Realm     string   `xml:"http://jazz.net/xmlns/prod/jazz/jfs/1.0/ oauthRealmName"`
				Domain    string   `xml:"http://jazz.net/xmlns/prod/jazz/jfs/1.0/ oauthDomain"`
			}
			var got description
			if legacy {
				var document struct {
					XMLName     xml.Name    `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# RDF"`
					Description description `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# Description"`
				}
				err = xml.Unmarshal([]byte(r.body), &document)
				got = document.Description
			} else {
				err = xml.Unmarshal([]byte(r.body), &got)
			}
			web := s.WebAppURL()
			want := description{
				resource{web + wire.RequestConsumerKeyPath},
				resource{web + wire.RequestTokenPath},
				resource{web + wire.UserAuthorizationPath},
				resource{web + wire.AccessTokenPath},
				"TWC", web,
			}
			if err != nil || got != want {
				t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
			}
		})
	}
}
