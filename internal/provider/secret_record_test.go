package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestSecretHash(t *testing.T) {
	t.Parallel()
	secrets := []string{"", "s3cret", "s3cret ", "S3cret", `ü "<&>\`, string(bytes.Repeat([]byte("long"), 1000))}
	for _, secret := range secrets {
		hash := cheapHashCost.hash(secret)
		for _, other := range secrets {
			if got := hash.matches(other); got != (other == secret) {
				t.Errorf("the hash of %.20q matches %.20q: %t", secret, other, got)
			}
		}
	}
	first, second := cheapHashCost.hash("s3cret"), cheapHashCost.hash("s3cret")
	if bytes.Equal(first.Salt, second.Salt) || bytes.Equal(first.Sum, second.Sum) {
		t.Error("two hashes of one secret are the same")
	}
	var none *secretHash
	if none.matches("") || none.matches("s3cret") {
		t.Error("no hash matches a secret")
	}
}

// A secret is hashed only if something depends on the hash.
func TestStartHash(t *testing.T) {
	t.Parallel()
	secret, version := types.StringValue("s3cret"), types.Int64Value(1)
	usual, detecting := &backend{hashCost: cheapHashCost}, &backend{hashCost: cheapHashCost, detectSecretDrift: true}
	for name, test := range map[string]struct {
		backend *backend
		plan    oauthConsumerModel
		hashed  bool
	}{
		"stored":               {usual, oauthConsumerModel{Secret: secret}, false},
		"stored, detecting":    {detecting, oauthConsumerModel{Secret: secret}, false},
		"write-only":           {usual, oauthConsumerModel{}, true},
		"versioned":            {usual, oauthConsumerModel{SecretWOVersion: version}, false},
		"versioned, detecting": {detecting, oauthConsumerModel{SecretWOVersion: version}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hash := test.backend.startHash(secret, nil, test.plan)()
			if hashed := hash != nil; hashed != test.hashed || hash.matches("s3cret") != hashed || hash.matches("other") {
				t.Errorf("hashed: %t, want %t; the hash is %+v", hashed, test.hashed, hash)
			}
		})
	}
}

// The cost is not below any minimum for argon2id in OWASP's Password Storage Cheat
// Sheet.
func TestUsualHashCost(t *testing.T) {
	t.Parallel()
	for _, minimum := range []hashCost{{1, 47104}, {2, 19456}, {3, 12288}, {4, 9216}, {5, 7168}} {
		if usualHashCost.time >= minimum.time && usualHashCost.memory >= minimum.memory {
			return
		}
	}
	t.Errorf("%+v is below all minimums", usualHashCost)
}

func TestSecretHash_keepsParameters(t *testing.T) {
	t.Parallel()
	old := &secretHash{Salt: []byte("0123456789abcdef"), Time: 1, Memory: 64, Threads: 2}
	old.Sum = old.compute("s3cret")
	document, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(document, []byte("s3cret")) {
		t.Errorf("the document holds the secret: %s", document)
	}
	var read secretHash
	if err := json.Unmarshal(document, &read); err != nil {
		t.Fatal(err)
	}
	if !read.matches("s3cret") || read.matches("other") {
		t.Errorf("a hash with other parameters is not read back: %s", document)
	}
	read.Time++
	if read.matches("s3cret") {
		t.Error("the parameters are not heeded")
	}
}

type fakePrivate map[string][]byte

func (p fakePrivate) GetKey(_ context.Context, key string) ([]byte, diag.Diagnostics) {
	return p[key], nil
}

func (p fakePrivate) SetKey(_ context.Context, key string, value []byte) diag.Diagnostics {
	if p[key] = value; len(value) == 0 {
		delete(p, key) // as the framework does
	}
	return nil
}

func TestSecretRecord(t *testing.T) {
	t.Parallel()
	for name, record := range map[string]secretRecord{
		"nothing":         {},
		"hash":            {Hash: cheapHashCost.hash("s3cret")},
		"hash, drifted":   {Hash: cheapHashCost.hash("s3cret"), Drifted: true},
		"nothing, drifts": {Drifted: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			private := fakePrivate{secretRecordKey: []byte(`{"drifted":true}`)}
			var diags diag.Diagnostics
			writeSecretRecord(t.Context(), private, record, &diags)
			got := readSecretRecord(t.Context(), private, &diags)
			if got.Drifted != record.Drifted || got.Hash.matches("s3cret") != (record.Hash != nil) || diags.HasError() {
				t.Errorf("read back %+v, %v", got, diags)
			}
			if _, kept := private[secretRecordKey]; kept != (record != secretRecord{}) {
				t.Errorf("kept: %t", kept)
			}
			if flag := bytes.Contains(private[secretRecordKey], []byte(`"drifted":true`)); flag != record.Drifted {
				t.Errorf("unchanged.go looks for the flag in vain: %s", private[secretRecordKey])
			}
		})
	}
}

func TestSecretRecord_unreadable(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	if got := readSecretRecord(t.Context(), fakePrivate{}, &diags); got != (secretRecord{}) || len(diags) > 0 {
		t.Errorf("no record reads as %+v, %v", got, diags)
	}
	readSecretRecord(t.Context(), fakePrivate{secretRecordKey: []byte(`{"hash": 1}`)}, &diags)
	if len(diags) != 1 || diags[0].Summary() != "Unreadable private state" {
		t.Errorf("diagnostics %v", diags)
	}
}
