package twcloud

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// newRetry returns a link that repeats requests if that is safe. It does not
// follow redirects: a sign-in page is not the answer, and net/http would turn a
// POST into a GET.
func newRetry(next http.RoundTripper, options Options) http.RoundTripper {
	backoff := newBackoff(options)
	return &retryablehttp.RoundTripper{Client: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     next,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:   options.MaxRetries,
		CheckRetry: worthRetrying,
		Backoff: func(_, _ time.Duration, attempt int, response *http.Response) time.Duration {
			return backoff.wait(attempt, response)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}}
}

// worthRetrying is a retryablehttp.CheckRetry. It returns no errors, because
// the original one says more.
func worthRetrying(ctx context.Context, response *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, nil //nolint:nilerr // Whoever called sees the context itself.
	}
	manner := mannerOf(ctx)
	if manner == single {
		return false, nil
	}
	if err != nil {
		return repeatable(err) && (manner != once || !maybeSent(err)), nil
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return true, nil
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return manner != once, nil
	case http.StatusUnauthorized:
		return false, nil
	}
	return manner == logout && !success(response.StatusCode) || manner == login && noSeat(response), nil
}

// repeatable reports whether an error may be temporary. An untrusted
// certificate, another protocol, an endless answer, or an unknown charset is not.
func repeatable(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var exchange *exchangeError
	if errors.As(err, &exchange) && exchange.kind == ErrUnreadable {
		return false
	}
	return !errors.Is(err, ErrTooLarge) &&
		!errors.Is(err, ErrClosed) &&
		!errors.Is(err, context.Canceled) &&
		!errors.As(err, &certificate) &&
		!errors.As(err, &record) &&
		!errors.Is(err, http.ErrSchemeMismatch)
}

// maybeSent reports whether a failed request may have reached the server. Only
// exchange sends it. The other links fail before that.
func maybeSent(err error) bool {
	var exchange *exchangeError
	return errors.As(err, &exchange) && exchange.sent
}

// backoff computes the wait before a retry.
type backoff struct {
	shortest time.Duration
	longest  time.Duration
	now      func() time.Time
	jitter   func() float64 // in [0, 1)
}

func newBackoff(options Options) backoff {
	return backoff{shortest: options.RetryWaitMin, longest: options.RetryWaitMax, now: time.Now, jitter: rand.Float64}
}

// wait uses Retry-After, in seconds or as a date, up to four times the longest
// wait. Otherwise, the wait doubles with each attempt, and is a random time
// between half of it and all of it.
func (b backoff) wait(attempt int, response *http.Response) time.Duration {
	if response != nil {
		if wait, ok := b.retryAfter(response.Header.Get("Retry-After")); ok {
			return min(wait, 4*b.longest)
		}
	}
	wait := b.shortest
	for range attempt {
		if wait >= b.longest {
			break
		}
		wait *= 2
	}
	wait = min(wait, b.longest)
	return wait/2 + time.Duration(b.jitter()*float64(wait/2))
}

func (b backoff) retryAfter(header string) (time.Duration, bool) {
	if header == "" {
		return 0, false
	}
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 24*60*60)) * time.Second, true
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(b.now())), true
	}
	return 0, false
}
