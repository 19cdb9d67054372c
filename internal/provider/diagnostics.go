package provider

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

const reportBug = "This is a bug in the provider: please report it."

// describe names a consumer, of which the name or the key can be unknown.
func describe(consumer twcloud.Consumer) string {
	switch {
	case consumer.Key == "":
		return fmt.Sprintf("OAuth consumer %q", consumer.Name)
	case consumer.Name == "":
		return fmt.Sprintf("OAuth consumer with key %q", consumer.Key)
	}
	return fmt.Sprintf("OAuth consumer %q (key %q)", consumer.Name, consumer.Key)
}

// printable escapes what a terminal would not print as it is.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return unquote(strconv.Quote(text))
	}
	return text
}

// addClientError reports a failed call: what was tried, the server's response, what
// to do, and the current state on the server, which can be empty. The state comes
// last, because it can ask for more than to apply again.
//
// A cause is reported in full once. After that, each resource refers to it in one
// line, which still says where the call failed, and as whom: Terraform shows the
// errors in any order.
func (b *backend) addClientError(diags *diag.Diagnostics, summary, tried string, err error, state string) {
	advice, unknown := b.server.adviceFor(err), isType[*twcloud.RegistrationError](err)
	if unknown && errors.Is(err, twcloud.ErrIncomplete) {
		advice = whenDiffers // The usual advice is about a consumer in state.
	}
	failure := failureOf(err)
	if failure.Kind == nil || unknown {
		diags.AddError(summary, paragraphs(fmt.Sprintf("%s failed: %s", tried, sentence(err)), advice, state))
		return
	}
	where, shared, answer := b.server.where(failure), sharedCause(err), answerOf(failure)
	reference := ""
	switch {
	case shared != "":
		text := err.Error()
		if dial, ok := dialError(err); ok {
			text = dial.Error() // The same for every request.
		}
		if _, again := b.refer(shared+text, ""); again {
			answer, reference = failure.Kind.Error(), "See the error: "+shared+"."
		}
	case failure.Kind == twcloud.ErrNotUnderstood: // It has the first failure, which may be reported later, or as a warning.
		reference = "Fix that first."
	default:
		if before, again := b.refer(answer, tried); again {
			reference = fmt.Sprintf("See the error that begins with: %s failed.", before)
		}
	}
	call, lacks := lackedCall(err)
	switch {
	case reference != "":
		diags.AddError(summary, joined(fmt.Sprintf("%s failed: %s", tried, sentence(errors.New(answer))), where, reference, state))
	case lacks:
		advice = whenDiffers
		if b.unlisted() {
			advice = otherProfiles
		}
		diags.AddError(shared, paragraphs(fmt.Sprintf("The API profile does not describe the call %q.", call), advice, tried+" failed.", state))
	case shared != "":
		diags.AddError(shared, paragraphs(joined(sentence(err), where), advice, tried+" failed.", state))
	default:
		diags.AddError(summary, paragraphs(joined(fmt.Sprintf("%s failed: %s", tried, sentence(err)), where), advice, state))
	}
}

// joined joins sentences, of which some can be empty.
func joined(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(sentences, func(one string) bool { return one == "" }), " ")
}

// answerOf is an error without its request: the same for all consumers that the
// server refuses for one reason.
func answerOf(failure *twcloud.Error) string {
	anonymous := *failure
	anonymous.Method, anonymous.Path = "", ""
	return anonymous.Error()
}

// addListError reports that the consumers cannot be listed.
func (b *backend) addListError(diags *diag.Diagnostics, err error) {
	b.addClientError(diags, "Unable to list OAuth consumers", "Listing the OAuth consumers", err, "")
}

// lackedCall returns the name of a call that the API profile lacks, if the error is
// about one.
func lackedCall(err error) (string, bool) {
	failure := failureOf(err)
	return failure.Path, failure.Kind == twcloud.ErrUnsupported && failure.Status == 0
}

// failureOf returns the client's error in an error. It is empty if there is none.
func failureOf(err error) *twcloud.Error {
	if failure, ok := errors.AsType[*twcloud.Error](err); ok {
		return failure
	}
	return &twcloud.Error{}
}

// isLogin reports whether an error is about a sign-in.
func isLogin(err error) bool { return failureOf(err).Login }

// dialError returns the error of a connection that could not be opened, so that
// nothing was sent.
func dialError(err error) (*net.OpError, bool) {
	operation, ok := errors.AsType[*net.OpError](err)
	return operation, ok && operation.Op == "dial"
}

// isAny reports whether an error is of one of several kinds.
func isAny(err error, kinds ...error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

// isType reports whether an error is, or wraps, one of the type T.
func isType[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// isMalformedSignIn reports whether the server did not understand the sign-in, for
// example because it expects https.
func isMalformedSignIn(err error) bool {
	failure := failureOf(err)
	return failure.Login && (failure.Kind == twcloud.ErrInvalid || failure.Kind == twcloud.ErrSignInPage && failure.Status == 400)
}

// isMissingSignIn reports whether the server has nothing where a sign-in by page is.
func isMissingSignIn(err error) bool {
	failure := failureOf(err)
	return failure.Kind == twcloud.ErrSignInPage && failure.Status == 404
}

// sharedCause summarizes a failure that concerns all resources. It is empty for
// other failures.
func sharedCause(err error) string {
	if call, lacks := lackedCall(err); lacks {
		return fmt.Sprintf("API profile has no call %q", call)
	}
	failure := failureOf(err)
	_, unconnected := dialError(err)
	switch {
	case failure.Kind == nil, !failure.Login && !failure.Listing && !unconnected:
		return ""
	case isAny(failure, twcloud.ErrCanceled, twcloud.ErrClosed):
		return "Run canceled"
	case isAny(failure, twcloud.ErrUnreachable, twcloud.ErrTimeout):
		return "Unable to reach Teamwork Cloud"
	case failure.Login, isAny(failure, twcloud.ErrSession, twcloud.ErrCredentials):
		return "Unable to sign in to Teamwork Cloud"
	}
	return "Unable to list OAuth consumers"
}

// paragraphs joins paragraphs, of which some can be empty.
func paragraphs(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(one string) bool { return one == "" }), "\n\n")
}

// sentence ends the text of an error with one period. The server's message, which
// may be at its end, can have its own.
func sentence(err error) string { return strings.TrimRight(err.Error(), ".") + "." }

// adviceOn returns what to do about an error of the client. It has the words of about in
// braces.
func adviceOn(err error) string {
	if text := connectionAdvice(err); text != "" {
		return text
	}
	operation, isOperation := errors.AsType[*net.OpError](err)
	switch {
	case isType[x509.UnknownAuthorityError](err):
		return "This machine does not trust the authority that signed the server's certificate. " +
			"Set ca_certificate_file (or ca_certificate_pem) to the certificate of that authority, or to the server's own certificate if it is self-signed."
	case isType[tls.RecordHeaderError](err):
		return "The server at that port does not use TLS. Check the host and port of {endpoint}. If the server has no TLS, use http:// " +
			"(which sends credentials unencrypted)."
	case isOperation && operation.Op == "proxyconnect":
		return "The proxy in HTTPS_PROXY cannot be reached. Check it, or exclude the server with NO_PROXY."
	case isType[*net.DNSError](err):
		return "The host name cannot be resolved. Check {endpoint}, and whether this machine needs a VPN or a proxy (HTTPS_PROXY)."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens at that address. Check that the server runs, and the host and port of {endpoint} ({usual})."
	case isMissingSignIn(err):
		return "There is no sign-in at this path. Check {endpoint}: {usual}. If it is right, the API profile is of another server or version: " +
			"record the sign-in again and learn the API profile from it."
	case isMalformedSignIn(err):
		return "The server did not understand the sign-in request. Check the scheme (https://), port and path of {endpoint}."
	}
	for _, known := range advice {
		if errors.Is(err, known.kind) {
			return known.text
		}
	}
	return ""
}

// whenDiffers is for a server that differs from what the provider assumes.
const whenDiffers = "Run terraform-provider-twcloud check, then learn, as the guide \"When your server differs\" shows."

// advice is in order of precedence, because an error can be of several kinds.
var advice = []struct {
	kind error
	text string
}{
	{twcloud.ErrNoSeat, "Each session uses a license seat until it signs out or is idle for 15 minutes. " +
		"Wait, close sessions you don't need, or raise max_retries to wait longer."},
	{twcloud.ErrCredentials, "Check username and password, or token. The provider does not try again in this run, so that the account is not locked."},
	{twcloud.ErrSingleSignOn, "If that is single sign-on, set client_id with auth_secret, or token: they may work without it, and terraform-provider-twcloud check tells. " +
		"You get a token in the browser at /osmc/authen/login of the REST API, if an administrator has added twc-rest-api to authentication.client.ids. " +
		"If it is another name of the same server, set webapp_endpoint to it."},
	{twcloud.ErrSignInPage, "Sign in as this user in a browser, and do what the page asks for, such as to set a new password. If it asks each time, " +
		"set client_id with auth_secret, or token. If it asks for nothing, record the sign-in again and learn the API profile from it."},
	{twcloud.ErrNoCredentials, "For a sign-in by page, set username and password. For one by token, set client_id with auth_secret or client_secret, or token."},
	{twcloud.ErrNoEndpoint, "Set endpoint to the URL of the Teamwork Cloud REST API."},
	{twcloud.ErrSession, "The server refused the request in a new session as well. " +
		"Check that nothing between this machine and the server removes cookies, and that the account is enabled."},
	{twcloud.ErrNoSession, "Check that {endpoint} is {server}, and that no proxy removes cookies."},
	{twcloud.ErrNoAPI, "Check {endpoint}: the port may be wrong ({usual}), or a path prefix may be missing or wrong."},
	{twcloud.ErrToken, "Either the user lacks the Configure Server permission, or the server wants another CSRF token than the API profile says. " +
		"Compare csrf in the profile with what the page in TWCloud Admin sends. " + whenDiffers},
	{twcloud.ErrSessionWanted, "This server wants a session for a registration, although none is documented. " +
		"Learn an API profile instead. " + whenDiffers},
	{twcloud.ErrForbidden, "Only users with the Configure Server permission can manage OAuth consumers. " +
		"Ask an administrator to grant it to the provider's user."},
	{twcloud.ErrNoCollection, "{nothing}. Otherwise, check {endpoint}: {usual}. " + whenDiffers},
	{twcloud.ErrNotFound, "The consumer was removed outside of Terraform. Plan again: the plan registers it again with a new key."},
	{twcloud.ErrWebPage, "The server answered with a web page or a redirect. The port may be wrong ({usual}), or a proxy asks you to sign in. Check {endpoint}."},
	{twcloud.ErrInvalid, "The server did not accept a value. Change the configuration as the server says, and apply again."},
	{twcloud.ErrConflict, "The server may not allow two consumers with one name: choose another name, or import the existing consumer (terraform import ADDRESS KEY). " +
		"To replace a consumer, remove create_before_destroy. To swap two names, use a third one in between. If someone else changed the consumer at the same time, plan again."},
	{twcloud.ErrTooManyRequests, "Lower max_concurrent_requests, or raise max_retries."},
	{twcloud.ErrTimeout, "The server did not answer in time. Check its health, or raise request_timeout."},
	{twcloud.ErrTooLarge, "The response was far larger than a list of consumers. Check {endpoint}."},
	{twcloud.ErrUnsupported, "The server does not have this call, or the API profile does not describe it. " + whenDiffers},
	{twcloud.ErrSecretNeeded, "This server wants the secret with each change, and the provider knows only what it has set. Set secret, or secret_wo with the next secret_wo_version, in the same apply."},
	{twcloud.ErrNotApplied, "Plan again. If this happens again, the server differs from what the provider assumes. " + whenDiffers},
	{twcloud.ErrOtherName, "The plan would never be empty. Write the name in the configuration as the server stores it."},
	{twcloud.ErrKeyGone, "The server seems to have the consumer under another key. " + whenDiffers},
	{twcloud.ErrIncomplete, "A consumer that such a list lacks does not count as removed: if you know that it was removed, run terraform state rm ADDRESS. " +
		"Otherwise, the list may be late: run Terraform again in a moment. " + whenDiffers},
	{twcloud.ErrUnreadable, "The response is not in the form that the provider expects. " +
		"If {endpoint} is right, this server differs. " + whenDiffers},
	{twcloud.ErrClosed, "The provider was asked to terminate. Run Terraform again."},
	{twcloud.ErrCanceled, "The run was canceled. Run Terraform again."},
	{twcloud.ErrServer, "Check the server's log."},
	{twcloud.ErrUnreachable, "The connection failed. Check {endpoint}, and whether this machine needs a VPN or a proxy (HTTPS_PROXY)."},
}

// diagnosePanic turns a panic into a diagnostic. Otherwise, the process would end
// without signing out, and new state would be lost. Call it with defer.
func (b *backend) diagnosePanic(diags *diag.Diagnostics, doing string) {
	reason := recover()
	if reason == nil {
		return
	}
	text := fmt.Sprintf("%v\n\n%s", reason, debug.Stack())
	if b.ready() {
		text = b.client.Redact(text)
	}
	diags.AddError("The provider panicked", fmt.Sprintf("The provider panicked while %s. %s Include this text:\n\n%s", doing, reportBug, text))
}
