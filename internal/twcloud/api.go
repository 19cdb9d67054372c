package twcloud

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
)

// result is the response to a call of the API profile.
type result struct {
	*http.Response
	call *profile.Call
	// consumers are those in the response.
	consumers []profile.Consumer
	// token is true if the request had a CSRF token.
	token  bool
	redact *redactor
}

// call sends one call of the profile in its session, and reads the consumers in the
// response. With an error of reading, it returns what is readable as well. The caller
// makes secrets in the body known to the redactor.
//
// A response that reads as the profile says means that the server has made the call,
// and a 4xx other than 408 that it has not. The outcome of everything else is unknown,
// and the error of a call that may have changed something is an *UncertainError. A
// panic becomes an error, so that the caller can report what may exist on the server.
func (c *connection) call(ctx context.Context, call *profile.Call, v profile.Values) (*result, error) {
	return c.noted(ctx, &exchanges{}, nil, call, v)
}

// noted is call, with notes for the caller. A discovered call goes to a URL, without a
// session.
func (c *connection) noted(ctx context.Context, sent *exchanges, discovered *url.URL, call *profile.Call, v profile.Values) (r *result, err error) {
	ctx = withExchanges(ctx, sent)
	defer func() {
		reason := recover()
		if reason != nil {
			err = newPanicError(call.Method, call.Path, reason, c.redact)
		}
		if err != nil && !call.Reads() && (reason != nil || sent.maybeDone()) {
			err = &UncertainError{Err: err}
		}
	}()
	if discovered == nil {
		r, err = c.send(ctx, call, v)
	} else {
		r, err = c.sendTo(ctx, discovered, call, v)
	}
	if err != nil {
		return nil, err
	}
	response := c.readable(r.Response)
	succeeded, err := c.profile.Succeeds(call, v.Key, response)
	switch {
	case errors.Is(err, profile.ErrRefused):
		sent.refused()
		return nil, r.refusal(err)
	case err != nil:
		return nil, r.unreadable(err)
	case !succeeded:
		return nil, r.failure()
	case signin.AsksForPassword(r.Response):
		return nil, r.unreadable(errors.New("a sign-in page"))
	}
	if r.consumers, err = c.profile.Read(call, response); err != nil {
		err = r.unreadable(err)
		return r, err
	}
	if one := r.one(); v.Key != "" && one.Key != "" && one.Key != v.Key {
		return nil, r.differs("response.key", "asked about consumer %q, the server returned %q", v.Key, one.Key)
	}
	return r, nil
}

// send sends one call, and returns the response with any status.
func (c *connection) send(ctx context.Context, call *profile.Call, v profile.Values) (*result, error) {
	root := c.rootOf(c.profile.ServerOf(call.Server), call.Path)
	if root == nil {
		return nil, newCallError(ErrNoEndpoint, call, v.Key, nil)
	}
	ctx = signin.WithRedirect(ctx, call.Redirect)
	v.Origin = root.Scheme + "://" + root.Host
	needsToken := c.profile.Has(call, profile.CSRFToken)
	page := &url.URL{Scheme: root.Scheme, Host: root.Host, Path: strings.TrimRight(root.Path, "/") + call.Path}
	for attempt := 0; ; attempt++ {
		if needsToken {
			token, err := c.csrfToken(ctx, call, v.Key, page, attempt > 0)
			if err != nil {
				return nil, err
			}
			v.CSRF = &token
		}
		filled, err := c.profile.Fill(call, v)
		if err != nil {
			return nil, newCallError(ErrUnreadable, call, v.Key, err)
		}
		request, err := newRequest(ctx, filled.Method, root, filled.Path, filled.Query.Encode(), bodyIn(filled))
		if err != nil {
			return nil, err
		}
		request.Header = filled.Header
		response, err := c.roundTrip(request)
		if err != nil {
			return nil, err
		}
		// The token may belong to a session that has expired.
		if response.StatusCode == http.StatusForbidden && needsToken && attempt == 0 {
			continue
		}
		return &result{Response: response, call: call, token: needsToken, redact: c.redact}, nil
	}
}

// sendTo sends one call to a URL, without a session.
func (c *connection) sendTo(ctx context.Context, target *url.URL, call *profile.Call, v profile.Values) (*result, error) {
	v.Origin = target.Scheme + "://" + target.Host
	filled, err := c.profile.Fill(call, v)
	if err != nil {
		return nil, newCallError(ErrUnreadable, call, v.Key, err)
	}
	request, err := http.NewRequestWithContext(withWaits(ctx), filled.Method, target.String(), bodyIn(filled))
	if err != nil {
		return nil, err
	}
	query := target.Query()
	maps.Copy(query, filled.Query)
	request.URL.RawQuery = query.Encode()
	request.Header = filled.Header
	response, err := c.chain.retry.RoundTrip(request)
	if err != nil {
		return nil, newTransportError(request, err, c.redact)
	}
	response.Request = request
	return &result{Response: response, call: call, redact: c.redact}, nil
}

// bodyIn is the body of a request that is filled.
func bodyIn(filled *profile.Request) io.Reader {
	if len(filled.Body) == 0 {
		return http.NoBody
	}
	return bytes.NewReader(filled.Body)
}

// rootOf is the root of the server that a call goes to, or nil.
func (c *connection) rootOf(server, path string) *url.URL {
	return c.chain.rest.servers.Root(server, path)
}

// readable is a response as the profile reads it.
func (c *connection) readable(response *http.Response) *profile.Response {
	r := &profile.Response{Status: response.StatusCode, Header: response.Header, Body: signin.Body(response)}
	if target, err := response.Location(); err == nil {
		if owner := c.chain.rest.servers.Owner(target); owner != nil {
			r.Location = strings.TrimPrefix(target.EscapedPath(), strings.TrimRight(owner.EscapedPath(), "/"))
		}
	}
	return r
}

// one is the consumer in the response to a call that is not a list. It is empty if
// there is none.
func (r *result) one() profile.Consumer {
	if r == nil || r.call.Name == "list" || len(r.consumers) == 0 {
		return profile.Consumer{}
	}
	return r.consumers[0]
}

// failure returns an *Error for the response.
func (r *result) failure() *Error {
	failure := newStatusError(r.Request, r.Response, r.redact)
	failure.Part = partOf(r.call)
	if r.call.Discover != "" && wantsSession(r.Response) {
		failure.Kind = ErrSessionWanted
	}
	if r.token && failure.Kind == ErrForbidden {
		failure.Part, failure.Cause = "csrf", ErrToken
	}
	return failure
}

// wantsSession reports whether a response refuses a call that was sent without a
// session for that reason.
func wantsSession(response *http.Response) bool {
	status := response.StatusCode
	return status == http.StatusUnauthorized || status == http.StatusForbidden || signin.IsRedirect(status)
}

// refusal returns an *Error for a 2xx that refuses the call.
func (r *result) refusal(err error) *Error {
	failure := r.failure()
	failure.Kind, failure.Cause = ErrInvalid, err
	return failure
}

// unreadable returns an *Error for a response that differs from the profile.
func (r *result) unreadable(err error) *Error {
	failure := r.failure()
	failure.Kind, failure.Message, failure.Cause = ErrUnreadable, "", err
	if signin.IsPage(r.Response) {
		failure.Kind, failure.Cause, failure.Message = ErrWebPage, nil, wordsOf(r.Response, r.redact)
		return failure
	}
	if difference, ok := errors.AsType[*profile.ReadError](err); ok {
		failure.Part, failure.Found = difference.Part, difference.Found
		if difference.Incomplete() {
			failure.Kind = ErrIncomplete
		}
	}
	return failure
}

// differs returns an *Error for a part of the call that a response differs from.
func (r *result) differs(part, format string, arguments ...any) *Error {
	failure := r.unreadable(fmt.Errorf(format, arguments...))
	if failure.Kind == ErrUnreadable {
		failure.Part = partOf(r.call) + "." + part
	}
	if part == "pages" {
		failure.Kind = ErrIncomplete
	}
	return failure
}

// valuesOf are the values of a consumer that calls carry.
func valuesOf(key string, consumer profile.Consumer) profile.Values {
	return profile.Values{Key: key, Name: consumer.Name, Approved: consumer.Approved, Keep: consumer.Keep}
}

// newCallError makes an *Error of a call that concerns a consumer, without a
// response of the server.
func newCallError(kind error, call *profile.Call, key string, cause error) *Error {
	key = profile.EscapeSegment(key)
	path := strings.NewReplacer(profile.Key, key, profile.KeyNumber, key).Replace(cmp.Or(call.Path, call.Discover))
	return &Error{Kind: kind, Method: call.Method, Path: path, Part: partOf(call), Cause: cause}
}

// partOf is the part of the profile that has a call.
func partOf(call *profile.Call) string {
	if call.Name == "" {
		return "csrf"
	}
	return "calls." + call.Name
}

// supported returns ErrUnsupported if the API profile lacks a call.
func supported(name string, call *profile.Call) error {
	if call != nil {
		return nil
	}
	return &Error{
		Kind: ErrUnsupported, Method: "calls", Path: name, Part: "calls." + name,
		Cause: errors.New("the API profile has no such call"),
	}
}
