package provider

import (
	"reflect"
	"strings"
	"testing"
)

func TestProviderSchema(t *testing.T) {
	t.Parallel()

	schema := providerSchema()
	if diagnostics := schema.ValidateImplementation(t.Context()); diagnostics.HasError() {
		t.Fatal(diagnostics)
	}

	sensitive := map[string]bool{"password": true, "token": true, "client_key_pem": true}
	for name, attribute := range schema.Attributes {
		if !strings.Contains(attribute.GetMarkdownDescription(), "Environment variable: `"+environmentVariable(name)+"`.") {
			t.Errorf("%s: the description does not name the environment variable", name)
		}
		if !attribute.IsOptional() || attribute.IsRequired() {
			t.Errorf("%s must be optional: it can come from the environment", name)
		}
		if attribute.IsSensitive() != sensitive[name] {
			t.Errorf("%s: sensitive is %t", name, attribute.IsSensitive())
		}
	}

	model := reflect.TypeFor[providerModel]()
	for i := range model.NumField() {
		if tag := model.Field(i).Tag.Get("tfsdk"); schema.Attributes[tag] == nil {
			t.Errorf("%s is not in the schema", tag)
		}
	}
	if model.NumField() != len(schema.Attributes) {
		t.Errorf("the model has %d fields, the schema %d attributes", model.NumField(), len(schema.Attributes))
	}
}
