package twcloud

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

const (
	testPassword = "canary-password-0123456789"
	testSecret   = "canary-secret-0123456789"
)

// reply returns a response; headers are alternating names and values.
func reply(status int, body string, headers ...string) *http.Response {
	response := &http.Response{
		StatusCode: status,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(body)),
	}
	for i := 0; i < len(headers); i += 2 {
		response.Header.Add(headers[i], headers[i+1])
	}
	return response
}

// dial reports to httptrace that a connection was requested and, if so, obtained.
func dial(request *http.Request, got bool) {
	trace := httptrace.ContextClientTrace(request.Context())
	if trace == nil {
		return
	}
	if trace.GetConn != nil {
		trace.GetConn(request.URL.Host)
	}
	if got && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
}

// transportFunc answers requests without a network.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func mustParseURL(t testing.TB, raw string) *url.URL {
	t.Helper()
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func send(ctx context.Context, t testing.TB, link http.RoundTripper, method string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, "https://twcloud.example.com:8111/osmc/x?secret=canary", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return link.RoundTrip(request)
}

// hanging returns an error when its context ends, and nothing before.
func hanging(request *http.Request) (*http.Response, error) {
	dial(request, true)
	<-request.Context().Done()
	return nil, context.Cause(request.Context())
}

// async runs a call in a goroutine; the channel gets its error.
func async(call func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	return done
}

// fakeServer is a transport that opens a session at each login, closes it at
// logout, and leaves everything else to serve.
type fakeServer struct {
	login  transportFunc // nil: a login succeeds
	logout transportFunc
	serve  transportFunc

	mu       sync.Mutex
	requests []*http.Request
	logins   int
}

const fakeCookie = "twc-rest-session-id"

func (f *fakeServer) RoundTrip(request *http.Request) (*http.Response, error) {
	dial(request, true)
	f.mu.Lock()
	f.requests = append(f.requests, request)
	f.mu.Unlock()
	switch {
	case strings.HasSuffix(request.URL.Path, wire.LoginPath):
		if f.login != nil {
			return f.login(request)
		}
		return f.openSession(), nil
	case strings.HasSuffix(request.URL.Path, wire.LogoutPath):
		if f.logout != nil {
			return f.logout(request)
		}
		return reply(http.StatusNoContent, ""), nil
	case f.serve != nil:
		return f.serve(request)
	}
	return reply(http.StatusOK, "2024x"), nil
}

// openSession answers a login. The cookies of the sessions are
// seat-0000000000000001, and so on.
func (f *fakeServer) openSession() *http.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logins++
	return reply(http.StatusNoContent, "", "Set-Cookie", fakeCookie+"="+seatName(f.logins)+"; Path=/osmc")
}

func seatName(number int) string { return "seat-000000000000000" + string(rune('0'+number)) }

func seatOf(request *http.Request) string {
	cookie, err := request.Cookie(fakeCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// sent lists the requests as "GET /osmc/login" or "GET /osmc/version 1", with the
// number of the seat.
func (f *fakeServer) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var sent []string
	for _, request := range f.requests {
		line := request.Method + " " + request.URL.EscapedPath()
		if seat := seatOf(request); seat != "" {
			line += " " + strings.TrimLeft(seat, "seat-0")
		}
		sent = append(sent, line)
	}
	return sent
}

// count returns the number of requests whose path has a suffix.
func (f *fakeServer) count(suffix string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, request := range f.requests {
		if strings.HasSuffix(request.URL.Path, suffix) {
			n++
		}
	}
	return n
}

// fakeAnswers answers each call of the built-in profile: "METHOD list" for the
// collection and "METHOD key" for a consumer. A response is a status and a body;
// several are sent in turn, and the last one stays. Status 0 is a lost answer.
type fakeAnswers map[string][]fakeAnswer

type fakeAnswer struct {
	status int
	body   string
}

func (f fakeAnswers) client(t *testing.T, changes ...func(*profile.Profile)) (*Client, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var sent []string
	server := &fakeServer{serve: func(request *http.Request) (*http.Response, error) {
		mu.Lock()
		defer mu.Unlock()
		name := "list"
		if rest, below := strings.CutPrefix(request.URL.Path, "/osmc/admin/oauthconsumers/"); below {
			name = rest
		}
		call := request.Method + " " + name
		if request.URL.RawQuery != "" {
			call += "?" + request.URL.RawQuery
		}
		sent = append(sent, call)
		answers := f[call]
		if len(answers) == 0 {
			return reply(http.StatusNotFound, `{"message":"nothing there"}`), nil
		}
		if len(answers) > 1 {
			f[call] = answers[1:]
		}
		if answers[0].status == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		return reply(answers[0].status, answers[0].body), nil
	}}
	client := fakeClient(t, server)
	client.profile = ownProfile()
	for _, change := range changes {
		if change != nil {
			change(client.profile)
		}
	}
	return client, func() []string { return sent }
}

// ownProfile is a copy of the built-in profile that a test can change.
func ownProfile() *profile.Profile {
	content, err := json.Marshal(profile.BuiltIn())
	own, problems := profile.Parse(content)
	if err != nil || len(problems) > 0 {
		panic(fmt.Sprint(err, problems))
	}
	return own
}

func one(key string) string { return named(key, "n") }

func named(key, name string) string {
	return fmt.Sprintf(`{"key":%q,"name":%q,"approved":true}`, key, name)
}

// nameIn is the name that a registration sends.
func nameIn(t *testing.T, request *http.Request) string {
	t.Helper()
	var body struct{ Name string }
	if err := json.NewDecoder(request.Body).Decode(&body); err != nil {
		t.Error(err)
	}
	return body.Name
}

func withoutRead(p *profile.Profile) { p.Calls.Read = nil }

func consumersJSON(keys ...string) string {
	var all []string
	for _, key := range keys {
		all = append(all, one(key))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func testOptions(t testing.TB, endpoint string, options ...func(*Options)) Options {
	t.Helper()
	built := Options{
		Endpoint:       mustParseURL(t, endpoint),
		Credentials:    Credentials{Username: "admin", Password: testPassword},
		RequestTimeout: time.Minute,
		MaxResponse:    1 << 20,
		MaxRetries:     3,
		UserAgent:      "test",
	}
	for _, option := range options {
		option(&built)
	}
	return built
}

// fakeClient returns a client whose requests go to a fake, without back-off.
func fakeClient(t testing.TB, transport http.RoundTripper, options ...func(*Options)) *Client {
	t.Helper()
	built := testOptions(t, "https://twcloud.example.com:8111", options...)
	built.Transport = transport
	client, err := New(built)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// connect returns a client of an emulated server, without back-off. When the test
// ends, the client must have signed out of both servers.
func connect(t testing.TB, server *emulator.Server, options ...func(*Options)) *Client {
	t.Helper()
	built := testOptions(t, server.URL())
	built.Credentials = Credentials{Token: emulator.AdminToken}
	for _, option := range options {
		option(&built)
	}
	client, err := New(built)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.ClearFaults()
		if err := client.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if rest, platform := server.OpenSessions(), server.PlatformSessions(); rest != 0 || len(platform) != 0 {
			t.Errorf("%d sessions are left open on the REST API, on the platform %v", rest, platform)
		}
	})
	return client
}

const collection = "/oauthconsumers"

// sentTo lists the methods of the requests whose path has a suffix.
func sentTo(server *emulator.Server, suffix string) []string {
	var methods []string
	for _, request := range server.Requests() {
		if strings.HasSuffix(request.Path, suffix) {
			methods = append(methods, request.Method)
		}
	}
	return methods
}
