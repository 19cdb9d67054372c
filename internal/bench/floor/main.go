// Command floor is a provider that does nothing: it has the same framework and
// the same schemas as this project's provider, and sends no request. The benchmark
// compares with it.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/path"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

func main() {
	floor := &floorProvider{Provider: provider.New("floor")}
	if os.Getenv("TWCLOUD_BENCH_SILENT") != "" {
		floor.LimitLogs()
	}
	serve := func() framework.Provider { return floor }
	if err := providerserver.Serve(context.Background(), serve, providerserver.ServeOpts{Address: provider.Address}); err != nil {
		log.Fatal(err)
	}
}

// floorProvider has the schemas of the real provider.
type floorProvider struct {
	*provider.Provider
}

func (*floorProvider) Configure(context.Context, framework.ConfigureRequest, *framework.ConfigureResponse) {
}

func (*floorProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newFloorResource}
}

// floorResource has the name and the schemas of the real resource, and none of its
// validation or plan modification.
type floorResource struct {
	resource.ResourceWithIdentity
}

func newFloorResource() resource.Resource {
	consumer, ok := provider.NewOAuthConsumerResource().(resource.ResourceWithIdentity)
	if !ok {
		panic("the resource has no identity")
	}
	return &floorResource{consumer}
}

// Create copies the plan to the state. The benchmark's names are unique, so they
// serve as keys.
func (r *floorResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.State.Raw = req.Plan.Raw.Copy()
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("key"), name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("secret_revision"), types.Int64Value(1))...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("key"), name)...)
}

// Read keeps the state. The framework requires an identity.
func (r *floorResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var key types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("key"), &key)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("key"), key)...)
}

// Update copies the plan to the state.
func (r *floorResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var key types.String
	var revision types.Int64
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("key"), &key)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("secret_revision"), &revision)...)
	resp.State.Raw = req.Plan.Raw.Copy()
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("secret_revision"), revision)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("key"), key)...)
}

func (r *floorResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
