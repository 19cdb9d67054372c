// Package oauth1 signs requests with OAuth 1.0a (RFC 5849): HMAC-SHA1, in the
// Authorization header, with the credentials of a client and without a token.
package oauth1

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- HMAC-SHA1 is the method of RFC 5849, section 3.4.2.
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs requests of one client.
type Signer struct {
	// ConsumerKey and ConsumerSecret are the client credentials.
	ConsumerKey    string
	ConsumerSecret string

	// Realm goes into the header and not into the signature. Empty: none is sent.
	Realm string

	// Now returns the time that is sent, in whole seconds.
	Now func() time.Time

	// Nonce must be unique among the requests of one second (RFC 5849, section
	// 3.3). Nil: 128 bits of crypto/rand.
	Nonce func() string
}

// Param is one parameter of a request, decoded.
type Param struct {
	Name  string
	Value string
}

// Sign sets the Authorization header of a request whose URL is absolute and that has
// no form in its body, and returns the signature. The params, such as oauth_callback,
// are sent in the header and are signed. Sign again before you send the request again:
// a server may refuse a nonce that it has seen.
func (s Signer) Sign(request *http.Request, params ...Param) (signature string, err error) {
	query, err := url.ParseQuery(request.URL.RawQuery)
	if err != nil {
		return "", errors.New("oauth1: the query of the URL is malformed")
	}
	nonce := rand.Text
	if s.Nonce != nil {
		nonce = s.Nonce
	}
	header := append([]Param{
		{"oauth_consumer_key", s.ConsumerKey},
		{"oauth_signature_method", "HMAC-SHA1"},
		{"oauth_timestamp", strconv.FormatInt(s.Now().Unix(), 10)},
		{"oauth_nonce", nonce()},
	}, params...)
	signed := slices.Clone(header)
	for name, values := range query {
		for _, value := range values {
			signed = append(signed, Param{name, value})
		}
	}
	signature = sign(baseString(request.Method, request.URL, signed), s.ConsumerSecret, "")
	request.Header.Set("Authorization", authorization(s.Realm, append(header, Param{"oauth_signature", signature})))
	return signature, nil
}

// sign implements RFC 5849, section 3.4.2.
func sign(baseString, consumerSecret, tokenSecret string) string {
	mac := hmac.New(sha1.New, []byte(percentEncode(consumerSecret)+"&"+percentEncode(tokenSecret)))
	mac.Write([]byte(baseString))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// baseString implements RFC 5849, section 3.4.1. The params are all that are signed,
// those of the query included.
func baseString(method string, uri *url.URL, params []Param) string {
	return method + "&" + percentEncode(baseURI(uri)) + "&" + percentEncode(normalized(params))
}

// baseURI implements RFC 5849, section 3.4.1.2.
func baseURI(uri *url.URL) string {
	defaultPort := map[string]string{"http": ":80", "https": ":443"}[uri.Scheme]
	host := strings.TrimSuffix(strings.ToLower(uri.Host), defaultPort)
	return uri.Scheme + "://" + host + cmp.Or(uri.EscapedPath(), "/")
}

// normalized implements RFC 5849, section 3.4.1.3.2: parameters are sorted after they
// have been encoded, by name and then by value.
func normalized(params []Param) string {
	encoded := make([]Param, 0, len(params))
	for _, param := range params {
		encoded = append(encoded, Param{percentEncode(param.Name), percentEncode(param.Value)})
	}
	slices.SortFunc(encoded, func(a, b Param) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	pairs := make([]string, 0, len(encoded))
	for _, param := range encoded {
		pairs = append(pairs, param.Name+"="+param.Value)
	}
	return strings.Join(pairs, "&")
}

// authorization implements RFC 5849, section 3.5.1. The realm is a quoted-string and
// is not percent-encoded.
func authorization(realm string, params []Param) string {
	var fields []string
	if realm != "" {
		fields = append(fields, `realm="`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(realm)+`"`)
	}
	for _, param := range params {
		fields = append(fields, percentEncode(param.Name)+`="`+percentEncode(param.Value)+`"`)
	}
	return "OAuth " + strings.Join(fields, ", ")
}

// percentEncode implements RFC 5849, section 3.6. A form differs from it in the
// space alone.
func percentEncode(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
