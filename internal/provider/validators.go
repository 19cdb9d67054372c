package provider

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// stringValidator is a validator.String. The schema describes what it requires.
type stringValidator func(validator.StringRequest, *validator.StringResponse)

func (stringValidator) Description(context.Context) string { return "" }

func (stringValidator) MarkdownDescription(context.Context) string { return "" }

func (validate stringValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	validate(req, resp)
}

func notBlank(req validator.StringRequest, resp *validator.StringResponse) {
	if value := req.ConfigValue; !value.IsNull() && !value.IsUnknown() && strings.TrimSpace(value.ValueString()) == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Blank value", fmt.Sprintf("Attribute %s must not be blank.", req.Path))
	}
}

func regularExpression(req validator.StringRequest, resp *validator.StringResponse) {
	if _, err := regexp.Compile(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid regular expression",
			fmt.Sprintf("%s. The syntax is that of RE2: https://github.com/google/re2/wiki/Syntax", err))
	}
}

// strayWhiteSpace warns of a secret that was probably read from a file with a
// line break at its end. It never quotes the value, and does not name the attribute, of
// which Terraform would print the line.
func strayWhiteSpace(req validator.StringRequest, resp *validator.StringResponse) {
	if value := req.ConfigValue.ValueString(); strings.TrimSpace(value) != value {
		resp.Diagnostics.AddWarning("Secret begins or ends with white space",
			"The provider sends the secret as it is. If you read it from a file, it may include the line break at the end: use trimspace() to remove it.")
	}
}
