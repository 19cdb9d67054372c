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
		r.incomplete(user, pass)
	case user.missing():
		r.incomplete(pass, user)
	}
}

func (r *resolver) incomplete(given, missing value) {
	detail := fmt.Sprintf("%s is set, but %s is not. Set %s in the provider block or %s in the environment.",
		given.label(), missing.attribute, missing.attribute, environmentVariable(missing.attribute))
	if token := environmentVariable("token"); !given.fromEnvironment && r.source.getenv(token) != "" {
		detail += fmt.Sprintf(" To sign in with %s instead, remove %s.", token, given.attribute)
	}
	r.fail(missing.attribute, "Incomplete credentials", detail)
}
