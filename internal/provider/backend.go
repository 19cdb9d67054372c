package provider

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// backend is what the provider gives to its resources and data sources. Each
// Configure makes one.
type backend struct {
	client  *twcloud.Client
	unknown []path.Path

	// profile is the API profile. It is nil if it is not known yet.
	profile *twcloud.Profile
	server  serverFacts

	hashCost          hashCost
	detectSecretDrift bool
	// requireSecretDriftCheck makes a check without a result an error.
	requireSecretDriftCheck bool
	// reported has what is reported only once per run: see first and refer.
	reported  sync.Map
	consumers consumerUses
	proofs    proofs
}

// backendFrom returns the backend that Configure made. It is nil before the
// provider is configured, for example in validation.
func backendFrom(providerData any) *backend {
	b, _ := providerData.(*backend)
	return b
}

// ready reports whether the server can be called.
func (b *backend) ready() bool { return b != nil && b.client != nil }

// first reports whether a diagnostic was not given before in this run.
func (b *backend) first(diagnostic string) bool {
	_, reported := b.reported.LoadOrStore(diagnostic, true)
	return !reported
}

// refer returns what was reported before for a cause in this run. If that is
// nothing, it notes what is reported now.
func (b *backend) refer(cause, now string) (before string, found bool) {
	reported, found := b.reported.LoadOrStore(cause, now)
	before, _ = reported.(string)
	return before, found
}

// once returns the advice of an error or a warning about a consumer. After the first
// consumer of a run, it returns where the advice is.
func (b *backend) once(severity, advice, name string) string {
	if b == nil {
		return advice
	}
	if before, again := b.refer(severity+advice, name); again && before != name {
		return fmt.Sprintf("See the %s about %q.", severity, before)
	}
	return advice
}

// need returns the client, or adds an error about why there is none.
func (b *backend) need(diags *diag.Diagnostics) *twcloud.Client {
	if b.ready() {
		return b.client
	}
	if b == nil {
		diags.AddError("Provider is not configured", "The server is needed before Terraform configured the provider. "+reportBug)
		return nil
	}
	names := make([]string, len(b.unknown))
	for i, unknown := range b.unknown {
		names[i] = unknown.String()
	}
	diags.AddError("Provider configuration is not known yet",
		fmt.Sprintf("The provider needs the server now, but %s is known only after apply.\n\n"+
			"Use provider values that are known at plan time, or first apply what they depend on with -target.",
			strings.Join(names, ", ")))
	return nil
}

// dataSource is embedded in every data source.
type dataSource struct {
	// name has no prefix.
	name    string
	backend *backend
}

func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.name
}

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.backend = backendFrom(req.ProviderData)
}
