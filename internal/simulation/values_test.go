package simulation

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// attributes are the values of an object whose attributes are strings, numbers
// and booleans. A nil map is a null object.
type attributes map[string]tftypes.Value

// decode reads an object from the protocol.
func decode(typ tftypes.Type, value *tfprotov6.DynamicValue) (attributes, error) {
	if value == nil {
		return nil, nil
	}
	object, err := value.Unmarshal(typ)
	if err != nil || object.IsNull() {
		return nil, err
	}
	var decoded map[string]tftypes.Value
	err = object.As(&decoded)
	return decoded, err
}

// encode writes an object for the protocol.
func (a attributes) encode(typ tftypes.Type) *tfprotov6.DynamicValue {
	var content any
	if a != nil {
		content = map[string]tftypes.Value(a)
	}
	value, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, content))
	if err != nil {
		panic(err)
	}
	return &value
}

// json is the object as Terraform stores it.
func (a attributes) json() []byte {
	plain := make(map[string]any, len(a))
	for name := range a {
		plain[name] = a.plain(name)
	}
	document, err := json.Marshal(plain)
	if err != nil {
		panic(err)
	}
	return document
}

// plain is one attribute as a string, an int64 or a bool; nil if it is null.
func (a attributes) plain(name string) any {
	value := a[name]
	if value.IsNull() {
		return nil
	}
	if !value.IsKnown() {
		return "(unknown)"
	}
	switch {
	case value.Type().Is(tftypes.String):
		var text string
		must(value.As(&text))
		return text
	case value.Type().Is(tftypes.Bool):
		var boolean bool
		must(value.As(&boolean))
		return boolean
	case value.Type().Is(tftypes.Number):
		var number big.Float
		must(value.As(&number))
		whole, _ := number.Int64()
		return whole
	}
	panic(fmt.Sprintf("attribute %s is a %s", name, value.Type()))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
