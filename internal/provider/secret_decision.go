package provider

// secretDecision is what to do with the secret of a registered consumer.
type secretDecision int

const (
	keepSecret secretDecision = iota
	// keepUnproven keeps a secret that may differ from the configured one.
	keepUnproven
	sendSecret
	// sendUndecided is for a plan that depends on an unknown value.
	sendUndecided
)

// decideSecret compares the configuration with the state and the record. It
// sends nothing twice, unless the server was found to have another secret. It
// never treats an unknown as a change.
func decideSecret(config, state oauthConsumerModel, record secretRecord) secretDecision {
	secret, writeOnly := config.wantedSecret(), !config.SecretWO.IsNull()
	switch {
	case secret.IsNull():
		return keepSecret
	case writeOnly && !config.SecretWOVersion.IsNull():
		return decideVersioned(config, state, record)
	case secret.IsUnknown():
		return sendUndecided
	case record.Drifted:
		return sendSecret
	case writeOnly && !wasSet(state, record) && state.SecretRevision.ValueInt64() == 0:
		// The consumer was imported. Another one may have no hash because its secret had a
		// version, or because Terraform drops it if the provider is killed in an update.
		return keepUnproven
	case lastSecretIs(secret.ValueString(), state, record):
		return keepSecret
	}
	return sendSecret
}

// wasSet reports whether a secret was set: it is in state, or its version is, or its
// hash is in the record.
func wasSet(state oauthConsumerModel, record secretRecord) bool {
	return !state.Secret.IsNull() || !state.SecretWOVersion.IsNull() || record.Hash != nil
}

// setUnhashed reports whether the configured secret was set under its version without a
// hash.
func setUnhashed(config, state oauthConsumerModel, record secretRecord) bool {
	return !config.SecretWO.IsNull() && !config.SecretWOVersion.IsNull() && config.SecretWOVersion.Equal(state.SecretWOVersion) && record.Hash == nil
}

// lastSecretIs reports whether a secret is the one that was last set.
func lastSecretIs(secret string, state oauthConsumerModel, record secretRecord) bool {
	if !state.Secret.IsNull() {
		return secret == state.Secret.ValueString()
	}
	return record.Hash.matches(secret)
}

// decideVersioned is for "secret_wo" with "secret_wo_version". The version
// decides, because an ephemeral generator returns another value in every run.
// The value matters only when the version is new: the same secret may have been
// set in another way before. One that the server refused then is set again.
func decideVersioned(config, state oauthConsumerModel, record secretRecord) secretDecision {
	adopting := state.SecretWOVersion.IsNull()
	switch {
	case record.Drifted:
		return sendSecret
	case config.SecretWOVersion.IsUnknown():
		return sendUndecided
	case config.SecretWOVersion.Equal(state.SecretWOVersion):
		return keepSecret
	case adopting && wasSet(state, record) && config.SecretWO.IsUnknown():
		return sendUndecided
	case adopting && !record.Refused && lastSecretIs(config.SecretWO.ValueString(), state, record):
		return keepSecret
	}
	return sendSecret
}

// mayProbe reports whether the response of the server to the configured write-only
// secret would prove or disprove drift. A versioned secret may differ in every
// run, and a refusal of another one than the last proves nothing. That
// comparison takes as long as a hash.
func mayProbe(decision secretDecision, config oauthConsumerModel, record secretRecord) bool {
	keeps := decision == keepSecret || decision == keepUnproven
	if !keeps || config.SecretWO.IsNull() {
		return false
	}
	return config.SecretWOVersion.IsNull() || config.SecretWO.IsUnknown() || record.Hash.matches(config.SecretWO.ValueString())
}
