package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestDecideSecret(t *testing.T) {
	t.Parallel()
	null, unknown, noVersion, unknownVersion := types.StringNull(), types.StringUnknown(), types.Int64Null(), types.Int64Unknown()
	value, version := types.StringValue, types.Int64Value
	hashOfA, none := secretRecord{Hash: usualHashCost.hash("a")}, secretRecord{}
	drifted := secretRecord{Hash: hashOfA.Hash, Drifted: true}
	uncertain := secretRecord{Drifted: true}

	type secret struct {
		stored, writeOnly types.String
		version           types.Int64
	}
	stored := func(s types.String) secret { return secret{s, null, noVersion} }
	writeOnly := func(s types.String, version types.Int64) secret { return secret{null, s, version} }
	tests := map[string]struct {
		config, state secret
		record        secretRecord
		want          secretDecision
	}{
		"none, registered": {stored(null), stored(null), hashOfA, secretDecision{}},
		"none, drifted":    {stored(null), stored(null), drifted, secretDecision{}},
		"taken out":        {stored(null), stored(value("a")), none, secretDecision{}},

		"stored, the same":                   {stored(value("a")), stored(value("a")), none, secretDecision{}},
		"stored, the same, with a hash":      {stored(value("a")), stored(value("a")), hashOfA, secretDecision{}},
		"stored, with an older hash":         {stored(value("b")), stored(value("b")), hashOfA, secretDecision{}},
		"stored, another":                    {stored(value("b")), stored(value("a")), none, secretDecision{sending: sendSecret}},
		"stored, drifted":                    {stored(value("a")), stored(value("a")), uncertain, secretDecision{sending: sendSecret}},
		"stored, unknown":                    {stored(unknown), stored(value("a")), none, secretDecision{sending: sendUndecided}},
		"stored, unknown, drifted":           {stored(unknown), stored(value("a")), uncertain, secretDecision{sending: sendUndecided}},
		"stored, after an import":            {stored(value("a")), stored(null), none, secretDecision{sending: sendSecret}},
		"stored, after an uncertain end":     {stored(value("a")), stored(null), uncertain, secretDecision{sending: sendSecret}},
		"stored, was write-only":             {stored(value("a")), stored(null), hashOfA, secretDecision{}},
		"stored, was another write-only":     {stored(value("b")), stored(null), hashOfA, secretDecision{sending: sendSecret}},
		"stored, was versioned":              {stored(value("a")), writeOnly(null, version(1)), hashOfA, secretDecision{}},
		"write-only, the same":               {writeOnly(value("a"), noVersion), stored(null), hashOfA, secretDecision{probing: probeSecret}},
		"write-only, another":                {writeOnly(value("b"), noVersion), stored(null), hashOfA, secretDecision{sending: sendSecret}},
		"write-only, drifted":                {writeOnly(value("a"), noVersion), stored(null), drifted, secretDecision{sending: sendSecret}},
		"write-only, unknown":                {writeOnly(unknown, noVersion), stored(null), hashOfA, secretDecision{sending: sendUndecided}},
		"write-only, unknown, after import":  {writeOnly(unknown, noVersion), stored(null), none, secretDecision{sending: sendUndecided}},
		"write-only, after an import":        {writeOnly(value("a"), noVersion), stored(null), none, secretDecision{unproven: true, probing: probeSecret}},
		"write-only, after an uncertain end": {writeOnly(value("a"), noVersion), stored(null), uncertain, secretDecision{sending: sendSecret}},
		"write-only, was stored":             {writeOnly(value("a"), noVersion), stored(value("a")), none, secretDecision{probing: probeSecret}},
		"write-only, was stored, another":    {writeOnly(value("b"), noVersion), stored(value("a")), none, secretDecision{sending: sendSecret}},
		"write-only, version dropped":        {writeOnly(value("a"), noVersion), writeOnly(null, version(1)), hashOfA, secretDecision{probing: probeSecret}},

		"versioned, the same":                     {writeOnly(value("a"), version(1)), writeOnly(null, version(1)), hashOfA, secretDecision{probing: probeIfLast}},
		"versioned, generated":                    {writeOnly(value("b"), version(1)), writeOnly(null, version(1)), hashOfA, secretDecision{probing: probeIfLast}},
		"versioned, unknown":                      {writeOnly(unknown, version(1)), writeOnly(null, version(1)), hashOfA, secretDecision{}},
		"versioned, next":                         {writeOnly(value("a"), version(2)), writeOnly(null, version(1)), hashOfA, secretDecision{sending: sendSecret}},
		"versioned, next, unknown":                {writeOnly(unknown, version(2)), writeOnly(null, version(1)), hashOfA, secretDecision{sending: sendSecret}},
		"versioned, lower":                        {writeOnly(value("a"), version(1)), writeOnly(null, version(2)), hashOfA, secretDecision{sending: sendSecret}},
		"versioned, drifted":                      {writeOnly(value("b"), version(1)), writeOnly(null, version(1)), drifted, secretDecision{sending: sendSecret}},
		"versioned, drifted, unknown":             {writeOnly(unknown, version(1)), writeOnly(null, version(1)), drifted, secretDecision{sending: sendSecret}},
		"versioned, unknown version":              {writeOnly(value("a"), unknownVersion), writeOnly(null, version(1)), hashOfA, secretDecision{sending: sendUndecided}},
		"versioned, after an import":              {writeOnly(value("a"), version(1)), stored(null), none, secretDecision{sending: sendSecret}},
		"versioned, unknown, after an import":     {writeOnly(unknown, version(1)), stored(null), none, secretDecision{sending: sendSecret}},
		"versioned, was stored":                   {writeOnly(value("a"), version(1)), stored(value("a")), none, secretDecision{}},
		"versioned, was stored, another":          {writeOnly(value("b"), version(1)), stored(value("a")), none, secretDecision{sending: sendSecret}},
		"versioned, was stored, unknown":          {writeOnly(unknown, version(1)), stored(value("a")), none, secretDecision{sending: sendUndecided}},
		"versioned, was write-only, the same":     {writeOnly(value("a"), version(1)), stored(null), hashOfA, secretDecision{}},
		"versioned, after an uncertain end":       {writeOnly(value("a"), version(1)), stored(null), uncertain, secretDecision{sending: sendSecret}},
		"versioned, unknown version, was stored":  {writeOnly(value("a"), unknownVersion), stored(value("a")), none, secretDecision{sending: sendUndecided}},
		"versioned, unknown, after uncertain end": {writeOnly(unknown, version(1)), stored(null), uncertain, secretDecision{sending: sendSecret}},
	}
	model := func(s secret) oauthConsumerModel {
		return oauthConsumerModel{Secret: s.stored, SecretWO: s.writeOnly, SecretWOVersion: s.version}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := decideSecret(model(test.config), model(test.state), test.record); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}
