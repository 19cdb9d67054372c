package provider

// sending tells whether an update sets the secret.
type sending int

const (
	sendNothing sending = iota
	sendSecret
	// sendUndecided is for a plan that depends on an unknown value.
	sendUndecided
)

// probing tells whether drift detection may check the configured secret with
// the server. The zero value is no.
type probing int

const (
	// probeSecret is for the secret that was last set, or may have been.
	probeSecret probing = iota + 1
	// probeIfLast is for a secret that may differ in every run. Check it only if
	// it is the one that was last set, because a refusal of another one proves
	// nothing. The comparison takes as long as a hash.
	probeIfLast
)

// secretDecision is what to do with the secret of a registered consumer.
type secretDecision struct {
	sending sending
	// unproven is true if the server's secret may differ from the configured one,
	// and the provider does not send it.
	unproven bool
	probing  probing
}

// decideSecret compares the configuration with the state and the record. It
// sends nothing twice, unless the server was found to have another secret. It
// never treats an unknown as a change.
func decideSecret(config, state oauthConsumerModel, record secretRecord) secretDecision {
	switch {
	case !config.SecretWO.IsNull() && !config.SecretWOVersion.IsNull():
		return decideVersioned(config, state, record)
	case !config.SecretWO.IsNull():
		return decideWriteOnly(config, state, record)
	case !config.Secret.IsNull():
		return decideStored(config, state, record)
	}
	return secretDecision{}
}

// lastSecretKnown reports whether the secret that was last set is in state, or
// its hash is in the record.
func lastSecretKnown(state oauthConsumerModel, record secretRecord) bool {
	return !state.Secret.IsNull() || record.Hash != nil
}

// lastSecretIs reports whether a secret is the one that was last set.
func lastSecretIs(secret string, state oauthConsumerModel, record secretRecord) bool {
	if !state.Secret.IsNull() {
		return secret == state.Secret.ValueString()
	}
	return record.Hash.matches(secret)
}

// decideStored is for "secret". Its last value is in state.
func decideStored(config, state oauthConsumerModel, record secretRecord) secretDecision {
	switch {
	case config.Secret.IsUnknown():
		return secretDecision{sending: sendUndecided}
	case record.Drifted:
		return secretDecision{sending: sendSecret}
	case lastSecretIs(config.Secret.ValueString(), state, record):
		return secretDecision{}
	}
	return secretDecision{sending: sendSecret}
}

// decideWriteOnly is for "secret_wo" without a version. The hash detects a
// change. An imported consumer has no hash.
func decideWriteOnly(config, state oauthConsumerModel, record secretRecord) secretDecision {
	switch {
	case config.SecretWO.IsUnknown():
		return secretDecision{sending: sendUndecided}
	case record.Drifted:
		return secretDecision{sending: sendSecret}
	case !lastSecretKnown(state, record):
		return secretDecision{unproven: true, probing: probeSecret}
	case lastSecretIs(config.SecretWO.ValueString(), state, record):
		return secretDecision{probing: probeSecret}
	}
	return secretDecision{sending: sendSecret}
}

// decideVersioned is for "secret_wo" with "secret_wo_version". The version
// decides, because an ephemeral generator returns another value in every run.
// The value matters only when the version is new: the same secret may have been
// set in another way before.
func decideVersioned(config, state oauthConsumerModel, record secretRecord) secretDecision {
	adopting := state.SecretWOVersion.IsNull()
	switch {
	case record.Drifted:
		return secretDecision{sending: sendSecret}
	case config.SecretWOVersion.IsUnknown():
		return secretDecision{sending: sendUndecided}
	case config.SecretWOVersion.Equal(state.SecretWOVersion) && config.SecretWO.IsUnknown():
		return secretDecision{}
	case config.SecretWOVersion.Equal(state.SecretWOVersion):
		return secretDecision{probing: probeIfLast}
	case adopting && lastSecretKnown(state, record) && config.SecretWO.IsUnknown():
		return secretDecision{sending: sendUndecided}
	case adopting && lastSecretIs(config.SecretWO.ValueString(), state, record):
		return secretDecision{}
	}
	return secretDecision{sending: sendSecret}
}
