package profile

import (
	"embed"
	"sync"
)

// builtin has the profiles that are part of the provider, one in each file.
//
//go:embed builtin/*.json
var builtin embed.FS

// Names of the built-in profiles.
const (
	RESTAPI          = "rest-api"          // what this project assumes
	SelfRegistration = "self-registration" // what the vendor documents
)

// BuiltIn returns the profile of what this project assumes, which is the default.
func BuiltIn() *Profile { return Named(RESTAPI) }

// Named returns the built-in profile of a name. It is nil if there is none.
func Named(name string) *Profile {
	if parsed, found := named[name]; found {
		return parsed()
	}
	return nil
}

var named = map[string]func() *Profile{RESTAPI: parseOnce(RESTAPI), SelfRegistration: parseOnce(SelfRegistration)}

func parseOnce(name string) func() *Profile {
	return sync.OnceValue(func() *Profile {
		content, err := builtin.ReadFile("builtin/" + name + ".json")
		if err != nil {
			panic(err)
		}
		parsed, problems := Parse(content)
		if len(problems) > 0 {
			panic(problems[0].String())
		}
		return parsed
	})
}
