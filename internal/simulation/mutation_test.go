package simulation

import (
	"bytes"
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

var flagMutations = flag.Int("simulation.mutations", 100, "how many profiles to draw that differ in one field from what the server speaks")

// object is a JSON object.
type object = map[string]any

// mutations are what a member of a part of a profile can become. Without members, it
// is any that the part has. Nil removes it.
var mutations = []struct {
	part    string
	members []string
	values  []any
}{
	{"profile", []string{"headers"}, []any{object{"X-Wanted": "yes"}, nil}},
	{"profile", []string{"keep"}, []any{object{"version": "/version"}, object{"version": "/createdOn"}, object{"version": "/key"}, nil}},
	{"profile", []string{"csrf"}, []any{object{"from": "cookie", "name": "twc-rest-session-id"}, nil}},
	{"csrf", nil, []any{"/osmc/other", "X-Other", "cookie", "header", true, nil}},
	{"approved", []string{"yes", "no"}, []any{[]any{"true"}, []any{"false"}, []any{nil}, []any{1}, []any{"APPROVED"}}},
	{"calls", nil, []any{nil}},
	{"call", []string{"method"}, []any{"PUT", "POST", "PATCH", "DELETE", "GET"}},
	{"call", []string{"path"}, []any{"/osmc/other", "/osmc/other/{key}", "/osmc/admin/oauthconsumers/{key:number}", "/osmc/admin/oauthconsumers/"}},
	{"call", []string{"query"}, []any{object{"id": "{key}"}, object{"id": "all"}, nil}},
	{"call", []string{"approved"}, []any{object{"yes": "on", "no": "off"}, nil}},
	{"call", []string{"redirect"}, []any{"/osmc/done", nil}},
	{"call", []string{"expect"}, []any{object{"/code": 0}, object{"/name": "ok"}, object{"/approved": true}, nil}},
	{"call", []string{"response"}, []any{object{"format": "text"}, nil}},
	{"call", []string{"pages"}, []any{
		object{"by": "none"},
		object{"by": "link"},
		object{"by": "next", "pointer": "/next"},
		object{"by": "cursor", "pointer": "/cursor", "parameter": "cursor"},
		object{"by": "number", "parameter": "page", "first": 1},
		object{"by": "offset", "parameter": "offset", "total": "/total"},
	}},
	{"body", nil, []any{"literal", "{name}", "{secret}", nil}},
	{"body", []string{"more"}, []any{"{name}", "{secret}", "{approved}", "{key}", "on"}},
	{"response", []string{"key", "name", "approved", "items", "key_header"}, []any{"/id", "/name", "/key", "/approved", "/items", "", nil}},
	{"response", []string{"key_is_last_segment", "key_is_member"}, []any{true, nil}},
	{"response", []string{"only"}, []any{object{"/kind": "oauth1"}, nil}},
}

// parts are the parts of a profile of a kind, by their place.
func parts(document object, kind string) map[string]object {
	found := map[string]object{"profile": document}
	add := func(place string, value any) {
		if part, ok := value.(object); ok {
			found[place] = part
		}
	}
	for _, name := range []string{"csrf", "approved", "calls"} {
		add(name, document[name])
	}
	for name, call := range found["calls"] {
		members, _ := call.(object)
		add("call "+name, call)
		add("body "+name, members["json"])
		add("body of "+name, members["form"])
		add("response "+name, members["response"])
	}
	maps.DeleteFunc(found, func(place string, _ object) bool { return !strings.HasPrefix(place+" ", kind+" ") })
	return found
}

// one picks one of some values.
func one[T any](random *rand.Rand, values ...T) T { return values[random.IntN(len(values))] }

// mutate draws changes of one member of a profile until the result can be read. It
// returns what was done.
func mutate(random *rand.Rand, original *profile.Profile) (mutated *profile.Profile, what string) {
	before, err := json.Marshal(original)
	must(err)
	for {
		var document object
		must(json.Unmarshal(before, &document))
		kind := one(random, mutations...)
		found := parts(document, kind.part)
		if len(found) == 0 {
			continue
		}
		place := one(random, slices.Sorted(maps.Keys(found))...)
		part, members := found[place], kind.members
		if present := slices.Sorted(maps.Keys(part)); members == nil && len(present) > 0 {
			members = present
		} else if members == nil {
			continue
		}
		member, other := one(random, members...), one(random, members...)
		was := part[member]
		switch value := one(random, kind.values...); {
		case kind.members == nil && random.IntN(2) == 0:
			what = fmt.Sprintf("%s: %s and %s are exchanged", place, member, other)
			part[member], part[other] = part[other], part[member]
		case kind.part == "body" && random.IntN(2) == 0:
			what = fmt.Sprintf("%s: %s is %sX", place, member, member)
			part[member+"X"] = was
			delete(part, member)
		case value == nil:
			what = fmt.Sprintf("%s: without %s", place, member)
			delete(part, member)
		default:
			what = fmt.Sprintf("%s: %s is %v in place of %v", place, member, value, was)
			part[member] = value
		}
		after, err := json.Marshal(document)
		must(err)
		parsed, problems := profile.Parse(after)
		if len(problems) > 0 {
			continue
		}
		if now, err := json.Marshal(parsed); err == nil && !bytes.Equal(now, before) {
			return parsed, what
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
		mutated, what := mutate(random, original)
		// Nobody can see what is wrong with a secret.
		d := deviation{believed: mutated, spoken: original, empty: random.IntN(2) == 0, traits: traits{unseen: true, lags: true, renames: true}}
		side := "believed"
		if random.IntN(2) == 0 {
			d.believed, d.spoken, side = original, mutated, "spoken"
		}
		// A profile can say that what the server does is a refusal.
		d.refuses = strings.Contains(what, "expect")
		d.inverted = strings.Contains(what, "pprove")
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			_, refusals, violations := deviate(d, schedule{})
			t.Log(name, side, what)
			t.Log(strings.Join(refusals, "\n"))
			reportDeviation(t, schedule{}, refusals, violations)
		})
	}
}
