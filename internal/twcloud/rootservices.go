package twcloud

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	// discoveryTimeout limits a discovery, with all requests and retries.
	discoveryTimeout = 10 * time.Second
	// maxRedirects limits the redirects for one document.
	maxRedirects = 5
	// maxRootServices limits a root services document, in bytes. A real one has a
	// few thousand.
	maxRootServices = 1 << 20
)

// OAuthEndpoints are the OAuth 1.0a endpoints in a root services document. URLs
// are absolute, and http or https. A field is empty if the document lacks it,
// except RootServicesURL and RequestTokenURL.
type OAuthEndpoints struct {
	// RootServicesURL is the URL of the document.
	RootServicesURL string
	// RequestConsumerKeyURL registers a consumer without a session.
	RequestConsumerKeyURL string
	// RequestTokenURL is the temporary credential request (RFC 5849, section 2.1).
	RequestTokenURL string
	// UserAuthorizationURL is the resource owner authorization (RFC 5849, section
	// 2.2).
	UserAuthorizationURL string
	// AccessTokenURL is the token request (RFC 5849, section 2.3).
	AccessTokenURL string
	// Realm is the realm of the Authorization header (RFC 5849, section 3.5.1).
	Realm string
	// Domain is the OAuth domain of the server.
	Domain string
}

// discoverer finds the OAuth 1.0a endpoints once, and keeps the result, also a
// failure.
type discoverer struct {
	*connection
	endpoints shared[OAuthEndpoints]
}

// discover returns the endpoints of the server's root services document.
//
// The server chooses the URLs. Before anything is sent to one, the caller checks it
// with sameSite.
func (d *discoverer) discover(ctx context.Context) (OAuthEndpoints, error) {
	endpoints, err := d.endpoints.get(withManner(ctx, ordinary), d.try)
	if err != nil && ctx.Err() != nil {
		return OAuthEndpoints{}, fmt.Errorf("discovery of the OAuth endpoints: %w: %w", ErrCanceled, context.Cause(ctx))
	}
	return endpoints, err
}

// try looks at the location since 2022x Refresh2, then at the older one. The
// first one gets half of the time, because a firewall may drop the requests. If
// the user set an endpoint and it does not answer, that is an error, and the
// other location is not tried.
func (d *discoverer) try(ctx context.Context) (OAuthEndpoints, error) {
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	half, cancelHalf := context.WithTimeout(ctx, discoveryTimeout/2)
	defer cancelHalf()
	endpoints, err := d.fetch(half, at(d.options.WebAppEndpoint, wire.RootServicesPath))
	if err == nil {
		return endpoints, nil
	}
	if d.options.WebAppExplicit && (errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout)) {
		return OAuthEndpoints{}, fmt.Errorf("webapp_endpoint does not answer: %w", err)
	}
	endpoints, legacyErr := d.fetch(ctx, at(d.options.Endpoint, wire.LegacyRootServicesPath))
	if legacyErr == nil {
		return endpoints, nil
	}
	if legacyErr.Error() == err.Error() {
		// One place redirects to the other.
		return OAuthEndpoints{}, fmt.Errorf("no root services document: %w", err)
	}
	return OAuthEndpoints{}, fmt.Errorf("no root services document: %w; %w", err, legacyErr)
}

// at keeps the path prefix of a reverse proxy, and drops anything that could
// be a credential.
func at(root *url.URL, path string) *url.URL {
	return (&url.URL{Scheme: root.Scheme, Host: root.Host, Path: root.Path, RawPath: root.RawPath}).JoinPath(path)
}

// fetch gets one document. It follows redirects itself, so that none leads away
// from the site.
func (d *discoverer) fetch(ctx context.Context, target *url.URL) (endpoints OAuthEndpoints, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", withoutQuery(target), err)
		}
	}()
	origin := target
	for range 1 + maxRedirects {
		response, err := d.document(ctx, target)
		if err != nil {
			return OAuthEndpoints{}, err
		}
		if !isRedirect(response.StatusCode) {
			return readRootServices(response, target)
		}
		next, err := d.follow(target, response.Header.Get("Location"))
		if err != nil {
			return OAuthEndpoints{}, err
		}
		target = next
	}
	target = origin
	return OAuthEndpoints{}, fmt.Errorf("%w: more than %d redirects", ErrUnreadable, maxRedirects)
}

func (d *discoverer) document(ctx context.Context, target *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(withWaits(ctx), http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/rdf+xml, application/xml")
	response, err := d.chain.retry.RoundTrip(request)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, &Error{Kind: ErrTimeout, Method: request.Method, Path: target.EscapedPath(), Cause: err, redact: d.redact.text}
	case err != nil:
		return nil, newTransportError(request, err, d.redact)
	}
	return response, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow returns the target of a redirect if it can be followed.
func (d *discoverer) follow(from *url.URL, location string) (*url.URL, error) {
	next, err := from.Parse(location)
	switch {
	case err != nil || location == "":
		return nil, fmt.Errorf("%w: a redirect without a usable Location", ErrUnreadable)
	case !d.sameSite(next):
		return nil, fmt.Errorf("%w: a redirect to %s, away from the site, which looks like single sign-on", ErrWebPage, withoutQuery(next))
	case from.Scheme == "https" && next.Scheme != "https":
		return nil, fmt.Errorf("%w: a redirect from https to %s", ErrUnreadable, withoutQuery(next))
	}
	return next, nil
}

// sameSite reports whether a URL is http or https, has no credentials, and has
// the host name of one of the roots. The port can differ, because an
// installation has two.
func (d *discoverer) sameSite(u *url.URL) bool {
	if checkEndpoint(u) != nil {
		return false
	}
	host := u.Hostname()
	return strings.EqualFold(host, d.options.WebAppEndpoint.Hostname()) || strings.EqualFold(host, d.options.Endpoint.Hostname())
}

// withoutQuery is a URL for an error. The query of a sign-in page can have a
// token.
func withoutQuery(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

func readRootServices(response *http.Response, base *url.URL) (OAuthEndpoints, error) {
	document := bodyOf(response)
	switch {
	case response.StatusCode != http.StatusOK:
		return OAuthEndpoints{}, fmt.Errorf("%w: %d %s", ErrUnreadable, response.StatusCode, http.StatusText(response.StatusCode))
	case len(document) > maxRootServices:
		return OAuthEndpoints{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxRootServices)
	}
	endpoints, err := parseRootServices(document, base)
	switch {
	case err != nil && looksLikeWebPage(response), errors.Is(err, ErrWebPage):
		return OAuthEndpoints{}, ErrWebPage
	case err != nil:
		return OAuthEndpoints{}, fmt.Errorf("%w: root services document: %w", ErrUnreadable, err)
	}
	return endpoints, nil
}

// rdfElement is an element of a root services document.
type rdfElement struct {
	XMLName  xml.Name
	Resource string       `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
	Text     string       `xml:",chardata"`
	Children []rdfElement `xml:",any"`
}

// parseRootServices reads a root services document. Relative URLs are resolved
// against base, the URL of the document. It is an error if the document is not
// XML in UTF-8, if it has no rdf:Description at its root or in rdf:RDF, if it does
// not name the URL of the request token, or if one of its URLs is not absolute
// http or https or has credentials. The first of several elements of one name
// counts.
func parseRootServices(document []byte, base *url.URL) (OAuthEndpoints, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	decoder.CharsetReader = refuseCharset
	var root rdfElement
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return OAuthEndpoints{}, errors.New("it has no element")
	case err != nil:
		return OAuthEndpoints{}, err
	}
	description := xml.Name{Space: wire.RDFNamespace, Local: "Description"}
	var properties []rdfElement
	switch root.XMLName {
	case description:
		properties = root.Children
	case xml.Name{Space: wire.RDFNamespace, Local: "RDF"}:
		for _, child := range root.Children {
			if child.XMLName == description {
				properties = append(properties, child.Children...)
			}
		}
	default:
		if strings.EqualFold(root.XMLName.Local, "html") {
			return OAuthEndpoints{}, ErrWebPage
		}
		return OAuthEndpoints{}, fmt.Errorf("its root is <%s>, neither rdf:RDF nor rdf:Description", root.XMLName.Local)
	}

	endpoints := OAuthEndpoints{RootServicesURL: base.String()}
	texts := map[string]*string{
		wire.OAuthRealmNameElement: &endpoints.Realm,
		wire.OAuthDomainElement:    &endpoints.Domain,
	}
	urls := map[string]*string{
		wire.OAuthRequestConsumerKeyURLElement: &endpoints.RequestConsumerKeyURL,
		wire.OAuthRequestTokenURLElement:       &endpoints.RequestTokenURL,
		wire.OAuthUserAuthorizationURLElement:  &endpoints.UserAuthorizationURL,
		wire.OAuthAccessTokenURLElement:        &endpoints.AccessTokenURL,
	}
	for _, property := range properties {
		name := property.XMLName.Local
		if property.XMLName.Space != wire.JFSNamespace {
			continue
		}
		if text := texts[name]; text != nil && *text == "" {
			*text = strings.TrimSpace(property.Text)
		}
		reference := strings.TrimSpace(property.Resource)
		into := urls[name]
		if into == nil || *into != "" || reference == "" {
			continue
		}
		resolved, err := base.Parse(reference)
		if err != nil {
			return OAuthEndpoints{}, fmt.Errorf("jfs:%s: malformed URL", name)
		}
		if err := checkEndpoint(resolved); err != nil {
			return OAuthEndpoints{}, fmt.Errorf("jfs:%s: %w", name, err)
		}
		*into = resolved.String()
	}
	if endpoints.RequestTokenURL == "" {
		return OAuthEndpoints{}, fmt.Errorf("it does not name jfs:%s", wire.OAuthRequestTokenURLElement)
	}
	return endpoints, nil
}

func checkEndpoint(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the scheme %q is neither http nor https", u.Scheme)
	case u.Hostname() == "":
		return errors.New("the URL has no host")
	case u.User != nil:
		return errors.New("the URL has credentials")
	}
	return nil
}

// refuseCharset is called for a document that is not declared as UTF-8. US-ASCII
// is a part of it.
func refuseCharset(charset string, input io.Reader) (io.Reader, error) {
	if strings.EqualFold(charset, "us-ascii") {
		return input, nil
	}
	return nil, fmt.Errorf("the charset %q is not supported, only UTF-8 is", charset)
}
