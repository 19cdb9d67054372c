package simulation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/provider"
)

const (
	resourceType = "twcloud_oauth_consumer"
	// maxAnswer is how much the client reads before it gives up on an endless answer.
	maxAnswer = 256 << 10
	// shortTimeout is for processes for which the server hangs. All others have
	// longTimeout, which never passes.
	shortTimeout = 250 * time.Millisecond
	longTimeout  = time.Minute
)

// attributes are the values of an object. A nil map is a null object.
type attributes map[string]tftypes.Value

// text is an attribute that is a string; empty if it is null.
func (a attributes) text(name string) (text string) {
	if value, found := a[name]; found {
		must(value.As(&text))
	}
	return text
}

func (a attributes) encode(typ tftypes.Type) *tfprotov6.DynamicValue {
	var content any
	if a != nil {
		content = map[string]tftypes.Value(a)
	}
	value, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, content))
	must(err)
	return &value
}

func decode(typ tftypes.Type, value *tfprotov6.DynamicValue) attributes {
	object, err := value.Unmarshal(typ)
	must(err)
	if object.IsNull() {
		return nil
	}
	var decoded map[string]tftypes.Value
	must(object.As(&decoded))
	return decoded
}

// schema has the types of the provider's configuration and of the resource.
var schema = sync.OnceValue(func() (types struct{ provider, consumer tftypes.Object }) {
	schema, err := provider.New("test").Server().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	must(err)
	types.provider = schema.Provider.ValueType().(tftypes.Object)
	types.consumer = schema.ResourceSchemas[resourceType].ValueType().(tftypes.Object)
	return types
})

// instance is a resource in state.
type instance struct {
	attributes attributes
	private    []byte
	identity   *tfprotov6.ResourceIdentityData
	tainted    bool
}

// outcome is what a run has shown to the user.
type outcome struct {
	diagnostics []*tfprotov6.Diagnostic
	failed      bool
	// changed says that the plan had changes.
	changed bool
}

func (o *outcome) add(diagnostics ...*tfprotov6.Diagnostic) {
	o.diagnostics = append(o.diagnostics, diagnostics...)
	o.failed = o.failed || slices.ContainsFunc(diagnostics, isError)
}

func isError(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError }

// text is all that the user has read.
func (o *outcome) text() string {
	var text strings.Builder
	for _, d := range o.diagnostics {
		fmt.Fprintf(&text, "%s: %s\n%s\n\n", d.Severity, d.Summary, d.Detail)
	}
	return text.String()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
