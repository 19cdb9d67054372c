package provider

import (
	"slices"
	"strings"
	"testing"
)

func TestProviderSchema(t *testing.T) {
	t.Parallel()

	schema := providerSchema()
	if diagnostics := schema.ValidateImplementation(t.Context()); diagnostics.HasError() {
		t.Fatal(diagnostics)
	}
	if got, want := len(schema.Attributes), len(configAttributes); got != want {
		t.Errorf("%d attributes, want %d: a name is there twice", got, want)
	}
	var sensitive []string
	for name, attribute := range schema.Attributes {
		if !strings.Contains(attribute.GetMarkdownDescription(), "Environment variable: `"+environmentVariable(name)+"`.") {
			t.Errorf("%s: the description does not name the environment variable", name)
		}
		if !attribute.IsOptional() || attribute.IsRequired() {
			t.Errorf("%s must be optional: it can come from the environment", name)
		}
		if attribute.IsSensitive() {
			sensitive = append(sensitive, name)
		}
	}
	slices.Sort(sensitive)
	if want := []string{"auth_secret", "client_key_pem", "client_secret", "password", "token"}; !slices.Equal(sensitive, want) {
		t.Errorf("sensitive are %q, want %q", sensitive, want)
	}
	if got := schema.Attributes["request_timeout"].GetMarkdownDescription(); !strings.HasSuffix(got, " Default: `30s`.") {
		t.Errorf("no default in %q", got)
	}
}
