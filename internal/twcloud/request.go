package twcloud

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// newRequest builds a request for a path below a root. The path is escaped
// already; the root's own path, as a reverse proxy has it, is kept.
func newRequest(ctx context.Context, method string, root *url.URL, escapedPath, query string, body io.Reader) (*http.Request, error) {
	raw := strings.TrimRight(root.EscapedPath(), "/") + escapedPath
	path, err := url.PathUnescape(raw)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", escapedPath, err)
	}
	// With the root's user, net/http would sign in, and every request open a
	// session.
	target := url.URL{Scheme: root.Scheme, Host: root.Host, Path: path, RawPath: raw, RawQuery: query}
	return http.NewRequestWithContext(withWaits(ctx), method, target.String(), body)
}

// below reports whether a URL is one of the server with the given root.
func below(target, root *url.URL) bool {
	prefix := strings.TrimRight(root.Path, "/")
	rest, found := strings.CutPrefix(target.Path, prefix)
	return found && (rest == "" || rest[0] == '/') &&
		target.Scheme == root.Scheme && strings.EqualFold(target.Host, root.Host)
}

// get sends a GET in the session and returns any answer.
func (c *connection) get(ctx context.Context, escapedPath, query string) (*http.Response, error) {
	request, err := newRequest(ctx, http.MethodGet, c.options.Endpoint, escapedPath, query, nil)
	if err != nil {
		return nil, err
	}
	return c.roundTrip(request)
}

// roundTrip sends a request in the session. The answer has the request without
// what the chain adds.
func (c *connection) roundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.chain.session.RoundTrip(request)
	if err != nil {
		return nil, newTransportError(request, err, c.redact)
	}
	response.Request = request
	return response, nil
}
