package signin

import (
	"context"
	"errors"
	"net/http"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// REST signs in to the REST API with the documented call. Each session uses a license
// seat until it is signed out or was idle for 15 minutes. A request with credentials
// but without the cookie opens another session (both documented). So only the sign-in
// sends credentials, and every other request sends the cookie.
type REST struct {
	*Client
	Tokens *Tokens
}

// Open implements Method.
func (r *REST) Open(ctx context.Context) (*Session, error) {
	request, err := newRequest(ctx, http.MethodGet, r.Servers.REST, wire.LoginPath, http.NoBody)
	if err != nil {
		return nil, err
	}
	token := Token{}
	switch {
	case r.Tokens.available():
		if token, err = r.Tokens.get(ctx); err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", token.scheme+" "+token.value)
	case r.Tokens.Username == "":
		return nil, &Error{Kind: ErrNoCredentials, Cause: errors.New("the REST API is asked, and no credentials are configured")}
	default:
		request.SetBasicAuth(r.Tokens.Username, r.Tokens.Password)
	}
	session := &Session{}
	response, err := r.send(session, request)
	if err != nil {
		return nil, err
	}
	failure := &Error{Request: request, Response: response}
	switch {
	case success(response.StatusCode):
		return r.check(session, failure)
	case NoSeat(response):
		failure.Kind = ErrNoSeat
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		r.Tokens.drop(token)
		failure.Kind, failure.Cause = ErrCredentials, token.expiry(response)
	case response.StatusCode == http.StatusNotFound:
		failure.Kind = ErrNoAPI
	}
	return nil, failure
}

// check returns the session if it has a cookie for the API. Without one, the server
// may have opened a session all the same.
func (r *REST) check(session *Session, failure *Error) (*Session, error) {
	api, err := At(r.Servers.REST, wire.VersionPath)
	switch {
	case err != nil:
		return session, err
	case IsPage(failure.Response):
		failure.Kind = ErrWebPage
		return session, failure
	case len(session.Cookies.For(api)) == 0:
		failure.Kind = ErrNoSession
		return session, failure
	}
	return session, nil
}

// Authorize implements Method.
func (r *REST) Authorize(request *http.Request, session *Session) {
	Send(request, session.Cookies.For(request.URL))
}

// Judge implements Method. The server did not process a request that it answers with
// 401.
func (r *REST) Judge(_ *Session, response *http.Response) Verdict {
	if response.StatusCode == http.StatusUnauthorized {
		return Ended
	}
	return Valid
}

// Refused implements Method.
func (r *REST) Refused(*Session, *http.Response) error { return nil }

// Close implements Method. It sends what the sign-in got, whatever its path. Any
// success but a proxy's web page ends the session, and so does a refusal: the session had
// ended before.
func (r *REST) Close(ctx context.Context, session *Session) error {
	request, err := newRequest(ctx, http.MethodGet, r.Servers.REST, wire.LogoutPath, http.NoBody)
	if err != nil {
		return err
	}
	cookies := session.Cookies.All(request.URL)
	if len(cookies) == 0 {
		return nil
	}
	Send(request, cookies)
	response, err := r.Send.RoundTrip(request)
	if err != nil {
		return &Error{Request: request, Cause: err}
	}
	switch {
	case response.StatusCode == http.StatusUnauthorized:
		return nil
	case !success(response.StatusCode):
		return &Error{Request: request, Response: response}
	case IsPage(response):
		return &Error{Request: request, Response: response, Kind: ErrWebPage}
	}
	return nil
}
