package simulation

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/emulator"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

var flagMutations = flag.Int("simulation.mutations", 120, "how many profiles to draw that differ in one field from what the server speaks")

// object is a JSON object.
type object = map[string]any

// mutation changes one field of a profile. It returns what it did, or "" for nothing.
type mutation func(random *rand.Rand, document object) string

// mutations are the ways in which a profile can be wrong, by name.
var mutations = map[string]mutation{
	"pointer": func(random *rand.Rand, document object) string {
		name, shape := pick(random, shapes(document))
		return set(random, name, shape, "key", "name", "approved", "items", "key_header").to(one(random, "/id", "/name", "/key", "/approved", "/items", ""))
	},
	"missing": func(random *rand.Rand, document object) string {
		name, shape := pick(random, shapes(document))
		return set(random, name, shape, slices.Sorted(maps.Keys(shape))...).to(nil)
	},
	"key": func(random *rand.Rand, document object) string {
		name, shape := pick(random, shapes(document))
		return set(random, name, shape, one(random, "key_is_last_segment", "key_is_member")).to(shape["key_is_last_segment"] != true)
	},
	"kinds": func(random *rand.Rand, document object) string {
		name, shape := pick(random, shapes(document))
		return set(random, name, shape, "only").to(object{"/kind": "oauth1"})
	},
	"text": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		return set(random, name, call, "response").to(object{"format": "text"})
	},
	"member": func(random *rand.Rand, document object) string {
		name, body := pick(random, bodies(document))
		for _, member := range slices.Sorted(maps.Keys(body)) {
			body[member+"X"] = body[member]
			delete(body, member)
			return name + " sends " + member + " as " + member + "X"
		}
		return ""
	},
	"one more member": func(random *rand.Rand, document object) string {
		name, body := pick(random, bodies(document))
		return set(random, name, body, "more").to(one(random, "{name}", "{secret}", "{approved}", "{key}", "on"))
	},
	"literal": func(random *rand.Rand, document object) string {
		name, body := pick(random, bodies(document))
		return set(random, name, body, slices.Sorted(maps.Keys(body))...).to(one(random, "literal", "{name}", "{secret}"))
	},
	"number": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		path, _ := call["path"].(string)
		return set(random, name, call, "path").to(strings.Replace(path, "{key}", "{key:number}", 1))
	},
	"approved": func(random *rand.Rand, document object) string {
		approved, _ := document["approved"].(object)
		if approved == nil {
			return ""
		}
		if random.IntN(2) == 0 {
			approved["yes"], approved["no"] = approved["no"], approved["yes"]
			return "approved is swapped"
		}
		return set(random, "profile", approved, "yes", "no").to([]any{one[any](random, "true", "false", nil, 1, "APPROVED")})
	},
	"approved sent": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		return set(random, name, call, "approved").to(object{"yes": "on", "no": "off"})
	},
	"pages": func(random *rand.Rand, document object) string {
		list, _ := document["calls"].(object)["list"].(object)
		pages := one(random, object{"by": "none"}, object{"by": "link"}, object{"by": "next", "pointer": "/next"},
			object{"by": "cursor", "pointer": "/cursor", "parameter": "cursor"}, object{"by": "number", "parameter": "page", "first": 1},
			object{"by": "offset", "parameter": "offset"}, object{"by": "number", "parameter": "page", "first": 1, "total": "/total"})
		return set(random, "calls.list", list, "pages").to(pages)
	},
	"redirect": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		if call["redirect"] != nil {
			return set(random, name, call, "redirect").to(nil)
		}
		return set(random, name, call, "redirect").to("/osmc/done")
	},
	"expect": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		if call["expect"] != nil {
			return set(random, name, call, "expect").to(nil)
		}
		return set(random, name, call, "expect").to(object{one(random, "/code", "/name", "/approved"): one[any](random, 0, true, "ok")})
	},
	"method": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		return set(random, name, call, "method").to(one(random, "PUT", "POST", "PATCH", "DELETE", "GET"))
	},
	"path": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		path, _ := call["path"].(string)
		return set(random, name, call, "path").to(one(random, path+"/more", path+"/", strings.Replace(path, "osmc", "other", 1)))
	},
	"query": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		return set(random, name, call, "query").to(object{"id": one(random, "{key}", "all")})
	},
	"header": func(random *rand.Rand, document object) string {
		return set(random, "profile", document, "headers").to(object{"X-Wanted": "yes"})
	},
	"keep": func(random *rand.Rand, document object) string {
		return set(random, "profile", document, "keep").to(object{"version": one(random, "/version", "/createdOn", "/key")})
	},
	"call": func(random *rand.Rand, document object) string {
		all, _ := document["calls"].(object)
		return set(random, "calls", all, slices.Sorted(maps.Keys(all))...).to(nil)
	},
	"another call": func(random *rand.Rand, document object) string {
		name, call := pick(random, calls(document))
		other, from := pick(random, calls(document))
		if name == other {
			return ""
		}
		clear(call)
		maps.Copy(call, from)
		return name + " is " + other
	},
}

// one picks one of some values.
func one[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// pick picks one of the members of an object that are objects.
func pick(random *rand.Rand, members map[string]object) (string, object) {
	if len(members) == 0 {
		return "", object{}
	}
	name := one(random, slices.Sorted(maps.Keys(members))...)
	return name, members[name]
}

// calls are the calls of a profile, by their place.
func calls(document object) map[string]object {
	found := map[string]object{}
	all, _ := document["calls"].(object)
	for name, call := range all {
		found["calls."+name], _ = call.(object)
	}
	return found
}

// shapes are the responses of a profile, by their place.
func shapes(document object) map[string]object {
	found := map[string]object{}
	for name, call := range calls(document) {
		if shape, ok := call["response"].(object); ok {
			found[name+".response"] = shape
		}
	}
	return found
}

// bodies are the JSON objects and the forms that calls send, by their place.
func bodies(document object) map[string]object {
	found := map[string]object{}
	for name, call := range calls(document) {
		for _, kind := range []string{"json", "form"} {
			if body, ok := call[kind].(object); ok {
				found[name+"."+kind] = body
			}
		}
	}
	return found
}

// setter sets one of some members of an object.
type setter struct {
	place, member string
	parent        object
}

func set(random *rand.Rand, place string, parent object, members ...string) setter {
	if len(members) == 0 {
		return setter{place: place, parent: object{}}
	}
	return setter{place, one(random, members...), parent}
}

// to sets the member; nil removes it.
func (s setter) to(value any) string {
	before, _ := json.Marshal(s.parent[s.member])
	if value == nil {
		delete(s.parent, s.member)
	} else {
		s.parent[s.member] = value
	}
	after, err := json.Marshal(value)
	must(err)
	return fmt.Sprintf("%s.%s: %s -> %s", s.place, s.member, before, after)
}

// mutate draws mutations of a profile until one can be read and differs.
func mutate(random *rand.Rand, original *profile.Profile) (mutated *profile.Profile, name, what string) {
	before, err := json.Marshal(original)
	must(err)
	for {
		var document object
		must(json.Unmarshal(before, &document))
		name = one(random, slices.Sorted(maps.Keys(mutations))...)
		what = mutations[name](random, document)
		after, err := json.Marshal(document)
		must(err)
		parsed, problems := profile.Parse(after)
		if len(problems) > 0 || what == "" {
			continue
		}
		if now, err := json.Marshal(parsed); err == nil && string(now) != string(before) {
			return parsed, name, what
		}
	}
}

// TestMutations has the provider believe a profile that differs in one field from
// what the server speaks.
func TestMutations(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(seed(), 2))
	for i := range *flagMutations {
		name, original := "built-in", profile.BuiltIn()
		if random.IntN(2) == 0 {
			name = one(random, emulator.Dialects()...)
			original = mustDialect(name)
		}
		mutated, kind, what := mutate(random, original)
		d := deviation{believed: mutated, spoken: original, empty: random.IntN(2) == 0}
		side := "believed"
		if random.IntN(2) == 0 {
			d.believed, d.spoken, side = original, mutated, "spoken"
		}
		// What is wrong with a secret, nobody can see.
		d.unseen, d.lags, d.renames = true, true, true
		d.inverted = kind == "approved" || strings.Contains(what, "pproved")
		t.Run(fmt.Sprintf("%d", i), func(t *testing.T) {
			t.Parallel()
			_, refusals, violations := deviate(d, schedule{})
			if t.Log(name, side, what); testing.Verbose() {
				t.Log(strings.Join(refusals, "\n"))
			}
			reportDeviation(t, schedule{}, refusals, violations)
		})
	}
}
