package emulator

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

//go:embed dialects/*.json
var dialects embed.FS

// Dialects returns the names of the profiles that come with the emulator, in
// order. Each is different in several ways; together, they use every part of the
// format.
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
