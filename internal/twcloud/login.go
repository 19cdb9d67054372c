package twcloud

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

func (s *session) login(ctx context.Context) (opened *openSession, err error) {
	defer func() {
		// A panic in this goroutine would end the process without signing out.
		if reason := recover(); reason != nil {
			opened, err = nil, newPanicError(http.MethodGet, wire.LoginPath, reason, s.redact)
		}
		err = revised(err, func(failure *Error) { failure.Login = true })
	}()
	request, err := newRequest(withManner(ctx, login), http.MethodGet, s.options.Endpoint, wire.LoginPath, "", nil)
	if err != nil {
		return nil, err
	}
	s.options.Credentials.Authorize(request)
	response, err := s.next.RoundTrip(request)
	if err != nil {
		return nil, newTransportError(request, err, s.redact)
	}
	if !success(response.StatusCode) {
		failure := newStatusError(request, response, s.redact)
		switch {
		case noSeat(response):
			failure.Kind = ErrNoSeat
		case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
			failure.Kind = ErrCredentials
		case response.StatusCode == http.StatusNotFound:
			failure.Kind = ErrNoAPI
		}
		return nil, failure
	}
	opened = &openSession{}
	opened.token.Store(new(string))
	s.keep(opened, request.URL, response)
	version := *request.URL
	version.Path = strings.TrimSuffix(version.Path, wire.LoginPath) + wire.VersionPath
	kind := ErrNoSession
	switch {
	case looksLikeWebPage(response):
		kind = ErrWebPage
	case len(opened.cookies.For(&version)) > 0:
		return opened, nil
	}
	// The server may have opened a session all the same.
	s.release(ctx, opened)
	return nil, &Error{Kind: kind, Method: request.Method, Path: request.URL.EscapedPath(), Status: response.StatusCode}
}

// keep stores the cookies and the CSRF token of a response.
func (s *session) keep(seat *openSession, from *url.URL, response *http.Response) {
	for _, cookie := range seat.cookies.Keep(s.rootOf(from), from, response.Header) {
		if len(cookie.Value) >= minSecretCookie {
			s.redact.add(cookie.Value, strings.Trim(cookie.Value, `"`))
		}
	}
	csrf := s.options.Profile.CSRF
	if csrf == nil || csrf.From != "cookie" && csrf.From != "header" {
		return
	}
	// A token that cannot be decoded is an error of the call that needs it.
	if token, found, err := csrf.Token(&profile.Response{Header: response.Header}); found && err == nil {
		s.keepToken(seat, token)
	}
}

// rootOf returns the root of the server that a URL belongs to. Both servers can
// be on one origin, each with a path prefix of its own.
func (s *session) rootOf(target *url.URL) *url.URL {
	rest, platform := s.options.Endpoint, s.options.WebAppEndpoint
	if !below(target, platform) || below(target, rest) && len(rest.Path) >= len(platform.Path) {
		return rest
	}
	return platform
}

func (s *session) keepToken(seat *openSession, token string) {
	s.redact.add(token)
	seat.token.Store(&token)
}

// cookiesFor returns the cookies of a request. The Web Application Platform
// also gets those that the REST API sets for its own paths (assumed).
func (s *session) cookiesFor(seat *openSession, target *url.URL) []signin.Cookie {
	cookies := seat.cookies.For(target)
	if target.Host == s.options.Endpoint.Host {
		return cookies
	}
	for _, cookie := range seat.cookies.All(s.options.Endpoint) {
		if !slices.ContainsFunc(cookies, func(own signin.Cookie) bool { return own.Name == cookie.Name }) {
			cookies = append(cookies, cookie)
		}
	}
	return cookies
}

// logout sends what the sign-in got, whatever its path. Any success ends the
// session, and so does a refusal: the session had ended before.
func (s *session) logout(ctx context.Context, open *openSession) error {
	request, err := newRequest(withManner(ctx, logout), http.MethodGet, s.options.Endpoint, wire.LogoutPath, "", nil)
	if err != nil {
		return err
	}
	cookies := open.cookies.All(request.URL)
	if len(cookies) == 0 {
		return nil
	}
	signin.Send(request, cookies)
	response, err := s.next.RoundTrip(request)
	if err != nil {
		return newTransportError(request, err, s.redact)
	}
	if !success(response.StatusCode) && response.StatusCode != http.StatusUnauthorized {
		return newStatusError(request, response, s.redact)
	}
	return nil
}

// noSeat reports whether a sign-in was refused because no license seat is free:
// 503, or 403, with a body that mentions the license (assumed).
func noSeat(response *http.Response) bool {
	if response.StatusCode != http.StatusServiceUnavailable && response.StatusCode != http.StatusForbidden {
		return false
	}
	body := strings.ToLower(string(bodyOf(response)))
	return strings.Contains(body, "licence") || strings.Contains(body, "license")
}

// minSecretCookie is the minimum length, in bytes, of a cookie that may be a
// secret. A shorter one is a flag or, as seen, the user's name. Removing it
// would damage words and paths in messages.
const minSecretCookie = 16
