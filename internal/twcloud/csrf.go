package twcloud

import (
	"context"
	"net/http"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// csrfToken returns the latest CSRF token of the session, for a call about a key. It
// requests one if there is none, or if renew is set.
func (c *connection) csrfToken(ctx context.Context, call *profile.Call, key string, renew bool) (string, error) {
	from := c.profile.CSRF
	root := c.rootOf(c.profile.ServerOf(from.Server), from.Path)
	if root == nil {
		return "", &Error{Kind: ErrNoEndpoint, Method: http.MethodGet, Path: from.Path, Part: "csrf"}
	}
	session := c.sessionFor(root)
	// The request for the token proves nothing about the call that needs it.
	ctx = withExchanges(withManner(ctx, ordinary), &exchanges{})
	seat, err := session.acquire(ctx)
	if err != nil {
		return "", newTransportError(&http.Request{Method: http.MethodGet, URL: root}, err, c.redact)
	}
	if token := seat.CSRF.Load(); token != nil && *token != "" && (!renew || from.Path == "") {
		return *token, nil
	}
	if from.Path == "" {
		failure := newCallError(ErrUnreadable, call, key, from.Missing())
		failure.Part = "csrf"
		return "", failure
	}
	if from.From == "page" {
		ctx = signin.WithPage(ctx)
	}
	request := &profile.Call{Server: from.Server, Method: http.MethodGet, Path: from.Path}
	r, err := c.send(ctx, request, profile.Values{})
	if err != nil {
		return "", err
	}
	if !success(r.StatusCode) {
		failure := r.failure()
		if failure.Kind == ErrNotFound { // It concerns no consumer.
			failure.Kind = ErrUnreadable
		}
		return "", failure
	}
	token, found, err := from.Token(c.readable(r.Response))
	if err != nil {
		return "", r.unreadable(err)
	}
	// The session may have been replaced.
	if seat, err = session.acquire(ctx); err != nil {
		return "", newTransportError(r.Request, err, c.redact)
	}
	if !found {
		// Some servers set the cookie only for who does not send it.
		known := seat.CSRF.Load()
		if known == nil || *known == "" {
			failure := r.unreadable(from.Missing())
			if from.From == "page" { // A page is what was asked for.
				failure.Kind, failure.Message, failure.Cause = ErrUnreadable, "", from.Missing()
			}
			return "", failure
		}
		token = *known
	}
	session.keepToken(seat, token)
	return token, nil
}
