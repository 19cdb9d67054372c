package twcloud

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// User is the user who is signed in.
type User struct {
	Username string
	// Permissions are as the server names them; nil if it names none.
	Permissions []string
}

// Version returns the server's version, such as "2022x".
func (c *Client) Version(ctx context.Context) (string, error) {
	request, err := newRequest(ctx, http.MethodGet, c.options.Endpoint, wire.VersionPath, "", nil)
	if err != nil {
		return "", err
	}
	response, err := c.chain.session.RoundTrip(request)
	if err != nil {
		return "", newTransportError(request, err, c.redact)
	}
	if response.StatusCode != http.StatusOK || looksLikeWebPage(response) {
		failure := newStatusError(request, response, c.redact)
		if response.StatusCode == http.StatusOK {
			failure.Kind = ErrWebPage
		}
		return "", failure
	}
	return shorten(string(bodyOf(response))), nil
}

// CurrentUser returns the user who is signed in. The server answers with a
// redirect to the user's own path (documented), which is followed once, and only
// below the endpoint.
func (c *Client) CurrentUser(ctx context.Context) (User, error) {
	request, err := newRequest(ctx, http.MethodGet, c.options.Endpoint, wire.CurrentUserPath, wire.CurrentUserQuery, nil)
	if err != nil {
		return User{}, err
	}
	response, err := c.chain.session.RoundTrip(request)
	if err != nil {
		return User{}, newTransportError(request, err, c.redact)
	}
	if response.StatusCode != http.StatusTemporaryRedirect {
		return User{}, newStatusError(request, response, c.redact)
	}
	location, err := url.Parse(response.Header.Get("Location"))
	if err != nil {
		return User{}, newStatusError(request, response, c.redact)
	}
	_, username, found := strings.Cut(location.EscapedPath(), wire.UsersPath+"/")
	if !found || username == "" || strings.Contains(username, "/") {
		return User{}, newStatusError(request, response, c.redact)
	}
	var answer wire.User
	err = c.call(ctx, http.MethodGet, wire.UsersPath+"/"+username, location.RawQuery, nil, http.StatusOK, &answer)
	if err != nil {
		return User{}, err
	}
	return User{Username: answer.Username, Permissions: answer.Permissions}, nil
}
