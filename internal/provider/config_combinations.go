package provider

import (
	"crypto/tls"
	"fmt"
	"net/url"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// checkEndpoints checks the endpoints together, and derives those that are missing.
func (r *resolver) checkEndpoints() {
	options := &r.settings.options
	rest, webApp := options.Endpoint, options.WebAppEndpoint
	switch own := r.profile(); {
	case !r.values["endpoint"].missing():
	case own != nil && !twcloud.NeedsCredentials(own):
		if r.values["webapp_endpoint"].missing() {
			r.fail("webapp_endpoint", "Missing webapp_endpoint", fmt.Sprintf("No address is set. Set the provider's attribute webapp_endpoint or "+
				"%s to the URL of the Web Application Platform, for example %q.", environmentVariable("webapp_endpoint"), exampleWebAppEndpoint))
		}
	case r.values["webapp_endpoint"].missing() || own != nil && own.UsesREST():
		r.fail("endpoint", "Missing endpoint", fmt.Sprintf("No endpoint is set. Set the provider's attribute endpoint or "+
			"%s to the URL of the Teamwork Cloud REST API, for example %q.%s", environmentVariable("endpoint"), exampleEndpoint, r.orSelfRegistration()))
	}
	r.checkScheme("endpoint", rest)
	r.checkScheme("webapp_endpoint", webApp)
	r.checkScheme("authentication_endpoint", options.AuthenticationEndpoint)
	options.WebAppExplicit = webApp != nil
	if rest != nil && r.values["webapp_endpoint"].missing() {
		options.WebAppEndpoint = twcloud.DefaultWebAppEndpoint(rest)
	}
}

// checkProfile reports two API profiles.
func (r *resolver) checkProfile() {
	r.conflict("api_profile", "api_profile_file", "Remove one of them.")
}

// profile is the API profile. It is nil if it is not known yet.
func (r *resolver) profile() *twcloud.Profile {
	if r.values["api_profile"].unknown || r.values["api_profile_file"].unknown {
		return nil
	}
	return r.settings.options.Profile
}

// orSelfRegistration is the way without what is missing, for those who chose none.
func (r *resolver) orSelfRegistration() string {
	if !r.values["api_profile"].missing() || !r.values["api_profile_file"].missing() {
		return ""
	}
	return fmt.Sprintf("\n\nOr set api_profile = %q or %s=%s, which needs webapp_endpoint alone: then a person approves what Terraform registers.",
		twcloud.SelfRegistration, environmentVariable("api_profile"), twcloud.SelfRegistration)
}

// checkScheme reports an endpoint (nil: none) to which secrets travel unencrypted.
func (r *resolver) checkScheme(attribute string, endpoint *url.URL) {
	if endpoint == nil || endpoint.Scheme == "https" || isLoopback(endpoint.Hostname()) {
		return
	}
	label, host := r.values[attribute].label(), shorten(endpoint.Host)
	switch {
	case r.settings.allowPlainHTTP:
		r.warn(attribute, "Credentials travel unencrypted", fmt.Sprintf("%s is a plain http:// URL. Anyone on the network "+
			"path to %s can read the credentials and consumer secrets. Use https:// if the server supports it.", label, host))
	case !r.values["allow_plain_http"].unknown:
		r.fail(attribute, "Plain HTTP is not allowed", fmt.Sprintf("%s is a plain http:// URL, so credentials would travel "+
			"unencrypted to %s. Use https://. If you trust the network, set allow_plain_http = true or %s=true.",
			label, host, environmentVariable("allow_plain_http")))
	}
}

// checkCredentials reports a token together with a user, a client without its user or
// its secret, and what is missing.
func (r *resolver) checkCredentials() {
	user, pass, token := r.values["username"], r.values["password"], r.values["token"]
	client, shared, own := r.values["client_id"], r.values["auth_secret"], r.values["client_secret"]
	r.conflict("auth_secret", "client_secret", "auth_secret is for the clients that the authentication server knows, client_secret for "+
		"one that an administrator registered. Remove one of them.")
	const either = "Sign in either with a token, or with username and password."
	switch {
	case r.conflict("username", "token", either) || r.conflict("password", "token", either):
		return
	case r.conflict("client_id", "token", "client_id gets a token by itself. Remove one of them."):
		return
	case token.given() || token.unknown:
		return
	case client.given() && shared.missing() && own.missing():
		r.incomplete("credentials", client, "", "auth_secret", "client_secret")
	case client.missing() && shared.given():
		r.incomplete("credentials", shared, "", "client_id")
	case client.missing() && own.given():
		r.incomplete("credentials", own, "", "client_id")
	}
	switch own := r.profile(); {
	case user.unknown || pass.unknown:
	case user.missing() && pass.missing() && (own == nil || !twcloud.NeedsCredentials(own)):
	case user.missing() && pass.missing():
		r.fail("username", "Missing credentials", fmt.Sprintf("No credentials are set. Set username and password, or token, "+
			"in the provider block. Or set %s and %s, or %s, in the environment.%s",
			environmentVariable("username"), environmentVariable("password"), environmentVariable("token"), r.orSelfRegistration()))
	case pass.missing():
		r.incomplete("credentials", user, r.tokenHint(user), "password")
	case user.missing():
		r.incomplete("credentials", pass, r.tokenHint(pass), "username")
	}
}

// tokenHint explains why a token in the environment is not used.
func (r *resolver) tokenHint(given value) string {
	token := environmentVariable("token")
	if given.fromEnvironment || r.source.getenv(token) == "" {
		return ""
	}
	return fmt.Sprintf(" To sign in with %s instead, remove %s.", token, given.attribute)
}

// checkTLS checks the PEM attributes together.
func (r *resolver) checkTLS() {
	if r.settings.options.TLS.InsecureSkipVerify {
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
	if r.settings.clientCertificate == "" || r.settings.clientKey == "" {
		return
	}
	pair, err := tls.X509KeyPair([]byte(r.settings.clientCertificate), []byte(r.settings.clientKey))
	if err != nil {
		r.reject(key, fmt.Sprintf("cannot be used with %s: %v. It must be the key of the first certificate there",
			certificate.label(), err))
	}
	r.settings.options.TLS.Certificates = []tls.Certificate{pair}
}

// either returns the one of <name>_file and <name>_pem that is set or may be.
func (r *resolver) either(name string) value {
	if file := r.values[name+"_file"]; file.given() || r.values[name+"_pem"].missing() {
		return file
	}
	return r.values[name+"_pem"]
}

// checkDriftDetection reports that a check is required that is turned off.
func (r *resolver) checkDriftDetection() {
	detect, require := r.values["detect_secret_drift"], r.values["require_secret_drift_check"]
	if r.settings.requireSecretDriftCheck && !r.settings.detectSecretDrift && !detect.unknown {
		r.fail("require_secret_drift_check", "Missing detect_secret_drift", fmt.Sprintf("%s requires that secrets are checked for drift, "+
			"but detect_secret_drift is false. Set detect_secret_drift = true or %s=true.", require.label(), environmentVariable("detect_secret_drift")))
	}
}
