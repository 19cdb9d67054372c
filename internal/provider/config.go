package provider

import (
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// providerModel is the provider block as it is written in a configuration.
type providerModel struct {
	Endpoint              types.String `tfsdk:"endpoint"`
	WebAppEndpoint        types.String `tfsdk:"webapp_endpoint"`
	Username              types.String `tfsdk:"username"`
	Password              types.String `tfsdk:"password"`
	Token                 types.String `tfsdk:"token"`
	OAuthConsumersPath    types.String `tfsdk:"oauth_consumers_path"`
	CACertificateFile     types.String `tfsdk:"ca_certificate_file"`
	CACertificatePEM      types.String `tfsdk:"ca_certificate_pem"`
	ClientCertificateFile types.String `tfsdk:"client_certificate_file"`
	ClientCertificatePEM  types.String `tfsdk:"client_certificate_pem"`
	ClientKeyFile         types.String `tfsdk:"client_key_file"`
	ClientKeyPEM          types.String `tfsdk:"client_key_pem"`
	TLSServerName         types.String `tfsdk:"tls_server_name"`
	InsecureSkipVerify    types.Bool   `tfsdk:"insecure_skip_verify"`
	AllowPlainHTTP        types.Bool   `tfsdk:"allow_plain_http"`
	RequestTimeout        types.String `tfsdk:"request_timeout"`
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Int64  `tfsdk:"max_concurrent_requests"`
	DetectSecretDrift     types.Bool   `tfsdk:"detect_secret_drift"`
}

// settings is what the provider block, the environment and the defaults come to.
// Two settings that are equal (==) describe the same server, user and habits.
type settings struct {
	// endpoint and webAppEndpoint are absolute URLs without a trailing slash.
	endpoint       string
	webAppEndpoint string

	// Either the token is set, or username and password are.
	username string
	password string
	token    string

	oauthConsumersPath string

	// The contents of the files or of the PEM attributes, already found to be
	// well-formed. Empty: none.
	caCertificatePEM     string
	clientCertificatePEM string
	clientKeyPEM         string

	tlsServerName      string
	insecureSkipVerify bool

	requestTimeout        time.Duration
	maxRetries            int
	maxConcurrentRequests int

	detectSecretDrift bool
}

// Format implements fmt.Formatter, so that no verb prints a secret.
func (s settings) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "settings{endpoint: %q}", s.endpoint)
}

// configSource is where values come from that are not in the provider block.
type configSource struct {
	getenv   func(name string) string
	readFile func(name string) ([]byte, error)
}

// processSource reads the environment and the files of this process.
func processSource() configSource {
	return configSource{getenv: os.Getenv, readFile: os.ReadFile}
}

// resolveConfig finds each setting in its attribute, then in the environment
// variable TWCLOUD_<ATTRIBUTE>, then in its default, and checks it. An attribute
// or a variable that is empty counts as not set.
//
// The diagnostics hold everything that is wrong, not only the first finding, and
// never a secret. With an error among them the settings are empty.
//
// The attributes in unknown will get their values later. They are neither
// checked nor replaced by the environment, and nothing is reported as missing
// that they may yet bring; as long as there are any, the settings are incomplete
// and no client must be made of them.
func resolveConfig(config providerModel, source configSource) (
	resolved settings, unknown []path.Path, diagnostics diag.Diagnostics,
) {
	r := &resolver{source: source}

	insecureSkipVerify := r.boolean("insecure_skip_verify", config.InsecureSkipVerify)
	if insecureSkipVerify {
		r.warn("insecure_skip_verify", "Certificates are not verified",
			"With insecure_skip_verify, anyone between this machine and the server can pose as the server "+
				"and read the credentials. Prefer ca_certificate_file with the certificate authority of the "+
				"server, or tls_server_name if just the name in its certificate differs.")
	}

	resolved = settings{
		oauthConsumersPath: r.oauthConsumersPath(config.OAuthConsumersPath),
		tlsServerName:      r.tlsServerName(config.TLSServerName),
		insecureSkipVerify: insecureSkipVerify,
		requestTimeout:     r.requestTimeout(config.RequestTimeout),
		maxRetries: r.number("max_retries", config.MaxRetries,
			0, maxMaxRetries, twcloud.DefaultMaxRetries),
		maxConcurrentRequests: r.number("max_concurrent_requests", config.MaxConcurrentRequests,
			1, maxMaxConcurrentRequests, twcloud.DefaultMaxConcurrentRequests),
		detectSecretDrift: r.boolean("detect_secret_drift", config.DetectSecretDrift),
	}
	resolved.endpoint, resolved.webAppEndpoint = r.endpoints(config)
	resolved.username, resolved.password, resolved.token = r.credentials(config)
	resolved.caCertificatePEM = r.caCertificate(config)
	resolved.clientCertificatePEM, resolved.clientKeyPEM = r.clientCertificate(config)

	if r.diagnostics.HasError() {
		return settings{}, r.unknown, r.diagnostics
	}
	return resolved, r.unknown, r.diagnostics
}

// Bounds of what can be configured.
const (
	minRequestTimeout        = 100 * time.Millisecond
	maxRequestTimeout        = time.Hour
	maxMaxRetries            = 20
	maxMaxConcurrentRequests = 100
)

func (r *resolver) requestTimeout(config types.String) time.Duration {
	v := r.text("request_timeout", config)
	if !v.given() {
		return twcloud.DefaultRequestTimeout
	}

	timeout, err := time.ParseDuration(v.text)
	switch {
	case isDigits(v.text):
		r.reject(v, "must be a number with its unit: write %q for seconds.", v.text+"s")
	case err != nil:
		r.reject(v, `must be a duration such as "30s", "1m30s" or "500ms"; it is %s.`, shorten(v.text))
	case timeout < minRequestTimeout || timeout > maxRequestTimeout:
		r.reject(v, `must be between "100ms" and "1h"; it is %s.`, shorten(v.text))
	}
	return timeout
}
