package twcloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

func (s *session) login(ctx context.Context) (opened *openSession, err error) {
	defer func() {
		// A panic in this goroutine would end the process without signing out.
		if reason := recover(); reason != nil {
			opened, err = nil, newPanicError(http.MethodGet, wire.LoginPath, reason, s.redact)
		}
		var failure *Error
		if errors.As(err, &failure) {
			failure.Login = true
		}
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
	jar, _ := cookiejar.New(nil) // It fails only for options.
	opened = &openSession{cookies: jar}
	opened.token.Store(new(string))
	s.keep(opened, request.URL, response)
	if len(jar.Cookies(request.URL)) == 0 {
		kind := ErrNoSession
		if looksLikeWebPage(response) {
			kind = ErrWebPage
		}
		return nil, &Error{Kind: kind, Method: request.Method, Path: request.URL.EscapedPath(), Status: response.StatusCode}
	}
	return opened, nil
}

// keep stores the cookies and the CSRF token of an answer. The server sets the
// cookies for /osmc (seen). Behind a reverse proxy with a path prefix that does
// not rewrite them, no request would carry them, so keep adds the prefix.
func (s *session) keep(seat *openSession, from *url.URL, response *http.Response) {
	prefix := strings.TrimRight(s.options.Endpoint.Path, "/")
	csrf := cmp.Or(s.options.Profile.CSRF, &profile.CSRF{})
	cookies := response.Cookies()
	for _, cookie := range cookies {
		if csrf.From == "cookie" && cookie.Name == csrf.Name {
			s.keepToken(seat, cookie.Value)
		}
		if len(cookie.Value) >= minSecretCookie {
			s.redact.add(cookie.Value)
		}
		// The cookie is for this server only, also if a proxy changes the domain.
		cookie.Domain = ""
		if strings.HasPrefix(cookie.Path, "/") && cookie.Path != "/" && !strings.HasPrefix(cookie.Path+"/", prefix+"/") {
			cookie.Path = prefix + cookie.Path
		}
	}
	seat.cookies.SetCookies(from, cookies)
	if token := response.Header.Get(csrf.Name); csrf.From == "header" && token != "" {
		s.keepToken(seat, token)
	}
}

func (s *session) keepToken(seat *openSession, token string) {
	s.redact.add(token)
	seat.token.Store(&token)
}

// cookiesFor returns the cookies of a request. The Web Application Platform
// also gets those that the REST API sets for its own paths (assumed).
func (s *session) cookiesFor(seat *openSession, target *url.URL) []*http.Cookie {
	cookies := seat.cookies.Cookies(target)
	if target.Host == s.options.Endpoint.Host {
		return cookies
	}
	login := *s.options.Endpoint
	login.Path = strings.TrimRight(s.options.Endpoint.Path, "/") + wire.LoginPath
	for _, cookie := range seat.cookies.Cookies(&login) {
		if !slices.ContainsFunc(cookies, func(own *http.Cookie) bool { return own.Name == cookie.Name }) {
			cookies = append(cookies, cookie)
		}
	}
	return cookies
}

func (s *session) logout(ctx context.Context, open *openSession) error {
	request, err := newRequest(withManner(ctx, logout), http.MethodGet, s.options.Endpoint, wire.LogoutPath, "", nil)
	if err != nil {
		return err
	}
	for _, cookie := range open.cookies.Cookies(request.URL) {
		request.AddCookie(cookie)
	}
	response, err := s.next.RoundTrip(request)
	if err != nil {
		return newTransportError(request, err, s.redact)
	}
	if response.StatusCode != http.StatusNoContent && response.StatusCode != http.StatusUnauthorized {
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
