package emulator_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// TestFaults applies every kind to a registration, and checks what the client
// gets and what has happened on the server.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range emulator.AllFaultKinds() {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			leave, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := emulator.New(t, func(config *emulator.Config) {
				config.NewKey = func() string {
					if kind == emulator.HangAfter {
						cancel()
					}
					return "key"
				}
			})
			s.SetOnRequest(func(r emulator.Request) {
				if r.Fault == emulator.Hang.String() {
					cancel()
				}
			})
			c := signedIn(t, s, "admin-token")
			if parsed, err := emulator.ParseFaultKind(kind.String()); err != nil || parsed != kind {
				t.Errorf("%v, %v", parsed, err)
			}
			s.Inject(emulator.Fault{Kind: kind})

			var r reply
			var err error
			switch kind {
			case emulator.Hang, emulator.HangAfter, emulator.EndlessBody:
				err = giveUp(leave, t, c)
			default:
				r, err = c.try("POST", s.URL()+consumers, `{"name":"a","secret":"s"}`)
			}
			want := map[emulator.FaultKind]int{
				emulator.TooManyRequests: 429,
				emulator.Status502Before: 502, emulator.Status502After: 502,
				emulator.Status503Before: 503, emulator.Status503After: 503,
				emulator.Status504Before: 504, emulator.Status504After: 504,
				emulator.InternalError500: 500, emulator.InternalError500After: 500,
				emulator.Unauthorized401: 401, emulator.Forbidden403: 403,
				emulator.HalfBody: 201, emulator.BadJSON: 201, emulator.NoBody: 201,
				emulator.WebPage: 200, emulator.WebPageAfter: 200, emulator.Redirect302: 302,
			}[kind]
			if r.status != want || (err == nil) != (want != 0) {
				t.Errorf("status %d, error %v; want %d", r.status, err, want)
			}
			switch kind {
			case emulator.HalfBody:
				if r.err == nil || r.body == "" {
					t.Errorf("body %q, error %v", r.body, r.err)
				}
			case emulator.NoBody:
				if r.body != "" {
					t.Errorf("body %q", r.body)
				}
			case emulator.TooManyRequests:
				if r.header.Get("Retry-After") != "0" {
					t.Error("no Retry-After")
				}
			case emulator.Redirect302:
				if page := c.want(200, c.follow("GET", r.header.Get("Location"), "")); !strings.Contains(page.body, "<form") {
					t.Errorf("%+v", page)
				}
			}
			if handled := len(s.Consumers()) == 1; handled != kind.Handled() {
				t.Errorf("handled: %v", handled)
			}
			request := s.Requests()[1]
			if request.Fault != kind.String() || (request.Status != want && kind != emulator.EndlessBody) {
				t.Errorf("log: %+v", request)
			}
			if removed := s.AddConsumer(emulator.Consumer{Name: "b"}); kind == emulator.HalfBody || kind == emulator.NoBody || kind == emulator.BadJSON {
				s.Inject(emulator.Fault{Kind: kind}) // A response that has no body anyway.
				r, err := c.try("DELETE", s.URL()+consumers+"/"+removed.Key, "")
				want := map[emulator.FaultKind]int{emulator.NoBody: 204, emulator.BadJSON: 200}[kind]
				if _, left := s.Consumer(removed.Key); r.status != want || (err == nil) != (want != 0) || left {
					t.Errorf("%+v, %v; left: %t", r, err, left)
				}
			}
			after := http.StatusOK
			if kind == emulator.Unauthorized401 {
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
// (Hang), is being handled (HangAfter) or has got a good deal of a response
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
	s := emulator.New(t)
	c := signedIn(t, s, "admin-token")
	s.Inject(
		emulator.Fault{Kind: emulator.TooManyRequests, PathSuffix: "/oauthconsumers", Method: "GET", Times: 2},
		emulator.Fault{Kind: emulator.Status503Before, PathSuffix: "/version", Times: -1, Body: "down"},
		emulator.Fault{Kind: emulator.AnswerWith, Status: 409, Method: "POST"},
		emulator.Fault{Kind: emulator.DropBefore, Server: emulator.WebApp},
		emulator.Fault{Kind: emulator.InternalError500, Match: func(r emulator.Request) bool { return r.UserAgent == "x" }},
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
	s := emulator.New(t)
	s.Inject(emulator.Fault{Kind: emulator.Hang}, emulator.Fault{Kind: emulator.EndlessBody})
	arrived := make(chan struct{}, 2)
	s.SetOnRequest(func(emulator.Request) { arrived <- struct{}{} })
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
