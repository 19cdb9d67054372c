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

	hashCost          hashCost
	detectSecretDrift bool
	// reported has the failures of all resources that have been reported in full.
	reported sync.Map
	// These let a warning appear once per run: drift could not be detected, existing
	// consumers could not be checked, and consumers could not be listed.
	inconclusive, unasked, unlisted sync.Once
	// managed has the keys of consumers that are in state.
	managed sync.Map
	// warned has the names for which a warning about existing consumers was given.
	warned sync.Map
}

// backendFrom returns the backend that Configure made. It is nil before the
// provider is configured, for example in validation.
func backendFrom(providerData any) *backend {
	b, _ := providerData.(*backend)
	return b
}

// ready reports whether the server can be called.
func (b *backend) ready() bool { return b != nil && b.client != nil }

// need returns the client, or adds an error that says why there is none.
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

// dataSource is embedded in every data source.
type dataSource struct {
	backend *backend
}

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.backend = backendFrom(req.ProviderData)
}
