package twcloudtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// TestFaults applies every kind to a registration, and checks what the client
// gets and what has happened on the server.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range twcloudtest.AllFaultKinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			leave, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := twcloudtest.New(t, func(config *twcloudtest.Config) {
				config.NewKey = func() string {
					if kind == twcloudtest.HangAfter {
						cancel()
					}
					return "key"
				}
				config.OnRequest = func(r twcloudtest.Request) {
					if r.Fault == twcloudtest.Hang.String() {
						cancel()
					}
				}
			})
			c := signedIn(t, s, "admin-token")
			if parsed, err := twcloudtest.ParseFaultKind(kind.String()); err != nil || parsed != kind {
				t.Errorf("%v, %v", parsed, err)
			}
			s.Inject(twcloudtest.Fault{Kind: kind})

			var r reply
			var err error
			switch kind {
			case twcloudtest.Hang, twcloudtest.HangAfter, twcloudtest.EndlessBody:
				err = giveUp(leave, t, c)
			default:
				r, err = c.try("POST", s.URL()+consumers, `{"name":"a","secret":"s"}`)
			}
			want := map[twcloudtest.FaultKind]int{
				twcloudtest.TooManyRequests: 429,
				twcloudtest.Status502Before: 502, twcloudtest.Status502After: 502,
				twcloudtest.Status503Before: 503, twcloudtest.Status503After: 503,
				twcloudtest.Status504Before: 504, twcloudtest.Status504After: 504,
				twcloudtest.InternalError500: 500, twcloudtest.InternalError500After: 500,
				twcloudtest.Unauthorized401: 401, twcloudtest.Forbidden403: 403,
				twcloudtest.HalfBody: 201, twcloudtest.BadJSON: 201, twcloudtest.NoBody: 201,
				twcloudtest.WebPage: 200, twcloudtest.WebPageAfter: 200, twcloudtest.Redirect302: 302,
			}[kind]
			if r.status != want || (err == nil) != (want != 0) {
				t.Errorf("status %d, error %v; want %d", r.status, err, want)
			}
			switch kind {
			case twcloudtest.HalfBody:
				if r.err == nil || r.body == "" {
					t.Errorf("body %q, error %v", r.body, r.err)
				}
			case twcloudtest.NoBody:
				if r.body != "" {
					t.Errorf("body %q", r.body)
				}
			case twcloudtest.TooManyRequests:
				if r.header.Get("Retry-After") != "0" {
					t.Error("no Retry-After")
				}
			case twcloudtest.Redirect302:
				page, err := c.try("GET", r.header.Get("Location"), "")
				if err != nil || page.status != 200 || !strings.Contains(page.body, "<form") {
					t.Errorf("%+v, %v", page, err)
				}
			}
			if handled := len(s.Consumers()) == 1; handled != kind.Handled() {
				t.Errorf("handled: %v", handled)
			}
			request := s.Requests()[1]
			if request.Fault != kind.String() || (request.Status != want && kind != twcloudtest.EndlessBody) {
				t.Errorf("log: %+v", request)
			}
			if removed := s.AddConsumer(twcloudtest.Consumer{Name: "b"}); kind == twcloudtest.HalfBody || kind == twcloudtest.NoBody || kind == twcloudtest.BadJSON {
				s.Inject(twcloudtest.Fault{Kind: kind}) // An answer that has no body anyway.
				r, err := c.try("DELETE", s.URL()+consumers+"/"+removed.Key, "")
				want := map[twcloudtest.FaultKind]int{twcloudtest.NoBody: 204, twcloudtest.BadJSON: 200}[kind]
				if _, left := s.Consumer(removed.Key); r.status != want || (err == nil) != (want != 0) || left {
					t.Errorf("%+v, %v; left: %t", r, err, left)
				}
			}
			after := http.StatusOK
			if kind == twcloudtest.Unauthorized401 {
				after = http.StatusUnauthorized
			}
			c.want(after, c.get(consumers))
			if s.PendingFaults() != 0 {
				t.Error("the fault stays")
			}
		})
	}
}

// giveUp registers a consumer, and goes away as soon as the request has arrived
// (Hang), is being handled (HangAfter) or has got a good deal of an answer
// (EndlessBody).
func giveUp(leave context.Context, t *testing.T, c *client) error {
	t.Helper()
	request, err := http.NewRequestWithContext(leave, "POST", c.server.URL()+consumers, strings.NewReader(`{"name":"a","secret":"s"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if n, err := io.CopyN(io.Discard, response.Body, 1<<20); err != nil {
		t.Errorf("the answer ended after %d bytes: %v", n, err)
	}
	return errors.New("enough")
}

func TestFaults_conditions(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	c := signedIn(t, s, "admin-token")
	s.Inject(
		twcloudtest.Fault{Kind: twcloudtest.TooManyRequests, PathSuffix: "/oauthconsumers", Method: "GET", Times: 2},
		twcloudtest.Fault{Kind: twcloudtest.Status503Before, PathSuffix: "/version", Times: -1, Body: "down"},
		twcloudtest.Fault{Kind: twcloudtest.AnswerWith, Status: 409, Method: "POST"},
		twcloudtest.Fault{Kind: twcloudtest.DropBefore, Server: twcloudtest.WebApp},
		twcloudtest.Fault{Kind: twcloudtest.InternalError500, Match: func(r twcloudtest.Request) bool { return r.UserAgent == "x" }},
	)
	c.want(409, c.do("POST", consumers, `{"name":"a","secret":"s"}`))
	for _, status := range []int{429, 429, 200} {
		c.want(status, c.get(consumers))
	}
	for range 3 {
		if r := c.want(503, c.get(wire.VersionPath)); r.body != "down" {
			t.Errorf("body %q", r.body)
		}
	}
	if s.PendingFaults() != 3 {
		t.Errorf("%d faults pending", s.PendingFaults())
	}
	s.ClearFaults()
	c.want(200, c.get(wire.VersionPath))
}

func TestClose_whileRequestsHang(t *testing.T) {
	t.Parallel()
	s := twcloudtest.New(t)
	s.Inject(twcloudtest.Fault{Kind: twcloudtest.Hang}, twcloudtest.Fault{Kind: twcloudtest.EndlessBody})
	arrived := make(chan struct{}, 2)
	s.SetOnRequest(func(twcloudtest.Request) { arrived <- struct{}{} })
	ended := make(chan error, 2)
	for range 2 {
		go func() {
			response, err := http.Get(s.URL() + wire.VersionPath)
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			ended <- err
		}()
	}
	<-arrived
	<-arrived
	s.Close()
	for range 2 {
		if err := <-ended; err == nil {
			t.Error("the request has been answered in full")
		}
	}
}
