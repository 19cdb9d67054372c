package twcloudtest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // HMAC-SHA1 is the signature method of the server (RFC 5849, section 3.4.2).
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// This file verifies OAuth 1.0a signatures straight from RFC 5849. It shares
// nothing with the code that signs, so that errors of the two cannot cancel each
// other out.

// parameter is a decoded name with its decoded value.
type parameter struct{ name, value string }

// signedRequest is what a signature is about.
type signedRequest struct {
	method, scheme, host, path string

	// parameters are all of them, in any order, oauth_signature included.
	parameters []parameter

	// oauth are the protocol parameters, whose names begin with "oauth_".
	oauth map[string]string
}

// parseSigned collects the parameters of a request (section 3.4.1.3.1): from the
// Authorization header without realm, from the query, and from a body that is a
// form.
func parseSigned(r *http.Request, body []byte) (*signedRequest, error) {
	signed := &signedRequest{method: r.Method, scheme: "http", host: r.Host, path: r.URL.EscapedPath(), oauth: map[string]string{}}
	if r.TLS != nil {
		signed.scheme = "https"
	}
	scheme, header, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "OAuth") {
		if err := signed.addHeader(header); err != nil {
			return nil, err
		}
	}
	if err := signed.addForm(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.EqualFold(strings.TrimSpace(contentType), formType) {
		if err := signed.addForm(string(body)); err != nil {
			return nil, err
		}
	}
	for _, p := range signed.parameters {
		if !strings.HasPrefix(p.name, "oauth_") {
			continue
		}
		if _, twice := signed.oauth[p.name]; twice {
			return nil, errors.New(p.name + " is there twice") // Section 3.1.
		}
		signed.oauth[p.name] = p.value
	}
	return signed, nil
}

// addHeader takes the parameters of section 3.5.1: name="value", percent-encoded,
// separated by commas and optional blanks.
func (signed *signedRequest) addHeader(header string) error {
	for item := range strings.SplitSeq(header, ",") {
		if item = strings.Trim(item, " \t"); item == "" {
			continue
		}
		name, value, found := strings.Cut(item, "=")
		if !found || len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
			return errors.New("the Authorization header is malformed")
		}
		name, err := url.PathUnescape(name)
		if err != nil {
			return errors.New("the Authorization header is malformed")
		}
		value, err = url.PathUnescape(value[1 : len(value)-1])
		if err != nil {
			return errors.New("the Authorization header is malformed")
		}
		if !strings.EqualFold(name, "realm") {
			signed.parameters = append(signed.parameters, parameter{name, value})
		}
	}
	return nil
}

// addForm takes the parameters of a query or of a body: form encoding, where "+"
// is a blank.
func (signed *signedRequest) addForm(form string) error {
	for item := range strings.SplitSeq(form, "&") {
		if item == "" {
			continue
		}
		name, value, _ := strings.Cut(item, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return errors.New("a parameter is malformed")
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return errors.New("a parameter is malformed")
		}
		signed.parameters = append(signed.parameters, parameter{name, value})
	}
	return nil
}

// baseString is the signature base string of section 3.4.1.1.
func (signed *signedRequest) baseString() string {
	return percentEncode(strings.ToUpper(signed.method)) + "&" + percentEncode(signed.baseURI()) + "&" +
		percentEncode(signed.normalized())
}

// baseURI is the base string URI of section 3.4.1.2: lower case, no default
// port, no query.
func (signed *signedRequest) baseURI() string {
	host := strings.ToLower(signed.host)
	if name, port, err := net.SplitHostPort(host); err == nil {
		if (signed.scheme == "http" && port == "80") || (signed.scheme == "https" && port == "443") {
			if host = name; strings.Contains(name, ":") {
				host = "[" + name + "]"
			}
		}
	}
	path := signed.path
	if path == "" {
		path = "/"
	}
	return signed.scheme + "://" + host + path
}

// normalized are the parameters as section 3.4.1.3.2 has them: encoded, then
// sorted by name and value, then joined.
func (signed *signedRequest) normalized() string {
	var encoded []parameter
	for _, p := range signed.parameters {
		if p.name != "oauth_signature" {
			encoded = append(encoded, parameter{percentEncode(p.name), percentEncode(p.value)})
		}
	}
	slices.SortFunc(encoded, func(a, b parameter) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	joined := make([]string, 0, len(encoded))
	for _, p := range encoded {
		joined = append(joined, p.name+"="+p.value)
	}
	return strings.Join(joined, "&")
}

// signature is the HMAC-SHA1 of section 3.4.2.
func (signed *signedRequest) signature(consumerSecret, tokenSecret string) string {
	mac := hmac.New(sha1.New, []byte(percentEncode(consumerSecret)+"&"+percentEncode(tokenSecret)))
	mac.Write([]byte(signed.baseString()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// percentEncode encodes every byte but the unreserved characters of RFC 3986
// (section 3.6).
func percentEncode(s string) string {
	const hexadecimal = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hexadecimal[c>>4], hexadecimal[c&15]})
		}
	}
	return b.String()
}
