package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestStrayWhiteSpace(t *testing.T) {
	t.Parallel()
	for value, warns := range map[types.String]int{
		types.StringNull():              0,
		types.StringUnknown():           0,
		types.StringValue("two words"):  0,
		types.StringValue("canary\n"):   1,
		types.StringValue(" canary"):    1,
		types.StringValue("canary\r\n"): 1,
	} {
		var resp validator.StringResponse
		stringValidator(strayWhiteSpace).ValidateString(t.Context(), validator.StringRequest{Path: path.Root("secret"), ConfigValue: value}, &resp)
		if resp.Diagnostics.HasError() || len(resp.Diagnostics) != warns {
			t.Errorf("%q: %v", value.ValueString(), resp.Diagnostics)
		}
		for _, diagnostic := range resp.Diagnostics {
			if _, named := diagnostic.(diag.DiagnosticWithPath); named || strings.Contains(diagnostic.Detail(), "canary") {
				t.Errorf("the secret is quoted, or Terraform prints its line: %v", diagnostic)
			}
		}
	}
}
