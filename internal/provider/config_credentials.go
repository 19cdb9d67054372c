package provider

import (
	"fmt"
	"strings"
	"unicode"
)

// credentials resolves either username and password, or a token.
//
// The attributes win over the environment as a group: whoever writes a token
// into the provider block does not mean the user in the environment. One half of
// username and password may still come from either place.
func (r *resolver) credentials(config providerModel) (username, password, token string) {
	user := r.attribute("username", config.Username)
	pass := r.attribute("password", config.Password)
	tok := r.attribute("token", config.Token)

	nothing := user.open() && pass.open() && tok.open()
	if tok.open() {
		if user.open() {
			user = r.environment("username")
		}
		if pass.open() {
			pass = r.environment("password")
		}
	}
	if nothing {
		tok = r.environment("token")
	}

	r.checkUsername(user)
	r.checkPassword(pass)
	r.checkToken(tok)
	if user.unknown || pass.unknown || tok.unknown {
		return "", "", ""
	}

	switch {
	case tok.given() && user.given():
		r.credentialsConflict(tok, user)
	case tok.given() && pass.given():
		r.credentialsConflict(tok, pass)
	case tok.given():
		return "", "", tok.text
	case user.given() && pass.given():
		return user.text, pass.text, ""
	case user.given():
		r.credentialsIncomplete(user, pass)
	case pass.given():
		r.credentialsIncomplete(pass, user)
	default:
		r.fail("username", "Missing credentials", fmt.Sprintf(
			"The provider signs in to Teamwork Cloud in one of two ways. With a user's name and password: set the "+
				"attributes username and password, or the environment variables %s and %s. Or with an ID token or a "+
				"personal access token: set the attribute token, or the environment variable %s.",
			environmentVariable("username"), environmentVariable("password"), environmentVariable("token")))
	}
	return "", "", ""
}

func (r *resolver) credentialsConflict(token, other value) {
	kind := "attributes"
	if token.fromEnvironment {
		kind = "environment variables"
	}
	r.fail(token.attribute, "Conflicting credentials", fmt.Sprintf(
		"The %s %s and %s are both set. The provider signs in either with a token or with username and password: "+
			"remove one or the other.", kind, token.label(), other.label()))
}

func (r *resolver) credentialsIncomplete(given, missing value) {
	detail := fmt.Sprintf(
		"%s is set, but %s is not, and only both together can sign in. Set the attribute %s or the environment "+
			"variable %s.",
		given.subject(), missing.attribute, missing.attribute, environmentVariable(missing.attribute))
	if !given.fromEnvironment && r.environment("token").given() {
		detail += fmt.Sprintf(" To sign in with the token in %s instead, remove the attribute %s.",
			environmentVariable("token"), given.attribute)
	}
	r.fail(missing.attribute, "Incomplete credentials", detail)
}

func (r *resolver) checkUsername(v value) {
	if strings.Contains(v.text, ":") {
		r.reject(v, "has a colon in it, which Basic authentication cannot carry (RFC 7617). Sign in with a token instead.")
	}
	if hasControl(v.text) || strings.TrimSpace(v.text) != v.text {
		r.reject(v, "begins or ends with a blank, or has a line break or a control character in it. Remove it.")
	}
}

// checkPassword must not repeat the password.
func (r *resolver) checkPassword(v value) {
	if hasControl(v.text) {
		r.reject(v, "has a line break or another control character in it. If it is read from a file, the line break at "+
			"the file's end has come along: use trimspace(file(...)), or remove it.")
	}
}

// checkToken must not repeat the token. Tokens are visible ASCII: anything else
// has come along by mistake, and a line break would even end the header.
func (r *resolver) checkToken(v value) {
	lower := strings.ToLower(v.text)
	isForeign := func(c rune) bool { return c <= ' ' || c > unicode.MaxASCII || unicode.IsControl(c) }
	switch {
	case strings.HasPrefix(lower, "token "), strings.HasPrefix(lower, "bearer "):
		r.reject(v, "begins with the name of an authentication scheme. Leave it out: give the token alone.")
	case strings.ContainsFunc(v.text, isForeign):
		r.reject(v, "has a blank, a line break or a character other than visible ASCII in it. If it is read from a file, "+
			"the line break at the file's end has come along: use trimspace(file(...)), or remove it.")
	}
}
