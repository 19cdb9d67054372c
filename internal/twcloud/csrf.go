package twcloud

import (
	"context"
	"net/http"
	"net/url"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// csrfToken returns the CSRF token of the session for a call about a key that a page
// makes. It requests one if there is none, or if renew is set.
func (c *connection) csrfToken(ctx context.Context, call *profile.Call, key string, page *url.URL, renew bool) (string, error) {
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
	if token := c.knownToken(seat, page); token != "" && (!renew || from.Path == "") {
		return token, nil
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
	response := c.readable(r.Response)
	// The session may have been replaced.
	if seat, err = session.acquire(ctx); err != nil {
		return "", newTransportError(r.Request, err, c.redact)
	}
	token, err := tokenIn(from, seat, page, response)
	if err != nil {
		return "", r.unreadable(err)
	}
	if token == "" {
		token = c.knownToken(seat, page)
	}
	if token == "" {
		failure := r.unreadable(from.Missing())
		if from.From == "page" { // A page is what was asked for.
			failure.Kind, failure.Message, failure.Cause = ErrUnreadable, "", from.Missing()
		}
		return "", failure
	}
	session.keepToken(seat, token)
	return token, nil
}

// knownToken returns the token that the session has for a page. It is empty if there is
// none.
func (c *connection) knownToken(seat *signin.Session, page *url.URL) string {
	if c.profile.CSRF.From == "cookie" {
		token, _ := tokenIn(c.profile.CSRF, seat, page, nil)
		c.redact.add(token)
		return token
	}
	if token := seat.CSRF.Load(); token != nil {
		return *token
	}
	return ""
}

// tokenIn returns the token in a response. That of a cookie is the one that a script on
// the page reads: another application can have one of the same name, and some
// servers set it only for who does not send it.
func tokenIn(csrf *profile.CSRF, seat *signin.Session, page *url.URL, r *profile.Response) (string, error) {
	if csrf.From == "cookie" {
		r = &profile.Response{Header: http.Header{"Set-Cookie": {csrf.Name + "=" + seat.Cookies.Value(csrf.Name, page)}}}
	}
	return csrf.Token(r)
}
