package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"syscall"
)

// TLS alerts (RFC 8446, section 6).
const (
	alertHandshakeFailure       = 40
	alertUnsupportedCertificate = 43
	alertCertificateRevoked     = 44
	alertCertificateExpired     = 45
	alertCertificateUnknown     = 46
	alertUnknownCA              = 48
	alertProtocolVersion        = 70
)

const showClientCertificate = "If it requires a client certificate, set client_certificate_file and client_key_file " +
	"(or client_certificate_pem and client_key_pem)."

// connectionAdvice returns what to do about a connection that failed in a way that
// tells its reason. It is empty for others.
func connectionAdvice(err error) string {
	if hostname, ok := errors.AsType[x509.HostnameError](err); ok {
		return certificateAdvice(hostname.Certificate)
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return "The server's certificate has expired, or is not valid yet. Renew it on the server, or correct the clock of this machine."
		}
		return "The server's certificate, or that of its authority, must not be used for this purpose. Replace it on the server."
	}
	operation, isOperation := errors.AsType[*net.OpError](err)
	switch {
	case isOperation && operation.Op == "remote error" && isAlert(operation, alertHandshakeFailure):
		return "The server and the provider found no common cipher suite. The provider requires one with ECDHE: enable it on the server. " +
			"Until then, GODEBUG=tlsrsakex=1 in the environment allows RSA key exchange. " + showClientCertificate
	case isOperation && operation.Op == "remote error" && isAlert(operation, alertProtocolVersion):
		return "The server does not support TLS 1.2, which is the oldest version that the provider accepts. Enable it on the server."
	case isOperation && operation.Op == "remote error" && isAlert(operation, alertUnsupportedCertificate, alertCertificateRevoked, alertCertificateExpired,
		alertCertificateUnknown, alertUnknownCA):
		return "The server does not accept the client certificate. Check that client_certificate_file (or client_certificate_pem) is the right one, " +
			"that it has not expired, and that the server trusts its authority."
	case isOperation && operation.Op == "remote error":
		return "The server ended the TLS handshake. " + showClientCertificate
	case isOperation && operation.Op == "dial":
		return ""
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "The connection broke before the response was complete. Check the log, the time limits and the size limits of the server, " +
			"and of a proxy in front of it."
	}
	return ""
}

// isAlert reports whether the server sent one of several TLS alerts, whose type
// crypto/tls does not export.
func isAlert(operation *net.OpError, alerts ...tls.AlertError) bool {
	return operation.Err != nil && slices.ContainsFunc(alerts, func(alert tls.AlertError) bool { return operation.Err.Error() == alert.Error() })
}

// certificateAdvice is for a certificate that is not for the expected name. The report
// of check prints it, so it names no host.
func certificateAdvice(certificate *x509.Certificate) string {
	if certificate != nil && len(certificate.DNSNames)+len(certificate.IPAddresses) == 0 {
		return "The server's certificate has no subject alternative name (SAN). Its common name does not count, so no value of " +
			"tls_server_name can match it. Replace it by one with a SAN (keytool -ext SAN=dns:HOST)."
	}
	return "The server's certificate is for another host name. Use a name of the certificate in {endpoint}, or set tls_server_name to it."
}
