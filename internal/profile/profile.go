// Package profile reads and checks API profiles: documents that describe how a
// server manages OAuth consumers. The built-in profile has what this project
// assumes. A server that differs needs another document and no other code.
package profile

import (
	"embed"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Known is how a part of a profile is known.
type Known string

// The ways to know something of the server.
const (
	Documented Known = "documented" // by the vendor
	Seen       Known = "seen"       // on a server, not documented
	Learned    Known = "learned"    // from a recording
	Assumed    Known = "assumed"
)

// Servers that a profile can be for.
const (
	REST   = "rest"
	WebApp = "webapp"
)

// Placeholders are the strings of a profile that values replace. Each is a whole
// value, or a whole segment of a path.
const (
	Key         = "{key}"
	Name        = "{name}"
	Secret      = "{secret}"
	ApprovedNow = "{approved}"
	CSRFToken   = "{csrf}"
	Origin      = "{origin}"
)

// Profile is how a server manages OAuth consumers. A profile from Parse is
// complete and consistent. Do not change it.
type Profile struct {
	Schema      string            `json:"$schema,omitempty"`
	Format      int               `json:"profile"`
	Description string            `json:"description,omitempty"`
	Known       Known             `json:"known,omitempty"`
	Server      string            `json:"server"`
	Headers     map[string]string `json:"headers,omitempty"`
	SignIn      *SignIn           `json:"sign_in,omitempty"`
	CSRF        *CSRF             `json:"csrf,omitempty"`
	Approved    Approved          `json:"approved"`
	Calls       Calls             `json:"calls"`
}

// CSRF is where the value of {csrf} comes from.
type CSRF struct {
	Known   Known  `json:"known,omitempty"`
	From    string `json:"from"` // cookie, header or body
	Name    string `json:"name,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Path    string `json:"path,omitempty"`
}

// Approved has the values that mean that a consumer is approved, and those that
// mean that it is not. Nil is a member that is null or absent.
type Approved struct {
	Known Known `json:"known,omitempty"`
	Yes   []any `json:"yes"`
	No    []any `json:"no"`
}

// Calls are the calls of the API. All but List can be nil.
type Calls struct {
	List       *Call `json:"list"`
	Read       *Call `json:"read,omitempty"`
	Register   *Call `json:"register,omitempty"`
	Update     *Call `json:"update,omitempty"`
	Approve    *Call `json:"approve,omitempty"`
	Disapprove *Call `json:"disapprove,omitempty"`
	Rename     *Call `json:"rename,omitempty"`
	SetSecret  *Call `json:"set_secret,omitempty"`
	Remove     *Call `json:"remove,omitempty"`
}

// Call is one call of the API: what is sent, and what the answer means.
type Call struct {
	Name            string            `json:"-"` // as in Calls, such as set_secret; Parse sets it
	Known           Known             `json:"known,omitempty"`
	Method          string            `json:"method"`
	Path            string            `json:"path"`
	Query           map[string]string `json:"query,omitempty"`
	Headers         map[string]string `json:"headers,omitempty"`
	JSON            any               `json:"json,omitempty"`
	Form            map[string]string `json:"form,omitempty"`
	ApprovedAs      *ApprovedAs       `json:"approved_as,omitempty"`
	Unchanged       string            `json:"unchanged,omitempty"`
	UnchangedSecret string            `json:"unchanged_secret,omitempty"`
	Success         []int             `json:"success"`
	Answer          *Answer           `json:"answer,omitempty"`
	Pages           *Pages            `json:"pages,omitempty"`
}

// ApprovedAs is what {approved} sends in one call.
type ApprovedAs struct {
	Yes any `json:"yes"`
	No  any `json:"no"`
}

// Values of Unchanged and UnchangedSecret.
const (
	Omit  = "omit"
	Send  = "send"
	Empty = "empty"
)

// Answer is where a consumer is in an answer. A nil pointer means that the
// answer does not have the value.
type Answer struct {
	Format           string  `json:"format,omitempty"` // json or text
	Items            string  `json:"items,omitempty"`
	KeyIsMember      bool    `json:"key_is_member,omitempty"`
	Key              *string `json:"key,omitempty"`
	KeyHeader        string  `json:"key_header,omitempty"`
	KeyIsLastSegment bool    `json:"key_is_last_segment,omitempty"`
	Name             *string `json:"name,omitempty"`
	Approved         *string `json:"approved,omitempty"`
}

// TellsKey reports whether the answer has the key.
func (a *Answer) TellsKey() bool {
	return a != nil && (a.Format == "text" || a.Key != nil || a.KeyHeader != "" || a.KeyIsMember)
}

// TellsAll reports whether the answer has the key, the name, and the approval.
func (a *Answer) TellsAll() bool { return a.TellsKey() && a.Name != nil && a.Approved != nil }

// Pages is how a list is divided into pages.
type Pages struct {
	Known     Known   `json:"known,omitempty"`
	By        string  `json:"by"` // link, next, cursor, number or offset
	Pointer   string  `json:"pointer,omitempty"`
	Parameter string  `json:"parameter,omitempty"`
	First     int     `json:"first,omitempty"`
	Total     *string `json:"total,omitempty"`
}

// Reads reports whether the call only reads consumers.
func (c *Call) Reads() bool { return c.Name == "list" || c.Name == "read" }

// All yields the calls that the profile has, with their names in the document.
func (c *Calls) All() iter.Seq2[string, *Call] {
	return func(yield func(string, *Call) bool) {
		for i, slot := range c.slots() {
			if *slot != nil && !yield(callNames[i], *slot) {
				return
			}
		}
	}
}

var callNames = []string{"list", "read", "register", "update", "approve", "disapprove", "rename", "set_secret", "remove"}

// slots are where the calls are, in the order of callNames.
func (c *Calls) slots() []**Call {
	return []**Call{&c.List, &c.Read, &c.Register, &c.Update, &c.Approve, &c.Disapprove, &c.Rename, &c.SetSecret, &c.Remove}
}

// Has reports whether the path, the query, the headers, or the body of the call
// has a placeholder.
func (c *Call) Has(placeholder string) bool {
	if slices.Contains(strings.Split(c.Path, "/"), placeholder) {
		return true
	}
	found := false
	c.strings(func(_, text string) { found = found || text == placeholder })
	return found
}

// strings calls visit for each string of query, headers and body with its place
// in the call.
func (c *Call) strings(visit func(pointer, text string)) {
	for _, group := range []struct {
		name   string
		values map[string]string
	}{{"query", c.Query}, {"headers", c.Headers}, {"form", c.Form}} {
		for name, text := range group.values {
			visit("/"+group.name+"/"+escapeToken(name), text)
		}
	}
	walk("/json", c.JSON, visit)
}

func walk(pointer string, value any, visit func(pointer, text string)) {
	switch value := value.(type) {
	case string:
		visit(pointer, value)
	case []any:
		for i, element := range value {
			walk(fmt.Sprintf("%s/%d", pointer, i), element, visit)
		}
	case map[string]any:
		for name, member := range value {
			walk(pointer+"/"+escapeToken(name), member, visit)
		}
	}
}

// WithCollection returns the profile with another path for the list. The path is
// replaced in every call whose path begins with it.
func (p *Profile) WithCollection(path string) *Profile {
	if path == "" || path == p.Calls.List.Path {
		return p
	}
	moved := *p
	for _, slot := range moved.Calls.slots() {
		if *slot == nil {
			continue
		}
		if rest, below := strings.CutPrefix((*slot).Path, p.Calls.List.Path); below && (rest == "" || rest[0] == '/') {
			call := **slot
			call.Path = path + rest
			*slot = &call
		}
	}
	return &moved
}

// builtin has the profiles that are part of the provider, one in each file.
//
//go:embed builtin/*.json
var builtin embed.FS

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

// Lookup finds the value at a JSON pointer (RFC 6901).
func Lookup(value any, pointer string) (any, bool) {
	if pointer == "" {
		return value, true
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch container := value.(type) {
		case map[string]any:
			member, found := container[token]
			if !found {
				return nil, false
			}
			value = member
		case []any:
			index, err := strconv.Atoi(token)
			if err != nil || index < 0 || index >= len(container) {
				return nil, false
			}
			value = container[index]
		default:
			return nil, false
		}
	}
	return value, true
}

func escapeToken(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}

// LastSegment is the last segment of a path or a URL, unescaped. It is empty if
// there is none.
func LastSegment(text string) string {
	target, err := url.Parse(text)
	if err != nil {
		return ""
	}
	path := strings.TrimRight(target.EscapedPath(), "/")
	segment, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return ""
	}
	return segment
}
