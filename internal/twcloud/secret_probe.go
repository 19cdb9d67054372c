package twcloud

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/oauth1"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// maxClockSkew is how far the clocks may differ before a refusal may be due to the
// timestamp.
const maxClockSkew = 5 * time.Minute

// SecretVerdict is the server's verdict on a consumer's secret.
type SecretVerdict int

const (
	// SecretUnknown: no verdict. The error says why.
	SecretUnknown SecretVerdict = iota
	// SecretAccepted: the server accepted a signature with the secret.
	SecretAccepted
	// SecretRefused: the secret is wrong, the key is unknown, or the consumer is
	// not approved. The server does not say which.
	SecretRefused
)

// secretProber checks a secret, which the server never returns, by signing a
// temporary credential request with it (RFC 5849, section 2.1). It never sends
// the secret itself. If the secret is right, temporary credentials remain on
// the server until they expire.
type secretProber struct {
	*discoverer
	now func() time.Time
	// nonce is for the signature. Nil: that of oauth1.Signer.
	nonce func() string
}

// probe returns SecretUnknown with every error. No error has the secret, the
// signature, or the Authorization header.
func (p *secretProber) probe(ctx context.Context, key, secret string) (SecretVerdict, error) {
	endpoints, err := p.discover(ctx)
	if err != nil {
		return SecretUnknown, err
	}
	// The server may refuse the nonce of a repeated request. This would prove
	// nothing about the secret.
	request, err := http.NewRequestWithContext(withManner(ctx, single), http.MethodPost, endpoints.RequestTokenURL, http.NoBody)
	if err != nil {
		return SecretUnknown, err
	}
	if err := p.checkTarget("the request token", request.URL, endpoints); err != nil {
		return SecretUnknown, err
	}
	signer := oauth1.Signer{ConsumerKey: key, ConsumerSecret: secret, Realm: endpoints.Realm, Now: p.now, Nonce: p.nonce}
	signature, err := signer.Sign(request,
		oauth1.Param{Name: "oauth_callback", Value: "oob"},
		oauth1.Param{Name: "oauth_version", Value: "1.0"},
	)
	if err != nil {
		return SecretUnknown, fmt.Errorf("sign a temporary credential request: %w", err)
	}

	redact := &redactor{}
	redact.add(secret, signature, request.Header.Get("Authorization"))
	response, err := p.chain.retry.RoundTrip(request)
	if err != nil {
		return SecretUnknown, newTransportError(request, err, redact)
	}
	return p.judge(request, response, redact)
}

// refusals are the problems with the consumer. consumer_key_refused is not one
// of them, because it is temporary.
var refusals = []string{"signature_invalid", "consumer_key_unknown", "consumer_key_rejected"}

// judge treats a 401 as a refusal only if it comes from OAuth and concerns the
// consumer. It could also come from a proxy, or concern the timestamp.
func (p *secretProber) judge(request *http.Request, response *http.Response, redact *redactor) (SecretVerdict, error) {
	if response.StatusCode == http.StatusOK && hasTemporaryCredentials(signin.Body(response)) {
		return SecretAccepted, nil
	}
	failure := newProbeError(request, response, redact)
	problem := oauthProblem(response)
	if response.StatusCode != http.StatusUnauthorized {
		if problem != "" {
			return SecretUnknown, fmt.Errorf("the server reports the OAuth problem %s: %w", redact.text(problem), failure)
		}
		return SecretUnknown, failure
	}

	if skew := p.clockSkew(response); skew.Abs() > maxClockSkew {
		return SecretUnknown, fmt.Errorf("the clocks of this machine and of the server differ by %s, so that the refusal may be due to the timestamp: %w",
			skew.Abs().Round(time.Second), failure)
	}
	switch {
	case slices.Contains(refusals, problem):
		return SecretRefused, nil
	case problem != "":
		return SecretUnknown, fmt.Errorf("the server reports the OAuth problem %s, which is not about the secret: %w", redact.text(problem), failure)
	}
	schemes := challengeSchemes(response.Header.Values("WWW-Authenticate"))
	switch {
	case slices.ContainsFunc(schemes, func(scheme string) bool { return strings.EqualFold(scheme, "OAuth") }):
		return SecretRefused, nil
	case len(schemes) > 0:
		return SecretUnknown, fmt.Errorf("something before the server, or the server itself, asks for %s and not for OAuth: %w",
			shorten(redact.text(strings.Join(schemes, ", "))), failure)
	case signin.IsPage(response):
		failure.Kind = ErrWebPage
		return SecretUnknown, failure
	}
	return SecretRefused, nil
}

// newProbeError describes the response. The kinds for sessions and consumers do
// not apply here.
func newProbeError(request *http.Request, response *http.Response, redact *redactor) *Error {
	failure := newStatusError(request, response, redact)
	switch failure.Kind {
	case ErrServer, ErrTooManyRequests, ErrInvalid, ErrWebPage:
	default:
		failure.Kind = ErrUnreadable
		if signin.IsPage(response) {
			failure.Kind = ErrWebPage
		}
	}
	// The message may be an echo of the request, or credentials.
	if strings.Contains(failure.Message, "oauth_signature") || strings.Contains(failure.Message, "oauth_token") {
		failure.Message = ""
	}
	return failure
}

// hasTemporaryCredentials reports whether a body is the form of RFC 5849,
// section 2.1. The media type does not matter: some servers use text/plain.
func hasTemporaryCredentials(body []byte) bool {
	form := strings.TrimSpace(string(body))
	if strings.ContainsAny(form, "<>{}\" \t\r\n") {
		return false
	}
	values, err := url.ParseQuery(form)
	return err == nil && values.Get("oauth_token") != ""
}

// problemPattern finds a report of the OAuth Problem Reporting extension in a
// form, a challenge, JSON, or text.
var problemPattern = regexp.MustCompile(`\boauth_problem["']?\s*[=:]\s*["']?([A-Za-z_]+)`)

func oauthProblem(response *http.Response) string {
	for _, text := range append(response.Header.Values("WWW-Authenticate"), string(signin.Body(response))) {
		if match := problemPattern.FindStringSubmatch(text); match != nil {
			return strings.ToLower(match[1])
		}
	}
	return ""
}

// clockSkew is how far the server's clock is ahead. It is zero for a response
// without a date.
func (p *secretProber) clockSkew(response *http.Response) time.Duration {
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return date.Sub(p.now())
}

var quotedString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// challengeSchemes returns the schemes in WWW-Authenticate headers (RFC 9110,
// section 11.6.1): a challenge starts with a word that no "=" follows.
func challengeSchemes(headers []string) []string {
	var schemes []string
	for _, header := range headers {
		for part := range strings.SplitSeq(quotedString.ReplaceAllString(header, ""), ",") {
			if words := strings.Fields(part); len(words) > 0 && !strings.Contains(words[0], "=") {
				schemes = append(schemes, words[0])
			}
		}
	}
	return schemes
}
