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

// chain sends requests. Each link wraps the next one. The order matters:
//
//	session   authorizes the request; signs in if there is no session of the server,
//	          or if it has ended
//	retry     repeats requests that can be repeated, with back-off
//	limit     waits for a free slot; after retry, so that no slot is held
//	          during back-off
//	logging   one record for each exchange, including retries
//	exchange  one exchange: time limit, whole body, size limit
//	base      net/http
//
// Sign-in and sign-out start at retry, because they must not need a session.
// Requests to the Web Application Platform's OAuth 1.0a endpoints start there as
// well: they don't use the session.
type chain struct {
	// rest and platform are the sessions of the two servers.
	rest, platform *session

	retry http.RoundTripper
	limit *limit
	base  http.RoundTripper
}

func newChain(options Options, redact *redactor) *chain {
	base := options.Transport
	if base == nil {
		base = newBase(options)
	}
	exchange := &exchange{next: base, options: options}
	var link http.RoundTripper = exchange
	if options.Logger != nil {
		link = &logging{next: link, logger: options.Logger, redact: redact.text}
	}
	limit := newLimit(link, options.MaxConcurrentRequests)
	exchange.stopping = limit.stopping
	link = newRetry(limit.stopping, limit, options)
	rest, platform := newSessions(options, link, redact)
	return &chain{rest: rest, platform: platform, retry: link, limit: limit, base: base}
}

// newBase returns a transport that keeps as many idle connections as there can
// be concurrent requests. Go's default is two, so other requests would have to
// connect again.
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
		// There is no limit for connections, because a sign-out must not wait for
		// one. The slots limit them.
		IdleConnTimeout: 90 * time.Second,
		// A few thousand bytes are usual. Go's default is ten million.
		MaxResponseHeaderBytes: 1 << 20,
		// Most servers use HTTP/1.1. HTTP/2 would send all requests over one
		// connection, and if that is lost, all of them fail.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

// manner is the kind of a request. It travels in the context, because net/http
// passes nothing else down the chain.
type manner int

const (
	ordinary manner = iota
	// once is not sent twice, unless the server certainly did not process it. It
	// is not canceled in flight.
	once
	// single is never sent twice, because its nonce is used.
	single
	// login is not canceled in flight, because a session could be open whose
	// cookie is lost. A refusal without a free seat is retried.
	login
	// logout is retried after any failure while there is time.
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
