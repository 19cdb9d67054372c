package twcloud

import (
	"errors"
	"net/http"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// cookieStripper is a proxy that lets no cookie through to the server.
type cookieStripper struct{ http.RoundTripper }

func (c cookieStripper) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Del("Cookie")
	return c.RoundTripper.RoundTrip(request)
}

func TestSession_refusedForGoodTakesTwoSeatsAtMost(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	client := connect(t, server, func(o *Options) { o.Transport = cookieStripper{http.DefaultTransport} })
	for range 20 {
		if _, err := client.Get(t.Context(), "key"); !errors.Is(err, ErrSession) {
			t.Fatalf("got %v, want %v", err, ErrSession)
		}
	}
	if got := server.Logins(); got > 2 {
		t.Errorf("%d logins, want two at most", got)
	}
	if _, err := client.View().Get(t.Context(), "key"); !errors.Is(err, ErrSession) || server.Logins() == 2 {
		t.Errorf("after %d logins %v: a new run may try again", server.Logins(), err)
	}
	// No logout reaches them through such a proxy: only their idle time ends them.
	server.DropSessions()
}

// TestSession_oneRefusedPathLeavesTheOthersTheirSeat has the server refuse one
// path whatever the session.
func TestSession_oneRefusedPathLeavesTheOthersTheirSeat(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t)
	server.Inject(twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: http.StatusUnauthorized, PathSuffix: "/version", Times: -1})
	client := connect(t, server)
	for range 3 {
		if _, err := client.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Version(t.Context()); !errors.Is(err, ErrSession) {
			t.Fatalf("got %v, want %v", err, ErrSession)
		}
		client = client.View()
	}
	if err := client.Close(); err != nil || server.OpenSessions() != 0 {
		t.Errorf("%v, %d sessions are open", err, server.OpenSessions())
	}
}
