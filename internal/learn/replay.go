package learn

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
)

// replay renders a call with the values of the recording. It returns in what the
// result differs from the recorded request; empty if it does not.
func (l *learner) replay(p *profile.Profile, r replayed) string {
	var call *profile.Call
	for name, one := range p.Calls.All() {
		if name == r.call {
			call = one
		}
	}
	if call == nil {
		return "" // It was left out, and that was reported.
	}
	recorded := r.use.exchange
	values := l.valuesFor(p, call, r)
	if call.Method != recorded.method {
		return "the method differs"
	}
	var segments []string
	for segment := range strings.SplitSeq(strings.TrimPrefix(l.proxy+call.Path, "/"), "/") {
		if segment == profile.Key {
			segments = append(segments, l.roles.register.key)
			continue
		}
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return "the path differs"
		}
		segments = append(segments, decoded)
	}
	if !reflect.DeepEqual(segments, recorded.segments) {
		return "the path differs"
	}
	query := map[string]string{}
	for _, parameter := range recorded.query {
		if !volatile(parameter.Name, parameter.Value) {
			query[parameter.Name] = parameter.Value
		}
	}
	for name, text := range call.Query {
		if sent, _ := fill(text, values, true); fmt.Sprint(sent) != query[name] {
			return "the query differs at " + show(name)
		}
	}
	if len(query) != len(call.Query) {
		return "the query differs"
	}
	return l.replayBody(call, recorded, values)
}

func (l *learner) replayBody(call *profile.Call, recorded *exchange, values map[string]any) string {
	if call.Form != nil {
		form := map[string]string{}
		for name, text := range call.Form {
			if sent, present := fill(text, values, true); present {
				form[name] = fmt.Sprint(sent)
			}
		}
		for _, member := range recorded.form {
			if form[member.Name] != member.Value {
				return "the form differs at " + show(member.Name)
			}
		}
		if len(form) != len(recorded.form) {
			return "the form differs"
		}
		return ""
	}
	body, _ := fill(call.JSON, values, true)
	if _, rpc := profile.Lookup(body, "/jsonrpc"); rpc {
		if members, isObject := recorded.json.(map[string]any); isObject {
			if sent, isObject := body.(map[string]any); isObject {
				sent["id"] = members["id"] // A counter.
			}
		}
	}
	if recorded.kind == formBody || !equalJSON(body, recorded.json) {
		return "the body differs"
	}
	return ""
}

// valuesFor are the values of the placeholders. One that is not there is left out
// of the request.
func (l *learner) valuesFor(p *profile.Profile, call *profile.Call, r replayed) map[string]any {
	at := l.index(r.use.exchange)
	name, secret := firstName, firstSecret
	if l.roles.rename != nil && at >= l.index(l.roles.rename) {
		name = secondName
	}
	if l.roles.setSecret != nil && at >= l.index(l.roles.setSecret) {
		secret = secondSecret
	}
	as := call.ApprovedAs
	if as == nil {
		as = &profile.ApprovedAs{Yes: p.Approved.Yes[0], No: p.Approved.No[0]}
	}
	values := map[string]any{profile.Key: l.roles.register.key}
	specific := r.call != "update"
	sends := func(placeholder string) bool {
		return r.use.changed[placeholder] || specific && call.Unchanged == profile.Send || call.Unchanged == profile.Send
	}
	if sends(profile.Name) {
		values[profile.Name] = name
	}
	if sends(profile.ApprovedNow) || r.call == "register" {
		values[profile.ApprovedNow] = as.No
		if r.approve {
			values[profile.ApprovedNow] = as.Yes
		}
	}
	switch {
	case r.use.changed[profile.Secret], call.UnchangedSecret == profile.Send:
		values[profile.Secret] = secret
	case call.UnchangedSecret == profile.Empty:
		values[profile.Secret] = ""
	}
	if l.csrf != nil {
		r.use.exchange.eachValue(func(at place, value string) {
			if at.part == "json" {
				at.pointer = lastToken(at.pointer)
			}
			if l.csrf.is(at.part, at.pointer) {
				values[profile.CSRFToken] = value
			}
		})
	}
	return values
}

// fill puts values in the place of placeholders. A member whose value is not
// given is left out, and so is an object of nothing but such members.
func fill(template any, values map[string]any, root bool) (any, bool) {
	switch template := template.(type) {
	case string:
		switch template {
		case profile.Key, profile.Name, profile.Secret, profile.ApprovedNow, profile.CSRFToken:
			value, present := values[template]
			return value, present
		}
	case map[string]any:
		filled := map[string]any{}
		for name, member := range template {
			if value, present := fill(member, values, false); present {
				filled[name] = value
			}
		}
		return filled, root || len(filled) > 0 || len(template) == 0
	case []any:
		filled := make([]any, len(template))
		for i, element := range template {
			filled[i], _ = fill(element, values, false)
		}
		return filled, true
	}
	return template, true
}
