package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

var _ datasource.DataSourceWithConfigure = (*oauthConsumerDataSource)(nil)

type oauthConsumerDataSource struct {
	dataSource
}

// NewOAuthConsumerDataSource returns the data source twcloud_oauth_consumer.
func NewOAuthConsumerDataSource() datasource.DataSource {
	return &oauthConsumerDataSource{dataSource{name: "oauth_consumer"}}
}

func (d *oauthConsumerDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds one OAuth consumer by its key or its name. The server never returns the secret.",
		Attributes: map[string]schema.Attribute{
			"key": schema.StringAttribute{
				MarkdownDescription: "Consumer key. Set exactly one of `key` and `name`.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{stringValidator(notBlank), stringvalidator.ExactlyOneOf(path.MatchRoot("key"), path.MatchRoot("name"))},
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Full consumer name. If several consumers have this name, the error lists their keys.",
				Optional:            true,
				Computed:            true,
				Validators:          []validator.String{stringValidator(notBlank)},
			},
			"approved": schema.BoolAttribute{
				MarkdownDescription: "Whether the consumer is approved.",
				Computed:            true,
			},
		},
	}
}

func (d *oauthConsumerDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.backend.diagnosePanic(&resp.Diagnostics, "looking for an OAuth consumer")
	var config consumerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	client := d.backend.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	var consumer twcloud.Consumer
	if config.Name.IsNull() {
		consumer = d.findByKey(ctx, client, config.Key.ValueString(), &resp.Diagnostics)
	} else {
		consumer = d.findByName(ctx, client, config.Name.ValueString(), &resp.Diagnostics)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, newConsumerModel(consumer))...)
	}
}

func (d *oauthConsumerDataSource) findByKey(ctx context.Context, client *twcloud.Client, key string, diags *diag.Diagnostics) twcloud.Consumer {
	consumer, err := client.Get(ctx, key)
	switch {
	case errors.Is(err, twcloud.ErrNotFound):
		diags.AddAttributeError(path.Root("key"), "No such OAuth consumer",
			fmt.Sprintf("The server at %s has no OAuth consumer with key %q.", d.backend.server.main(), key))
	case err != nil:
		d.backend.addClientError(diags, "Unable to read OAuth consumer", "Reading "+describe(twcloud.Consumer{Key: key}), err, "")
	}
	return consumer
}

func (d *oauthConsumerDataSource) findByName(ctx context.Context, client *twcloud.Client, name string, diags *diag.Diagnostics) twcloud.Consumer {
	named, err := client.Namesakes(ctx, name)
	if err != nil {
		d.backend.addListError(diags, err)
		return twcloud.Consumer{}
	}
	switch len(named) {
	case 0:
		diags.AddAttributeError(path.Root("name"), "No such OAuth consumer",
			fmt.Sprintf("The server at %s has no OAuth consumer named %q. The name must match exactly, including upper and lower case.",
				d.backend.server.main(), name))
		return twcloud.Consumer{}
	case 1:
		return d.findByKey(ctx, client, named[0].Key, diags)
	}
	diags.AddAttributeError(path.Root("name"), "Several OAuth consumers have this name",
		fmt.Sprintf("The server has %d OAuth consumers named %q, with keys %s.\n\nSet key instead of name.",
			len(named), name, quotedList(keysOf(named))))
	return twcloud.Consumer{}
}
