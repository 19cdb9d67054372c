// Command docs prints the provider's schema in the format of "terraform providers
// schema -json", from which the documentation is generated. It reads the schema from
// the provider itself, so that the documentation does not depend on a CLI: older ones
// leave out list resources and identities.
//
// Its tests are about the documentation: commands and examples work, links resolve,
// and names exist.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

func main() {
	if err := write(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

type object map[string]any

func write(ctx context.Context, out io.Writer) error {
	server := provider.New("docs").Server()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return err
	}
	for _, diagnostic := range append(schemas.Diagnostics, identities.Diagnostics...) {
		return fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(object{
		"format_version": "1.0",
		// tfplugindocs knows the provider by its short name alone.
		"provider_schemas": object{"twcloud": object{
			"provider":                  schema(schemas.Provider),
			"resource_schemas":          each(schemas.ResourceSchemas, schema),
			"data_source_schemas":       each(schemas.DataSourceSchemas, schema),
			"list_resource_schemas":     each(schemas.ListResourceSchemas, schema),
			"resource_identity_schemas": each(identities.IdentitySchemas, identity),
		}},
	})
}

func each[T any](all map[string]T, convert func(T) object) object {
	converted := object{}
	for name, one := range all {
		converted[name] = convert(one)
	}
	return converted
}

// schema has no nested blocks: the provider has nested attributes in their place.
func schema(s *tfprotov6.Schema) object {
	return object{"version": s.Version, "block": object{
		"attributes":       attributes(s.Block.Attributes),
		"description":      s.Block.Description,
		"description_kind": strings.ToLower(s.Block.DescriptionKind.String()),
		"deprecated":       s.Block.Deprecated,
	}}
}

func attributes(all []*tfprotov6.SchemaAttribute) object {
	converted := object{}
	for _, a := range all {
		one := object{
			"description":      a.Description,
			"description_kind": strings.ToLower(a.DescriptionKind.String()),
			"deprecated":       a.Deprecated,
			"required":         a.Required,
			"optional":         a.Optional,
			"computed":         a.Computed,
			"sensitive":        a.Sensitive,
			"write_only":       a.WriteOnly,
		}
		if a.NestedType == nil {
			one["type"] = a.Type
		} else {
			one["nested_type"] = object{
				"attributes":   attributes(a.NestedType.Attributes),
				"nesting_mode": strings.ToLower(a.NestedType.Nesting.String()),
			}
		}
		converted[a.Name] = one
	}
	return converted
}

func identity(s *tfprotov6.ResourceIdentitySchema) object {
	converted := object{}
	for _, a := range s.IdentityAttributes {
		converted[a.Name] = object{
			"type":                a.Type,
			"description":         a.Description,
			"required_for_import": a.RequiredForImport,
			"optional_for_import": a.OptionalForImport,
		}
	}
	return object{"version": s.Version, "attributes": converted}
}
