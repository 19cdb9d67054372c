package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestDecideSecret(t *testing.T) {
	t.Parallel()
	null, unknown, noVersion, unknownVersion := types.StringNull(), types.StringUnknown(), types.Int64Null(), types.Int64Unknown()
	value, version := types.StringValue, types.Int64Value
	hashOfA, none := secretRecord{Hash: cheapHashCost.hash("a")}, secretRecord{}
	drifted := secretRecord{Hash: hashOfA.Hash, Drifted: true}
	uncertain := secretRecord{Drifted: true}
	refusedA := secretRecord{Hash: hashOfA.Hash, Refused: true}

	type secret struct {
		stored, writeOnly types.String
		version           types.Int64
		revision          int64
	}
	stored := func(s types.String) secret { return secret{s, null, noVersion, 0} }
	writeOnly := func(s types.String, version types.Int64) secret { return secret{null, s, version, 0} }
	set := func(s secret) secret { return secret{s.stored, s.writeOnly, s.version, 1} }
	tests := map[string]struct {
		config, state secret
		record        secretRecord
		want          secretDecision
		// probes: the server can be asked about the secret.
		probes bool
	}{
		"none, registered": {stored(null), stored(null), hashOfA, keepSecret, false},
		"none, drifted":    {stored(null), stored(null), drifted, keepSecret, false},
		"taken out":        {stored(null), stored(value("a")), none, keepSecret, false},

		"stored, the same":                   {stored(value("a")), stored(value("a")), none, keepSecret, false},
		"stored, the same, with a hash":      {stored(value("a")), stored(value("a")), hashOfA, keepSecret, false},
		"stored, with an older hash":         {stored(value("b")), stored(value("b")), hashOfA, keepSecret, false},
		"stored, another":                    {stored(value("b")), stored(value("a")), none, sendSecret, false},
		"stored, drifted":                    {stored(value("a")), stored(value("a")), uncertain, sendSecret, false},
		"stored, unknown":                    {stored(unknown), stored(value("a")), none, sendUndecided, false},
		"stored, unknown, drifted":           {stored(unknown), stored(value("a")), uncertain, sendUndecided, false},
		"stored, after an import":            {stored(value("a")), stored(null), none, sendSecret, false},
		"stored, after an uncertain end":     {stored(value("a")), stored(null), uncertain, sendSecret, false},
		"stored, was write-only":             {stored(value("a")), stored(null), hashOfA, keepSecret, false},
		"stored, was another write-only":     {stored(value("b")), stored(null), hashOfA, sendSecret, false},
		"stored, was versioned":              {stored(value("a")), writeOnly(null, version(1)), none, sendSecret, false},
		"stored, was versioned, with a hash": {stored(value("a")), writeOnly(null, version(1)), hashOfA, keepSecret, false},
		"write-only, the same":               {writeOnly(value("a"), noVersion), stored(null), hashOfA, keepSecret, true},
		"write-only, another":                {writeOnly(value("b"), noVersion), stored(null), hashOfA, sendSecret, false},
		"write-only, drifted":                {writeOnly(value("a"), noVersion), stored(null), drifted, sendSecret, false},
		"write-only, unknown":                {writeOnly(unknown, noVersion), stored(null), hashOfA, sendUndecided, false},
		"write-only, unknown, after import":  {writeOnly(unknown, noVersion), stored(null), none, sendUndecided, false},
		"write-only, after an import":        {writeOnly(value("a"), noVersion), stored(null), none, keepUnproven, true},
		"write-only, its hash is lost":       {set(writeOnly(value("a"), noVersion)), set(stored(null)), none, sendSecret, false},
		"write-only, after an uncertain end": {writeOnly(value("a"), noVersion), stored(null), uncertain, sendSecret, false},
		"write-only, was stored":             {writeOnly(value("a"), noVersion), stored(value("a")), none, keepSecret, true},
		"write-only, was stored, another":    {writeOnly(value("b"), noVersion), stored(value("a")), none, sendSecret, false},
		"write-only, version dropped":        {writeOnly(value("a"), noVersion), writeOnly(null, version(1)), hashOfA, keepSecret, true},
		"write-only, was versioned":          {writeOnly(value("a"), noVersion), writeOnly(null, version(1)), none, sendSecret, false},
		"write-only, was versioned, unknown": {writeOnly(unknown, noVersion), writeOnly(null, version(1)), none, sendUndecided, false},

		"versioned, the same":                     {writeOnly(value("a"), version(1)), writeOnly(null, version(1)), hashOfA, keepSecret, true},
		"versioned, without a hash":               {writeOnly(value("a"), version(1)), writeOnly(null, version(1)), none, keepSecret, false},
		"versioned, generated":                    {writeOnly(value("b"), version(1)), writeOnly(null, version(1)), hashOfA, keepSecret, false},
		"versioned, unknown":                      {writeOnly(unknown, version(1)), writeOnly(null, version(1)), hashOfA, keepSecret, true},
		"versioned, next":                         {writeOnly(value("a"), version(2)), writeOnly(null, version(1)), hashOfA, sendSecret, false},
		"versioned, next, unknown":                {writeOnly(unknown, version(2)), writeOnly(null, version(1)), hashOfA, sendSecret, false},
		"versioned, lower":                        {writeOnly(value("a"), version(1)), writeOnly(null, version(2)), hashOfA, sendSecret, false},
		"versioned, drifted":                      {writeOnly(value("b"), version(1)), writeOnly(null, version(1)), drifted, sendSecret, false},
		"versioned, drifted, unknown":             {writeOnly(unknown, version(1)), writeOnly(null, version(1)), drifted, sendSecret, false},
		"versioned, unknown version":              {writeOnly(value("a"), unknownVersion), writeOnly(null, version(1)), hashOfA, sendUndecided, false},
		"versioned, after an import":              {writeOnly(value("a"), version(1)), stored(null), none, sendSecret, false},
		"versioned, unknown, after an import":     {writeOnly(unknown, version(1)), stored(null), none, sendSecret, false},
		"versioned, was stored":                   {writeOnly(value("a"), version(1)), stored(value("a")), none, keepSecret, false},
		"versioned, was stored, another":          {writeOnly(value("b"), version(1)), stored(value("a")), none, sendSecret, false},
		"versioned, was stored, unknown":          {writeOnly(unknown, version(1)), stored(value("a")), none, sendUndecided, false},
		"versioned, was write-only, the same":     {writeOnly(value("a"), version(1)), stored(null), hashOfA, keepSecret, true},
		"versioned, was write-only, refused":      {writeOnly(value("a"), version(1)), stored(null), refusedA, sendSecret, false},
		"versioned, after an uncertain end":       {writeOnly(value("a"), version(1)), stored(null), uncertain, sendSecret, false},
		"versioned, unknown version, was stored":  {writeOnly(value("a"), unknownVersion), stored(value("a")), none, sendUndecided, false},
		"versioned, unknown, after uncertain end": {writeOnly(unknown, version(1)), stored(null), uncertain, sendSecret, false},
	}
	model := func(s secret) oauthConsumerModel {
		return oauthConsumerModel{Secret: s.stored, SecretWO: s.writeOnly, SecretWOVersion: s.version, SecretRevision: types.Int64Value(s.revision)}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decideSecret(model(test.config), model(test.state), test.record)
			if probes := mayProbe(got, model(test.config), test.record); got != test.want || probes != test.probes {
				t.Errorf("%d, probes %t, want %d, %t", got, probes, test.want, test.probes)
			}
		})
	}
}
