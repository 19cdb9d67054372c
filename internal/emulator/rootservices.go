package emulator

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// rootServices is the document of the Web Application Platform, from 2022x
// Refresh2 on (V).
func (s *Server) rootServices(*exchange) *answer {
	if s.config.LegacyRootServices {
		return failure(http.StatusNotFound, "There is nothing at this path.")
	}
	return newAnswer(http.StatusOK, "application/rdf+xml", []byte(xml.Header+s.rootServicesDescription()))
}

// legacyRootServices is the document of the REST port before 2022x Refresh2, and
// a 301 to the later place since (V). One rdf:Description is at the root, or inside
// rdf:RDF (V, S): here, the legacy document has the second form.
func (s *Server) legacyRootServices(*exchange) *answer {
	if s.config.LegacyRootServices {
		return newAnswer(http.StatusOK, "application/rdf+xml", []byte(xml.Header+
			`<rdf:RDF xmlns:rdf="`+wire.RDFNamespace+"\">\n"+s.rootServicesDescription()+"</rdf:RDF>\n"))
	}
	a := newAnswer(http.StatusMovedPermanently, "", nil)
	a.header.Set("Location", s.WebAppURL()+wire.RootServicesPath)
	return a
}

// rootServicesDescription names the endpoints (S), the realm (S), and the domain.
func (s *Server) rootServicesDescription() string {
	var b strings.Builder
	root, authentication := escapeXML(s.WebAppURL()), escapeXML(s.AuthenticationURL())
	b.WriteString(`<rdf:Description xmlns:rdf="` + wire.RDFNamespace + `" xmlns:jfs="` + wire.JFSNamespace + "\">\n")
	for _, endpoint := range [][2]string{
		{wire.OAuthRequestConsumerKeyURLElement, wire.RequestConsumerKeyPath},
		{wire.OAuthRequestTokenURLElement, wire.RequestTokenPath},
		{wire.OAuthUserAuthorizationURLElement, wire.UserAuthorizationPath},
		{wire.OAuthAccessTokenURLElement, wire.AccessTokenPath},
	} {
		fmt.Fprintf(&b, "  <jfs:%s rdf:resource=\"%s\"/>\n", endpoint[0], authentication+endpoint[1])
	}
	for _, text := range [][2]string{{wire.OAuthRealmNameElement, wire.DefaultOAuthRealm}, {wire.OAuthDomainElement, root}} {
		fmt.Fprintf(&b, "  <jfs:%[1]s>%[2]s</jfs:%[1]s>\n", text[0], text[1])
	}
	b.WriteString("</rdf:Description>\n")
	return b.String()
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // A builder never fails.
	return b.String()
}
