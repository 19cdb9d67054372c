package profile

// SignIn is how requests to the Web Application Platform are authorized.
type SignIn struct {
	Known   Known    `json:"known,omitempty"`
	By      string   `json:"by"`
	Start   string   `json:"start,omitempty"`
	Steps   []Step   `json:"steps,omitempty"`
	SignOut *SignOut `json:"sign_out,omitempty"`
	Scheme  string   `json:"scheme,omitempty"`
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
	Method string            `json:"method,omitempty"`
	Path   string            `json:"path,omitempty"`
	JSON   any               `json:"json,omitempty"`
	Next   string            `json:"next,omitempty"`
}

// SignOut is the request that ends a session of the platform.
type SignOut struct {
	Server string `json:"server,omitempty"`
	Method string `json:"method"`
	Path   string `json:"path"`
}

// Placeholders of a sign-in.
const (
	Username = "{username}"
	Password = "{password}"
)
