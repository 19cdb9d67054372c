package provider

import (
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

// checkAuthorities returns the certificates together with those of the system.
func checkAuthorities(text string) (*x509.CertPool, error) {
	if _, err := checkCertificates(text); err != nil {
		return nil, err
	}
	authorities, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("cannot be added to the certificate authorities of the system: %w", err)
	}
	authorities.AppendCertsFromPEM([]byte(text))
	return authorities, nil
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

// noPEM explains why no certificate or private key was found.
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
