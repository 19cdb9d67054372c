// Package twcloud is a client of Teamwork Cloud's administration of OAuth
// consumers. It does not depend on Terraform.
//
// The client signs in to a server when the first call to it needs that, keeps one
// session, and releases its license seat on Close. Use errors.Is to tell errors apart. No
// error or log has a secret, a password, a token, or a cookie.
package twcloud

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// closeBudget is the time limit of the sign-out. Terraform kills a provider two
// seconds after it asked it to stop.
const closeBudget = 1500 * time.Millisecond

// Client calls one installation, in one session for each of its two servers. It is
// safe for concurrent use.
type Client struct {
	*connection
	snapshot *snapshot
	// registrations and removals wait for the first of their kind.
	registrations, removals gate
	prober                  *secretProber
}

// connection is shared by all views of a server.
type connection struct {
	options  Options
	profile  *profile.Profile
	chain    *chain
	redact   *redactor
	names    *nameLocks
	resends  *nameLocks
	evidence *evidence
}

// New returns a client. It makes no network call. Close it when done.
func New(options Options) (*Client, error) {
	options.Profile = cmp.Or(options.Profile, profile.BuiltIn())
	if options.Endpoint == nil && (options.WebAppEndpoint == nil || options.Profile.UsesREST()) {
		return nil, errors.New("no endpoint")
	}
	if options.Credentials.none() && NeedsCredentials(options.Profile) {
		return nil, errors.New("no credentials")
	}
	options.RequestTimeout = cmp.Or(options.RequestTimeout, DefaultRequestTimeout)
	options.MaxResponse = cmp.Or(options.MaxResponse, DefaultMaxResponse)
	options.MaxConcurrentRequests = cmp.Or(options.MaxConcurrentRequests, DefaultMaxConcurrentRequests)
	if options.WebAppEndpoint == nil {
		options.WebAppEndpoint = DefaultWebAppEndpoint(options.Endpoint)
	}
	options.AuthenticationEndpoint = cmp.Or(options.AuthenticationEndpoint, options.WebAppEndpoint)
	if options.Now == nil {
		options.Now = time.Now
	}
	redact := &redactor{}
	redact.add(options.Credentials.secrets()...)
	redact.add(proxySecrets()...)
	connection := &connection{
		options:  options,
		profile:  options.Profile,
		chain:    newChain(options, redact),
		redact:   redact,
		names:    &nameLocks{},
		resends:  &nameLocks{},
		evidence: &evidence{},
	}
	return connection.view(), nil
}

// View returns a client that shares the session, but reads everything again. It
// can retry a sign-in that failed.
func (c *Client) View() *Client {
	c.chain.rest.forgive()
	c.chain.platform.forgive()
	return c.connection.view()
}

func (c *connection) view() *Client {
	client := &Client{
		connection:    c,
		registrations: newGate(), removals: newGate(),
		prober: &secretProber{discoverer: &discoverer{connection: c}, now: time.Now},
	}
	client.snapshot = &snapshot{list: client.list, now: c.options.Now}
	return client
}

// Close signs out of both servers at once, as far as the client has signed in, and
// closes its connections. It takes 1.5 seconds at most, even if a server hangs, and
// does not depend on the context of a caller.
func (c *Client) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeBudget)
	defer cancel()
	c.chain.limit.close()
	rest := make(chan error, 1)
	go func() { rest <- c.chain.rest.close(ctx) }()
	err := errors.Join(c.chain.platform.close(ctx), <-rest)
	if closer, ok := c.chain.base.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
	return err
}

// Drain stops new registrations. One that is not sent is safe, but one that is
// cut off can be orphaned. Requests in flight continue.
func (c *Client) Drain() { c.chain.limit.drain() }

// Stop cancels the calls in flight, so that their callers can still report what exists
// on the server. After that, only sign-outs are sent.
func (c *Client) Stop() { c.chain.limit.stop() }

// SeeThrough returns a context for work that must be finished, such as
// approving a consumer that was just registered. It outlives the cancellation
// of the given one by one request timeout, unless Stop ends it.
func (c *Client) SeeThrough(ctx context.Context) (context.Context, context.CancelFunc) {
	through, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(c.options.RequestTimeout, cancel) })
	goOn := context.AfterFunc(c.chain.limit.stopping, cancel)
	return through, func() {
		stop()
		goOn()
		cancel()
	}
}

// Profile is the API profile.
func (c *Client) Profile() *Profile { return c.profile }

// OnPlatform reports whether the consumers are on the Web Application Platform, behind
// its sign-in, and whether the client signs in there by a token.
func (c *Client) OnPlatform() (onPlatform, byToken bool) {
	_, byToken = c.chain.platform.method.(*signin.ByToken)
	return c.profile.SignsIn(), byToken
}

// Hide keeps a secret out of the errors and logs that follow.
func (c *Client) Hide(secret string) { c.redact.add(secret) }

// Redact removes every secret that the client knows from a text.
func (c *Client) Redact(text string) string { return c.redact.text(text) }

// ProbeSecret checks a secret of an approved consumer by signing a
// request-token call with it. The secret itself is not sent. Without an error,
// there is a verdict.
func (c *Client) ProbeSecret(ctx context.Context, key, secret string) (SecretVerdict, error) {
	c.redact.add(secret)
	return c.prober.probe(ctx, key, secret)
}

// OAuthEndpoints returns the OAuth 1.0a endpoints that the root services
// document names.
func (c *Client) OAuthEndpoints(ctx context.Context) (OAuthEndpoints, error) {
	return c.prober.discover(ctx)
}

// proxySecrets are the secrets in the environment's proxy settings. Some errors
// of net/http quote the URL of a proxy or its response.
func proxySecrets() []string {
	var secrets []string
	settings := httpproxy.FromEnvironment()
	for _, value := range []string{settings.HTTPProxy, settings.HTTPSProxy} {
		if value != "" && !strings.Contains(value, "://") {
			value = "http://" + value
		}
		proxy, err := url.Parse(value)
		if err != nil || proxy.User == nil {
			continue
		}
		if password, ok := proxy.User.Password(); ok {
			secrets = append(secrets, Credentials{Username: proxy.User.Username(), Password: password}.secrets()...)
		}
	}
	return secrets
}
