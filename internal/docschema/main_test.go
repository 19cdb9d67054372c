package main

import (
	"bytes"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

// TestWrite reads the schema as tools do, and fails if anything in it has no
// description.
func TestWrite(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := write(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	var schemas tfjson.ProviderSchemas
	if err := schemas.UnmarshalJSON(out.Bytes()); err != nil {
		t.Fatal(err)
	}
	twcloud := schemas.Schemas[provider.Address]
	described(t, "provider", twcloud.ConfigSchema)
	for _, kind := range []map[string]*tfjson.Schema{twcloud.ResourceSchemas, twcloud.DataSourceSchemas, twcloud.ListResourceSchemas} {
		if len(kind) == 0 {
			t.Error("a kind of schemas is missing")
		}
		for name, schema := range kind {
			described(t, name, schema)
		}
	}
	if key := twcloud.ResourceIdentitySchemas["twcloud_oauth_consumer"].Attributes["key"]; key == nil || !key.RequiredForImport || key.Description == "" {
		t.Errorf("identity: got %+v, want a key that is required and described", key)
	}
	if secret := twcloud.ResourceSchemas["twcloud_oauth_consumer"].Block.Attributes["secret_wo"]; secret == nil || !secret.WriteOnly || !secret.Sensitive || !secret.Optional {
		t.Errorf("secret_wo: got %+v, want it to be optional, sensitive and write-only", secret)
	}
}

func described(t *testing.T, name string, schema *tfjson.Schema) {
	t.Helper()
	if schema.Block.Description == "" {
		t.Errorf("%s has no description", name)
	}
	attributesDescribed(t, name, schema.Block.Attributes)
}

func attributesDescribed(t *testing.T, name string, attributes map[string]*tfjson.SchemaAttribute) {
	t.Helper()
	if len(attributes) == 0 {
		t.Errorf("%s has no attributes", name)
	}
	for inner, attribute := range attributes {
		if attribute.Description == "" {
			t.Errorf("%s.%s has no description", name, inner)
		}
		if attribute.AttributeNestedType != nil {
			attributesDescribed(t, name+"."+inner, attribute.AttributeNestedType.Attributes)
		}
	}
}
