package provider

import "fmt"

// checkCredentials reports a token together with a user, and what is missing.
func (r *resolver) checkCredentials() {
	user, pass, token := r.values["username"], r.values["password"], r.values["token"]
	const either = "Sign in either with a token, or with username and password."
	switch {
	case r.conflict("username", "token", either) || r.conflict("password", "token", either):
	case token.given() || token.unknown || user.unknown || pass.unknown:
	case user.missing() && pass.missing():
		r.fail("username", "Missing credentials", fmt.Sprintf("No credentials are set. Set username and password, or token, "+
			"in the provider block. Or set %s and %s, or %s, in the environment.",
			environmentVariable("username"), environmentVariable("password"), environmentVariable("token")))
	case pass.missing():
		r.incomplete("credentials", user, r.tokenHint(user), "password")
	case user.missing():
		r.incomplete("credentials", pass, r.tokenHint(pass), "username")
	}
}

// tokenHint explains why a token in the environment is not used.
func (r *resolver) tokenHint(given value) string {
	token := environmentVariable("token")
	if given.fromEnvironment || r.source.getenv(token) == "" {
		return ""
	}
	return fmt.Sprintf(" To sign in with %s instead, remove %s.", token, given.attribute)
}
