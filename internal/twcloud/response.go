package twcloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// newTransportError returns an *Error for a request without a complete response.
func newTransportError(request *http.Request, err error, redact *redactor) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	failure := &Error{
		Method: request.Method,
		Path:   shownPath(request.URL),
		Origin: originOf(request),
		Cause:  err,
		Kind:   ErrUnreachable,
		waits:  waitsOf(request, nil),
		redact: redact.text,
	}
	var exchange *exchangeError
	switch {
	case errors.As(err, &exchange):
		failure.Kind, failure.Status = exchange.kind, exchange.status
	case errors.Is(err, ErrClosed):
		failure.Kind = ErrClosed
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		failure.Kind = ErrCanceled
		if noted, ok := waitsIn(request.Context()); ok {
			failure.Status = int(noted.status.Load()) // What the server said before the wait that was cut short.
		}
	}
	return failure
}

// newStatusError returns an *Error for a response with an unexpected status.
func newStatusError(request *http.Request, response *http.Response, redact *redactor) *Error {
	failure := &Error{
		Method:  request.Method,
		Path:    shownPath(request.URL),
		Origin:  originOf(request),
		Status:  response.StatusCode,
		Message: wordsOf(response, redact),
		Kind:    kindOf(response.StatusCode),
		waits:   waitsOf(request, response),
		redact:  redact.text,
	}
	if failure.Kind == ErrUnreadable && signin.IsPage(response) {
		failure.Kind = ErrWebPage
	}
	return failure
}

func success(status int) bool { return status >= 200 && status <= 299 }

func kindOf(status int) error {
	switch {
	case status >= 300 && status <= 399:
		return ErrWebPage
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return ErrInvalid
	case status == http.StatusUnauthorized:
		return ErrSession
	case status == http.StatusForbidden:
		return ErrForbidden
	case status == http.StatusNotFound, status == http.StatusGone:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrConflict
	case status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		return ErrUnsupported
	case status == http.StatusRequestTimeout:
		return ErrTimeout
	case status == http.StatusTooManyRequests:
		return ErrTooManyRequests
	case status >= 500:
		return ErrServer
	}
	return ErrUnreadable
}

// wordsOf returns the server's message: the message of a JSON body or the text,
// the title of a web page, or the target of a redirect without its query.
// Secrets are removed before the text is shortened, because half a secret would
// not be recognized.
func wordsOf(response *http.Response, redact *redactor) string {
	if location, err := response.Location(); err == nil && signin.IsRedirect(response.StatusCode) {
		location.RawQuery, location.Fragment, location.User = "", "", nil
		location.Path, location.RawPath = sessionInPath.ReplaceAllString(location.Path, ""), ""
		return shorten(redact.text("redirect to " + location.String()))
	}
	body := signin.Body(response)
	var message wire.Error
	switch {
	case signin.IsPage(response):
		return describePage(body, redact)
	case json.Unmarshal(body, &message) == nil && message.Message != "":
		return shorten(redact.text(message.Message))
	}
	return shorten(redact.text(string(body)))
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)

func describePage(page []byte, redact *redactor) string {
	found := titleElement.FindSubmatch(page)
	if found == nil {
		return ""
	}
	title := shorten(redact.text(string(found[1])))
	if title == "" {
		return ""
	}
	return fmt.Sprintf("a web page titled %q", title)
}
