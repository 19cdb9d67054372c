package provider

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// certificate returns a self-signed certificate.
func certificate(t *testing.T, useRSA bool, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "twcloud.example.com"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	change(template)
	var der []byte
	var err error
	var key any
	if useRSA {
		private, keyErr := rsa.GenerateKey(rand.Reader, 2048)
		if keyErr != nil {
			t.Fatal(keyErr)
		}
		key = private
		der, err = x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	} else {
		private, keyErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if keyErr != nil {
			t.Fatal(keyErr)
		}
		key = private
		der, err = x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// The advice is for what a server really does to the connection.
func TestConnectionAdvice(t *testing.T) {
	t.Parallel()
	withSAN := func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }
	for name, test := range map[string]struct {
		server     *tls.Config
		rsa        bool
		change     func(*x509.Certificate)
		serverName string
		client     bool   // shows a certificate of an authority that the server does not know
		body       string // raw, instead of a whole response
		says, not  string
	}{
		"RSA key exchange only": {
			server: &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}},
			rsa:    true, change: withSAN, says: "no common cipher suite",
		},
		"old TLS only": {
			server: &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
			change: withSAN, says: "does not support TLS 1.2",
		},
		"no SAN": {
			server: &tls.Config{MinVersion: tls.VersionTLS12}, change: func(*x509.Certificate) {}, serverName: "twcloud.example.com",
			says: "no subject alternative name", not: "set tls_server_name",
		},
		"another name": {
			server:     &tls.Config{MinVersion: tls.VersionTLS12},
			change:     func(c *x509.Certificate) { c.DNSNames = []string{"a.example.com", "b.example.com"} },
			serverName: "c.example.com", says: "is for another host name",
		},
		"address that is not in the certificate": {
			server: &tls.Config{MinVersion: tls.VersionTLS12},
			change: func(c *x509.Certificate) { c.DNSNames = []string{"a.example.com"} }, says: "is for another host name",
		},
		"expired": {
			server: &tls.Config{MinVersion: tls.VersionTLS12}, says: "has expired, or is not valid yet",
			change: func(c *x509.Certificate) { withSAN(c); c.NotAfter = time.Now().Add(-time.Hour) },
		},
		"not for servers": {
			server: &tls.Config{MinVersion: tls.VersionTLS12}, says: "must not be used for this purpose", not: "expired",
			change: func(c *x509.Certificate) {
				withSAN(c)
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			},
		},
		"no client certificate": {
			server: &tls.Config{MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()},
			change: withSAN, says: "If it requires a client certificate",
		},
		"client certificate of an unknown authority": {
			server: &tls.Config{MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()},
			change: withSAN, client: true, says: "does not accept the client certificate",
		},
		"half a response": {
			server: &tls.Config{MinVersion: tls.VersionTLS12}, change: withSAN,
			body: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[", says: "broke before the response was complete", not: "VPN",
		},
		"no response": {
			server: &tls.Config{MinVersion: tls.VersionTLS12}, change: withSAN,
			says: "broke before the response was complete", not: "VPN",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				connection, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(connection, test.body)
				_ = connection.Close()
			}))
			own := certificate(t, test.rsa, test.change)
			test.server.Certificates = []tls.Certificate{own}
			server.TLS = test.server
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			t.Cleanup(server.Close)
			authorities := x509.NewCertPool()
			parsed, err := x509.ParseCertificate(own.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			authorities.AddCert(parsed)
			options := twcloud.NewOptions()
			options.MaxRetries = 0
			options.Credentials = twcloud.Credentials{Token: "token"}
			options.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities, ServerName: test.serverName}
			if test.client {
				options.TLS.Certificates = []tls.Certificate{certificate(t, false, withSAN)}
			}
			if options.Endpoint, err = url.Parse(server.URL); err != nil {
				t.Fatal(err)
			}
			client, err := twcloud.New(options)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Version(t.Context())
			if advice := (serverFacts{}).adviceFor(err); !strings.Contains(advice, test.says) || test.not != "" && strings.Contains(advice, test.not) {
				t.Errorf("%v: got %q", err, advice)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
