package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

func withCredentials(username, password, token string) func(*providerModel) {
	optional := func(text string) types.String {
		if text == "" {
			return types.StringNull()
		}
		return types.StringValue(text)
	}
	return func(m *providerModel) {
		m.Username, m.Password, m.Token = optional(username), optional(password), optional(token)
	}
}

func signsInWith(want twcloud.Credentials) func(*testing.T, settings) {
	return func(t *testing.T, s settings) {
		t.Helper()
		options, err := s.clientOptions("test")
		if err != nil {
			t.Fatal(err)
		}
		if options.Credentials != want {
			t.Errorf("got %#v, want %#v", options.Credentials, want)
		}
	}
}

func TestResolveConfig_credentials(t *testing.T) {
	t.Parallel()

	runConfigCases(t, map[string]configCase{
		"username and password": {
			edit:  withCredentials("alice", canaryPassword, ""),
			check: signsInWith(twcloud.BasicCredentials{Username: "alice", Password: canaryPassword}),
		},
		"token": {
			edit:  withCredentials("", "", canaryToken),
			check: signsInWith(twcloud.TokenCredentials{Token: canaryToken}),
		},
		"username and password from the environment": {
			edit:        withCredentials("", "", ""),
			environment: map[string]string{"TWCLOUD_USERNAME": "bob", "TWCLOUD_PASSWORD": canaryPassword},
			check:       signsInWith(twcloud.BasicCredentials{Username: "bob", Password: canaryPassword}),
		},
		"token from the environment": {
			edit:        withCredentials("", "", ""),
			environment: map[string]string{"TWCLOUD_TOKEN": canaryToken},
			check:       signsInWith(twcloud.TokenCredentials{Token: canaryToken}),
		},
		"token beats a user in the environment, even a wrong one": {
			edit: withCredentials("", "", canaryToken),
			environment: map[string]string{
				"TWCLOUD_USERNAME": "b:ob", "TWCLOUD_PASSWORD": canaryPassword + "\n", "TWCLOUD_TOKEN": canaryToken + "2",
			},
			check: signsInWith(twcloud.TokenCredentials{Token: canaryToken}),
		},
		"username and password beat a token in the environment": {
			edit:        withCredentials("alice", canaryPassword, ""),
			environment: map[string]string{"TWCLOUD_TOKEN": canaryToken, "TWCLOUD_USERNAME": "bob"},
			check:       signsInWith(twcloud.BasicCredentials{Username: "alice", Password: canaryPassword}),
		},
		"username here, password in the environment": {
			edit:        withCredentials("alice", "", ""),
			environment: map[string]string{"TWCLOUD_PASSWORD": canaryPassword, "TWCLOUD_TOKEN": canaryToken},
			check:       signsInWith(twcloud.BasicCredentials{Username: "alice", Password: canaryPassword}),
		},
		"password here, username in the environment": {
			edit:        withCredentials("", canaryPassword, ""),
			environment: map[string]string{"TWCLOUD_USERNAME": "bob"},
			check:       signsInWith(twcloud.BasicCredentials{Username: "bob", Password: canaryPassword}),
		},
		"empty attributes do not count": {
			edit: func(m *providerModel) {
				m.Username, m.Password = types.StringValue(""), types.StringValue("")
				m.Token = types.StringValue(canaryToken)
			},
			check: signsInWith(twcloud.TokenCredentials{Token: canaryToken}),
		},
		"blanks within a password and a user name": {
			edit:  withCredentials("alice b", " "+canaryPassword+"\u00e9: ", ""),
			check: signsInWith(twcloud.BasicCredentials{Username: "alice b", Password: " " + canaryPassword + "\u00e9: "}),
		},
		"none": {
			edit:   withCredentials("", "", ""),
			errors: []string{"username: TWCLOUD_USERNAME and TWCLOUD_PASSWORD. Or with an ID token"},
		},
		"username alone": {
			edit:   withCredentials("alice", "", ""),
			errors: []string{"password: variable TWCLOUD_PASSWORD"},
		},
		"username alone, and a token in the environment": {
			edit:        withCredentials("alice", "", ""),
			environment: map[string]string{"TWCLOUD_TOKEN": canaryToken},
			errors:      []string{"password: To sign in with the token in TWCLOUD_TOKEN instead, remove the attribute username"},
		},
		"password alone": {
			edit:   withCredentials("", canaryPassword, ""),
			errors: []string{"username: variable TWCLOUD_USERNAME"},
		},
		"username alone in the environment": {
			edit:        withCredentials("", "", ""),
			environment: map[string]string{"TWCLOUD_USERNAME": "bob"},
			errors:      []string{"password: The environment variable TWCLOUD_USERNAME is set"},
		},
		"token and username": {
			edit:   withCredentials("alice", "", canaryToken),
			errors: []string{"token: attributes token and username are both set"},
		},
		"token and password": {
			edit:   withCredentials("", canaryPassword, canaryToken),
			errors: []string{"token: attributes token and password are both set"},
		},
		"token and user in the environment": {
			edit: withCredentials("", "", ""),
			environment: map[string]string{
				"TWCLOUD_TOKEN": canaryToken, "TWCLOUD_USERNAME": "bob", "TWCLOUD_PASSWORD": canaryPassword,
			},
			errors: []string{"token: environment variables TWCLOUD_TOKEN and TWCLOUD_USERNAME are both set"},
		},
		"colon in the user name": {
			edit:   withCredentials("al:ice", canaryPassword, ""),
			errors: []string{"username: colon"},
		},
		"line break after the user name": {
			edit:   withCredentials("alice\n", canaryPassword, ""),
			errors: []string{"username: line break"},
		},
		"line break after the password": {
			edit:   withCredentials("alice", canaryPassword+"\n", ""),
			errors: []string{"password: trimspace"},
		},
		"control character in a password from the environment": {
			edit:        withCredentials("alice", "", ""),
			environment: map[string]string{"TWCLOUD_PASSWORD": canaryPassword + "\x07"},
			errors:      []string{"password: environment variable TWCLOUD_PASSWORD"},
		},
		"line break after the token": {
			edit:   withCredentials("", "", canaryToken+"\r\n"),
			errors: []string{"token: trimspace"},
		},
		"line break in a token from the environment": {
			edit:        withCredentials("", "", ""),
			environment: map[string]string{"TWCLOUD_TOKEN": canaryToken + "\n" + canaryToken},
			errors:      []string{"token: environment variable TWCLOUD_TOKEN"},
		},
		"scheme before the token": {
			edit:   withCredentials("", "", "Token "+canaryToken),
			errors: []string{"token: authentication scheme"},
		},
		"another scheme before the token": {
			edit:   withCredentials("", "", "bearer "+canaryToken),
			errors: []string{"token: authentication scheme"},
		},
		"invisible character in the token": {
			edit:   withCredentials("", "", canaryToken+"\u200b"),
			errors: []string{"token: visible ASCII"},
		},
		"deleted character in the token": {
			edit:   withCredentials("", "", canaryToken+"\x7f"),
			errors: []string{"token: visible ASCII"},
		},
	})
}
