package emulator

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"time"
)

// authority is a certificate authority that lives as long as its server, with
// the certificates it has issued.
type authority struct {
	pem, clientPEM, clientKeyPEM []byte
	server                       *tls.Config
}

// newAuthority issues a certificate for the loopback addresses, and one for a
// client.
func newAuthority(demandClient bool) (authority, error) {
	ca, err := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "twcloud-emulator CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil)
	if err != nil {
		return authority{}, err
	}
	server, err := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}, ca)
	if err != nil {
		return authority{}, err
	}
	client, err := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "twcloud-emulator client"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca)
	if err != nil {
		return authority{}, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(client.PrivateKey)
	if err != nil {
		return authority{}, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{*server}, MinVersion: tls.VersionTLS12}
	if demandClient {
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AddCert(ca.Leaf)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return authority{
		pem:          pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Leaf.Raw}),
		clientPEM:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: client.Leaf.Raw}),
		clientKeyPEM: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		server:       config,
	}, nil
}

// issue issues a certificate with a new key. Without an issuer, it is self-signed.
func issue(certificate *x509.Certificate, issuer *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	parent, parentKey := certificate, any(key)
	if issuer != nil {
		parent, parentKey = issuer.Leaf, issuer.PrivateKey
	}
	now := time.Now()
	certificate.NotBefore, certificate.NotAfter = now.Add(-time.Hour), now.AddDate(0, 3, 0)
	der, err := x509.CreateCertificate(rand.Reader, certificate, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
