package twcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	// discoveryTimeout limits a discovery, with all requests and retries.
	discoveryTimeout = 10 * time.Second
	// maxRedirects limits the redirects for one document.
	maxRedirects = 5
)

// discoverer finds the OAuth 1.0a endpoints once, and keeps the result, also a
// failure.
type discoverer struct {
	*connection
	endpoints shared[OAuthEndpoints]
}

// discover returns the endpoints of the server's root services document.
//
// The server chooses the URLs. Before anything is sent to one, the caller checks it
// with sameSite.
func (d *discoverer) discover(ctx context.Context) (OAuthEndpoints, error) {
	endpoints, err := d.endpoints.get(withManner(ctx, ordinary), d.try)
	if err != nil && ctx.Err() != nil {
		return OAuthEndpoints{}, fmt.Errorf("discovery of the OAuth endpoints: %w: %w", ErrCanceled, context.Cause(ctx))
	}
	return endpoints, err
}

// try looks at the location since 2022x Refresh2, then at the older one. The
// first one gets half of the time, because a firewall may drop the requests. If
// the user set an endpoint and it does not answer, that is an error, and the
// other location is not tried.
func (d *discoverer) try(ctx context.Context) (endpoints OAuthEndpoints, err error) {
	defer recovered(&err, http.MethodGet, "the root services document", d.redact)
	ctx, cancel := context.WithTimeout(ctx, discoveryTimeout)
	defer cancel()
	half, cancelHalf := context.WithTimeout(ctx, discoveryTimeout/2)
	defer cancelHalf()
	endpoints, err = d.fetch(half, d.options.WebAppEndpoint, wire.RootServicesPath)
	if err == nil {
		return endpoints, nil
	}
	if d.options.WebAppExplicit && (errors.Is(err, ErrUnreachable) || errors.Is(err, ErrTimeout)) {
		return OAuthEndpoints{}, fmt.Errorf("webapp_endpoint does not answer: %w", err)
	}
	if d.options.Endpoint == nil {
		return OAuthEndpoints{}, fmt.Errorf("no root services document: %w", err)
	}
	endpoints, legacyErr := d.fetch(ctx, d.options.Endpoint, wire.LegacyRootServicesPath)
	if legacyErr == nil {
		return endpoints, nil
	}
	if legacyErr.Error() == err.Error() {
		// One place redirects to the other.
		return OAuthEndpoints{}, fmt.Errorf("no root services document: %w", err)
	}
	return OAuthEndpoints{}, fmt.Errorf("no root services document: %w; %w", err, legacyErr)
}

// fetch gets one document. It follows redirects itself, so that none leads away
// from the site.
func (d *discoverer) fetch(ctx context.Context, root *url.URL, path string) (endpoints OAuthEndpoints, err error) {
	origin, err := signin.At(root, path)
	if err != nil {
		return OAuthEndpoints{}, err
	}
	target := origin
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", withoutQuery(target), err)
		}
	}()
	for range 1 + maxRedirects {
		response, err := d.document(ctx, target)
		if err != nil {
			return OAuthEndpoints{}, err
		}
		if !signin.IsRedirect(response.StatusCode) {
			return readRootServices(response, target)
		}
		next, err := d.follow(target, response.Header.Get("Location"))
		if err != nil {
			return OAuthEndpoints{}, err
		}
		target = next
	}
	target = origin
	return OAuthEndpoints{}, fmt.Errorf("%w: more than %d redirects", ErrUnreadable, maxRedirects)
}

func (d *discoverer) document(ctx context.Context, target *url.URL) (*http.Response, error) {
	request, err := http.NewRequestWithContext(withWaits(ctx), http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/rdf+xml, application/xml")
	response, err := d.chain.retry.RoundTrip(request)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		// The time was up in a wait. What was before it says more.
		if noted, ok := waitsIn(request.Context()); ok {
			if before := noted.failure.Load(); before != nil {
				return nil, newTransportError(request, *before, d.redact)
			}
			if status := int(noted.status.Load()); status != 0 {
				return nil, unreadableStatus(status)
			}
		}
		return nil, &Error{Kind: ErrTimeout, Method: request.Method, Path: target.EscapedPath(), Cause: err, redact: d.redact.text}
	case err != nil:
		return nil, newTransportError(request, err, d.redact)
	}
	return response, nil
}

func unreadableStatus(status int) error {
	return fmt.Errorf("%w: %d %s", ErrUnreadable, status, http.StatusText(status))
}

// follow returns the target of a redirect if it can be followed.
func (d *discoverer) follow(from *url.URL, location string) (*url.URL, error) {
	next, err := from.Parse(location)
	switch {
	case err != nil || location == "":
		return nil, fmt.Errorf("%w: a redirect without a usable Location", ErrUnreadable)
	case !d.sameSite(next):
		return nil, fmt.Errorf("%w: a redirect to %s, away from the site, which looks like single sign-on", ErrWebPage, withoutQuery(next))
	case from.Scheme == "https" && next.Scheme != "https":
		return nil, fmt.Errorf("%w: a redirect from https to %s", ErrUnreadable, withoutQuery(next))
	}
	return next, nil
}

// sameSite reports whether a URL is http or https, has no credentials, and has
// the host name of one of the roots. The port can differ, because an
// installation has two.
func (d *discoverer) sameSite(u *url.URL) bool {
	if checkEndpoint(u) != nil {
		return false
	}
	for _, root := range []*url.URL{d.options.WebAppEndpoint, d.options.AuthenticationEndpoint, d.options.Endpoint} {
		if root != nil && strings.EqualFold(u.Hostname(), root.Hostname()) {
			return true
		}
	}
	return false
}

// checkTarget refuses another host, or http if the document came through https: anyone
// who sees a signature can guess the secret offline, and a registration has the secret
// itself.
func (d *discoverer) checkTarget(what string, target *url.URL, endpoints OAuthEndpoints) error {
	switch {
	case !d.sameSite(target):
		return fmt.Errorf("the root services document has %s at %s, away from the site: nothing was sent there", what, withoutQuery(target))
	case target.Scheme != "https" && strings.HasPrefix(endpoints.RootServicesURL, "https:"):
		return fmt.Errorf("the root services document, read with https, has %s at %s: nothing was sent there", what, withoutQuery(target))
	}
	return nil
}

// registration returns the URL that registers a consumer.
func (d *discoverer) registration(ctx context.Context, call *profile.Call) (*url.URL, error) {
	endpoints, err := d.discover(ctx)
	if err != nil {
		return nil, newCallError(kindOfDiscovery(err), call, "", err)
	}
	if endpoints.RequestConsumerKeyURL == "" {
		return nil, newCallError(ErrUnsupported, call, "", fmt.Errorf("the root services document %s does not name jfs:%s", endpoints.RootServicesURL, call.Discover))
	}
	target, err := url.Parse(endpoints.RequestConsumerKeyURL)
	if err == nil {
		err = d.checkTarget("the registration", target, endpoints)
	}
	if err != nil {
		return nil, newCallError(ErrUnreadable, call, "", err)
	}
	return target, nil
}

// kindOfDiscovery is the kind of a discovery that failed.
func kindOfDiscovery(err error) error {
	for _, kind := range []error{ErrCanceled, ErrClosed, ErrTimeout, ErrUnreachable, ErrWebPage, ErrTooLarge, ErrPanic} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return ErrUnreadable
}

// withoutQuery is a URL for an error. The query of a sign-in page can have a
// token.
func withoutQuery(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
