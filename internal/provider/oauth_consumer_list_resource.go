package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

var _ list.ListResourceWithConfigure = (*oauthConsumerListResource)(nil)

// oauthConsumerListResource is for terraform query. It shares the name and
// Configure of the resource.
type oauthConsumerListResource struct {
	oauthConsumerResource
}

// NewOAuthConsumerListResource returns the list resource twcloud_oauth_consumer.
func NewOAuthConsumerListResource() list.ListResource { return &oauthConsumerListResource{} }

func (l *oauthConsumerListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the OAuth consumers of the server for `terraform query`, to import them together.",
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
		},
	}
}

func (l *oauthConsumerListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var diags diag.Diagnostics
	consumers := l.find(ctx, req, &diags)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		for i, consumer := range consumers {
			if req.Limit > 0 && int64(i) >= req.Limit {
				return
			}
			if !push(listResult(ctx, req, consumer)) {
				return
			}
		}
	}
}

func (l *oauthConsumerListResource) find(ctx context.Context, req list.ListRequest, diags *diag.Diagnostics) []twcloud.Consumer {
	defer l.backend.diagnosePanic(diags, "listing the OAuth consumers")
	var filter consumerFilter
	diags.Append(req.Config.Get(ctx, &filter)...)
	return filter.find(ctx, l.backend, diags)
}

func listResult(ctx context.Context, req list.ListRequest, consumer twcloud.Consumer) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = printable(consumer.Name)
	result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root("key"), types.StringValue(consumer.Key))...)
	if req.IncludeResource {
		model := oauthConsumerModel{consumerModel: newConsumerModel(consumer), SecretRevision: types.Int64Value(0)}
		result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
	}
	return result
}
