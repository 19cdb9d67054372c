package emulator_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	s := emulator.New(t, func(config *emulator.Config) { config.KeepRequests = 3 })
	c := signedIn(t, s, "admin-token")
	c.want(201, c.do("POST", consumers, `{"name":"a","secret":"canary"}`))
	c.want(307, c.get(wire.CurrentUserPath+"?permission=true"))
	requests := s.Requests()
	for i, want := range []emulator.Request{
		{Method: "GET", Path: wire.LoginPath, Status: 204, AuthorizationScheme: "Token"},
		{Method: "POST", Call: "register", Path: consumers, Status: 201, Fields: []string{"name", "secret"}},
		{Method: "GET", Path: wire.CurrentUserPath, Status: 307},
	} {
		want.Index, want.Server, want.UserAgent = i+1, emulator.REST, "Go-http-client/1.1"
		if got := requests[i]; !reflect.DeepEqual(got, want) {
			t.Errorf("request %d: %+v, want %+v", i+1, got, want)
		}
	}
	requests[1].Fields[0] = "changed"
	if slices.Contains(s.Requests()[1].Fields, "changed") {
		t.Error("the log is not a copy")
	}
	if s.Connections() != 1 {
		t.Errorf("%d connections", s.Connections())
	}
	c.get(wire.VersionPath)
	if requests := s.Requests(); len(requests) != 3 || requests[2].Index != 4 {
		t.Errorf("%+v", requests)
	}
	s.ResetRequests()
	c.get(wire.VersionPath)
	if requests := s.Requests(); len(requests) != 1 || requests[0].Index != 1 {
		t.Errorf("%+v", requests)
	}
}

func TestMaxInFlight(t *testing.T) {
	t.Parallel()
	s := emulator.New(t)
	var together sync.WaitGroup
	together.Add(3)
	s.SetOnRequest(func(emulator.Request) { together.Done(); together.Wait() })
	var ended sync.WaitGroup
	for range 3 {
		c := newClient(t, s)
		ended.Go(func() { c.get(wire.VersionPath) })
	}
	ended.Wait()
	s.SetOnRequest(nil)
	if s.MaxInFlight() != 3 {
		t.Errorf("%d in flight", s.MaxInFlight())
	}
	s.ResetRequests()
	c := newClient(t, s)
	for range 100 {
		c.get(wire.VersionPath)
	}
	if s.MaxInFlight() != 1 {
		t.Errorf("%d in flight", s.MaxInFlight())
	}
}

func TestLog_hasNoSecrets(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := emulator.New(t, lenient, func(config *emulator.Config) { config.Log = &log })
	c := signedIn(t, s, "admin-token")
	c.do("POST", consumers, `{"name":"a","secret":"canary"}`)
	c.get(wire.VersionPath + "?canary=canary")
	c.do("GET", "/canary%0Aline", "")
	s.Inject(emulator.Fault{Kind: emulator.NoBody})
	c.get(consumers)
	s.Close()
	want := `rest   GET    /osmc/login -> 204 No Content
rest   POST   /osmc/admin/oauthconsumers -> 201 Created
rest   GET    /osmc/version -> 200 OK
rest   GET    /canary%0Aline -> 404 Not Found
rest   GET    /osmc/admin/oauthconsumers -> no-body
`
	if log.String() != want {
		t.Errorf("log:\n%swant:\n%s", log.String(), want)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := emulator.New(t, func(config *emulator.Config) { config.TLS = true })
	c := newClient(t, s)
	c.want(200, c.get(wire.VersionPath))
	c.want(200, c.get(strings.Replace(s.URL(), "127.0.0.1", "localhost", 1)+wire.VersionPath))
	other := emulator.New(t, func(config *emulator.Config) { config.TLS = true })
	_, err := c.try("GET", other.URL()+wire.VersionPath, "")
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("another server's certificate: %v", err)
	}
}

func TestTLS_clientCertificate(t *testing.T) {
	t.Parallel()
	s := emulator.New(t, func(config *emulator.Config) { config.ClientCA = true })
	c := newClient(t, s)
	if _, err := c.try("GET", s.URL()+wire.VersionPath, ""); err == nil {
		t.Error("no certificate is needed")
	}
	certificate, err := tls.X509KeyPair(s.ClientCertificatePEM(), s.ClientKeyPEM())
	if err != nil {
		t.Fatal(err)
	}
	c = newClient(t, s)
	c.http.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{certificate}
	c.want(200, c.get(wire.VersionPath))
}
