package emulator_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// client is as plain as a client can be: a cookie jar, no redirects, no retries.
type client struct {
	t      testing.TB
	server *emulator.Server
	http   *http.Client

	// authorization is sent with every request, unless it is empty, and so are the
	// headers.
	authorization string
	headers       map[string]string

	// in is how to sign in on the platform. Nil: by one form.
	in *profile.SignIn
}

// form matches the beginning of a body that is a form. Other bodies are JSON.
var form = regexp.MustCompile(`^\w+=`)

type reply struct {
	status int
	header http.Header
	body   string
	err    error // from reading the body
}

func newClient(t testing.TB, s *emulator.Server) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	if pem := s.CACertificatePEM(); pem != nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, server: s, http: &http.Client{
		Jar:           jar,
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// signedIn returns a client with a session of its own.
func signedIn(t testing.TB, s *emulator.Server, token string) *client {
	t.Helper()
	c := newClient(t, s)
	c.authorization = "Token " + token
	if r := c.get(wire.LoginPath); r.status != http.StatusNoContent {
		t.Fatalf("login: status %d, %s", r.status, r.body)
	}
	c.authorization = ""
	return c
}

func (c *client) try(method, url, body string) (reply, error) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	switch {
	case form.MatchString(body):
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case body != "":
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range c.headers {
		request.Header.Set(name, value)
	}
	if c.authorization != "" {
		request.Header.Set("Authorization", c.authorization)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, header: response.Header, body: string(content), err: err}, nil
}

// do calls a URL, or a path of the REST API.
func (c *client) do(method, url, body string) reply {
	c.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = c.server.URL() + url
	}
	r, err := c.try(method, url, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, url, err)
	}
	return r
}

func (c *client) get(path string) reply {
	c.t.Helper()
	return c.do(http.MethodGet, path, "")
}

func (c *client) want(status int, r reply) reply {
	c.t.Helper()
	if r.status != status || r.err != nil {
		c.t.Fatalf("status %d, error %v, body %q; want status %d", r.status, r.err, r.body, status)
	}
	return r
}

func decode[T any](t testing.TB, r reply) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(r.body), &value); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
	return value
}

// follow calls a URL and follows redirects, as a browser does.
func (c *client) follow(method, target, body string) reply {
	c.t.Helper()
	for range 10 {
		r := c.do(method, target, body)
		if r.status != http.StatusFound && r.status != http.StatusSeeOther {
			return r
		}
		method, target, body = http.MethodGet, r.header.Get("Location"), ""
	}
	c.t.Fatal("too many redirects")
	return reply{}
}

var (
	formAction  = regexp.MustCompile(`action="(login[^"]*)"`)
	hiddenToken = regexp.MustCompile(`name="_token" value="([^"]+)"`)
	startPages  = regexp.MustCompile(`data-starts="([^"]*)"`)
)

// submitPassword does the steps of the sign-in, from the page that has come.
func (c *client) submitPassword(page reply, password string) reply {
	c.t.Helper()
	steps := []profile.Step{{Form: map[string]string{"username": profile.Username, "password": profile.Password}}}
	if c.in != nil && c.in.Steps != nil {
		steps = c.in.Steps
	}
	fill := strings.NewReplacer(profile.Username, emulator.AdminName, profile.Password, password)
	for _, step := range steps {
		if step.Form == nil {
			page = c.submitJSON(step, fill)
			continue
		}
		action, hidden := formAction.FindStringSubmatch(page.body), hiddenToken.FindStringSubmatch(page.body)
		if action == nil || hidden == nil {
			c.t.Fatalf("this is no sign-in page: %d, %s", page.status, page.body)
		}
		values := url.Values{"_token": {hidden[1]}}
		for name, value := range step.Form {
			values.Set(name, fill.Replace(value))
		}
		page = c.follow(http.MethodPost, c.server.AuthenticationURL()+"/authentication/"+action[1], values.Encode())
	}
	return page
}

func (c *client) submitJSON(step profile.Step, fill *strings.Replacer) reply {
	c.t.Helper()
	body, err := json.Marshal(step.JSON)
	if err != nil {
		c.t.Fatal(err)
	}
	r := c.want(http.StatusOK, c.do(step.Method, c.at(step.Path), fill.Replace(string(body))))
	next, _ := profile.Lookup(decode[any](c.t, r), step.Next)
	return c.follow(http.MethodGet, next.(string), "")
}

// at is the address of a path of the platform.
func (c *client) at(path string) string {
	if strings.HasPrefix(path, "/authentication/") {
		return c.server.AuthenticationURL() + path
	}
	return c.server.WebAppURL() + path
}

// signInOnPlatform signs in at the administration page, and opens a page of each
// application that the calls go to, or gets the token for them.
func (c *client) signInOnPlatform() {
	c.t.Helper()
	page := c.want(http.StatusOK, c.submitPassword(c.follow(http.MethodGet, c.server.AdminPageURL(), ""), emulator.AdminPassword))
	starts := startPages.FindStringSubmatch(page.body)
	if starts == nil {
		c.t.Fatalf("the page is %s", page.body)
	}
	for _, start := range strings.Fields(starts[1]) {
		c.want(http.StatusOK, c.follow(http.MethodGet, c.at(start), ""))
	}
	if c.in != nil && c.in.By == profile.ByToken {
		token := decode[map[string]string](c.t, c.want(http.StatusOK, c.get(c.server.AdminPageURL()+"/token")))
		c.authorization = c.in.Scheme + " " + token["id_token"]
	}
}

// lenient is for tests that break the contract on purpose.
func lenient(config *emulator.Config) { config.ValidateContract = false }
