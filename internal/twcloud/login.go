package twcloud

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// newSessions returns the session of the REST API, and that of the Web Application
// Platform, which are opened one by one.
func newSessions(options Options, next http.RoundTripper, redact *redactor) (rest, platform *session) {
	servers := signin.Servers{REST: options.Endpoint, Platform: options.WebAppEndpoint, Authentication: options.AuthenticationEndpoint}
	credentials := options.Credentials
	hide := func(secret string) { redact.add(secret) }
	tokens := signin.NewTokens(signin.Tokens{
		Client:   &signin.Client{Servers: servers, Send: next, Hide: hide},
		Username: credentials.Username, Password: credentials.Password, Token: credentials.Token,
		ClientID: credentials.ClientID, AuthSecret: credentials.AuthSecret, ClientSecret: credentials.ClientSecret,
	})
	refused := new(atomic.Pointer[Error])
	open := func(server string, method func(*signin.Client) signin.Method) *session {
		opened := &session{next: next, servers: servers, redact: redact, refused: refused}
		if csrf := options.Profile.CSRF; csrf != nil && options.Profile.ServerOf(csrf.Server) == server {
			opened.csrf = csrf
		}
		opened.method = method(&signin.Client{Servers: servers, Send: next, Keep: opened.keep, Hide: hide})
		return opened
	}
	rest = open(profile.REST, func(client *signin.Client) signin.Method { return &signin.REST{Client: client, Tokens: tokens} })
	if options.Profile.SignIn == nil {
		return rest, rest // Nothing goes to the platform in a session.
	}
	platform = open(profile.WebApp, func(client *signin.Client) signin.Method {
		in := options.Profile.SignIn
		switch {
		case in.By == profile.ByToken:
			return &signin.ByToken{Client: client, Tokens: tokens, Scheme: in.Scheme, SignOut: in.SignOut}
		case credentials.Token != "" || credentials.ClientID != "":
			// A token needs no page, and works where people sign in at another host
			// (assumed).
			return &signin.ByToken{Client: client, Tokens: tokens, Scheme: wire.TokenScheme, SignOut: in.SignOut}
		}
		return &signin.Page{Client: client, SignIn: in, Headers: options.Profile.Headers, Username: credentials.Username, Password: credentials.Password}
	})
	platform.part = "sign_in"
	return rest, platform
}

func (s *session) login(ctx context.Context) (opened *signin.Session, err error) {
	defer func() { err = revised(err, func(failure *Error) { failure.Login = true }) }()
	defer recovered(&err, http.MethodGet, "the sign-in", s.redact)
	if refused := s.refused.Load(); refused != nil {
		return nil, refused
	}
	session, err := s.method.Open(withWaits(withManner(ctx, login)))
	if err == nil {
		return session, nil
	}
	if session != nil {
		s.release(ctx, session)
	}
	failure := s.loginError(err)
	if refused, ok := failure.(*Error); ok && refused.Kind == ErrCredentials { //nolint:errorlint // It is not wrapped.
		s.refused.CompareAndSwap(nil, refused)
	}
	return nil, failure
}

func (s *session) logout(ctx context.Context, open *signin.Session) (err error) {
	defer recovered(&err, http.MethodGet, "the sign-out", s.redact)
	if err = s.method.Close(withWaits(withManner(ctx, logout)), open); err == nil {
		return nil
	}
	return s.loginError(err)
}

// loginError returns an *Error for a sign-in or sign-out that failed.
func (s *session) loginError(err error) error {
	request := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "sign-in"}}
	var failed *signin.Error
	if !errors.As(err, &failed) {
		return newTransportError(request, err, s.redact)
	}
	if failed.Request != nil {
		request = failed.Request
	}
	var failure *Error
	switch {
	case failed.Response != nil:
		failure = newStatusError(request, failed.Response, s.redact)
		if failure.Kind = cmp.Or(failed.Kind, failure.Kind); failure.Kind == ErrNotFound {
			failure.Kind = ErrUnsupported // No consumer is concerned.
		}
	case failed.Kind == nil:
		return revised(newTransportError(request, failed.Cause, s.redact), func(failure *Error) { failure.Part = failed.Part })
	default:
		failure = &Error{Kind: failed.Kind, Method: request.Method, Path: shownPath(request.URL), waits: waitsOf(request, nil), redact: s.redact.text}
		if failed.Request != nil {
			failure.Origin = originOf(request)
		}
	}
	failure.Part, failure.Cause = failed.Part, failed.Cause
	return failure
}
