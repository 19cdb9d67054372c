package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var _ datasource.DataSourceWithConfigure = (*oauthConsumersDataSource)(nil)

type oauthConsumersDataSource struct {
	dataSource
}

type oauthConsumersModel struct {
	consumerFilter
	Consumers []consumerModel          `tfsdk:"consumers"`
	ByName    map[string]consumerModel `tfsdk:"by_name"`
}

// NewOAuthConsumersDataSource returns the data source twcloud_oauth_consumers.
func NewOAuthConsumersDataSource() datasource.DataSource {
	return &oauthConsumersDataSource{dataSource{name: "oauth_consumers"}}
}

func (d *oauthConsumersDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	consumer := schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
		"key":      schema.StringAttribute{MarkdownDescription: "Consumer key.", Computed: true},
		"name":     schema.StringAttribute{MarkdownDescription: "Consumer name.", Computed: true},
		"approved": schema.BoolAttribute{MarkdownDescription: "Whether the consumer is approved.", Computed: true},
	}}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists all OAuth consumers of the server, or those that match. The server never returns secrets.",
		Attributes: map[string]schema.Attribute{
			"name_regex": schema.StringAttribute{
				MarkdownDescription: describeNameRegex,
				Optional:            true,
				Validators:          []validator.String{stringValidator(regularExpression)},
			},
			"approved": schema.BoolAttribute{
				MarkdownDescription: describeApproved,
				Optional:            true,
			},
			"consumers": schema.ListNestedAttribute{
				MarkdownDescription: "The consumers, sorted by name, then by key.",
				Computed:            true,
				NestedObject:        consumer,
			},
			"by_name": schema.MapNestedAttribute{
				MarkdownDescription: "The consumers by name, for use in `for_each`. Names that are not unique are left out.",
				Computed:            true,
				NestedObject:        consumer,
			},
		},
	}
}

func (d *oauthConsumersDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.backend.diagnosePanic(&resp.Diagnostics, "listing the OAuth consumers")
	var state oauthConsumersModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &state)...)
	matching := state.find(ctx, d.backend, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	named := map[string]int{}
	for _, consumer := range matching {
		named[consumer.Name]++
	}
	state.Consumers = make([]consumerModel, 0, len(matching))
	state.ByName = make(map[string]consumerModel, len(matching))
	for _, consumer := range matching {
		model := newConsumerModel(consumer)
		state.Consumers = append(state.Consumers, model)
		if named[consumer.Name] == 1 {
			state.ByName[consumer.Name] = model
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}
