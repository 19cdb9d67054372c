// Package profile reads and writes API profiles. A profile is the contract
// between the client, the emulator, and a server: one JSON document that says how
// a server administers OAuth consumers. Requests are templates and responses are
// pointers, each in both directions: the client fills a request and reads a
// response, and the emulator matches the request and writes the response.
//
// The package knows nobody, and sends nothing.
package profile

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Format is the version of the format that this package reads.
const Format = 2

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
	REST   = "rest"   // the Teamwork Cloud REST API
	WebApp = "webapp" // the Web Application Platform
)

// Profile is how a server administers OAuth consumers. A profile from Parse is
// complete and consistent. Do not change it.
type Profile struct {
	Schema      string            `json:"$schema,omitempty"`
	Format      int               `json:"profile" is:"required"`
	Description string            `json:"description,omitempty"`
	Known       Known             `json:"known,omitempty" is:"known"`
	Server      string            `json:"server,omitempty" is:"server"`
	SignIn      *SignIn           `json:"sign_in,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	CSRF        *CSRF             `json:"csrf,omitempty"`
	Approved    *Approved         `json:"approved,omitempty"`
	Keep        map[string]string `json:"keep,omitempty" is:"pointer"`
	Calls       Calls             `json:"calls" is:"required"`
}

// SignIn is how requests to the Web Application Platform are authorized.
type SignIn struct {
	Known   Known    `json:"known,omitempty" is:"known"`
	By      string   `json:"by" is:"required sign_in"`
	Start   string   `json:"start,omitempty" is:"full"`
	Steps   []Step   `json:"steps,omitempty"`
	SignOut *SignOut `json:"sign_out,omitempty"`
	Scheme  string   `json:"scheme,omitempty" is:"full"`
}

// Values of SignIn.By.
const (
	ByPage  = "page"
	ByToken = "token"
)

// Step is one step of a sign-in by page: a form that is filled, or a request
// with JSON.
type Step struct {
	Form   map[string]string `json:"form,omitempty"`
	Method string            `json:"method,omitempty" is:"method"`
	Path   string            `json:"path,omitempty" is:"full"`
	JSON   any               `json:"json,omitempty" is:"body"`
	Next   string            `json:"next,omitempty" is:"full pointer"`
}

// SignOut is the request that ends a session of the platform.
type SignOut struct {
	Server string `json:"server,omitempty" is:"server"`
	Method string `json:"method" is:"required method"`
	Path   string `json:"path" is:"required full"`
}

// CSRF is where the value of {csrf} comes from.
type CSRF struct {
	From    string `json:"from" is:"required csrf"`
	Name    string `json:"name,omitempty" is:"full"`
	Pointer string `json:"pointer,omitempty" is:"full pointer"`
	Server  string `json:"server,omitempty" is:"server"`
	Path    string `json:"path,omitempty" is:"full"`
	Decode  bool   `json:"decode,omitempty"`
}

// Approved has the values that mean that a consumer is approved, and those that
// mean that it is not. Nil is a member that is null or absent.
type Approved struct {
	Yes []any `json:"yes" is:"required literals"`
	No  []any `json:"no" is:"required literals"`
}

// Calls are the calls of the API. Without one, the client cannot do what it is for.
type Calls struct {
	List       *Call `json:"list,omitempty"`
	Read       *Call `json:"read,omitempty"`
	Register   *Call `json:"register,omitempty"`
	Edit       *Call `json:"edit,omitempty"`
	Rename     *Call `json:"rename,omitempty"`
	SetSecret  *Call `json:"set_secret,omitempty"`
	Approve    *Call `json:"approve,omitempty"`
	Disapprove *Call `json:"disapprove,omitempty"`
	Remove     *Call `json:"remove,omitempty"`
}

// TellAll reports whether the list, with the read call if need be, tells the key, the
// name, and the approval of each consumer.
func (c *Calls) TellAll() bool {
	if c.List == nil || !c.List.Response.TellsKey() {
		return false
	}
	read := c.Read
	return c.List.Response.TellsAll() || read != nil && read.Response != nil && read.Response.Name != nil && read.Response.TellsApproval()
}

// Call is one call of the API: what is sent, verbatim, and what the response
// means.
type Call struct {
	Name     string            `json:"-"` // as in Calls, such as set_secret; Parse sets it
	Known    Known             `json:"known,omitempty" is:"known"`
	Server   string            `json:"server,omitempty" is:"server"`
	SignIn   string            `json:"sign_in,omitempty" is:"none"`
	Discover string            `json:"discover,omitempty" is:"discover"`
	Method   string            `json:"method" is:"required method"`
	Path     string            `json:"path,omitempty" is:"full"`
	Query    map[string]string `json:"query,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	JSON     any               `json:"json,omitempty" is:"body"`
	Form     map[string]string `json:"form,omitempty"`
	Approved *ApprovedAs       `json:"approved,omitempty"`
	Redirect string            `json:"redirect,omitempty" is:"full"`
	Expect   map[string]any    `json:"expect,omitempty" is:"literals"`
	Response *Shape            `json:"response,omitempty"`
	Pages    *Pages            `json:"pages,omitempty"`
}

// ApprovedAs is what {approved} sends in one call.
type ApprovedAs struct {
	Yes any `json:"yes" is:"required literal"`
	No  any `json:"no" is:"required literal"`
}

// Shape is where consumers are in a response. A nil pointer means that the
// response does not have the value.
type Shape struct {
	Format           string         `json:"format,omitempty" is:"format"`
	Items            *Items         `json:"items,omitempty"`
	Only             map[string]any `json:"only,omitempty" is:"literals"`
	KeyIsMember      bool           `json:"key_is_member,omitempty"`
	Key              *string        `json:"key,omitempty" is:"pointer"`
	KeyHeader        string         `json:"key_header,omitempty" is:"token"`
	KeyIsLastSegment bool           `json:"key_is_last_segment,omitempty"`
	Name             *string        `json:"name,omitempty" is:"pointer"`
	Approved         *string        `json:"approved,omitempty" is:"pointer"`
}

// Items is where the consumers of a list are: in one array or object, or in two,
// of the approved consumers and of the others.
type Items struct {
	At  string  `json:"-"` // if Yes and No are nil
	Yes *string `json:"yes" is:"required pointer"`
	No  *string `json:"no" is:"required pointer"`
}

// Pages is how a list is divided into pages.
type Pages struct {
	Known     Known   `json:"known,omitempty" is:"known"`
	By        string  `json:"by" is:"required pages"`
	Pointer   *string `json:"pointer,omitempty" is:"pointer"`
	Parameter string  `json:"parameter,omitempty" is:"full"`
	First     int     `json:"first,omitempty"`
	Total     *string `json:"total,omitempty" is:"pointer"`
}

// TellsKey reports whether the response has the key.
func (s *Shape) TellsKey() bool {
	return s != nil && s.keys() > 0
}

// keys counts the parts that say where the key is.
func (s *Shape) keys() (n int) {
	for _, given := range []bool{s.Format == "text", s.Key != nil, s.KeyHeader != "", s.KeyIsMember} {
		if given {
			n++
		}
	}
	return n
}

// TellsApproval reports whether the response has the approval.
func (s *Shape) TellsApproval() bool {
	return s != nil && (s.Approved != nil || s.Items != nil && s.Items.Yes != nil)
}

// inBody reports whether the response has a consumer in its body.
func (s *Shape) inBody() bool {
	return s.Format == "text" || s.Key != nil || s.Name != nil || s.Approved != nil
}

// TellsAll reports whether the response has the key, the name, and the approval.
func (s *Shape) TellsAll() bool { return s.TellsKey() && s.Name != nil && s.TellsApproval() }

// Reads reports whether the call only reads consumers.
func (c *Call) Reads() bool { return c.Name == "list" || c.Name == "read" }

var callNames = []string{"list", "read", "register", "edit", "rename", "set_secret", "approve", "disapprove", "remove"}

// slots are where the calls are, in the order of callNames.
func (c *Calls) slots() []**Call {
	return []**Call{&c.List, &c.Read, &c.Register, &c.Edit, &c.Rename, &c.SetSecret, &c.Approve, &c.Disapprove, &c.Remove}
}

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

// Drop leaves a call out, and reports whether there was one.
func (c *Calls) Drop(name string) bool {
	i := slices.Index(callNames, name)
	if i < 0 || *c.slots()[i] == nil {
		return false
	}
	*c.slots()[i] = nil
	return true
}

// OnlyRegisters reports whether the profile can register and nothing else. A
// person does the rest.
func (p *Profile) OnlyRegisters() bool {
	return p.Calls.Register != nil && p.Calls == Calls{Register: p.Calls.Register}
}

// ServerOf is the server that a part goes to, which may have its own.
func (p *Profile) ServerOf(own string) string { return cmp.Or(own, p.Server) }

// UsesREST reports whether something of the profile goes to the REST API.
func (p *Profile) UsesREST() bool {
	return p.uses(REST, func(*Call) bool { return true }) || p.SignIn != nil && p.SignIn.SignOut != nil && p.SignIn.SignOut.Server == REST
}

// SignsIn reports whether something of the profile needs the sign-in on the Web
// Application Platform.
func (p *Profile) SignsIn() bool {
	return p.uses(WebApp, func(call *Call) bool { return call.SignIn != "none" })
}

func (p *Profile) uses(server string, counts func(*Call) bool) bool {
	uses := p.CSRF != nil && p.CSRF.Path != "" && p.ServerOf(p.CSRF.Server) == server
	for _, call := range p.Calls.All() {
		uses = uses || call.Discover == "" && p.ServerOf(call.Server) == server && counts(call)
	}
	return uses
}

// KnownOf is how a part of a profile is known, whose own value and those of what
// it is in are given from the inside out.
func (p *Profile) KnownOf(own ...Known) Known {
	return cmp.Or(cmp.Or(own...), p.Known, Assumed)
}

// Has reports whether a request of the call has a placeholder, the headers of the
// profile included.
func (p *Profile) Has(call *Call, placeholder string) bool {
	places := p.placeholders(call)
	return places[placeholder] != nil || placeholder == Key && places[KeyNumber] != nil
}

// Lacks reports whether a call carries a value that is not in what is known of the
// consumer: the name, the approval, or a member of Keep. What a call carries and does
// not change is read right before it.
func (p *Profile) Lacks(call *Call, known Consumer) bool {
	for one := range p.placeholders(call) {
		_, kept := known.Keep[keepName(one)]
		if one == Name && known.Name == nil || one == ApprovedNow && known.Approved == nil || strings.HasPrefix(one, keepPrefix) && !kept {
			return true
		}
	}
	return false
}
