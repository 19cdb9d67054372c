// Package twcloud is a client of Teamwork Cloud's administration of OAuth
// consumers. It knows nothing of Terraform.
//
// The client signs in when the first call needs it, keeps one session, and gives
// its license seat back on Close. Its errors are values: errors.Is tells what
// went wrong, and no error or log holds a secret, a password, a token or a
// cookie.
package twcloud

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// closeBudget bounds the logout: Terraform kills a provider two seconds after
// it has asked it to stop.
const closeBudget = 1500 * time.Millisecond

// Client talks to one server in one session. It is safe for concurrent use.
type Client struct {
	*connection
	snapshot *snapshot
	// registrations and removals wait for the first of their kind.
	registrations, removals gate
	discoverer              *discoverer
	prober                  *secretProber
}

// connection is what all views of a server share: the session, the chain, and
// the order of registrations.
type connection struct {
	options  Options
	profile  *profile.Profile
	chain    *chain
	redact   *redactor
	names    *nameLocks
	csrf     *csrf
	evidence *evidence
}

// New returns a client. It makes no network call. Close it when done.
func New(options Options) (*Client, error) {
	if options.Endpoint == nil {
		return nil, errors.New("no endpoint")
	}
	if options.Credentials == nil {
		return nil, errors.New("no credentials")
	}
	if options.Profile == nil {
		options.Profile = profile.BuiltIn()
	}
	options.Profile = options.Profile.WithCollection(options.OAuthConsumersPath)
	options.RequestTimeout = cmp.Or(options.RequestTimeout, DefaultRequestTimeout)
	options.MaxConcurrentRequests = cmp.Or(options.MaxConcurrentRequests, DefaultMaxConcurrentRequests)
	if options.WebAppEndpoint == nil {
		options.WebAppEndpoint = &url.URL{
			Scheme: options.Endpoint.Scheme,
			Host:   net.JoinHostPort(options.Endpoint.Hostname(), wire.DefaultWebAppPort),
		}
	}
	redact := &redactor{}
	redact.add(options.Credentials.Secrets()...)
	redact.add(proxySecrets()...)
	connection := &connection{
		options:  options,
		profile:  options.Profile,
		chain:    newChain(options, redact),
		redact:   redact,
		names:    &nameLocks{},
		csrf:     &csrf{},
		evidence: &evidence{},
	}
	connection.chain.session.observe = func(session *openSession, response *http.Response) {
		connection.csrf.observe(options.Profile.CSRF, session, response, redact)
	}
	return connection.view(), nil
}

// View returns a client that shares the session with this one, but nothing that
// was read: what it reads, it reads again. A login that failed may be tried
// again.
func (c *Client) View() *Client {
	c.chain.session.forgive()
	return c.connection.view()
}

func (c *connection) view() *Client {
	client := &Client{
		connection:    c,
		registrations: newGate(), removals: newGate(),
		discoverer: &discoverer{
			restRoot:       c.options.Endpoint,
			webAppRoot:     c.options.WebAppEndpoint,
			webAppExplicit: c.options.WebAppExplicit,
			transport:      c.chain.retry,
		},
	}
	client.snapshot = newSnapshot(client.list, c.evidence)
	client.prober = &secretProber{discoverer: client.discoverer, transport: c.chain.retry}
	return client
}

// Close logs out, if the client has logged in, and ends its connections. It
// takes a second and a half at most, also when the server hangs, and does not
// depend on a context of the caller's, who may have been canceled.
func (c *Client) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeBudget)
	defer cancel()
	c.chain.limit.close()
	err := c.chain.session.close(ctx)
	if closer, ok := c.chain.base.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
	return err
}

// Drain lets no registration begin any more: one that is not sent is safe, and
// one that is cut off may be an orphan. What has begun goes on.
func (c *Client) Drain() { c.chain.limit.drain() }

// SeeThrough returns a context for what must be brought to an end once it has
// begun, such as the approval of a consumer just registered: it outlives the
// cancellation of the given one by one request timeout.
func (c *Client) SeeThrough(ctx context.Context) (context.Context, context.CancelFunc) {
	return seenThrough(ctx, c.options.RequestTimeout)
}

// Redact takes every secret that the client has been told out of a text.
func (c *Client) Redact(text string) string { return c.redact.text(text) }

// ProbeSecret finds out whether the server still takes a secret for the one of
// an approved consumer, by signing a request-token call with it. The secret
// itself is not sent. Without an error there is a verdict.
func (c *Client) ProbeSecret(ctx context.Context, key, secret string) (SecretVerdict, error) {
	c.redact.add(secret)
	return c.prober.probe(ctx, key, secret)
}

// OAuthEndpoints returns where the OAuth 1.0a endpoints are, as the root services
// document tells.
func (c *Client) OAuthEndpoints(ctx context.Context) (OAuthEndpoints, error) {
	return c.discoverer.discover(ctx)
}

// proxySecrets are those in the proxies of the environment: net/http quotes a
// proxy's URL, and the proxy's own words, in some errors.
func proxySecrets() []string {
	var secrets []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		value := os.Getenv(name)
		if value != "" && !strings.Contains(value, "://") {
			value = "http://" + value
		}
		proxy, err := url.Parse(value)
		if err != nil || proxy.User == nil {
			continue
		}
		if password, ok := proxy.User.Password(); ok {
			secrets = append(secrets, BasicCredentials{Username: proxy.User.Username(), Password: password}.Secrets()...)
		}
	}
	return secrets
}

// escapeKey escapes a consumer's key for use as one segment of a path. A key may
// hold any character, and a server or a proxy would resolve the dots of "." and
// "..".
func escapeKey(key string) string {
	if strings.Trim(key, ".") == "" {
		return strings.ReplaceAll(key, ".", "%2E")
	}
	return url.PathEscape(key)
}
