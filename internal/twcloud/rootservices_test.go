package twcloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// rootServices2024x is the document of a 2024x server as far as it is known,
// shortened.
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

// rootServicesWith returns a document with elements and the usual prefixes.
func rootServicesWith(elements string) string {
	return `<rdf:RDF xmlns:rdf="` + wire.RDFNamespace + `" xmlns:jfs="` + wire.JFSNamespace + `"><rdf:Description>` +
		elements + `</rdf:Description></rdf:RDF>`
}

func rootServicesNaming(resource string) string {
	return rootServicesWith(`<jfs:oauthRequestTokenUrl rdf:resource="` + resource + `"/>`)
}

// rootServicesTests are documents, each with its endpoints or its error.
var rootServicesTests = []struct {
	name     string
	document string
	want     OAuthEndpoints
	kind     error
	says     string
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

	{name: "nothing", document: "", kind: ErrUnreadable, says: "no element"},
	{name: "JSON", document: `{"status":"ok"}`, kind: ErrUnreadable, says: "no element"},
	{name: "sign-in page", document: "<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>Sign in</title>", kind: ErrWebPage},
	{name: "sign-in page without doctype", document: `<HTML><HEAD><BR></HEAD>`, kind: ErrWebPage},
	{name: "XHTML", document: `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>`, kind: ErrWebPage},
	{
		name: "xml:base",
		document: `<rdf:RDF xmlns:rdf="` + wire.RDFNamespace + `" xmlns:j="` + wire.JFSNamespace + `" xml:base="https://twcloud.example.com:8443/authentication/">
			<rdf:Description xml:base="api/x/y">
				<j:oauthRequestTokenUrl rdf:resource="request_token"/>
				<j:oauthAccessTokenUrl xml:base="/authentication/api/oauth/" rdf:resource="access_token"/>
				<j:oauthUserAuthorizationUrl rdf:resource="../../oauth/authorize"/>
			</rdf:Description>
			<rdf:Description><j:oauthRequestConsumerKeyUrl rdf:resource="register"/></rdf:Description></rdf:RDF>`,
		want: OAuthEndpoints{
			RootServicesURL:       endpoints2024x.RootServicesURL,
			RequestTokenURL:       "https://twcloud.example.com:8443/authentication/api/x/request_token",
			AccessTokenURL:        endpoints2024x.AccessTokenURL,
			UserAuthorizationURL:  endpoints2024x.UserAuthorizationURL,
			RequestConsumerKeyURL: "https://twcloud.example.com:8443/authentication/register",
		},
	},
	{
		name: "a typed node, and attributes",
		document: `<x:RootServices xmlns:x="urn:x" xmlns:rdf="` + wire.RDFNamespace + `" xmlns:j="` + wire.JFSNamespace + `"
			xml:base="https://h/" j:oauthRealmName="TWC" j:oauthDomain="d">
			<j:oauthRequestTokenUrl rdf:resource="t"/></x:RootServices>`,
		want: OAuthEndpoints{RootServicesURL: endpoints2024x.RootServicesURL, RequestTokenURL: "https://h/t", Realm: "TWC", Domain: "d"},
	},
	{name: "a node as the value", document: rootServicesWith(`<jfs:oauthRequestTokenUrl><rdf:Description rdf:about="https://h/"/></jfs:oauthRequestTokenUrl>`), kind: ErrUnreadable, says: "not in rdf:resource"},
	{name: "text instead of a resource", document: rootServicesWith(`<jfs:oauthRequestTokenUrl>https://h/</jfs:oauthRequestTokenUrl>`), kind: ErrUnreadable, says: "not in rdf:resource"},
	{name: "malformed xml:base", document: strings.Replace(rootServices2024x, "rdf:about", `xml:base="https://%zz" rdf:about`, 1), kind: ErrUnreadable, says: "xml:base"},
	{
		name: "another charset, decoded", document: strings.NewReplacer("UTF-8", "ISO-8859-1", " TWC ", "TÜ").Replace(rootServices2024x),
		want: func() OAuthEndpoints { latin := endpoints2024x; latin.Realm = "TÜ"; return latin }(),
	},
	{name: "another root", document: `<feed xmlns="http://www.w3.org/2005/Atom"/>`, kind: ErrUnreadable, says: "<feed>"},
	{name: "root without a namespace", document: `<rdf:Description/>`, kind: ErrUnreadable, says: "<Description>"},
	{name: "no request token", document: rootServicesWith(""), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl"},
	{name: "no description", document: `<rdf:RDF xmlns:rdf="` + wire.RDFNamespace + `"/>`, kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl"},
	{name: "cut off", document: rootServices2024x[:len(rootServices2024x)-30], kind: ErrUnreadable, says: "EOF"},
	{name: "unknown entity", document: rootServicesWith("&lol9;"), kind: ErrUnreadable, says: "lol9"},
	{name: "UTF-16", document: "\xfe\xff\x00<\x00r", kind: ErrUnreadable, says: "UTF-8"},
	{name: "another scheme", document: rootServicesNaming("ftp://example.com/"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the scheme"},
	{name: "no host", document: rootServicesNaming("https:///path"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the URL has no host"},
	{name: "opaque", document: rootServicesNaming("https:path"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the URL has no host"},
	{name: "credentials", document: rootServicesNaming("https://u:p@example.com/"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: the URL has credentials"},
	{name: "malformed URL", document: rootServicesNaming("https://example.com:port/"), kind: ErrUnreadable, says: "jfs:oauthRequestTokenUrl: malformed URL"},
}

func TestReadRootServices(t *testing.T) {
	t.Parallel()
	for _, test := range rootServicesTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := readRootServices(reply(http.StatusOK, test.document), mustParseURL(t, endpoints2024x.RootServicesURL))
			if !errors.Is(err, test.kind) || got != test.want {
				t.Errorf("got  %+v, %v\nwant %+v, %v", got, err, test.want, test.kind)
			}
			if err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("the error %q does not say %q", err, test.says)
			}
		})
	}
}

func FuzzParseRootServices(f *testing.F) {
	for _, test := range rootServicesTests {
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

const (
	webAppRootServices = "https://twcloud.example.com:8443/prefix/oslc/api/rootservices"
	restRootServices   = "https://twcloud.example.com:8111/prefix/oslc/rootservices"
)

// discoveryClient returns a client whose endpoints have credentials, a path prefix,
// and a query, and the list of the URLs that it requests. It checks that no request
// has credentials, a cookie, or a referrer.
func discoveryClient(t *testing.T, serve transportFunc, options ...func(*Options)) (*Client, *[]string) {
	t.Helper()
	requested := new([]string)
	return fakeClient(t, transportFunc(func(request *http.Request) (*http.Response, error) {
		*requested = append(*requested, request.URL.String())
		for _, header := range []string{"Authorization", "Cookie", "Referer"} {
			if got := request.Header.Get(header); got != "" {
				t.Errorf("discovery sends %s: %s", header, got)
			}
		}
		return serve(request)
	}), append(options, func(o *Options) {
		o.Endpoint = mustParseURL(t, "https://user:password@twcloud.example.com:8111/prefix/?query")
		o.WebAppEndpoint = mustParseURL(t, "https://user:password@twcloud.example.com:8443/prefix/?query")
		o.MaxRetries = 0
	})...), requested
}

func redirect(location string) transportFunc {
	return func(*http.Request) (*http.Response, error) {
		return reply(http.StatusFound, "", "Location", location, "Set-Cookie", "a=b"), nil
	}
}

func document(body string) transportFunc {
	return func(*http.Request) (*http.Response, error) {
		return reply(http.StatusOK, body, "Content-Type", "application/rdf+xml", "Set-Cookie", "a=b"), nil
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	const moved, again = "https://TWCLOUD.example.com/moved/rootservices", "https://TWCLOUD.example.com/moved/again"
	for name, test := range map[string]struct {
		site      map[string]transportFunc
		want      string // the request token
		requested []string
	}{
		"Web Application Platform": {
			map[string]transportFunc{webAppRootServices: document(rootServicesNaming("/token"))},
			"https://twcloud.example.com:8443/token",
			[]string{webAppRootServices},
		},
		"REST server": {
			map[string]transportFunc{restRootServices: document(rootServicesNaming("token"))},
			"https://twcloud.example.com:8111/prefix/oslc/token",
			[]string{webAppRootServices, restRootServices},
		},
		"redirects within the site": {
			map[string]transportFunc{restRootServices: redirect(moved), moved: redirect("again"), again: document(rootServicesNaming("token"))},
			"https://TWCLOUD.example.com/moved/token",
			[]string{webAppRootServices, restRootServices, moved, again},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, requested := discoveryClient(t, func(request *http.Request) (*http.Response, error) {
				if got, want := request.Header.Get("Accept"), "application/rdf+xml, application/xml"; got != want {
					t.Errorf("Accept is %q, want %q", got, want)
				}
				if serve := test.site[request.URL.String()]; serve != nil {
					return serve(request)
				}
				return reply(http.StatusNotFound, ""), nil
			})
			want := OAuthEndpoints{RootServicesURL: test.requested[len(test.requested)-1], RequestTokenURL: test.want}
			for range 3 {
				if got, err := client.OAuthEndpoints(t.Context()); err != nil || got != want {
					t.Errorf("got %+v, %v, want %+v", got, err, want)
				}
			}
			if !slices.Equal(*requested, test.requested) {
				t.Errorf("requested %q, want %q", *requested, test.requested)
			}
		})
	}
}

func TestDiscoverFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		serve    transportFunc
		explicit bool // webapp_endpoint is configured
		kind     error
		says     string
		requests int // zero: one of each place
	}{
		"not found":                 {serve: func(*http.Request) (*http.Response, error) { return reply(http.StatusNotFound, ""), nil }, kind: ErrUnreadable, says: "404 Not Found"},
		"sign-in page":              {serve: document("<!doctype html><html>"), kind: ErrWebPage},
		"single sign-on":            {serve: redirect("https://sso.example.com/login?token=t0ken"), kind: ErrWebPage, says: "https://sso.example.com/login, away from the site"},
		"host that begins alike":    {serve: redirect("https://twcloud.example.com.evil.example/"), kind: ErrWebPage, says: "away from the site"},
		"host as a user":            {serve: redirect("https://twcloud.example.com@evil.example/"), kind: ErrWebPage, says: "away from the site"},
		"another scheme":            {serve: redirect("ftp://twcloud.example.com/"), kind: ErrWebPage, says: "away from the site"},
		"redirect with credentials": {serve: redirect("https://user:t0ken@twcloud.example.com/"), kind: ErrWebPage, says: "away from the site"},
		"redirect to http":          {serve: redirect("http://twcloud.example.com:8443/"), kind: ErrUnreadable, says: "from https to http://"},
		"redirect to nowhere":       {serve: redirect(""), kind: ErrUnreadable, says: "Location"},
		"malformed redirect":        {serve: redirect("http://[t0ken"), kind: ErrUnreadable, says: "Location"},
		"redirects without end":     {serve: redirect("/again?token=t0ken"), kind: ErrUnreadable, says: "more than 5 redirects", requests: 12},
		"one redirects to another":  {serve: oneDocument, kind: ErrUnreadable, says: "404 Not Found", requests: 3},
		"too large":                 {serve: document(strings.Repeat(" ", 1<<20+1)), kind: ErrTooLarge, says: "too large"},
		"broken":                    {serve: unreachable, kind: ErrUnreachable, says: "; "},
		"configured and broken":     {serve: unreachable, explicit: true, kind: ErrUnreachable, says: "webapp_endpoint does not answer", requests: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, requested := discoveryClient(t, test.serve, func(o *Options) { o.WebAppExplicit = test.explicit })
			for range 3 {
				_, err := client.OAuthEndpoints(t.Context())
				if err == nil || test.kind != nil && !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.says) {
					t.Fatalf("the error is %v, want %v that says %q", err, test.kind, test.says)
				}
				if strings.Contains(err.Error(), "password") || strings.Contains(err.Error(), "t0ken") {
					t.Errorf("the error has a secret: %v", err)
				}
			}
			if len(*requested) != cmp.Or(test.requests, 2) {
				t.Errorf("requested %q, want %d requests", *requested, cmp.Or(test.requests, 2))
			}
		})
	}
}

func unreachable(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

// oneDocument is a REST server that redirects to a platform without a document.
func oneDocument(request *http.Request) (*http.Response, error) {
	if request.URL.String() == restRootServices {
		return redirect(webAppRootServices)(request)
	}
	return reply(http.StatusNotFound, ""), nil
}

// A caller that gives up gets its reason, which proves nothing about the server: the
// next caller starts again.
func TestDiscoverIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, requested := discoveryClient(t, func(request *http.Request) (*http.Response, error) {
			if mannerOf(request.Context()) != ordinary {
				t.Error("the manner of the caller's request is taken over")
			}
			select {
			case <-time.After(time.Second):
				return document(rootServices2024x)(request)
			case <-request.Context().Done():
				return nil, request.Context().Err()
			}
		})
		canceled, cancel := context.WithCancelCause(withManner(t.Context(), once))
		reason := errors.New("the reason")
		time.AfterFunc(time.Second/2, func() { cancel(reason) })
		if _, err := client.OAuthEndpoints(canceled); !errors.Is(err, ErrCanceled) || !errors.Is(err, reason) {
			t.Errorf("the canceled caller got %v", err)
		}
		for range 2 {
			if got, err := client.OAuthEndpoints(t.Context()); err != nil || got.RequestTokenURL != endpoints2024x.RequestTokenURL {
				t.Errorf("got %+v, %v", got, err)
			}
		}
		if len(*requested) != 2 {
			t.Errorf("requested %q", *requested)
		}
	})
}

// If the time is up in a wait, the error says what was before it.
func TestDiscoverTellsTheLastFailure(t *testing.T) {
	t.Parallel()
	for want, answer := range map[string]func(*http.Request) (*http.Response, error){
		"502 Bad Gateway":    func(*http.Request) (*http.Response, error) { return reply(http.StatusBadGateway, ""), nil },
		"connection refused": func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
	} {
		synctest.Test(t, func(t *testing.T) {
			client := fakeClient(t, &fakeServer{serve: answer}, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = time.Minute, time.Minute })
			if _, err := client.OAuthEndpoints(t.Context()); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrTimeout) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestDiscoverIsTimeBoxed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, requested := discoveryClient(t, hanging)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := client.OAuthEndpoints(canceled); !errors.Is(err, context.Canceled) || len(*requested) > 0 {
			t.Errorf("got %v, requested %q", err, *requested)
		}
		start := time.Now()
		_, err := client.OAuthEndpoints(t.Context())
		if took := time.Since(start); !errors.Is(err, ErrTimeout) || errors.Is(err, ErrCanceled) || took != discoveryTimeout {
			t.Errorf("got %v after %v, want %v after %v", err, took, ErrTimeout, discoveryTimeout)
		}
		if want := []string{webAppRootServices, restRootServices}; !slices.Equal(*requested, want) {
			t.Errorf("requested %q, want %q", *requested, want)
		}
	})
}
