package twcloud

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// newRequest builds a request for an escaped path below a root.
func newRequest(ctx context.Context, method string, root *url.URL, escapedPath, query string, body io.Reader) (*http.Request, error) {
	if root == nil {
		return nil, &Error{Kind: ErrNoEndpoint, Method: method, Path: escapedPath}
	}
	target, err := signin.At(root, escapedPath)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", escapedPath, err)
	}
	target.RawQuery = query
	return http.NewRequestWithContext(withWaits(ctx), method, target.String(), body)
}

// sessionFor returns the session of the server that a URL belongs to.
func (c *connection) sessionFor(target *url.URL) *session {
	if root := c.chain.rest.servers.Owner(target); root != nil && root == c.options.Endpoint {
		return c.chain.rest
	}
	return c.chain.platform
}

// shownPath is the path of a request, as logs and errors show it: a server can put the
// session into it.
func shownPath(target *url.URL) string {
	return sessionInPath.ReplaceAllString(target.EscapedPath(), "")
}

var sessionInPath = regexp.MustCompile(`(?i);jsessionid=[^/;]*`)

// get sends a GET in the session and returns any answer.
func (c *connection) get(ctx context.Context, escapedPath, query string) (*http.Response, error) {
	request, err := newRequest(ctx, http.MethodGet, c.options.Endpoint, escapedPath, query, nil)
	if err != nil {
		return nil, err
	}
	return c.roundTrip(request)
}

// roundTrip sends a request in the session. The response has the request without
// what the chain adds.
func (c *connection) roundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.sessionFor(request.URL).RoundTrip(request)
	if err != nil {
		return nil, newTransportError(request, err, c.redact)
	}
	response.Request = request
	return response, nil
}
