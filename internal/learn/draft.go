package learn

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

// draft is a request with placeholders in place of what is known.
type draft struct {
	path      string
	query     map[string]string
	body      any      // JSON, or a form as an object of strings
	signature string   // tells requests apart that send different things
	problems  []string // what a profile cannot express
}

// draftOf puts placeholders into a request.
func (l *learner) draftOf(e *exchange) *draft {
	d := &draft{}
	written := strings.Split(strings.TrimPrefix(e.entry.URL.EscapedPath(), "/"), "/")
	for i, segment := range e.segments {
		switch replaced := l.scalar(d, place{"path", strconv.Itoa(i)}, segment); replaced {
		case segment:
		case profile.Key:
			written[i] = profile.Key
		default:
			written[i] = "{...}"
		}
	}
	d.path = "/" + strings.Join(written, "/")
	d.query = texts(l.members(d, "query", e.query))
	switch {
	case e.kind == jsonBody:
		walk("", e.json, func(pointer string, _ any) { l.nameOf(d, "body", lastToken(pointer)) })
		d.body = replaceScalars("", e.json, func(pointer string, value any) any { return l.scalar(d, place{"json", pointer}, value) })
	case e.kind == formBody:
		d.body = l.members(d, "form", e.form)
	case e.entry.RequestBody.Missing:
		d.problem("the body is not in the recording")
	case e.kind == otherBody:
		d.problem("the body is neither JSON nor a form; a profile can describe only these")
	}
	slices.Sort(d.problems)
	d.problems = slices.Compact(d.problems)
	signature, _ := json.Marshal([]any{e.method, d.path, d.query, d.body})
	d.signature = string(signature)
	return d
}

func (d *draft) problem(format string, arguments ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, arguments...))
}

// texts makes an object of strings a map of strings.
func texts(object map[string]any) map[string]string {
	converted := map[string]string{}
	for name, value := range object {
		converted[name], _ = value.(string)
	}
	return converted
}

// members makes an object of the parameters of a query or the members of a form.
func (l *learner) members(d *draft, part string, pairs []har.Pair) map[string]any {
	object := map[string]any{}
	for _, pair := range pairs {
		if part == "query" && volatile(pair.Name, pair.Value) {
			continue
		}
		if _, twice := object[pair.Name]; twice {
			d.problem("the %s has %s more than once", part, show(pair.Name))
		}
		if l.nameOf(d, part, pair.Name) {
			object[pair.Name] = l.scalar(d, place{part, pair.Name}, pair.Value)
		}
	}
	return object
}

// nameOf reports whether a name of a member can be part of a profile.
func (l *learner) nameOf(d *draft, part, name string) bool {
	if l.withheld(name) || typed().MatchString(name) {
		d.problem("the %s has a typed value, a key or something private as a name", part)
		return false
	}
	return true
}

// scalar is a value of a request, or the placeholder for it.
func (l *learner) scalar(d *draft, at place, value any) any {
	text, isText := scalarText(value)
	where := fmt.Sprintf("%s of the %s", show(at.pointer), at.part)
	random := looksRandom(text)
	switch at.part {
	case "json":
		where = fmt.Sprintf("%s of the JSON body", show(at.pointer))
	case "path":
		where, random = "a segment of the path", looksGenerated(text)
	}
	inURL := at.part == "path" || at.part == "query"
	switch {
	case !isText:
		return value
	case inURL && (isName(text) || isSecret(text)):
		d.problem("%s: it is the name or the secret, and a URL is written to logs", where)
	case isName(text):
		return profile.Name
	case isSecret(text):
		return profile.Secret
	case l.isKey(at, text):
		if _, isNumber := value.(json.Number); isNumber {
			d.problem("%s: the key is a number there; a profile sends it as a text", where)
		}
		return profile.Key
	case l.csrf.is(at.part, at.member()):
		return profile.CSRFToken
	case typed().MatchString(text):
		d.problem("%s: the name or the secret is part of a larger text there; a profile has no expressions", where)
	case l.embedsKey(text):
		d.problem("%s: the key is part of a larger text there; a profile has no expressions", where)
	case l.own[text] != "":
		d.problem("%s: this is another value of the consumer (%s in the answer to the registration), which a profile cannot send", where, show(l.own[text]))
	case text == "":
		return value
	case l.private.holds(text):
		d.problem("%s: the value looks like a cookie, a token, a host or the name of somebody", where)
	case sensitiveName().MatchString(at.member()):
		d.problem("%s: the value may be a password or a token", where)
	case random:
		d.problem("%s: the value looks like an identifier or a token that is not fixed", where)
	default:
		return value
	}
	return "" // Never what was recorded.
}

// isKey reports whether a value is the key. A short one, such as 7, is the key only
// in the path, and in a member with the name of a key.
func (l *learner) isKey(at place, value string) bool {
	switch {
	case value == "" || value != l.roles.register.key:
		return false
	case len(value) >= 4 || at.part == "path":
		return true
	}
	return slices.ContainsFunc(tokens("/"+strings.TrimPrefix(at.pointer, "/")), func(part string) bool {
		name := strings.ToLower(strings.TrimSuffix(part, "[]"))
		return rankOf(name) < 3 || rankOf(strings.TrimSuffix(name, "s")) < 3
	})
}

func (l *learner) embedsKey(value string) bool {
	return value != l.roles.register.key && l.hasKey(value)
}

// hasKey reports whether a name of a member is or contains the key.
func (l *learner) hasKey(name string) bool {
	return len(l.roles.register.key) >= 4 && strings.Contains(name, l.roles.register.key)
}

// withheld reports whether a name of a member must not be written.
func (l *learner) withheld(name string) bool { return l.private.holds(name) || l.hasKey(name) }

// plain reports whether a pointer has neither the key nor anything private in it.
func (l *learner) plain(pointer string) bool {
	return !slices.ContainsFunc(tokens(pointer), func(token string) bool {
		return l.withheld(token) || typed().MatchString(token) || looksRandom(token)
	})
}

var milliseconds = pattern(`^1\d{9}(\d{3})?$`)

// volatile reports whether a parameter only bypasses caches.
func volatile(name, value string) bool {
	return milliseconds().MatchString(value) || name == "_" || name == "_dc" || name == "cacheBuster"
}
