package main

import (
	"bytes"
	"encoding/json"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// readSchemas reads what this program prints as tools do.
func readSchemas(t *testing.T) *tfjson.ProviderSchema {
	t.Helper()
	var out bytes.Buffer
	var printed tfjson.ProviderSchemas
	if err := write(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil {
		t.Fatal(err)
	}
	return printed.Schemas["twcloud"]
}

// TestDescriptions fails if anything in the schema has no description.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	for kind, schemas := range readSchema(t) {
		if len(schemas) == 0 {
			t.Errorf("there is no %s", kind)
		}
		for name, schema := range schemas {
			if schema.Block.Description == "" || len(schema.Block.Attributes) == 0 {
				t.Errorf("%s %s has no description or no attributes", kind, name)
			}
			described(t, kind+" "+name, schema.Block.Attributes)
		}
	}
}

func described(t *testing.T, name string, attributes map[string]*tfjson.SchemaAttribute) {
	t.Helper()
	for inner, attribute := range attributes {
		if attribute.Description == "" {
			t.Errorf("%s.%s has no description", name, inner)
		}
		if nested := attribute.AttributeNestedType; nested != nil {
			described(t, name+"."+inner, nested.Attributes)
		}
	}
}

// TestWrite shows that what older CLIs leave out is there.
func TestWrite(t *testing.T) {
	t.Parallel()
	printed := readSchemas(t)
	if key := printed.ResourceIdentitySchemas["twcloud_oauth_consumer"].Attributes["key"]; key == nil || !key.RequiredForImport || key.Description == "" {
		t.Errorf("identity: got %+v, want a key that is required and described", key)
	}
	if secret := printed.ResourceSchemas["twcloud_oauth_consumer"].Block.Attributes["secret_wo"]; !secret.WriteOnly || !secret.Sensitive || !secret.Optional {
		t.Errorf("secret_wo: got %+v, want it to be optional, sensitive and write-only", secret)
	}
}
