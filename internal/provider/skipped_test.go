package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// quietServer returns a server that answers without the framework where it can.
func quietServer(t *testing.T) *server {
	t.Helper()
	s, ok := New("test").Server().(*server)
	if !ok {
		t.Fatal("not the wrapper")
	}
	s.logs = false
	return s
}

// combined has the other values in the place of those of the base, for each two
// attributes of the schema and each two of their values.
func combined[V any](base map[string]V, values func(tftypes.Type) []V, each func(map[string]V)) {
	attributes := attributeTypes(context.Background())
	names := slices.Sorted(maps.Keys(attributes))
	for i, one := range names {
		for _, another := range names[i+1:] {
			for _, value := range values(attributes[one]) {
				for _, other := range values(attributes[another]) {
					object := maps.Clone(base)
					object[one], object[another] = value, other
					each(object)
				}
			}
		}
	}
}

func attributeTypes(ctx context.Context) map[string]tftypes.Type {
	object, _ := oauthConsumerSchema().Type().TerraformType(ctx).(tftypes.Object)
	return object.AttributeTypes
}

// What is validated without the framework is what the framework validates.
func TestValidateUnremarkable_asTheFramework(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	typ := oauthConsumerSchema().Type().TerraformType(t.Context())
	request := func(values map[string]any, mayWriteOnly *tfprotov6.ValidateResourceConfigClientCapabilities) *tfprotov6.ValidateResourceConfigRequest {
		attributes := map[string]tftypes.Value{}
		for name, attribute := range attributeTypes(t.Context()) {
			attributes[name] = tftypes.NewValue(attribute, values[name])
		}
		config, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, attributes))
		if err != nil {
			t.Fatal(err)
		}
		return &tfprotov6.ValidateResourceConfigRequest{TypeName: oauthConsumerType, Config: &config, ClientCapabilities: mayWriteOnly}
	}
	values := func(attribute tftypes.Type) []any {
		switch {
		case attribute.Is(tftypes.Bool):
			return []any{nil, tftypes.UnknownValue, true, false}
		case attribute.Is(tftypes.Number):
			return []any{nil, tftypes.UnknownValue, 0, 1, -1, 1.5, 1e30, int64(1) << 62}
		}
		return []any{nil, tftypes.UnknownValue, "", " ", "plain", " stray", "stray\n", "in\nside", "bell\a", "nul\x00", "zero\u200bwidth", "ümläut", strings.Repeat("long", 5000)}
	}
	allowed := &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}
	answered := 0
	for _, base := range []map[string]any{
		{"name": "doors"},
		{"name": "doors", "approved": true, "secret": "s3cret"},
		{"name": "doors", "approved": true, "secret_wo": "s3cret", "secret_wo_version": 1},
	} {
		if s.validateUnremarkable(request(base, allowed)) == nil {
			t.Errorf("the framework is needed for %v", base)
		}
		for _, capabilities := range []*tfprotov6.ValidateResourceConfigClientCapabilities{nil, {}, allowed} {
			combined(base, values, func(config map[string]any) {
				fast := s.validateUnremarkable(request(config, capabilities))
				if fast == nil {
					return
				}
				answered++
				slow, err := s.ProviderServerWithListResource.ValidateResourceConfig(t.Context(), request(config, capabilities))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(slow, fast, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%v, %v: %s", config, capabilities, diff)
				}
			})
		}
	}
	t.Logf("%d answers without the framework", answered)
}

// A state that is upgraded without the framework is the one that the framework
// makes of it, also if another version of the provider wrote it.
func TestUpgradeCurrent_asTheFramework(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	request := func(version int64, document string) *tfprotov6.UpgradeResourceStateRequest {
		return &tfprotov6.UpgradeResourceStateRequest{TypeName: oauthConsumerType, Version: version, RawState: &tfprotov6.RawState{JSON: []byte(document)}}
	}
	answered := 0
	compare := func(request *tfprotov6.UpgradeResourceStateRequest) {
		fast := s.upgradeCurrent(request)
		if fast == nil {
			return
		}
		answered++
		slow, err := s.ProviderServerWithListResource.UpgradeResourceState(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slow, fast, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("version %d, %s: %s", request.Version, request.RawState.JSON, diff)
		}
	}

	const absent = "" // instead of JSON: the state lacks the attribute
	values := func(attribute tftypes.Type) []string {
		every := []string{absent, "null", "true", `"true"`, `"1"`, "0", "1", "{}", "[]"}
		switch {
		case attribute.Is(tftypes.Bool):
			return append(every, "false", `"TRUE"`)
		case attribute.Is(tftypes.Number):
			return append(every, "-1", "1.0", "1e2", "1.5", "9223372036854775807", "9223372036854775808", "1e400")
		}
		return append(every, `""`, `"plain"`, `"<&>"`, `"\u003c\u0026\u003e"`, `"\u00fc"`, `"ü"`, "\"\xff\"", `"\ud800"`, `"\u2028"`, `"new\nline"`, `"\u0000"`)
	}
	write := func(object map[string]string) string {
		var members []string
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if object[name] != absent {
				members = append(members, fmt.Sprintf("%q:%s", name, object[name]))
			}
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	usual := map[string]string{
		"approved": "true", "key": `"k1"`, "name": `"doors"`, "secret": `"s3cret"`,
		"secret_revision": "1", "secret_wo": "null", "secret_wo_version": "null",
	}
	indented, err := json.MarshalIndent(json.RawMessage(write(usual)), "      ", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for _, current := range []string{write(usual), string(indented)} {
		if s.upgradeCurrent(request(oauthConsumerVersion, current)) == nil {
			t.Errorf("the framework is needed for %s", current)
		}
	}

	combined(usual, values, func(state map[string]string) { compare(request(0, write(state))) })
	for version := range int64(4) {
		for _, document := range []string{
			write(usual), string(indented), write(usual) + " ", "\n" + write(usual), write(usual) + "{}", write(usual)[1:],
			strings.Replace(write(usual), `"key"`, `"KEY"`, 1),
			strings.Replace(write(usual), `"key"`, `"key":"k2","key"`, 1),
			strings.Replace(write(usual), `{"approved":true`, `{"id":"k1","approved":true`, 1),
			`{"name":"doors","approved":true,"key":"k1","secret":"s3cret","secret_revision":1,"secret_wo":null,"secret_wo_version":null}`,
			`{"id":"k1","key":"k1","name":"doors"}`, "{}", "[]", "null", `"k1"`, "", " ",
		} {
			compare(request(version-1, document))
		}
	}
	compare(&tfprotov6.UpgradeResourceStateRequest{TypeName: oauthConsumerType})
	compare(&tfprotov6.UpgradeResourceStateRequest{TypeName: oauthConsumerType, RawState: &tfprotov6.RawState{Flatmap: map[string]string{"key": "k1"}}})
	t.Logf("%d answers without the framework", answered)
}

// With logs, every step of the framework is logged.
func TestSkips_notWithLogs(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	if !s.skips(oauthConsumerType) || s.skips("twcloud_other") {
		t.Error("not for consumers, or for something else")
	}
	if s.logs = true; s.skips(oauthConsumerType) {
		t.Error("the log would lack what the framework does")
	}
}
