package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ datasource.DataSourceWithConfigure = (*oauthEndpointsDataSource)(nil)

type oauthEndpointsDataSource struct {
	dataSource
}

type oauthEndpointsModel struct {
	RootServicesURL       types.String `tfsdk:"root_services_url"`
	RequestConsumerKeyURL types.String `tfsdk:"request_consumer_key_url"`
	RequestTokenURL       types.String `tfsdk:"request_token_url"`
	UserAuthorizationURL  types.String `tfsdk:"user_authorization_url"`
	AccessTokenURL        types.String `tfsdk:"access_token_url"`
	Realm                 types.String `tfsdk:"realm"`
	Domain                types.String `tfsdk:"domain"`
}

// NewOAuthEndpointsDataSource returns the data source twcloud_oauth_endpoints.
func NewOAuthEndpointsDataSource() datasource.DataSource {
	return &oauthEndpointsDataSource{dataSource{name: "oauth_endpoints"}}
}

func (d *oauthEndpointsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the OAuth 1.0a endpoints of the server, which an application needs in addition to its consumer key and secret. " +
			"They come from the root services document of the Web Application Platform, or of the REST API in older versions. This needs no sign-in.",
		Attributes: map[string]schema.Attribute{
			"root_services_url":        computed("URL of the root services document."),
			"request_consumer_key_url": computed("Where an application registers itself as a consumer. An administrator must still approve it. Null if the document does not name it."),
			"request_token_url":        computed("Temporary credential request (RFC 5849, section 2.1)."),
			"user_authorization_url":   computed("Resource owner authorization (RFC 5849, section 2.2). Null if the document does not name it."),
			"access_token_url":         computed("Token request (RFC 5849, section 2.3). Null if the document does not name it."),
			"realm":                    computed("Realm of the `Authorization` header. Null if the document does not name it."),
			"domain":                   computed("Domain of the tokens. Null if the document does not name it."),
		},
	}
}

func (d *oauthEndpointsDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	defer d.backend.diagnosePanic(&resp.Diagnostics, "discovering the OAuth endpoints")
	client := d.backend.need(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	endpoints, err := client.OAuthEndpoints(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Unable to discover the OAuth endpoints",
			fmt.Sprintf("Discovering the OAuth endpoints failed: %s\n\nThe Web Application Platform has the root services document. Check its address, %s.",
				client.Redact(sentence(err)), d.backend.server.webApp))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, oauthEndpointsModel{
		RootServicesURL:       stringOrNull(endpoints.RootServicesURL),
		RequestConsumerKeyURL: stringOrNull(endpoints.RequestConsumerKeyURL),
		RequestTokenURL:       stringOrNull(endpoints.RequestTokenURL),
		UserAuthorizationURL:  stringOrNull(endpoints.UserAuthorizationURL),
		AccessTokenURL:        stringOrNull(endpoints.AccessTokenURL),
		Realm:                 stringOrNull(endpoints.Realm),
		Domain:                stringOrNull(endpoints.Domain),
	})...)
}

func stringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}
