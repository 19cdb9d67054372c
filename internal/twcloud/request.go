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
	return http.NewRequestWithContext(ctx, method, target.String(), body)
}
