package twcloud

import (
	"encoding/base64"
	"net/http"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/wire"
)

// Credentials authorize the sign-in request, and no other.
type Credentials interface {
	// Authorize sets the Authorization header.
	Authorize(*http.Request)
	// Secrets returns what must never appear in an error or a log, in every form
	// in which it is sent.
	Secrets() []string
}

// BasicCredentials sign in with a user's name and password.
type BasicCredentials struct {
	Username string
	Password string
}

// Authorize implements Credentials.
func (c BasicCredentials) Authorize(request *http.Request) {
	request.SetBasicAuth(c.Username, c.Password)
}

// Secrets implements Credentials.
func (c BasicCredentials) Secrets() []string {
	return []string{
		c.Password,
		base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password)),
	}
}

// TokenCredentials sign in with an ID token or a personal access token.
type TokenCredentials struct {
	Token string
}

// Authorize implements Credentials.
func (c TokenCredentials) Authorize(request *http.Request) {
	request.Header.Set("Authorization", wire.TokenScheme+" "+c.Token)
}

// Secrets implements Credentials.
func (c TokenCredentials) Secrets() []string {
	return []string{c.Token}
}
