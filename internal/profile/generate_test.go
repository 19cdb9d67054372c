package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// generator makes profiles, values, and consumers that are as odd as the format
// allows.
type generator struct{ *rand.Rand }

func (g generator) chance() bool { return g.IntN(2) == 0 }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// text is a text that is not empty, with characters that must be escaped somewhere.
func (g generator) text() string {
	letters := []rune("abcXYZ019 .../%+&=?#;:@\"'\\<>~{}[]\t\u00e4\u20ac\U0001f511")
	text := pick(g, "", "{name}", "..", "%2F", "true", "<b>")
	for range 1 + g.IntN(8) {
		text += string(letters[g.IntN(len(letters))])
	}
	return text
}

func (g generator) number() string {
	return strconv.FormatInt(g.Int64()-g.Int64(), 10) + pick(g, "", "0000000000000000000")
}

// literal is a value that another literal with another number differs from.
func (g generator) literal(n int) any {
	return pick[any](g, "word"+strconv.Itoa(n), json.Number(strconv.Itoa(n)), json.Number(fmt.Sprintf("%d.5", n)), n%2 == 0)
}

// members are those of a JSON object.
type members = map[string]any

// document is a profile that Parse must accept.
func (g generator) document() string {
	numbers := g.chance()
	document := members{
		"profile": 2, "server": pick(g, REST, WebApp), "sign_in": members{"by": ByToken, "scheme": "Bearer"}, "keep": members{"a": "/kept/a", "b.c": "/b~1c"},
		"headers":  members{"accept": pick(g, "application/json", "application/ld+json"), "X-Fixed": "1"},
		"csrf":     members{"from": "cookie", "name": "c"},
		"approved": members{"yes": []any{g.literal(2), "on"}, "no": []any{g.literal(1), nil}},
		"calls":    members{},
	}
	calls := document["calls"].(members)
	for _, name := range callNames {
		if name == "list" || name == "read" || g.chance() {
			calls[name] = g.call(name, numbers)
		}
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// call is a call whose placeholders stand wherever they may.
func (g generator) call(name string, numbers bool) members {
	use := uses[name]
	path, query, headers, form := "/api/a%20b", members{}, members{}, members{}
	body := members{"literal": pick[any](g, nil, true, json.Number("1.50"), "a {b", []any{}), "list": []any{}}
	call := members{"method": pick(g, "POST", "PUT", "PATCH", "DELETE")}
	reads := name == "list" || name == "read"
	if reads {
		call["method"] = "POST"
	}
	asForm := g.chance()
	for i, placeholder := range slices.Concat(use.must, use.may, []string{CSRFToken}) {
		if i >= len(use.must) && g.chance() {
			continue
		}
		if placeholder == keepPrefix {
			placeholder = pick(g, KeepOf("a"), KeepOf("b.c"))
		}
		if placeholder == Key && numbers {
			placeholder = pick(g, Key, KeyNumber)
		}
		secret := placeholder == Name || placeholder == Secret
		for again := range 1 + g.IntN(2) {
			member := fmt.Sprintf("m%d-%d", i, again)
			switch where := g.IntN(4); {
			case where == 0 && !secret:
				path += "/" + placeholder
			case where == 1 && !secret:
				query[member] = placeholder
			case where == 2 && !secret:
				headers["X-"+member] = placeholder
			case asForm:
				form[member] = placeholder
			case g.chance():
				body[member] = placeholder
			default:
				body["list"] = append(body["list"].([]any), members{member: []any{placeholder}})
			}
		}
		if placeholder == ApprovedNow && g.chance() {
			call["approved"] = members{"yes": g.literal(4), "no": "off"}
		}
	}
	call["path"], call["query"], call["headers"] = path, query, headers
	if asForm {
		form["literal"] = "a b"
		call["form"] = form
	} else {
		call["json"] = body
	}
	if g.chance() {
		call["expect"] = members{"/meta/ok": g.literal(1), "/meta/null": nil}
	}
	if name == "list" {
		call["response"], call["pages"] = g.list(), g.pages()
	} else if name == "read" || g.chance() {
		g.single(call, reads)
	}
	return call
}

func (g generator) list() members {
	response := members{"name": g.place("name"), "items": g.place("items"), "only": members{g.place("kind"): "1.0a", "/meta~0/x": g.literal(1)}}
	if g.chance() {
		response["items"] = members{"yes": g.place("yes"), "no": g.place("no")}
	} else {
		response["approved"] = g.place("approved")
	}
	if g.chance() {
		response["key_is_member"] = true
	} else {
		response["key"], response["key_is_last_segment"] = g.place("id"), g.chance()
	}
	return response
}

func (g generator) single(call members, reads bool) {
	response := members{"name": g.place("name"), "approved": g.place("approved"), "key_is_last_segment": true}
	switch g.IntN(3) {
	case 0:
		response["key_header"] = "X-Key"
	default:
		response["key"], response["key_is_last_segment"] = g.place("id"), g.chance()
	}
	if !reads {
		switch g.IntN(4) {
		case 0:
			call["redirect"] = "/at/{key}"
			response = members{"key_header": pick(g, "Location", "X-Key"), "key_is_last_segment": true}
		case 1:
			delete(call, "expect")
			response = members{"format": "text", "key_is_last_segment": g.chance()}
		}
	}
	call["response"] = response
}

// place is a pointer whose last token is a name.
func (g generator) place(name string) string {
	return pick(g, "/", "/data/", "/a~1b/0/", "/"+name+"s/1/") + name
}

func (g generator) pages() members {
	return pick(g,
		members{"by": "none"}, members{"by": "link"}, members{"by": "next", "pointer": "/meta/next"},
		members{"by": "cursor", "pointer": "/meta/next", "parameter": "after"},
		members{"by": "number", "parameter": "page", "first": 1, "total": "/meta/total"}, members{"by": "offset", "parameter": "from"})
}

// values are values for all that a call sends, and for nothing else.
func (g generator) values(p *Profile, call *Call) Values {
	v := Values{}
	text := func() *string { t := g.text(); return &t }
	places := p.placeholders(call)
	if p.Has(call, Key) {
		v.Key = g.text()
		if places[KeyNumber] != nil {
			v.Key = g.number()
		}
	}
	for placeholder, into := range map[string]**string{Name: &v.Name, Secret: &v.Secret, CSRFToken: &v.CSRF} {
		if p.Has(call, placeholder) {
			*into = text()
		}
	}
	if p.Has(call, ApprovedNow) {
		approved := g.chance()
		v.Approved = &approved
	}
	if p.Has(call, Origin) {
		v.Origin = "https://host.example:8111"
	}
	for name := range p.Keep {
		if one := KeepOf(name); p.Has(call, one) {
			if v.Keep == nil {
				v.Keep = map[string]any{}
			}
			v.Keep[name] = g.text()
			if !slices.ContainsFunc(places[one], func(place string) bool { return !strings.HasPrefix(place, "/json") }) {
				v.Keep[name] = pick[any](g, json.Number("12345678901234567890.10"), nil, true, []any{"x"}, members{"y": nil})
			}
		}
	}
	if pages := call.Pages; pages != nil && pages.By != "none" {
		v.Page = url.Values{pages.Parameter: {g.text()}}
		if pages.Parameter == "" {
			v.Page = url.Values{"x y": {g.text(), g.text()}, "z": {g.text()}}
		}
	}
	return v
}

// consumer is a consumer with everything. A key that stands in a text alone cannot have
// every character.
func (g generator) consumer(p *Profile, call *Call, n int) Consumer {
	key, name, approved := g.text()+strconv.Itoa(n), pick(g, g.text(), ""), g.chance()
	if p.NumericKeys() && g.chance() {
		key = strconv.Itoa(n)
	}
	if call.Response.Format == "text" && !call.Response.KeyIsLastSegment {
		key = "k" + strings.Map(func(r rune) rune {
			if strings.ContainsRune("<{ \t", r) {
				return '_'
			}
			return r
		}, key)
	}
	one := Consumer{Key: key, Name: &name, Approved: &approved}
	if len(p.Keep) > 0 && g.chance() {
		one.Keep = map[string]any{}
		for name := range p.Keep {
			one.Keep[name] = pick[any](g, g.text(), json.Number("1e400"), nil)
		}
	}
	if one.Others = (map[string]any{"other/x": g.text()}); g.chance() || p.Keep == nil {
		one.Others = nil // An item can be an array.
	}
	return one
}

// profiles calls check with the built-in profile, the dialects, and many that are
// generated. Parse and the schema accept each of them.
func profiles(t *testing.T, check func(t *testing.T, g generator, p *Profile)) {
	t.Helper()
	contents := documents(t)
	const seed = 20240229
	for i := range 100 {
		contents[fmt.Sprintf("generated %d", i)] = generator{rand.New(rand.NewPCG(seed, uint64(i)))}.document()
	}
	schema := compiled(t)
	for name, content := range contents {
		parsed, problems := Parse([]byte(content))
		if len(problems) > 0 {
			t.Fatalf("%s: %v\n%s", name, problems, content)
		}
		if err := validate(t, schema, content); err != nil {
			t.Errorf("%s: %v\n%s", name, err, content)
		}
		for i := range 5 {
			check(t, generator{rand.New(rand.NewPCG(seed, uint64(i)))}, parsed)
		}
		if t.Failed() {
			t.Fatalf("%s: %s", name, content)
		}
	}
}
