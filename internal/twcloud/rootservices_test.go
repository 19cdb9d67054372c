package twcloud

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// rootServices2024x is what is known of the document of a 2024x server, shortened
// to what matters and to some of what does not.
const rootServices2024x = `<?xml version="1.0" encoding="UTF-8"?>
<!-- A comment. -->
<rdf:Description
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:dcterms="http://purl.org/dc/terms/"
    xmlns:oslc_am="http://open-services.net/ns/am#"
    xmlns:jfs="http://jazz.net/xmlns/prod/jazz/jfs/1.0/"
    rdf:about="https://twcloud.example.com:8443/oslc/api/rootservices">
  <dcterms:title>Teamwork Cloud &amp; Co.</dcterms:title>
  <oslc_am:amServiceProviders rdf:resource="https://twcloud.example.com:8443/oslc/api/services"/>
  <jfs:oauthRealmName> TWC </jfs:oauthRealmName>
  <jfs:oauthDomain>https://twcloud.example.com:8443/</jfs:oauthDomain>
  <jfs:oauthRequestConsumerKeyUrl rdf:resource="https://twcloud.example.com:8443/authentication/api/oauth/register"/>
  <jfs:oauthRequestTokenUrl rdf:resource="https://twcloud.example.com:8443/authentication/api/oauth/request_token"/>
  <jfs:oauthUserAuthorizationUrl rdf:resource="https://twcloud.example.com:8443/authentication/oauth/authorize"/>
  <jfs:oauthAccessTokenUrl rdf:resource="https://twcloud.example.com:8443/authentication/api/oauth/access_token"/>
</rdf:Description>`

var endpoints2024x = OAuthEndpoints{
	RootServicesURL:       "https://twcloud.example.com:8443/oslc/api/rootservices",
	RequestConsumerKeyURL: "https://twcloud.example.com:8443/authentication/api/oauth/register",
	RequestTokenURL:       "https://twcloud.example.com:8443/authentication/api/oauth/request_token",
	UserAuthorizationURL:  "https://twcloud.example.com:8443/authentication/oauth/authorize",
	AccessTokenURL:        "https://twcloud.example.com:8443/authentication/api/oauth/access_token",
	Realm:                 "TWC",
	Domain:                "https://twcloud.example.com:8443/",
}

// rootServicesWith wraps elements into a document whose prefixes are the usual ones.
func rootServicesWith(elements string) string {
	return `<rdf:RDF xmlns:rdf="` + wire.RDFNamespace + `" xmlns:jfs="` + wire.JFSNamespace + `"><rdf:Description>` +
		elements + `</rdf:Description></rdf:RDF>`
}

func rootServicesNaming(resource string) string {
	return rootServicesWith(`<jfs:oauthRequestTokenUrl rdf:resource="` + resource + `"/>`)
}

var rootServicesTests = []struct {
	name     string
	document string
	want     OAuthEndpoints
}{
	{name: "description at the root", document: rootServices2024x, want: endpoints2024x},
	{
		name: "description in RDF",
		document: strings.NewReplacer(
			`<rdf:Description`, `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description`,
			`</rdf:Description>`, `</rdf:Description></rdf:RDF>`,
		).Replace(rootServices2024x),
		want: endpoints2024x,
	},
	{
		name: "other prefixes",
		document: strings.NewReplacer(
			"xmlns:rdf", "xmlns:jfs", "xmlns:jfs", "xmlns:x-1.ü", "rdf:", "jfs:", "jfs:", "x-1.ü:",
		).Replace(rootServices2024x),
		want: endpoints2024x,
	},
	{
		name: "default namespace",
		document: strings.NewReplacer(
			"xmlns:jfs=", "xmlns=", "<jfs:", "<", "</jfs:", "</",
		).Replace(rootServices2024x),
		want: endpoints2024x,
	},
	{name: "byte order mark", document: "\uFEFF" + rootServices2024x, want: endpoints2024x},
	{name: "no declaration", document: strings.TrimPrefix(rootServices2024x, `<?xml version="1.0" encoding="UTF-8"?>`), want: endpoints2024x},
	{name: "US-ASCII", document: strings.Replace(rootServices2024x, "UTF-8", "US-ASCII", 1), want: endpoints2024x},
	{name: "doctype", document: strings.Replace(rootServices2024x, "<!-- A comment. -->", `<!DOCTYPE rdf [<!ENTITY a "b">]>`, 1), want: endpoints2024x},
	{
		name: "relative URLs, CDATA and elements in a text",
		document: rootServicesWith(`
			<jfs:oauthRequestTokenUrl rdf:resource=" /authentication/api/oauth/request_token "/>
			<jfs:oauthAccessTokenUrl rdf:resource="access?a=1&amp;b=2"/>
			<jfs:oauthUserAuthorizationUrl rdf:resource="//TWCloud.example.com/authorize"/>
			<jfs:oauthRealmName><![CDATA[<T&W>]]><jfs:b>not this</jfs:b> C</jfs:oauthRealmName>`),
		want: OAuthEndpoints{
			RootServicesURL:      endpoints2024x.RootServicesURL,
			RequestTokenURL:      endpoints2024x.RequestTokenURL,
			AccessTokenURL:       "https://twcloud.example.com:8443/oslc/api/access?a=1&b=2",
			UserAuthorizationURL: "https://TWCloud.example.com/authorize",
			Realm:                "<T&W> C",
		},
	},
	{
		name: "what is elsewhere does not count",
		document: rootServicesWith(`
			<jfs:other><rdf:Description><jfs:oauthRequestTokenUrl rdf:resource="https://nested.example.com"/></rdf:Description></jfs:other>
			<oauthRequestTokenUrl rdf:resource="https://no-namespace.example.com"/>
			<undeclared:oauthRequestTokenUrl rdf:resource="https://undeclared.example.com"/>
			<rdf:oauthRequestTokenUrl rdf:resource="https://rdf.example.com"/>
			<jfs:oauthRequestTokenUrl resource="https://bare-attribute.example.com" jfs:resource="https://jfs-attribute.example.com"/>
			<jfs:oauthRequestTokenUrl rdf:resource="  "/>
			<jfs:oauthRequestTokenUrl rdf:resource="http://first.example.com/"/>
			<jfs:oauthRequestTokenUrl rdf:resource="http://second.example.com/"/>`),
		want: OAuthEndpoints{RootServicesURL: endpoints2024x.RootServicesURL, RequestTokenURL: "http://first.example.com/"},
	},
	{
		name: "several descriptions",
		document: `<r:RDF xmlns:r="` + wire.RDFNamespace + `"><x><y/></x><r:Description/>
			<r:Description xmlns:j="` + wire.JFSNamespace + `"><j:oauthRequestTokenUrl r:resource="http://a.example.com/"/></r:Description></r:RDF>`,
		want: OAuthEndpoints{RootServicesURL: endpoints2024x.RootServicesURL, RequestTokenURL: "http://a.example.com/"},
	},
}

var brokenRootServices = []struct {
	name     string
	document string
	kind     error
	says     string
}{
	{name: "nothing", document: "", kind: ErrUnreadable, says: "no element"},
	{name: "JSON", document: `{"status":"ok"}`, kind: ErrUnreadable, says: "no element"},
	{name: "sign-in page", document: "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Sign in</title>", kind: ErrWebPage},
	{name: "sign-in page without doctype", document: `<HTML><HEAD><BR></HEAD>`, kind: ErrWebPage},
	{name: "XHTML", document: `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`, kind: ErrWebPage},
	{name: "another root", document: `<feed xmlns="http://www.w3.org/2005/Atom"/>`, kind: ErrUnreadable, says: "<feed>"},
	{name: "root without a namespace", document: `<rdf:Description/>`, kind: ErrUnreadable, says: "<Description>"},
	{name: "no request token", document: rootServicesWith(""), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl"},
	{name: "no description", document: `<rdf:RDF xmlns:rdf="` + wire.RDFNamespace + `"/>`, kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl"},
	{name: "cut off", document: rootServices2024x[:len(rootServices2024x)-30], kind: ErrUnreadable, says: "EOF"},
	{name: "unknown entity", document: rootServicesWith("&lol9;"), kind: ErrUnreadable, says: "lol9"},
	{
		name: "entities of entities",
		document: `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;">]>` +
			rootServicesWith("<jfs:oauthRealmName>&lol1;</jfs:oauthRealmName>"),
		kind: ErrUnreadable, says: "lol1",
	},
	{name: "Latin 1", document: strings.Replace(rootServices2024x, "UTF-8", "ISO-8859-1", 1), kind: ErrUnreadable, says: `charset "ISO-8859-1"`},
	{name: "UTF-16", document: "\xfe\xff\x00<\x00r", kind: ErrUnreadable, says: "UTF-8"},
	{name: "another scheme", document: rootServicesNaming("ftp://example.com/"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the scheme"},
	{name: "script", document: rootServicesNaming("javascript:alert(1)"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the scheme"},
	{name: "no host", document: rootServicesNaming("https:///path"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the URL has no host"},
	{name: "opaque", document: rootServicesNaming("https:path"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the URL has no host"},
	{name: "credentials", document: rootServicesNaming("https://u:p@example.com/"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the URL has credentials"},
	{name: "too large", document: rootServices2024x + strings.Repeat(" ", maxRootServices), kind: ErrTooLarge, says: "1048576 bytes"},
	{name: "malformed URL", document: rootServicesNaming("https://example.com:port/"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: malformed URL"},
}

func TestReadRootServices(t *testing.T) {
	t.Parallel()
	base := mustParseURL(t, endpoints2024x.RootServicesURL)
	for _, test := range rootServicesTests {
		got, err := readRootServices(reply(http.StatusOK, test.document), base)
		if err != nil || got != test.want {
			t.Errorf("%s: got  %+v, %v\nwant %+v", test.name, got, err, test.want)
		}
	}
	for _, test := range brokenRootServices {
		got, err := readRootServices(reply(http.StatusOK, test.document), base)
		if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) || got != (OAuthEndpoints{}) {
			t.Errorf("%s: got %+v, %v, want %v that says %q", test.name, got, err, test.kind, test.says)
		}
	}
}

func FuzzParseRootServices(f *testing.F) {
	for _, test := range rootServicesTests {
		f.Add([]byte(test.document))
	}
	for _, test := range brokenRootServices {
		f.Add([]byte(test.document))
	}
	f.Add([]byte(strings.Repeat("<a>", 1000)))
	base := &url.URL{Scheme: "https", Host: "twcloud.example.com:8443", Path: "/oslc/api/rootservices"}
	f.Fuzz(func(t *testing.T, document []byte) {
		endpoints, err := parseRootServices(document, base)
		if err != nil {
			if endpoints != (OAuthEndpoints{}) {
				t.Errorf("got %+v with the error %v", endpoints, err)
			}
			return
		}
		if endpoints.RequestTokenURL == "" {
			t.Error("no request token URL")
		}
		for _, raw := range []string{
			endpoints.RootServicesURL, endpoints.RequestConsumerKeyURL, endpoints.RequestTokenURL,
			endpoints.UserAuthorizationURL, endpoints.AccessTokenURL,
		} {
			parsed, err := url.Parse(raw)
			if err != nil {
				t.Errorf("%q does not parse: %v", raw, err)
			} else if raw != "" && checkEndpoint(parsed) != nil {
				t.Errorf("%q: %v", raw, checkEndpoint(parsed))
			}
		}
	})
}

// transportFunc answers requests without a network.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func mustParseURL(t testing.TB, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// oauthSite is a REST server and a Web Application Platform on loopback, with a log of
// what was requested of either.
type oauthSite struct {
	rest, webApp *httptest.Server

	mu       sync.Mutex
	requests []string
}

func newOAuthSite(t *testing.T, rest, webApp http.HandlerFunc) *oauthSite {
	t.Helper()
	s := &oauthSite{}
	serve := func(name string, handler http.HandlerFunc) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			s.requests = append(s.requests, name+" "+r.Method+" "+r.URL.RequestURI())
			s.mu.Unlock()
			for _, header := range []string{"Authorization", "Cookie", "Referer"} {
				if got := r.Header.Get(header); got != "" && r.Method == http.MethodGet {
					t.Errorf("discovery sends %s: %s", header, got)
				}
			}
			if handler == nil {
				http.NotFound(w, r)
				return
			}
			handler(w, r)
		}))
		t.Cleanup(server.Close)
		return server
	}
	s.rest = serve("rest", rest)
	s.webApp = serve("webapp", webApp)
	return s
}

func (s *oauthSite) log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// discoverer has credentials and a path prefix in its roots.
func (s *oauthSite) discoverer(t *testing.T) *discoverer {
	t.Helper()
	root := func(server *httptest.Server) *url.URL {
		u := mustParseURL(t, server.URL+"/prefix/")
		u.User = url.UserPassword("user", "password")
		u.RawQuery = "query"
		return u
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &discoverer{restRoot: root(s.rest), webAppRoot: root(s.webApp), transport: &exchange{next: transport, timeout: time.Minute}}
}

func serveDocument(document string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rdf+xml")
		_, _ = io.WriteString(w, document)
	}
}

func TestDiscoverOnTheWebApplicationPlatform(t *testing.T) {
	t.Parallel()
	site := newOAuthSite(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.Header.Get("Accept"), "application/rdf+xml, application/xml"; got != want {
			t.Errorf("Accept is %q, want %q", got, want)
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		serveDocument(rootServicesNaming("/request_token"))(w, r)
	})
	discoverer := site.discoverer(t)
	want := OAuthEndpoints{
		RootServicesURL: site.webApp.URL + "/prefix/oslc/api/rootservices",
		RequestTokenURL: site.webApp.URL + "/request_token",
	}
	for range 3 {
		got, err := discoverer.discover(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if got, want := site.log(), []string{"webapp GET /prefix/oslc/api/rootservices"}; !slices.Equal(got, want) {
		t.Errorf("requested %q, want %q", got, want)
	}
}

func TestDiscoverOnTheRESTServer(t *testing.T) {
	t.Parallel()
	site := newOAuthSite(t, serveDocument(rootServicesNaming("request_token")), nil)
	got, err := site.discoverer(t).discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := OAuthEndpoints{
		RootServicesURL: site.rest.URL + "/prefix/oslc/rootservices",
		RequestTokenURL: site.rest.URL + "/prefix/oslc/request_token",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDiscoverFollowsRedirectsWithinTheSite(t *testing.T) {
	t.Parallel()
	var site *oauthSite
	site = newOAuthSite(t,
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, site.webApp.URL+"/moved/rootservices", http.StatusMovedPermanently)
		},
		func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/moved/rootservices":
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				w.Header().Set("Location", "again")
				w.WriteHeader(http.StatusTemporaryRedirect)
			case "/moved/again":
				serveDocument(rootServicesNaming("token"))(w, r)
			default:
				http.NotFound(w, r)
			}
		})
	got, err := site.discoverer(t).discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := site.webApp.URL + "/moved/token"; got.RequestTokenURL != want {
		t.Errorf("the request token is at %s, want %s", got.RequestTokenURL, want)
	}
}

func TestDiscoverFails(t *testing.T) {
	t.Parallel()
	redirect := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		}
	}
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		kind     error
		says     string
		requests int
	}{
		{name: "not found", handler: http.NotFound, kind: ErrUnreadable, says: "404 Not Found", requests: 2},
		{
			name: "sign-in page", kind: ErrWebPage, requests: 2,
			handler: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!doctype html><html>") },
		},
		{name: "single sign-on", handler: redirect("https://sso.example.com/login?token=t0ken"), kind: ErrWebPage, says: "https://sso.example.com/login,", requests: 2},
		{name: "another scheme", handler: redirect("file:///etc/passwd"), kind: ErrWebPage, says: "away from the site", requests: 2},
		{name: "redirect with credentials", handler: redirect("http://user:t0ken@127.0.0.1/"), kind: ErrWebPage, says: "away from the site", requests: 2},
		{name: "redirect to nowhere", handler: redirect(""), kind: ErrUnreadable, says: "Location", requests: 2},
		{name: "malformed redirect", handler: redirect("http://[t0ken"), kind: ErrUnreadable, says: "Location", requests: 2},
		{name: "redirects without end", handler: redirect("/again?token=t0ken"), kind: ErrUnreadable, says: "more than 5 redirects", requests: 12},
		{
			name: "cut off", kind: ErrUnreachable, says: "EOF", requests: 2,
			handler: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				_, _ = io.WriteString(w, "<rdf")
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			site := newOAuthSite(t, test.handler, test.handler)
			discoverer := site.discoverer(t)
			for range 3 {
				_, err := discoverer.discover(t.Context())
				if !errors.Is(err, test.kind) {
					t.Fatalf("the error is %v, want %v", err, test.kind)
				}
				for _, says := range []string{test.says, "/prefix/oslc/", "; "} {
					if !strings.Contains(err.Error(), says) {
						t.Errorf("the error %q does not say %q", err, says)
					}
				}
				for _, secret := range []string{"password", "t0ken"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("the error has a secret: %v", err)
					}
				}
			}
			if got := site.log(); len(got) != test.requests {
				t.Errorf("requested %q, want %d requests", got, test.requests)
			}
		})
	}
}

func TestDiscoverNeverLeavesHTTPS(t *testing.T) {
	t.Parallel()
	discoverer := fakeDiscoverer(func(request *http.Request) (*http.Response, error) {
		if request.URL.Scheme != "https" {
			t.Error("a redirect from https to http was followed")
		}
		return reply(http.StatusFound, "", "Location", "http://twcloud.example.com:8443/"), nil
	})
	_, err := discoverer.discover(t.Context())
	if !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), "from https to http://") {
		t.Errorf("the error is %v", err)
	}
}

// An endpoint that somebody has named must answer, and a redirect from one place to
// the other is told once.
func TestDiscoverTellsOneCause(t *testing.T) {
	t.Parallel()
	broken := func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }
	hosts := func(request *http.Request) (*http.Response, error) {
		if request.URL.Host == "twcloud.example.com:8111" {
			return reply(http.StatusFound, "", "Location", "https://twcloud.example.com:8443/oslc/api/rootservices"), nil
		}
		return reply(http.StatusNotFound, ""), nil
	}
	for says, discoverer := range map[string]*discoverer{
		"webapp_endpoint does not answer: https://twcloud.example.com:8443/": fakeDiscoverer(broken),
		"no root services document: https://twcloud.example.com:8443/":       fakeDiscoverer(hosts),
	} {
		discoverer.webAppExplicit = true
		if _, err := discoverer.discover(t.Context()); err == nil || !strings.HasPrefix(err.Error(), says) || strings.Contains(err.Error(), "8111") {
			t.Errorf("got %v, want %q alone", err, says)
		}
	}
}

func TestSameSite(t *testing.T) {
	t.Parallel()
	discoverer := &discoverer{restRoot: mustParseURL(t, "https://rest.example.com:8111"), webAppRoot: mustParseURL(t, "https://[2001:db8::1]:8443")}
	for raw, want := range map[string]bool{
		"https://rest.example.com:8111/a":        true,
		"http://REST.example.com":                true,
		"https://[2001:DB8::1]/":                 true,
		"https://rest.example.com.evil.example/": false,
		"https://evil.example/rest.example.com":  false,
		"https://rest.example.com@evil.example/": false,
		"https://evil@rest.example.com/":         false,
		"ftp://rest.example.com/":                false,
		"//rest.example.com/":                    false,
		"https:rest.example.com":                 false,
		"":                                       false,
	} {
		if got := discoverer.sameSite(mustParseURL(t, raw)); got != want {
			t.Errorf("sameSite(%q) = %t, want %t", raw, got, want)
		}
	}
}

func fakeDiscoverer(transport transportFunc) *discoverer {
	return &discoverer{
		restRoot:   &url.URL{Scheme: "https", Host: "twcloud.example.com:8111"},
		webAppRoot: &url.URL{Scheme: "https", Host: "twcloud.example.com:8443"},
		transport:  transport,
	}
}

// TestDiscoverIsShared: callers wait for one discovery; one whose caller gives up
// proves nothing, so the next caller begins again.
func TestDiscoverIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		discoverer := fakeDiscoverer(func(request *http.Request) (*http.Response, error) {
			requests++
			if mannerOf(request.Context()) != ordinary {
				t.Error("the manner of the caller's request is taken over")
			}
			select {
			case <-time.After(time.Second):
				return reply(http.StatusOK, rootServices2024x), nil
			case <-request.Context().Done():
				return nil, request.Context().Err()
			}
		})
		first, cancel := context.WithCancelCause(withManner(t.Context(), once))
		reason := errors.New("the reason")
		time.AfterFunc(time.Second/2, func() { cancel(reason) })
		for range 2 {
			if _, err := discoverer.discover(first); !errors.Is(err, ErrCanceled) || !errors.Is(err, reason) {
				t.Errorf("who gave up got %v", err)
			}
		}
		if requests != 2 {
			t.Errorf("%d requests for who gave up, want one for each place", requests)
		}
		var others sync.WaitGroup
		for range 20 {
			others.Go(func() {
				if got, err := discoverer.discover(t.Context()); err != nil || got != endpoints2024x {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
		others.Wait()
		if requests != 3 {
			t.Errorf("%d requests, want one more", requests)
		}
	})
}

func TestDiscoverIsTimeBoxed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var hosts []string
		discoverer := fakeDiscoverer(func(request *http.Request) (*http.Response, error) {
			hosts = append(hosts, request.URL.Host)
			<-request.Context().Done()
			return nil, request.Context().Err()
		})
		start := time.Now()
		_, err := discoverer.discover(t.Context())
		if !errors.Is(err, ErrTimeout) || errors.Is(err, ErrCanceled) {
			t.Errorf("the error is %v, want %v", err, ErrTimeout)
		}
		if took := time.Since(start); took != discoveryTimeout {
			t.Errorf("it took %v, want %v", took, discoveryTimeout)
		}
		if want := []string{"twcloud.example.com:8443", "twcloud.example.com:8111"}; !slices.Equal(hosts, want) {
			t.Errorf("requested %q, want %q", hosts, want)
		}
	})
}
