package oauth1

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// BaseString returns the signature base string of RFC 5849, section 3.4.1. The
// URI must be absolute; the parameters of its query are included. The params are
// those of the Authorization header, without the realm, and those of a
// form-encoded body. An oauth_signature is left out.
func BaseString(method string, uri *url.URL, params []Param) (string, error) {
	baseURI, err := baseStringURI(uri)
	if err != nil {
		return "", err
	}
	query, err := ParseForm(uri.RawQuery)
	if err != nil {
		return "", err
	}
	return strings.ToUpper(method) +
		"&" + PercentEncode(baseURI) +
		"&" + PercentEncode(normalize(slices.Concat(query, params))), nil
}

// baseStringURI implements RFC 5849, section 3.4.1.2. The authority must be what
// net/http sends as the Host header: without an empty port and without an IPv6
// zone. An internationalized name is refused, because it would be sent as punycode.
func baseStringURI(uri *url.URL) (string, error) {
	scheme := strings.ToLower(uri.Scheme)
	if scheme != "http" && scheme != "https" {
		return "", fmt.Errorf("oauth1: the scheme %q is neither http nor https", uri.Scheme)
	}
	if uri.Opaque != "" || uri.Hostname() == "" {
		return "", fmt.Errorf("oauth1: the %s URI has no host", scheme)
	}

	host := strings.ToLower(uri.Hostname())
	for i := range len(host) {
		if host[i] >= 0x80 {
			return "", fmt.Errorf("oauth1: the host %q is not written in ASCII (punycode)", host)
		}
	}
	if strings.Contains(host, ":") {
		address, _, _ := strings.Cut(host, "%")
		host = "[" + address + "]"
	}
	if port := uri.Port(); port != "" && port != defaultPort(scheme) {
		host += ":" + port
	}

	path := uri.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return scheme + "://" + host + path, nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// normalize implements RFC 5849, section 3.4.1.3.2: parameters are sorted after
// they have been encoded, by name and then by value.
func normalize(params []Param) string {
	encoded := make([]Param, 0, len(params))
	for _, param := range params {
		if param.Name != signatureParam {
			encoded = append(encoded, Param{Name: PercentEncode(param.Name), Value: PercentEncode(param.Value)})
		}
	}
	slices.SortFunc(encoded, func(a, b Param) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})

	var normalized strings.Builder
	for i, param := range encoded {
		if i > 0 {
			normalized.WriteByte('&')
		}
		normalized.WriteString(param.Name + "=" + param.Value)
	}
	return normalized.String()
}
