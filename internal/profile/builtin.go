package profile

import (
	"embed"
	"sync"
)

// builtin has the profiles that are part of the provider, one in each file.
//
//go:embed builtin/*.json
var builtin embed.FS

// Schema is the JSON Schema of a profile, for editors. A test holds it against
// Parse.
//
//go:embed schema.json
var Schema []byte

// BuiltIn returns the profile of what this project assumes.
func BuiltIn() *Profile { return assumed() }

var assumed = sync.OnceValue(func() *Profile {
	content, err := builtin.ReadFile("builtin/assumed.json")
	if err != nil {
		panic(err)
	}
	parsed, problems := Parse(content)
	if len(problems) > 0 {
		panic(problems[0].String())
	}
	return parsed
})
