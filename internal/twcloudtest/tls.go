package twcloudtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// authority is a certificate authority that lives as long as its server, with
// the certificates it has issued.
type authority struct {
	pem, clientPEM, clientKeyPEM []byte
	server                       *tls.Config
}

// newAuthority issues a certificate for the loopback addresses and hosts, and
// one for a client.
func newAuthority(hosts []string, demandClient bool) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := newCertificate("twcloud-emulator CA", 1)
	ca.IsCA = true
	ca.BasicConstraintsValid = true
	ca.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}

	server := newCertificate("localhost", 2)
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{"localhost"}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip == nil {
			server.DNSNames = append(server.DNSNames, host)
		} else if !ip.IsUnspecified() && !ip.IsLoopback() {
			server.IPAddresses = append(server.IPAddresses, ip)
		}
	}
	serverPEM, serverKeyPEM, err := issue(server, ca, key)
	if err != nil {
		return nil, err
	}
	client := newCertificate("twcloud-emulator client", 3)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	clientPEM, clientKeyPEM, err := issue(client, ca, key)
	if err != nil {
		return nil, err
	}
	certificate, err := tls.X509KeyPair(serverPEM, serverKeyPEM)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if demandClient {
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AddCert(ca)
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return &authority{
		pem:          pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		clientPEM:    clientPEM,
		clientKeyPEM: clientKeyPEM,
		server:       config,
	}, nil
}

func newCertificate(name string, serial int64) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(0, 3, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

func issue(certificate, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (certificatePEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}
