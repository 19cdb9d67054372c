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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

func readRootServices(response *http.Response, base *url.URL) (OAuthEndpoints, error) {
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return OAuthEndpoints{}, fmt.Errorf("%w: %d %s", ErrUnreadable, response.StatusCode, http.StatusText(response.StatusCode))
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, maxRootServices+1))
	if err != nil {
		return OAuthEndpoints{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(document) > maxRootServices {
		return OAuthEndpoints{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxRootServices)
	}
	return parseRootServices(bytes.NewReader(document), base)
}

// parseRootServices reads a root services document. Relative URLs are resolved
// against base, the URL of the document. It is an error if the document is not
// XML in UTF-8, if it has no rdf:Description at its root or in rdf:RDF, if it does
// not name the URL of the request token, or if one of its URLs is not absolute
// http or https or has credentials.
func parseRootServices(document io.Reader, base *url.URL) (OAuthEndpoints, error) {
	parser := rootServicesParser{decoder: xml.NewDecoder(document), base: base}
	parser.decoder.CharsetReader = refuseCharset
	parser.endpoints.RootServicesURL = base.String()

	if err := parser.root(); err != nil {
		if errors.Is(err, ErrWebPage) {
			return OAuthEndpoints{}, err
		}
		return OAuthEndpoints{}, fmt.Errorf("%w: root services document: %w", ErrUnreadable, err)
	}
	if parser.endpoints.RequestTokenURL == "" {
		return OAuthEndpoints{}, fmt.Errorf("%w: root services document: it does not name jfs:%s", ErrUnreadable, wire.OAuthRequestTokenURLElement)
	}
	return parser.endpoints, nil
}

type rootServicesParser struct {
	decoder   *xml.Decoder
	base      *url.URL
	endpoints OAuthEndpoints
}

var (
	rdfRDF         = xml.Name{Space: wire.RDFNamespace, Local: "RDF"}
	rdfDescription = xml.Name{Space: wire.RDFNamespace, Local: "Description"}
	rdfResource    = xml.Name{Space: wire.RDFNamespace, Local: "resource"}
)

func (p *rootServicesParser) root() error {
	for {
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			return errors.New("it has no element")
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.Directive:
			if strings.HasPrefix(strings.ToLower(string(token)), "doctype html") {
				return ErrWebPage
			}
		case xml.StartElement:
			switch {
			case token.Name == rdfRDF:
				return p.children(p.node)
			case token.Name == rdfDescription:
				return p.children(p.property)
			case strings.EqualFold(token.Name.Local, "html"):
				return ErrWebPage
			}
			return fmt.Errorf("its root is <%s>, neither rdf:RDF nor rdf:Description", token.Name.Local)
		}
	}
}

// children calls visit for each element up to the end of the present one. Visit
// must read its element to the end.
func (p *rootServicesParser) children(visit func(xml.StartElement) error) error {
	for {
		token, err := p.decoder.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := visit(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func (p *rootServicesParser) node(element xml.StartElement) error {
	if element.Name == rdfDescription {
		return p.children(p.property)
	}
	return p.decoder.Skip()
}

// property reads one child of an rdf:Description. The first of several elements
// of one name counts.
func (p *rootServicesParser) property(element xml.StartElement) error {
	if element.Name.Space != wire.JFSNamespace {
		return p.decoder.Skip()
	}
	switch element.Name.Local {
	case wire.OAuthRequestConsumerKeyURLElement:
		return p.resource(element, &p.endpoints.RequestConsumerKeyURL)
	case wire.OAuthRequestTokenURLElement:
		return p.resource(element, &p.endpoints.RequestTokenURL)
	case wire.OAuthUserAuthorizationURLElement:
		return p.resource(element, &p.endpoints.UserAuthorizationURL)
	case wire.OAuthAccessTokenURLElement:
		return p.resource(element, &p.endpoints.AccessTokenURL)
	case wire.OAuthRealmNameElement:
		return p.text(&p.endpoints.Realm)
	case wire.OAuthDomainElement:
		return p.text(&p.endpoints.Domain)
	}
	return p.decoder.Skip()
}

func (p *rootServicesParser) resource(element xml.StartElement, into *string) error {
	for _, attribute := range element.Attr {
		reference := strings.TrimSpace(attribute.Value)
		if attribute.Name != rdfResource || reference == "" || *into != "" {
			continue
		}
		resolved, err := p.base.Parse(reference)
		if err != nil {
			return fmt.Errorf("jfs:%s: malformed URL", element.Name.Local)
		}
		if err := checkEndpoint(resolved); err != nil {
			return fmt.Errorf("jfs:%s: %w", element.Name.Local, err)
		}
		*into = resolved.String()
	}
	return p.decoder.Skip()
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

func (p *rootServicesParser) text(into *string) error {
	var text strings.Builder
	for {
		token, err := p.decoder.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.StartElement:
			if err := p.decoder.Skip(); err != nil {
				return err
			}
		case xml.EndElement:
			if *into == "" {
				*into = strings.TrimSpace(text.String())
			}
			return nil
		}
	}
}

// refuseCharset is called for what is not declared as UTF-8, of which US-ASCII
// is a part.
func refuseCharset(charset string, input io.Reader) (io.Reader, error) {
	if strings.EqualFold(charset, "us-ascii") {
		return input, nil
	}
	return nil, fmt.Errorf("the charset %q is not supported, only UTF-8 is", charset)
}
