package provider

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Examples of endpoints, for diagnostics and documentation.
const (
	exampleEndpoint       = "https://twcloud.example.com:" + twcloud.DefaultRESTPort
	exampleWebAppEndpoint = "https://twcloud.example.com:" + twcloud.DefaultWebAppPort
)

// Bounds of attributes.
const (
	minRequestTimeout        = 100 * time.Millisecond
	maxRequestTimeout        = time.Hour
	maxMaxRetries            = 20
	maxMaxConcurrentRequests = 100
)

// attributeKind is the type of an attribute in the schema.
type attributeKind int

const (
	textAttribute attributeKind = iota
	boolAttribute
	numberAttribute
)

// configAttribute describes one attribute of the provider.
type configAttribute struct {
	name        string
	kind        attributeKind
	description string
	sensitive   bool

	// standard is the default. Empty: none.
	standard string

	// alternatives are the attributes that replace this one. If one of them is set
	// in the provider block, the environment variable of this one is not used.
	alternatives []string

	// store checks the text of the attribute, or of the file that an attribute
	// <name>_file names, and stores its value. The error continues a sentence
	// that starts with the attribute. It has no period at its end and contains no
	// secret.
	store func(*settings, string) error
}

// environmentVariable is the variable for an attribute.
func environmentVariable(attribute string) string {
	return "TWCLOUD_" + strings.ToUpper(attribute)
}

// into makes configAttribute.store of a check and the field for its value.
func into[T any](check func(string) (T, error), field func(*settings) *T) func(*settings, string) error {
	return func(s *settings, text string) error {
		checked, err := check(text)
		if err == nil {
			*field(s) = checked
		}
		return err
	}
}

var (
	storeAuthorities       = into(checkAuthorities, func(s *settings) **x509.CertPool { return &s.options.TLS.RootCAs })
	storeClientCertificate = into(checkCertificates, func(s *settings) *string { return &s.clientCertificate })
	storeClientKey         = into(checkKey, func(s *settings) *string { return &s.clientKey })
)

// pemFile and pemText are two attributes for the same certificates or key.
func pemFile(name, what string, store func(*settings, string) error) configAttribute {
	return configAttribute{
		name:         name + "_file",
		description:  fmt.Sprintf("Path of a PEM file with %s. Conflicts with `%s_pem`.", what, name),
		alternatives: []string{name + "_pem"},
		store:        store,
	}
}

func pemText(name string, sensitive bool, store func(*settings, string) error) configAttribute {
	return configAttribute{
		name:         name + "_pem",
		description:  fmt.Sprintf("The same as `%[1]s_file`, as PEM text. Conflicts with `%[1]s_file`.", name),
		sensitive:    sensitive,
		alternatives: []string{name + "_file"},
		store:        store,
	}
}

// configAttributes are the attributes of the provider. The schema, environment
// variables, defaults, checks, and documentation come from this table.
var configAttributes = []configAttribute{
	{
		name: "endpoint",
		description: "URL of the Teamwork Cloud REST API, for example `" + exampleEndpoint + "`. Include the path " +
			"prefix of a reverse proxy, but not `/osmc`. Required, unless the API profile uses the Web Application Platform " +
			"alone, as `" + twcloud.SelfRegistration + "` does, and `webapp_endpoint` is set.",
		store: into(endpointCheck(restAPI), func(s *settings) **url.URL { return &s.options.Endpoint }),
	},
	{
		name: "webapp_endpoint",
		description: "URL of the Web Application Platform, which has TWCloud Admin and the OAuth 1.0a endpoints, for example `" +
			exampleWebAppEndpoint + "`, without `/webapp`. Default: if `endpoint` has port `" + twcloud.DefaultRESTPort +
			"`, its host with port `" + twcloud.DefaultWebAppPort + "`, otherwise the scheme, host and port of `endpoint`.",
		store: into(endpointCheck(webAppPlatform), func(s *settings) **url.URL { return &s.options.WebAppEndpoint }),
	},
	{
		name: "authentication_endpoint",
		description: "URL of the authentication server, without `/authentication`, if the Web Application Platform has it at another " +
			"address. Default: `webapp_endpoint`.",
		store: into(endpointCheck(webAppPlatform), func(s *settings) **url.URL { return &s.options.AuthenticationEndpoint }),
	},
	{
		name: "username",
		description: "Name of the user to sign in as, together with `password`. The user needs the *Configure " +
			"Server* permission. If `username` or `password` is set in the provider block, a token in the environment " +
			"is not used.",
		alternatives: []string{"token"},
		store:        into(checkUsername, func(s *settings) *string { return &s.options.Credentials.Username }),
	},
	{
		name:         "password",
		description:  "Password of the user.",
		sensitive:    true,
		alternatives: []string{"token"},
		store:        into(checkPassword, func(s *settings) *string { return &s.options.Credentials.Password }),
	},
	{
		name: "token",
		description: "ID token or personal access token to sign in with. Conflicts with `username`, `password` and `client_id`. If " +
			"set in the provider block, those in the environment are not used.",
		sensitive:    true,
		alternatives: []string{"username", "password", "client_id"},
		store:        into(checkToken, func(s *settings) *string { return &s.options.Credentials.Token }),
	},
	{
		name: "client_id",
		description: "ID of a client that gets tokens for the user, without a browser. Requires `username`, `password`, and " +
			"`auth_secret` or `client_secret`. The provider gets a new token when one expires.",
		alternatives: []string{"token"},
		store:        into(checkClientID, func(s *settings) *string { return &s.options.Credentials.ClientID }),
	},
	{
		name: "auth_secret",
		description: "Secret that the authentication server shares with its clients (`authentication.client.secret` in " +
			"`webappplatform.properties`). `client_id` is one of `authentication.client.ids`. Conflicts with `client_secret`.",
		sensitive:    true,
		alternatives: []string{"token", "client_secret"},
		store:        into(checkHeader, func(s *settings) *string { return &s.options.Credentials.AuthSecret }),
	},
	{
		name: "client_secret",
		description: "Secret of the OAuth 2.0 or OpenID Connect client `client_id`, which an administrator registered with the grant " +
			"type *password* (2024x and later). Conflicts with `auth_secret`.",
		sensitive:    true,
		alternatives: []string{"token", "auth_secret"},
		store:        into(checkPassword, func(s *settings) *string { return &s.options.Credentials.ClientSecret }),
	},
	{
		name: "api_profile",
		description: "Name of a built-in API profile. `" + twcloud.SelfRegistration + "` registers consumers as the vendor documents it, " +
			"and leaves the rest to a person; it needs neither `endpoint` nor credentials: see the guide [Registered by code, approved by a " +
			"person](guides/registered-by-code.md). `" + twcloud.DefaultProfile + "` is assumed. Conflicts with `api_profile_file`.",
		standard:     twcloud.DefaultProfile,
		alternatives: []string{"api_profile_file"},
		store:        into(checkBuiltInProfile, func(s *settings) **twcloud.Profile { return &s.options.Profile }),
	},
	{
		name: "api_profile_file",
		description: "Path of an API profile: a JSON file that describes the OAuth consumer API of your server. See the guide " +
			"[When your server differs](guides/when-your-server-differs.md). Conflicts with `api_profile`.",
		alternatives: []string{"api_profile"},
		store:        into(checkAPIProfile, func(s *settings) **twcloud.Profile { return &s.options.Profile }),
	},
	pemFile("ca_certificate", "certificate authorities to trust in addition to those of the system", storeAuthorities),
	pemText("ca_certificate", false, storeAuthorities),
	pemFile("client_certificate", "the client certificate for mutual TLS, followed by those of its issuers if needed",
		storeClientCertificate),
	pemText("client_certificate", false, storeClientCertificate),
	pemFile("client_key", "the private key of the client certificate, without a passphrase", storeClientKey),
	pemText("client_key", true, storeClientKey),
	{
		name: "tls_server_name",
		description: "Name to expect in the server's certificate, if it differs from the host of the endpoint. " +
			"Default: the host of the endpoint.",
		store: into(checkServerName, func(s *settings) *string { return &s.options.TLS.ServerName }),
	},
	{
		name: "insecure_skip_verify",
		kind: boolAttribute,
		description: "Whether to accept any server certificate. Dangerous: anyone who impersonates the server gets " +
			"the credentials. Prefer `ca_certificate_file`.",
		standard: "false",
		store:    into(checkBool, func(s *settings) *bool { return &s.options.TLS.InsecureSkipVerify }),
	},
	{
		name: "allow_plain_http",
		kind: boolAttribute,
		description: "Whether to accept `http://` endpoints on other machines. Dangerous: credentials and secrets " +
			"travel unencrypted. Loopback addresses are always accepted.",
		standard: "false",
		store:    into(checkBool, func(s *settings) *bool { return &s.allowPlainHTTP }),
	},
	{
		name: "request_timeout",
		description: "Time limit of one request, as a duration such as `30s` or `1m30s`, from `100ms` to `1h`. Each " +
			"retry has its own limit.",
		standard: twcloud.DefaultRequestTimeout.String(),
		store:    into(checkTimeout, func(s *settings) *time.Duration { return &s.options.RequestTimeout }),
	},
	{
		name: "max_retries",
		kind: numberAttribute,
		description: fmt.Sprintf("How often a failed request is repeated if the failure is temporary and repeating is "+
			"safe, from 0 to %d.", maxMaxRetries),
		standard: fmt.Sprint(twcloud.DefaultMaxRetries),
		store:    into(numberCheck(0, maxMaxRetries), func(s *settings) *int { return &s.options.MaxRetries }),
	},
	{
		name: "max_concurrent_requests",
		kind: numberAttribute,
		description: fmt.Sprintf("Maximum number of requests at the same time, from 1 to %d.",
			maxMaxConcurrentRequests),
		standard: fmt.Sprint(twcloud.DefaultMaxConcurrentRequests),
		store: into(numberCheck(1, maxMaxConcurrentRequests),
			func(s *settings) *int { return &s.options.MaxConcurrentRequests }),
	},
	{
		name: "detect_secret_drift",
		kind: boolAttribute,
		description: "Whether to detect that the secret of an approved consumer was changed outside of Terraform. The " +
			"server never returns secrets, so the provider signs an OAuth 1.0a request-token call with the known secret.",
		standard: "false",
		store:    into(checkBool, func(s *settings) *bool { return &s.detectSecretDrift }),
	},
	{
		name: "require_secret_drift_check",
		kind: boolAttribute,
		description: "Whether a plan fails if `detect_secret_drift` could not check a secret, for example because `webapp_endpoint` is " +
			"wrong. Otherwise, this is a warning. Set it in a job that looks for drift. A `secret_wo` with a version whose value is not the " +
			"one that was set last, as from a generator, is not checked, and does not fail.",
		standard: "false",
		store:    into(checkBool, func(s *settings) *bool { return &s.requireSecretDriftCheck }),
	},
}
