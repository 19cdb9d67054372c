package twcloud

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
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

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloudtest"
)

// rawServer reads requests from TCP connections and answers as it is told. Only
// after what ok makes, and after login and logout, does it keep a connection.
type rawServer struct {
	net.Listener
	answer func(request *http.Request) string

	mu       sync.Mutex
	requests []string
}

const kept = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

const rawConsumers = `[{"key":"k","name":"n","approved":true}]`

func newRawServer(t *testing.T, answer func(*http.Request) string) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{Listener: listener, answer: answer}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(connection) })
		}
	})
	return s
}

func (s *rawServer) serve(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	reader := bufio.NewReader(connection)
	for {
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, request.Body)
		s.mu.Lock()
		s.requests = append(s.requests, request.Method+" "+request.URL.Path)
		s.mu.Unlock()
		var answer string
		switch request.URL.Path {
		case wire.LoginPath:
			answer = "HTTP/1.1 204 No Content\r\nSet-Cookie: a=0123456789abcdef; Path=/osmc\r\n\r\n"
		case wire.LogoutPath:
			answer = "HTTP/1.1 204 No Content\r\n\r\n"
		default:
			answer = s.answer(request)
		}
		if _, err := io.WriteString(connection, answer); err != nil || !strings.HasPrefix(answer, kept) && !strings.HasPrefix(answer, "HTTP/1.1 204") {
			return
		}
	}
}

func (s *rawServer) count(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, sent := range s.requests {
		if sent == request {
			n++
		}
	}
	return n
}

func (s *rawServer) client(t *testing.T, options ...func(*Options)) *Client {
	t.Helper()
	client, err := New(testOptions(t, "http://"+s.Addr().String(), options...))
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

func ok(body string) string {
	return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", kept, len(body), body)
}

// TestNetHTTPRepeatsNoRegistration: net/http sends some requests again by itself
// when a connection that was kept alive turns out to be dead. It must not do so
// with a registration that has been written, nor count one as never sent.
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
			server := newRawServer(t, func(request *http.Request) string {
				if request.Method == http.MethodPost {
					return answer
				}
				return ok(rawConsumers)
			})
			client := server.client(t)
			client.options.MaxRetries = 0 // of Register itself, not of the chain
			if _, err := client.List(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, outcome, err := client.post(t.Context(), "app", testSecret)
			if sent := server.count("POST " + wire.DefaultOAuthConsumersPath); outcome != unknown || !maybeSent(err) || sent != 1 {
				t.Errorf("got outcome %d, %v after %d POSTs", outcome, err, sent)
			}
		})
	}
}

func TestDialErrorsAreCertain(t *testing.T) {
	t.Parallel()
	server := newRawServer(t, func(*http.Request) string { return ok(rawConsumers) })
	client := server.client(t)
	if _, err := client.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	_ = server.Close()
	link := newRetry(&exchange{next: client.chain.base, timeout: DefaultRequestTimeout}, Options{MaxRetries: 2})
	request, err := newRequest(withManner(t.Context(), once), http.MethodPost, client.options.Endpoint, "/osmc/x", "", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	var refused *net.OpError
	if _, err = link.RoundTrip(request); maybeSent(err) || !errors.As(err, &refused) {
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
		"a flood of headers":      {kept + strings.Repeat(flood, 4) + "Content-Length: 2\r\n\r\n[]", ErrUnreachable},
		"a flood of beginnings":   {strings.Repeat("HTTP/1.1 103 Early Hints\r\n"+flood+"\r\n", 4) + ok("[]"), ErrUnreachable},
		"a length that is a lie":  {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n[", ErrUnreachable},
		"a negative length":       {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ErrUnreachable},
		"gzip that is none":       {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]", ErrUnreachable},
		"a switch of protocols":   {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", ErrUnreadable},
		"a chunk without an end":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", ErrUnreachable},
		"an answer in plain TEXT": {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nTEXT", ErrUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newRawServer(t, func(*http.Request) string { return test.answer })
			client := server.client(t, func(o *Options) { o.MaxRetries, o.MaxAnswer = 0, limit })
			if _, err := client.list(t.Context()); !errors.Is(err, test.kind) {
				t.Errorf("got %.200v, want %v", err, test.kind)
			}
		})
	}
}

// TestRedirectsAreNeverFollowed: not at login, where the credentials would go
// along, and nowhere else.
func TestRedirectsAreNeverFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE", "login"} {
			redirect := fmt.Sprintf("HTTP/1.1 %d Elsewhere\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n", status, elsewhere.URL)
			server := newRawServer(t, func(*http.Request) string { return redirect })
			client := server.client(t)
			path := "/osmc/x"
			if method == "login" {
				// Nothing but the address changes where a login goes.
				client.chain.session.root = mustParseURL(t, "http://"+server.Addr().String()+"/elsewhere")
				method = http.MethodGet
			}
			call := &profile.Call{Method: method, Path: path, Success: []int{http.StatusOK}}
			err := client.call(t.Context(), call, values{}, func(*answer) error { return nil })
			if !errors.Is(err, ErrWebPage) || followed.Load() != 0 {
				t.Errorf("%d to %s: got %v, followed %d times", status, method, err, followed.Load())
			}
		}
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	server := twcloudtest.New(t, func(c *twcloudtest.Config) { c.TLS = true })
	for name, configure := range map[string]func(*Options){
		"the system's authorities": func(*Options) {},
		"another name":             func(o *Options) { o.TLS = &tls.Config{ServerName: "elsewhere", MinVersion: tls.VersionTLS12} },
	} {
		client := connect(t, server, configure)
		var certificate *tls.CertificateVerificationError
		if _, err := client.List(t.Context()); !errors.Is(err, ErrUnreachable) || !errors.As(err, &certificate) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if requests := server.Requests(); len(requests) != 0 {
		t.Errorf("sent %v", requests)
	}
}

func TestCloseLeavesNoConnection(t *testing.T) {
	t.Parallel()
	var open atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == wire.LoginPath {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b", Path: "/osmc"})
		}
		if strings.HasSuffix(r.URL.Path, "/version") {
			_, _ = io.WriteString(w, "2024x")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	ended := make(chan struct{}, 100)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
			ended <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	client, err := New(testOptions(t, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range together(t.Context(), client, 20) {
		if err != nil {
			t.Error(err)
		}
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	for open.Load() > 0 {
		<-ended
	}
}

// TestProxyErrorsHoldNoPassword is not parallel: the environment is everybody's.
func TestProxyErrorsHoldNoPassword(t *testing.T) {
	for name, proxy := range map[string]func(*rawServer) string{
		"refuses": func(s *rawServer) string { return s.Addr().String() },
		"is gone": func(s *rawServer) string {
			_ = s.Close()
			return s.Addr().String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newRawServer(t, func(r *http.Request) string {
				return "HTTP/1.1 407 No " + r.Header.Get("Proxy-Authorization") + " canary-password\r\nContent-Length: 0\r\n\r\n"
			})
			t.Setenv("HTTPS_PROXY", "http://canary-user:canary-password@"+proxy(server))
			t.Setenv("NO_PROXY", "")
			client, err := New(testOptions(t, "https://twcloud.example.com:8111"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.List(t.Context())
			if !errors.Is(err, ErrUnreachable) {
				t.Errorf("got %v", err)
			}
			for _, secret := range []string{"canary-password", "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3N3b3Jk"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s shows in %v", secret, err)
				}
			}
		})
	}
}
