package provider

import (
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func TestResolveConfig_credentials(t *testing.T) {
	t.Parallel()

	alice := twcloud.Credentials{Username: "alice", Password: canaryPassword}
	token := twcloud.Credentials{Token: canaryToken}
	for name, c := range map[string]struct {
		// In the provider block.
		username, password, token          string
		clientID, authSecret, clientSecret string
		environment                        map[string]string

		want   twcloud.Credentials
		errors []string
	}{
		"username and password": {username: "alice", password: canaryPassword, want: alice},
		"token":                 {token: canaryToken, want: token},
		"username and password from the environment": {
			environment: map[string]string{"TWCLOUD_USERNAME": "alice", "TWCLOUD_PASSWORD": canaryPassword}, want: alice,
		},
		"token from the environment": {environment: map[string]string{"TWCLOUD_TOKEN": canaryToken}, want: token},
		"token beats a user in the environment, even a wrong one": {
			token: canaryToken,
			environment: map[string]string{
				"TWCLOUD_USERNAME": "b:ob", "TWCLOUD_PASSWORD": canaryPassword + "\n", "TWCLOUD_TOKEN": canaryToken + "2",
			},
			want: token,
		},
		"username and password beat a token in the environment": {
			username: "alice", password: canaryPassword,
			environment: map[string]string{"TWCLOUD_TOKEN": canaryToken, "TWCLOUD_USERNAME": "bob"}, want: alice,
		},
		"username in the block, password in the environment": {
			username:    "alice",
			environment: map[string]string{"TWCLOUD_PASSWORD": canaryPassword, "TWCLOUD_TOKEN": canaryToken}, want: alice,
		},
		"password in the block, username in the environment": {
			password: canaryPassword, environment: map[string]string{"TWCLOUD_USERNAME": "alice"}, want: alice,
		},
		"none": {errors: []string{"username: TWCLOUD_USERNAME and TWCLOUD_PASSWORD, or TWCLOUD_TOKEN"}},
		"username alone": {
			username: "alice", errors: []string{": TWCLOUD_PASSWORD"},
		},
		"username alone, and a token in the environment": {
			username: "alice", environment: map[string]string{"TWCLOUD_TOKEN": canaryToken},
			errors: []string{": To sign in with TWCLOUD_TOKEN instead, remove username"},
		},
		"password alone": {password: canaryPassword, errors: []string{"username: TWCLOUD_USERNAME"}},
		"username alone in the environment": {
			environment: map[string]string{"TWCLOUD_USERNAME": "bob"},
			errors:      []string{": TWCLOUD_USERNAME requires password"},
		},
		"token and username": {username: "alice", token: canaryToken, errors: []string{": username and token are both set"}},
		"token and password": {password: canaryPassword, token: canaryToken, errors: []string{": password and token are both set"}},
		"token and user in the environment": {
			environment: map[string]string{
				"TWCLOUD_TOKEN": canaryToken, "TWCLOUD_USERNAME": "bob", "TWCLOUD_PASSWORD": canaryPassword,
			},
			errors: []string{": TWCLOUD_USERNAME and TWCLOUD_TOKEN are both set"},
		},
		"client with auth_secret": {
			username: "alice", password: canaryPassword, clientID: "c", authSecret: canaryKey,
			want: twcloud.Credentials{Username: "alice", Password: canaryPassword, ClientID: "c", AuthSecret: canaryKey},
		},
		"client with client_secret, all in the environment": {
			environment: map[string]string{
				"TWCLOUD_USERNAME": "alice", "TWCLOUD_PASSWORD": canaryPassword, "TWCLOUD_CLIENT_ID": "c", "TWCLOUD_CLIENT_SECRET": canaryKey,
			},
			want: twcloud.Credentials{Username: "alice", Password: canaryPassword, ClientID: "c", ClientSecret: canaryKey},
		},
		"token beats a client in the environment": {
			token: canaryToken, environment: map[string]string{"TWCLOUD_CLIENT_ID": "c", "TWCLOUD_AUTH_SECRET": canaryKey}, want: token,
		},
		"client beats a token in the environment": {
			username: "alice", password: canaryPassword, clientID: "c", authSecret: canaryKey, environment: map[string]string{"TWCLOUD_TOKEN": canaryToken},
			want: twcloud.Credentials{Username: "alice", Password: canaryPassword, ClientID: "c", AuthSecret: canaryKey},
		},
		"client_secret beats an auth_secret in the environment": {
			username: "alice", password: canaryPassword, clientID: "c", clientSecret: canaryKey,
			environment: map[string]string{"TWCLOUD_AUTH_SECRET": canaryKey + "2"},
			want:        twcloud.Credentials{Username: "alice", Password: canaryPassword, ClientID: "c", ClientSecret: canaryKey},
		},
		"client without a secret": {
			username: "alice", password: canaryPassword, clientID: "c", errors: []string{": client_id requires auth_secret or client_secret"},
		},
		"secret without a client": {username: "alice", password: canaryPassword, authSecret: canaryKey, errors: []string{"client_id: auth_secret requires client_id"}},
		"own secret without a client": {
			username: "alice", password: canaryPassword, clientSecret: canaryKey, errors: []string{"client_id: client_secret requires client_id"},
		},
		"client without a user": {clientID: "c", authSecret: canaryKey, errors: []string{"username: Missing credentials"}},
		"client and token": {
			token: canaryToken, clientID: "c", authSecret: canaryKey, errors: []string{": client_id and token are both set"},
		},
		"both secrets": {
			username: "alice", password: canaryPassword, clientID: "c", authSecret: canaryKey, clientSecret: canaryKey,
			errors: []string{": auth_secret and client_secret are both set"},
		},
		"line break after a secret": {
			username: "alice", password: canaryPassword, clientID: "c\n", authSecret: canaryKey + "\n", errors: []string{": trimspace", "client_id: line break"},
		},
		"line break after the client's secret": {
			username: "alice", password: canaryPassword, clientID: "c", clientSecret: canaryKey + "\n", errors: []string{": trimspace"},
		},
		"line break after the token": {token: canaryToken + "\r\n", errors: []string{": trimspace"}},
		"line break in a token from the environment": {
			environment: map[string]string{"TWCLOUD_TOKEN": canaryToken + "\n" + canaryToken},
			errors:      []string{`: export TWCLOUD_TOKEN="$(cat FILE)" leaves out the line break`},
		},
		"scheme before the token":          {token: "Token " + canaryToken, errors: []string{": authentication scheme"}},
		"another scheme before the token":  {token: "bearer " + canaryToken, errors: []string{": authentication scheme"}},
		"invisible character in the token": {token: canaryToken + "\u200b", errors: []string{": visible ASCII"}},
		"deleted character in the token":   {token: canaryToken + "\x7f", errors: []string{": visible ASCII"}},
	} {
		runConfigCases(t, map[string]configCase{name: {
			block: block{
				"username": c.username, "password": c.password, "token": c.token,
				"client_id": c.clientID, "auth_secret": c.authSecret, "client_secret": c.clientSecret,
			},
			environment: c.environment,
			errors:      c.errors,
			check: func(t *testing.T, o twcloud.Options) {
				if o.Credentials != c.want {
					t.Errorf("got %#v, want %#v", o.Credentials, c.want)
				}
			},
		}})
	}
}
