package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
)

// providerSchema describes the provider block. Every attribute is optional,
// because each can come from the environment.
func providerSchema() schema.Schema {
	attributes := map[string]schema.Attribute{}
	for _, a := range configAttributes {
		description := fmt.Sprintf("%s Environment variable: `%s`.", a.description, environmentVariable(a.name))
		if a.standard != "" {
			description += fmt.Sprintf(" Default: `%s`.", a.standard)
		}
		switch a.kind {
		case textAttribute:
			attributes[a.name] = schema.StringAttribute{
				Optional: true, Sensitive: a.sensitive, MarkdownDescription: description,
			}
		case boolAttribute:
			attributes[a.name] = schema.BoolAttribute{Optional: true, MarkdownDescription: description}
		case numberAttribute:
			attributes[a.name] = schema.Int64Attribute{Optional: true, MarkdownDescription: description}
		}
	}
	return schema.Schema{
		MarkdownDescription: "Manages the OAuth consumers of a [Teamwork Cloud](https://docs.nomagic.com/) server: " +
			"the keys and secrets with which other applications sign in through OAuth 1.0a.\n\n" +
			"Set each attribute in the provider block or in an environment variable. The provider block wins. An " +
			"empty value (`\"\"`) counts as not set. The provider uses the proxies in `HTTPS_PROXY`, `HTTP_PROXY` " +
			"and `NO_PROXY`.",
		Attributes: attributes,
	}
}
