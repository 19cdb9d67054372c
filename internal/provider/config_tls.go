package provider

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// checkCertificates checks PEM text with at least one certificate.
func checkCertificates(text string) (string, error) {
	count := 0
	for _, block := range pemBlocks(text) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		count++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return "", fmt.Errorf("contains a certificate that cannot be read (no. %d): %w", count, err)
		}
	}
	if count == 0 {
		return "", noPEM(text, "certificate")
	}
	return text, nil
}

// checkKey checks PEM text with a private key for TLS. It must not repeat anything
// of it.
func checkKey(text string) (string, error) {
	for _, block := range pemBlocks(text) {
		switch {
		case block.Type != "PRIVATE KEY" && !strings.HasSuffix(block.Type, " PRIVATE KEY"):
			continue
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return "", errors.New("contains a private key that is protected by a passphrase. Remove the passphrase: " +
				"openssl pkey -in FILE -out FILE.plain.pem")
		}
		return text, nil
	}
	return "", noPEM(text, "private key")
}

// noPEM says why no certificate or private key was found.
func noPEM(text, what string) error {
	switch {
	case len(pemBlocks(text)) > 0:
		return fmt.Errorf("contains PEM, but no %s. Check that it belongs to this attribute", what)
	case strings.Contains(text, "-----BEGIN"):
		return fmt.Errorf(`contains a damaged %s. Check that line breaks are real ones, not \n, and that no line is `+
			"indented, joined or cut", what)
	}
	return errors.New("contains no PEM text (-----BEGIN ...). Set a _file attribute to the path of a PEM file (not DER), " +
		"or a _pem attribute to its text")
}

func pemBlocks(text string) []*pem.Block {
	rest := []byte(text)
	var blocks []*pem.Block
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return blocks
		}
		blocks = append(blocks, block)
	}
}

// checkTLS checks the PEM attributes together.
func (r *resolver) checkTLS() {
	if r.settings.insecureSkipVerify {
		r.warn("insecure_skip_verify", "Certificates are not verified", "Anyone who impersonates the server can read the "+
			"credentials. Use ca_certificate_file to trust the server's certificate authority, or tls_server_name if only the name in "+
			"its certificate differs.")
	}
	for _, name := range []string{"ca_certificate", "client_certificate", "client_key"} {
		r.conflict(name+"_file", name+"_pem", "Remove one of them.")
	}
	certificate, key := r.either("client_certificate"), r.either("client_key")
	switch {
	case certificate.given() && key.missing():
		r.incomplete("client certificate", certificate, "", "client_key_file", "client_key_pem")
	case key.given() && certificate.missing():
		r.incomplete("client certificate", key, "", "client_certificate_file", "client_certificate_pem")
	}
	pair := [2]string{r.settings.clientCertificatePEM, r.settings.clientKeyPEM}
	if pair[0] == "" || pair[1] == "" {
		return
	}
	if _, err := tls.X509KeyPair([]byte(pair[0]), []byte(pair[1])); err != nil {
		r.reject(key, fmt.Sprintf("cannot be used with %s: %v. It must be the key of the first certificate there",
			certificate.label(), err))
	}
}

// either returns the one of <name>_file and <name>_pem that is set or may be.
func (r *resolver) either(name string) value {
	if file := r.values[name+"_file"]; file.given() || r.values[name+"_pem"].missing() {
		return file
	}
	return r.values[name+"_pem"]
}
