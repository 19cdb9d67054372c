package provider

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var notBlank = stringvalidator.RegexMatches(regexp.MustCompile(`\S`), "must not be blank")

// oauthConsumerIdentity is what tells one consumer from all others.
type oauthConsumerIdentity struct {
	Key types.String `tfsdk:"key"`
}

// oauthConsumerSchema is small on purpose: the schema is sent to Terraform by
// every process it starts.
func oauthConsumerSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "An OAuth 1.0a consumer of Teamwork Cloud, as *TWCloud Admin → OAuth consumers* has it " +
			"(*OAuth clients → OAuth 1.0a* from 2024x Refresh2 on). Name, secret and approval change in place; the key never changes.",
		Attributes: map[string]schema.Attribute{
			"key": schema.StringAttribute{
				MarkdownDescription: "Consumer key. The server generates it when the consumer is registered; it never changes.",
				Computed:            true,
				PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "Consumer name.",
				Required:            true,
				Validators:          []validator.String{notBlank},
			},
			"approved": schema.BoolAttribute{
				MarkdownDescription: "Whether the consumer is approved, that is, active. Default: `false`, as the server has it after a registration.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			},
			"secret": schema.StringAttribute{
				MarkdownDescription: "Consumer secret. It is kept in state; see `secret_wo` for a secret that is not. One of the two is needed to register a consumer, " +
					"neither is needed to manage name and approval of an imported one. The server never tells it.",
				Optional:   true,
				Sensitive:  true,
				Validators: []validator.String{notBlank, strayWhiteSpace{}, stringvalidator.ConflictsWith(path.MatchRoot("secret_wo"))},
			},
			"secret_wo": schema.StringAttribute{
				MarkdownDescription: "Consumer secret, write-only: it is never in a plan or in state. Without `secret_wo_version` a new value is noticed by a salted hash, " +
					"which is kept in the private part of the state. Needs Terraform 1.11 or OpenTofu 1.11, or later.",
				Optional:   true,
				Sensitive:  true,
				WriteOnly:  true,
				Validators: []validator.String{notBlank, strayWhiteSpace{}},
			},
			"secret_wo_version": schema.Int64Attribute{
				MarkdownDescription: "With it, `secret_wo` is sent when this number changes, and only then. Needed with ephemeral generators, which give another value on every run.",
				Optional:            true,
				Validators:          []validator.Int64{int64validator.AlsoRequires(path.MatchRoot("secret_wo"))},
			},
			"secret_revision": schema.Int64Attribute{
				MarkdownDescription: "How often the provider has set the secret: 1 after registration, one more with each new secret, 0 after an import. " +
					"It is what a plan shows when only the secret changes, and what `replace_triggered_by` of other resources can refer to.",
				Computed: true,
			},
		},
	}
}
