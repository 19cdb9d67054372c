package twcloud

import (
	"encoding/base64"
	"net/url"
)

// Credentials are what the client signs in with: a user's name and password, a token,
// or a client that gets a token for the user. A token comes first.
type Credentials struct {
	Username string
	Password string
	// Token is an ID token or a personal access token.
	Token string
	// ClientID gets a token with the user's name and password, and with AuthSecret,
	// which the clients of the authentication server share, or with ClientSecret, if
	// an administrator has registered the client for OAuth 2.0 or OpenID Connect.
	ClientID     string
	AuthSecret   string
	ClientSecret string
}

// secrets returns what must never appear in an error or a log, in every form in
// which it is sent.
func (c Credentials) secrets() []string {
	return []string{
		c.Password, c.Token, c.AuthSecret, c.ClientSecret,
		basic(c.Username, c.Password), basic(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret)),
	}
}

func basic(name, secret string) string {
	if secret == "" {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(name + ":" + secret))
}

// none reports whether there is nothing to sign in with.
func (c Credentials) none() bool { return c.Token == "" && c.Username == "" }
