package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func TestDecideStanding(t *testing.T) {
	t.Parallel()
	const accepted, refused, unclear = twcloud.SecretAccepted, twcloud.SecretRefused, twcloud.SecretUnknown
	waiting := oauthConsumerModel{consumerModel: newConsumerModel(twcloud.Consumer{Key: "k", Name: "n"})}
	active := oauthConsumerModel{consumerModel: newConsumerModel(twcloud.Consumer{Key: "k", Name: "n", Approved: true})}
	imported := oauthConsumerModel{consumerModel: consumerModel{Key: types.StringValue("k")}}
	for name, test := range map[string]struct {
		state    oauthConsumerModel
		decision secretDecision
		verdict  twcloud.SecretVerdict
		want     standing
	}{
		"waits":                    {waiting, keepSecret, refused, standing{}},
		"approved by now":          {waiting, keepSecret, accepted, standing{approved: true}},
		"waits, unclear":           {waiting, keepSecret, unclear, standing{}},
		"active":                   {active, keepSecret, accepted, standing{approved: true}},
		"refused after that":       {active, keepSecret, refused, standing{lost: true}},
		"active, unclear":          {active, keepSecret, unclear, standing{approved: true}},
		"new secret":               {active, sendSecret, accepted, standing{approved: true, takes: true}},
		"new secret, approved too": {waiting, sendSecret, accepted, standing{approved: true, takes: true}},
		"new secret, refused":      {active, sendSecret, refused, standing{unproven: true}},
		"new secret, unclear":      {active, sendSecret, unclear, standing{approved: true, unproven: true}},
		"import":                   {imported, sendSecret, accepted, standing{approved: true, takes: true}},
		"move, secret known":       {imported, keepSecret, accepted, standing{approved: true, takes: true}},
		"move, secret not known":   {imported, keepUnproven, accepted, standing{approved: true, takes: true}},
		"import, refused":          {imported, keepUnproven, refused, standing{unproven: true}},
		"import, unclear":          {imported, keepSecret, unclear, standing{unproven: true}},
	} {
		if got := decideStanding(test.state, test.decision, test.verdict); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestProvable(t *testing.T) {
	t.Parallel()
	known := oauthConsumerModel{consumerModel: newConsumerModel(twcloud.Consumer{Key: "k", Name: "n"})}
	imported := oauthConsumerModel{consumerModel: consumerModel{Key: types.StringValue("k")}}
	hashOfA := secretRecord{Hash: cheapHashCost.hash("a")}
	writeOnly := func(secret types.String, version types.Int64) oauthConsumerModel {
		return oauthConsumerModel{SecretWO: secret, SecretWOVersion: version}
	}
	a, b, one, none := types.StringValue("a"), types.StringValue("b"), types.Int64Value(1), types.Int64Null()
	for name, test := range map[string]struct {
		config, state oauthConsumerModel
		decision      secretDecision
		want          bool
	}{
		"no secret":                   {oauthConsumerModel{}, known, keepSecret, false},
		"unknown":                     {writeOnly(types.StringUnknown(), none), known, sendUndecided, false},
		"unknown, versioned":          {writeOnly(types.StringUnknown(), one), known, keepSecret, false},
		"unknown version":             {writeOnly(a, types.Int64Unknown()), known, sendUndecided, false},
		"stored":                      {oauthConsumerModel{Secret: b}, known, keepSecret, true},
		"write-only":                  {writeOnly(b, none), known, keepSecret, true},
		"versioned, the last one":     {writeOnly(a, one), known, keepSecret, true},
		"versioned, generated":        {writeOnly(b, one), known, keepSecret, false},
		"versioned, new":              {writeOnly(b, one), known, sendSecret, true},
		"versioned, import":           {writeOnly(b, one), imported, sendSecret, true},
		"versioned, secret of a move": {writeOnly(b, one), imported, keepSecret, true},
	} {
		if got := provable(test.config, test.state, hashOfA, test.decision); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func TestMayLeave(t *testing.T) {
	t.Parallel()
	const accepted, refused, unclear = twcloud.SecretAccepted, twcloud.SecretRefused, twcloud.SecretUnknown
	for name, test := range map[string]struct {
		stored             string
		approved, accepted bool
		verdict            twcloud.SecretVerdict
		want               bool
	}{
		"stored, refused":                {"s", false, false, refused, true},
		"stored, refused by now":         {"s", true, true, refused, true},
		"stored, accepted":               {"s", false, false, accepted, false},
		"stored, unclear":                {"s", false, false, unclear, false},
		"write-only, never accepted":     {"", false, false, unclear, true},
		"write-only, accepted":           {"", true, true, unclear, false},
		"write-only, accepted once":      {"", false, true, unclear, false},
		"write-only, of another profile": {"", true, false, unclear, false},
	} {
		state := oauthConsumerModel{consumerModel: newConsumerModel(twcloud.Consumer{Key: "k", Name: "n", Approved: test.approved})}
		if test.stored != "" {
			state.Secret = types.StringValue(test.stored)
		}
		if got := mayLeave(state, secretRecord{Accepted: test.accepted}, test.verdict); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
