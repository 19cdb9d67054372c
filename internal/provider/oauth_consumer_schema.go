package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// oauthConsumerVersion is the version of the state.
const oauthConsumerVersion = 0

// oauthConsumerSchema is small, because each provider process sends it to
// Terraform.
func oauthConsumerSchema() schema.Schema {
	return schema.Schema{
		Version: oauthConsumerVersion,
		MarkdownDescription: "Manages an OAuth 1.0a consumer of Teamwork Cloud, as on the page *TWCloud Admin → OAuth consumers* " +
			"(*OAuth clients → OAuth 1.0a* in 2024x Refresh1 and later). Name, secret, and approval change in place. The key never changes.",
		Attributes: map[string]schema.Attribute{
			"key": schema.StringAttribute{
				MarkdownDescription: "Consumer key. The server generates it. It never changes.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Consumer name. A new name must not have control characters.",
				Required:            true,
				Validators:          []validator.String{stringValidator(notBlank)},
			},
			"approved": schema.BoolAttribute{
				MarkdownDescription: "Whether the consumer is approved, which makes it active. Default: `false`. If the API profile has no call that approves, " +
					"as `self-registration` has none, leave it out: it then shows what the server has.",
				Optional: true,
				Computed: true,
			},
			"secret": schema.StringAttribute{
				MarkdownDescription: "Consumer secret, stored in state. To keep it out of state, use `secret_wo`. You need one of the two to register a consumer, " +
					"and neither to manage the name and approval of an imported one. The server never returns it.",
				Optional:   true,
				Sensitive:  true,
				Validators: []validator.String{stringValidator(notBlank), stringValidator(strayWhiteSpace)},
			},
			"secret_wo": schema.StringAttribute{
				MarkdownDescription: "Consumer secret, write-only: never in a plan or in state. Without `secret_wo_version`, the provider detects a new value with a salted hash " +
					"in the private part of the state. Requires Terraform 1.11 or OpenTofu 1.11, or later.",
				Optional:   true,
				Sensitive:  true,
				WriteOnly:  true,
				Validators: []validator.String{stringValidator(notBlank), stringValidator(strayWhiteSpace)},
			},
			"secret_wo_version": schema.Int64Attribute{
				MarkdownDescription: "Version of `secret_wo`. If set, the provider sends `secret_wo` only when this number changes. Set it for generators, which return another value in every run, and for large configurations.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.AlsoRequires(path.MatchRoot("secret_wo"))},
			},
			"secret_revision": schema.Int64Attribute{
				MarkdownDescription: "How often the provider has set the secret: 1 after a registration, one more with each new secret, 0 after an import. " +
					"A plan shows it when only the secret changes. Use it in `replace_triggered_by` of other resources.",
				Computed: true,
			},
		},
	}
}
