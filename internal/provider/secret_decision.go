package provider

// sending says whether an update sets the secret.
type sending int

const (
	sendNothing sending = iota
	sendSecret
	// sendUndecided is for a plan in which a value is unknown that decides.
	sendUndecided
)

// probing says whether the server may be asked about the configured secret, where
// drift is to be detected. Zero: it may not.
type probing int

const (
	// probeSecret is for the secret that was last set, or that could be.
	probeSecret probing = iota + 1
	// probeIfLast is for a secret that may be another one on every run, and is
	// asked about only if it is the one last set: a refusal of any other says
	// nothing. To compare them takes as long as a hash.
	probeIfLast
)

// secretDecision is what becomes of the secret of a registered consumer.
type secretDecision struct {
	sending sending
	// unproven says that nobody knows whether the server's secret is the
	// configured one, and that nothing will be done about it.
	unproven bool
	probing  probing
}

// decideSecret compares what is configured with what is in state and in the
// record. It sends nothing that has been sent before, unless the server was
// found to have another secret; and it never takes ignorance for a change.
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

// lastSecretKnown says whether the secret that was last set is known: it is in
// state, or its hash is in the record.
func lastSecretKnown(state oauthConsumerModel, record secretRecord) bool {
	return !state.Secret.IsNull() || record.Hash != nil
}

// lastSecretIs says whether a secret is the one that was last set.
func lastSecretIs(secret string, state oauthConsumerModel, record secretRecord) bool {
	if !state.Secret.IsNull() {
		return secret == state.Secret.ValueString()
	}
	return record.Hash.matches(secret)
}

// decideStored is for "secret", whose last value is in state.
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

// decideWriteOnly is for "secret_wo" alone: a change is noticed by the hash. An
// imported consumer has none.
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

// decideVersioned is for "secret_wo" with "secret_wo_version": the version
// decides, because an ephemeral generator gives another value on every run. Only
// when the version is new, the value decides whether there is anything to send:
// the same secret may have been set in another way before.
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
