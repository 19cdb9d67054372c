package twcloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

var (
	lost    = &exchangeError{cause: io.ErrUnexpectedEOF, sent: true}
	refused = &exchangeError{cause: syscall.ECONNREFUSED}
)

func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	const noLicense = `{"message":"license limit reached"}`
	for name, test := range map[string]struct {
		status int
		body   string
		err    error
		again  []manner // the manners in which a request is repeated
	}{
		"200":                 {status: 200, again: []manner{logout}},
		"201":                 {status: 201, again: []manner{logout}},
		"204":                 {status: 204},
		"302":                 {status: 302, again: []manner{logout}},
		"400":                 {status: 400, again: []manner{logout}},
		"401":                 {status: 401},
		"403":                 {status: 403, again: []manner{logout}},
		"403 for a license":   {status: 403, body: noLicense, again: []manner{login, logout}},
		"404":                 {status: 404, again: []manner{logout}},
		"409":                 {status: 409, again: []manner{logout}},
		"429":                 {status: 429, again: []manner{ordinary, once, login, logout}},
		"500":                 {status: 500, again: []manner{logout}},
		"501":                 {status: 501, again: []manner{logout}},
		"502":                 {status: 502, again: []manner{ordinary, login, logout}},
		"503":                 {status: 503, again: []manner{ordinary, login, logout}},
		"503 for a license":   {status: 503, body: noLicense, again: []manner{ordinary, login, logout}},
		"504":                 {status: 504, again: []manner{ordinary, login, logout}},
		"lost":                {err: lost, again: []manner{ordinary, login, logout}},
		"refused connection":  {err: refused, again: []manner{ordinary, once, login, logout}},
		"too large":           {err: &exchangeError{cause: ErrTooLarge, sent: true}},
		"unknown certificate": {err: &exchangeError{cause: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}},
		"not TLS":             {err: &exchangeError{cause: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}}},
		"plain text":          {err: &exchangeError{cause: http.ErrSchemeMismatch}},
		"canceled":            {err: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, manner := range []manner{ordinary, once, single, login, logout} {
				want := slices.Contains(test.again, manner)
				ctx := withManner(t.Context(), manner)
				var response *http.Response
				if test.err == nil {
					response = reply(test.status, test.body)
				}
				got, err := worthRetrying(ctx, response, test.err)
				if got != want || err != nil {
					t.Errorf("manner %d: got %t, %v, want %t", manner, got, err, want)
				}
				ended, cancel := context.WithCancel(ctx)
				cancel()
				if got, err := worthRetrying(ended, response, test.err); got || err != nil {
					t.Errorf("manner %d, canceled: got %t, %v", manner, got, err)
				}
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, time.May, 17, 12, 0, 0, 0, time.UTC)
	at := func(moment time.Time) string { return moment.Format(http.TimeFormat) }
	for name, test := range map[string]struct {
		attempt    int
		retryAfter string
		jitter     float64
		want       time.Duration
	}{
		"first":                {0, "", 1, 500 * time.Millisecond},
		"first, shortest":      {0, "", 0, 250 * time.Millisecond},
		"second":               {1, "", 1, time.Second},
		"fifth":                {4, "", 1, 8 * time.Second},
		"sixth is capped":      {5, "", 1, 15 * time.Second},
		"capped, shortest":     {5, "", 0, 7500 * time.Millisecond},
		"no overflow":          {64, "", 1, 15 * time.Second},
		"no overflow by far":   {math.MaxInt, "", 1, 15 * time.Second},
		"seconds":              {0, "7", 1, 7 * time.Second},
		"no seconds":           {3, "0", 1, 0},
		"seconds, capped":      {0, "61", 1, time.Minute},
		"huge":                 {0, "9223372036854775807", 1, time.Minute},
		"too huge to be read":  {0, "99999999999999999999", 1, 500 * time.Millisecond},
		"negative":             {0, "-1", 1, 500 * time.Millisecond},
		"garbage":              {0, "soon", 1, 500 * time.Millisecond},
		"a fraction":           {0, "1.5", 1, 500 * time.Millisecond},
		"a date":               {0, at(now.Add(20 * time.Second)), 1, 20 * time.Second},
		"a date, capped":       {0, at(now.Add(time.Hour)), 1, time.Minute},
		"a date gone by":       {3, at(now.Add(-time.Hour)), 1, 0},
		"a date in RFC 850":    {0, now.Add(20 * time.Second).Format(time.RFC850), 1, 20 * time.Second},
		"a date without sense": {0, "Fri, 99 May 2024 12:00:00 GMT", 1, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackoff(NewOptions())
			b.now = func() time.Time { return now }
			b.jitter = func() float64 { return test.jitter }
			if got := b.wait(test.attempt, reply(http.StatusServiceUnavailable, "", "Retry-After", test.retryAfter)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{"", "0", "7", "-1", "+5", "1e9", "9223372036854775807", "Fri, 17 May 2024 12:00:00 GMT", "Friday, 17-May-24 12:00:00 GMT", "\x00"} {
		f.Add(header, 0)
		f.Add(header, 63)
	}
	f.Fuzz(func(t *testing.T, header string, attempt int) {
		b := newBackoff(NewOptions())
		response := &http.Response{Header: http.Header{"Retry-After": {header}}}
		if got := b.wait(attempt, response); got < 0 || got > 4*DefaultRetryWaitMax {
			t.Errorf("%q at attempt %d waits %s", header, attempt, got)
		}
		if got := newBackoff(Options{}).wait(attempt, response); got != 0 {
			t.Errorf("%q at attempt %d waits %s, and is not to wait", header, attempt, got)
		}
	})
}

func TestRetryWaitsAndGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
			return reply(http.StatusServiceUnavailable, "", "Retry-After", "45"), nil
		}}
		client := fakeClient(t, server, func(o *Options) { o.RetryWaitMin, o.RetryWaitMax = DefaultRetryWaitMin, DefaultRetryWaitMax })
		deadline, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		for _, test := range []struct {
			ctx  context.Context
			kind error
			took time.Duration
			sent int // so far
		}{{deadline, ErrCanceled, 100 * time.Second, 3}, {t.Context(), ErrServer, 3 * 45 * time.Second, 7}} {
			start := time.Now()
			_, err := client.Version(test.ctx)
			if took := time.Since(start); !errors.Is(err, test.kind) || took != test.took || server.count(wire.VersionPath) != test.sent {
				t.Errorf("got %v after %s, sent %q", err, took, server.sent())
			}
		}
	})
}
