package provider

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// testPKI is one certificate authority and two client certificates, as PEM.
type testPKI struct {
	ca, certificate, key, sec1Key, otherCertificate, otherKey string
}

func newTestPKI(t testing.TB) testPKI {
	t.Helper()

	caKey := newTestKey(t)
	caTemplate := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	caDER := newTestCertificate(t, caTemplate, caTemplate, caKey, caKey)

	pki := testPKI{ca: testPEM("CERTIFICATE", caDER)}
	for i, pair := range []struct{ certificate, key *string }{
		{&pki.certificate, &pki.key}, {&pki.otherCertificate, &pki.otherKey},
	} {
		key := newTestKey(t)
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i) + 2), Subject: pkix.Name{CommonName: "client"},
			NotBefore: caTemplate.NotBefore, NotAfter: caTemplate.NotAfter,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		*pair.certificate = testPEM("CERTIFICATE", newTestCertificate(t, template, caTemplate, key, caKey))
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		*pair.key = testPEM("PRIVATE KEY", der)
		if i == 0 {
			der, err := x509.MarshalECPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			pki.sec1Key = testPEM("EC PRIVATE KEY", der)
		}
	}
	return pki
}

func newTestKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newTestCertificate(t testing.TB, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func testPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func newAgreementKeyPEM(t *testing.T) string {
	t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return testPEM("PRIVATE KEY", der)
}

func TestResolveConfig_caCertificate(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	withPEM := func(text string) block { return block{"ca_certificate_pem": text} }
	withFile := func(name string) block { return block{"ca_certificate_file": name} }
	holds := func(want string) func(*testing.T, settings) {
		return func(t *testing.T, s settings) {
			if s.caCertificatePEM != want {
				t.Errorf("got %q, want %q", s.caCertificatePEM, want)
			}
			config, err := s.tlsConfig()
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode([]byte(pki.ca))
			authority, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := authority.Verify(x509.VerifyOptions{Roots: config.RootCAs}); err != nil {
				t.Errorf("the authority is not trusted: %v", err)
			}
		}
	}

	runConfigCases(t, map[string]configCase{
		"PEM":                    {block: withPEM(pki.ca), check: holds(pki.ca)},
		"several, with comments": {block: withPEM("# one\n" + pki.certificate + "# two\n" + pki.ca), check: holds("# one\n" + pki.certificate + "# two\n" + pki.ca)},
		"file": {
			block: withFile("ca.pem"), files: map[string]string{"ca.pem": pki.ca}, check: holds(pki.ca),
		},
		"file with a byte order mark": {
			block: withFile("ca.pem"), files: map[string]string{"ca.pem": "\ufeff" + pki.ca}, check: holds(pki.ca),
		},
		"file here beats PEM in the environment": {
			block: withFile("ca.pem"), files: map[string]string{"ca.pem": pki.ca},
			environment: map[string]string{"TWCLOUD_CA_CERTIFICATE_PEM": "wrong"}, check: holds(pki.ca),
		},
		"file and PEM": {
			block: block{"ca_certificate_file": "ca.pem", "ca_certificate_pem": pki.ca}, files: map[string]string{"ca.pem": pki.ca},
			errors: []string{"ca_certificate_pem: ca_certificate_file and ca_certificate_pem are both set"},
		},
		"file and PEM in the environment": {
			environment: map[string]string{"TWCLOUD_CA_CERTIFICATE_FILE": "ca.pem", "TWCLOUD_CA_CERTIFICATE_PEM": pki.ca},
			files:       map[string]string{"ca.pem": pki.ca},
			errors: []string{
				"ca_certificate_pem: TWCLOUD_CA_CERTIFICATE_FILE and TWCLOUD_CA_CERTIFICATE_PEM are both set",
			},
		},
		"no such file": {
			block:  withFile("certs/ca.pem"),
			errors: []string{`ca_certificate_file: The file "certs/ca.pem" (ca_certificate_file) cannot be read: file does not exist`},
		},
		"no such file, from the environment": {
			environment: map[string]string{"TWCLOUD_CA_CERTIFICATE_FILE": "\xff.pem"},
			errors:      []string{`ca_certificate_file: The file "\xff.pem" (TWCLOUD_CA_CERTIFICATE_FILE) cannot be read`},
		},
		"home directory": {
			block:  withFile("~/ca.pem"),
			errors: []string{`ca_certificate_file: pathexpand("~/...")`},
		},
		"PEM in place of a file": {
			block:  withFile(pki.ca),
			errors: []string{"ca_certificate_file: must be the path of a file"},
		},
		"file in place of PEM": {
			block:  withPEM("ca.pem"),
			errors: []string{"ca_certificate_pem: use the attribute that ends with _file"},
		},
		"DER": {
			block: withFile("ca.der"), files: map[string]string{"ca.der": "\x30\x82\x01"},
			errors: []string{"ca_certificate_file: openssl with -inform der"},
		},
		"empty file": {
			block: withFile("ca.pem"), files: map[string]string{"ca.pem": ""},
			errors: []string{"ca_certificate_file: contains no PEM text"},
		},
		"key in place of a certificate": {
			block:  withPEM(pki.key),
			errors: []string{"ca_certificate_pem: contains PEM, but no certificate"},
		},
		"line breaks as backslash n": {
			block:  withPEM(strings.ReplaceAll(pki.ca, "\n", `\n`)),
			errors: []string{"ca_certificate_pem: damaged"},
		},
		"indented": {
			block:  withPEM("  " + strings.ReplaceAll(pki.ca, "\n", "\n  ")),
			errors: []string{"ca_certificate_pem: no line is indented"},
		},
		"second certificate damaged": {
			block:  withPEM(pki.ca + testPEM("CERTIFICATE", []byte("nonsense"))),
			errors: []string{"ca_certificate_pem: cannot be read (no. 2)"},
		},
	})
}

func TestResolveConfig_clientCertificate(t *testing.T) {
	t.Parallel()

	pki := newTestPKI(t)
	withPEM := func(certificate, key string) block {
		return block{"client_certificate_pem": certificate, "client_key_pem": key}
	}
	presents := func(want string) func(*testing.T, settings) {
		return func(t *testing.T, s settings) {
			config, err := s.tlsConfig()
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode([]byte(want))
			if len(config.Certificates) != 1 || !bytes.Equal(config.Certificates[0].Certificate[0], block.Bytes) {
				t.Errorf("not the expected certificate")
			}
		}
	}

	runConfigCases(t, map[string]configCase{
		"PEM":      {block: withPEM(pki.certificate, pki.key), check: presents(pki.certificate)},
		"SEC 1":    {block: withPEM(pki.certificate, pki.sec1Key), check: presents(pki.certificate)},
		"chain":    {block: withPEM(pki.certificate+pki.ca, pki.key), check: presents(pki.certificate)},
		"one file": {block: withPEM(pki.certificate+pki.key, pki.certificate+pki.key), check: presents(pki.certificate)},
		"files": {
			block: block{"client_certificate_file": "client.pem", "client_key_file": "client.key"},
			files: map[string]string{"client.pem": pki.certificate, "client.key": pki.key},
			check: presents(pki.certificate),
		},
		"certificate here, key in the environment": {
			block:       block{"client_certificate_pem": pki.certificate},
			environment: map[string]string{"TWCLOUD_CLIENT_KEY_FILE": "client.key"},
			files:       map[string]string{"client.key": pki.key},
			check:       presents(pki.certificate),
		},
		"certificate alone": {
			block:  withPEM(pki.certificate, ""),
			errors: []string{"client_key_file: neither client_key_file nor client_key_pem"},
		},
		"certificate alone, and damaged": {
			block:  withPEM("nonsense", ""),
			errors: []string{"client_key_file: neither", "client_certificate_pem: contains no PEM"},
		},
		"key alone, from the environment": {
			environment: map[string]string{"TWCLOUD_CLIENT_KEY_PEM": pki.key},
			errors: []string{
				"client_certificate_file: TWCLOUD_CLIENT_KEY_PEM is set, but neither client_certificate_file nor",
			},
		},
		"both damaged": {
			block:  withPEM("nonsense", canaryKey),
			errors: []string{"client_certificate_pem: contains no PEM", "client_key_pem: contains no PEM"},
		},
		"mixed up": {
			block: withPEM(pki.key, pki.certificate),
			errors: []string{
				"client_certificate_pem: no certificate. Check that it belongs to this attribute",
				"client_key_pem: no private key. Check that it belongs to this attribute",
			},
		},
		"another's key": {
			block:  withPEM(pki.certificate, pki.otherKey),
			errors: []string{"client_key_pem: not the private key of the certificate in client_certificate_pem"},
		},
		"issuer first": {
			block:  withPEM(pki.ca+pki.certificate, pki.key),
			errors: []string{"client_key_pem: must come first"},
		},
		"encrypted PKCS #8": {
			block:  withPEM(pki.certificate, testPEM("ENCRYPTED PRIVATE KEY", []byte(canaryKey))),
			errors: []string{"client_key_pem: passphrase"},
		},
		"encrypted PKCS #1": {
			block: withPEM(pki.certificate, string(pem.EncodeToMemory(&pem.Block{
				Type: "RSA PRIVATE KEY", Bytes: []byte(canaryKey),
				Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"},
			}))),
			errors: []string{"client_key_pem: passphrase"},
		},
		"damaged key": {
			block:  withPEM(pki.certificate, testPEM("PRIVATE KEY", []byte(canaryKey))),
			errors: []string{"client_key_pem: cannot be read"},
		},
		"a secret as the kind of a block": {
			block:  withPEM(pki.certificate, testPEM(canaryKey, []byte(canaryKey))),
			errors: []string{"client_key_pem: no private key"},
		},
		"key that cannot sign": {
			block:  withPEM(pki.certificate, newAgreementKeyPEM(t)),
			errors: []string{"client_key_pem: cannot be read"},
		},
		"key PEM given as the name of a file": {
			block: block{
				"client_certificate_pem": pki.certificate, "client_key_file": "-----BEGIN PRIVATE KEY-----\n" + canaryKey,
			},
			errors: []string{"client_key_file: client_key_file must be the path of a file"},
		},
		"key file and key PEM": {
			block: block{
				"client_certificate_pem": pki.certificate, "client_key_file": "client.key", "client_key_pem": pki.key,
			},
			files:  map[string]string{"client.key": pki.key},
			errors: []string{"client_key_pem: both set"},
		},
	})
}

func TestClientOptions(t *testing.T) {
	t.Parallel()

	c := configCase{block: block{
		"tls_server_name": "inner.example.com", "insecure_skip_verify": true, "request_timeout": "5s", "max_retries": 0,
		"max_concurrent_requests": 2, "oauth_consumers_path": "/elsewhere/",
	}}
	resolved, _, diagnostics := resolveConfig(c.model(), c.source())
	checkDiagnostics(t, "error", diagnostics.Errors(), nil)

	options, err := resolved.clientOptions("terraform-provider-twcloud/test")
	if err != nil {
		t.Fatal(err)
	}
	if options.TLS.MinVersion != tls.VersionTLS12 || options.TLS.ServerName != "inner.example.com" ||
		!options.TLS.InsecureSkipVerify || options.TLS.RootCAs != nil || options.TLS.Certificates != nil {
		t.Errorf("TLS: %+v", options.TLS)
	}
	if options.RequestTimeout != 5*time.Second || options.MaxRetries != 0 || options.MaxConcurrentRequests != 2 ||
		options.OAuthConsumersPath != "/elsewhere" || options.UserAgent != "terraform-provider-twcloud/test" {
		t.Errorf("options: %+v", options)
	}
	if options.RetryWaitMin == 0 || options.RetryWaitMax == 0 {
		t.Error("retries do not wait")
	}
}

// Settings that resolveConfig did not make are refused without repeating them.
func TestClientOptions_notResolved(t *testing.T) {
	t.Parallel()

	for name, s := range map[string]settings{
		"endpoint":        {endpoint: "https://twcloud.example.com:x"},
		"webapp_endpoint": {webAppEndpoint: "https://twcloud.example.com:x"},
		"ca_certificate":  {caCertificatePEM: canaryKey},
		"damaged":         {caCertificatePEM: testPEM("CERTIFICATE", []byte(canaryKey))},
		"client_key":      {clientCertificatePEM: "x", clientKeyPEM: canaryKey},
	} {
		if _, err := s.clientOptions("test"); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
