package learn

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// draft is a request with placeholders in place of what is known.
type draft struct {
	method   string
	path     string
	query    map[string]string
	kind     bodyKind
	json     any
	form     map[string]string
	problems []string // what a profile cannot express
	notes    []string // what it leaves out
}

// draft puts placeholders into a request.
func (l *learner) draft(e *exchange) *draft {
	if known, found := l.drafts[e]; found {
		return known
	}
	d := &draft{method: e.method, kind: e.kind}
	l.drafts[e] = d
	l.draftPath(d, e)
	for _, parameter := range e.query {
		if volatile(parameter.Name, parameter.Value) {
			d.note("the query parameter %s, which only keeps caches away", show(parameter.Name))
			continue
		}
		l.pair(d, &d.query, place{"query", parameter.Name}, parameter.Value)
	}
	switch e.kind {
	case jsonBody:
		for _, pointer := range memberNames(e.json) {
			if l.withheld(lastToken(pointer)) || typed.MatchString(lastToken(pointer)) {
				d.problem("the body has a typed value or a key as the name of a member")
			}
		}
		d.json = replaceScalars(e.json, func(pointer string, value any) any { return l.scalar(d, place{"json", pointer}, value) })
	case formBody:
		for _, member := range e.form {
			l.pair(d, &d.form, place{"form", member.Name}, member.Value)
		}
	case otherBody, textBody, htmlBody:
		kind := e.entry.RequestBody.MediaType
		switch {
		case strings.HasPrefix(kind, "multipart/"):
			kind = "multipart/form-data"
		case strings.Contains(kind, "xml"):
			kind = "XML"
		default:
			kind = "neither JSON nor a form"
		}
		d.problem("the body is %s; a profile can describe JSON and forms", kind)
	case lostBody:
		d.problem("the body %s", e.entry.RequestBody.Problem)
	case noBody:
	}
	d.problems = unique(d.problems)
	return d
}

func (d *draft) problem(format string, arguments ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, arguments...))
}

func (d *draft) note(format string, arguments ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, arguments...))
}

func (l *learner) draftPath(d *draft, e *exchange) {
	written := strings.Split(strings.TrimPrefix(e.entry.URL.EscapedPath(), "/"), "/")
	for i, segment := range e.segments {
		switch {
		case l.isKey(place{"path", fmt.Sprint(i)}, segment) && !l.sameInRegistration(i, segment):
			written[i] = profile.Key
		case isName(segment) || isSecret(segment):
			d.problem("the path holds the name or the secret")
			written[i] = "{...}"
		case embeds(segment):
			d.problem("a segment of the path holds the name or the secret and more")
			written[i] = "{...}"
		case l.embedsKey(segment):
			d.problem("a segment of the path holds the key and more: a profile has no expressions")
			written[i] = "{...}"
		case l.private.holds(segment) || looksGenerated(segment):
			d.problem("a segment of the path looks like a token, an identifier or the name of somebody")
			written[i] = "{...}"
		}
	}
	d.path = "/" + strings.Join(written, "/")
}

// sameInRegistration says whether the path of the registration has this segment
// at the same place. Then it is not the key, but looks like it.
func (l *learner) sameInRegistration(i int, segment string) bool {
	if l.roles.register.exchange == nil {
		return false
	}
	segments := l.roles.register.exchange.segments
	return i < len(segments) && segments[i] == segment
}

// pair puts a parameter of the query or a member of a form into a draft.
func (l *learner) pair(d *draft, into *map[string]string, at place, value string) {
	if *into == nil {
		*into = map[string]string{}
	}
	if _, twice := (*into)[at.pointer]; twice {
		d.problem("the %s has %s more than once", at.part, show(at.pointer))
	}
	if l.withheld(at.pointer) || typed.MatchString(at.pointer) {
		d.problem("the %s has a typed value or a key as a name", at.part)
		return
	}
	replaced, _ := l.scalar(d, at, value).(string)
	(*into)[at.pointer] = replaced
	if at.part == "query" && (replaced == profile.Name || replaced == profile.Secret) {
		d.problem("the query holds %s, and a query is written to logs", replaced)
	}
}

// scalar is a value of a request, or the placeholder for it.
func (l *learner) scalar(d *draft, at place, value any) any {
	text, isText := scalarText(value)
	member := at.pointer
	if at.part == "json" {
		member = lastToken(at.pointer)
	}
	where := fmt.Sprintf("%s of the %s", show(at.pointer), at.part)
	if at.part == "json" {
		where = fmt.Sprintf("%s of the JSON body", show(at.pointer))
	}
	switch {
	case !isText:
		return value
	case isName(text):
		return profile.Name
	case isSecret(text):
		return profile.Secret
	case l.isKey(at, text):
		if _, isNumber := value.(json.Number); isNumber {
			d.problem("%s: the key is a number there; a profile sends it as a text", where)
		}
		return profile.Key
	case l.csrf.is(at.part, member):
		return profile.CSRFToken
	case embeds(text):
		d.problem("%s: the name or the secret is part of a larger text there; a profile has no expressions", where)
	case l.embedsKey(text):
		d.problem("%s: the key is part of a larger text there; a profile has no expressions", where)
	case l.own[text] != "":
		d.problem("%s: this is another value of the consumer (%s in the answer to the registration), which a profile cannot send", where, show(l.own[text]))
	case text == "":
		return value
	case l.private.holds(text):
		d.problem("%s: the value looks like a cookie, a token or a host", where)
	case sensitiveName.MatchString(member):
		d.problem("%s: the value may be a password or a token", where)
	case looksRandom(text):
		d.problem("%s: the value looks like an identifier or a token that is not fixed", where)
	default:
		return value
	}
	return "" // Never what was recorded.
}

// isKey says whether a value is the key. A short one, such as 7, is the key only
// where its place says so.
func (l *learner) isKey(at place, value string) bool {
	if l.roles.register == nil || value == "" || value != l.roles.register.key {
		return false
	}
	if len(value) >= 4 || at.part == "path" {
		return true
	}
	parts := tokens("/" + strings.TrimPrefix(at.pointer, "/"))
	for _, part := range parts {
		name := strings.ToLower(strings.TrimSuffix(part, "[]"))
		if rankOf(name) < 3 || rankOf(strings.TrimSuffix(name, "s")) < 3 {
			return true
		}
	}
	return false
}

func (l *learner) embedsKey(value string) bool {
	if l.roles.register == nil {
		return false
	}
	key := l.roles.register.key
	return len(key) >= 4 && value != key && strings.Contains(value, key)
}

// withheld says whether a name of a member may not be written.
func (l *learner) withheld(name string) bool {
	return l.private.holds(name) || l.embedsKey(name) || l.roles.register != nil && name == l.roles.register.key && len(name) >= 4
}

// signature tells requests apart that send different things.
func (l *learner) signature(e *exchange) string {
	d := l.draft(e)
	content, err := json.Marshal([]any{d.method, d.path, d.query, d.json, d.form})
	if err != nil {
		return ""
	}
	return string(content)
}

var milliseconds = regexp.MustCompile(`^1\d{9}(\d{3})?$`)

// volatile says whether a parameter is there to keep caches away.
func volatile(name, value string) bool {
	return milliseconds.MatchString(value) || name == "_" || name == "_dc" || name == "cacheBuster"
}

// memberNames are the pointers of all members of objects.
func memberNames(value any) []string {
	var found []string
	var walk func(pointer string, value any)
	walk = func(pointer string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				found = append(found, pointer+"/"+escapeToken(name))
				walk(pointer+"/"+escapeToken(name), value[name])
			}
		case []any:
			for i, element := range value {
				walk(fmt.Sprintf("%s/%d", pointer, i), element)
			}
		}
	}
	walk("", value)
	return found
}

func unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
