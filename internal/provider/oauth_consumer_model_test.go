package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func modelInState() oauthConsumerModel {
	return oauthConsumerModel{
		Key: types.StringValue("k1"), Name: types.StringValue("doors"), Approved: types.BoolValue(true),
		Secret: types.StringValue("s3cret"), SecretWOVersion: types.Int64Null(), SecretRevision: types.Int64Value(3),
	}
}

func TestOAuthConsumerModel_set(t *testing.T) {
	t.Parallel()
	model := modelInState()
	model.set(twcloud.Consumer{Key: "k2", Name: "", Approved: false})
	want := modelInState()
	want.Key, want.Name, want.Approved = types.StringValue("k2"), types.StringValue(""), types.BoolValue(false)
	if model != want {
		t.Errorf("%+v, want %+v", model, want)
	}
}

func TestOAuthConsumerModel_changes(t *testing.T) {
	t.Parallel()
	name, approved := "doors-next", false
	tests := map[string]struct {
		plan   func(*oauthConsumerModel)
		want   twcloud.Changes
		agrees bool
	}{
		"nothing":    {plan: func(*oauthConsumerModel) {}, agrees: true},
		"name":       {plan: func(m *oauthConsumerModel) { m.Name = types.StringValue(name) }, want: twcloud.Changes{Name: &name}},
		"approval":   {plan: func(m *oauthConsumerModel) { m.Approved = types.BoolValue(approved) }, want: twcloud.Changes{Approved: &approved}},
		"secret":     {plan: func(m *oauthConsumerModel) { m.Secret = types.StringNull() }},
		"version":    {plan: func(m *oauthConsumerModel) { m.SecretWOVersion = types.Int64Value(1) }},
		"revision":   {plan: func(m *oauthConsumerModel) { m.SecretRevision = types.Int64Unknown() }, agrees: true},
		"write-only": {plan: func(m *oauthConsumerModel) { m.SecretWO = types.StringValue("s3cret") }, agrees: true},
	}
	for label, test := range tests {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			plan := modelInState()
			test.plan(&plan)
			got := plan.changesFrom(modelInState())
			if describeChanges(got) != describeChanges(test.want) || got.Secret != nil {
				t.Errorf("changes %s, want %s", describeChanges(got), describeChanges(test.want))
			}
			if agrees := plan.agreesWith(modelInState()); agrees != test.agrees {
				t.Errorf("agrees: %t, want %t", agrees, test.agrees)
			}
		})
	}
}

func TestOAuthConsumerModel_wantedSecret(t *testing.T) {
	t.Parallel()
	null, a, b, unknown := types.StringNull(), types.StringValue("a"), types.StringValue("b"), types.StringUnknown()
	for _, test := range []struct{ secret, secretWO, want types.String }{
		{null, null, null}, {a, null, a}, {null, b, b}, {null, unknown, unknown}, {unknown, null, unknown},
	} {
		model := oauthConsumerModel{Secret: test.secret, SecretWO: test.secretWO}
		if got := model.wantedSecret(); !got.Equal(test.want) {
			t.Errorf("secret %s and secret_wo %s: %s, want %s", test.secret, test.secretWO, got, test.want)
		}
	}
}

func TestDescribeChanges(t *testing.T) {
	t.Parallel()
	name, secret, approved := `a "b"`, "s3cret", true
	for want, changes := range map[string]twcloud.Changes{
		"":                                      {},
		`the name (to "a \"b\"")`:               {Name: &name},
		"the secret":                            {Secret: &secret},
		"the approval (to true)":                {Approved: &approved},
		`the secret and the approval (to true)`: {Secret: &secret, Approved: &approved},
	} {
		if got := describeChanges(changes); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
