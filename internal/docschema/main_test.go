package main

import (
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

func TestRead(t *testing.T) {
	t.Parallel()
	schemas, err := read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := schemas.Validate(); err != nil {
		t.Fatal(err)
	}
	twcloud := schemas.Schemas[provider.Address]
	for name, schema := range map[string]*tfjson.Schema{
		"provider":                                twcloud.ConfigSchema,
		"resource twcloud_oauth_consumer":         twcloud.ResourceSchemas["twcloud_oauth_consumer"],
		"data source twcloud_oauth_consumer":      twcloud.DataSourceSchemas["twcloud_oauth_consumer"],
		"data source twcloud_oauth_consumers":     twcloud.DataSourceSchemas["twcloud_oauth_consumers"],
		"data source twcloud_oauth_endpoints":     twcloud.DataSourceSchemas["twcloud_oauth_endpoints"],
		"data source twcloud_server":              twcloud.DataSourceSchemas["twcloud_server"],
		"list resource of twcloud_oauth_consumer": twcloud.ListResourceSchemas["twcloud_oauth_consumer"],
	} {
		if schema == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		if schema.Block.Description == "" {
			t.Errorf("%s has no description", name)
		}
		checkDescribed(t, name, schema.Block.Attributes)
	}
	identity := twcloud.ResourceIdentitySchemas["twcloud_oauth_consumer"]
	if identity == nil || identity.Attributes["key"] == nil || !identity.Attributes["key"].RequiredForImport || identity.Attributes["key"].Description == "" {
		t.Errorf("the identity is %+v, want a key that is required for import and described", identity)
	}
	secret := twcloud.ResourceSchemas["twcloud_oauth_consumer"].Block.Attributes["secret_wo"]
	if secret == nil || !secret.WriteOnly || !secret.Sensitive || !secret.Optional {
		t.Errorf("secret_wo is %+v, want optional, sensitive and write-only", secret)
	}
}

func checkDescribed(t *testing.T, of string, attributes map[string]*tfjson.SchemaAttribute) {
	t.Helper()
	if len(attributes) == 0 {
		t.Errorf("%s has no attributes", of)
	}
	for name, attribute := range attributes {
		if attribute.Description == "" {
			t.Errorf("%s: %s has no description", of, name)
		}
		if attribute.AttributeNestedType != nil {
			checkDescribed(t, of+"."+name, attribute.AttributeNestedType.Attributes)
		}
	}
}
