package twcloud

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/signin"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// retry repeats requests if that is safe. Nothing waits to be repeated after stopping,
// except sign-ins and sign-outs.
type retry struct {
	retryablehttp.RoundTripper
	stopping context.Context
}

func (r *retry) RoundTrip(request *http.Request) (*http.Response, error) {
	if m := mannerOf(request.Context()); m == login || m == logout {
		return r.RoundTripper.RoundTrip(request)
	}
	ctx, cancel := context.WithCancel(request.Context())
	defer cancel()
	defer context.AfterFunc(r.stopping, cancel)()
	return r.RoundTripper.RoundTrip(request.WithContext(ctx))
}

// newRetry returns a link that repeats requests. It does not follow redirects: a sign-in
// page is not the response, and net/http would turn a POST into a GET.
func newRetry(stopping context.Context, next http.RoundTripper, options Options) http.RoundTripper {
	backoff := newBackoff(options)
	return &retry{stopping: stopping, RoundTripper: retryablehttp.RoundTripper{Client: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     next,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax:   options.MaxRetries,
		CheckRetry: worthRetrying,
		Backoff: func(_, _ time.Duration, attempt int, response *http.Response) time.Duration {
			wait := backoff.wait(attempt, response)
			if response != nil {
				noteWait(response, wait, backoff.retryAfter(response.Header), options.Logger)
			}
			return wait
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}}}
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
		again := repeatable(err) && (manner != once || !maybeSent(err))
		if noted, ok := waitsIn(ctx); ok && again {
			noted.failure.Store(&err)
		}
		return again, nil
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return true, nil
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return manner != once, nil
	case http.StatusUnauthorized:
		return false, nil
	}
	switch manner {
	case login:
		return signin.NoSeat(response), nil
	case logout:
		return !signedOut(response) && (!signin.IsRedirect(response.StatusCode) || !signin.Follows(ctx)), nil
	}
	return false, nil
}

// signedOut reports whether a response to a sign-out means that the session has ended. A
// web page in place of the REST API is that of a proxy.
func signedOut(response *http.Response) bool {
	proxy := strings.HasSuffix(response.Request.URL.Path, wire.LogoutPath) && signin.IsPage(response)
	return success(response.StatusCode) && !proxy
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

// wait doubles with each attempt, and is a random time between half of it and all of
// it. Retry-After can make it longer, up to four times the longest wait.
func (b backoff) wait(attempt int, response *http.Response) time.Duration {
	wait := b.shortest
	for range attempt {
		if wait >= b.longest {
			break
		}
		wait *= 2
	}
	wait = min(wait, b.longest)
	wait = wait/2 + time.Duration(b.jitter()*float64(wait/2))
	if response == nil {
		return wait
	}
	return max(wait, min(b.retryAfter(response.Header), 4*b.longest))
}

// retryAfter returns how long the server asks to wait, in seconds or as a date, which
// is judged by the server's own clock. Zero: it does not ask.
func (b backoff) retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(max(0, min(seconds, 24*60*60))) * time.Second
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = b.now()
	}
	return max(0, date.Sub(now))
}

// waits is how often and how long the server asked to wait with one request, and the
// status or the failure after which the last wait began.
type waits struct {
	times, asked, status atomic.Int64
	failure              atomic.Pointer[error]
}

type waitsKey struct{}

// withWaits returns a context in which the waits of one request are noted.
func withWaits(ctx context.Context) context.Context {
	return context.WithValue(ctx, waitsKey{}, &waits{})
}

// waitsIn returns where the waits of a request are noted, if they are.
func waitsIn(ctx context.Context) (noted *waits, ok bool) {
	noted, ok = ctx.Value(waitsKey{}).(*waits)
	return noted, ok
}

// noteWait notes a wait for an error, and one that the server asks for also in the log.
func noteWait(response *http.Response, wait, asked time.Duration, logger *slog.Logger) {
	request := response.Request
	noted, ok := waitsIn(request.Context())
	if ok {
		noted.status.Store(int64(response.StatusCode))
	}
	if asked == 0 {
		return
	}
	if ok {
		noted.times.Add(1)
		noted.asked.Add(int64(asked))
	}
	if logger != nil {
		logger.LogAttrs(request.Context(), slog.LevelInfo, "Teamwork Cloud asks to wait",
			slog.String("method", request.Method),
			slog.String("path", shownPath(request.URL)),
			slog.Int("status", response.StatusCode),
			slog.Duration("asked", asked),
			slog.Duration("wait", wait))
	}
}

// waitsOf describes the waits that the server asked for, before a request was sent again
// or with the response that ended it, if there is one. It is empty without any.
func waitsOf(request *http.Request, last *http.Response) string {
	var times int64
	var asked time.Duration
	if noted, ok := waitsIn(request.Context()); ok {
		times, asked = noted.times.Load(), time.Duration(noted.asked.Load())
	}
	if times == 0 && last != nil {
		asked = backoff{now: time.Now}.retryAfter(last.Header)
	}
	switch asked = asked.Round(time.Second); {
	case asked == 0:
		return ""
	case times < 2:
		return fmt.Sprintf("the server asked to wait %s", asked)
	}
	return fmt.Sprintf("the server asked to wait %d times, %s in all", times, asked)
}
