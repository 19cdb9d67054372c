package provider

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// document is a certificate or a key that was given as PEM or as the path of a
// file.
type document struct {
	value

	// contents is set if the document was read.
	contents string
	wasRead  bool
}

func (r *resolver) tlsServerName(config types.String) string {
	v := r.text("tls_server_name", config)
	if !v.given() {
		return ""
	}

	if _, err := netip.ParseAddr(v.text); err == nil {
		return v.text
	}
	if strings.ContainsFunc(v.text, func(c rune) bool { return !isHostCharacter(c) }) {
		r.reject(v, `must be the host name or the IP address in the server's certificate, such as "twcloud.example.com": `+
			"no scheme, port, path or wildcard; names with other than ASCII letters in their xn-- form.")
	}
	return v.text
}

func (r *resolver) caCertificate(config providerModel) string {
	ca := r.document("ca_certificate", config.CACertificateFile, config.CACertificatePEM)
	if !ca.wasRead {
		return ""
	}
	r.checkCertificates(ca)
	return ca.contents
}

// clientCertificate resolves both halves of mutual TLS. Each may come from the
// provider block or from the environment.
func (r *resolver) clientCertificate(config providerModel) (certificate, key string) {
	cert := r.document("client_certificate", config.ClientCertificateFile, config.ClientCertificatePEM)
	private := r.document("client_key", config.ClientKeyFile, config.ClientKeyPEM)

	switch {
	case cert.given() && private.open():
		r.clientCertificateIncomplete(cert, "client_key")
	case private.given() && cert.open():
		r.clientCertificateIncomplete(private, "client_certificate")
	}

	usable := true
	if cert.wasRead {
		usable = r.checkCertificates(cert) && usable
	}
	if private.wasRead {
		usable = r.checkKey(private) && usable
	}
	if !usable || !cert.wasRead || !private.wasRead {
		return "", ""
	}

	if _, err := tls.X509KeyPair([]byte(cert.contents), []byte(private.contents)); err != nil {
		r.reject(private.value, "is not the private key of the certificate in %s. The certificate of the client itself "+
			"must come first there, those of its issuers after it.", cert.label())
		return "", ""
	}
	return cert.contents, private.contents
}

func (r *resolver) clientCertificateIncomplete(given document, missing string) {
	file, text := missing+"_file", missing+"_pem"
	r.fail(file, "Incomplete client certificate", fmt.Sprintf(
		"%s is set, but neither %s nor %s is, and a client needs both a certificate and its key. Set one of them, or one "+
			"of the environment variables %s and %s.",
		given.subject(), file, text, environmentVariable(file), environmentVariable(text)))
}

// document finds the document in <name>_file or <name>_pem and reads it. The two
// attributes win over the two environment variables as a group.
func (r *resolver) document(name string, configFile, configPEM types.String) document {
	file := r.attribute(name+"_file", configFile)
	text := r.attribute(name+"_pem", configPEM)
	kind := "attributes"
	if file.open() && text.open() {
		file, text = r.environment(name+"_file"), r.environment(name+"_pem")
		kind = "environment variables"
	}

	switch {
	case file.unknown:
		return document{value: file}
	case text.unknown:
		return document{value: text}
	case file.given() && text.given():
		r.fail(text.attribute, "Conflicting "+name+"_file and "+name+"_pem", fmt.Sprintf(
			"The %s %s and %s are both set, and both say the same thing. Remove one of them.",
			kind, file.label(), text.label()))
		return document{value: text}
	case text.given():
		return document{value: text, contents: text.text, wasRead: true}
	case file.given():
		return r.readDocument(file)
	}
	return document{value: file}
}

func (r *resolver) readDocument(file value) document {
	contents, err := r.source.readFile(file.text)
	if err == nil {
		return document{value: file, contents: string(contents), wasRead: true}
	}

	if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = pathError.Err
	}
	switch {
	case strings.Contains(file.text, "-----BEGIN"):
		r.reject(file, "must be the path of a file, but holds PEM text. Use %s for that.",
			strings.TrimSuffix(file.attribute, "_file")+"_pem")
	case strings.HasPrefix(file.text, "~"):
		r.reject(file, "names a file that cannot be read, %s: %v. The ~ is not expanded: write pathexpand(\"~/...\").",
			shorten(file.text), err)
	default:
		r.reject(file, "names a file that cannot be read, %s: %v. A relative path starts at the working directory; to "+
			"start at the module, write \"${path.module}/...\".", shorten(file.text), err)
	}
	return document{value: file}
}

// checkCertificates reports whether the document holds certificates, and nothing
// in the place of one that cannot be read.
func (r *resolver) checkCertificates(doc document) bool {
	count := 0
	for _, block := range pemBlocks(doc.contents) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		count++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			r.reject(doc.value, "holds a certificate that cannot be read (no. %d): %v.", count, err)
			return false
		}
	}
	if count == 0 {
		r.rejectPEM(doc, "certificate", "openssl x509 -inform der -in FILE -out FILE.pem")
		return false
	}
	return true
}

// checkKey reports whether the document holds a private key that TLS can use. It
// must not repeat anything of it.
func (r *resolver) checkKey(doc document) bool {
	for _, block := range pemBlocks(doc.contents) {
		if block.Type != "PRIVATE KEY" && !strings.HasSuffix(block.Type, " PRIVATE KEY") {
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			r.reject(doc.value, "holds a private key that is protected by a passphrase, which the provider cannot ask for. "+
				"Write it without one: openssl pkey -in FILE -out FILE.plain.pem, readable by nobody else.")
			return false
		}
		if !isSigningKey(block.Bytes) {
			r.reject(doc.value, "holds a private key that cannot be read. RSA, ECDSA and Ed25519 keys in PKCS #8, PKCS #1 "+
				"or SEC 1 form can be.")
			return false
		}
		return true
	}
	r.rejectPEM(doc, "private key", "openssl pkey -inform der -in FILE -out FILE.pem")
	return false
}

func isSigningKey(der []byte) bool {
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return true
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	_, signs := key.(crypto.Signer)
	return err == nil && signs
}

// rejectPEM says why no certificate or private key was found.
func (r *resolver) rejectPEM(doc document, what, convert string) {
	blocks := pemBlocks(doc.contents)
	switch {
	case len(blocks) > 0:
		r.reject(doc.value, "holds PEM, but no %s. Check that it is not mixed up with another attribute.", what)
	case strings.Contains(doc.contents, "-----BEGIN"):
		r.reject(doc.value, `holds a %s in PEM form that is damaged. Line breaks must be real ones, not written as \n, and `+
			"lines must be neither indented nor joined nor cut.", what)
	case strings.HasSuffix(doc.attribute, "_pem"):
		r.reject(doc.value, "holds no PEM (-----BEGIN ...). To name a file, use %s.",
			strings.TrimSuffix(doc.attribute, "_pem")+"_file")
	default:
		r.reject(doc.value, "names a file without PEM (-----BEGIN ...). If it is in DER form, convert it: %s.", convert)
	}
}

func pemBlocks(contents string) []*pem.Block {
	rest := bytes.TrimPrefix([]byte(contents), []byte("\ufeff"))
	var blocks []*pem.Block
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return blocks
		}
		blocks = append(blocks, block)
	}
}
