// Package twcloudtest emulates Teamwork Cloud, as far as this project uses
// it: the sessions and the OAuth consumers of its REST API, and the root services
// document and the OAuth 1.0a endpoints of its Web Application Platform. Both are
// real HTTP servers on loopback ports.
//
// A test can do what it cannot do with a real server: change consumers behind
// Terraform's back, look at every request, set the clock, and let any request have
// any of the faults of AllFaultKinds.
//
// Marks in the comments say how a fact about the real server is known: V, documented by
// the vendor; S, seen in a public capture; A, assumed by this project. The same
// marks are in the OpenAPI document against which requests and answers are held.
package twcloudtest

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// Server is an emulated Teamwork Cloud: the REST API and the Web Application
// Platform. All of its methods are safe for concurrent use.
type Server struct {
	config       Config
	profile      *profile.Profile
	builtIn      bool // The profile is the built-in one.
	authority    *authority
	state        *state
	recorder     recorder
	script       script
	contract     *contract
	rest, webApp router

	restURL, webAppURL string
	http               [2]*http.Server
	done               chan struct{}
	close              sync.Once
	serving            sync.WaitGroup

	hookMu    sync.Mutex
	onRequest func(Request)

	logMu sync.Mutex

	// Close waits until the open connections are gone, but for those whose
	// handler is inside Config.OnRequest.
	connMu  sync.Mutex
	connEnd *sync.Cond
	conns   int
	inHook  int
}

// Start starts a server. It lives until Close.
func Start(config Config) (*Server, error) {
	config = config.withDefaults()
	s := &Server{
		config:    config,
		state:     newState(),
		recorder:  recorder{keep: config.KeepRequests},
		onRequest: config.OnRequest,
		done:      make(chan struct{}),
	}
	s.connEnd = sync.NewCond(&s.connMu)
	s.builtIn = config.Profile == profile.BuiltIn()
	s.profile = config.Profile.WithCollection(config.OAuthConsumersPath)
	s.rest, s.webApp = s.restRouter(), s.webAppRouter()
	if config.ValidateContract && s.builtIn {
		var err error
		if s.contract, err = newContract(); err != nil {
			return nil, err
		}
	}
	if config.TLS {
		var hosts []string
		for _, address := range []string{config.RESTAddress, config.WebAppAddress} {
			if host, _, err := net.SplitHostPort(address); err == nil && host != "" {
				hosts = append(hosts, host)
			}
		}
		var err error
		if s.authority, err = newAuthority(hosts, config.ClientCA); err != nil {
			return nil, err
		}
	}
	var listeners [2]net.Listener
	for i, address := range []string{config.RESTAddress, config.WebAppAddress} {
		listener, err := net.Listen("tcp", address) //nolint:noctx // Listening does not wait.
		if err != nil {
			if i > 0 {
				_ = listeners[0].Close()
			}
			return nil, fmt.Errorf("unable to listen on %s: %w", address, err)
		}
		listeners[i] = listener
	}
	s.restURL, s.webAppURL = s.url(listeners[0]), s.url(listeners[1])
	for i, part := range []string{REST, WebApp} {
		s.http[i] = s.newHTTPServer(part)
		s.serving.Go(func() {
			if s.authority != nil {
				_ = s.http[i].ServeTLS(listeners[i], "", "")
			} else {
				_ = s.http[i].Serve(listeners[i])
			}
		})
	}
	return s, nil
}

// New starts a server for a test, validates the contract and closes the server
// when the test ends. The test fails if a request or an answer has not conformed
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

// Close stops the server. It drops the connections, those of hanging requests
// included, and returns once their handlers have ended; it does not wait for one
// that is inside Config.OnRequest.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.done)
		for _, server := range s.http {
			_ = server.Close()
		}
	})
	s.serving.Wait()
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for s.conns > s.inHook {
		s.connEnd.Wait()
	}
}

func (s *Server) closed() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// URL is the root of the REST API, with the path prefix, without a slash at the
// end.
func (s *Server) URL() string { return s.restURL }

// WebAppURL is the root of the Web Application Platform, with the path prefix,
// without a slash at the end.
func (s *Server) WebAppURL() string { return s.webAppURL }

// CACertificatePEM is the certificate of the authority that issued the servers'
// certificates, or nil without TLS.
func (s *Server) CACertificatePEM() []byte {
	if s.authority == nil {
		return nil
	}
	return s.authority.pem
}

// ClientCertificatePEM is a client certificate that the authority has issued, or
// nil without TLS.
func (s *Server) ClientCertificatePEM() []byte {
	if s.authority == nil {
		return nil
	}
	return s.authority.clientPEM
}

// ClientKeyPEM is the private key of ClientCertificatePEM, in PKCS #8.
func (s *Server) ClientKeyPEM() []byte {
	if s.authority == nil {
		return nil
	}
	return s.authority.clientKeyPEM
}

// SetOnRequest takes the place of Config.OnRequest.
func (s *Server) SetOnRequest(hook func(Request)) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	s.onRequest = hook
}

func (s *Server) now() time.Time { return s.config.Clock.Now() }

func (s *Server) url(listener net.Listener) string {
	scheme := "http"
	if s.config.TLS {
		scheme = "https"
	}
	address := listener.Addr().String()
	if host, port, err := net.SplitHostPort(address); err == nil && net.ParseIP(host).IsUnspecified() {
		address = net.JoinHostPort("localhost", port)
	}
	return scheme + "://" + address + s.config.PathPrefix
}

// connectionKey is the key of a connection's number in its context.
type connectionKey struct{}

func (s *Server) newHTTPServer(part string) *http.Server {
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(part, w, r) }),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, s.recorder.connect())
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			s.connMu.Lock()
			defer s.connMu.Unlock()
			switch state {
			case http.StateNew:
				s.conns++
			case http.StateClosed, http.StateHijacked:
				s.conns--
				s.connEnd.Broadcast()
			}
		},
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
		Protocols:         new(http.Protocols),
	}
	// A dropped connection is a dropped request only in HTTP/1.
	server.Protocols.SetHTTP1(true)
	if s.authority != nil {
		server.TLSConfig = s.authority.server.Clone()
	}
	return server
}
