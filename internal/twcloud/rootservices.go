package twcloud

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/charset"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
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
func (d *discoverer) try(ctx context.Context) (endpoints OAuthEndpoints, err error) {
	defer recovered(&err, http.MethodGet, "the root services document", d.redact)
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	half, cancelHalf := context.WithTimeout(ctx, discoveryTimeout/2)
	defer cancelHalf()
	endpoints, err = d.fetch(half, at(d.options.WebAppEndpoint, wire.RootServicesPath))
	if err == nil {
		return endpoints, nil
	}
	if d.options.WebAppExplicit && (errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout)) {
		return OAuthEndpoints{}, fmt.Errorf("webapp_endpoint does not answer: %w", err)
	}
	if d.options.Endpoint == nil {
		return OAuthEndpoints{}, fmt.Errorf("no root services document: %w", err)
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
		if !signin.IsRedirect(response.StatusCode) {
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
		// The time was up in a wait. What was before it says more.
		if noted, ok := waitsIn(request.Context()); ok {
			if before := noted.failure.Load(); before != nil {
				return nil, newTransportError(request, *before, d.redact)
			}
			if status := int(noted.status.Load()); status != 0 {
				return nil, unreadableStatus(status)
			}
		}
		return nil, &Error{Kind: ErrTimeout, Method: request.Method, Path: target.EscapedPath(), Cause: err, redact: d.redact.text}
	case err != nil:
		return nil, newTransportError(request, err, d.redact)
	}
	return response, nil
}

func unreadableStatus(status int) error {
	return fmt.Errorf("%w: %d %s", ErrUnreadable, status, http.StatusText(status))
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
	for _, root := range []*url.URL{d.options.WebAppEndpoint, d.options.AuthenticationEndpoint, d.options.Endpoint} {
		if root != nil && strings.EqualFold(u.Hostname(), root.Hostname()) {
			return true
		}
	}
	return false
}

// checkTarget refuses another host, or http if the document came through https: anyone
// who sees a signature can guess the secret offline, and a registration has the secret
// itself.
func (d *discoverer) checkTarget(what string, target *url.URL, endpoints OAuthEndpoints) error {
	switch {
	case !d.sameSite(target):
		return fmt.Errorf("the root services document has %s at %s, away from the site: nothing was sent there", what, withoutQuery(target))
	case target.Scheme != "https" && strings.HasPrefix(endpoints.RootServicesURL, "https:"):
		return fmt.Errorf("the root services document, read with https, has %s at %s: nothing was sent there", what, withoutQuery(target))
	}
	return nil
}

// registration returns the URL that registers a consumer.
func (d *discoverer) registration(ctx context.Context, call *profile.Call) (*url.URL, error) {
	endpoints, err := d.discover(ctx)
	if err != nil {
		return nil, newCallError(kindOfDiscovery(err), call, "", err)
	}
	if endpoints.RequestConsumerKeyURL == "" {
		return nil, newCallError(ErrUnsupported, call, "", fmt.Errorf("the root services document %s does not name jfs:%s", endpoints.RootServicesURL, call.Discover))
	}
	target, err := url.Parse(endpoints.RequestConsumerKeyURL)
	if err == nil {
		err = d.checkTarget("the registration", target, endpoints)
	}
	if err != nil {
		return nil, newCallError(ErrUnreadable, call, "", err)
	}
	return target, nil
}

// kindOfDiscovery is the kind of a discovery that failed.
func kindOfDiscovery(err error) error {
	for _, kind := range []error{ErrCanceled, ErrClosed, ErrTimeout, ErrUnreachable, ErrWebPage, ErrTooLarge, ErrPanic} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return ErrUnreadable
}

// withoutQuery is a URL for an error. The query of a sign-in page can have a
// token.
func withoutQuery(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

func readRootServices(response *http.Response, base *url.URL) (OAuthEndpoints, error) {
	document := bodyOf(response)
	switch {
	case !success(response.StatusCode):
		return OAuthEndpoints{}, unreadableStatus(response.StatusCode)
	case len(document) > maxRootServices:
		return OAuthEndpoints{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxRootServices)
	}
	declared := decodeXML
	if _, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err == nil && parameters["charset"] != "" {
		// The header outranks the document (RFC 7303), which is in UTF-8 by now.
		declared = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	}
	endpoints, err := parseRootServices(document, base, declared)
	switch {
	case err != nil && looksLikeWebPage(response), errors.Is(err, ErrWebPage):
		return OAuthEndpoints{}, ErrWebPage
	case err != nil:
		return OAuthEndpoints{}, fmt.Errorf("%w: root services document: %w", ErrUnreadable, err)
	}
	return endpoints, nil
}

// decodeXML decodes a document that declares another charset than UTF-8.
func decodeXML(name string, input io.Reader) (io.Reader, error) {
	from, err := charset.Get(name)
	if err != nil {
		return nil, fmt.Errorf("the charset %q is not known", shorten(name))
	}
	content, err := io.ReadAll(input)
	if err != nil {
		return nil, err
	}
	text, err := decode(content, from)
	if err != nil {
		return nil, fmt.Errorf("the charset is %q: %w", shorten(name), err)
	}
	return bytes.NewReader(text), nil
}

// rdfElement is an element of a root services document.
type rdfElement struct {
	XMLName    xml.Name
	Base       *string      `xml:"http://www.w3.org/XML/1998/namespace base,attr"`
	About      string       `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# about,attr"`
	Resource   string       `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
	Attributes []xml.Attr   `xml:",any,attr"`
	Text       string       `xml:",chardata"`
	Children   []rdfElement `xml:",any"`
}

// base returns the URL that relative URLs in the element start from (XML Base).
func (e *rdfElement) base(outer *url.URL) (*url.URL, error) {
	if e.Base == nil {
		return outer, nil
	}
	base, err := outer.Parse(strings.TrimSpace(*e.Base))
	if err != nil {
		return nil, errors.New("malformed xml:base")
	}
	return base, nil
}

// target returns the URL that a property has: that of rdf:resource, or that of the
// node in it. It is nil if the property is empty.
func (e *rdfElement) target(outer *url.URL) (*url.URL, error) {
	base, err := e.base(outer)
	if err != nil {
		return nil, err
	}
	reference := strings.TrimSpace(e.Resource)
	switch {
	case reference != "":
	case len(e.Children) == 1 && strings.TrimSpace(e.Children[0].About) != "":
		if base, err = e.Children[0].base(base); err != nil {
			return nil, err
		}
		reference = strings.TrimSpace(e.Children[0].About)
	case len(e.Children) > 0 || strings.TrimSpace(e.Text) != "":
		return nil, errors.New("its value is not a resource")
	default:
		return nil, nil
	}
	target, err := base.Parse(reference)
	if err != nil {
		return nil, errors.New("malformed URL")
	}
	return target, checkEndpoint(target)
}

// parseRootServices reads a root services document: RDF/XML, with the nodes at its
// root or in rdf:RDF, and the properties as elements, or as attributes if they are
// text. base is the URL of the document.
//
// It is an error if the document does not name the URL of the request token, or if
// one of its URLs is not absolute http or https or has credentials. The first of
// several properties of one name counts.
func parseRootServices(document []byte, base *url.URL, declared func(string, io.Reader) (io.Reader, error)) (OAuthEndpoints, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	decoder.CharsetReader = declared
	var root rdfElement
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return OAuthEndpoints{}, errors.New("it has no element")
	case err != nil:
		return OAuthEndpoints{}, err
	case strings.EqualFold(root.XMLName.Local, "html"):
		return OAuthEndpoints{}, ErrWebPage
	}
	nodes, outer := []rdfElement{root}, base
	if root.XMLName == (xml.Name{Space: wire.RDFNamespace, Local: "RDF"}) {
		nodes = root.Children
		var err error
		if outer, err = root.base(base); err != nil {
			return OAuthEndpoints{}, err
		}
	}
	endpoints := OAuthEndpoints{RootServicesURL: base.String()}
	for _, node := range nodes {
		if err := endpoints.read(node, outer); err != nil {
			return OAuthEndpoints{}, err
		}
	}
	if endpoints.RequestTokenURL == "" {
		return OAuthEndpoints{}, fmt.Errorf("its root is <%s>, and it does not name jfs:%s", root.XMLName.Local, wire.OAuthRequestTokenURLElement)
	}
	return endpoints, nil
}

// read takes the properties of a node.
func (e *OAuthEndpoints) read(node rdfElement, outer *url.URL) error {
	base, err := node.base(outer)
	if err != nil {
		return err
	}
	texts := map[string]*string{
		wire.OAuthRealmNameElement: &e.Realm,
		wire.OAuthDomainElement:    &e.Domain,
	}
	urls := map[string]*string{
		wire.OAuthRequestConsumerKeyURLElement: &e.RequestConsumerKeyURL,
		wire.OAuthRequestTokenURLElement:       &e.RequestTokenURL,
		wire.OAuthUserAuthorizationURLElement:  &e.UserAuthorizationURL,
		wire.OAuthAccessTokenURLElement:        &e.AccessTokenURL,
	}
	for _, attribute := range node.Attributes {
		if text := texts[attribute.Name.Local]; attribute.Name.Space == wire.JFSNamespace && text != nil && *text == "" {
			*text = strings.TrimSpace(attribute.Value)
		}
	}
	for _, property := range node.Children {
		name := property.XMLName.Local
		if property.XMLName.Space != wire.JFSNamespace {
			continue
		}
		if text := texts[name]; text != nil && *text == "" {
			*text = strings.TrimSpace(property.Text)
		}
		into := urls[name]
		if into == nil || *into != "" {
			continue
		}
		target, err := property.target(base)
		if err != nil {
			return fmt.Errorf("jfs:%s: %w", name, err)
		}
		if target != nil {
			*into = target.String()
		}
	}
	return nil
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
