package twcloud

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/profile"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud/wire"
)

// Defaults of Options.
const (
	DefaultRequestTimeout        = 30 * time.Second
	DefaultMaxAnswer             = 32 << 20 // a consumer takes about 100 bytes
	DefaultMaxRetries            = 4
	DefaultMaxConcurrentRequests = 10
	DefaultRetryWaitMin          = 500 * time.Millisecond
	DefaultRetryWaitMax          = 15 * time.Second
)

// Where things are in an installation, as package wire has it.
const (
	DefaultRESTPort           = wire.DefaultRESTPort
	DefaultWebAppPort         = wire.DefaultWebAppPort
	DefaultOAuthConsumersPath = wire.DefaultOAuthConsumersPath
)

// Options says which server a Client talks to, as whom, and how patiently.
type Options struct {
	// Endpoint is the root of the REST API, e.g. https://twcloud.example.com:8111.
	// A path prefix, as a reverse proxy has it, is kept.
	Endpoint *url.URL

	// WebAppEndpoint is the root of the Web Application Platform, where root
	// services and the OAuth 1.0a endpoints are. Nil: the host of Endpoint on
	// port 8443.
	WebAppEndpoint *url.URL

	// WebAppExplicit says that somebody has named WebAppEndpoint: if it does not
	// answer, root services are not looked for elsewhere.
	WebAppExplicit bool

	// Credentials sign in: BasicCredentials or TokenCredentials.
	Credentials Credentials

	// Profile says how the server administers consumers. Nil: profile.BuiltIn.
	Profile *profile.Profile

	// OAuthConsumersPath is the collection of consumers. Empty: that of Profile.
	OAuthConsumersPath string

	// TLS holds certificate authorities, client certificates and the like. Nil:
	// the system's defaults.
	TLS *tls.Config

	// RequestTimeout bounds one HTTP exchange, from the first byte sent to the
	// last byte read; waiting for a free slot and between retries is not in it.
	// Zero: DefaultRequestTimeout.
	RequestTimeout time.Duration

	// MaxAnswer bounds one answer, in bytes. Zero: DefaultMaxAnswer.
	MaxAnswer int64

	// MaxRetries is how often a request is repeated that may be repeated. Zero
	// means never; NewOptions has DefaultMaxRetries.
	MaxRetries int

	// MaxConcurrentRequests is how many requests are in flight at most, login and
	// logout included. Zero: DefaultMaxConcurrentRequests.
	MaxConcurrentRequests int

	// RetryWaitMin and RetryWaitMax bound the jittered, exponential back-off
	// between retries. A Retry-After of the server takes its place, up to
	// RetryWaitMax times four. NewOptions has the defaults; zero means no wait.
	RetryWaitMin time.Duration
	RetryWaitMax time.Duration

	// UserAgent is sent with every request.
	UserAgent string

	// Logger gets one record for each request: method, path, status, duration.
	// Never headers or bodies. Nil: no logs.
	Logger *slog.Logger

	// Transport sends the requests. Nil: a net/http transport with TLS and the
	// proxies of the environment. One that does not report its connections to
	// net/http/httptrace, as net/http does, has every failed registration count as
	// possibly sent.
	Transport http.RoundTripper
}

// Profile is an API profile: how a server administers consumers.
type Profile = profile.Profile

// ParseProfile reads an API profile. It returns every mistake with its place in
// the file.
func ParseProfile(content []byte) (*Profile, []string) {
	parsed, problems := profile.Parse(content)
	var messages []string
	for _, problem := range problems {
		messages = append(messages, problem.String())
	}
	return parsed, messages
}

// NewOptions returns options with every default set.
func NewOptions() Options {
	return Options{
		RequestTimeout:        DefaultRequestTimeout,
		MaxRetries:            DefaultMaxRetries,
		MaxConcurrentRequests: DefaultMaxConcurrentRequests,
		RetryWaitMin:          DefaultRetryWaitMin,
		RetryWaitMax:          DefaultRetryWaitMax,
	}
}

// Credentials authorise the login request, and no other.
type Credentials interface {
	// Authorize sets the Authorization header.
	Authorize(*http.Request)
	// Secrets lists what must never appear in an error or a log, in every form
	// in which it is sent.
	Secrets() []string
}
