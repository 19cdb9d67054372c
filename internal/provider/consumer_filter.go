package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// Descriptions of the filters of the data source and the list resource.
const (
	describeNameRegex = "Only consumers whose name matches this regular expression ([RE2 syntax](https://github.com/google/re2/wiki/Syntax)), anywhere in the name unless it is anchored."
	describeApproved  = "Only consumers that are approved (`true`), or only those that are not (`false`)."
)

// consumerFilter selects consumers. Null matches all.
type consumerFilter struct {
	NameRegex types.String `tfsdk:"name_regex"`
	Approved  types.Bool   `tfsdk:"approved"`
}

// find lists the consumers that match.
func (f consumerFilter) find(ctx context.Context, b *backend, diags *diag.Diagnostics) []twcloud.Consumer {
	client := b.need(diags)
	if diags.HasError() {
		return nil
	}
	consumers, err := client.List(ctx)
	if err != nil {
		b.addListError(diags, err)
		return nil
	}
	name, err := regexp.Compile(f.NameRegex.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("name_regex"), "Invalid regular expression", err.Error())
		return nil
	}
	var matching []twcloud.Consumer
	for _, consumer := range consumers {
		if name.MatchString(consumer.Name) && (f.Approved.IsNull() || f.Approved.ValueBool() == consumer.Approved) {
			matching = append(matching, consumer)
		}
	}
	return matching
}
