package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// providerSchema describes the provider block. Every attribute is optional,
// because each can come from the environment; resolveConfig does all checks, so
// that everything wrong is reported at once.
func providerSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Manages the OAuth consumers of a [Teamwork Cloud]" +
			"(https://docs.nomagic.com/) server: the keys and secrets with which other applications are let in " +
			"by OAuth 1.0a.\n\n" +
			"Each attribute can be given in the provider block or by an environment variable; the provider block " +
			"wins. What is empty (`\"\"`) counts as not set. Proxies are taken from `HTTPS_PROXY`, `HTTP_PROXY` " +
			"and `NO_PROXY`.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("endpoint", "required", fmt.Sprintf(
					"Root of the Teamwork Cloud REST API, e.g. `%s`. The path prefix of a reverse proxy is kept, "+
						"`/osmc` does not belong here. Trailing slashes do not matter.", exampleEndpoint)),
			},
			"webapp_endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("webapp_endpoint", "the host of `endpoint` on port `"+twcloud.DefaultWebAppPort+"`",
					"Root of the Web Application Platform, where the OAuth 1.0a endpoints are, e.g. `"+
						exampleWebAppEndpoint+"`. Used by `detect_secret_drift`."),
			},
			"username": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("username", "none",
					"Name of the user to sign in as, together with `password`. The user needs the *Configure Server* "+
						"permission. If `username`, `password` or `token` is set in the provider block, a token in the "+
						"environment is not used."),
			},
			"password": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: describe("password", "none", "Password of the user."),
			},
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: describe("token", "none",
					"ID token or personal access token to sign in with, in place of `username` and `password`. If set in "+
						"the provider block, user and password in the environment are not used."),
			},
			"oauth_consumers_path": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("oauth_consumers_path", "`"+twcloud.DefaultOAuthConsumersPath+"`",
					"Path of the collection of OAuth consumers below `endpoint`. The vendor does not publish it: set it "+
						"if your server has it elsewhere."),
			},
			"insecure_skip_verify": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: describe("insecure_skip_verify", "`false`",
					"Whether to accept any certificate of the server. Dangerous: whoever poses as the server gets the "+
						"credentials. Prefer `ca_certificate_file`."),
			},
			"allow_plain_http": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: describe("allow_plain_http", "`false`",
					"Whether to accept endpoints with `http://` on other machines. Dangerous: credentials and secrets travel "+
						"unencrypted. Loopback addresses are always accepted."),
			},
			"request_timeout": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("request_timeout", fmt.Sprintf("`%s`", twcloud.DefaultRequestTimeout),
					"How long one request may take, as a duration such as `30s` or `1m30s`, from `100ms` to `1h`. Retries "+
						"and waiting between them are not counted."),
			},
			"max_retries": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: describe("max_retries", fmt.Sprintf("`%d`", twcloud.DefaultMaxRetries), fmt.Sprintf(
					"How often a request that failed for a passing reason is repeated, if repeating it is safe: 0 to %d.",
					maxMaxRetries)),
			},
			"max_concurrent_requests": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: describe("max_concurrent_requests",
					fmt.Sprintf("`%d`", twcloud.DefaultMaxConcurrentRequests), fmt.Sprintf(
						"How many requests are under way at the same time at most: 1 to %d.", maxMaxConcurrentRequests)),
			},
			"detect_secret_drift": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: describe("detect_secret_drift", "`false`",
					"Whether to find out if the secret of an approved consumer was changed outside of Terraform, by "+
						"signing an OAuth 1.0a request-token call with the known one. The server never tells secrets."),
			},
			"ca_certificate_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("ca_certificate_file", "none",
					"Path of a PEM file with one or more certificate authorities to trust besides the system's. "+
						"Conflicts with `ca_certificate_pem`."),
			},
			"ca_certificate_pem": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("ca_certificate_pem", "none",
					"The same as PEM text. Conflicts with `ca_certificate_file`."),
			},
			"client_certificate_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("client_certificate_file", "none",
					"Path of a PEM file with the certificate that the provider shows to the server or a proxy (mutual "+
						"TLS), followed by those of its issuers if need be. Needs a client key. Conflicts with "+
						"`client_certificate_pem`."),
			},
			"client_certificate_pem": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("client_certificate_pem", "none",
					"The same as PEM text. Conflicts with `client_certificate_file`."),
			},
			"client_key_file": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("client_key_file", "none",
					"Path of a PEM file with the private key of the client certificate, without a passphrase. Conflicts "+
						"with `client_key_pem`."),
			},
			"client_key_pem": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: describe("client_key_pem", "none",
					"The same as PEM text. Conflicts with `client_key_file`."),
			},
			"tls_server_name": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: describe("tls_server_name", "the host of the endpoint",
					"Name that the server's certificate must bear, if it is not the host of the endpoint."),
			},
		},
	}
}

// describe ends the description of an attribute with its environment variable
// and its default.
func describe(attribute, fallback, text string) string {
	ending := fmt.Sprintf(" Environment variable: `%s`.", environmentVariable(attribute))
	switch fallback {
	case "none":
		return text + ending
	case "required":
		return text + " Required, here or in the environment." + ending
	}
	return text + ending + " Default: " + fallback + "."
}
