package learn

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// use is a request that changes something, with placeholders in its body.
type use struct {
	exchange *exchange
	draft    *draft
	body     any             // JSON, or a form as an object of strings
	changed  map[string]bool // the placeholders of what it changes
}

func (l *learner) use(one *exchange, changed ...string) *use {
	u := &use{exchange: one, draft: l.draft(one), changed: map[string]bool{}}
	u.body = u.draft.json
	if u.draft.kind == formBody {
		members := map[string]any{}
		for name, value := range u.draft.form {
			members[name] = value
		}
		u.body = members
	}
	for _, placeholder := range changed {
		u.changed[placeholder] = true
	}
	return u
}

// difference finds the only value in which two bodies differ.
func difference(a, b any) (pointer string, left, right any, only bool) {
	count := 0
	eachScalar(a, func(at string, value any) {
		other, found := profile.Lookup(b, at)
		if !found || reflect.DeepEqual(other, value) {
			return
		}
		count++
		pointer, left, right = at, value, other
	})
	same := replaceScalars(a, func(at string, value any) any {
		if at == pointer {
			return right
		}
		return value
	})
	return pointer, left, right, count == 1 && reflect.DeepEqual(same, b)
}

// sameCall says whether requests differ in their bodies at most.
func sameCall(uses []*use) bool {
	for _, one := range uses[1:] {
		a, b := uses[0].draft, one.draft
		if a.method != b.method || a.path != b.path || a.kind != b.kind || !reflect.DeepEqual(a.query, b.query) {
			return false
		}
	}
	return true
}

// setApproval puts the placeholder in the place of the approval. In a request
// that does not change the approval, it is the consumer's own.
func (u *use) setApproval(pointer string) {
	u.body = replaceScalars(u.body, func(at string, value any) any {
		if at == pointer {
			return profile.ApprovedNow
		}
		return value
	})
}

// merge unites two bodies. What only one of them has must be a value that can be
// left out.
func merge(a, b any) (any, bool) {
	left, isObject := a.(map[string]any)
	right, both := b.(map[string]any)
	if !isObject || !both {
		switch {
		case reflect.DeepEqual(a, b):
			return a, true
		case a == profile.Secret && b == "", a == "" && b == profile.Secret:
			return profile.Secret, true
		}
		return nil, false
	}
	united := map[string]any{}
	for name, value := range left {
		other, inBoth := right[name]
		if !inBoth {
			if !optional(value) {
				return nil, false
			}
			united[name] = value
			continue
		}
		merged, ok := merge(value, other)
		if !ok {
			return nil, false
		}
		united[name] = merged
	}
	for name, value := range right {
		if _, inBoth := left[name]; !inBoth {
			if !optional(value) {
				return nil, false
			}
			united[name] = value
		}
	}
	return united, true
}

// optional says whether a value is made of placeholders that can be left out.
func optional(value any) bool {
	found, all := false, true
	eachScalar(value, func(_ string, value any) {
		found = true
		all = all && (value == profile.Name || value == profile.Secret || value == profile.ApprovedNow)
	})
	return found && all
}

// unify makes one call of several requests, if one can make them all.
func unify(uses []*use) *profile.Call {
	if !sameCall(uses) {
		return nil
	}
	for _, one := range uses {
		if len(one.draft.problems) > 0 {
			return nil
		}
	}
	body := uses[0].body
	for _, one := range uses[1:] {
		var ok bool
		if body, ok = merge(body, one.body); !ok {
			return nil
		}
	}
	plain, secret := map[string]bool{}, map[string]bool{}
	nameSeen := false
	eachScalar(body, func(at string, value any) {
		placeholder, _ := value.(string)
		for _, one := range uses {
			if one.changed[placeholder] {
				continue
			}
			mode := profile.Omit
			if sent, present := profile.Lookup(one.body, at); present && sent == placeholder {
				mode = profile.Send
			} else if present {
				mode = profile.Empty
			}
			switch placeholder {
			case profile.Name, profile.ApprovedNow:
				plain[mode] = true
				nameSeen = nameSeen || placeholder == profile.Name
			case profile.Secret:
				secret[mode] = true
			}
		}
	})
	// Members that were never sent together may not be understood together.
	if len(plain) > 1 || len(secret) > 1 || plain[profile.Omit] || secret[profile.Omit] {
		return nil
	}
	call := newCall(uses[0].draft, body)
	if plain[profile.Send] {
		call.Unchanged = profile.Send
	}
	for mode := range secret {
		if mode != profile.Omit {
			call.UnchangedSecret = mode
		}
	}
	// Name and secret were changed at once: nothing shows a change of one of them.
	if !nameSeen && len(secret) == 0 && call.Has(profile.Name) && call.Has(profile.Secret) && (call.Method != http.MethodPatch || hasArray(body)) {
		call.Unchanged, call.UnchangedSecret = profile.Send, profile.Send
	}
	return call
}

func hasArray(body any) bool {
	found := false
	eachScalar(body, func(at string, value any) {
		if value != profile.Name && value != profile.Secret {
			return
		}
		parts := tokens(at)
		for end := range parts {
			container, _ := profile.Lookup(body, pointerOf(parts[:end]))
			if _, isArray := container.([]any); isArray {
				found = true
			}
		}
	})
	return found
}

func newCall(d *draft, body any) *profile.Call {
	call := &profile.Call{Method: d.method, Path: d.path, Query: d.query}
	switch d.kind {
	case jsonBody:
		call.JSON = body
	case formBody:
		call.Form = map[string]string{}
		members, _ := body.(map[string]any)
		for name, value := range members {
			call.Form[name], _ = value.(string)
		}
	case noBody, textBody, htmlBody, otherBody, lostBody:
	}
	return call
}

// single makes a call of one request.
func single(u *use) *profile.Call {
	if len(u.draft.problems) > 0 {
		return nil
	}
	call := newCall(u.draft, u.body)
	if call.Has(profile.Name) && !u.changed[profile.Name] || call.Has(profile.ApprovedNow) && !u.changed[profile.ApprovedNow] {
		call.Unchanged = profile.Send
	}
	if call.Has(profile.Secret) && !u.changed[profile.Secret] {
		call.UnchangedSecret = profile.Send
	}
	return call
}

// cutPrefix takes the path prefix of a reverse proxy off.
func cutPrefix(path, prefix string) string {
	if rest, found := strings.CutPrefix(path, prefix); found && prefix != "" {
		return rest
	}
	return path
}
