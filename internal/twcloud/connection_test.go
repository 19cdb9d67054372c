package twcloud

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// newServer starts an HTTP server that answers a login and a logout, and leaves
// everything else to serve.
func newServer(t *testing.T, serve http.HandlerFunc, configure ...func(*httptest.Server)) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case wire.LoginPath:
			http.SetCookie(w, &http.Cookie{Name: fakeCookie, Value: seatName(1), Path: "/osmc"})
			w.WriteHeader(http.StatusNoContent)
		case wire.LogoutPath:
			w.WriteHeader(http.StatusNoContent)
		default:
			serve(w, r)
		}
	}))
	for _, configure := range configure {
		configure(server)
	}
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// answerRaw writes a response to the connection and closes it.
func answerRaw(w http.ResponseWriter, r *http.Request, answer string) {
	_, _ = io.Copy(io.Discard, r.Body)
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_, _ = io.WriteString(connection, answer)
		_ = connection.Close()
	}
}

func serverClient(t *testing.T, server *httptest.Server, options ...func(*Options)) *Client {
	t.Helper()
	client, err := New(testOptions(t, server.URL, options...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// net/http repeats some requests by itself when an idle connection turns out to be
// dead. It must not repeat a registration that has been written, and the client
// must not count it as never sent.
func TestNetHTTPRepeatsNoRegistration(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"closed":        "",
		"half a status": "HTTP/1.1 2",
		"half a header": "HTTP/1.1 201 Created\r\nContent-",
		"no HTTP":       "\x15\x03\x01\x00\x02\x02\x28",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var posts atomic.Int32
			server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts.Add(1)
					answerRaw(w, r, answer)
					return
				}
				_, _ = io.WriteString(w, consumersJSON("k"))
			})
			client := serverClient(t, server)
			client.options.MaxRetries = 0 // of Register itself, not of the chain
			if _, err := client.List(t.Context()); err != nil {
				t.Fatal(err)
			}
			call := client.profile.Calls.Register
			err := (&registering{Client: client, call: call, name: "app", secret: testSecret}).post(t.Context()).err
			if !Uncertain(err) || !maybeSent(err) || posts.Load() != 1 {
				t.Errorf("got %v after %d POSTs", err, posts.Load())
			}
		})
	}
}

// A failed request counts as never sent only if the transport reports that it got
// no connection.
func TestDialErrorsAreCertain(t *testing.T) {
	t.Parallel()
	server := newServer(t, http.NotFound)
	client := serverClient(t, server)
	server.Close()
	var refused *net.OpError
	if _, err := client.Version(t.Context()); maybeSent(err) || !errors.As(err, &refused) {
		t.Errorf("got %v", err)
	}
	silent := fakeClient(t, transportFunc(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }))
	if _, err := silent.Version(t.Context()); !maybeSent(err) {
		t.Errorf("got %v", err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	var bomb bytes.Buffer
	writer := gzip.NewWriter(&bomb)
	_, _ = writer.Write(make([]byte, limit+1))
	_ = writer.Close()
	flood := strings.Repeat("A: "+strings.Repeat("x", 4096)+"\r\n", 1<<7)
	for name, test := range map[string]struct {
		answer string
		kind   error
	}{
		"a bomb": {
			fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", bomb.Len(), bomb.String()),
			ErrTooLarge,
		},
		"a flood of headers":      {"HTTP/1.1 200 OK\r\n" + strings.Repeat(flood, 4) + "Content-Length: 2\r\n\r\n[]", ErrUnreachable},
		"a flood of beginnings":   {strings.Repeat("HTTP/1.1 103 Early Hints\r\n"+flood+"\r\n", 4) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", ErrUnreachable},
		"a length that is a lie":  {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n[", ErrUnreachable},
		"a negative length":       {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ErrUnreachable},
		"gzip that is none":       {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]", ErrUnreachable},
		"a switch of protocols":   {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", ErrUnreadable},
		"a chunk without an end":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", ErrUnreachable},
		"a malformed cookie":      {"HTTP/1.1 200 OK\r\nSet-Cookie: session=canary\x01\r\n\r\n", ErrUnreachable},
		"a cookie without colon":  {"HTTP/1.1 200 OK\r\nSet-Cookie session=canary\r\n\r\n", ErrUnreachable},
		"an answer in plain TEXT": {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nTEXT", ErrUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, func(w http.ResponseWriter, r *http.Request) { answerRaw(w, r, test.answer) })
			client := serverClient(t, server, func(o *Options) { o.MaxRetries, o.MaxResponse = 0, limit })
			if _, err := client.list(t.Context()); !errors.Is(err, test.kind) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %.200v, want %v", err, test.kind)
			}
		})
	}
}

// A redirect of a login would send the credentials to another server.
func TestRedirectsAreNeverFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		redirect := func(request *http.Request) (*http.Response, error) {
			if request.URL.Host != "twcloud.example.com:8111" {
				t.Errorf("a %s follows %d to %s", request.Method, status, request.URL)
			}
			if request.Method == http.MethodPatch {
				return reply(status, "", "Location", "https://%zz"), nil
			}
			return reply(status, "", "Location", "https://elsewhere.example.com/"), nil
		}
		if _, err := fakeClient(t, &fakeServer{login: redirect, serve: redirect}).List(t.Context()); !errors.Is(err, ErrWebPage) {
			t.Errorf("%d to a login: got %v", status, err)
		}
		client := fakeClient(t, &fakeServer{serve: redirect})
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete} {
			call := &profile.Call{Method: method, Path: "/osmc/x"}
			if _, err := client.call(t.Context(), call, profile.Values{}); !errors.Is(err, ErrWebPage) {
				t.Errorf("%d to a %s: got %v", status, method, err)
			}
		}
	}
}

// TestCloseLeavesNoConnection ends when the server has no open connection.
func TestCloseLeavesNoConnection(t *testing.T) {
	t.Parallel()
	var open sync.WaitGroup
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body := "2024x"
		if strings.HasSuffix(r.URL.Path, collection) {
			body = strings.Repeat(" ", 8<<20)
		}
		_, _ = io.WriteString(w, body)
	}, func(s *httptest.Server) {
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed:
				open.Done()
			}
		}
	})
	client := serverClient(t, server)
	if err := errors.Join(together(t.Context(), client, 20)...); err != nil {
		t.Error(err)
	}
	if _, err := client.List(t.Context()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	open.Wait()
}

// Registrations that hang are not canceled, and hold their slots and connections.
func TestCloseLogsOutBesideRegistrationsThatHang(t *testing.T) {
	t.Parallel()
	const slots = 3
	var logouts atomic.Int32
	release, hanging := make(chan struct{}), make(chan struct{}, slots)
	server := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			_, _ = io.WriteString(w, "2024x")
			return
		}
		hanging <- struct{}{}
		<-release
	}, func(s *httptest.Server) {
		next := s.Config.Handler
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == wire.LogoutPath {
				logouts.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	client := serverClient(t, server, func(o *Options) { o.MaxConcurrentRequests, o.MaxRetries = slots, 0 })
	var results []<-chan error
	for range slots {
		request, err := newRequest(withManner(t.Context(), once), http.MethodPost, client.options.Endpoint, "/osmc/x", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, async(func() error {
			_, err := client.roundTrip(request)
			return err
		}))
	}
	for range slots {
		<-hanging
	}
	if err := client.Close(); err != nil || logouts.Load() != 1 {
		t.Errorf("got %v after %d logouts", err, logouts.Load())
	}
	close(release)
	for _, result := range results {
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
}

// TestProxyErrorsHoldNoPassword is not parallel: it sets environment variables.
func TestProxyErrorsHoldNoPassword(t *testing.T) {
	proxy := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		answerRaw(w, r, "HTTP/1.1 407 No "+r.Header.Get("Proxy-Authorization")+" canary-password\r\nContent-Length: 0\r\n\r\n")
	})
	t.Setenv("HTTPS_PROXY", "http://canary-user:canary-password@"+proxy.Listener.Addr().String())
	t.Setenv("NO_PROXY", "")
	client, err := New(testOptions(t, "https://twcloud.example.com:8111"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.List(t.Context())
	if !errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "canary-password") || strings.Contains(err.Error(), "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3N3b3Jk") {
		t.Errorf("got %v", err)
	}
}
