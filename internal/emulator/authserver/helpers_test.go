package authserver_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
)

// The user of the tests. The password has what is easily encoded wrongly.
const (
	user     = "jörg"
	password = "päß &+%= word"
	personal = "personal-token"
)

// The client of the tests.
const (
	clientID     = "terraform:client"
	clientSecret = "secret &+%:"
	authSecret   = "auth-secret"
)

// platform is a platform with two applications, webapp and admin, whose pages are at
// /APPLICATION/pages/ and whose calls are elsewhere.
type platform struct {
	*authserver.Server
	t      testing.TB
	config authserver.Config

	mu  sync.Mutex
	now time.Time
}

// newPlatform starts a platform. With apart, its authentication server is at another
// address.
func newPlatform(t testing.TB, apart bool, options ...func(*authserver.Config)) *platform {
	t.Helper()
	p := &platform{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	handler := http.HandlerFunc(p.serve)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	p.config = authserver.Config{
		Platform: server.URL, Authentication: server.URL, SingleSignOnURL: "https://sso.example.com/saml2",
		Users: []authserver.User{{Name: user, Password: password, Token: personal}}, AuthSecret: authSecret,
		Clients:      []authserver.Client{{ID: clientID, Secret: clientSecret}},
		TokenSchemes: []string{"Token"}, SignOutPath: "/webapp/logout",
		Now: func() time.Time {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.now
		},
	}
	if apart {
		other := httptest.NewServer(handler)
		t.Cleanup(other.Close)
		// Another host for cookies, too.
		p.config.Authentication = strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	}
	for _, option := range options {
		option(&p.config)
	}
	p.Server = authserver.New(p.config)
	return p
}

func with(quirks ...authserver.Quirk) func(*authserver.Config) {
	return func(config *authserver.Config) { config.Quirks = quirks }
}

func (p *platform) advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *platform) serve(w http.ResponseWriter, r *http.Request) {
	apart := p.config.Authentication != p.config.Platform
	here := "http://" + r.Host
	switch {
	case apart && strings.HasPrefix(r.URL.Path, authserver.Prefix) != (here == p.config.Authentication):
		http.NotFound(w, r)
	case p.Handles(r.URL.EscapedPath()):
		p.ServeHTTP(w, r)
	case strings.Contains(r.URL.Path, "/pages/"):
		if access, ok := p.AuthorizePage(w, r); ok {
			_, _ = io.WriteString(w, "page of "+access.User)
		}
	default:
		if access, ok := p.AuthorizeCall(w, r); ok {
			_, _ = io.WriteString(w, "data of "+access.User)
		}
	}
}

// browser is a client that keeps cookies and follows redirects, as browsers do.
type browser struct {
	*platform
	http  *http.Client
	trail []string // the paths and hosts of the last request and its redirects
	other bool     // the last redirect leaves for another host, and was not followed
}

type response struct {
	status int
	header http.Header
	url    *url.URL
	body   string
	root   *html.Node
}

func (p *platform) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	b := &browser{platform: p}
	// A test server that is closed also closes connections of the default transport.
	b.http = &http.Client{Transport: &http.Transport{}, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		b.trail = append(b.trail, r.URL.Path)
		if host := r.URL.Hostname(); host != "127.0.0.1" && host != "localhost" {
			b.other = true
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return b
}

func (b *browser) do(method, address, contentType, body string, headers ...string) *response {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		root := b.config.Platform
		if strings.HasPrefix(address, authserver.Prefix) {
			root = b.config.Authentication
		}
		address = root + address
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	b.trail, b.other = []string{request.URL.Path}, false
	got, err := b.http.Do(request)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, address, err)
	}
	defer got.Body.Close()
	reader, err := charset.NewReader(got.Body, got.Header.Get("Content-Type"))
	if err != nil {
		return &response{status: got.StatusCode, header: got.Header, url: got.Request.URL} // It is empty.
	}
	content, err := io.ReadAll(reader)
	if err != nil {
		b.t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(content)))
	if err != nil {
		b.t.Fatal(err)
	}
	return &response{status: got.StatusCode, header: got.Header, url: got.Request.URL, body: string(content), root: root}
}

func (b *browser) get(address string, headers ...string) *response {
	b.t.Helper()
	return b.do(http.MethodGet, address, "", "", headers...)
}

func (b *browser) postForm(address string, form url.Values, headers ...string) *response {
	b.t.Helper()
	return b.do(http.MethodPost, address, "application/x-www-form-urlencoded", form.Encode(), headers...)
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// find returns the elements of a name.
func find(root *html.Node, name string) []*html.Node {
	var found []*html.Node
	for node := range root.Descendants() {
		if node.Type == html.ElementNode && node.Data == name {
			found = append(found, node)
		}
	}
	return found
}

func (r *response) title() string { return find(r.root, "title")[0].FirstChild.Data }

// submit sends the form of a page that has a field, with values for its inputs.
func (b *browser) submit(on *response, field string, values map[string]string) *response {
	b.t.Helper()
	for _, form := range find(on.root, "form") {
		sent, has := url.Values{}, false
		for _, input := range find(form, "input") {
			name := attribute(input, "name")
			has = has || name == field
			if attribute(input, "type") != "checkbox" {
				sent.Set(name, attribute(input, "value"))
			}
		}
		if !has {
			continue
		}
		for name, value := range values {
			sent.Set(name, value)
		}
		action, err := on.url.Parse(attribute(form, "action"))
		if err != nil {
			b.t.Fatal(err)
		}
		return b.postForm(action.String(), sent)
	}
	b.t.Fatalf("no form has %q in %s", field, on.body)
	return nil
}

// signIn signs in with the default form.
func (b *browser) signIn(address string) *response {
	b.t.Helper()
	return b.submit(b.get(address), "password", map[string]string{"username": user, "password": password})
}

func (p *platform) want(r *response, status int, text string) *response {
	p.t.Helper()
	if r.status != status || !strings.Contains(r.body, text) {
		p.t.Fatalf("%s: status %d, %s; want %d, %q", r.url.Path, r.status, r.body, status, text)
	}
	return r
}

func object(t testing.TB, r *response) map[string]any {
	t.Helper()
	var found map[string]any
	if err := json.Unmarshal([]byte(r.body), &found); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
	return found
}

// applications returns the applications that have sessions, and how many.
func (p *platform) applications() map[string]int {
	found := map[string]int{}
	for _, open := range p.Sessions() {
		found[open.Application]++
	}
	return found
}

func (p *platform) wantSessions(want map[string]int) {
	p.t.Helper()
	if got := p.applications(); !maps.Equal(got, want) {
		p.t.Errorf("sessions %v, want %v", got, want)
	}
}
