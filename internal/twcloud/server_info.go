package twcloud

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// Version returns the server's version, such as "2022x".
func (c *Client) Version(ctx context.Context) (string, error) {
	response, err := c.get(ctx, wire.VersionPath, "")
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK || signin.IsPage(response) {
		return "", c.unlikeServerInfo(response)
	}
	return shorten(string(signin.Body(response))), nil
}

// CurrentUser returns the name of the user who is signed in. The server answers
// with a redirect to the path of the user (documented), which has the name. The
// redirect is not followed.
func (c *Client) CurrentUser(ctx context.Context) (string, error) {
	response, err := c.get(ctx, wire.CurrentUserPath, wire.CurrentUserQuery)
	if err != nil {
		return "", err
	}
	if response.StatusCode == http.StatusTemporaryRedirect {
		location, err := url.Parse(response.Header.Get("Location"))
		if err == nil {
			_, name, _ := strings.Cut(location.Path, wire.UsersPath+"/")
			if name != "" {
				return name, nil
			}
		}
	}
	return "", c.unlikeServerInfo(response)
}

// unlikeServerInfo returns an error for an unexpected answer. A 404 here
// concerns no consumer.
func (c *connection) unlikeServerInfo(response *http.Response) error {
	failure := newStatusError(response.Request, response, c.redact)
	switch {
	case signin.IsPage(response):
		failure.Kind = ErrWebPage
	case failure.Kind == ErrNotFound:
		failure.Kind = ErrUnreadable
	}
	return failure
}
