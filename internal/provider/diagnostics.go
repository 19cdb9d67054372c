package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

const reportBug = "This is a bug in the provider: please report it."

// subject is the consumer that a diagnostic is about.
type subject struct {
	name string
	key  string
}

func subjectOf(consumer twcloud.Consumer) subject {
	return subject{name: consumer.Name, key: consumer.Key}
}

func (s subject) String() string {
	switch {
	case s.key == "":
		return fmt.Sprintf("OAuth consumer %q", s.name)
	case s.name == "":
		return fmt.Sprintf("the OAuth consumer with the key %q", s.key)
	}
	return fmt.Sprintf("OAuth consumer %q (key %q)", s.name, s.key)
}

// addClientError reports a call that failed: what was tried, what the server
// said, what to do, and what now stands on the server (if that is worth saying).
// What stands comes last: it may ask for more than to apply again.
func addClientError(diags *diag.Diagnostics, summary, tried string, err error, standing ...string) {
	detail := fmt.Sprintf("%s failed: %s", tried, sentence(err))
	detail = withAdvice(detail, err)
	for _, sentence := range standing {
		detail += "\n\n" + sentence
	}
	diags.AddError(summary, detail)
}

// withAdvice adds a paragraph that says what to do about an error, if there is
// anything to say.
func withAdvice(detail string, err error) string {
	if advice := adviceFor(err); advice != "" {
		return detail + "\n\n" + advice
	}
	return detail
}

// sentence ends the text of an error with one full stop: the server's words, with
// which it may end, can have one of their own.
func sentence(err error) string { return strings.TrimRight(err.Error(), ".") + "." }

// adviceFor says what to do about an error of the client.
func adviceFor(err error) string {
	var (
		unknownAuthority x509.UnknownAuthorityError
		hostname         x509.HostnameError
		invalid          x509.CertificateInvalidError
		noTLS            tls.RecordHeaderError
		dns              *net.DNSError
		operation        *net.OpError
		failure          *twcloud.Error
	)
	switch {
	case errors.As(err, &unknownAuthority):
		return "The server's certificate is signed by an authority that this machine does not know. " +
			"Set ca_certificate_file (or ca_certificate_pem) to the certificate of that authority, or to the server's own if it is self-signed."
	case errors.As(err, &hostname):
		return "The server's certificate is for another name. Use that name in endpoint, or set tls_server_name to it."
	case errors.As(err, &invalid):
		return "The server's certificate is not valid: it may have expired. Renew it on the server."
	case errors.As(err, &noTLS):
		return "What listens at that port does not speak TLS. Check the host and the port of endpoint, and whether it should begin with http:// " +
			"(which sends credentials unencrypted)."
	case errors.As(err, &operation) && operation.Op == "remote error":
		return "The server broke off the TLS handshake. If it demands a client certificate, set client_certificate_file and client_key_file " +
			"(or client_certificate_pem and client_key_pem) to one that it trusts."
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return "The proxy that the environment names (HTTPS_PROXY) cannot be reached. Check it, or except the server from it with NO_PROXY."
	case errors.As(err, &dns):
		return "The host's name cannot be resolved. Check endpoint, and whether this machine needs a VPN or a proxy (HTTPS_PROXY)."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens at that address. Check the host and the port of endpoint (the REST API is at port 8111 by default), and whether the server runs."
	case errors.As(err, &failure) && failure.Login && failure.Kind == twcloud.ErrInvalid:
		return "The server did not understand the sign-in. Check endpoint: whether it should begin with https://, its port and its path."
	}
	for _, known := range advice {
		if errors.Is(err, known.kind) {
			return known.text
		}
	}
	return ""
}

// advice is in the order of precedence: an error may be of several kinds.
var advice = []struct {
	kind error
	text string
}{
	{twcloud.ErrNoSeat, "Every session takes up a licence seat until it is logged out or has been idle for 15 minutes. " +
		"Wait, close sessions that are not needed, or raise max_retries to wait longer for a seat."},
	{twcloud.ErrCredentials, "Check username and password, or token. The provider does not try again in this run, so that it does not lock the account."},
	{twcloud.ErrSession, "The server ended the session, and did not accept a new one either. " +
		"Check whether something between this machine and the server removes cookies, and whether the account is still enabled."},
	{twcloud.ErrNoSession, "Check that endpoint is the REST API, and that no proxy removes cookies."},
	{twcloud.ErrNoAPI, "Check endpoint: this looks like the wrong port (the REST API is at port 8111 by default), or like a path prefix that is missing or wrong."},
	{twcloud.ErrForbidden, "Only users with the Configure Server permission can manage OAuth consumers. " +
		"Let an administrator give it to the user whom the provider signs in as."},
	{twcloud.ErrNoCollection, "This server has no administration of OAuth consumers at that path. If it has one elsewhere, set oauth_consumers_path; " +
		"check also that endpoint is the REST API (port 8111 by default), not the Web Application Platform."},
	{twcloud.ErrNotFound, "The consumer was removed outside of Terraform. Plan again: Terraform will propose to register it anew, under a new key."},
	{twcloud.ErrWebPage, "A web page or a redirect came in place of an answer. This looks like the wrong port (the REST API is at port 8111 by default) " +
		"or like the sign-in page of a proxy. Check endpoint."},
	{twcloud.ErrInvalid, "The server did not accept a value. Change the configuration as the server says, and apply again."},
	{twcloud.ErrConflict, "Somebody else may have changed the consumer in the same moment, or the server may not allow two consumers of one name. Plan again, and look at what has changed."},
	{twcloud.ErrTooManyRequests, "Lower max_concurrent_requests, or raise max_retries, and apply again."},
	{twcloud.ErrTimeout, "The server did not answer in time. Check whether it is well, or raise request_timeout."},
	{twcloud.ErrTooLarge, "The answer was far larger than a list of consumers. Check endpoint and oauth_consumers_path."},
	{twcloud.ErrUnreadable, "The server answered, but not as this provider expects. Check endpoint and oauth_consumers_path; " +
		"if both are right, this server's administration differs from what the provider assumes: please report it, with the server's version."},
	{twcloud.ErrClosed, "The provider was told to terminate. Apply again."},
	{twcloud.ErrCanceled, "The run was cancelled. Apply again."},
	{twcloud.ErrServer, "The server failed. Look at its log, and apply again when it is well."},
	{twcloud.ErrUnreachable, "The connection failed. Check endpoint, and whether this machine needs a VPN or a proxy (HTTPS_PROXY)."},
}

// diagnosePanic turns a panic into a diagnostic. A panic would take the process
// down before it can log out, and with it what is in state already. It is to be
// deferred.
func (b *backend) diagnosePanic(diags *diag.Diagnostics, doing string) {
	reason := recover()
	if reason == nil {
		return
	}
	text := fmt.Sprintf("%v\n\n%s", reason, debug.Stack())
	if b.ready() {
		text = b.client.Redact(text)
	}
	diags.AddError("The provider panicked", fmt.Sprintf("It did so while %s. %s Add what follows:\n\n%s", doing, reportBug, text))
}
