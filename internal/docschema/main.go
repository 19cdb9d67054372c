// Command docschema writes the provider's schema as "terraform providers schema
// -json" does, for generating the documentation. It asks the provider itself: so
// the documentation does not depend on the CLI at hand, and has what an older one
// leaves out, such as list resources and identities.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "docschema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	schemas, err := read(ctx)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(schemas)
}

// read asks the provider for its schema.
func read(ctx context.Context) (*tfjson.ProviderSchemas, error) {
	server := provider.New("docs").Server()
	answer, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range answer.Diagnostics {
		return nil, fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	converted := &tfjson.ProviderSchema{}
	if converted.ConfigSchema, err = convert(answer.Provider); err != nil {
		return nil, err
	}
	if converted.ResourceSchemas, err = convertAll(answer.ResourceSchemas); err != nil {
		return nil, err
	}
	if converted.DataSourceSchemas, err = convertAll(answer.DataSourceSchemas); err != nil {
		return nil, err
	}
	if converted.ListResourceSchemas, err = convertAll(answer.ListResourceSchemas); err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range identities.Diagnostics {
		return nil, fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
	}
	if converted.ResourceIdentitySchemas, err = convertIdentities(identities.IdentitySchemas); err != nil {
		return nil, err
	}
	return &tfjson.ProviderSchemas{
		FormatVersion: "1.0",
		Schemas:       map[string]*tfjson.ProviderSchema{provider.Address: converted},
	}, nil
}

func convertAll(schemas map[string]*tfprotov6.Schema) (map[string]*tfjson.Schema, error) {
	converted := make(map[string]*tfjson.Schema, len(schemas))
	for name, schema := range schemas {
		var err error
		if converted[name], err = convert(schema); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return converted, nil
}

// convert takes a schema without nested blocks: the provider has none, its
// nested attributes take their place.
func convert(schema *tfprotov6.Schema) (*tfjson.Schema, error) {
	if len(schema.Block.BlockTypes) > 0 {
		return nil, fmt.Errorf("nested block %q: docschema knows attributes only", schema.Block.BlockTypes[0].TypeName)
	}
	attributes, err := convertAttributes(schema.Block.Attributes)
	if err != nil {
		return nil, err
	}
	return &tfjson.Schema{
		Version: uint64(max(0, schema.Version)),
		Block: &tfjson.SchemaBlock{
			Attributes:      attributes,
			Description:     schema.Block.Description,
			DescriptionKind: kind(schema.Block.DescriptionKind),
			Deprecated:      schema.Block.Deprecated,
		},
	}, nil
}

func convertAttributes(attributes []*tfprotov6.SchemaAttribute) (map[string]*tfjson.SchemaAttribute, error) {
	converted := make(map[string]*tfjson.SchemaAttribute, len(attributes))
	for _, attribute := range attributes {
		one := &tfjson.SchemaAttribute{
			AttributeType:   cty.NilType,
			Description:     attribute.Description,
			DescriptionKind: kind(attribute.DescriptionKind),
			Deprecated:      attribute.Deprecated,
			Required:        attribute.Required,
			Optional:        attribute.Optional,
			Computed:        attribute.Computed,
			Sensitive:       attribute.Sensitive,
			WriteOnly:       attribute.WriteOnly,
		}
		if nested := attribute.NestedType; nested != nil {
			inner, err := convertAttributes(nested.Attributes)
			if err != nil {
				return nil, err
			}
			mode, ok := nestingModes[nested.Nesting]
			if !ok {
				return nil, fmt.Errorf("attribute %q: unknown nesting %s", attribute.Name, nested.Nesting)
			}
			one.AttributeNestedType = &tfjson.SchemaNestedAttributeType{Attributes: inner, NestingMode: mode}
		} else {
			var err error
			if one.AttributeType, err = convertType(attribute.Type); err != nil {
				return nil, fmt.Errorf("attribute %q: %w", attribute.Name, err)
			}
		}
		converted[attribute.Name] = one
	}
	return converted, nil
}

func convertIdentities(schemas map[string]*tfprotov6.ResourceIdentitySchema) (map[string]*tfjson.IdentitySchema, error) {
	converted := make(map[string]*tfjson.IdentitySchema, len(schemas))
	for name, schema := range schemas {
		attributes := make(map[string]*tfjson.IdentityAttribute, len(schema.IdentityAttributes))
		for _, attribute := range schema.IdentityAttributes {
			converted, err := convertType(attribute.Type)
			if err != nil {
				return nil, fmt.Errorf("identity of %s: attribute %q: %w", name, attribute.Name, err)
			}
			attributes[attribute.Name] = &tfjson.IdentityAttribute{
				IdentityType:      converted,
				Description:       attribute.Description,
				RequiredForImport: attribute.RequiredForImport,
				OptionalForImport: attribute.OptionalForImport,
			}
		}
		converted[name] = &tfjson.IdentitySchema{Version: uint64(max(0, schema.Version)), Attributes: attributes}
	}
	return converted, nil
}

// convertType goes by way of JSON, in which both have a type alike.
func convertType(wanted tftypes.Type) (cty.Type, error) {
	var converted cty.Type
	encoded, err := json.Marshal(wanted)
	if err != nil {
		return converted, err
	}
	err = json.Unmarshal(encoded, &converted)
	return converted, err
}

var nestingModes = map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
}

func kind(kind tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if kind == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}
