package twcloud

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// chain is how a request goes out. Each link wraps the next one, the order is
// what matters:
//
//	session   adds the cookie; signs in when there is none or it has expired
//	retry     repeats what may be repeated, with back-off
//	limit     waits for a free slot; below retry, so that nobody holds a slot
//	          while backing off
//	logging   one record for each exchange, each retry included
//	exchange  one exchange: time-out, whole body, size limit
//	base      net/http
//
// Login and logout enter below session, or signing in would need a session.
// What goes to the Web Application Platform enters there, too: it has nothing to
// do with the session.
type chain struct {
	session *session
	retry   http.RoundTripper
	limit   *limit
	base    http.RoundTripper
}

func newChain(options Options, redact *redactor) *chain {
	base := options.Transport
	if base == nil {
		base = newBase(options)
	}
	var link http.RoundTripper = &exchange{
		next: base, timeout: options.RequestTimeout, maxAnswer: options.MaxAnswer, userAgent: options.UserAgent,
	}
	if options.Logger != nil {
		link = &logging{next: link, logger: options.Logger, redact: redact.text}
	}
	limit := newLimit(link, options.MaxConcurrentRequests)
	link = newRetry(limit, options)
	return &chain{
		session: newSession(link, options, redact),
		retry:   link,
		limit:   limit,
		base:    base,
	}
}

// newBase returns a transport that keeps as many idle connections to the server
// as there may be requests in flight; Go's default is two, which would make
// every further request dial again.
func newBase(options Options) http.RoundTripper {
	proxy := httpproxy.FromEnvironment().ProxyFunc()
	return &http.Transport{
		Proxy: func(request *http.Request) (*url.URL, error) { return proxy(request.URL) },
		DialContext: (&net.Dialer{
			Timeout:   min(options.RequestTimeout, 10*time.Second),
			KeepAlive: 30 * time.Second,
		}).DialContext,
		TLSClientConfig:     options.TLS,
		TLSHandshakeTimeout: min(options.RequestTimeout, 10*time.Second),
		MaxIdleConns:        2 * options.MaxConcurrentRequests,
		MaxIdleConnsPerHost: options.MaxConcurrentRequests,
		MaxConnsPerHost:     options.MaxConcurrentRequests,
		IdleConnTimeout:     90 * time.Second,
		// A few thousand are usual; Go's default is ten million.
		MaxResponseHeaderBytes: 1 << 20,
		// A server that speaks HTTP/1.1 only is the rule here, and HTTP/2 would
		// put every request on one connection, where one lost connection fails
		// them all.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

// manner is how a request differs from an ordinary one; it travels in the
// context, because net/http hands nothing else down the chain.
type manner int

const (
	ordinary manner = iota
	// once must not be sent twice unless it certainly was not carried out, and is
	// seen through once it is in flight.
	once
	// single is never sent twice, as its nonce is spent.
	single
	// login is seen through, or a session would be open whose cookie nobody saw;
	// a refusal for want of a seat is worth a retry.
	login
	// logout is worth a retry whatever the answer, as long as there is time.
	logout
)

type mannerKey struct{}

func withManner(ctx context.Context, m manner) context.Context {
	return context.WithValue(ctx, mannerKey{}, m)
}

func mannerOf(ctx context.Context) manner {
	m, _ := ctx.Value(mannerKey{}).(manner)
	return m
}

// seenThrough returns a context that outlives the cancellation of the given one
// by the grace: what has begun on the server can be brought to an end.
func seenThrough(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-detached.Done():
		}
	})
	return detached, func() {
		stop()
		cancel()
	}
}
