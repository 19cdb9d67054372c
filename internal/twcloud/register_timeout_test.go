package twcloud

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// givingUp gives up on a registration when it is told to, as a time-out would.
type givingUp struct {
	next http.RoundTripper
	// enough ends one registration for each value.
	enough chan struct{}
}

func (i *givingUp) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodPost {
		return i.next.RoundTrip(request)
	}
	ctx, cancel := context.WithCancelCause(request.Context())
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		select {
		case <-i.enough:
			cancel(os.ErrDeadlineExceeded)
		case <-answered:
		}
	}()
	return i.next.RoundTrip(request.WithContext(ctx))
}

// connectWithTimeout returns a client that gives up on a registration that hangs,
// once the server has done what it does.
func connectWithTimeout(t *testing.T, server *twcloudtest.Server) *Client {
	t.Helper()
	transport := &givingUp{enough: make(chan struct{}, 1)}
	var once sync.Once
	server.SetOnRequest(func(request twcloudtest.Request) {
		giveUp := func() { once.Do(func() { transport.enough <- struct{}{} }) }
		switch request.Fault {
		case twcloudtest.Hang.String():
			giveUp()
		case twcloudtest.HangAfter.String():
			go func() {
				for len(server.Consumers()) == 0 {
					runtime.Gosched()
				}
				giveUp()
			}()
		}
	})
	return connect(t, server, func(o *Options) {
		transport.next = newBase(Options{MaxConcurrentRequests: 10, RequestTimeout: o.RequestTimeout})
		o.Transport = &transportWithIdle{transport, transport.next}
	})
}

// transportWithIdle closes the idle connections of what is below it.
type transportWithIdle struct {
	http.RoundTripper
	base http.RoundTripper
}

func (t *transportWithIdle) CloseIdleConnections() { t.base.(*http.Transport).CloseIdleConnections() }
