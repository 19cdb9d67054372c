package emulator

import (
	"cmp"
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator/authserver"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

//go:embed dialects/*.json
var dialects embed.FS

// Dialects returns the names of the profiles that come with the emulator, in
// order. Each is different in several ways; together, they use every part of the
// format. Most are on the Web Application Platform.
func Dialects() []string {
	entries, err := dialects.ReadDir("dialects")
	if err != nil {
		panic(err) // They are embedded.
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".json"))
	}
	slices.Sort(names)
	return names
}

// DialectJSON returns the document of a dialect.
func DialectJSON(name string) ([]byte, error) {
	if !slices.Contains(Dialects(), name) {
		return nil, fmt.Errorf("there is no dialect %q; the dialects are %s", name, strings.Join(Dialects(), ", "))
	}
	return dialects.ReadFile("dialects/" + name + ".json")
}

// Dialect returns the profile of a dialect.
func Dialect(name string) (*profile.Profile, error) {
	content, err := DialectJSON(name)
	if err != nil {
		return nil, err
	}
	parsed, problems := profile.Parse(content)
	if len(problems) > 0 {
		return nil, fmt.Errorf("dialect %s: %s", name, problems[0])
	}
	return parsed, nil
}

// dialectSettings are what a server of a dialect has besides its profile.
var dialectSettings = map[string]func(*Config){
	"put-all": func(config *Config) {
		config.AuthenticationAddress = cmp.Or(config.AuthenticationAddress, "localhost:0")
	},
	"put-secret":  func(config *Config) { config.Quirks = append(config.Quirks, authserver.RememberMe) },
	"put-version": func(config *Config) { config.OneOrigin, config.LoadBalancer = true, true },
}

// SetDialect sets the profile of a dialect, and what its server has besides: a
// "Remember me" box and a button for SAML, the authentication server at an address of
// its own, or both servers on one origin behind a load balancer.
func (config *Config) SetDialect(name string) (err error) {
	config.Profile, err = Dialect(name)
	if set := dialectSettings[name]; set != nil && err == nil {
		set(config)
	}
	return err
}
