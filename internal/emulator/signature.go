package emulator

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // HMAC-SHA1 is the signature method of the server (RFC 5849, section 3.4.2).
	"encoding/base64"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// This file verifies OAuth 1.0a signatures straight from RFC 5849. It shares
// nothing with the code that signs, so that errors of the two cannot cancel each
// other out.

// signedRequest is what a signature is about.
type signedRequest struct {
	method, scheme, host, path string

	// parameters are all of them, oauth_signature included.
	parameters url.Values
}

var errMalformed = errors.New("the Authorization header, the query, or the form is malformed")

// parseSigned collects the parameters of a request (section 3.4.1.3.1): from the
// Authorization header without realm, from the query, and from a body that is a
// form.
func parseSigned(r *http.Request, body []byte) (*signedRequest, error) {
	signed := &signedRequest{method: r.Method, scheme: "http", host: r.Host, path: r.URL.EscapedPath(), parameters: url.Values{}}
	if r.TLS != nil {
		signed.scheme = "https"
	}
	scheme, header, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "OAuth") {
		if err := signed.addHeader(header); err != nil {
			return nil, err
		}
	}
	forms := []string{r.URL.RawQuery}
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType == formType {
		forms = append(forms, string(body))
	}
	for _, form := range forms {
		values, err := url.ParseQuery(form)
		if err != nil {
			return nil, errMalformed
		}
		for name, all := range values {
			signed.parameters[name] = append(signed.parameters[name], all...)
		}
	}
	for name, values := range signed.parameters {
		if strings.HasPrefix(name, "oauth_") && len(values) > 1 {
			return nil, errors.New(name + " occurs twice") // Section 3.1.
		}
	}
	return signed, nil
}

// addHeader takes the parameters of section 3.5.1: name="value", percent-encoded,
// separated by commas and optional blanks.
func (signed *signedRequest) addHeader(header string) error {
	for item := range strings.SplitSeq(header, ",") {
		name, quoted, _ := strings.Cut(strings.Trim(item, " \t"), "=")
		value, opened := strings.CutPrefix(quoted, `"`)
		value, closed := strings.CutSuffix(value, `"`)
		value, err := url.PathUnescape(value)
		if err != nil || !opened || !closed {
			return errMalformed
		}
		if !strings.EqualFold(name, "realm") {
			signed.parameters.Add(name, value)
		}
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

// normalized has the parameters as in section 3.4.1.3.2: encoded, then sorted by
// name and value, then joined.
func (signed *signedRequest) normalized() string {
	var pairs [][2]string
	for name, values := range signed.parameters {
		for _, value := range values {
			if name != "oauth_signature" {
				pairs = append(pairs, [2]string{percentEncode(name), percentEncode(value)})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	joined := make([]string, 0, len(pairs))
	for _, pair := range pairs {
		joined = append(joined, pair[0]+"="+pair[1])
	}
	return strings.Join(joined, "&")
}

// signature is the HMAC-SHA1 of section 3.4.2. Without a token, its secret is
// empty.
func (signed *signedRequest) signature(consumerSecret, tokenSecret string) string {
	mac := hmac.New(sha1.New, []byte(percentEncode(consumerSecret)+"&"+percentEncode(tokenSecret)))
	mac.Write([]byte(signed.baseString()))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// percentEncode encodes every byte but the unreserved characters of RFC 3986
// (section 3.6).
func percentEncode(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
