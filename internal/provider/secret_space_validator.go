package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// strayWhiteSpace is a validator.String. It warns of a secret that was probably
// read from a file with a line break at its end. It never quotes the value.
type strayWhiteSpace struct{}

func (strayWhiteSpace) Description(context.Context) string {
	return "should not begin or end with white space"
}

func (v strayWhiteSpace) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (strayWhiteSpace) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if value := req.ConfigValue.ValueString(); strings.TrimSpace(value) != value {
		resp.Diagnostics.AddAttributeWarning(req.Path, "Secret begins or ends with white space",
			"The provider sends the secret as it is. If you read it from a file, it may include the line break at the end: use trimspace() to remove it.")
	}
}
