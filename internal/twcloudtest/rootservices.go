package twcloudtest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// rootServices is the document of the Web Application Platform, from 2022x
// Refresh2 on (V).
func (s *Server) rootServices(*exchange) *answer {
	if s.config.LegacyRootServices {
		return s.failure(http.StatusNotFound, "There is nothing at this path.")
	}
	return newAnswer(http.StatusOK, "application/rdf+xml", s.rootServicesDocument(false))
}

// legacyRootServices is the document of the REST port before 2022x Refresh2, and
// a 301 to the later place since (V).
func (s *Server) legacyRootServices(*exchange) *answer {
	if s.config.LegacyRootServices {
		return newAnswer(http.StatusOK, "application/rdf+xml", s.rootServicesDocument(true))
	}
	a := newAnswer(http.StatusMovedPermanently, "", nil)
	a.header.Set("Location", s.WebAppURL()+wire.RootServicesPath)
	return a
}

// rootServicesDocument names the endpoints (S) and the realm (S). One
// rdf:Description is at the root, or inside rdf:RDF (V, S): the document of the
// Web Application Platform here has the one, the legacy document the other.
func (s *Server) rootServicesDocument(insideRDF bool) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	const all = ` xmlns:rdf="` + wire.RDFNamespace + `" xmlns:jfs="` + wire.JFSNamespace + `" xmlns:dcterms="http://purl.org/dc/terms/"`
	namespaces := all
	if insideRDF {
		b.WriteString("<rdf:RDF" + namespaces + ">\n")
		namespaces = ""
	}
	about := s.WebAppURL() + wire.RootServicesPath
	if insideRDF {
		about = s.URL() + wire.LegacyRootServicesPath
	}
	fmt.Fprintf(&b, "<rdf:Description%s rdf:about=\"%s\">\n  <dcterms:title>Teamwork Cloud Root Services</dcterms:title>\n", namespaces, escapeXML(about))
	for _, endpoint := range []struct{ element, path string }{
		{wire.OAuthRequestConsumerKeyURLElement, wire.RequestConsumerKeyPath},
		{wire.OAuthRequestTokenURLElement, wire.RequestTokenPath},
		{wire.OAuthUserAuthorizationURLElement, wire.UserAuthorizationPath},
		{wire.OAuthAccessTokenURLElement, wire.AccessTokenPath},
	} {
		fmt.Fprintf(&b, "  <jfs:%s rdf:resource=\"%s\"/>\n", endpoint.element, escapeXML(s.WebAppURL()+endpoint.path))
	}
	for _, text := range []struct{ element, text string }{
		{wire.OAuthRealmNameElement, wire.DefaultOAuthRealm},
		{wire.OAuthDomainElement, s.WebAppURL()},
	} {
		fmt.Fprintf(&b, "  <jfs:%s>%s</jfs:%s>\n", text.element, escapeXML(text.text), text.element)
	}
	b.WriteString("</rdf:Description>\n")
	if insideRDF {
		b.WriteString("</rdf:RDF>\n")
	}
	return b.Bytes()
}

func escapeXML(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // A buffer never fails.
	return b.String()
}
