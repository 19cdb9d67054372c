package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*serverDataSource)(nil)

type serverDataSource struct {
	dataSource
}

type serverModel struct {
	Version  types.String `tfsdk:"version"`
	Username types.String `tfsdk:"username"`
}

// NewServerDataSource returns the data source twcloud_server.
func NewServerDataSource() datasource.DataSource {
	return &serverDataSource{dataSource{name: "server"}}
}

func (d *serverDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the version of the server and the user who is signed in. Use it to test the provider's configuration, and in preconditions.",
		Attributes: map[string]schema.Attribute{
			"version": schema.StringAttribute{
				MarkdownDescription: "Version of the server, for example `2022x`.",
				Computed:            true,
			},
			"username": schema.StringAttribute{
				MarkdownDescription: "Name of the user who is signed in.",
				Computed:            true,
			},
		},
	}
}

func (d *serverDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.backend.diagnosePanic(&resp.Diagnostics, "reading about the server")
	client := d.backend.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	version, err := client.Version(ctx)
	if err != nil {
		d.backend.addClientError(&resp.Diagnostics, "Unable to read the server's version", "Reading the server's version", err, "")
		return
	}
	username, err := client.CurrentUser(ctx)
	if err != nil {
		d.backend.addClientError(&resp.Diagnostics, "Unable to read the current user", "Reading the current user", err, "")
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, serverModel{
		Version:  types.StringValue(version),
		Username: types.StringValue(username),
	})...)
}
