package twcloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync/atomic"
)

// exchange sends one request and reads the whole answer within the time limit.
// It returns the body in memory, in UTF-8, so that a broken answer is an error that
// retry handles, and the slot is free.
type exchange struct {
	next    http.RoundTripper
	options Options
	// stopping cancels what is in flight, except sign-ins and sign-outs.
	stopping context.Context
}

// exchangeError is an exchange without a complete answer.
type exchangeError struct {
	cause error
	// kind is ErrCanceled, ErrTimeout, ErrTooLarge, ErrUnreadable, or
	// ErrUnreachable. It can't be derived from the cause: if a connection timed out,
	// errors.Is finds context.DeadlineExceeded.
	kind error
	// status is that of a response that cannot be read.
	status int
	// sent is false if the request certainly did not reach the server.
	sent bool
}

func (e *exchangeError) Error() string { return e.cause.Error() }
func (e *exchangeError) Unwrap() error { return e.cause }

func (e *exchange) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if m := mannerOf(ctx); m == once || m == login {
		ctx = context.WithoutCancel(ctx)
	}
	tooLate := fmt.Errorf("no complete response within %s", e.options.RequestTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, e.options.RequestTimeout, tooLate)
	defer cancel()
	if m := mannerOf(ctx); m != login && m != logout {
		defer context.AfterFunc(e.stopping, cancel)()
	}

	// A transport that asked for a connection and got none has sent nothing. For
	// a transport that reports neither, nothing is certain.
	var asked, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	request = request.Clone(ctx)
	request.Header.Set("User-Agent", e.options.UserAgent)

	noted := exchangesOf(ctx)
	fail := func(err error) (*http.Response, error) {
		sent := !asked.Load() || got.Load()
		noted.ended(sent)
		failure := &exchangeError{cause: err, kind: ErrUnreachable, sent: sent}
		var malformed textproto.ProtocolError
		switch {
		case errors.As(err, &malformed):
			// The error quotes a header, which can be a cookie.
			failure.cause = errors.New("the response is not valid HTTP: a header is malformed")
		case errors.Is(err, ErrTooLarge):
			failure.kind = ErrTooLarge
		case errors.Is(context.Cause(ctx), tooLate):
			failure.kind = ErrTimeout
		case ctx.Err() != nil:
			failure.kind = ErrCanceled
		}
		return nil, failure
	}
	noted.leaves()
	response, err := e.next.RoundTrip(request)
	if err != nil {
		return fail(err)
	}
	response.Request = request
	noted.ended(maybeDone(response.StatusCode))
	body, err := io.ReadAll(io.LimitReader(response.Body, e.options.MaxResponse+1))
	// The error of Close adds nothing to that of the read.
	_ = response.Body.Close()
	if err != nil {
		return fail(err)
	}
	if int64(len(body)) > e.options.MaxResponse {
		return fail(ErrTooLarge)
	}
	text, err := decoded(body, response.Header)
	// Of a sign-in and a sign-out, the status and the cookies count.
	if m := mannerOf(ctx); err != nil && success(response.StatusCode) && m != login && m != logout {
		return nil, &exchangeError{cause: err, kind: ErrUnreadable, status: response.StatusCode, sent: true}
	}
	if _, err := response.Location(); err != nil {
		// http.Client would turn a redirect with a malformed target into an error
		// without a response. Then a registration would seem unsent.
		response.Header.Del("Location")
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	response.ContentLength = int64(len(text))
	return response, nil
}

// maybeDone reports whether the server may have made the call that it answers.
func maybeDone(status int) bool {
	return status < 400 || status > 499 || status == http.StatusRequestTimeout
}
