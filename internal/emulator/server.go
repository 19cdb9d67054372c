// Package emulator emulates Teamwork Cloud, as far as this project uses
// it: the sessions and the OAuth consumers of its REST API; and the sign-in (package
// authserver), the root services document, and the request tokens of OAuth 1.0a of its
// Web Application Platform. Both are real HTTP servers on loopback ports.
//
// A test can do what it cannot do with a real server: change consumers behind
// Terraform's back, look at every request, set the clock, and let any request have
// any of the faults of AllFaultKinds.
//
// Marks in the comments say how a fact about the real server is known: V, documented by
// the vendor; S, seen in a public capture; A, assumed by this project. The same
// marks are in the OpenAPI document against which requests and answers are checked.
package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// The two servers of an installation, as Request.Server and Fault.Server name
// them.
const (
	REST   = profile.REST   // the Teamwork Cloud REST API
	WebApp = profile.WebApp // the Web Application Platform
)

// maxBody is the largest body of a request, in bytes.
const maxBody = 1 << 20

// Server is an emulated Teamwork Cloud: the REST API and the Web Application
// Platform. All of its methods are safe for concurrent use.
type Server struct {
	config    Config
	profile   *profile.Profile
	builtIn   bool // The profile is the built-in one.
	authority authority
	parts     map[string]*part // by REST, WebApp, and authentication
	auth      *authserver.Server
	routes    map[string]router // by REST and WebApp
	state     *state
	quirk     quirk // nil: none
	memory    quirkMemory
	recorder  recorder
	contract  *contract

	serving sync.WaitGroup
	closed  context.Context // It ends when Close is called.
	stop    context.CancelFunc

	logMu     sync.Mutex
	mu        sync.Mutex // guards what follows
	onRequest func(Request)
	busy      int // how many handlers run, except for those inside the hook
	idle      *sync.Cond
}

// authentication is the part of the authentication server, if it is at an address of
// its own. Its requests belong to WebApp.
const authentication = "authentication"

// part is a server at an address.
type part struct {
	url      string
	listener net.Listener
	http     *http.Server
}

// Start starts a server. It lives until Close.
func Start(config Config) (*Server, error) {
	config = config.withDefaults()
	s := &Server{
		config:   config,
		profile:  config.Profile,
		builtIn:  config.Profile == profile.BuiltIn(),
		parts:    map[string]*part{},
		state:    newState(),
		recorder: recorder{keep: config.KeepRequests, counts: map[string]int{}},
	}
	s.closed, s.stop = context.WithCancel(context.Background())
	s.idle = sync.NewCond(&s.mu)
	var err error
	if s.quirk = quirks[config.ConsumerQuirk]; s.quirk == nil && config.ConsumerQuirk != "" {
		return nil, fmt.Errorf("there is no quirk %q; the quirks are %v", config.ConsumerQuirk, ConsumerQuirks())
	}
	if config.ValidateContract && s.builtIn {
		if s.contract, err = newContract(); err != nil {
			return nil, err
		}
	}
	if config.TLS {
		if s.authority, err = newAuthority(config.ClientCA); err != nil {
			return nil, err
		}
	}
	for name, address := range config.addresses() {
		if err := s.listen(name, address); err != nil {
			s.Close()
			return nil, fmt.Errorf("unable to listen on %s: %w", address, err)
		}
	}
	s.auth = s.newAuthServer()
	s.routes = map[string]router{REST: s.restRoutes(), WebApp: s.webAppRoutes()}
	s.addProfileRoutes()
	for _, p := range s.parts {
		s.serving.Go(func() { _ = p.http.Serve(p.listener) })
	}
	return s, nil
}

// addresses are where the parts listen.
func (config Config) addresses() map[string]string {
	addresses := map[string]string{REST: config.RESTAddress}
	if !config.OneOrigin {
		addresses[WebApp] = config.WebAppAddress
	}
	if config.AuthenticationAddress != "" {
		addresses[authentication] = config.AuthenticationAddress
	}
	return addresses
}

// New starts a server for a test, validates the contract and closes the server
// when the test ends. The test fails if a request or a response has not conformed
// to the OpenAPI document.
func New(t testing.TB, options ...func(*Config)) *Server {
	t.Helper()
	config := Config{ValidateContract: true}
	for _, option := range options {
		option(&config)
	}
	s, err := Start(config)
	if err != nil {
		t.Fatalf("unable to start the emulator: %v", err)
	}
	t.Cleanup(func() {
		s.Close()
		for _, violation := range s.ContractViolations() {
			t.Errorf("contract violated: %s", violation)
		}
	})
	return s
}

func (s *Server) listen(name, address string) error {
	listener, err := net.Listen("tcp", address) //nolint:noctx // Listening does not wait.
	if err != nil {
		return err
	}
	scheme := "http"
	p := &part{listener: listener}
	s.parts[name] = p
	if s.config.TLS {
		scheme = "https"
		p.listener = tls.NewListener(listener, s.authority.server)
	}
	host := listener.Addr().String()
	if given, _, _ := net.SplitHostPort(address); given == "localhost" {
		_, port, _ := net.SplitHostPort(host)
		host = net.JoinHostPort(given, port)
	}
	p.url = scheme + "://" + host + s.config.prefix(name)
	p.http = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(name, w, r) }),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.recorder.connected()
			}
		},
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
	}
	return nil
}

// Close stops the server. It drops the connections, those of hanging requests
// included, and returns once their handlers have ended; it does not wait for one
// that is inside the hook of SetOnRequest.
func (s *Server) Close() {
	s.stop()
	for _, p := range s.parts {
		_ = p.listener.Close()
		_ = p.http.Close()
	}
	s.serving.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.busy > 0 {
		s.idle.Wait()
	}
}

// work notes that handlers begin or end.
func (s *Server) work(handlers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy += handlers
	s.idle.Broadcast()
}

// URL is the root of the REST API, with the path prefix, without a slash at the
// end.
func (s *Server) URL() string { return s.parts[REST].url }

// WebAppURL is the root of the Web Application Platform, with the path prefix,
// without a slash at the end.
func (s *Server) WebAppURL() string { return s.url(WebApp, REST) }

// AuthenticationURL is the root of the authentication server, with the path prefix,
// without a slash at the end.
func (s *Server) AuthenticationURL() string { return s.url(authentication, WebApp, REST) }

// url is the root of the first of some parts that there is.
func (s *Server) url(names ...string) string {
	for _, name := range names {
		if found := s.parts[name]; found != nil {
			return found.url
		}
	}
	return ""
}

// CACertificatePEM is the certificate of the authority that issued the servers'
// certificates, or nil without TLS.
func (s *Server) CACertificatePEM() []byte { return s.authority.pem }

// ClientCertificatePEM is a client certificate that the authority has issued, or
// nil without TLS.
func (s *Server) ClientCertificatePEM() []byte { return s.authority.clientPEM }

// ClientKeyPEM is the private key of ClientCertificatePEM, in PKCS #8.
func (s *Server) ClientKeyPEM() []byte { return s.authority.clientKeyPEM }

// SetOnRequest sets what is called for every request on arrival, before it is handled,
// from the goroutine that will handle it. It may call the server, but must not close
// it.
func (s *Server) SetOnRequest(hook func(Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRequest = hook
}

// serve handles one request: record, hook, fault or handler, contract,
// answer.
func (s *Server) serve(part string, w http.ResponseWriter, r *http.Request) {
	s.work(1)
	defer s.work(-1)
	if s.closed.Err() != nil {
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		panic(http.ErrAbortHandler) // The client has gone.
	}
	x := &exchange{part: part, request: r, body: body}
	if path, below := strings.CutPrefix(r.URL.EscapedPath(), s.config.prefix(part)); below {
		x.path = path
	}
	affinity := s.balance(r)
	found, a := s.route(x)
	entry, request, fault := s.record(x)
	s.callHook(request)

	if tooLarge != nil {
		a = failure(http.StatusBadRequest, "The body is too large.")
	}
	if a == nil && (fault == nil || fault.Kind.Handled()) {
		a = s.handle(x, found)
	}
	s.delay(r)
	if s.contract != nil && !strings.HasPrefix(x.path, s.adminPagePath()) {
		s.contract.check(r.Context(), x, a, fault != nil)
	}
	s.logLine(request, a)
	if affinity != "" && a != nil {
		a.header.Add("Set-Cookie", affinity)
	}
	if fault == nil {
		s.recorder.leave(entry, a.status)
		a.write(w)
		return
	}
	s.applyFault(w, x, entry, fault, a)
}

func (s *Server) callHook(request Request) {
	s.mu.Lock()
	hook := s.onRequest
	s.mu.Unlock()
	if hook != nil {
		s.work(-1)
		defer s.work(1)
		hook(request)
	}
}

// delay waits for Config.Latency, or until the client or the server has gone.
func (s *Server) delay(r *http.Request) {
	if s.config.Latency <= 0 {
		return
	}
	timer := time.NewTimer(s.config.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.closed.Done():
	}
}

// logLine writes one line about the request. The path is escaped, so that it
// cannot break the line.
func (s *Server) logLine(request Request, a *answer) {
	if s.config.Log == nil {
		return
	}
	outcome := request.Fault
	if outcome == "" {
		outcome = fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	s.logMu.Lock()
	defer s.logMu.Unlock()
	_, _ = fmt.Fprintf(s.config.Log, "%-6s %-6s %s -> %s\n", request.Server, request.Method, request.Path, outcome)
}
