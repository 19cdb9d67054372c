package twcloud

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	const noLicense = `{"message":"license limit reached"}`
	manners := []manner{ordinary, once, single, login, logout}
	for name, test := range map[string]struct {
		statuses []int
		body     string
		errs     []error
		again    []manner // the manners in which a request is repeated
	}{
		"success":              {statuses: []int{200, 201, 202, 204}},
		"answers":              {statuses: []int{302, 400, 403, 404, 409, 500, 501}, again: []manner{logout}},
		"no session any more":  {statuses: []int{401}},
		"no seat":              {statuses: []int{403}, body: noLicense, again: []manner{login, logout}},
		"no seat, unavailable": {statuses: []int{503}, body: noLicense, again: []manner{ordinary, login, logout}},
		"too many requests":    {statuses: []int{429}, again: []manner{ordinary, once, login, logout}},
		"gateways":             {statuses: []int{502, 503, 504}, again: []manner{ordinary, login, logout}},
		"lost":                 {errs: []error{&exchangeError{cause: io.ErrUnexpectedEOF, sent: true}}, again: []manner{ordinary, login, logout}},
		"never sent":           {errs: []error{&exchangeError{cause: syscall.ECONNREFUSED}}, again: []manner{ordinary, once, login, logout}},
		"final": {errs: []error{
			context.Canceled,
			ErrClosed,
			&exchangeError{cause: ErrTooLarge, sent: true},
			&exchangeError{cause: errMalformed, kind: ErrUnreadable, sent: true},
			&exchangeError{cause: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
			&exchangeError{cause: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}},
			&exchangeError{cause: http.ErrSchemeMismatch},
		}},
	} {
		check := func(response *http.Response, failure error) {
			for _, manner := range manners {
				ctx := withManner(t.Context(), manner)
				want := slices.Contains(test.again, manner)
				if got, err := worthRetrying(ctx, response, failure); got != want || err != nil {
					t.Errorf("%s: %v, %v in the manner %d: got %t, %v, want %t", name, response, failure, manner, got, err, want)
				}
				ended, cancel := context.WithCancel(ctx)
				cancel()
				if got, err := worthRetrying(ended, response, failure); got || err != nil {
					t.Errorf("%s: %v, %v in the manner %d, canceled: got %t, %v", name, response, failure, manner, got, err)
				}
			}
		}
		for _, status := range test.statuses {
			response := reply(status, test.body)
			response.Request, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, "https://twcloud.example.com/app", http.NoBody)
			check(response, nil)
		}
		for _, err := range test.errs {
			check(nil, err)
		}
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
		"shorter than ours":    {3, "0", 1, 4 * time.Second},
		"seconds, capped":      {0, "61", 1, time.Minute},
		"huge":                 {0, "9223372036854775807", 1, time.Minute},
		"huger":                {0, "99999999999999999999", 1, time.Minute},
		"negative, and huge":   {0, "-99999999999999999999", 1, 500 * time.Millisecond},
		"negative":             {0, "-1", 1, 500 * time.Millisecond},
		"garbage":              {0, "soon", 1, 500 * time.Millisecond},
		"a fraction":           {0, "1.5", 1, 500 * time.Millisecond},
		"a date":               {0, at(now.Add(20 * time.Second)), 1, 20 * time.Second},
		"a date, capped":       {0, at(now.Add(time.Hour)), 1, time.Minute},
		"a date gone by":       {3, at(now.Add(-time.Hour)), 1, 4 * time.Second},
		"a date in RFC 850":    {0, now.Add(20 * time.Second).Format(time.RFC850), 1, 20 * time.Second},
		"a date without sense": {0, "Fri, 99 May 2024 12:00:00 GMT", 1, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBackoff(NewOptions())
			b.now = func() time.Time { return now }
			b.jitter = func() float64 { return test.jitter }
			response := reply(http.StatusServiceUnavailable, "", "Retry-After", test.retryAfter)
			if got := b.wait(test.attempt, response); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			// The clock of this machine does not matter if the server's is known.
			response.Header.Set("Date", at(now))
			b.now = func() time.Time { return now.Add(365 * 24 * time.Hour) }
			if got := b.wait(test.attempt, response); got != test.want {
				t.Errorf("with another clock: got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRetryWaitsAndGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		server := &fakeServer{serve: func(*http.Request) (*http.Response, error) {
			return reply(http.StatusServiceUnavailable, "", "Retry-After", "45"), nil
		}}
		client := fakeClient(t, server, func(o *Options) {
			o.RetryWaitMin, o.RetryWaitMax = DefaultRetryWaitMin, DefaultRetryWaitMax
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		deadline, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		for _, test := range []struct {
			ctx  context.Context
			kind error
			took time.Duration
			sent int // so far
			says string
		}{
			{deadline, ErrCanceled, 100 * time.Second, 3, "(the server asked to wait 3 times, 2m15s in all)"},
			{t.Context(), ErrServer, 3 * 45 * time.Second, 7, "(the server asked to wait 3 times, 2m15s in all)"},
		} {
			start := time.Now()
			_, err := client.Version(test.ctx)
			if took := time.Since(start); !errors.Is(err, test.kind) || took != test.took || server.count(wire.VersionPath) != test.sent {
				t.Errorf("got %v after %s, sent %q", err, took, server.sent())
			}
			if !strings.HasSuffix(err.Error(), test.says) {
				t.Errorf("the error is %q", err)
			}
		}
		// A request that is not sent again has what the server asked for, too.
		hasty := fakeClient(t, server, func(o *Options) { o.MaxRetries = 0 })
		if _, err := hasty.Version(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "(the server asked to wait 45s)") {
			t.Errorf("the error is %v", err)
		}
		if line := "level=INFO msg=\"Teamwork Cloud asks to wait\" method=GET path=/osmc/version status=503 asked=45s wait=45s"; strings.Count(log.String(), line) != 6 {
			t.Errorf("the log is\n%s", log.String())
		}
	})
}
