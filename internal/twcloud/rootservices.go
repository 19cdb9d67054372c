package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

const (
	// discoveryTimeout bounds a discovery, with all its requests and retries.
	discoveryTimeout = 10 * time.Second
	// maxRedirects is how many redirects are followed for one document.
	maxRedirects = 5
	// maxRootServices bounds a root services document, in bytes. A real one has
	// a few thousand.
	maxRootServices = 1 << 20
)

// OAuthEndpoints is what a root services document says of OAuth 1.0a. URLs are
// absolute, and http or https. What the document does not name is empty; only
// RootServicesURL and RequestTokenURL never are.
type OAuthEndpoints struct {
	// RootServicesURL is where the document was found.
	RootServicesURL string
	// RequestConsumerKeyURL registers a consumer without a session.
	RequestConsumerKeyURL string
	// RequestTokenURL is the temporary credential request (RFC 5849, section 2.1).
	RequestTokenURL string
	// UserAuthorizationURL is the resource owner authorization (RFC 5849, section
	// 2.2).
	UserAuthorizationURL string
	// AccessTokenURL is the token request (RFC 5849, section 2.3).
	AccessTokenURL string
	// Realm is the realm of the Authorization header (RFC 5849, section 3.5.1).
	Realm string
	// Domain is the OAuth domain of the server.
	Domain string
}

// discoverer finds the OAuth 1.0a endpoints once in its life, and keeps what came
// of it, a failure included. All fields must be set before the first discover.
type discoverer struct {
	restRoot   *url.URL
	webAppRoot *url.URL
	// webAppExplicit says that somebody has named webAppRoot: it must answer.
	webAppExplicit bool
	// transport does retries, limits and logging, and follows no redirects.
	transport http.RoundTripper

	start     sync.Once
	done      chan struct{}
	endpoints OAuthEndpoints
	err       error
}

// discover returns the endpoints of the server's root services document. Callers
// share one discovery, which outlives the cancellation of any of them.
//
// The document names URLs of the server's choice: whether to send anything to
// them is for the caller to judge, with sameSite.
func (d *discoverer) discover(ctx context.Context) (OAuthEndpoints, error) {
	if ctx.Err() == nil {
		d.start.Do(func() {
			d.done = make(chan struct{})
			go d.run(withManner(context.WithoutCancel(ctx), ordinary))
		})
		select {
		case <-d.done:
			return d.endpoints, d.err
		case <-ctx.Done():
		}
	}
	return OAuthEndpoints{}, fmt.Errorf("discovery of the OAuth endpoints: %w: %w", ErrCanceled, context.Cause(ctx))
}

func (d *discoverer) run(ctx context.Context) {
	defer close(d.done)
	defer func() {
		if reason := recover(); reason != nil {
			d.err = fmt.Errorf("discovery of the OAuth endpoints panicked: %v", reason)
		}
	}()
	// This is what is left if the transport ends the goroutine.
	d.err = errors.New("discovery of the OAuth endpoints was broken off")

	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	d.endpoints, d.err = d.try(ctx)
}

// try looks where the document is from 2022x Refresh2 on, then where it was
// before. The first place gets half of the time: a firewall may swallow what is
// sent there. An endpoint that somebody has named and that does not answer is an
// error: nothing is asked of another place instead.
func (d *discoverer) try(ctx context.Context) (OAuthEndpoints, error) {
	half, cancel := context.WithTimeout(ctx, discoveryTimeout/2)
	defer cancel()
	endpoints, err := d.fetch(half, below(d.webAppRoot, wire.RootServicesPath))
	if err == nil {
		return endpoints, nil
	}
	if d.webAppExplicit && (errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout)) {
		return OAuthEndpoints{}, fmt.Errorf("webapp_endpoint does not answer: %w", err)
	}
	endpoints, legacyErr := d.fetch(ctx, below(d.restRoot, wire.LegacyRootServicesPath))
	if legacyErr == nil {
		return endpoints, nil
	}
	if legacyErr.Error() == err.Error() {
		// The one place redirects to the other.
		return OAuthEndpoints{}, fmt.Errorf("no root services document: %w", err)
	}
	return OAuthEndpoints{}, fmt.Errorf("no root services document: %w; %w", err, legacyErr)
}

// below keeps the path prefix of a root, as a reverse proxy has it, and nothing
// that could be a credential.
func below(root *url.URL, path string) *url.URL {
	return (&url.URL{Scheme: root.Scheme, Host: root.Host, Path: root.Path, RawPath: root.RawPath}).JoinPath(path)
}

// fetch gets one document. It follows redirects by itself, so that none leads
// away from the site.
func (d *discoverer) fetch(ctx context.Context, target *url.URL) (OAuthEndpoints, error) {
	origin := target
	for range 1 + maxRedirects {
		response, err := d.get(ctx, target)
		if err != nil {
			return OAuthEndpoints{}, fmt.Errorf("%s: %w", withoutQuery(target), err)
		}
		if isRedirect(response.StatusCode) {
			_ = response.Body.Close()
			next, err := d.follow(target, response.Header.Get("Location"))
			if err != nil {
				return OAuthEndpoints{}, fmt.Errorf("%s: %w", withoutQuery(target), err)
			}
			target = next
			continue
		}
		endpoints, err := readRootServices(response, target)
		if err != nil {
			return OAuthEndpoints{}, fmt.Errorf("%s: %w", withoutQuery(target), err)
		}
		return endpoints, nil
	}
	return OAuthEndpoints{}, fmt.Errorf("%s: %w: more than %d redirects", withoutQuery(origin), ErrUnreadable, maxRedirects)
}

func (d *discoverer) get(ctx context.Context, target *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/rdf+xml, application/xml")
	response, err := d.transport.RoundTrip(request)
	if err != nil {
		redact := &redactor{}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, &Error{Kind: ErrTimeout, Method: request.Method, Path: target.EscapedPath(), Cause: err, redact: redact.text}
		}
		return nil, newTransportError(request, err, redact)
	}
	return response, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow says where a redirect leads, if it may be followed.
func (d *discoverer) follow(from *url.URL, location string) (*url.URL, error) {
	next, err := from.Parse(location)
	switch {
	case err != nil || location == "":
		return nil, fmt.Errorf("%w: a redirect without a usable Location", ErrUnreadable)
	case !d.sameSite(next):
		return nil, fmt.Errorf("%w: a redirect to %s, away from the site, which looks like single sign-on", ErrWebPage, withoutQuery(next))
	case isDowngrade(from, next):
		return nil, fmt.Errorf("%w: a redirect from https to %s", ErrUnreadable, withoutQuery(next))
	}
	return next, nil
}

// sameSite says whether a URL is http or https, has no credentials, and has the
// host name of one of the roots. The port does not matter: an installation has
// two.
func (d *discoverer) sameSite(u *url.URL) bool {
	if checkEndpoint(u) != nil {
		return false
	}
	host := u.Hostname()
	return strings.EqualFold(host, d.webAppRoot.Hostname()) || strings.EqualFold(host, d.restRoot.Hostname())
}

func isDowngrade(from, to *url.URL) bool {
	return from.Scheme == "https" && to.Scheme != "https"
}

// withoutQuery is a URL for an error: the query of a sign-in page may hold a token.
func withoutQuery(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
