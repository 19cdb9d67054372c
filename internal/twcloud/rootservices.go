package twcloud

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
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

// readRootServices reads a response that is in UTF-8, whatever its document declares.
func readRootServices(response *http.Response, base *url.URL) (OAuthEndpoints, error) {
	if !success(response.StatusCode) {
		return OAuthEndpoints{}, unreadableStatus(response.StatusCode)
	}
	endpoints, err := parseRootServices(signin.Body(response), base)
	switch {
	case err != nil && signin.IsPage(response), errors.Is(err, ErrWebPage):
		return OAuthEndpoints{}, ErrWebPage
	case err != nil:
		return OAuthEndpoints{}, fmt.Errorf("%w: root services document: %w", ErrUnreadable, err)
	}
	return endpoints, nil
}

// rdfElement is an element of a root services document.
type rdfElement struct {
	XMLName    xml.Name
	Base       string       `xml:"http://www.w3.org/XML/1998/namespace base,attr"`
	Resource   string       `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# resource,attr"`
	Attributes []xml.Attr   `xml:",any,attr"`
	Text       string       `xml:",chardata"`
	Children   []rdfElement `xml:",any"`
}

// base returns the URL that relative URLs in the element start from (XML Base).
func (e *rdfElement) base(outer *url.URL) (*url.URL, error) {
	base, err := outer.Parse(strings.TrimSpace(e.Base))
	if err != nil {
		return nil, errors.New("malformed xml:base")
	}
	return base, nil
}

// target returns the URL that a property has. It is empty if the property is.
func (e *rdfElement) target(outer *url.URL) (string, error) {
	reference := strings.TrimSpace(e.Resource)
	switch {
	case reference != "":
	case len(e.Children) > 0 || strings.TrimSpace(e.Text) != "":
		return "", errors.New("its value is not in rdf:resource")
	default:
		return "", nil
	}
	base, err := e.base(outer)
	if err != nil {
		return "", err
	}
	target, err := base.Parse(reference)
	if err != nil {
		return "", errors.New("malformed URL")
	}
	return target.String(), checkEndpoint(target)
}

// parseRootServices reads a root services document: RDF/XML, with the nodes at its
// root or in rdf:RDF, and the properties as elements, or as attributes if they are
// text. base is the URL of the document.
//
// It is an error if the document does not name the URL of the request token, or if
// one of its URLs is not absolute http or https or has credentials. The first of
// several properties of one name counts.
func parseRootServices(document []byte, base *url.URL) (OAuthEndpoints, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
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
		*into = target
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
