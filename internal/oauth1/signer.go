// Package oauth1 signs requests with OAuth 1.0a (RFC 5849): HMAC-SHA1, in the
// Authorization header.
package oauth1

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // #nosec G505 -- HMAC-SHA1 is the method of RFC 5849, section 3.4.2.
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SignatureMethod is the only method of this package (RFC 5849, section 3.4.2).
const SignatureMethod = "HMAC-SHA1"

const signatureParam = "oauth_signature"

// Signer signs requests of one client, and of one resource owner if Token is set.
// It may be used by several goroutines at once if Now and Nonce may.
type Signer struct {
	// ConsumerKey and ConsumerSecret are the client credentials.
	ConsumerKey    string
	ConsumerSecret string

	// Token and TokenSecret are temporary or token credentials. Without a Token,
	// no oauth_token is sent.
	Token       string
	TokenSecret string

	// Realm goes into the header and not into the signature. Empty: none is sent.
	Realm string

	// Now returns the time that is sent, in whole seconds. Nil: time.Now.
	Now func() time.Time

	// Nonce must be unique among the requests of one second (RFC 5849, section
	// 3.3). Nil: 128 bits of crypto/rand.
	Nonce func() string
}

// Sign sets the Authorization header of the request. The params, such as
// oauth_callback, are sent in it and are signed. The optional oauth_version is sent
// only if it is one of them.
//
// Sign signs the method, the URL with its query, and a form-encoded body, which it
// reads through GetBody. Don't change them afterwards. Sign again before you send the
// request again: a server may refuse a nonce that it has seen.
//
// It is an error if the URL is not absolute http or https, if a query or a form is
// malformed, if a form cannot be read twice, if the realm has control characters,
// or if a parameter does not belong to the protocol or is given twice. No error
// quotes a secret.
func (s Signer) Sign(req *http.Request, params ...Param) error {
	header, err := s.protocolParams(params)
	if err != nil {
		return err
	}
	form, err := formParams(req)
	if err != nil {
		return err
	}
	uri := *req.URL
	if req.Host != "" {
		uri.Host = req.Host
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	base, err := BaseString(method, &uri, slices.Concat(header, form))
	if err != nil {
		return err
	}

	header = append(header, Param{Name: signatureParam, Value: Signature(base, s.ConsumerSecret, s.TokenSecret)})
	authorization, err := formatAuthorization(s.Realm, header)
	if err != nil {
		return err
	}
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	req.Header.Set("Authorization", authorization)
	return nil
}

// Signature returns the base64 of the HMAC-SHA1 of a signature base string (RFC
// 5849, section 3.4.2). Either secret may be empty.
func Signature(baseString, consumerSecret, tokenSecret string) string {
	mac := hmac.New(sha1.New, []byte(PercentEncode(consumerSecret)+"&"+PercentEncode(tokenSecret)))
	mac.Write([]byte(baseString))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// protocolParams lists the protocol parameters of RFC 5849, section 3.1, without
// the signature.
func (s Signer) protocolParams(further []Param) ([]Param, error) {
	now, nonce := s.Now, s.Nonce
	if now == nil {
		now = time.Now
	}
	if nonce == nil {
		nonce = rand.Text
	}

	params := []Param{{Name: "oauth_consumer_key", Value: s.ConsumerKey}}
	if s.Token != "" {
		params = append(params, Param{Name: "oauth_token", Value: s.Token})
	}
	params = append(params,
		Param{Name: "oauth_signature_method", Value: SignatureMethod},
		Param{Name: "oauth_timestamp", Value: strconv.FormatInt(now().Unix(), 10)},
		Param{Name: "oauth_nonce", Value: nonce()},
	)
	for _, param := range further {
		if !strings.HasPrefix(param.Name, "oauth_") || param.Name == signatureParam {
			return nil, fmt.Errorf("oauth1: %q cannot be sent as a protocol parameter", param.Name)
		}
		if slices.ContainsFunc(params, func(p Param) bool { return p.Name == param.Name }) {
			return nil, fmt.Errorf("oauth1: the protocol parameter %q is given twice", param.Name)
		}
		params = append(params, param)
	}
	return params, nil
}

// formParams reads the parameters of a form-encoded body (RFC 5849, section
// 3.4.1.3.1) and leaves the body as it is.
func formParams(req *http.Request) ([]Param, error) {
	// For a malformed parameter, ParseMediaType returns an error and the type.
	mediaType, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if mediaType != "application/x-www-form-urlencoded" || req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	if req.GetBody == nil {
		return nil, errors.New("oauth1: a form-encoded body cannot be signed without GetBody")
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("oauth1: unable to read the form-encoded body: %w", err)
	}
	defer func() { _ = body.Close() }()
	encoded, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("oauth1: unable to read the form-encoded body: %w", err)
	}
	return ParseForm(string(encoded))
}
