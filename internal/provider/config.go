package provider

import (
	"context"
	"crypto/tls"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// providerModel is the provider block: its attributes by name. A name that is
// missing is the same as null.
type providerModel map[string]attr.Value

// readProviderModel reads the provider block.
func readProviderModel(ctx context.Context, config tfsdk.Config, diagnostics *diag.Diagnostics) providerModel {
	var block types.Object
	diagnostics.Append(config.Get(ctx, &block)...)
	return block.Attributes()
}

// text returns an attribute as text, and whether it is unknown. Empty: not set.
func (m providerModel) text(name string) (text string, unknown bool) {
	switch v := m[name].(type) {
	case nil:
		return "", false
	case types.String:
		return v.ValueString(), v.IsUnknown()
	default:
		if v.IsNull() || v.IsUnknown() {
			return "", v.IsUnknown()
		}
		return v.String(), false
	}
}

// settings is the result of the provider block, the environment and the defaults.
type settings struct {
	// options lack what resolveConfig does not know: UserAgent and Logger.
	options                 twcloud.Options
	detectSecretDrift       bool
	requireSecretDriftCheck bool

	// profile is the API profile. It is nil if it is not known yet.
	profile *twcloud.Profile

	// server is what messages say about the server and the user.
	server serverFacts

	// text is the text of every attribute that options depend on, with secrets. It
	// is equal for settings of the same server, user and behavior.
	text string

	// The remaining settings are for checks of several attributes together.

	// PEM text that is well-formed. Empty: none.
	clientCertificate, clientKey string
	allowPlainHTTP               bool
}

// Format implements fmt.Formatter, so that no verb prints a secret.
func (s settings) Format(state fmt.State, _ rune) {
	_, _ = fmt.Fprintf(state, "settings{endpoint: %v}", s.options.Endpoint)
}

// resolveConfig takes each setting from its attribute, else from its environment
// variable, else from its default, and checks it. An empty attribute or variable
// counts as not set.
//
// The diagnostics report every problem at once and contain no secret. If one of
// them is an error, the settings are empty.
//
// The attributes in unknown are known only after apply. They are not checked,
// not replaced by the environment, and not reported as missing. If there are
// any, the settings are incomplete.
func resolveConfig(config providerModel, source configSource) (
	resolved settings, unknown []path.Path, diagnostics diag.Diagnostics,
) {
	r := &resolver{config: config, source: source, values: map[string]value{}}
	r.settings.options = twcloud.NewOptions()
	r.settings.options.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	for _, attribute := range configAttributes {
		if _, isUnknown := config.text(attribute.name); isUnknown {
			unknown = append(unknown, path.Root(attribute.name))
		}
		r.resolve(attribute)
	}
	r.checkProfile()
	r.checkEndpoints()
	r.checkCredentials()
	r.checkTLS()
	r.checkDriftDetection()

	if r.diagnostics.HasError() {
		return settings{}, unknown, r.diagnostics
	}
	r.settings.server = r.facts()
	r.settings.profile = r.profile()
	return r.settings, unknown, r.diagnostics
}

// validateConfig reports what is wrong with the provider block in any
// environment and with any files. It gives no warnings: resolveConfig gives them
// when Terraform configures the provider.
func validateConfig(config providerModel) diag.Diagnostics {
	_, _, diagnostics := resolveConfig(config, configSource{})
	return diagnostics.Errors()
}
