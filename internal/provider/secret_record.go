package provider

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"runtime"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/crypto/argon2"
)

// secretRecord is what private state has about the secret that was last set. It
// stays when the secret is removed from the configuration, to compare it with a
// later one.
type secretRecord struct {
	// Hash is a salted hash of the secret. It is nil while the secret is in
	// state, if a version decides about it, and after an import until a secret is set.
	Hash *secretHash `json:"hash,omitempty"`
	// Drifted is true if the server refused the secret later.
	Drifted bool `json:"drifted,omitempty"`
	// Refused is true if the server refused the secret right after it was set, so
	// that a later refusal does not show drift.
	Refused bool `json:"refused,omitempty"`
	// Accepted is true if the server has ever accepted a proof of the consumer.
	Accepted bool `json:"accepted,omitempty"`
}

const secretRecordKey = "secret"

// privateState is the private state of a resource in any request or response.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func readSecretRecord(ctx context.Context, private privateState, diags *diag.Diagnostics) secretRecord {
	var record secretRecord
	document, readDiags := private.GetKey(ctx, secretRecordKey)
	diags.Append(readDiags...)
	if document == nil {
		return record
	}
	if err := json.Unmarshal(document, &record); err != nil {
		diags.AddError("Unreadable private state", "What the provider keeps about the secret cannot be read: "+err.Error()+". "+reportBug)
	}
	return record
}

// writeSecretRecord keeps nothing of a record that says nothing.
func writeSecretRecord(ctx context.Context, private privateState, record secretRecord, diags *diag.Diagnostics) {
	var document []byte
	if record != (secretRecord{}) {
		document, _ = json.Marshal(record) // It never fails for these types.
	}
	diags.Append(private.SetKey(ctx, secretRecordKey, document)...)
}

// secretHash is an argon2id hash (RFC 9106) with its parameters, so that these
// can change later. It takes about 25 milliseconds: slow enough against
// guessing, fast enough for a plan of some hundred consumers.
type secretHash struct {
	Salt    []byte `json:"salt"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory_kib"`
	Threads uint8  `json:"threads"`
	Sum     []byte `json:"sum"`
}

// hashCost has the parameters that determine how long a hash takes.
type hashCost struct {
	time, memory uint32
}

// usualHashCost is the cost outside of tests: the fastest of the minimal
// parameters in OWASP's Password Storage Cheat Sheet, which are equally strong.
var usualHashCost = hashCost{time: 4, memory: 9 * 1024}

// cheapHashCost is the cost in tests.
var cheapHashCost = hashCost{time: 1, memory: 8}

// hashing limits how many hashes are computed at the same time, because each
// one needs nine megabytes.
var hashing = make(chan struct{}, min(3, runtime.GOMAXPROCS(0)))

func (cost hashCost) hash(secret string) *secretHash {
	hash := &secretHash{Salt: make([]byte, 16), Time: cost.time, Memory: cost.memory, Threads: 1}
	// crypto/rand never fails: it ends the process instead.
	_, _ = rand.Read(hash.Salt)
	hash.Sum = hash.compute(secret)
	return hash
}

// startHash starts the hash of a secret, which is computed while the server works. The
// returned function waits for it. Without a secret, it is the known hash. It is nil if the
// planned state needs none.
func (b *backend) startHash(secret types.String, known *secretHash, plan oauthConsumerModel) (wait func() *secretHash) {
	switch {
	case !b.needsHash(plan):
		return func() *secretHash { return nil }
	case secret.IsNull():
		return func() *secretHash { return known }
	}
	done := make(chan *secretHash, 1)
	go func() { done <- b.hashCost.hash(secret.ValueString()) }()
	return sync.OnceValue(func() *secretHash { return <-done })
}

// needsHash reports whether a state needs the hash of its secret. It does not if it has
// the secret itself. If it has a version, the hash only tells whether the configured
// secret is the one on the server: for a check, or for a change that needs the secret.
func (b *backend) needsHash(state oauthConsumerModel) bool {
	return state.Secret.IsNull() && (state.SecretWOVersion.IsNull() || b.mayDetect() || b.unlisted() || b.ready() && b.client.ChangesNeedSecret())
}

// matches reports whether the hash is that of the secret. A nil hash matches
// nothing.
func (h *secretHash) matches(secret string) bool {
	return h != nil && subtle.ConstantTimeCompare(h.Sum, h.compute(secret)) == 1
}

func (h *secretHash) compute(secret string) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(secret), h.Salt, h.Time, h.Memory, h.Threads, 32)
}
