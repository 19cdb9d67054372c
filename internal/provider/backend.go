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

// backend is what the provider hands to its resources and data sources: one per
// Configure.
type backend struct {
	client  *twcloud.Client
	unknown []path.Path

	hashCost          hashCost
	detectSecretDrift bool
	// reported are the failures, shared by all resources, that have been reported in full.
	reported sync.Map
	// inconclusive makes the warning that drift could not be detected come once.
	inconclusive sync.Once
	// unasked makes the warning that the server could not be asked come once.
	unasked sync.Once
	// managed are the keys of the consumers in state that have been read.
	managed sync.Map
	// warned are the names about whose namesakes a warning has been given.
	warned sync.Map
}

// backendFrom reads what Configure was given. It is nil before the provider is
// configured, as during validation.
func backendFrom(providerData any, diags *diag.Diagnostics) *backend {
	if providerData == nil {
		return nil
	}
	b, ok := providerData.(*backend)
	if !ok {
		diags.AddError("Unexpected provider data",
			fmt.Sprintf("Expected *backend, got %T. %s", providerData, reportBug))
	}
	return b
}

// ready says whether the server can be called.
func (b *backend) ready() bool { return b != nil && b.client != nil }

// need returns the client, or reports why there is none.
func (b *backend) need(diags *diag.Diagnostics) (*twcloud.Client, bool) {
	if b.ready() {
		return b.client, true
	}
	if b == nil {
		diags.AddError("Provider is not configured", "The server is needed before Terraform configured the provider. "+reportBug)
		return nil, false
	}
	names := make([]string, len(b.unknown))
	for i, unknown := range b.unknown {
		names[i] = unknown.String()
	}
	diags.AddError("Provider configuration is not known yet",
		fmt.Sprintf("The provider needs the server now, but %s is known only after apply.\n\n"+
			"Use provider values that are known at plan time, or first apply what they depend on with -target.",
			strings.Join(names, ", ")))
	return nil, false
}

// dataSource is what every data source embeds.
type dataSource struct {
	backend *backend
}

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.backend = backendFrom(req.ProviderData, &resp.Diagnostics)
}
